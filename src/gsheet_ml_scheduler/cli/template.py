"""A new queue's first two lines: the columns and their defaults.

Decided here: what `gsheet-ml init` and the demo put into an empty tab, and that nothing else is
ever written over. Decided elsewhere: what the columns mean (`runsheet.columns`).
"""

from collections.abc import Mapping
from typing import Any

import gspread

from gsheet_ml_scheduler.errors import ConfigError, LocationError
from gsheet_ml_scheduler.runsheet.columns import (
    FIRST_RUN_ROW,
    MANDATORY,
    RUN_NAME,
    STATUS,
    WORKER_NAME,
    cell_name,
)
from gsheet_ml_scheduler.runsheet.lifecycle import ENDED, NOT_A_KEY, State
from gsheet_ml_scheduler.runsheet.values import Scalar, is_blank
from gsheet_ml_scheduler.runsheet.wire import cell_data

Request = dict[str, Any]

ERROR = "error"
_WIDTHS = {RUN_NAME: 90, STATUS: 170, WORKER_NAME: 110, ERROR: 280}  # pixels
_USUAL_WIDTH = 110
_HEADER_COLOR = {"red": 0.93, "green": 0.93, "blue": 0.93}
_QUIET = {"red": 0.45, "green": 0.45, "blue": 0.45}


def template_requests(sheet_id: int, defaults: Mapping[str, Scalar]) -> list[Request]:
    """What makes an empty tab a queue, as parts of one atomic batchUpdate.

    Args:
        sheet_id: the tab.
        defaults: the hyperparameters, in the order of their columns, with their defaults;
            `""` for none.
    """
    columns: dict[str, Scalar] = {
        RUN_NAME: "",
        STATUS: NOT_A_KEY,
        WORKER_NAME: NOT_A_KEY,
        **defaults,
        ERROR: NOT_A_KEY,
    }
    header = {"backgroundColor": _HEADER_COLOR, "textFormat": {"bold": True}}
    quiet = {"textFormat": {"foregroundColor": _QUIET, "italic": True}}
    rows = [
        {"values": [cell_data(name, userEnteredFormat=header) for name in columns]},
        {"values": [cell_data(default, userEnteredFormat=quiet) for default in columns.values()]},
    ]
    cells = {
        "start": {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0},
        "rows": rows,
        "fields": "userEnteredValue,userEnteredFormat(backgroundColor,textFormat)",
    }
    frozen = {
        "properties": {"sheetId": sheet_id, "gridProperties": {"frozenRowCount": 2}},
        "fields": "gridProperties.frozenRowCount",
    }
    return [
        {"updateCells": cells},
        {"updateSheetProperties": frozen},
        {"setDataValidation": _dropdown(sheet_id, list(columns).index(STATUS))},
        *(_width(sheet_id, at, name) for at, name in enumerate(columns)),
    ]


def refuse_reserved(defaults: Mapping[str, Scalar]) -> None:
    """See that no hyperparameter has the name of a column that the template makes anyway.

    Raises:
        ConfigError: one has.
    """
    for name in (*MANDATORY, ERROR):
        if name in defaults:
            raise ConfigError(f"The column {name} is made anyway, and is no hyperparameter.")


def make_queue(worksheet: gspread.Worksheet, defaults: Mapping[str, Scalar]) -> None:
    """Put the template into an empty tab: one read and one write.

    Raises:
        ConfigError: see `refuse_reserved`.
        LocationError: the tab isn't empty; nothing was written.
    """
    refuse_reserved(defaults)
    taken = first_filled_cell(worksheet)
    if taken is not None:
        raise LocationError(
            f'The tab "{worksheet.title}" isn\'t empty ({taken}), and init never overwrites. '
            "Choose another file or tab, or empty this one first."
        )
    worksheet.spreadsheet.batch_update({"requests": template_requests(worksheet.id, defaults)})


def first_filled_cell(worksheet: gspread.Worksheet) -> str | None:
    """The first cell that shows something, in words; None for an empty tab. One read."""
    for row, line in enumerate(worksheet.get_all_values()):
        for column, value in enumerate(line):
            if not is_blank(value):
                return f"{cell_name(row, column)} holds {value!r}"
    return None


def _dropdown(sheet_id: int, column: int) -> Request:
    """The statuses to choose from. Not strict: workers write texts of their own, such as 3/20."""
    words = [State.READY, *ENDED]
    return {
        "range": {
            "sheetId": sheet_id,
            "startRowIndex": FIRST_RUN_ROW,
            "startColumnIndex": column,
            "endColumnIndex": column + 1,
        },
        "rule": {
            "condition": {
                "type": "ONE_OF_LIST",
                "values": [{"userEnteredValue": word.value} for word in words],
            },
            "strict": False,
            "showCustomUi": True,
        },
    }


def _width(sheet_id: int, column: int, name: str) -> Request:
    where = {"sheetId": sheet_id, "dimension": "COLUMNS"}
    return {
        "updateDimensionProperties": {
            "range": {**where, "startIndex": column, "endIndex": column + 1},
            "properties": {"pixelSize": _WIDTHS.get(name, _USUAL_WIDTH)},
            "fields": "pixelSize",
        }
    }
