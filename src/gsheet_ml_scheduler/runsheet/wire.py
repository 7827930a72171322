"""The Sheets API's JSON: what is sent, and what is picked out of an answer.

Pure: no request is made here (`worksheet.py` does), nothing is decided about runs. Reference:
https://developers.google.com/workspace/sheets/api/reference/rest.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gspread.exceptions import APIError

from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW
from gsheet_ml_scheduler.runsheet.lifecycle import Rgb

Json = dict[str, Any]

RUN_PIN = "gsheet-ml-run"
"""metadataKey of the pin on a claimed row."""
RUN_ID = "gsheet-ml-run-id"
"""metadataKey of a mark on a row that was put back; its value goes on naming the run."""
COLUMN_GUARD = "gsheet-ml-column"
"""metadataKey of the mark that keeps a column from being made twice."""
APPEND_MARK = "gsheet-ml-append"
"""metadataKey of the mark by which a writer knows that its rows have landed."""

RELAXED = {"Prefer": "durability=relaxed"}
"""A write that need not survive a power cut before a later ordinary one is answered."""

_REFUSED_REQUEST = re.compile(r"Invalid requests\[(?P<index>[0-9]+)\]")
_ROW_OF_RANGE = re.compile(r"!\$?[A-Z]*\$?(?P<row>[0-9]+)(?::|\Z)")
_LAST_COLUMN = re.compile(r"(?:!|:)\$?(?P<letters>[A-Z]+)\$?[0-9]*\Z")


@dataclass(frozen=True, slots=True)
class Coat:
    """Paint for cells of one row: `None` leaves a colour as it is, `CLEAR` takes it away.

    `end` is the index after the last column.
    """

    row_index: int
    start: int
    end: int
    background: Rgb | None = None
    text: Rgb | None = None


CLEAR: Rgb = (-1.0, -1.0, -1.0)


@dataclass(frozen=True, slots=True)
class Swap:
    """A compare-and-set of one cell: it becomes `new` only where it is `old`."""

    row_index: int
    column: int
    old: str
    new: str


def lines_filter(sheet_id: int) -> Json:
    """Lines 1 and 2."""
    return {"gridRange": {"sheetId": sheet_id, "startRowIndex": 0, "endRowIndex": FIRST_RUN_ROW}}


def column_filter(sheet_id: int, column: int) -> Json:
    """One column, from line 3 on."""
    return {
        "gridRange": {
            "sheetId": sheet_id,
            "startRowIndex": FIRST_RUN_ROW,
            "startColumnIndex": column,
            "endColumnIndex": column + 1,
        }
    }


def row_filter(sheet_id: int, row_index: int) -> Json:
    """One row, by its place."""
    return {
        "gridRange": {
            "sheetId": sheet_id,
            "startRowIndex": row_index,
            "endRowIndex": row_index + 1,
        }
    }


def runs_filter(sheet_id: int) -> Json:
    """All run rows."""
    return {"gridRange": {"sheetId": sheet_id, "startRowIndex": FIRST_RUN_ROW}}


def pin_filter(pin: int) -> Json:
    """The row with that pin, wherever it is."""
    return {"developerMetadataLookup": {"metadataId": pin}}


def filter_key(data_filter: Mapping[str, Any]) -> Any:
    """A filter as a key, whether or not the answer's echo leaves zeros out."""
    lookup = data_filter.get("developerMetadataLookup")
    if lookup is not None:
        return lookup.get("metadataId")
    area = data_filter.get("gridRange", {})
    return (
        area.get("startRowIndex", 0),
        area.get("endRowIndex"),
        area.get("startColumnIndex", 0),
        area.get("endColumnIndex"),
    )


def create_mark(mark: int, key: str, location: Json, value: str = "") -> Json:
    """A developer metadata with an id of our choosing: an id in use refuses the whole batch."""
    return {
        "createDeveloperMetadata": {
            "developerMetadata": {
                "metadataId": mark,
                "metadataKey": key,
                **({"metadataValue": value} if value else {}),
                "visibility": "DOCUMENT",
                "location": location,
            }
        }
    }


def at_line(sheet_id: int, dimension: str, index: int) -> Json:
    """The location of one row (`ROWS`) or column (`COLUMNS`)."""
    return {
        "dimensionRange": {
            "sheetId": sheet_id,
            "dimension": dimension,
            "startIndex": index,
            "endIndex": index + 1,
        }
    }


def touch_mark(mark: int, key: str) -> Json:
    """Changes nothing; its reply tells where the mark is at that moment."""
    return {
        "updateDeveloperMetadata": {
            "dataFilters": [pin_filter(mark)],
            "developerMetadata": {"metadataKey": key},
            "fields": "metadataKey",
        }
    }


def delete_mark(mark: int) -> Json:
    """Deletes a mark; its reply tells where it was."""
    return {"deleteDeveloperMetadata": {"dataFilter": pin_filter(mark)}}


