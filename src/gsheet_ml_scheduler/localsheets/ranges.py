"""Ranges on a grid: what a request means by A1 text, GridRange or DataFilter, and how ranges move.

Decided here: clipping to the grid, defaults of what is left out, what inserted, removed and moved
lines do to the range of a merge, a named range and their like. How A1 is written: `a1.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import a1
from .errors import invalid_argument
from .model.structure import ROWS, Json, Sheet, Structure

if TYPE_CHECKING:
    from .book import Book


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle on a sheet: half-open, 0-based, inside the grid."""

    sheet: Sheet
    start_row: int
    end_row: int
    start_column: int
    end_column: int

    @property
    def height(self) -> int:
        """Rows in it."""
        return self.end_row - self.start_row

    @property
    def width(self) -> int:
        """Columns in it."""
        return self.end_column - self.start_column

    @property
    def a1(self) -> str:
        """As Google writes it."""
        return a1.format_a1(
            self.sheet.title, self.start_row, self.end_row, self.start_column, self.end_column
        )


def from_a1(book: Book, text: str, *, clip: bool = True) -> Area:
    """The area that a text means.

    Raises:
        ApiError: 400, it can't be parsed, names no sheet of the book, or begins off the grid.
    """
    structure = book.structure
    named = {
        body["name"]: _as_a1(book, body["range"])
        for body in structure.objects.get("namedRange", {}).values()
    }
    title, _, name = text.rpartition("!")
    if name in named and (structure.titled(title) or structure.titled(title.strip("'"))):
        text = name  # gspread puts the worksheet's title before a named range, too
    found = a1.parse_a1(text, _Titles(structure), named)
    sheet = structure.titled(found.title) if found.title is not None else _first_visible(book)
    if sheet is None:
        raise invalid_argument(f"Unable to parse range: {text}")
    rows, columns = sheet.rows.count, sheet.columns.count
    area = Area(
        sheet,
        found.start_row or 0,
        rows if found.end_row is None else found.end_row,
        found.start_column or 0,
        columns if found.end_column is None else found.end_column,
    )
    if clip and (area.start_row >= rows or area.start_column >= columns):
        raise invalid_argument(
            f"Range ({area.a1}) exceeds grid limits. Max rows: {rows}, max columns: {columns}"
        )
    return clipped(area) if clip else area


@dataclass(frozen=True, slots=True)
class _Titles:
    """The titles of a workbook's sheets, without regard to case."""

    structure: Structure

    def __contains__(self, title: object) -> bool:
        return isinstance(title, str) and self.structure.titled(title) is not None


def _as_a1(book: Book, grid_range: Json) -> a1.A1Range:
    sheet = book.sheet(grid_range.get("sheetId", 0))
    return a1.A1Range(
        sheet.title,
        grid_range.get("startRowIndex"),
        grid_range.get("endRowIndex"),
        grid_range.get("startColumnIndex"),
        grid_range.get("endColumnIndex"),
    )


def _first_visible(book: Book) -> Sheet:
    for sheet in book.structure.sheets:
        if not sheet.properties.get("hidden"):
            return sheet
    return book.structure.sheets[0]


def clipped(area: Area) -> Area:
    """The part that is on the grid."""
    return Area(
        area.sheet,
        area.start_row,
        min(area.end_row, area.sheet.rows.count),
        area.start_column,
        min(area.end_column, area.sheet.columns.count),
    )


def from_grid_range(book: Book, grid_range: Json) -> Area:
    """The area of a GridRange; what it leaves out is unbounded.

    Raises:
        ApiError: 400, no such sheet, or the range is empty, reversed or off the grid.
    """
    for name, found in grid_range.items():
        if type(found) is not int:
            raise invalid_argument(f"Invalid value at '{name}' (TYPE_INT32), {found!r}")
    sheet = book.sheet(grid_range.get("sheetId", 0))
    rows, columns = sheet.rows.count, sheet.columns.count
    start_row = grid_range.get("startRowIndex", 0)
    end_row = grid_range.get("endRowIndex", rows)
    start_column = grid_range.get("startColumnIndex", 0)
    end_column = grid_range.get("endColumnIndex", columns)
    for start, end, what in ((start_row, end_row, "Row"), (start_column, end_column, "Column")):
        if end < start:
            raise invalid_argument(
                f"GridRange.end{what}Index[{end}] must not be before start{what}Index[{start}]"
            )
        if start < 0:
            raise invalid_argument(f"GridRange.start{what}Index[{start}] must not be negative")
    if start_row >= rows or start_column >= columns:
        axis, at, limit = (
            ("Row", start_row, rows) if start_row >= rows else ("Column", start_column, columns)
        )
        raise invalid_argument(
            f"GridRange.start{axis}Index[{at}] is after last {axis.lower()} in grid[{limit}]"
        )
    return Area(sheet, start_row, min(end_row, rows), start_column, min(end_column, columns))


# ---------------------------------------------------------------- ranges move with their lines


