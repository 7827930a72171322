"""A workbook that has some of everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gspread

from gsheet_ml_scheduler import localsheets

SECOND = 4711  # the id of the second tab


def _cell(value: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {**({"userEnteredValue": value} if value else {}), **more}


def _text(text: str, **more: Any) -> dict[str, Any]:
    return _cell({"stringValue": text}, **more)


def _number(number: float, **look: Any) -> dict[str, Any]:
    return _cell({"numberValue": number}, **({"userEnteredFormat": look} if look else {}))


def _formula(formula: str) -> dict[str, Any]:
    return _cell({"formulaValue": formula})


DATE = {"type": "DATE", "pattern": "yyyy-mm-dd"}
PERCENT = {"type": "PERCENT", "pattern": "0.0%"}
ORANGE = {"red": 1, "green": 0.93, "blue": 0.8}
RULE = {
    "condition": {
        "type": "ONE_OF_LIST",
        "values": [{"userEnteredValue": "ready"}, {"userEnteredValue": "done"}],
    },
    "showCustomUi": True,
}


def _where(rows: tuple[int, int], columns: tuple[int, int], sheet_id: int = 0) -> dict[str, int]:
    return {
        "sheetId": sheet_id,
        "startRowIndex": rows[0],
        "endRowIndex": rows[1],
        "startColumnIndex": columns[0],
        "endColumnIndex": columns[1],
    }


def _rows(*, comma: bool) -> list[dict[str, Any]]:
    bold = {"textFormat": {"bold": True, "foregroundColor": {"green": 0.7, "blue": 0.12}}}
    header = [_text("lr", userEnteredFormat=bold, note="the learning rate"), _text("status")]
    half = "0,5" if comma else "0.5"
    sep = ";" if comma else ","
    lines = [
        [_number(0.1), _text("ready", dataValidation=RULE), _number(45000, numberFormat=DATE)],
        [
            _number(1 / 3, backgroundColor=ORANGE),
            _text("=1+1"),
            _number(0.05, numberFormat=PERCENT),
        ],
        [_text("0042"), _cell({"boolValue": True}), _formula("=#N/A")],
        [],
        [_formula(f"=SUM(A2:A3{sep}{half})"), _formula("='Other tab'!A1&\"!\""), _text("merged")],
        [_number(1e300), _number(12345678901234567), _cell(userEnteredFormat=bold)],
    ]
    return [{"values": line} if line else {} for line in [header, *lines]]


def full_workbook(path: Path, *, locale: str = "en_US") -> gspread.Spreadsheet:
    """Make it at a path."""
    made = localsheets.open_workbook(path, create=True)
    grid = {"rowCount": 40, "columnCount": 8, "frozenRowCount": 2, "frozenColumnCount": 1}
    first = {"sheetId": 0, "title": "Runs", "gridProperties": grid, "tabColor": {"red": 1}}
    second = {"sheetId": SECOND, "title": "Other tab", "hidden": True}
    other = [{"values": [_text("x")]}]
    condition = {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": "0.2"}]}
    rule = {
        "ranges": [_where((1, 9), (0, 1))],
        "booleanRule": {"condition": condition, "format": {"backgroundColor": {"red": 1}}},
    }
    names = "title,tabColor,gridProperties"
    wide = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 3}
    low = {"sheetId": 0, "dimension": "ROWS", "startIndex": 3, "endIndex": 4}
    start = {"rowIndex": 0, "columnIndex": 0}
    requests: list[dict[str, Any]] = [
        {"updateSpreadsheetProperties": {"properties": {"locale": locale}, "fields": "locale"}},
        {"updateSheetProperties": {"properties": first, "fields": names}},
        {"addSheet": {"properties": second}},
        {"updateCells": {"start": {"sheetId": SECOND, **start}, "rows": other, "fields": "*"}},
        {
            "updateCells": {
                "start": {"sheetId": 0, **start},
                "rows": _rows(comma=locale == "de_DE"),
                "fields": "*",
            }
        },
        {
            "updateDimensionProperties": {
                "range": wide,
                "properties": {"pixelSize": 170},
                "fields": "pixelSize",
            }
        },
        {
            "updateDimensionProperties": {
                "range": low,
                "properties": {"hiddenByUser": True},
                "fields": "hiddenByUser",
            }
        },
        {"mergeCells": {"range": _where((5, 6), (2, 4)), "mergeType": "MERGE_ALL"}},
        {"addConditionalFormatRule": {"rule": rule, "index": 0}},
        {"addNamedRange": {"namedRange": {"name": "rates", "range": _where((1, 3), (0, 1))}}},
        {
            "addNamedRange": {
                "namedRange": {"name": "letter", "range": _where((0, 1), (0, 1), SECOND)}
            }
        },
    ]
    made.batch_update({"requests": requests})
    return made
