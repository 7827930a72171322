"""One run's values, changed by somebody at a terminal.

Decided here: which run and which columns are meant. A row or a column that moves meanwhile doesn't
get another's values (P2): the row is pinned, read again by its pin, and only then written; columns
that moved are repaired. Decided elsewhere: how that is asked of a sheet (`runsheet.worksheet`),
what a typed text is worth (`runsheet.values`).
"""

import difflib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import gspread

from gsheet_ml_scheduler.errors import ConfigError, NoSuchRunError, RunLost
from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.claims import repair
from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, Columns, Row
from gsheet_ml_scheduler.runsheet.values import PLAIN_TEXT, Scalar, text_of
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

_PIN_KEY = "gsheet-ml-set"
_NAMES_LISTED = 12


def change_run(
    worksheet: gspread.Worksheet, run_name: str, changes: Mapping[str, Scalar]
) -> list[str]:
    """Write values into one run's row, by column name; other cells stay as they are.

    Args:
        worksheet: the queue.
        run_name: which run, as its `run_name` shows.
        changes: the new values; `""` empties a cell.

    Returns:
        A line for each change, in words.

    Raises:
        SheetLayoutError: lines 1 and 2 aren't a queue's.
        NoSuchRunError: no run has that name, or several have.
        ConfigError: there is no such column.
        RunLost: the row was deleted or renamed just now; nothing was written.
    """
    sheet = RunSheet(worksheet, PLAIN_TEXT)
    columns, rows = sheet.read_runs()
    run_id = find_run(columns, rows, run_name)
    require_columns(columns, changes)
    pin = _pin(worksheet, run_id + FIRST_RUN_ROW)
    try:
        found = sheet.read_pinned(pin)
        columns, row = found.columns, found.row
        if row is None or columns.text(row, columns.run_name) != run_name:
            raise _moved(columns, run_name)
        require_columns(columns, changes)
        _write(sheet, pin, columns, row, changes)
    finally:
        sheet.unpin([pin])
    return [
        f"run {run_name}: {key} {columns.text(row, columns.ids[key]) or '(blank)'}"
        f" → {text_of(value) or '(blank)'}"
        for key, value in changes.items()
    ]


def find_run(columns: Columns, rows: Sequence[Row], run_name: str) -> int:
    """The index of a run among the run rows.

    Raises:
        NoSuchRunError: no run has that name, or several have.
    """
    names = [columns.text(row, columns.run_name) for row in rows]
    found = [run_id for run_id, name in enumerate(names) if name == run_name]
    if not found:
        listed = [name for name in names if name]
        some = ", ".join(listed[:_NAMES_LISTED]) + (", …" if len(listed) > _NAMES_LISTED else "")
        raise NoSuchRunError(
            f"{columns.sheet}: no run is named {run_name!r}. "
            + (f"Its {len(listed)} runs: {some}." if listed else "It has no runs yet.")
        )
    if len(found) > 1:
        lines = " and ".join(str(run_id + FIRST_RUN_ROW + 1) for run_id in found)
        raise NoSuchRunError(
            f"{columns.sheet}: {len(found)} runs are named {run_name!r} (lines {lines}). Give them "
            "different names first."
        )
    return found[0]


def require_columns(columns: Columns, keys: Mapping[str, Any]) -> None:
    """See that every key has a column.

    Raises:
        ConfigError: with the columns that there are.
    """
    for key in columns.missing(keys):
        near = difflib.get_close_matches(key, columns.ids, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise ConfigError(
            f"{columns.sheet}: line 1 has no column {key!r}. {hint}"
            f"Its columns: {', '.join(columns.ids)}."
        )


def _pin(worksheet: gspread.Worksheet, row_index: int) -> int:
    pin = secrets.randbelow(2**31 - 1) + 1
    where = wire.at_line(int(worksheet.id), "ROWS", row_index)
    worksheet.spreadsheet.batch_update({"requests": [wire.create_mark(pin, _PIN_KEY, where)]})
    return pin


def _write(
    sheet: RunSheet, pin: int, columns: Columns, row: Row, changes: Mapping[str, Scalar]
) -> None:
    cells: dict[int, Any] = {columns.ids[key]: value for key, value in changes.items()}
    written = sheet.write_pinned(pin, cells, relaxed=False)
    if written is not None and written.names != columns.names:
        mended = repair(columns, row, cells, written.names, changes)
        written = sheet.write_pinned(pin, mended, relaxed=False)
    if written is None:
        raise _moved(columns, columns.text(row, columns.run_name))


def _moved(columns: Columns, run_name: str) -> RunLost:
    return RunLost(
        f"{columns.sheet}: run {run_name} was deleted or renamed just now. Nothing was written."
    )
