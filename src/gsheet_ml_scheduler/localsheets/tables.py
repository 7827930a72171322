"""Where values.append puts its rows: the table that Google finds around a range.

A table is a block of cells with something in them, bounded by blank rows and columns or the grid's
edge. Of several in the range the last one is taken; a range that touches none is written from its
first cell on, even where a table begins right beside it (documented: "Append values", E4; recorded:
a blank row between two filled ones).
"""

from __future__ import annotations

from .book import Book
from .model.record import Cell
from .model.structure import ROWS
from .ranges import Area


def around(book: Book, area: Area) -> Area | None:
    """The last table that an area touches, None if there is none."""
    sheet = area.sheet
    last = book.last_row_with_data(sheet)
    if last < 0:
        return None
    ids = sheet.columns.ids()
    grid = [_filled(cells, ids) for cells in book.cells(sheet, 0, last + 1)]
    seed = _last_seed(grid, area)
    if seed is None:
        return None
    top, bottom, left, right = _grown(grid, *seed)
    return Area(sheet, top, bottom + 1, left, right + 1)


def make_room(book: Book, area: Area, table: Area | None, count: int, *, insert: bool) -> int:
    """See that `count` rows can be written after the table; the index of the first of them."""
    start = table.end_row if table else area.start_row
    sheet = area.sheet
    if insert and table and count:
        book.insert_lines(sheet, ROWS, start, count)
    elif start + count > sheet.rows.count:
        book.insert_lines(sheet, ROWS, sheet.rows.count, start + count - sheet.rows.count)
    return start


def _filled(cells: list[Cell], ids: list[int]) -> list[int]:
    """The indexes of the columns with something in them."""
    return [
        at for at, column in enumerate(ids) if column < len(cells) and cells[column] is not None
    ]


def _last_seed(grid: list[list[int]], area: Area) -> tuple[int, int] | None:
    """The last filled cell in the area. One beside it doesn't count: it is in no table."""
    columns = range(area.start_column, area.end_column)
    for at in range(min(area.end_row, len(grid)) - 1, area.start_row - 1, -1):
        inside = [column for column in grid[at] if column in columns]
        if inside:
            return at, inside[-1]
    return None


def _grown(grid: list[list[int]], row: int, column: int) -> tuple[int, int, int, int]:
    """The block of touching cells around a cell: first and last row, first and last column."""
    top = bottom = row
    left = right = column
    sets = [set(line) for line in grid]
    grew = True
    while grew:
        grew = False
        columns = range(left, right + 1)
        wide = range(left - 1, right + 2)
        while top > 0 and not sets[top - 1].isdisjoint(wide):
            top -= 1
            grew = True
        while bottom + 1 < len(grid) and not sets[bottom + 1].isdisjoint(wide):
            bottom += 1
            grew = True
        rows = range(max(top - 1, 0), min(bottom + 2, len(grid)))
        if left > 0 and any(left - 1 in sets[at] for at in rows):
            left -= 1
            grew = True
        if any(right + 1 in sets[at] for at in rows):
            right += 1
            grew = True
        if columns == range(left, right + 1) and not grew:
            break
    return top, bottom, left, right
