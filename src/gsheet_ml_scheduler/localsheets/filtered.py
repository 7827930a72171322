"""Rows that a sheet's basic filter hides.

Decided here: when a filter lets a row pass. It is worked out when somebody asks, as cells may have
changed since the filter was set.
"""

from __future__ import annotations

from . import conditions
from .book import Book
from .model.record import Row, effective
from .model.structure import Json, Sheet
from .ranges import from_grid_range
from .values import formatted


def hidden_rows(book: Book, sheet: Sheet) -> set[int]:
    """The ids of the rows that nobody sees, hidden by a person or by the filter."""
    said = sheet.row_properties.items()
    by_user = {row_id for row_id, properties in said if properties.get("hiddenByUser")}
    return by_user | hidden_by_filter(book, sheet)


def hidden_by_filter(book: Book, sheet: Sheet) -> set[int]:
    """The ids of the rows that the filter hides; empty without one."""
    hidden: set[int] = set()
    for _, body in book.structure.objects_on("basicFilter", sheet.sheet_id):
        area = from_grid_range(book, body["range"])
        wanted = [
            (sheet.columns.id_at(at), criteria)
            for at, criteria in _criteria(body)
            if area.start_column <= at < area.end_column
        ]
        if wanted:
            for row in book.rows(sheet, area.start_row + 1, area.end_row):
                if not all(_passes(book, row, column, said) for column, said in wanted):
                    hidden.add(row.row_id)
    return hidden


def _criteria(body: Json) -> list[tuple[int, Json]]:
    """Column index and criteria, from the newer field or from the older one."""
    found = {int(at): said for at, said in (body.get("criteria") or {}).items()}
    for spec in body.get("filterSpecs") or []:
        found[spec.get("columnIndex", 0)] = spec.get("filterCriteria") or {}
    return list(found.items())


def _passes(book: Book, row: Row, column: int, criteria: Json) -> bool:
    shown = formatted(book, row, column)
    if shown in (criteria.get("hiddenValues") or []):
        return False
    condition = criteria.get("condition")
    if not condition:
        return True
    return conditions.holds(book, condition, effective(row.cell(column)), shown) is not False
