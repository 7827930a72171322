"""sortRange: rows in the order of what stands in some of their columns.

Where the range holds all that these rows hold, the rows themselves change places, and developer
metadata goes along (recorded by others; sheets-api: "follows sortRange"). Where cells beside the
range stay put, only the range's cells change places. Hidden rows stay where they are (observed);
that the others' metadata goes along then, too, is our choice: nobody has recorded it.
A sort that would change places of merged cells is refused: it would take values out of sight.
"""

from __future__ import annotations

from typing import Any

from .. import ranges
from ..api.call import Call, object_list
from ..book import Book
from ..errors import invalid_argument
from ..filtered import hidden_rows
from ..formulas import cells as formula_cells
from ..model.record import Row, effective, is_error
from ..model.structure import Json
from ..ranges import Area
from . import objects


def sort_range(book: Book, body: Json, call: Call) -> None:
    """Sort; blanks last whatever the order, ties stay as they stand."""
    area = ranges.from_grid_range(book, body.get("range") or {})
    specs = object_list(body.get("sortSpecs") or [], "sortSpecs")
    hidden = hidden_rows(book, area.sheet)
    everything = book.rows(area.sheet, area.start_row, area.end_row)
    rows = [row for row in everything if row.row_id not in hidden]
    ordered = list(rows)
    for spec in reversed(specs):
        index = spec.get("dimensionIndex", 0)
        if not isinstance(index, int) or not area.start_column <= index < area.end_column:
            raise invalid_argument(f"sortSpecs.dimensionIndex[{index!r}] is outside the range.")
        column = area.sheet.columns.id_at(index)
        ordered = _sorted(ordered, column, spec.get("sortOrder") == "DESCENDING")
    if ordered == rows:
        return
    for _, _, merge in objects.overlapping(book, "merge", area):
        raise invalid_argument(
            f"Cannot sort a range with merged cells: {merge.a1}. Unmerge them first."
        )
    if _holds_all(area, rows) and not call.switches.sort_leaves_metadata:
        following = iter(ordered)
        lines = [row if row.row_id in hidden else next(following) for row in everything]
        book.reorder_rows(area.sheet, area.start_row, [row.row_id for row in lines])
    else:
        _swap_cells(area, rows, ordered)


def _sorted(rows: list[Row], column: int, descending: bool) -> list[Row]:  # noqa: FBT001
    blank = [row for row in rows if row.cell(column) is None]
    filled = [row for row in rows if row.cell(column) is not None]
    # Python keeps ties in their order with `reverse`, too.
    filled.sort(key=lambda row: _key(row, column), reverse=descending)
    return filled + blank


def _key(row: Row, column: int) -> tuple[int, Any]:
    """Numbers before text before booleans before errors."""
    cell = row.cell(column)
    value = effective(cell)
    if is_error(cell):
        return 3, str(value)
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, str):
        return 1, value.casefold()
    return 0, value


def _holds_all(area: Area, rows: list[Row]) -> bool:
    outside = {*area.sheet.columns.ids(0, area.start_column)}
    outside |= {*area.sheet.columns.ids(area.end_column, area.sheet.columns.count)}
    return not any(
        cell is not None
        for row in rows
        for column, cell in enumerate(row.cells)
        if column in outside
    )


def _swap_cells(area: Area, rows: list[Row], ordered: list[Row]) -> None:
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    taken = [[(row.cell(c), row.style(c), dict(row.extra(c))) for c in columns] for row in ordered]
    places = [area.sheet.rows.index_of(row.row_id) or 0 for row in rows]
    came_from = {row.row_id: place for row, place in zip(rows, places)}
    for row, line, place, source in zip(rows, taken, places, ordered):
        down = place - came_from[source.row_id]
        for column, (cell, style, extra) in zip(columns, line):
            row.set_cell(column, formula_cells.sorted_by(cell, down))
            row.set_style(column, style)
            row.set_extra(column, extra)


KINDS = {"sortRange": sort_range}
