"""USER_ENTERED: what a text becomes when it is typed into a cell.

Decided here: formula, boolean, number, date or plain text, and the number format that the typing
brings along. Decided elsewhere: dates (`typed_dates`), a locale's signs (`locales`), what formulas
come to.

Recorded: `"0042"` is 42, `"2,000,000.01"` keeps its thousands, `"= 1 / 1024"` is a formula,
`"3_1_0"` stays text. Documented: the rules are those of typing into the page. Seen by many users:
a text that begins with `+` and is no number is a formula, and an apostrophe before anything makes
it text. What only some spreadsheets do (`(5)` for -5, `1 1/2`) stays text here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from . import typed_dates
from .locales import Conventions, conventions

_EXACT = 2**53
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Entered:
    """What goes into the cell.

    `value` is the formula's text, with its `=`, if `is_formula`; `number_format` is `{"type", …,
    "pattern", …}` as in the API, None if the typing brought none. `forced_text` says that a leading
    apostrophe made it text; the apostrophe isn't part of the value.
    """

    value: bool | int | float | str
    number_format: Mapping[str, str] | None = None
    is_formula: bool = False
    forced_text: bool = False


def parse(text: str, locale: str, today: date | None = None) -> Entered:
    """Read `text` as typed into a cell of a spreadsheet of that locale.

    `today` is the day in the spreadsheet's time zone; dates typed without a year are of its year,
    and stay text if it is None. Raises `ApiError` (400) if there is no such locale.
    """
    if _INTEGER.fullmatch(text):
        return Entered(int(text))
    first = text[:1]
    if first == "'":
        return Entered(text[1:], forced_text=True)
    if first == "=":
        return Entered(text, is_formula=len(text) > 1)
    typed = text.strip()
    if not any(map(str.isdigit, typed)):
        boolean = _BOOLEANS.get(typed.casefold()) if len(typed) <= 5 else None
        if boolean is not None:
            return Entered(boolean)
    elif not typed[0].isalpha() or typed[0].casefold()[0] in _first_letters(locale):
        found = _number(typed, locale) or _moment(typed, locale, today)
        if found:
            return found
    if first == "+" and len(text) > 1:
        return Entered("=" + text, is_formula=True)
    return Entered(text)


def _moment(text: str, locale: str, today: date | None) -> Entered | None:
    if len(text) > 40 or not text.isprintable():
        return None
    moment = typed_dates.parse(text, locale, today)
    if not moment:
        return None
    number_format = {"type": moment.type, "pattern": moment.pattern}
    return Entered(_whole(float(moment.serial)), number_format)


def _number(text: str, locale: str) -> Entered | None:
    settings = conventions(locale)
    match = _number_pattern(settings.name).fullmatch(text)
    if not match:
        return None
    digits = match["grouped"] or match["plain"] or ""
    for sign in settings.groups_typed:
        digits = digits.replace(sign, "")
    fraction = match["fraction"] or ""
    if not digits and not fraction.strip(settings.decimal):
        return None
    value = float(f"{digits or 0}.{fraction[1:] or 0}{match['exponent'] or ''}")
    if match["percent"]:
        value = float(f"{digits or 0}.{fraction[1:] or 0}e-2")
    if math.isinf(value):
        return None
    negative = "-" in (match["sign"], match["sign2"])
    number_format = _format(match, settings)
    return Entered(_whole(-value if negative else value), number_format)


def _format(match: re.Match[str], settings: Conventions) -> Mapping[str, str] | None:
    decimals = len(match["fraction"] or "") > 1
    digits = ("#,##0" if match["grouped"] else "0") + (".00" if decimals else "")
    if match["percent"]:
        return {"type": "PERCENT", "pattern": f"{digits}%"}
    if match["currency"] or match["currency2"]:
        return {"type": "CURRENCY", "pattern": settings.money(decimals=decimals)}
    if match["exponent"]:
        return {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    return {"type": "NUMBER", "pattern": digits} if match["grouped"] else None


def _whole(value: float) -> int | float:
    """A whole number as `int`, as long as a float holds it exactly."""
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


@lru_cache(maxsize=64)
def _first_letters(locale: str) -> frozenset[str]:
    """The letters with which anything but text can begin: a month's name or a currency.

    Names of runs begin with letters and hold digits; to look closer at each takes its time.
    """
    settings, english = conventions(locale), conventions("en_US")
    words = [settings.currency]
    for known in (settings, english):
        words += [*known.months, *known.months_short]
    return frozenset(word.casefold()[0] for word in words if word)


@lru_cache(maxsize=64)
def _number_pattern(locale: str) -> re.Pattern[str]:
    settings = conventions(locale)
    group = f"[{re.escape(settings.groups_typed)}]"
    money = re.escape(settings.currency)
    lead, trail = (rf"(?P<currency>{money} ?)?", r"(?P<currency2>(?!))?")
    if not settings.currency_leads:
        lead, trail = r"(?P<currency>(?!))?", rf"(?P<currency2>[ \u00a0\u202f]?{money})?"
    return re.compile(
        rf"(?P<sign>[+-])?{lead}(?(sign)|(?P<sign2>[+-])?)"
        rf"(?:(?P<grouped>[0-9]{{1,3}}(?:{group}[0-9]{{3}})+)|(?P<plain>[0-9]*))"
        rf"(?P<fraction>{re.escape(settings.decimal)}[0-9]*)?"
        rf"(?:(?P<exponent>[eE][+-]?[0-9]+)|(?P<percent> ?%)|{trail})?"
    )
