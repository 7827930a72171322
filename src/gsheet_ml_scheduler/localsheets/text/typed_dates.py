"""Dates and times as people type them into a cell: text to serial and format.

Decided here: which texts are dates, times or both, in which order a locale writes a date, and the
pattern that shows the value again as it was typed (recorded: `2020-01-01` reads back the same).
Decided elsewhere: the arithmetic (`serials`), the order of trying (`user_entered`).

Recorded: ISO dates in an en_US sheet. Documented: the epoch, and that the order of day and month
is the locale's. Two digits for a year mean 1930 to 2029, as in other spreadsheets. A date without
a year is of the current one, so the day is an argument. An ISO text with a `T` stays text, as
Sheets users find.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from .locales import Conventions, conventions
from .serials import serial_of_date, serial_of_time


@dataclass(frozen=True, slots=True)
class TypedDate:
    """A serial, and the type and pattern of the number format that shows it as it was typed."""

    serial: float
    type: str
    pattern: str


_TIME = re.compile(
    r"(?P<h>[0-9]{1,4})(?::(?P<m>[0-9]{2})(?::(?P<s>[0-9]{2})(?P<f>[.,][0-9]{1,6})?)?)?"
    r"(?P<ap> ?[aApP]\.?[mM]\.?)?"
)
_ISO = re.compile(r"(?P<y>[0-9]{4})(?P<sep>[-/])(?P<m>[0-9]{1,2})(?P=sep)(?P<d>[0-9]{1,2})")


def parse(text: str, locale: str, today: date | None = None) -> TypedDate | None:
    """The date, time, duration or date-time that `text` is; None if it is none.

    Without `today`, a date without its year is none.
    """
    settings = conventions(locale)
    day = _date(text, settings, today)
    if day:
        return day
    time = _time(text)
    if time:
        return time
    head, blank, tail = text.partition(" ")
    while blank:  # the month's name may hold the first blanks: "Jan 2, 2020 10:30"
        time = _time(tail)
        day = _date(head, settings, today) if time and time.serial < 1 else None
        if time and day:
            pattern = f"{day.pattern} {time.pattern}"
            return TypedDate(day.serial + time.serial, "DATE_TIME", pattern)
        more, blank, tail = tail.partition(" ")
        head = f"{head} {more}"
    return None


def _time(text: str) -> TypedDate | None:
    match = _TIME.fullmatch(text)
    if not match or (match["m"] is None and not match["ap"]):
        return None
    hours, minutes = int(match["h"]), int(match["m"] or 0)
    seconds = int(match["s"] or 0) + float((match["f"] or "0").replace(",", "."))
    if minutes > 59 or seconds >= 60:
        return None
    shown = "h" if len(match["h"]) == 1 or match["ap"] else "hh"
    if match["ap"]:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if "p" in match["ap"].lower() else 0)
    elif hours >= 24:
        shown = "[h]"
    pattern = shown + (":mm" if match["m"] else "") + (":ss" if match["s"] else "")
    pattern += "." + "0" * min(3, len(match["f"]) - 1) if match["f"] else ""
    pattern += " am/pm" if match["ap"] else ""
    return TypedDate(serial_of_time(hours, minutes, seconds), "TIME", pattern)


def _date(text: str, settings: Conventions, today: date | None) -> TypedDate | None:
    iso = _ISO.fullmatch(text)
    if iso:
        return _dated(iso, f"y{iso['sep']}m{iso['sep']}d", today)
    for pattern, shape in _shapes(settings.name):
        match = pattern.fullmatch(text)
        if match:
            sep = match.groupdict().get("sep") or ""
            return _dated(match, shape.replace("|", sep), today, settings)
    return None


def _dated(
    match: re.Match[str], shape: str, today: date | None, settings: Conventions | None = None
) -> TypedDate | None:
    """The date of a match; `shape` is the pattern with one letter for each part."""
    parts = match.groupdict()
    year_text = parts.get("y")
    if year_text is None and today is None:
        return None
    year = int(year_text) if year_text else today.year if today else 0
    if year_text and len(year_text) == 2:
        year += 2000 if year < 30 else 1900
    month, month_letters = _month(parts["m"], settings)
    try:
        serial = serial_of_date(date(year, month, int(parts["d"])))
    except ValueError:
        return None  # the 31st of February: text
    letters = {
        "y": "y" * len(year_text or ""),
        "m": month_letters,
        "d": "d" * len(parts["d"]),
    }
    return TypedDate(serial, "DATE", re.sub("[ymd]", lambda part: letters[part[0]], shape))


def _month(typed: str, settings: Conventions | None) -> tuple[int, str]:
    """The month's number, and the letters that show it in the way it was typed."""
    if typed.isdigit():
        return int(typed), "m" * len(typed)
    wanted = typed.casefold().rstrip(".")
    for source in (settings, conventions("en_US")):
        if source:
            for letters, names in (("mmm", source.months_short), ("mmmm", source.months)):
                for number, known in enumerate(names, start=1):
                    if known.casefold().rstrip(".") == wanted:
                        return number, letters
    return 0, ""


@lru_cache(maxsize=64)
def _shapes(locale: str) -> list[tuple[re.Pattern[str], str]]:
    """Every way to type a date in a locale, each with its shape; `|` stands for the separator."""
    settings = conventions(locale)
    known = {name.rstrip(".") for name in (*settings.months, *settings.months_short)}
    english = conventions("en_US")
    known.update(english.months, english.months_short)
    longest_first = sorted((re.escape(name) for name in known), key=len, reverse=True)
    parts = {
        "y": r"(?P<y>[0-9]{4}|[0-9]{2})",
        "m": r"(?P<m>[0-9]{1,2})",
        "d": r"(?P<d>[0-9]{1,2})",
        "N": rf"(?P<m>{'|'.join(longest_first)})\.?",
        "|": rf"(?P<sep>[/\-{re.escape(settings.date_separator)}])",
        ":": "(?P=sep)",
    }
    order = settings.date_order
    short = order.replace("y", "")
    written = [
        ("|".join(order[:2]) + ":" + order[2], "|".join(order)),
        ("|".join(short), "|".join(short)),
        ("N d, y", "m d, y"),
        ("N d y", "m d y"),
        ("d N y", "d m y"),
        ("d. N y", "d. m y"),
        ("d|N:y", "d|m|y"),
        ("N d", "m d"),
        ("d N", "d m"),
        ("d|N", "d|m"),
    ]
    if settings.date_separator == ".":
        written.append(("|".join(short) + ":", "|".join(short) + "|"))
    return [
        (re.compile("".join(parts.get(c, re.escape(c)) for c in text), re.IGNORECASE), shape)
        for text, shape in written
    ]