def lies_on(body: Json, sheet_id: int) -> bool:
    """Whether an object's range is on a sheet."""
    found = body.get("ranges") or [body.get("range", {})]
    return any(grid_range.get("sheetId", 0) == sheet_id for grid_range in found)


def one_cell(grid_range: Json) -> bool:
    """Whether a range with all four sides said is a single cell, which is no merge any more."""
    height = grid_range["endRowIndex"] - grid_range["startRowIndex"]
    width = grid_range["endColumnIndex"] - grid_range["startColumnIndex"]
    return bool(height == width == 1)


def map_ranges(body: Json, sheet_id: int, shifted: Callable[[Json], Json | None]) -> Json | None:
    """An object with its ranges on a sheet shifted; None when nothing is left of them."""
    body = _followed(body, sheet_id, shifted)
    if "ranges" in body:
        kept = [r if r.get("sheetId", 0) != sheet_id else shifted(r) for r in body["ranges"]]
        left = [r for r in kept if r is not None]
        return {**body, "ranges": left} if left else None
    if "range" in body and body["range"].get("sheetId", 0) == sheet_id:
        moved = shifted(body["range"])
        return None if moved is None else {**body, "range": moved}
    return body


def _followed(body: Json, sheet_id: int, shifted: Callable[[Json], Json | None]) -> Json:
    """An object with what it says of single columns, and of parts of its range, shifted."""
    if body.get("range", {}).get("sheetId", 0) != sheet_id:
        return body

    def column(at: int) -> int | None:
        moved = shifted({"sheetId": sheet_id, "startColumnIndex": at, "endColumnIndex": at + 1})
        return None if moved is None else int(moved["startColumnIndex"])

    out = dict(body)
    if "criteria" in body:
        places = ((column(int(at)), said) for at, said in body["criteria"].items())
        out["criteria"] = {str(at): said for at, said in places if at is not None}
    for name, index in (("filterSpecs", "columnIndex"), ("sortSpecs", "dimensionIndex")):
        if name in body:
            specs = ((column(spec.get(index, 0)), spec) for spec in body[name])
            out[name] = [{**spec, index: at} for at, spec in specs if at is not None]
    if "unprotectedRanges" in body:
        parts = (shifted(part) for part in body["unprotectedRanges"])
        out["unprotectedRanges"] = [part for part in parts if part is not None]
    return out


def _names(dimension: str) -> tuple[str, str]:
    axis = "Row" if dimension == ROWS else "Column"
    if dimension not in (ROWS, "COLUMNS"):
        raise invalid_argument(f"Unknown dimension {dimension}")
    return f"start{axis}Index", f"end{axis}Index"


def _ends(grid_range: Json, dimension: str) -> tuple[str, str, int, int | None]:
    """Names and values of the range's ends; DimensionRanges of groups have plain names."""
    if "dimension" in grid_range:
        if grid_range["dimension"] != dimension:
            return "", "", 0, None
        first, last = "startIndex", "endIndex"
    else:
        first, last = _names(dimension)
    return first, last, grid_range.get(first, 0), grid_range.get(last)


def after_insert(grid_range: Json, dimension: str, at: int, count: int) -> Json | None:
    """A range after lines were inserted: inside it grows, before it it moves."""
    first, last, start, stop = _ends(grid_range, dimension)
    if not first or (first not in grid_range and last not in grid_range):
        return grid_range
    new_start = start + count if at <= start and first in grid_range else start
    new_stop = stop + count if stop is not None and at < stop else stop
    return _with_ends(grid_range, (first, new_start), (last, new_stop))


def after_remove(grid_range: Json, dimension: str, start: int, stop: int) -> Json | None:
    """A range after lines were removed; None when all of it is gone."""
    first, last, begin, end = _ends(grid_range, dimension)
    if not first or (first not in grid_range and last not in grid_range):
        return grid_range

    def moved(at: int) -> int:
        return at - max(0, min(at, stop) - start) if at > start else at

    new_end = None if end is None else moved(end)
    if new_end is not None and new_end <= moved(begin):
        return None
    return _with_ends(grid_range, (first, moved(begin)), (last, new_end))


def after_move(grid_range: Json, dimension: str, block: tuple[int, int], at: int) -> Json | None:
    """A range after lines moved to index `at`: it goes along if all of it moved."""
    first, last, start, stop = _ends(grid_range, dimension)
    if not first or stop is None:
        return grid_range
    if block[0] <= start and stop <= block[1]:
        by = at - block[0]
        return _with_ends(grid_range, (first, start + by), (last, stop + by))
    size = block[1] - block[0]
    if start <= block[0] and block[1] <= stop and start <= at and at + size <= stop:
        return grid_range  # it only changes places inside
    without = after_remove(grid_range, dimension, *block)
    return without if without is None else after_insert(without, dimension, at, size)


def _with_ends(grid_range: Json, start: tuple[str, int], stop: tuple[str, int | None]) -> Json:
    found = {**grid_range, start[0]: start[1]}
    if stop[1] is not None:
        found[stop[0]] = stop[1]
    return found
