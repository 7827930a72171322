"""BooleanCondition: whether a cell's value meets one. Data validation and filters ask here.

Decided here: what each type of condition means (Sheets API, "ConditionType"). A condition that
needs a formula's result isn't evaluated and answers None: unknown, which is neither yes nor no.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .book import Book
from .errors import ApiError
from .model.record import Scalar, effective
from .model.structure import Json
from .ranges import from_a1
from .text import user_entered

_NUMBERS: dict[str, Callable[[Any, list[Any]], bool]] = {
    "GREATER": lambda v, a: bool(v > a[0]),
    "GREATER_THAN_EQ": lambda v, a: bool(v >= a[0]),
    "LESS": lambda v, a: bool(v < a[0]),
    "LESS_THAN_EQ": lambda v, a: bool(v <= a[0]),
    "EQ": lambda v, a: bool(v in a),
    "NOT_EQ": lambda v, a: bool(v not in a),
    "BETWEEN": lambda v, a: bool(min(a) <= v <= max(a)),
    "NOT_BETWEEN": lambda v, a: not min(a) <= v <= max(a),
}
_DATES = {
    "DATE_EQ": "EQ",
    "DATE_BEFORE": "LESS",
    "DATE_AFTER": "GREATER",
    "DATE_ON_OR_BEFORE": "LESS_THAN_EQ",
    "DATE_ON_OR_AFTER": "GREATER_THAN_EQ",
    "DATE_BETWEEN": "BETWEEN",
    "DATE_NOT_BETWEEN": "NOT_BETWEEN",
    "DATE_NOT_EQ": "NOT_EQ",
}
_TEXTS: dict[str, Callable[[str, list[str]], bool]] = {
    "TEXT_CONTAINS": lambda v, a: a[0] in v,
    "TEXT_NOT_CONTAINS": lambda v, a: a[0] not in v,
    "TEXT_STARTS_WITH": lambda v, a: v.startswith(a[0]),
    "TEXT_ENDS_WITH": lambda v, a: v.endswith(a[0]),
    "TEXT_EQ": lambda v, a: v in a,
    "TEXT_NOT_EQ": lambda v, a: v not in a,
    "TEXT_IS_EMAIL": lambda v, _: "@" in v.strip("@") and "." in v.rpartition("@")[2],
    "TEXT_IS_URL": lambda v, _: v.startswith(("http://", "https://", "ftp://")),
}


def holds(book: Book, condition: Json, value: Scalar | None, shown: str) -> bool | None:
    """Whether a value meets a condition; None where that isn't known here.

    Args:
        book: where ranges of allowed values are looked up.
        condition: a BooleanCondition.
        value: the cell's effective value, None for a blank one.
        shown: the value as people see it.
    """
    kind = condition.get("type", "")
    given = [one.get("userEnteredValue", "") for one in condition.get("values") or []]
    if kind == "BLANK":
        return value is None
    if kind == "NOT_BLANK":
        return value is not None
    if kind == "BOOLEAN":
        return isinstance(value, bool) if not given else shown in given or value in given
    if kind == "ONE_OF_LIST":
        return shown in given
    if kind == "ONE_OF_RANGE":
        return _in_range(book, given, value)
    if any(text.startswith("=") for text in given):
        return None
    if kind in _TEXTS and (given or kind.startswith("TEXT_IS")):
        return _TEXTS[kind](shown.casefold(), [text.casefold() for text in given])
    return _compared(book, kind, given, value)


def _compared(book: Book, kind: str, given: list[str], value: Scalar | None) -> bool | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "DATE_IS_VALID":
        return is_number
    name = kind.removeprefix("NUMBER_") if kind.startswith("NUMBER_") else _DATES.get(kind, "")
    if name not in _NUMBERS:
        return None
    locale = book.structure.properties.get("locale", "en_US")
    wanted = [user_entered.parse(text, locale).value for text in given]
    if not wanted or not all(isinstance(one, (int, float)) for one in wanted):
        return None
    return is_number and _NUMBERS[name](value, wanted)


def _in_range(book: Book, given: list[str], value: Scalar | None) -> bool | None:
    try:
        area = from_a1(book, given[0].removeprefix("="))
    except (ApiError, IndexError):
        return None
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    allowed = {
        effective(row.cell(column))
        for row in book.stored_rows(area.sheet, area.start_row, area.end_row)
        for column in columns
    }
    return value in allowed
