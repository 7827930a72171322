"""insertDimension, deleteDimension, moveDimension, appendDimension, autoResizeDimensions,
updateDimensionProperties: rows and columns as such.
"""

from __future__ import annotations

from .. import ranges
from ..api import fields, schemas
from ..api.call import Call
from ..book import Book
from ..errors import invalid_argument
from ..model.structure import COLUMNS, ROWS, Json, Sheet
from ..values import formatted
from . import objects

_PIXELS_A_LETTER = 7  # Arial at 10 points, about
_PIXELS_AROUND = 7


def insert(book: Book, body: Json, _call: Call) -> None:
    """Lines that look like their neighbour before or after."""
    sheet, dimension, start, stop = dimension_range(book, body.get("range"), may_end_off_grid=True)
    before = bool(body.get("inheritFromBefore"))
    if before and start == 0:
        raise invalid_argument("inheritFromBefore cannot be true when inserting at index 0.")
    count = sheet.axis(dimension).count
    neighbour = start - 1 if before else start
    like = sheet.axis(dimension).id_at(neighbour) if neighbour < count else None
    book.insert_lines(sheet, dimension, start, stop - start)
    if like is not None:
        _inherit(book, book.edit_sheet(sheet.sheet_id), dimension, like, start, stop)


def _inherit(book: Book, sheet: Sheet, dimension: str, like: int, start: int, stop: int) -> None:
    """The formats of the neighbour's cells, and its size."""
    new = sheet.axis(dimension).ids(start, stop)
    properties = sheet.line_properties(dimension)
    if like in properties:
        size = {n: v for n, v in properties[like].items() if n == "pixelSize"}
        properties.update({line: size for line in new if size})
    if dimension == ROWS:
        at = sheet.rows.index_of(like)
        model = book.rows(sheet, at, at + 1)[0] if at is not None else None
        if model is not None and model.formats:
            for row in book.rows(sheet, start, stop):
                for column, style_id in enumerate(model.formats):
                    if style_id is not None:
                        row.set_style(column, style_id)
        return
    for row in book.stored_rows(sheet, 0, sheet.rows.count):
        style_id = row.style(like)
        if style_id is not None:
            for column in new:
                row.set_style(column, style_id)


def delete(book: Book, body: Json, _call: Call) -> None:
    """Lines with all that is in them; a sheet keeps at least one."""
    sheet, dimension, start, stop = dimension_range(book, body.get("range"))
    if stop - start >= sheet.axis(dimension).count:
        what = "rows" if dimension == ROWS else "columns"
        raise invalid_argument(f"You can't delete all the {what} on the sheet.")
    frozen = "frozenRowCount" if dimension == ROWS else "frozenColumnCount"
    kept = sheet.axis(dimension).count - (stop - start)
    if kept <= sheet.properties.get("gridProperties", {}).get(frozen, 0):
        raise invalid_argument("It is not possible to delete all non-frozen rows or columns.")
    book.remove_lines(sheet, dimension, start, stop)


def move(book: Book, body: Json, _call: Call) -> None:
    """Lines to before the one that is at `destinationIndex` now."""
    sheet, dimension, start, stop = dimension_range(book, body.get("source"))
    destination = body.get("destinationIndex", 0)
    if not isinstance(destination, int) or not 0 <= destination <= sheet.axis(dimension).count:
        raise invalid_argument(f"destinationIndex[{destination}] is off the grid.")
    if start < destination < stop:
        raise invalid_argument("Cannot move a dimension to inside of itself.")
    if not start <= destination <= stop:  # else they are there already
        _refuse_to_cut_merges(book, sheet, dimension, (start, stop), destination)
        book.move_lines(sheet, dimension, start, stop, destination)


def _refuse_to_cut_merges(
    book: Book, sheet: Sheet, dimension: str, block: tuple[int, int], destination: int
) -> None:
    """Lines in a merge of several move only if all of it does, and none move into one."""
    whole = ranges.from_grid_range(book, {"sheetId": sheet.sheet_id})
    for _, _, merge in objects.overlapping(book, "merge", whole):
        rows = dimension == ROWS
        start = merge.start_row if rows else merge.start_column
        stop = merge.end_row if rows else merge.end_column
        apart = stop <= block[0] or block[1] <= start
        contained = block[0] <= start and stop <= block[1]
        if not (apart or contained) or start < destination < stop:
            raise invalid_argument(
                f"Cannot move {dimension.lower()} through the merged range {merge.a1}. "
                "Move all of it, or unmerge it first."
            )


