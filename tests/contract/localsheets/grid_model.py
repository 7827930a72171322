"""What requests mean, said with plain lists: the model that a workbook is compared with.

An operation is a function of the model and a few small numbers. It changes the model and answers
the request that asks the same of a workbook, or None where the numbers make no sense just now.
What merged cells forbid is `Refused`, before anything of the model has changed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.unit.localsheets.calls import Json, cells, grid_range, line, paint, pin

Value = Any  # None, bool, int, float or str
Numbers = Sequence[int]


@dataclass
class Cell:
    """A value, a background (red in 255ths, None where none was set), and the merge it is in."""

    value: Value = None
    red: int | None = None
    merge: int | None = None


@dataclass
class Row:
    """A row's cells and the ids of its pins."""

    cells: list[Cell]
    pins: set[int] = field(default_factory=set)


@dataclass
class Grid:
    """A sheet."""

    rows: list[Row]
    column_pins: list[set[int]]

    @classmethod
    def of(cls, height: int, width: int) -> Grid:
        """An empty one."""
        rows = [Row([Cell() for _ in range(width)]) for _ in range(height)]
        return cls(rows, [set() for _ in range(width)])

    @property
    def height(self) -> int:
        """How many rows."""
        return len(self.rows)

    @property
    def width(self) -> int:
        """How many columns."""
        return len(self.column_pins)

    def values(self) -> list[list[Value]]:
        """As values.get shows them: trailing blanks cut, inner ones ""."""
        return trimmed([[cell.value for cell in row.cells] for row in self.rows])

    def columns(self) -> list[list[Value]]:
        """The same by columns."""
        turned = zip(*([cell.value for cell in row.cells] for row in self.rows))
        return trimmed([list(column) for column in turned])

    def colours(self) -> list[list[int | None]]:
        """The backgrounds, without trailing cells and rows that have none."""
        return cut([[cell.red for cell in row.cells] for row in self.rows])

    def pins(self) -> dict[int, tuple[str, int]]:
        """Where every pin is."""
        on_rows = {i: ("ROWS", at) for at, row in enumerate(self.rows) for i in row.pins}
        on_columns = {i: ("COLUMNS", at) for at, ids in enumerate(self.column_pins) for i in ids}
        return {**on_rows, **on_columns}

    def merges(self) -> dict[int, Area]:
        """Where the cells of every merge are: rows [a, b), columns [c, d)."""
        found: dict[int, Area] = {}
        for at, row in enumerate(self.rows):
            for across, cell in enumerate(row.cells):
                if cell.merge is not None:
                    a, b, c, d = found.get(cell.merge, (at, at, across, across))
                    found[cell.merge] = a, max(b, at + 1), min(c, across), max(d, across + 1)
        return found

    def line(self, at: int, *, rows: bool) -> list[Cell]:
        """The cells of a row or a column."""
        return self.rows[at].cells if rows else [row.cells[at] for row in self.rows]

    def merge(self, area: Area) -> None:
        """Make one merge: its first value stands in its corner, its other cells are empty."""
        among = list(itertools.chain.from_iterable(_in(self, area)))
        number = 1 + max(self.merges(), default=0)
        kept = next((cell.value for cell in among if cell.value is not None), None)
        for cell in among:
            cell.value, cell.merge = None, number
        among[0].value = kept

    def unmerge(self, area: Area) -> bool:
        """Take apart the merges in an area; whether it cuts none, else nothing is done."""
        among = list(itertools.chain.from_iterable(_in(self, area)))
        inside = {id(cell) for cell in among}
        touched = {cell.merge for cell in among} - {None}
        whole = [cell for row in self.rows for cell in row.cells if cell.merge in touched]
        if any(id(cell) not in inside for cell in whole):
            return False
        for cell in whole:
            cell.merge = None
        return True


def cut(lines: list[list[Any]]) -> list[list[Any]]:
    """Without trailing Nones, and without trailing lines that have nothing left."""
    out = []
    for one in lines:
        line_ = list(one)
        while line_ and line_[-1] is None:
            line_.pop()
        out.append(line_)
    while out and not out[-1]:
        out.pop()
    return out


