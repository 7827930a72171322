"""An Excel file as a source.

Decided here: how large a tab is, and what of a file is carried. Decided elsewhere: what a file is
(`xlsx_file`), its styles (`xlsx_styles`), rules (`xlsx_rules`) and texts (`xlsx_text`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from openpyxl.cell.cell import MergedCell
from openpyxl.utils.cell import range_boundaries
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.worksheet import Worksheet

from gsheet_ml_scheduler.errors import LocationError
from gsheet_ml_scheduler.localsheets.text.serials import serial_of, serial_of_time
from gsheet_ml_scheduler.transfer.sheets_source import chosen
from gsheet_ml_scheduler.transfer.stream import (
    DEFAULT_PIXELS,
    FORMAT,
    NEW_COLUMNS,
    NEW_ROWS,
    NOTE,
    VALIDATION,
    VALUE,
    Json,
    Report,
    empty_sheet,
    place,
    title_of,
)
from gsheet_ml_scheduler.transfer.xlsx_file import open_xlsx
from gsheet_ml_scheduler.transfer.xlsx_rules import rule_from, validation_from
from gsheet_ml_scheduler.transfer.xlsx_styles import Palette, format_from
from gsheet_ml_scheduler.transfer.xlsx_text import ERRORS, formula_from, unescaped

PIXELS_A_CHARACTER, PIXELS_A_POINT = 7, 4 / 3
_SERIAL_OF_1904 = 1462  # days between the two epochs that files know
_NAME = re.compile(r"[^\W\d]\w{0,249}")
_LIKE_A_CELL = re.compile(r"[A-Z]{1,3}\d+|R\d*C\d*|TRUE|FALSE", re.IGNORECASE)
_RANGE_NAME = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!(\$?[A-Z]+\$?\d+(?::\$?[A-Z]+\$?\d+)?)")


class XlsxSource:
    """A file of Excel's.

    Args:
        path: the file.
        report: where is said what can't be carried.
        tab: only the tab with this index; None is all.

    Raises:
        LocationError: the file can't be read; the message says why.
    """

    def __init__(self, path: Path, report: Report, *, tab: int | None = None) -> None:
        self._book = open_xlsx(path, report)
        self._report = report
        self._palette = Palette(self._book.loaded_theme)
        self._usual = self._book._fonts[0]
        self._formats: dict[tuple[int, ...], Json] = {}
        self._sheets = {}
        listed = []
        for number, sheet in enumerate(self._book.worksheets):
            self._sheets[number] = sheet
            listed.append(empty_sheet(number, unescaped(sheet.title), 1, 1))
        for chart in self._book.chartsheets:
            report.say("the tab isn't made of cells; it was left out", chart.title)
        if not listed:
            raise LocationError(f"{path} has no tab that is made of cells.")
        self._listed = chosen(listed, tab, str(path))
        self._made: Json | None = None

    def outline(self) -> Json:
        """The workbook without its cells."""
        if self._made is None:
            sheets = [self._outline_of(one["properties"]["sheetId"]) for one in self._listed]
            self._made = {"properties": {}, "sheets": sheets}
            names = self._named_ranges({title_of(sheet): sheet for sheet in sheets})
            if names:
                self._made["namedRanges"] = names
        return self._made

    def rows(self, sheet_id: int) -> Iterator[Json]:
        """The rows of a tab."""
        sheet = self._sheets[sheet_id]
        (outline,) = (
            one for one in self.outline()["sheets"] if one["properties"]["sheetId"] == sheet_id
        )
        grid = outline["properties"]["gridProperties"]
        height, width = grid["rowCount"], grid["columnCount"]
        rules = self._validations(sheet, height, width)
        found = {row for row, _ in sheet._cells if row <= height}
        found |= {row for _, rows, _ in rules for row in range(rows[0], rows[1] + 1)}
        cells = {
            row: list(group)
            for row, group in groupby(sorted(sheet._cells), key=lambda place: place[0])
        }
        at = 1
        for row in sorted(found):
            yield from ({} for _ in range(row - at))
            values: dict[int, Json] = {}
            for _, column in cells.get(row, ()):
                if column <= width:
                    data = self._cell(sheet, sheet._cells[row, column])
                    if data:
                        values[column] = data
            for rule, rows, columns in rules:
                if rows[0] <= row <= rows[1]:
                    for column in range(columns[0], columns[1] + 1):
                        values.setdefault(column, {})[VALIDATION] = rule
            last = max(values, default=0)
            yield {"values": [values.get(column, {}) for column in range(1, last + 1)]}
            at = row + 1

    def _outline_of(self, sheet_id: int) -> Json:
        sheet = self._sheets[sheet_id]
        height, width = self._used(sheet)
        frozen = _frozen(sheet)
        rows = max(height, NEW_ROWS, frozen.get("frozenRowCount", 0) + 1)
        columns = max(width, NEW_COLUMNS, frozen.get("frozenColumnCount", 0) + 1)
        found = empty_sheet(sheet_id, unescaped(sheet.title), rows, columns)
        properties = found["properties"]
        properties["gridProperties"] |= frozen
        if not sheet.sheet_view.showGridLines and sheet.sheet_view.showGridLines is not None:
            properties["gridProperties"]["hideGridlines"] = True
        if sheet.sheet_view.rightToLeft:
            properties["rightToLeft"] = True
        if sheet.sheet_state != "visible":
            properties["hidden"] = True
        color = self._palette.color(sheet.sheet_properties.tabColor)
        if color is not None:
            properties["tabColor"] = color
        found["data"] = [self._sizes(sheet, rows, columns)]
        merges = [_grid_range(sheet_id, one.bounds) for one in sheet.merged_cells.ranges]
        if merges:
            found["merges"] = sorted(merges, key=lambda one: tuple(one.values()))
        rules = self._rules(sheet, sheet_id, rows, columns)
        if rules:
            found["conditionalFormats"] = rules
        if sheet.auto_filter.ref:
            where = _grid_range(sheet_id, range_boundaries(sheet.auto_filter.ref))
            found["basicFilter"] = {"range": where}
        self._say_what_stays(sheet)
        return found

    def _say_what_stays(self, sheet: Worksheet) -> None:
        for what, there in (
            ("charts", sheet._charts),
            ("pictures", sheet._images),
            ("pivot tables", sheet._pivots),
            ("frames of tables", sheet.tables),
        ):
            if there:
                self._report.say(f"its {what} were left out", sheet.title)

    def _used(self, sheet: Worksheet) -> tuple[int, int]:
        """How far anything goes but formats: those may go on to the end of Excel's grid."""
        height = width = 0
        for (row, column), cell in sheet._cells.items():
            if isinstance(cell, MergedCell):
                continue
            if cell._value is not None or cell._comment is not None:
                height, width = max(height, row), max(width, column)
        for merged in sheet.merged_cells.ranges:
            height, width = max(height, merged.max_row), max(width, merged.max_col)
        if sheet.auto_filter.ref:
            _, _, column, row = range_boundaries(sheet.auto_filter.ref)
            height, width = max(height, row), max(width, column)
        return height, width

    def _cell(self, sheet: Worksheet, cell: Any) -> Json:
        if isinstance(cell, MergedCell):
            return {}
        found: Json = {}
        if cell._value is not None:
            value = self._value(sheet, cell)
            if value is not None:
                found[VALUE] = value
        if cell._style:
            key = tuple(cell._style)
            if key not in self._formats:
                self._formats[key] = format_from(cell, self._palette, self._usual)
            if self._formats[key]:
                found[FORMAT] = self._formats[key]
        if cell._hyperlink is not None and cell._hyperlink.target:
            look = found.get(FORMAT, {})
            text = {**look.get("textFormat", {}), "link": {"uri": cell._hyperlink.target}}
            found[FORMAT] = {**look, "textFormat": text}
        if cell._comment is not None:
            found[NOTE] = unescaped(cell._comment.text)
        return found

    def _value(self, sheet: Worksheet, cell: Any) -> Json | None:
        value, kind = cell._value, cell.data_type
        where = place(sheet.title, cell.row - 1, cell.column - 1)
        if isinstance(value, ArrayFormula):
            return {"formulaValue": f"=ARRAYFORMULA({formula_from(value.text)[1:]})"}
        if isinstance(value, DataTableFormula):
            self._report.say("a what-if table was left out", where)
            return None
        if kind == "f":
            return {"formulaValue": formula_from(unescaped(str(value)))}
        if kind == "b":
            return {"boolValue": bool(value)}
        if kind == "e":
            return {"formulaValue": f"={value}" if value in ERRORS else "=#VALUE!"}
        if isinstance(value, str):
            return {"stringValue": unescaped(value)}
        number = _number(value)
        if number is None:
            self._report.say("what it holds can't be carried", where)
            return None
        if self._book.epoch.year == 1904 and cell.is_date:
            number += _SERIAL_OF_1904
        return {"numberValue": number}

    def _sizes(self, sheet: Worksheet, rows: int, columns: int) -> Json:
        said = sheet.sheet_format
        usual = dict(DEFAULT_PIXELS)
        if said.defaultColWidth:
            usual["COLUMNS"] = round(said.defaultColWidth * PIXELS_A_CHARACTER)
        widths = [{"pixelSize": usual["COLUMNS"]} for _ in range(columns)]
        for dimension in sheet.column_dimensions.values():
            for column in range(dimension.min or 1, min(dimension.max or 0, columns) + 1):
                line = widths[column - 1]
                if dimension.customWidth:
                    line["pixelSize"] = round(dimension.width * PIXELS_A_CHARACTER)
                if dimension.hidden:
                    line["hiddenByUser"] = True
        heights: list[Json] = [{} for _ in range(rows)]
        for row, dimension in sheet.row_dimensions.items():
            if row <= rows:
                if dimension.ht:
                    heights[row - 1]["pixelSize"] = round(dimension.ht * PIXELS_A_POINT)
                if dimension.hidden:
                    heights[row - 1]["hiddenByUser"] = True
        return {"rowMetadata": heights, "columnMetadata": widths}

    def _validations(
        self, sheet: Worksheet, height: int, width: int
    ) -> list[tuple[Json, tuple[int, int], tuple[int, int]]]:
        found = []
        for rule in sheet.data_validations.dataValidation:
            said = validation_from(rule)
            if said is None:
                self._report.say(
                    f"Sheets has no data validation like this one ({rule.type})",
                    f"{sheet.title}!{rule.sqref}",
                )
                continue
            for one in rule.sqref.ranges:
                left, top, right, bottom = one.bounds
                found.append((said, (top, min(bottom, height)), (left, min(right, width))))
        return found

    def _rules(self, sheet: Worksheet, sheet_id: int, rows: int, columns: int) -> list[Json]:
        listed = [(rule, one) for one in sheet.conditional_formatting for rule in one.rules]
        found = []
        for rule, cells in sorted(listed, key=lambda pair: pair[0].priority):
            said = rule_from(rule, self._palette, self._usual)
            if said is None:
                self._report.say(
                    f"Sheets has no conditional format like this one ({rule.type})",
                    f"{sheet.title}!{cells.sqref}",
                )
                continue
            bounds = sorted((one.bounds for one in cells.sqref.ranges), key=lambda it: it[1::-1])
            ranges = [_clipped(_grid_range(sheet_id, one), rows, columns) for one in bounds]
            found.append({"ranges": ranges, **said})
        return found

    def _named_ranges(self, sheets: dict[str, Json]) -> list[Json]:
        found = []
        for name, said in self._book.defined_names.items():
            match = _RANGE_NAME.fullmatch(said.attr_text or "")
            if match is None or said.hidden:
                self._report.say("the name isn't that of a range; it was left out", name)
                continue
            if not _NAME.fullmatch(name) or _LIKE_A_CELL.fullmatch(name):
                self._report.say("Sheets doesn't allow this name of a range; it was left out", name)
                continue
            title = (match[1] or match[2]).replace("''", "'")
            if title in sheets:
                sheet_id = sheets[title]["properties"]["sheetId"]
                grid = sheets[title]["properties"]["gridProperties"]
                where = _grid_range(sheet_id, range_boundaries(match[3].replace("$", "")))
                clipped = _clipped(where, grid["rowCount"], grid["columnCount"])
                found.append({"name": name, "range": clipped})
        return found


