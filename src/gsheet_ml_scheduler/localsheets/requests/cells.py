"""updateCells, repeatCell, appendCells: CellData at a place, all over a range, at the end."""

from __future__ import annotations

from typing import Any

from .. import ranges
from ..api.call import Call, object_list
from ..book import Book
from ..cell_data import Part, Stamp, part
from ..errors import invalid_argument
from ..model.structure import COLUMNS, ROWS, Json
from ..ranges import Area


def update_cells(book: Book, body: Json, _call: Call) -> None:
    """Cells from `start` on, or exactly those of `range`: what isn't given there is emptied."""
    wanted = part(body.get("fields"))
    lines = _lines(body)
    if "range" in body:
        area = ranges.from_grid_range(book, body["range"])
        lines = lines[: area.height] + [[]] * (area.height - len(lines))
        lines = [line[: area.width] + [{}] * (area.width - len(line)) for line in lines]
        _put(book, area, lines, wanted)
        return
    start = body.get("start")
    if not isinstance(start, dict):
        raise invalid_argument("One of start or range is required.")
    sheet = book.sheet(start.get("sheetId", 0))
    row, column = start.get("rowIndex", 0), start.get("columnIndex", 0)
    area = Area(sheet, row, row + len(lines), column, column + max(map(len, lines), default=0))
    if area.end_row > sheet.rows.count or area.end_column > sheet.columns.count:
        raise invalid_argument(
            f"Attempting to write column: {area.end_column - 1}, beyond the last requested column "
            f"of: {sheet.columns.count - 1}"
            if area.end_column > sheet.columns.count
            else f"Attempting to write row: {area.end_row - 1}, beyond the last row of: "
            f"{sheet.rows.count - 1}"
        )
    _put(book, area, lines, wanted)


def repeat_cell(book: Book, body: Json, _call: Call) -> None:
    """One CellData in every cell of a range."""
    area = ranges.from_grid_range(book, body.get("range") or {})
    stamp = Stamp(book, body.get("cell") or {}, part(body.get("fields")))
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    for down, row in enumerate(book.rows(area.sheet, area.start_row, area.end_row)):
        for right, column in enumerate(columns):
            stamp.put(row, column, (down, right))


def append_cells(book: Book, body: Json, _call: Call) -> None:
    """Rows after the last one with data, the grid growing as it must."""
    sheet = book.sheet(body.get("sheetId", 0))
    lines = _lines(body)
    if not lines:
        return
    start = book.last_row_with_data(sheet) + 1
    missing = start + len(lines) - sheet.rows.count
    if missing > 0:
        book.insert_lines(sheet, ROWS, sheet.rows.count, missing)
        sheet = book.sheet(sheet.sheet_id)
    width = max(map(len, lines))
    if width > sheet.columns.count:
        book.insert_lines(sheet, COLUMNS, sheet.columns.count, width - sheet.columns.count)
        sheet = book.sheet(sheet.sheet_id)
    _put(book, Area(sheet, start, start + len(lines), 0, width), lines, part(body.get("fields")))


def _put(book: Book, area: Area, lines: list[list[Json]], wanted: Part) -> None:
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    rows = book.rows(area.sheet, area.start_row, area.end_row)
    for row, line in zip(rows, lines):
        for column, data in zip(columns, line):
            Stamp(book, data, wanted).put(row, column)


def _lines(body: Json) -> list[list[Any]]:
    rows = object_list(body.get("rows") or [], "rows")
    return [object_list(row.get("values") or [], "rows.values") for row in rows]


KINDS = {"updateCells": update_cells, "repeatCell": repeat_cell, "appendCells": append_cells}