def trimmed(lines: list[list[Value]]) -> list[list[Value]]:
    """`cut`, with "" for the Nones inside."""
    return [["" if value is None else value for value in one] for one in cut(lines)]


Area = tuple[int, int, int, int]


class Refused(Exception):  # noqa: N818 - an answer of the model, no error
    """A workbook refuses this request, with these words."""

    def __init__(self, request: Json, words: str) -> None:
        super().__init__(words)
        self.request, self.words = request, words


Operation = Callable[[Grid, Numbers, Value], "Json | None"]


def _area(grid: Grid, numbers: Numbers) -> Area:
    top, left = numbers[0] % grid.height, numbers[1] % grid.width
    bottom = min(top + 1 + numbers[2] % 4, grid.height)
    return top, bottom, left, min(left + 1 + numbers[3] % 4, grid.width)


def _in(grid: Grid, area: Area) -> list[list[Cell]]:
    return [row.cells[area[2] : area[3]] for row in grid.rows[area[0] : area[1]]]


def _blank(value: Value) -> Value:
    return None if value == "" and isinstance(value, str) else value


def update_cells(grid: Grid, numbers: Numbers, value: Value) -> Json:
    """The same value, and a blank, in turn all over an area."""
    area = _area(grid, numbers)
    turn = itertools.cycle([value, value, None])
    wanted = [[next(turn) for _ in one] for one in _in(grid, area)]
    for row, said in zip(_in(grid, area), wanted):
        for cell, new in zip(row, said):
            cell.value = _blank(new)
    return cells(wanted, area[0], area[2])


def update_range(grid: Grid, numbers: Numbers, value: Value) -> Json:
    """One value at the upper left of a range; what else is in the range is emptied."""
    area = _area(grid, numbers)
    for cell in itertools.chain.from_iterable(_in(grid, area)):
        cell.value = None
    grid.rows[area[0]].cells[area[2]].value = _blank(value)
    request = cells([[value]], 0)
    del request["updateCells"]["start"]
    request["updateCells"]["range"] = grid_range(area)
    return request


def append_cells(grid: Grid, numbers: Numbers, value: Value) -> Json:
    """Two rows after the last one that holds a value, wider than the grid now and then."""
    width = grid.width + 1 if numbers[0] == 5 and grid.width < 9 else 1 + numbers[1] % grid.width
    lines: list[list[Value]] = [[f"appended {numbers[2]}"] * width, [value]]
    for row in grid.rows:
        row.cells += [Cell() for _ in range(width - grid.width)]
    grid.column_pins += [set() for _ in range(width - grid.width)]
    filled = [at for at, row in enumerate(grid.rows) if any(c.value is not None for c in row.cells)]
    start = filled[-1] + 1 if filled else 0
    while grid.height < start + 2:
        grid.rows.append(Row([Cell() for _ in range(grid.width)]))
    for row, said in zip(grid.rows[start:], lines):
        for cell, new in zip(row.cells, said):
            cell.value = _blank(new)
    request = cells(lines, 0)["updateCells"]
    return {"appendCells": {"rows": request["rows"], "fields": "userEnteredValue"}}


def paint_cells(grid: Grid, numbers: Numbers, value: Value) -> Json:
    """A background."""
    area, red = _area(grid, numbers), (0, 51, 128, 255)[numbers[4] % 4]
    for cell in itertools.chain.from_iterable(_in(grid, area)):
        cell.red = red
    return paint(area, {"red": red / 255})


def unpaint_cells(grid: Grid, numbers: Numbers, value: Value) -> Json:
    """Back to the default format."""
    area = _area(grid, numbers)
    for cell in itertools.chain.from_iterable(_in(grid, area)):
        cell.red = None
    body = {"range": grid_range(area), "cell": {}, "fields": "userEnteredFormat"}
    return {"repeatCell": body}