def append(book: Book, body: Json, _call: Call) -> None:
    """Lines at the end."""
    sheet = book.sheet(body.get("sheetId", 0))
    dimension, length = _dimension(body), body.get("length")
    if not isinstance(length, int) or length < 1:
        raise invalid_argument("length must be at least 1.")
    book.insert_lines(sheet, dimension, sheet.axis(dimension).count, length)


def update_properties(book: Book, body: Json, _call: Call) -> None:
    """Sizes and hidden lines."""
    sheet, dimension, start, stop = dimension_range(book, body.get("range"))
    sheet = book.edit_sheet(sheet.sheet_id)
    mask = schemas.update_mask("DimensionProperties", body.get("fields"))
    properties = sheet.line_properties(dimension)
    for line in sheet.axis(dimension).ids(start, stop):
        properties[line] = fields.merge(
            properties.get(line, {}), body.get("properties") or {}, mask
        )


def auto_resize(book: Book, body: Json, _call: Call) -> None:
    """Sizes that fit what is in the lines, as far as that can be told without a screen."""
    sheet, dimension, start, stop = dimension_range(book, body.get("dimensions"))
    sheet = book.edit_sheet(sheet.sheet_id)
    properties = sheet.line_properties(dimension)
    lines = sheet.axis(dimension).ids(start, stop)
    if dimension == ROWS:
        for line in lines:  # a row is as high as its text by itself
            if line in properties:
                said = properties[line].items()
                properties[line] = {n: v for n, v in said if n != "pixelSize"}
        return
    rows = book.stored_rows(sheet, 0, sheet.rows.count)
    for line in lines:
        shown = [formatted(book, row, line) for row in rows if row.cell(line) is not None]
        longest = max((len(part) for text in shown for part in text.split("\n")), default=0)
        if longest:
            pixels = longest * _PIXELS_A_LETTER + _PIXELS_AROUND
            properties[line] = {**properties.get(line, {}), "pixelSize": pixels}


def dimension_range(
    book: Book, found: Json | None, *, may_end_off_grid: bool = False
) -> tuple[Sheet, str, int, int]:
    """A DimensionRange: its sheet, dimension, start and stop.

    Raises:
        ApiError: 400, it is empty, reversed or off the grid.
    """
    if not isinstance(found, dict):
        raise invalid_argument("range is required.")
    sheet = book.sheet(found.get("sheetId", 0))
    dimension = _dimension(found)
    count = sheet.axis(dimension).count
    start, stop = found.get("startIndex", 0), found.get("endIndex", count)
    if not isinstance(start, int) or not isinstance(stop, int) or start < 0:
        raise invalid_argument(f"Invalid dimension range: {start!r} to {stop!r}.")
    if stop <= start:
        raise invalid_argument(
            f"range.endIndex[{stop}] must be greater than range.startIndex[{start}]"
        )
    if may_end_off_grid:
        if start > count:
            raise invalid_argument(
                f"range.startIndex[{start}] must be less than the grid size ({count}) if "
                "inheritFromBefore is false."
            )
        return sheet, dimension, start, stop
    if stop > count:
        what = "rows" if dimension == ROWS else "columns"
        raise invalid_argument(
            f"Cannot operate on {what} that don't exist. Tried to reach index {stop - 1}, but "
            f"there are only {count} {what}."
        )
    return sheet, dimension, start, stop


def _dimension(found: Json) -> str:
    dimension = found.get("dimension")
    if dimension not in (ROWS, COLUMNS):
        raise invalid_argument(f"dimension must be ROWS or COLUMNS, not {dimension!r}.")
    return str(dimension)


KINDS = {
    "insertDimension": insert,
    "deleteDimension": delete,
    "moveDimension": move,
    "appendDimension": append,
    "updateDimensionProperties": update_properties,
    "autoResizeDimensions": auto_resize,
}
