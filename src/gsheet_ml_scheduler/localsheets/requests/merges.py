"""mergeCells, unmergeCells. A merge keeps the first value in it; its other cells are emptied."""

from __future__ import annotations

from collections.abc import Iterator

from .. import ranges
from ..api.call import Call
from ..book import Book
from ..errors import invalid_argument
from ..model.structure import Json
from ..ranges import Area
from . import objects


def merge(book: Book, body: Json, _call: Call) -> None:
    """One merge of all cells, or one for each column or row; merges inside the range give way."""
    area = ranges.from_grid_range(book, body.get("range") or {})
    kind = body.get("mergeType", "MERGE_ALL")
    for object_id, _, other in objects.overlapping(book, "merge", area):
        if not objects.contains(area, other):
            raise invalid_argument(
                "You must select all cells in a merged range to merge or unmerge them."
            )
        objects.remove(book, "merge", object_id, "merge")
    for part in _parts(area, kind):
        if part.height * part.width > 1:
            objects.put(book, "merge", {"range": objects.whole_range(part)})
            _keep_corner(book, part)


def _parts(area: Area, kind: str) -> Iterator[Area]:
    rows, columns = (area.start_row, area.end_row), (area.start_column, area.end_column)
    if kind == "MERGE_COLUMNS":
        for at in range(*columns):
            yield Area(area.sheet, *rows, at, at + 1)
    elif kind == "MERGE_ROWS":
        for at in range(*rows):
            yield Area(area.sheet, at, at + 1, *columns)
    else:
        yield area


def _keep_corner(book: Book, area: Area) -> None:
    """Empty all but the first cell that holds something, which moves to the corner."""
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    held = [
        (row, column)
        for row in book.stored_rows(area.sheet, area.start_row, area.end_row)
        for column in columns
        if row.cell(column) is not None
    ]
    if not held:
        return
    at = {row_id: n for n, row_id in enumerate(area.sheet.rows.ids(area.start_row, area.end_row))}
    held.sort(key=lambda found: at[found[0].row_id])
    value = held[0][0].cell(held[0][1])
    for row, column in held:
        row.set_cell(column, None)
    book.rows(area.sheet, area.start_row, area.start_row + 1)[0].set_cell(columns[0], value)


def unmerge(book: Book, body: Json, _call: Call) -> None:
    """Every merge in the range; one that reaches out of it is refused."""
    area = ranges.from_grid_range(book, body.get("range") or {})
    for object_id, _, other in objects.overlapping(book, "merge", area):
        if not objects.contains(area, other):
            raise invalid_argument(
                "You must select all cells in a merged range to merge or unmerge them."
            )
        objects.remove(book, "merge", object_id, "merge")


KINDS = {"mergeCells": merge, "unmergeCells": unmerge}
