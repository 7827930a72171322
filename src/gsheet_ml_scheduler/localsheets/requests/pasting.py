"""cutPaste, copyPaste: what cells hold, or a part of it, at another place.

Decided here: what each PasteType takes along, how a source fills a larger destination, and that a
merge goes with its cells. How a copied formula's references change:
`formulas`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .. import ranges
from ..api.call import Call
from ..book import Book
from ..errors import invalid_argument
from ..formulas import cells as formula_cells
from ..model.record import Cell, Row, effective, is_error
from ..model.structure import Json
from ..ranges import Area
from . import objects

_VALUES = ("PASTE_NORMAL", "PASTE_VALUES", "PASTE_FORMULA", "PASTE_NO_BORDERS")
_FORMATS = ("PASTE_NORMAL", "PASTE_FORMAT", "PASTE_NO_BORDERS")
_VALIDATIONS = ("PASTE_NORMAL", "PASTE_NO_BORDERS", "PASTE_DATA_VALIDATION")
_MERGES = ("PASTE_NORMAL", "PASTE_FORMAT", "PASTE_NO_BORDERS")


@dataclass(frozen=True, slots=True)
class Taken:
    """One cell as it was before anything was pasted, and where it stood."""

    cell: Cell
    style: int | None
    extra: Json
    row: int
    column: int


def copy_paste(book: Book, body: Json, _call: Call) -> None:
    """The source, over and over where the destination is a multiple of it."""
    source = ranges.from_grid_range(book, body.get("source") or {})
    target = ranges.from_grid_range(book, body.get("destination") or {})
    kind = body.get("pasteType", "PASTE_NORMAL")
    turned = body.get("pasteOrientation") == "TRANSPOSE"
    if kind == "PASTE_CONDITIONAL_FORMATTING":
        _paste_conditional_formats(book, source, target)
        return
    taken = _taken(book, source)
    if turned:
        taken = [list(line) for line in zip(*taken)]
    height, width = len(taken), len(taken[0])
    down = target.height // height if target.height % height == 0 else 1
    across = target.width // width if target.width % width == 0 else 1
    whole = _room(target, height * down, width * across)
    merges = [] if turned or kind not in _MERGES else _merges(book, source)
    for row_at, row in enumerate(book.rows(whole.sheet, whole.start_row, whole.end_row)):
        columns = whole.sheet.columns.ids(whole.start_column, whole.end_column)
        for column_at, column in enumerate(columns):
            one = taken[row_at % height][column_at % width]
            rows = whole.start_row + row_at - one.row
            _paste(
                book, row, column, one, kind, (rows, whole.start_column + column_at - one.column)
            )
    if kind in _MERGES:
        for object_id, _, _ in objects.overlapping(book, "merge", whole):
            if whole != source:
                objects.remove(book, "merge", object_id, "merge")
        for corner in _corners(whole, height, width):
            for merge in merges:
                _put_merge(book, merge, source, corner)


def cut_paste(book: Book, body: Json, _call: Call) -> None:
    """The source goes to the destination and is empty then; formulas read as they did."""
    source = ranges.from_grid_range(book, body.get("source") or {})
    corner = body.get("destination") or {}
    sheet = book.sheet(corner.get("sheetId", 0))
    row, column = corner.get("rowIndex", 0), corner.get("columnIndex", 0)
    target = _room(Area(sheet, row, row, column, column), source.height, source.width)
    kind = body.get("pasteType", "PASTE_NORMAL")
    taken, merges = _taken(book, source), _merges(book, source)
    for object_id, _, _ in objects.overlapping(book, "merge", source):
        objects.remove(book, "merge", object_id, "merge")
    for object_id, _, _ in objects.overlapping(book, "merge", target):
        objects.remove(book, "merge", object_id, "merge")
    for line in book.stored_rows(source.sheet, source.start_row, source.end_row):
        for at in source.sheet.columns.ids(source.start_column, source.end_column):
            line.set_cell(at, None)
            line.set_style(at, None)
            line.set_extra(at, {})
    columns = sheet.columns.ids(target.start_column, target.end_column)
    for line, cells in zip(book.rows(sheet, target.start_row, target.end_row), taken):
        for at, one in zip(columns, cells):
            _paste(book, line, at, one, kind, (0, 0))
    if kind in _MERGES:
        for merge in merges:
            _put_merge(book, merge, source, target)


def _taken(book: Book, area: Area) -> list[list[Taken]]:
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    return [
        [
            Taken(
                row.cell(column),
                row.style(column),
                dict(row.extra(column)),
                area.start_row + at,
                area.start_column + place,
            )
            for place, column in enumerate(columns)
        ]
        for at, row in enumerate(book.rows(area.sheet, area.start_row, area.end_row))
    ]


def _room(corner: Area, height: int, width: int) -> Area:
    """So many cells from a corner on.

    Raises:
        ApiError: 400, they reach beyond the grid.
    """
    end_row, end_column = corner.start_row + height, corner.start_column + width
    rows, columns = corner.sheet.rows.count, corner.sheet.columns.count
    if end_row > rows or end_column > columns:
        raise invalid_argument(
            f"The pasted cells would reach row {end_row} and column {end_column}; the sheet has "
            f"{rows} rows and {columns} columns."
        )
    return replace(corner, end_row=end_row, end_column=end_column)


def _paste(book: Book, row: Row, column: int, one: Taken, kind: str, by: tuple[int, int]) -> None:
    if kind in _VALUES:
        pasted = _value(one.cell) if kind == "PASTE_VALUES" else formula_cells.copied(one.cell, by)
        row.set_cell(column, pasted)
    if kind in _FORMATS:
        style = one.style
        if kind == "PASTE_NO_BORDERS" and style is not None:
            plain = {n: v for n, v in book.style(style).items() if n != "borders"}
            style = book.style_id(plain)
        row.set_style(column, style)
    extra = dict(row.extra(column))
    for name in {*extra, *one.extra}:
        follows = kind in _VALIDATIONS if name == "dataValidation" else kind == "PASTE_NORMAL"
        if follows:
            extra[name] = one.extra.get(name)
    kept = {name: value for name, value in extra.items() if value is not None}
    if kept != row.extra(column):
        row.set_extra(column, kept)


def _value(cell: Cell) -> Cell:
    return None if is_error(cell) else effective(cell)


def _merges(book: Book, source: Area) -> list[Area]:
    return [
        other
        for _, _, other in objects.overlapping(book, "merge", source)
        if objects.contains(source, other)
    ]


def _corners(whole: Area, height: int, width: int) -> Iterator[Area]:
    for row in range(whole.start_row, whole.end_row, height):
        for column in range(whole.start_column, whole.end_column, width):
            yield Area(whole.sheet, row, row + height, column, column + width)


def _put_merge(book: Book, merge: Area, source: Area, corner: Area) -> None:
    rows, columns = corner.start_row - source.start_row, corner.start_column - source.start_column
    moved = Area(
        corner.sheet,
        merge.start_row + rows,
        merge.end_row + rows,
        merge.start_column + columns,
        merge.end_column + columns,
    )
    if not objects.overlapping(book, "merge", moved):
        objects.put(book, "merge", {"range": objects.whole_range(moved)})


def _paste_conditional_formats(book: Book, source: Area, target: Area) -> None:
    """Rules that cover the source's corner cover the destination, too."""
    if source.sheet.sheet_id != target.sheet.sheet_id:
        raise invalid_argument("Conditional formats can't be pasted onto another sheet.")
    for object_id, rule in list(
        book.structure.objects_on("conditionalFormat", source.sheet.sheet_id)
    ):
        own = [ranges.from_grid_range(book, one) for one in rule["ranges"]]
        if any(
            one.start_row <= source.start_row < one.end_row
            and one.start_column <= source.start_column < one.end_column
            for one in own
        ):
            wider = {**rule, "ranges": [*rule["ranges"], objects.whole_range(target)]}
            objects.put(book, "conditionalFormat", wider, object_id)


KINDS = {"copyPaste": copy_paste, "cutPaste": cut_paste}
