"""Values of an area: how cells are shown to a reader, and what writing values does to them.

Decided here: the three renderings, what null and "" do, what is trimmed. What typed text means is
decided in `text`, and how a number looks, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .a1 import column_letters
from .book import Book
from .errors import invalid_argument
from .formulas import cells as formula_cells
from .model.record import Cell, Row, Scalar, effective
from .model.structure import Json
from .ranges import Area
from .text import number_format, user_entered

MAX_TEXT = 50_000  # characters in one cell
_LARGEST_EXACT = 2**53  # of whole numbers in a double
_MANY_ROWS = 64  # from here on whole columns are read from memory
_TALL = 2_000  # rows of an area, from which on it is worth to look where its data ends

FORMATTED_VALUE = "FORMATTED_VALUE"
UNFORMATTED_VALUE = "UNFORMATTED_VALUE"
FORMULA = "FORMULA"


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a reader wants values."""

    option: str = FORMATTED_VALUE
    dates_as_text: bool = False
    by_columns: bool = False


def read(book: Book, area: Area, rendering: Rendering) -> Json:
    """A ValueRange: its range, and its values without trailing blanks."""
    found = {"range": area.a1, "majorDimension": "COLUMNS" if rendering.by_columns else "ROWS"}
    if rendering.by_columns and area.height >= _MANY_ROWS:
        values = _read_columns(book, area, rendering)
    else:
        values = _read_rows(book, area, rendering)
        if rendering.by_columns:
            width = max(map(len, values), default=0)
            values = [
                [line[at] if at < len(line) else None for line in values] for at in range(width)
            ]
        values = _trimmed(values)
    return {**found, "values": values} if values else found


def _read_columns(book: Book, area: Area, rendering: Rendering) -> list[list[Any]]:
    """Each column whole, from memory where that can be: see `storage`."""
    if rendering.option == UNFORMATTED_VALUE and not (
        rendering.dates_as_text and book.has_date_formats()
    ):
        columns: list[list[Any]] = []
        for index in range(area.start_column, area.end_column):
            column = book.column(area.sheet, index, area.start_row, area.end_row)
            if column is None:
                break
            _cut_blank_end(column)
            columns.append(column)
        else:
            while columns and not columns[-1]:
                columns.pop()
            return columns
    rows = _read_rows(book, area, rendering)  # they end with their last cell
    return _trimmed([list(column) for column in zip_longest(*rows)])


def _cut_blank_end(column: list[Scalar]) -> None:
    """Drop trailing blanks, in steps that count faster than one can pop: queues end in many."""
    stop = len(column)
    while stop and column[stop - 1] == "":
        step = min(stop, 256)
        blanks = column[stop - step : stop].count("")
        if blanks < step:
            while column[stop - 1] == "":
                stop -= 1
            break
        stop -= step
    del column[stop:]


def _read_rows(book: Book, area: Area, rendering: Rendering) -> list[list[Any]]:
    """Rendered rows; None where nothing was entered."""
    plain = rendering.option == UNFORMATTED_VALUE
    stop = area.end_row
    if area.height >= _TALL:  # what is below the data would be trimmed again
        stop = max(area.start_row, min(stop, book.last_row_with_data(area.sheet) + 1))
    if plain and not (rendering.dates_as_text and book.has_date_formats()):
        lines = book.cells(area.sheet, area.start_row, stop)
        spans = list(area.sheet.columns.spans_between(area.start_column, area.end_column))
        if len(spans) == 1:  # nobody has moved a column: the stored order is the shown one
            first, size = spans[0]
            return [_plain(cells[first : first + size]) for cells in lines]
        columns = area.sheet.columns.ids(area.start_column, area.end_column)
        return [_plain([c[at] if at < len(c) else None for at in columns]) for c in lines]
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    show = _renderer(book, rendering)
    rows = book.rows(area.sheet, area.start_row, stop)
    return [[show(row, column) for column in columns] for row in rows]


def _plain(cells: list[Cell]) -> list[Any]:
    """The values of cells; most rows have no formula and are their own values."""
    if dict in map(type, cells):
        return [effective(cell) for cell in cells]
    return cells


def _renderer(book: Book, rendering: Rendering) -> Callable[[Row, int], Scalar | None]:
    locale = book.structure.properties.get("locale", "en_US")
    formatted = rendering.option == FORMATTED_VALUE
    comma = rendering.option == FORMULA and formula_cells.decimal_comma(book)

    def show(row: Row, column: int) -> Scalar | None:
        cell = row.cell(column)
        if cell is None:
            return None
        if rendering.option == FORMULA and isinstance(cell, dict):
            return formula_cells.written(cell, decimal_comma=comma)
        value = effective(cell)
        if value is None or isinstance(value, str):
            return value
        shape = number_shape(book, row, column)
        if formatted or (rendering.dates_as_text and _is_date(value, shape)):
            return number_format.display(value, shape, locale)
        return value

    return show


def formatted(book: Book, row: Row, column: int) -> str:
    """A cell as people see it."""
    value = effective(row.cell(column))
    if value is None or isinstance(value, str):
        return value or ""
    locale = book.structure.properties.get("locale", "en_US")
    return number_format.display(value, number_shape(book, row, column), locale)


def number_shape(book: Book, row: Row, column: int) -> Json | None:
    """The NumberFormat that a cell is shown with, None for the automatic one.

    A formula's result may bring one along (`=TODAY()` is shown as a date).
    """
    style_id = row.style(column)
    shape: Json | None = None if style_id is None else book.style(style_id).get("numberFormat")
    cell = row.cell(column)
    if shape is None and isinstance(cell, dict):
        shape = cell.get("n")
    return shape


