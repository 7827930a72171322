"""deleteDuplicates, trimWhitespace."""

from __future__ import annotations

from typing import Any

from .. import ranges
from ..api.call import Call
from ..book import Book
from ..errors import invalid_argument
from ..model.record import Row
from ..model.structure import Json
from ..values import formatted


def delete_duplicates(book: Book, body: Json, _call: Call) -> Json:
    """Rows of the range that repeat an earlier one go; those below move up within the range."""
    area = ranges.from_grid_range(book, body.get("range") or {})
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    compared = []
    for spec in body.get("comparisonColumns") or [_all(area.start_column, area.end_column)]:
        start, stop = spec.get("startIndex", 0), spec.get("endIndex", area.end_column)
        if spec.get("dimension", "COLUMNS") != "COLUMNS":
            raise invalid_argument("comparisonColumns must be columns.")
        if not area.start_column <= start < stop <= area.end_column:
            raise invalid_argument(f"comparisonColumns [{start}, {stop}) lie outside the range.")
        compared += area.sheet.columns.ids(start, stop)
    rows = book.rows(area.sheet, area.start_row, area.end_row)
    seen, kept = set(), []
    for row in rows:
        # Case, format and formula make no difference (documented).
        key = tuple(formatted(book, row, column).casefold() for column in compared)
        if key not in seen:
            seen.add(key)
            kept.append(row)
    contents = [[(r.cell(c), r.style(c), dict(r.extra(c))) for c in columns] for r in kept]
    empty: list[Any] = [(None, None, {}) for _ in columns]
    for row, line in zip(rows, contents + [empty] * (len(rows) - len(kept))):
        for column, (cell, style, extra) in zip(columns, line):
            row.set_cell(column, cell)
            row.set_style(column, style)
            row.set_extra(column, extra)
    removed = len(rows) - len(kept)
    return {"deleteDuplicates": {"duplicatesRemovedCount": removed} if removed else {}}


def _all(start: int, stop: int) -> Json:
    return {"dimension": "COLUMNS", "startIndex": start, "endIndex": stop}


def trim_whitespace(book: Book, body: Json, _call: Call) -> Json:
    """Blanks around text go, those inside become one; what results stays text."""
    area = ranges.from_grid_range(book, body.get("range") or {})
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    changed = 0
    for row in book.stored_rows(area.sheet, area.start_row, area.end_row):
        changed += sum(_trimmed(row, column) for column in columns)
    return {"trimWhitespace": {"cellsChangedCount": changed} if changed else {}}


def _trimmed(row: Row, column: int) -> bool:
    cell = row.cell(column)
    if not isinstance(cell, str):
        return False
    text = " ".join(cell.split())
    if text == cell:
        return False
    row.set_cell(column, text or None)
    return True


KINDS = {"deleteDuplicates": delete_duplicates, "trimWhitespace": trim_whitespace}
