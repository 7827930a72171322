"""Date and time patterns: a serial to text.

Decided here: what the letters of a date pattern show. Decided elsewhere: what a serial is
(`serials`), what names months have (`locales`).

Google documents the tokens (Sheets API, "Date and time format tokens"): `m` is minutes after an
hour or before seconds and the month otherwise, `M` always the month; `h` counts to 12 only beside
an am/pm sign; `[h]`, `[m]`, `[s]` are elapsed times. Parts of a second that the pattern doesn't
show are dropped, not rounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .format_sections import CODE, Section
from .locales import Conventions
from .serials import milliseconds, moment

_TOKEN = re.compile(r"[aA][mM]/[pP][mM]|[aA]/[pP]|[yY]+|m+|M+|[dD]+|[hH]+|[sS]+|\.0+|.", re.DOTALL)
_DAY = 86_400_000
_ELAPSED_UNIT = {"h": 3_600_000, "m": 60_000, "s": 1000}


@dataclass(frozen=True, slots=True)
class DatePattern:
    """A compiled section: parts are `(kind, text)`.

    The kinds are `literal`, `elapsed`, and y M d h m s: years, months, days, hours, minutes,
    seconds; f is parts of a second, a the am/pm sign.
    """

    parts: tuple[tuple[str, str], ...]
    twelve_hours: bool


def compile_section(section: Section) -> DatePattern:
    """Compile a section that has a date's letters."""
    parts = list(_parts(section))
    _tell_minutes_from_months(parts)
    return DatePattern(tuple(parts), any(kind == "a" for kind, _ in parts))


def render(pattern: DatePattern, serial: float, settings: Conventions) -> str:
    """Show a serial. Raises `ValueError` if the pattern asks for a date that the calendar lacks."""
    kinds = {kind for kind, _ in pattern.parts}
    total = abs(milliseconds(serial))
    # without a date, only the time of day counts, and any serial has one
    when = moment(serial if kinds & set("yMdha") else total / _DAY % 1)
    largest = _largest(pattern)
    shown = []
    for kind, text in pattern.parts:
        if kind == "elapsed":
            shown.append(_elapsed(text, total, largest=largest))
        elif kind == "literal":
            shown.append(text)
        elif kind == "h" and pattern.twelve_hours:
            shown.append(_shown("i", text, when, settings))
        else:
            shown.append(_shown(kind, text, when, settings))
    return ("-" if serial < 0 and largest else "") + "".join(shown)


def _parts(section: Section) -> Iterator[tuple[str, str]]:
    run = ""
    for token in section.tokens:
        if token.kind == CODE:
            run += token.text
            continue
        yield from _coded(run)
        run = ""
        yield ("elapsed" if token.kind == "elapsed" else "literal"), token.text
    yield from _coded(run)


def _coded(run: str) -> Iterator[tuple[str, str]]:
    for text in _TOKEN.findall(run):
        first = text[0]
        if first in "aA" and "/" in text:
            yield "a", text
        elif first in "mM":
            yield ("m" if first == "m" and len(text) <= 2 else "M"), text
        elif first.lower() in "ydhs":
            yield first.lower(), text
        elif text.startswith(".0"):
            yield "f", text
        else:
            yield "literal", text


def _tell_minutes_from_months(parts: list[tuple[str, str]]) -> None:
    """An `m` that neither follows hours nor precedes seconds is the month."""
    places = [place for place, (kind, _) in enumerate(parts) if kind not in ("literal", "f")]
    for order, place in enumerate(places):
        kind, text = parts[place]
        before = parts[places[order - 1]] if order else ("", "")
        after = parts[places[order + 1]] if order + 1 < len(places) else ("", "")
        if kind == "m" and not (_is(before, "h") or _is(after, "s")):
            parts[place] = ("M", text)
        if kind == "f" and not _is(before, "s"):
            parts[place] = ("literal", text)


def _is(part: tuple[str, str], letter: str) -> bool:
    return part[0] == letter or (part[0] == "elapsed" and part[1].startswith(letter))


def _largest(pattern: DatePattern) -> str:
    units = [text[0] for kind, text in pattern.parts if kind == "elapsed"]
    return min(units, key="hms".index) if units else ""


def _elapsed(text: str, total: int, *, largest: str) -> str:
    """Elapsed units: the largest one counts everything, a smaller one what is left of it."""
    unit = text[0]
    count = total // _ELAPSED_UNIT[unit]
    if unit != largest:
        count %= _ELAPSED_UNIT[largest] // _ELAPSED_UNIT[unit]
    return str(count).zfill(len(text))


def _shown(kind: str, text: str, when: datetime, settings: Conventions) -> str:
    width = len(text)
    if kind == "y":
        return f"{when.year % 100:02d}" if width <= 2 else f"{when.year:04d}"
    if kind == "M":
        return _named_month(when.month, width, settings)
    if kind == "d" and width > 2:
        names = settings.days_short if width == 3 else settings.days
        return names[when.weekday()]
    if kind == "a":
        sign = settings.am_pm[when.hour >= 12].upper() if width == 5 else "AP"[when.hour >= 12]
        return sign if width == 5 or text[0] == "A" else sign.lower()
    if kind == "f":
        return settings.decimal + f"{when.microsecond:06d}"[: width - 1].ljust(width - 1, "0")
    number = {
        "d": when.day,
        "h": when.hour,
        "i": (when.hour - 1) % 12 + 1,
        "m": when.minute,
        "s": when.second,
    }[kind]
    return str(number).zfill(2 if width > 1 else 1)


def _named_month(month: int, width: int, settings: Conventions) -> str:
    if width <= 2:
        return str(month).zfill(width)
    if width == 3:
        return settings.months_short[month - 1]
    name = settings.months[month - 1]
    return name[0] if width == 5 else name
