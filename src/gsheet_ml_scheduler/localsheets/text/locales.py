"""What a spreadsheet's locale decides: signs, orders and names, taken from CLDR through babel.

Decided here: which characters separate numbers, which order a date is typed and shown in, what
months and days are called. Decided elsewhere: what is done with them (`user_entered`,
`number_format`). No other module of localsheets asks babel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import get_currency_symbol, get_territory_currencies

from ..errors import invalid_argument

# What people type for the group sign, where CLDR has a character that keyboards don't.
_GROUP_SIGNS = {
    "\u202f": " \u00a0\u202f",
    "\u00a0": " \u00a0\u202f",
    "\u2019": "'\u2019",
    "'": "'\u2019",
}


@dataclass(frozen=True, slots=True)
class Conventions:
    """One locale's conventions.

    `date_order` holds the letters y, m and d in the order of a short date; `date_separator` is the
    sign between them, and `date_pattern` and `time_pattern` are patterns of the Sheets API.
    """

    name: str
    decimal: str
    group: str
    groups_typed: str
    currency: str
    currency_leads: bool
    currency_gap: str
    date_order: str
    date_separator: str
    date_pattern: str
    time_pattern: str
    months: tuple[str, ...]
    months_short: tuple[str, ...]
    days: tuple[str, ...]
    days_short: tuple[str, ...]
    am_pm: tuple[str, str]

    def money(self, *, decimals: bool = True) -> str:
        """The pattern for money: `"$"#,##0.00`, `#,##0.00 "€"`."""
        digits = "#,##0.00" if decimals else "#,##0"
        sign, gap = f'"{self.currency}"', self.currency_gap
        return f"{sign}{gap}{digits}" if self.currency_leads else f"{digits}{gap}{sign}"


@lru_cache(maxsize=64)
def conventions(locale: str) -> Conventions:
    """The conventions of a locale such as `en_US`; also `de-DE`, and a language alone.

    Raises `ApiError` (400) if there is no such locale.
    """
    try:
        found = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        raise invalid_argument(f"Unsupported locale: {locale}") from None
    symbols = found.number_symbols.get("latn", {})
    group = str(symbols.get("group", ","))
    date = found.date_formats["short"].pattern
    order = "".join(dict.fromkeys(letter.lower() for letter in date if letter in "yMd"))
    separator = re.search(r"[yMd]+\W*?([/.\-])", date)
    leads, gap = _currency_place(found)
    months, days = found.months["format"], found.days["format"]
    periods = found.day_periods.get("format", {}).get("abbreviated", {})
    return Conventions(
        name=str(found),
        decimal=str(symbols.get("decimal", ".")),
        group=group,
        groups_typed=_GROUP_SIGNS.get(group, group),
        currency=_currency(found),
        currency_leads=leads,
        currency_gap=gap,
        date_order=order if sorted(order) == ["d", "m", "y"] else "ymd",
        date_separator=separator[1] if separator else "/",
        date_pattern=_full_year(date),
        time_pattern=_time_pattern(found),
        months=tuple(months["wide"][n] for n in range(1, 13)),
        months_short=tuple(months["abbreviated"][n] for n in range(1, 13)),
        days=tuple(days["wide"][n] for n in range(7)),
        days_short=tuple(days["abbreviated"][n] for n in range(7)),
        am_pm=(str(periods.get("am", "AM")), str(periods.get("pm", "PM"))),
    )


def _currency(locale: Locale) -> str:
    codes = get_territory_currencies(locale.territory) if locale.territory else []
    return get_currency_symbol(codes[0], locale=locale) if codes else "$"


def _currency_place(locale: Locale) -> tuple[bool, str]:
    """Whether the currency's sign comes first, and what stands between it and the number."""
    pattern = locale.currency_formats["standard"].pattern.split(";")[0]
    leads = pattern.startswith("\u00a4")
    inside = pattern[1] if leads else pattern[-2]
    return leads, " " if inside.isspace() else ""


def _full_year(short: str) -> str:
    """CLDR's short date with four digits for the year, as Google's default has it."""
    letters = re.sub(r"'[^']*'|[^yMd/.\-]", "", short)
    return re.sub(r"y+", "yyyy", letters).strip(".") or "yyyy-MM-dd"


def _time_pattern(locale: Locale) -> str:
    pattern = re.sub(r"\s+", " ", locale.time_formats["medium"].pattern)
    return re.sub(r"[aBb]+", "am/pm", re.sub(r"'[^']*'", "", pattern)).strip()