def find_replace(grid: Grid, numbers: Numbers, value: Value) -> Json | None:
    """Compare and set: whole cells, text only."""
    if not isinstance(value, str) or not value:
        return None
    area = _area(grid, numbers)
    for cell in itertools.chain.from_iterable(_in(grid, area)):
        if cell.value == value:
            cell.value = f"was {numbers[4]}"
    body = {"find": value, "replacement": f"was {numbers[4]}", "matchEntireCell": True}
    return {"findReplace": {**body, "matchCase": True, "range": grid_range(area)}}


def insert(grid: Grid, numbers: Numbers, value: Value) -> Json | None:
    """Rows or columns that look like a neighbour."""
    rows, count, before = numbers[0] % 2, 1 + numbers[1] % 3, bool(numbers[2] % 2)
    at = numbers[3] % ((grid.height if rows else grid.width) + 1)
    if (before and at == 0) or (not rows and grid.width + count > 9):
        return None
    like = at - 1 if before else at
    between = _merges_across(grid, at, rows=bool(rows))
    if rows:
        model = grid.rows[like].cells if like < grid.height else [Cell()] * grid.width
        grid.rows[at:at] = [Row([Cell(None, c.red) for c in model]) for _ in range(count)]
    else:
        for row in grid.rows:
            red = row.cells[like].red if like < grid.width else None
            row.cells[at:at] = [Cell(None, red) for _ in range(count)]
        grid.column_pins[at:at] = [set() for _ in range(count)]
    for new in range(at, at + count):
        for cell, merge in zip(grid.line(new, rows=bool(rows)), between):
            cell.merge = merge
    where = line("ROWS" if rows else "COLUMNS", at, at + count)
    return {"insertDimension": {"range": where, "inheritFromBefore": before}}


def _merges_across(grid: Grid, at: int, *, rows: bool) -> list[int | None]:
    """The merges that reach over the edge before a line, cell by cell."""
    if not 0 < at < (grid.height if rows else grid.width):
        return [None] * (grid.width if rows else grid.height)
    sides = zip(grid.line(at - 1, rows=rows), grid.line(at, rows=rows))
    return [one.merge if one.merge == other.merge else None for one, other in sides]


def delete(grid: Grid, numbers: Numbers, value: Value) -> Json | None:
    """Rows or columns with all that is on them."""
    rows = numbers[0] % 2
    size = grid.height if rows else grid.width
    start = numbers[3] % size
    stop = min(start + 1 + numbers[1] % 3, size)
    if size - (stop - start) < (64 if rows else 1):  # tall enough to be read by whole columns
        return None
    if rows:
        del grid.rows[start:stop]
    else:
        for row in grid.rows:
            del row.cells[start:stop]
        del grid.column_pins[start:stop]
    for top, bottom, left, right in grid.merges().values():
        if bottom - top == right - left == 1:
            grid.rows[top].cells[left].merge = None
    return {"deleteDimension": {"range": line("ROWS" if rows else "COLUMNS", start, stop)}}


def move(grid: Grid, numbers: Numbers, value: Value) -> Json | None:
    """Rows or columns elsewhere."""
    rows = numbers[0] % 2
    size = grid.height if rows else grid.width
    start, to = numbers[1] % size, numbers[2] % (size + 1)
    stop = min(start + 1 + numbers[3] % 3, size)
    if start < to < stop:
        return None
    source = line("ROWS" if rows else "COLUMNS", start, stop)
    request = {"moveDimension": {"source": source, "destinationIndex": to}}
    edges = [] if start <= to <= stop else [start, stop, to]
    if any(any(_merges_across(grid, edge, rows=bool(rows))) for edge in edges):
        raise Refused(request, f"Cannot move {source['dimension'].lower()} through the merged")
    each: list[list[Any]] = [grid.rows] if rows else [row.cells for row in grid.rows]
    for line_ in [*each, *([] if rows else [grid.column_pins])]:
        block = line_[start:stop]
        line_[:] = (
            [*line_[:to], *block, *line_[to:start], *line_[stop:]]
            if to <= start
            else [*line_[:start], *line_[stop:to], *block, *line_[to:]]
        )
    return request