def _frozen(sheet: Worksheet) -> Json:
    pane = sheet.sheet_view.pane
    if pane is None or pane.state not in ("frozen", "frozenSplit"):
        return {}
    said = {"frozenRowCount": pane.ySplit, "frozenColumnCount": pane.xSplit}
    return {name: int(count) for name, count in said.items() if count}


def _grid_range(sheet_id: int, bounds: tuple[int, int, int, int]) -> Json:
    left, top, right, bottom = bounds
    return {
        "sheetId": sheet_id,
        "startRowIndex": top - 1,
        "endRowIndex": bottom,
        "startColumnIndex": left - 1,
        "endColumnIndex": right,
    }


def _clipped(where: Json, rows: int, columns: int) -> Json:
    """On the grid: a rule for a whole column of Excel's ends with the tab."""
    return {
        **where,
        "startRowIndex": min(where["startRowIndex"], rows - 1),
        "endRowIndex": min(where["endRowIndex"], rows),
        "startColumnIndex": min(where["startColumnIndex"], columns - 1),
        "endColumnIndex": min(where["endColumnIndex"], columns),
    }


def _number(value: Any) -> int | float | None:
    if isinstance(value, (int, float)):
        return value if abs(value) < 2**53 else float(value)
    if isinstance(value, datetime):  # only files that write dates as ISO 8601 text have these
        return serial_of(value)
    if isinstance(value, date):
        return serial_of(datetime.combine(value, time()))
    if isinstance(value, time):
        return serial_of_time(value.hour, value.minute, value.second + value.microsecond / 1e6)
    if isinstance(value, timedelta):
        return value / timedelta(days=1)
    return None