def _is_date(value: Scalar, shape: Json | None) -> bool:
    return (
        shape is not None
        and not isinstance(value, bool)
        and shape.get("type") in ("DATE", "TIME", "DATE_TIME")
    )


def _trimmed(values: list[list[Any]]) -> list[list[Any]]:
    """Without trailing blanks and without trailing empty lines; inner blanks are ""."""
    for line in values:
        while line and line[-1] is None:
            line.pop()
    while values and not values[-1]:
        values.pop()
    return [
        ["" if cell is None else cell for cell in line] if None in line else line for line in values
    ]


@dataclass(slots=True)
class Written:
    """What writing values touched."""

    area: Area
    rows: list[int]  # indexes in the sheet of those with a cell that was written
    columns: list[int]
    cells: int

    def answer(self, spreadsheet_id: str) -> Json:
        """An UpdateValuesResponse."""
        found: Json = {"spreadsheetId": spreadsheet_id, "updatedRange": self.area.a1}
        counts = {
            "updatedRows": len(self.rows),
            "updatedColumns": len(self.columns),
            "updatedCells": self.cells,
        }
        return found | {name: count for name, count in counts.items() if count}


def write(book: Book, area: Area, values: list[list[Any]], *, user_entered: bool) -> Written:
    """Write rows of values from the area's upper left on; null leaves a cell, "" empties it.

    Raises:
        ApiError: 400, the values reach beyond the area, or aren't values.
    """
    width = max(map(len, values), default=0)
    _require_inside(area, len(values), width)
    columns = area.sheet.columns.ids(area.start_column, area.start_column + width)
    rows = book.rows(area.sheet, area.start_row, area.start_row + len(values)) if width else []
    enter = _typed(book) if user_entered else _enter_raw
    touched: set[int] = set()
    touched_rows: list[int] = []
    cell_count = 0
    for row_at, (row, line) in enumerate(zip(rows, values), area.start_row):
        before = cell_count
        for at, value in enumerate(line):
            if value is not None:
                enter(row, columns[at], value)
                touched.add(at)
                cell_count += 1
        if cell_count > before:
            touched_rows.append(row_at)
    reached = Area(
        area.sheet,
        area.start_row,
        area.start_row + max(len(values), 1),
        area.start_column,
        area.start_column + max(width, 1),
    )
    touched_columns = [area.start_column + at for at in touched]
    return Written(reached, touched_rows, touched_columns, cell_count)


def _require_inside(area: Area, height: int, width: int) -> None:
    """See that values fit. A range of one cell is a corner to write from, not a bound."""
    if area.height == area.width == 1:
        rows, columns = area.sheet.rows.count, area.sheet.columns.count
        area = Area(area.sheet, area.start_row, rows, area.start_column, columns)
    if height > area.height:
        raise invalid_argument(
            f"Requested writing within range [{area.a1}], but tried writing to row "
            f"[{area.start_row + area.height + 1}]"
        )
    if width > area.width:
        letters = column_letters(area.start_column + area.width)
        raise invalid_argument(
            f"Requested writing within range [{area.a1}], but tried writing to column [{letters}]"
        )


def _enter_raw(row: Row, column: int, value: Any) -> None:
    row.set_cell(column, checked(value))


def checked(value: Any) -> Scalar | None:
    """A constant as it may stand in a cell; "" is nothing.

    Raises:
        ApiError: 400, it is no value, or too long.
    """
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise invalid_argument(
                f"Your input contains more than the maximum of {MAX_TEXT} characters in a "
                "single cell."
            )
        return value or None
    if isinstance(value, int) and abs(value) <= _LARGEST_EXACT:  # booleans, too
        return value
    if isinstance(value, (int, float)):
        try:
            number = float(value)  # all numbers of a spreadsheet are doubles
        except OverflowError as error:
            raise invalid_argument("Invalid value: a number beyond 1.8e308.") from error
        if not math.isfinite(number):
            raise invalid_argument(f"Invalid value: {value} is not a JSON number.")
        return number
    if not isinstance(value, (dict, list)):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    kind = "struct_value" if isinstance(value, dict) else "list_value"
    raise invalid_argument(
        f"Invalid values: {kind} is not a value of a cell; give text, a number or a boolean."
    )


def _typed(book: Book) -> Callable[[Row, int, Any], None]:
    """What USER_ENTERED does: as if somebody had typed it."""
    locale = book.structure.properties.get("locale", "en_US")
    today = _today(book.structure.properties.get("timeZone", "Etc/GMT"))
    comma = formula_cells.decimal_comma(book)

    def enter(row: Row, column: int, value: Any) -> None:
        value = checked(value)
        if not isinstance(value, str):
            row.set_cell(column, value)
            return
        style = book.style(row.style(column))
        if style.get("numberFormat", {}).get("type") == "TEXT":
            row.set_cell(column, value)
            return
        found = user_entered.parse(value, locale, today)
        if found.is_formula:
            row.set_cell(column, formula_cells.entered(str(found.value), decimal_comma=comma))
            return
        row.set_cell(column, found.value if found.value != "" else None)
        if found.number_format is not None and "numberFormat" not in style:
            shape = dict(found.number_format)
            row.set_style(column, book.style_id({**style, "numberFormat": shape}))

    return enter


def _today(time_zone: str) -> date:
    """The day where the spreadsheet is; the machine's own where its zone isn't known."""
    try:
        return datetime.now(ZoneInfo(time_zone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return datetime.now().astimezone().date()


def clear(book: Book, area: Area) -> None:
    """Empty the cells; formats stay."""
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    for row in book.stored_rows(area.sheet, area.start_row, area.end_row):
        for column in columns:
            if row.cell(column) is not None:
                row.set_cell(column, None)
