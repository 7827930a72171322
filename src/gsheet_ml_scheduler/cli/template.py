"""A new queue's first two lines: the columns and their defaults.

Decided here: what `gsheet-ml init` and the demo put into an empty tab, how it looks, and that
nothing else is ever written over. Workers colour whole rows; the rules made here colour the text of
the status only, so that the two never fight. Decided elsewhere: what the columns mean
(`runsheet.columns`), which commands there are (`runsheet.commands`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import gspread

from gsheet_ml_scheduler.errors import ConfigError, LocationError
from gsheet_ml_scheduler.runsheet.columns import (
    ATTEMPT,
    COMMAND,
    ERROR,
    FIRST_RUN_ROW,
    LEASE,
    MANDATORY,
    RUN_NAME,
    STATUS,
    WORKER_NAME,
    cell_name,
)
from gsheet_ml_scheduler.runsheet.commands import Command
from gsheet_ml_scheduler.runsheet.lifecycle import ENDED, NOT_A_KEY, Rgb, State
from gsheet_ml_scheduler.runsheet.values import Scalar, is_blank
from gsheet_ml_scheduler.runsheet.wire import cell_data, column_filter, rgb

Request = dict[str, Any]

FEATURES_MADE = (LEASE, ATTEMPT, COMMAND, ERROR)
"""The columns behind the hyperparameters; each switches a feature on."""

_WIDTHS = {  # pixels
    RUN_NAME: 90,
    STATUS: 170,
    WORKER_NAME: 110,
    LEASE: 230,
    ATTEMPT: 75,
    COMMAND: 95,
    ERROR: 280,
}
_USUAL_WIDTH = 110
_NEW_WIDTH = 26  # columns of a new tab
_HEADER_COLOR = {"red": 0.93, "green": 0.93, "blue": 0.93}
_QUIET = {"red": 0.45, "green": 0.45, "blue": 0.45}
_NOTES = {
    STATUS: "ready: a worker may take the run. Everything else is written by workers, or is a note "
    "of yours.",
    WORKER_NAME: "Who trains the run. Empty it, and write ready, to take a run back.",
    LEASE: "How long the worker's claim holds without another sign of life.",
    ATTEMPT: "Which attempt this is. A run whose worker vanished is tried again.",
    COMMAND: "Choose what the worker of this run should do at its next sync.",
}
_GREEN, _BLUE, _RED, _BROWN = (0.1, 0.45, 0.2), (0.1, 0.3, 0.6), (0.7, 0.1, 0.1), (0.45, 0.3, 0.1)
_TEXT_COLORS: tuple[tuple[State, Rgb], ...] = (
    (State.READY, _GREEN),
    (State.DONE, _BLUE),
    (State.FAILED, _RED),
    (State.LOST, _RED),
    (State.KILLED, _RED),
    (State.STOPPED, _BROWN),
    (State.PAUSED, _BROWN),
)


def template_columns(defaults: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The columns of a new queue, in order, with what line 2 holds."""
    return {
        RUN_NAME: "",
        STATUS: NOT_A_KEY,
        WORKER_NAME: NOT_A_KEY,
        **defaults,
        **dict.fromkeys(FEATURES_MADE, NOT_A_KEY),
    }


def template_requests(
    sheet_id: int, defaults: Mapping[str, Scalar], grid_width: int = _NEW_WIDTH
) -> list[Request]:
    """What makes an empty tab a queue, as parts of one atomic batchUpdate.

    Args:
        sheet_id: the tab.
        defaults: the hyperparameters, in the order of their columns, with their defaults;
            `""` for none.
        grid_width: how many columns the tab has room for.
    """
    columns = template_columns(defaults)
    frozen = {
        "properties": {"sheetId": sheet_id, "gridProperties": {"frozenRowCount": FIRST_RUN_ROW}},
        "fields": "gridProperties.frozenRowCount",
    }
    names = list(columns)
    grown = len(names) - grid_width
    wider = {"sheetId": sheet_id, "dimension": "COLUMNS", "length": grown}
    words = [State.READY.value, *(state.value for state in ENDED)]
    commands = [command.value for command in Command]
    return [
        *([{"appendDimension": wider}] if grown > 0 else []),
        {"updateCells": _two_lines(sheet_id, columns)},
        {"updateSheetProperties": frozen},
        {"setDataValidation": _dropdown(sheet_id, names.index(STATUS), words)},
        {"setDataValidation": _dropdown(sheet_id, names.index(COMMAND), commands)},
        *(
            {"addConditionalFormatRule": {"index": at, "rule": rule}}
            for at, rule in enumerate(_status_rules(sheet_id, names.index(STATUS)))
        ),
        *(_width(sheet_id, at, name) for at, name in enumerate(names)),
    ]


