"""Compare and pin: the one batch in which a run changes hands, and what takes it back.

Decided here: how a comparison, a pin and the row's new colour are put into one atomic batch whose
own answer shows the row as it is then, with its header (P1, P4), and what a refusal of that batch
means. The identical batch may be sent again after a lost answer: its pin's id can't be created
twice (P6). Elsewhere: what is compared, and what follows (`claiming.py`, `reclaiming.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gspread.exceptions import APIError

from gsheet_ml_scheduler.errors import SheetLayoutError
from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.answers import Compared, FoundRow, Marks
from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, cell_name
from gsheet_ml_scheduler.runsheet.lifecycle import READY
from gsheet_ml_scheduler.runsheet.pacing import NotSettledError, describe, status_code
from gsheet_ml_scheduler.runsheet.wire import Coat, Json, Swap
from gsheet_ml_scheduler.runsheet.worksheet import REFUSED, RunSheet

_ANSWER = (
    "replies,updatedSpreadsheet.sheets.data(startRow,rowData.values(userEnteredValue,"
    "effectiveValue,formattedValue,effectiveFormat.numberFormat.type),"
    "rowMetadata.developerMetadata(metadataId,metadataKey,metadataValue))"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One attempt: which cell, which text for which, and under which pin."""

    swap: Swap
    pin: int
    coats: tuple[Coat, ...] = ()

    @property
    def row_index(self) -> int:
        """Where it is tried."""
        return self.swap.row_index


def compare_and_pin(
    sheet: RunSheet, comparison: Comparison, drop_pins: Sequence[int] = ()
) -> Compared:
    """Tries it; one atomic write. Pins in `drop_pins` are deleted on the way.

    The pin and the colours land whether or not the cell held the text that was looked for; see
    `Compared` for what is to be taken back.
    """
    row_index, pin = comparison.row_index, comparison.pin
    where = wire.at_line(sheet.sheet_id, "ROWS", row_index)
    requests = [
        wire.create_mark(pin, wire.RUN_PIN, where),
        wire.swap(sheet.sheet_id, comparison.swap),
        *(wire.paint(sheet.sheet_id, coat) for coat in comparison.coats),
    ]
    needed = len(requests)
    requests += [wire.delete_mark(other) for other in drop_pins]
    row = f"{sheet.tab}!{row_index + 1}:{row_index + 1}"
    body = {
        "requests": requests,
        "includeSpreadsheetInResponse": True,
        "responseRanges": [f"{sheet.tab}!1:{FIRST_RUN_ROW}", row],
    }
    try:
        answer = sheet.batch(body, relaxed=True, fields=_ANSWER)
    except APIError as error:
        if status_code(error) != REFUSED:
            raise
        refused = wire.refused_request(error)
        if refused is not None and refused >= needed:  # such a pin is gone already
            return compare_and_pin(sheet, comparison)
        return _why_refused(sheet, error, refused)
    return _compared(sheet, answer, comparison)


def _why_refused(sheet: RunSheet, error: APIError, refused: int | None) -> Compared:
    if refused == 0 and wire.is_taken_id(error):
        return Compared(None)
    if refused == 0:
        return Compared(replaced=False, is_pinned=False)
    if refused is None:
        label = sheet.label
        sheet.read_lines()
        if sheet.label != label:  # the tab was renamed, and the answer was to show it by name
            raise NotSettledError(f"{label} is now {sheet.label}") from error
    return Compared(replaced=False, refused_because=describe(error), is_pinned=False)


def _compared(sheet: RunSheet, answer: Json, comparison: Comparison) -> Compared:
    data = {part.get("startRow", 0): part for part in wire.grids(answer)}
    row = data.get(comparison.row_index, {})
    return Compared(
        wire.swapped(answer["replies"][1]),
        _found(sheet, data, comparison.row_index),
        wire.formula_columns(row),
        marks_beside(row, comparison.pin),
    )


def marks_of(sheet: RunSheet, pin: int) -> Marks:
    """What else is pinned to the row with that pin; one read."""
    return marks_beside(sheet.marks_read(pin), pin)


def marks_beside(row: Json, pin: int) -> Marks:
    """What else is pinned to a row of grid data."""
    pins = wire.marks_on_row(row, wire.RUN_PIN)
    return Marks(tuple(p for p in pins if p != pin), wire.marks_on_row(row, wire.RUN_ID))


def _found(sheet: RunSheet, data: dict[int, Json], row_index: int) -> FoundRow | None:
    """The row and its header, as the batch's own answer shows them; None if that can't be told."""
    lines = wire.rows_values(data.get(0, {}), FIRST_RUN_ROW)
    values = wire.rows_values(data.get(row_index, {}), 1)
    if lines is None or values is None:
        return None
    try:
        columns = sheet.header.seen_rows(lines, sheet.label)
    except SheetLayoutError:
        return None  # a read will say what is wrong
    return FoundRow(columns, values[0] if values else [], row_index)


def release(sheet: RunSheet, token: str) -> None:
    """`ready` back wherever the token stands; may be repeated."""
    back = wire.replace_text(token, READY, {"sheetId": sheet.sheet_id})
    sheet.batch({"requests": [back]}, relaxed=True)


def turn_back(sheet: RunSheet, tokens: Sequence[str], column: int) -> None:
    """`ready` in place of tokens of workers that died half-way."""
    area: Any = wire.column_filter(sheet.sheet_id, column)["gridRange"]
    requests = [wire.replace_text(token, READY, {"range": area}) for token in tokens]
    sheet.batch({"requests": requests}, relaxed=False)


def cannot_be_changed(sheet: RunSheet, row_index: int, column: int, because: str | None) -> str:
    """The sentence about a cell that shows `ready`, but refuses to become anything else."""
    why = because or "a formula, a hidden row, somebody who keeps writing there?"
    return (
        f"{sheet.label}, cell {cell_name(row_index, column)}: it shows 'ready', but can't be "
        f"changed ({why}). The run is left out."
    )
