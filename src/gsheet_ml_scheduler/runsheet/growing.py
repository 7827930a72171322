"""Requests that make a sheet larger: columns and rows, each whole or not at all.

Decided here: how a request that must not land twice is made so that it can't: a mark with an id of
our choosing goes with it, and the API refuses a batch that would create an id again (P6). The JSON
is in `wire.py`; what to add is decided elsewhere (`adding_columns.py`, `run_writer.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gspread.exceptions import APIError

from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.answers import Appended
from gsheet_ml_scheduler.runsheet.columns import cell_name
from gsheet_ml_scheduler.runsheet.lifecycle import NOT_A_KEY, Rgb
from gsheet_ml_scheduler.runsheet.pacing import NotSettledError, status_code
from gsheet_ml_scheduler.runsheet.values import text_of
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

_REFUSED = 400
_ANSWER = (
    "replies,updatedSpreadsheet.sheets.data(startRow,startColumn,rowData.values.effectiveValue)"
)


def insert_columns(
    sheet: RunSheet,
    at: int,
    names: Sequence[str],
    *,
    is_key: bool,
    color: Rgb,
    guards: Sequence[int],
) -> bool:
    """Makes columns, whole or not at all; False when a guard's id is taken or `at` is gone."""
    line_2 = "" if is_key else NOT_A_KEY
    beyond = at >= sheet.grid_width
    requests = [
        wire.insert_columns(sheet.sheet_id, at, len(names), beyond_grid=beyond),
        wire.column_header(sheet.sheet_id, at, names, line_2, color),
    ]
    for offset, guard in enumerate(guards):
        where = wire.at_line(sheet.sheet_id, "COLUMNS", at + offset)
        requests.append(wire.create_mark(guard, wire.COLUMN_GUARD, where))
    try:
        sheet.batch({"requests": requests}, relaxed=False)
    except APIError as error:
        if status_code(error) != _REFUSED:
            raise
        refused = wire.refused_request(error)
        if refused == 0 or (refused is not None and wire.is_taken_id(error)):
            return False
        raise
    return True


def append(
    sheet: RunSheet, rows: Sequence[Sequence[Any]], mark: int, probes: Sequence[tuple[int, int]]
) -> Appended | None:
    """Whole rows in one atomic write; None if an earlier, unanswered attempt had landed.

    The mark's id can't be created twice, so the identical request may be sent again.

    Args:
        sheet: the sheet.
        rows: the cells from column A on; `""` for a blank one.
        mark: the id of the mark, chosen at random.
        probes: cells (row index, column) whose values the answer brings.
    """
    cells = [f"{sheet.tab}!{cell_name(row, column)}" for row, column in probes]
    body = {
        "requests": [
            wire.create_mark(mark, wire.APPEND_MARK, {"sheetId": sheet.sheet_id}),
            wire.append_rows(sheet.sheet_id, rows),
        ],
        "includeSpreadsheetInResponse": True,
        "responseRanges": [f"{sheet.tab}!1:1", *cells],
    }
    try:
        answer = sheet.batch(body, relaxed=False, fields=_ANSWER)
    except APIError as error:
        if status_code(error) == _REFUSED and wire.is_taken_id(error):
            return None
        if status_code(error) == _REFUSED and wire.refused_request(error) is None:
            label = sheet.label
            sheet.read_lines()
            if sheet.label != label:  # the tab was renamed
                raise NotSettledError(f"{label} is now {sheet.label}") from error
            if probes:  # their row isn't there: rows were deleted meanwhile
                return append(sheet, rows, mark, ())
        raise
    shown = {wire.start_of(data): wire.effective_values(data) for data in wire.grids(answer)}
    names = [text_of(value) for value in shown.get((0, 0), ())]
    while names and not names[-1]:
        names.pop()
    return Appended(tuple(names), tuple((shown.get(p) or [""])[0] for p in probes))


def settle_append(sheet: RunSheet, token: str, text: str, mark: int) -> None:
    """Turns the status of rows just appended from their token into `ready`, say."""
    replaced = wire.replace_text(token, text, {"sheetId": sheet.sheet_id})
    sheet.batch_with([replaced], [wire.delete_mark(mark)], relaxed=False)


def replace_cells(sheet: RunSheet, column: int, texts: Mapping[int, tuple[str, str]]) -> None:
    """Compare-and-set of cells of one column: by row index, the old text and the new."""
    requests = [
        wire.replace_text(old, new, {"range": wire.one_cell(sheet.sheet_id, row, column)})
        for row, (old, new) in texts.items()
    ]
    sheet.batch({"requests": requests}, relaxed=False)