def delete_mark_at(mark: int, location: Json) -> Json:
    """Deletes a mark only if it is there; its reply is empty if it isn't."""
    where = {"metadataLocation": location, "locationMatchingStrategy": "EXACT_LOCATION"}
    lookup = {"developerMetadataLookup": {"metadataId": mark, **where}}
    return {"deleteDeveloperMetadata": {"dataFilter": lookup}}


def marked_row(reply: Mapping[str, Any]) -> int | None:
    """The row in the reply to `touch_mark` or `delete_mark`; None when there was no such mark."""
    body = reply.get("updateDeveloperMetadata") or reply.get("deleteDeveloperMetadata") or {}
    found = body.get("developerMetadata") or body.get("deletedDeveloperMetadata") or []
    for mark in found:
        line = mark.get("location", {}).get("dimensionRange", {})
        return int(line.get("startIndex", 0))
    return None


def replace_text(old: str, new: str, area: Mapping[str, Any]) -> Json:
    """A findReplace of whole cells, with exact case; on one cell it is a compare-and-set.

    Args:
        old: the text that a cell must hold.
        new: what it holds then.
        area: `{"range": …}` or `{"sheetId": …}`.
    """
    return {
        "findReplace": {
            "find": old,
            "replacement": new,
            "matchCase": True,
            "matchEntireCell": True,
            **area,
        }
    }


def swap(sheet_id: int, what: Swap) -> Json:
    """The findReplace that a swap is."""
    return replace_text(
        what.old, what.new, {"range": one_cell(sheet_id, what.row_index, what.column)}
    )


def put_back(sheet_id: int, what: Swap) -> Json:
    """Undoes a swap whose new text was blank, by the cell's place."""
    return {
        "updateCells": {
            "range": one_cell(sheet_id, what.row_index, what.column),
            "rows": [{"values": [cell_data(what.old)]}],
            "fields": "userEnteredValue",
        }
    }


def swapped(reply: Mapping[str, Any]) -> bool:
    """Whether a findReplace replaced anything, by its reply; a count that is missing is 0."""
    return int(reply.get("findReplace", {}).get("occurrencesChanged", 0)) > 0


def one_cell(sheet_id: int, row_index: int, column: int) -> Json:
    """The GridRange of one cell."""
    return {
        "sheetId": sheet_id,
        "startRowIndex": row_index,
        "endRowIndex": row_index + 1,
        "startColumnIndex": column,
        "endColumnIndex": column + 1,
    }


def paint(sheet_id: int, coat: Coat) -> Json:
    """A repeatCell that changes colours and nothing else."""
    fields: list[str] = []
    cell_format: Json = {}
    if coat.background is not None:
        fields.append("userEnteredFormat.backgroundColor")
        if coat.background != CLEAR:
            cell_format["backgroundColor"] = rgb(coat.background)
    if coat.text is not None:
        fields.append("userEnteredFormat.textFormat.foregroundColor")
        if coat.text != CLEAR:
            cell_format["textFormat"] = {"foregroundColor": rgb(coat.text)}
    return {
        "repeatCell": {
            "range": {
                **one_cell(sheet_id, coat.row_index, coat.start),
                "endColumnIndex": coat.end,
            },
            "cell": {"userEnteredFormat": cell_format},
            "fields": ",".join(fields),
        }
    }


def rgb(color: Sequence[float] | Mapping[str, float]) -> Json:
    """A colour as the API wants it; users may give a tuple or the API's own form."""
    if isinstance(color, Mapping):
        return dict(color)
    red, green, blue = color[:3]
    return {"red": red, "green": green, "blue": blue}


def cell_data(value: Any, **more: Any) -> Json:
    """A CellData that holds exactly this value, never parsed; a blank cell for `""`."""
    if value == "" and isinstance(value, str):
        return dict(more)
    kind = (
        "boolValue"
        if isinstance(value, bool)
        else "stringValue"
        if isinstance(value, str)
        else "numberValue"
    )
    return {"userEnteredValue": {kind: value}, **more}


def column_header(sheet_id: int, at: int, names: Sequence[str], line_2: str, color: Rgb) -> Json:
    """Names and line 2 of columns just inserted."""
    top = [cell_data(name, userEnteredFormat={"backgroundColor": rgb(color)}) for name in names]
    return {
        "updateCells": {
            "range": {
                "sheetId": sheet_id,
                "startRowIndex": 0,
                "endRowIndex": FIRST_RUN_ROW,
                "startColumnIndex": at,
                "endColumnIndex": at + len(names),
            },
            "rows": [{"values": top}, {"values": [cell_data(line_2) for _ in names]}],
            "fields": "userEnteredValue,userEnteredFormat.backgroundColor",
        }
    }


