"""Cell <-> Python value.

Decided here: what a cell, as the Sheets API gives it with UNFORMATTED_VALUE and FORMATTED_STRING,
means to a training script, which text counts as a number, and what a Python value becomes in a
cell. This is the only room that knows formats and locales. Elsewhere: which cell belongs to which
key and what happens to a bad one (`columns.py`).

Numbers never pass through their display format, so a learning rate shown as `5%` arrives exact.
Text is converted only where nothing is lost: `007`, a 20-digit id and `8085807e40000000` stay text.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeGuard

from babel import Locale, UnknownLocaleError
from babel.dates import get_month_names
from babel.numbers import get_decimal_symbol

Scalar = bool | int | float | str
"""What a config holds."""

EXACT_INTEGERS = 2**53
"""A cell's number is a double: whole numbers below this are exact, in both signs."""

LONGEST_TEXT = 50_000
"""Characters that one cell of Google Sheets can hold."""

LOADING = "Loading..."
"""What Google answers for a cell whose formula is still being computed."""

_WHOLE_TEXT = re.compile(r"-?(?:0|[1-9][0-9]*)\Z", re.ASCII)
_FLOAT_TEXT = re.compile(r"-?((?:0|[1-9][0-9]*)?\.[0-9]*|[1-9][0-9]*|0)(?:[eE][+-]?[0-9]+)?\Z")
_ERROR_TEXT = re.compile(r"#(?:N/A|NV|[^\W\d_]+(?:/0)?[!?])\Z")
_DATE_WORDS = re.compile(r"[0-9]+|[^\W\d_]+")
_NUMERIC_STARTS = frozenset("-.,٫0123456789")
_SMALLEST_NORMAL = 2.2250738585072014e-308
_EXACT_DIGITS = 17


@dataclass(frozen=True, slots=True)
class TextRules:
    """How text that looks like a number or a date is told: the decimal sign and the locale."""

    decimal: str = "."
    locale: str = "en_US"


PLAIN_TEXT = TextRules()


def text_rules(locale: str, *, comma_number_format: bool) -> TextRules:
    """The rules of a spreadsheet: its locale decides, unless the comma is asked for."""
    known = _known_locale(locale)
    decimal = "," if comma_number_format else str(get_decimal_symbol(known))
    return TextRules(decimal, known)


def from_cell(raw: Any, rules: TextRules = PLAIN_TEXT) -> Scalar:
    """The Python value of a cell; a blank cell is `""`."""
    kind = type(raw)
    if kind is str:
        return from_text(raw, rules)
    if kind is int:
        return raw if -EXACT_INTEGERS < raw < EXACT_INTEGERS else float(raw)
    if kind is float:
        return _whole_or_float(raw)
    if kind is bool:
        return bool(raw)
    return "" if raw is None else str(raw)


def from_text(text: str, rules: TextRules = PLAIN_TEXT) -> Scalar:
    """Text as a bool, int or float where it looks like one and nothing is lost; else the text."""
    if text == "TRUE":
        return True
    if text == "FALSE":
        return False
    if not text or text[0] not in _NUMERIC_STARTS:
        return text
    if _WHOLE_TEXT.match(text):
        number = int(text) if len(text) < 18 else EXACT_INTEGERS
        return number if abs(number) < EXACT_INTEGERS and text != "-0" else text
    pointed = text
    if rules.decimal != ".":
        if "." in text:
            return text
        pointed = text.replace(rules.decimal, ".")
    return _float_of(pointed, text)


def text_of(raw: Any) -> str:
    """A cell that is always text (`run_name`, `status`, `worker_name`), as a person reads it."""
    kind = type(raw)
    if kind is str:
        return str(raw)
    if kind is bool:
        return "TRUE" if raw else "FALSE"
    value = from_cell(raw)
    return repr(value) if isinstance(value, float) else str(value)


def is_blank(raw: Any) -> bool:
    """Whether a cell shows nothing (a formula that shows nothing looks the same)."""
    return raw is None or raw == ""


def is_error(value: Scalar) -> TypeGuard[str]:
    """Whether a cell holds an error such as `#REF!` or `#DIV/0!`."""
    return isinstance(value, str) and value[:1] == "#" and _ERROR_TEXT.match(value) is not None


def looks_like_date(text: str, rules: TextRules = PLAIN_TEXT) -> bool:
    """Whether text could be how a sheet shows a date or time: `01.05.2026`, `1-May`, `10:30`."""
    words = _DATE_WORDS.findall(text.casefold())
    numbers = [int(word) for word in words if word.isdigit() and len(word) in (1, 2, 4)]
    names = [word for word in words if not word.isdigit()]
    if len(words) < 2 or len(numbers) + len(names) < len(words) or not text[0].isalnum():
        return False
    if _DATE_WORDS.sub("", text.casefold()).strip(" .,/:-\u202f"):
        return False
    if names:
        return bool(numbers) and set(names) <= _month_words(rules.locale)
    is_plausible = min(numbers) <= 12 and all(n < 100 or n > 999 for n in numbers)
    return is_plausible and any(sign in text for sign in "./:-")


def plain(value: Any) -> Any:
    """A NumPy or Torch scalar as the Python number that it holds; anything else as it is."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    item = getattr(value, "item", None)
    if callable(item):
        try:
            return item()
        except (TypeError, ValueError, RuntimeError):  # it holds more than one number
            return value
    return value


def time_text(at: datetime) -> str:
    """A point in time as a cell shows it: `2026-11-22 10:15:03Z`."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def duration_text(duration: timedelta) -> str:
    """A duration as a cell shows it, to the second: `1:02:03`."""
    return str(timedelta(seconds=max(0, round(duration.total_seconds()))))


def metric_cell(value: Any) -> Scalar:
    """What `run.log` writes for a value: NaN and infinity become text, so they can be seen.

    Raises:
        TypeError: the value is neither a number, a bool nor text.
    """
    value = plain(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= EXACT_INTEGERS:
        return str(value)
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    raise TypeError(f"a {type(value).__name__} is neither a number, a bool nor text")


def _whole_or_float(number: float) -> int | float:
    """Whole numbers as int, also where a formula left 15.000000000002.

    Whole at 13 significant digits, and within a millionth, so that no fraction that somebody
    meant is dropped from a large number. A tiny number never becomes 0.
    """
    if number.is_integer():
        return int(number) if abs(number) < EXACT_INTEGERS else number
    nearest = round(number)
    if nearest and abs(number - nearest) < 1e-6 and float(f"{number:.13g}") == nearest:
        return nearest if abs(nearest) < EXACT_INTEGERS else number
    return number


def _float_of(pointed: str, text: str) -> float | str:
    match = _FLOAT_TEXT.match(pointed)
    if match is None:
        return text
    digits = match[1].replace(".", "").lstrip("0")
    if len(digits) > _EXACT_DIGITS or match[1] == ".":
        return text
    number = float(pointed)
    if math.isinf(number) or (digits and abs(number) < _SMALLEST_NORMAL):
        return text
    return number


@lru_cache(maxsize=64)
def _known_locale(locale: str) -> str:
    for name in (locale, locale.split("_")[0]):
        try:
            return str(Locale.parse(name))
        except (ValueError, UnknownLocaleError):
            continue
    return "en_US"


@lru_cache(maxsize=64)
def _month_words(locale: str) -> frozenset[str]:
    words = {"am", "pm", "t", "z", *"年月日時时分秒"}
    for name in (locale, "en_US"):
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                months = get_month_names(width, context, name)
                words.update(month.casefold().strip(".") for month in months.values())
    return frozenset(words)
