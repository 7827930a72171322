"""An Excel file as a target.

Decided here: what of a workbook is carried into a file, and what is said of the rest. Decided
elsewhere: its styles (`xlsx_styles`), rules (`xlsx_rules`) and texts (`xlsx_text`), and that the
file is made whole or not at all (`new_files`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from gsheet_ml_scheduler.errors import LocationError
from gsheet_ml_scheduler.localsheets.a1 import quote_title
from gsheet_ml_scheduler.localsheets.formulas.references import renamed
from gsheet_ml_scheduler.transfer.stream import (
    DEFAULT_PIXELS,
    FORMAT,
    NOTE,
    VALIDATION,
    VALUE,
    Json,
    Report,
    Source,
    cells_of,
    id_of,
    place,
    sheets_of,
    title_of,
)
from gsheet_ml_scheduler.transfer.xlsx_rules import rule_to, validation_to
from gsheet_ml_scheduler.transfer.xlsx_source import PIXELS_A_CHARACTER, PIXELS_A_POINT
from gsheet_ml_scheduler.transfer.xlsx_styles import argb, put_format, rgb_of
from gsheet_ml_scheduler.transfer.xlsx_text import ERRORS, escaped, formula_to, titles_for

_ROWS, _COLUMNS, _CHARACTERS = 1_048_576, 16_384, 32_767  # that Excel can take
_AUTHOR = "gsheet-ml"


def write_xlsx(source: Source, path: Path, report: Report) -> None:
    """Write a source into a file.

    Raises:
        LocationError: it has more rows or columns than Excel can take.
    """
    _Writing(source, report).save(path)


class _Writing:
    def __init__(self, source: Source, report: Report) -> None:
        self._source = source
        self._report = report
        self._book = Workbook()
        self._book.remove(self._book.active)
        self._usual = self._book._fonts[0]
        self._styles: dict[str, Any] = {}
        self._outline = source.outline()
        self._titles = titles_for(title_of(sheet) for sheet in sheets_of(self._outline))
        for old, new in self._titles.items():
            if old != new:
                report.say(f"Excel doesn't allow this title; there the tab is {new!r}", repr(old))
        self._changed = {old: new for old, new in self._titles.items() if old != new}

    def save(self, path: Path) -> None:
        sheets = {}
        for sheet in sheets_of(self._outline):
            made = self._book.create_sheet(self._titles[title_of(sheet)])
            sheets[id_of(sheet)] = made
            self._properties(made, sheet)
            self._sizes(made, sheet)
            rules = self._cells(made, sheet)
            self._validations(made, rules)
            self._objects(made, sheet)
            self._report.tabs += 1
        if all(made.sheet_state != "visible" for made in sheets.values()):
            next(iter(sheets.values())).sheet_state = "visible"
        visible = [made.sheet_state == "visible" for made in sheets.values()]
        self._book.active = visible.index(True)
        for named in self._outline.get("namedRanges", []):
            where = sheets.get(named["range"].get("sheetId", 0))
            if where is not None:
                text = f"{quote_title(where.title)}!{_absolute(named['range'], where)}"
                self._book.defined_names[named["name"]] = DefinedName(named["name"], attr_text=text)
        self._book.save(path)

    def _properties(self, made: Worksheet, sheet: Json) -> None:
        said = sheet["properties"]
        grid = said.get("gridProperties", {})
        rows, columns = grid.get("frozenRowCount", 0), grid.get("frozenColumnCount", 0)
        if rows or columns:
            made.freeze_panes = made.cell(rows + 1, columns + 1)
        if grid.get("hideGridlines"):
            made.sheet_view.showGridLines = False
        if said.get("rightToLeft"):
            made.sheet_view.rightToLeft = True
        if said.get("hidden"):
            made.sheet_state = "hidden"
        color = rgb_of(said, "tabColor")
        if color is not None:
            made.sheet_properties.tabColor = argb(color)

    def _sizes(self, made: Worksheet, sheet: Json) -> None:
        data = (sheet.get("data") or [{}])[0]
        made.sheet_format.defaultColWidth = DEFAULT_PIXELS["COLUMNS"] / PIXELS_A_CHARACTER
        columns = data.get("columnMetadata", [])[:_COLUMNS]
        for index, line in enumerate(columns, 1):
            pixels = line.get("pixelSize", DEFAULT_PIXELS["COLUMNS"])
            if pixels != DEFAULT_PIXELS["COLUMNS"] or line.get("hiddenByUser"):
                dimension = made.column_dimensions[get_column_letter(index)]
                dimension.width = pixels / PIXELS_A_CHARACTER
                dimension.hidden = bool(line.get("hiddenByUser"))
        for index, line in enumerate(data.get("rowMetadata", [])[:_ROWS], 1):
            pixels = line.get("pixelSize", DEFAULT_PIXELS["ROWS"])
            if pixels != DEFAULT_PIXELS["ROWS"]:
                made.row_dimensions[index].height = pixels / PIXELS_A_POINT
            if line.get("hiddenByUser"):
                made.row_dimensions[index].hidden = True

    def _cells(self, made: Worksheet, sheet: Json) -> _Validated:
        rules = _Validated()
        for row, line in enumerate(self._source.rows(id_of(sheet)), 1):
            cells = cells_of(line)
            if row > _ROWS or len(cells) > _COLUMNS:
                raise LocationError(
                    f"The tab {title_of(sheet)!r} is too large for Excel, which takes {_ROWS:,} "
                    f"rows and {_COLUMNS:,} columns. Export it as CSV."
                )
            for column, data in enumerate(cells, 1):
                if data:
                    self._cell(made, row, column, data)
                    rules.see(row, column, data.get(VALIDATION))
            self._report.rows += any(VALUE in data for data in cells)
        return rules

    def _cell(self, made: Worksheet, row: int, column: int, data: Json) -> None:
        cell = made.cell(row, column)
        if data.get(FORMAT):
            self._look(cell, data[FORMAT])
        value = data.get(VALUE)
        if value:
            self._report.cells += 1
            self._value(made, cell, value)
        if data.get(NOTE):
            cell.comment = Comment(escaped(data[NOTE]), _AUTHOR)

    def _look(self, cell: Any, look: Json) -> None:
        link = look.get("textFormat", {}).get("link", {}).get("uri", "")
        key = json.dumps(look, sort_keys=True)
        if key not in self._styles:
            put_format(cell, look, self._usual)
            self._styles[key] = cell._style
        else:
            cell._style = self._styles[key].__copy__()
        if link and not link.startswith("#"):
            style = cell._style
            cell.hyperlink = link  # which also makes it the value of a blank cell
            cell._style, cell._value, cell.data_type = style, None, "n"

    def _value(self, made: Worksheet, cell: Any, value: Json) -> None:
        kind, found = next(iter(value.items()))
        if kind == "stringValue":
            self._text(made, cell, found)
        elif kind == "numberValue":
            cell.data_type = "n"
            # openpyxl writes 16 digits of a number; a text it leaves as it is
            cell._value = found if float(f"{found:.16g}") == found else repr(found)
        elif kind == "boolValue":
            cell.value = found
        elif kind == "formulaValue":
            self._formula(made, cell, found)

    def _text(self, made: Worksheet, cell: Any, text: str) -> None:
        written = escaped(text)
        if len(written) > _CHARACTERS:
            where = place(made.title, cell.row - 1, cell.column - 1)
            self._report.say(f"Excel takes {_CHARACTERS:,} characters; the rest was cut off", where)
            written = written[:_CHARACTERS]
        cell._value, cell.data_type = written, "s"
        if text.startswith(("=", "+", "-", "@", "'")):
            cell.quotePrefix = True  # so that it stays text when somebody edits it in Excel

    def _formula(self, made: Worksheet, cell: Any, formula: str) -> None:
        if formula[1:] in ERRORS:
            cell._value, cell.data_type = formula[1:], "e"
            return
        for old, new in self._changed.items():
            formula = renamed(formula, old, new)
        written, unknown = formula_to(formula)
        inner = _array(written)
        if inner is not None:
            cell.value = ArrayFormula(cell.coordinate, f"={inner}")
            unknown = [name for name in unknown if name != "ARRAYFORMULA"]
        else:
            cell._value, cell.data_type = escaped(written), "f"
        for name in unknown:
            where = place(made.title, cell.row - 1, cell.column - 1)
            self._report.say(f"Excel doesn't know {name} and will show #NAME?", where)

    def _validations(self, made: Worksheet, rules: _Validated) -> None:
        for rule, ranges in rules.found():
            validation = validation_to(rule)
            if validation is None:
                kind = rule["condition"]["type"]
                self._report.say(
                    f"Excel has no data validation like this one ({kind})",
                    f"{made.title}!{ranges[0]}",
                )
                continue
            for one in ranges:
                validation.add(one)
            made.add_data_validation(validation)

    def _objects(self, made: Worksheet, sheet: Json) -> None:
        for merge in sheet.get("merges", []):
            made.merged_cells.add(_a1(merge, made))
        for rule in sheet.get("conditionalFormats", []):
            ranges = [_a1(one, made) for one in rule["ranges"]]
            said = rule_to(rule, ranges[0].partition(":")[0], self._usual)
            if said is None:
                self._report.say(
                    "Excel has no conditional format like this one", f"{made.title}!{ranges[0]}"
                )
                continue
            said.stopIfTrue = "booleanRule" in rule or None  # in Sheets the first that holds wins
            made.conditional_formatting.add(" ".join(ranges), said)
        if "range" in sheet.get("basicFilter", {}):
            made.auto_filter.ref = _a1(sheet["basicFilter"]["range"], made)


class _Validated:
    """Which cells have which validation, as few ranges as columns allow."""

    def __init__(self) -> None:
        self._rules: dict[str, Json] = {}
        self._runs: dict[str, dict[int, list[list[int]]]] = {}

    def see(self, row: int, column: int, rule: Json | None) -> None:
        """Note a cell; rows come from top to bottom."""
        if not rule:
            return
        key = json.dumps(rule, sort_keys=True)
        self._rules.setdefault(key, rule)
        runs = self._runs.setdefault(key, {}).setdefault(column, [])
        if runs and runs[-1][1] == row - 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])

    def found(self) -> Iterable[tuple[Json, list[str]]]:
        """Each rule with its ranges."""
        for key, columns in self._runs.items():
            ranges = []
            for column, runs in sorted(columns.items()):
                letter = get_column_letter(column)
                ranges += [f"{letter}{first}:{letter}{last}" for first, last in runs]
            yield self._rules[key], ranges


def _a1(where: Json, made: Worksheet) -> str:
    """A GridRange as Excel writes it; what it leaves open ends with what the tab holds."""
    top, left = where.get("startRowIndex", 0) + 1, where.get("startColumnIndex", 0) + 1
    bottom = where.get("endRowIndex") or max(made.max_row, top)
    right = where.get("endColumnIndex") or max(made.max_column, left)
    first = f"{get_column_letter(left)}{top}"
    last = f"{get_column_letter(right)}{bottom}"
    return first if first == last else f"{first}:{last}"


def _absolute(where: Json, made: Worksheet) -> str:
    corners = _a1(where, made).split(":")
    return ":".join(
        "$" + "$".join("".join(part) for _, part in groupby(corner, str.isdigit))
        for corner in corners
    )


def _array(formula: str) -> str | None:
    """What is inside, if the whole formula is an ARRAYFORMULA."""
    opening = "=ARRAYFORMULA("
    if not formula.upper().startswith(opening) or not formula.endswith(")"):
        return None
    inner = formula[len(opening) : -1]
    depth, quoted = 0, False
    for sign in inner:
        quoted ^= sign == '"'
        depth += 0 if quoted else (sign == "(") - (sign == ")")
        if depth < 0:
            return None
    return inner