def insert_columns(sheet_id: int, at: int, count: int, *, beyond_grid: bool) -> Json:
    """Blank columns, which overwrite nothing, whatever stands there meanwhile."""
    return {
        "insertDimension": {
            "range": {
                "sheetId": sheet_id,
                "dimension": "COLUMNS",
                "startIndex": at,
                "endIndex": at + count,
            },
            "inheritFromBefore": beyond_grid,
        }
    }


def append_rows(sheet_id: int, rows: Iterable[Sequence[Any]]) -> Json:
    """Whole rows after the last one that holds anything; the grid grows."""
    return {
        "appendCells": {
            "sheetId": sheet_id,
            "rows": [{"values": [cell_data(value) for value in row]} for row in rows],
            "fields": "userEnteredValue",
        }
    }


def rows_values(data: Mapping[str, Any], count: int) -> list[list[Any]] | None:
    """The first rows of grid data as a values read gives them: numbers as they are, dates as text.

    Reference: CellData.effectiveValue and formattedValue. None where a number without a format of
    its own is shown as something else: it may be a date, and a values read will tell.
    """
    rows = []
    for row in data.get("rowData", ())[:count]:
        values = [_value(cell) for cell in row.get("values", ())]
        if None in values:
            return None
        while values and values[-1] == "":
            values.pop()
        rows.append(values)
    return rows


def _value(cell: Mapping[str, Any]) -> Any:
    effective = cell.get("effectiveValue")
    if not effective:
        return ""
    if "numberValue" not in effective:
        kind, value = next(iter(effective.items()))
        return cell.get("formattedValue", "") if kind == "errorValue" else value
    shown = cell.get("formattedValue", "")
    kind = cell.get("effectiveFormat", {}).get("numberFormat", {}).get("type")
    if kind in _DATES:
        return shown
    if kind is None and not _is_plain_number(shown):
        return None
    return effective["numberValue"]


def _is_plain_number(shown: str) -> bool:
    try:
        float(shown.replace(",", "."))
    except ValueError:
        return False
    return True


_DATES = frozenset(["DATE", "TIME", "DATE_TIME"])


def formula_columns(data: Mapping[str, Any]) -> frozenset[int]:
    """The columns of a row's grid data that hold formulas."""
    return frozenset(
        index
        for index, cell in enumerate(_first_row(data).get("values", ()))
        if "formulaValue" in cell.get("userEnteredValue", {})
    )


def marks_on_row(data: Mapping[str, Any], key: str) -> dict[int, str]:
    """The ids and values of the marks with that key on the first row of grid data."""
    for metadata in data.get("rowMetadata", ()):
        return {
            mark["metadataId"]: mark.get("metadataValue", "")
            for mark in metadata.get("developerMetadata", ())
            if mark.get("metadataKey") == key
        }
    return {}


def effective_values(data: Mapping[str, Any]) -> list[Any]:
    """The values that the first row of grid data shows; blank cells are `""`."""
    cells = _first_row(data).get("values", ())
    return [next(iter(cell.get("effectiveValue", {}).values()), "") for cell in cells]


def grids(answer: Mapping[str, Any]) -> list[Json]:
    """The GridData of a batchUpdate's answer, one for each range asked for."""
    sheets = answer.get("updatedSpreadsheet", {}).get("sheets", ())
    return [data for sheet in sheets for data in sheet.get("data", ())]


def start_of(data: Mapping[str, Any]) -> tuple[int, int]:
    """Where grid data begins: row index and column."""
    return data.get("startRow", 0), data.get("startColumn", 0)


def _first_row(data: Mapping[str, Any]) -> Mapping[str, Any]:
    for row in data.get("rowData", ()):
        return dict(row)
    return {}


def row_index_of(a1_range: str) -> int:
    """The index of a range's first row: 6 for `'My runs'!A7:Z7`."""
    match = _ROW_OF_RANGE.search(a1_range, a1_range.rfind("!"))
    return int(match["row"]) - 1 if match else 0


def width_of(a1_range: str) -> int:
    """How many columns a range that begins in A spans: 26 for `Sheet1!A1:Z2`."""
    match = _LAST_COLUMN.search(a1_range)
    width = 0
    for letter in match["letters"] if match else "":
        width = width * 26 + ord(letter) - ord("A") + 1
    return width


def tab_of(a1_range: str) -> str:
    """The tab's title in a range, quoted as the API quotes it."""
    return a1_range.rpartition("!")[0]


def quoted(title: str) -> str:
    """A tab's title as a range needs it."""
    return "'" + title.replace("'", "''") + "'"


def refused_request(error: APIError) -> int | None:
    """Which request of a batch was refused; None when the answer doesn't say."""
    match = _REFUSED_REQUEST.search(str(error.error.get("message", "")))
    return int(match["index"]) if match else None


def is_taken_id(error: APIError) -> bool:
    """Whether a batch was refused because a mark's id exists already."""
    return "already exists" in str(error.error.get("message", ""))