def _two_lines(sheet_id: int, columns: Mapping[str, Scalar]) -> Request:
    header = {"backgroundColor": _HEADER_COLOR, "textFormat": {"bold": True}}
    quiet = {"textFormat": {"foregroundColor": _QUIET, "italic": True}}
    notes = {name: {"note": note} for name, note in _NOTES.items()}
    rows = [
        [cell_data(name, userEnteredFormat=header, **notes.get(name, {})) for name in columns],
        [cell_data(default, userEnteredFormat=quiet) for default in columns.values()],
    ]
    return {
        "start": {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0},
        "rows": [{"values": row} for row in rows],
        "fields": "userEnteredValue,userEnteredFormat(backgroundColor,textFormat),note",
    }


def refuse_reserved(defaults: Mapping[str, Scalar]) -> None:
    """See that no hyperparameter has the name of a column that the template makes anyway.

    Raises:
        ConfigError: one has.
    """
    for name in (*MANDATORY, *FEATURES_MADE):
        if name in defaults:
            raise ConfigError(f"The column {name} is made anyway, and is no hyperparameter.")


def make_queue(
    worksheet: gspread.Worksheet, defaults: Mapping[str, Scalar], *, dry_run: bool = False
) -> None:
    """Put the template into an empty tab: one read and one write.

    With `dry_run`, only see whether it could be done.

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
    if not dry_run:
        requests = template_requests(worksheet.id, defaults, worksheet.col_count)
        worksheet.spreadsheet.batch_update({"requests": requests})


def first_filled_cell(worksheet: gspread.Worksheet) -> str | None:
    """The first cell that shows something, in words; None for an empty tab. One read."""
    for row, line in enumerate(worksheet.get_all_values()):
        for column, value in enumerate(line):
            if not is_blank(value):
                return f"{cell_name(row, column)} holds {value!r}"
    return None


def _dropdown(sheet_id: int, column: int, words: Sequence[str]) -> Request:
    """Words to choose from. Not strict: workers write texts of their own, such as 3/20."""
    return {
        "range": _runs_of(sheet_id, column),
        "rule": {
            "condition": {
                "type": "ONE_OF_LIST",
                "values": [{"userEnteredValue": word} for word in words],
            },
            "strict": False,
            "showCustomUi": True,
        },
    }


def _status_rules(sheet_id: int, column: int) -> list[Request]:
    """Rules that colour the text of a status by what it says."""
    return [
        {
            "ranges": [_runs_of(sheet_id, column)],
            "booleanRule": {
                "condition": {
                    "type": "TEXT_STARTS_WITH" if state is State.FAILED else "TEXT_EQ",
                    "values": [{"userEnteredValue": state.value}],
                },
                "format": {
                    "textFormat": {"bold": True, "foregroundColor": rgb(color)},
                },
            },
        }
        for state, color in _TEXT_COLORS
    ]


def _runs_of(sheet_id: int, column: int) -> Request:
    """A column from line 3 on."""
    area: Request = column_filter(sheet_id, column)["gridRange"]
    return area


def _width(sheet_id: int, column: int, name: str) -> Request:
    where = {"sheetId": sheet_id, "dimension": "COLUMNS"}
    return {
        "updateDimensionProperties": {
            "range": {**where, "startIndex": column, "endIndex": column + 1},
            "properties": {"pixelSize": _WIDTHS.get(name, _USUAL_WIDTH)},
            "fields": "pixelSize",
        }
    }
