"""FORMATTED_VALUE: what a cell shows.

Decided here: which section of a pattern holds for a value, where the minus goes, what a value looks
like without a pattern, and which pattern a type has by default. Decided elsewhere: the grammar
(`format_sections`), digits (`number_pattern`), dates (`date_pattern`), a locale's signs
(`locales`).

Recorded: `0.12`, `1.45`, `2`, and a typed ISO date as it was typed. Google documents the patterns
and the default of each type in en_US. How an automatic number is shortened isn't documented: users
see ten significant digits (`0.3333333333`), whole numbers up to fifteen digits, and six digits with
an exponent beyond (`1.70597E+15`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from . import date_pattern, number_pattern
from .format_sections import GENERAL, Section, holds, split
from .locales import Conventions, conventions

_LARGE = 1e15
_SMALL = 1e-10


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A section, with whichever of the two ways to show a number is its own."""

    section: Section
    date: date_pattern.DatePattern | None
    number: number_pattern.NumberPattern


def display(
    value: bool | int | float | str,  # noqa: FBT001 - a cell's value is data, not a switch
    number_format: Mapping[str, Any] | None,
    locale: str,
) -> str:
    """What a cell with this value and this `numberFormat` shows.

    Raises `ApiError` (400) if there is no such locale.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    pattern = _pattern(number_format, locale)
    if isinstance(value, str):
        return _text(value, pattern) if pattern else value
    settings = conventions(locale)
    if not pattern:
        return automatic(value, settings)
    return _number(value, _compiled(pattern), settings)


@lru_cache(maxsize=256)
def default_pattern(type: str, locale: str) -> str:  # noqa: A002 - Google's name for it
    """The pattern of a `NumberFormatType` that comes without one; `""` is automatic."""
    settings = conventions(locale)
    clock = settings.time_pattern.replace(" am/pm", "").replace("h", "H")
    return {
        "NUMBER": "#,##0.00",
        "PERCENT": "0.00%",
        "CURRENCY": settings.money(),
        "DATE": settings.date_pattern,
        "TIME": settings.time_pattern,
        "DATE_TIME": f"{settings.date_pattern} {clock}",
        "SCIENTIFIC": "0.00E+00",
    }.get(type, "")


def automatic(value: int | float, settings: Conventions) -> str:
    """A number in a cell without a format."""
    magnitude = abs(value)
    if not magnitude:
        return "0"
    if magnitude >= _LARGE or magnitude < _SMALL:
        mantissa, _, exponent = f"{value:.5E}".partition("E")
        shown = mantissa.rstrip("0").rstrip(".") + "E" + exponent
    elif value == int(value):
        return str(int(value))
    elif 1e-4 <= magnitude < 1e9:  # most numbers; the same as below, at a third of the time
        shown = f"{value:.10g}"
    elif magnitude >= 1e9:
        shown = f"{value:.0f}"  # ten digits stand before the point already
    else:
        shown = format(Decimal(f"{value:.9e}"), "f")
        shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return shown.replace(".", settings.decimal)


def _pattern(number_format: Mapping[str, Any] | None, locale: str) -> str:
    if not number_format:
        return ""
    given = number_format.get("pattern")
    return str(given) if given else default_pattern(str(number_format.get("type", "")), locale)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> tuple[_Compiled, ...]:
    return tuple(
        _Compiled(
            section,
            date_pattern.compile_section(section) if section.is_date() else None,
            number_pattern.compile_section(section),
        )
        for section in split(pattern)
    )


def _text(value: str, pattern: str) -> str:
    """Text goes through the section with an `@`, or the fourth, if there is one."""
    sections = [one.section for one in _compiled(pattern)]
    chosen = next((one for one in sections if one.is_text()), None)
    if chosen is None:
        chosen = sections[3] if len(sections) > 3 else None
    if chosen is None:
        return value
    return "".join(
        value if token.text == "@" and token.kind == "code" else token.text
        for token in chosen.tokens
        if token.kind != GENERAL
    )


def _number(value: int | float, sections: tuple[_Compiled, ...], settings: Conventions) -> str:
    numeric = [one for one in sections if not one.section.is_text()][:3]
    if not numeric:
        return automatic(value, settings)
    chosen, signed = _choose(value, numeric)
    if chosen is None:
        return automatic(value, settings)
    if chosen.date:
        try:
            return date_pattern.render(chosen.date, value, settings)
        except ValueError:
            return automatic(value, settings)
    general = automatic(abs(value), settings)
    shown = number_pattern.render(chosen.number, abs(value), settings, general)
    return f"-{shown}" if signed and value < 0 else shown


def _choose(value: int | float, sections: list[_Compiled]) -> tuple[_Compiled | None, bool]:
    """The section for a value, and whether a minus has to be put before a negative one."""
    if any(one.section.condition for one in sections):
        for one in sections:
            condition = one.section.condition
            if condition is None or holds(condition, value):
                # a section for nothing but negative numbers says so in its own way
                own = condition is not None and condition[0] in ("<", "<=") and condition[1] <= 0
                return one, not own
        return None, True
    if value < 0 and len(sections) > 1:
        return sections[1], False
    if value == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], True