def sort(grid: Grid, numbers: Numbers, value: Value) -> Json:
    """Rows change places, with pins, if the range has all that is in them; else only its cells."""
    top, bottom, left, right = _area(grid, numbers)
    bottom = min(bottom + 6, grid.height)
    if numbers[4] % 2:
        left, right = 0, grid.width
    by, down = left + numbers[5] % (right - left), bool(numbers[0] % 2)
    rows = grid.rows[top:bottom]
    filled = [row for row in rows if row.cells[by].value is not None]
    filled.sort(key=lambda row: _key(row.cells[by].value), reverse=down)
    ordered = filled + [row for row in rows if row.cells[by].value is None]
    area = top, bottom, left, right
    spec = {"dimensionIndex": by, "sortOrder": "DESCENDING" if down else "ASCENDING"}
    request = {"sortRange": {"range": grid_range(area), "sortSpecs": [spec]}}
    moved = any(old is not new for old, new in zip(rows, ordered))
    if moved and any(c.merge for c in itertools.chain.from_iterable(_in(grid, area))):
        raise Refused(request, "Cannot sort a range with merged cells")
    merges = [[cell.merge for cell in row.cells] for row in rows]  # those beside it stay there
    if any(c.value is not None for row in rows for c in row.cells[:left] + row.cells[right:]):
        taken = [row.cells[left:right] for row in ordered]
        for row, part in zip(rows, taken):
            row.cells[left:right] = part
    else:
        grid.rows[top:bottom] = ordered
    for row, stay in zip(grid.rows[top:bottom], merges):
        for cell, merge in zip(row.cells, stay):
            cell.merge = merge
    return request


def _key(value: Value) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 2, value
    return (1, value.casefold()) if isinstance(value, str) else (0, value)


def pin_line(grid: Grid, numbers: Numbers, value: Value) -> Json | None:
    """Developer metadata on a row or a column."""
    pin_id, rows = 1 + numbers[0] % 6, numbers[1] % 4 > 0
    if pin_id in grid.pins():
        return None
    at = numbers[2] % (grid.height if rows else grid.width)
    (grid.rows[at].pins if rows else grid.column_pins[at]).add(pin_id)
    return pin(pin_id, line("ROWS" if rows else "COLUMNS", at))


def unpin(grid: Grid, numbers: Numbers, value: Value) -> Json:
    """Take a pin away, if it is there."""
    pin_id = 1 + numbers[0] % 6
    for ids in (*(row.pins for row in grid.rows), *grid.column_pins):
        ids.discard(pin_id)
    lookup = {"developerMetadataLookup": {"metadataId": pin_id}}
    return {"deleteDeveloperMetadata": {"dataFilter": lookup}}


CUTS = "You must select all cells in a merged range to merge or unmerge them."


def merge_cells(grid: Grid, numbers: Numbers, value: Value) -> Json:
    """One merge of an area, or one for each of its rows or columns; those inside give way."""
    area, kind = _area(grid, numbers), ("ALL", "ROWS", "COLUMNS")[numbers[4] % 3]
    request = {"mergeCells": {"range": grid_range(area), "mergeType": f"MERGE_{kind}"}}
    if not grid.unmerge(area):
        raise Refused(request, CUTS)
    top, bottom, left, right = area
    parts = [area]
    if kind == "ROWS":
        parts = [(at, at + 1, left, right) for at in range(top, bottom)]
    elif kind == "COLUMNS":
        parts = [(top, bottom, at, at + 1) for at in range(left, right)]
    for part in parts:
        if (part[1] - part[0]) * (part[3] - part[2]) > 1:
            grid.merge(part)
    return request


def unmerge_cells(grid: Grid, numbers: Numbers, value: Value) -> Json:
    """The merges in an area, or all there are."""
    area = _area(grid, numbers) if numbers[4] % 3 else (0, grid.height, 0, grid.width)
    request = {"unmergeCells": {"range": grid_range(area)}}
    if not grid.unmerge(area):
        raise Refused(request, CUTS)
    return request


OPERATIONS: list[Operation] = [
    update_cells, update_range, append_cells, paint_cells, unpaint_cells, find_replace,
    insert, delete, move, sort, pin_line, unpin,
    merge_cells, unmerge_cells,
]  # fmt: skip
