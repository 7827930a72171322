"""Writes cells of a held run's row, by name, through its pin.

Decided here: which cells may be written (P3), that a write is repaired at once where its own answer
shows that the columns had moved (P2), and that a write whose answer doesn't come is remembered.
Elsewhere: the proof that goes before (`holding.py`), what an unanswered write asks for
(`unclear.py`).
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gspread.exceptions import APIError

from gsheet_ml_scheduler.errors import SheetUnreachableError
from gsheet_ml_scheduler.runsheet import claims
from gsheet_ml_scheduler.runsheet.answers import FoundRow, Written
from gsheet_ml_scheduler.runsheet.columns import STATUS, WORKER_NAME, Columns
from gsheet_ml_scheduler.runsheet.pacing import UNCLEAR, status_code

if TYPE_CHECKING:
    from gsheet_ml_scheduler.runsheet.holding import HeldRun

_REPAIRS = 8
_SERVERS_FAULT = 500


@dataclass(frozen=True, slots=True)
class Unclear:
    """A write of which nobody knows whether it landed.

    `before` is the row as it was proven, `names` line 1 as the write was addressed by, `cells` what
    was to be written, by column.
    """

    before: FoundRow
    names: tuple[str, ...]
    cells: Mapping[int, Any]


@contextmanager
def remembered(
    writes: "Mapping[HeldRun, tuple[FoundRow, Mapping[int, Any]]]",
    names: tuple[str, ...] | None = None,
) -> Iterator[None]:
    """Around a write: if its answer doesn't come, the runs know that.

    Args:
        writes: for each run the row as it was proven, and the cells by column.
        names: line 1 as the columns were counted by, if not that of the rows.
    """
    try:
        yield
    except (APIError, *UNCLEAR) as error:
        if not isinstance(error, APIError) or status_code(error) >= _SERVERS_FAULT:
            for held, (before, cells) in writes.items():
                line_1 = before.columns.names if names is None else names
                held.unclear = held.unclear or Unclear(before, line_1, cells)
        raise


def write(
    held: "HeldRun",
    proof: FoundRow,
    wanted: Mapping[str, Any],
    *,
    relaxed: bool,
    keys: Collection[str] = (),
) -> None:
    """Writes cells by name after a proof; see `cells_for` and `settle`."""
    kept = cells_for(held, proof, wanted, keys)
    cells = {proof.columns.ids[name]: value for name, value in kept.items()}
    with remembered({held: (proof, cells)}):
        written = held.desk.sheet.write_pinned({held.pin: cells}, relaxed=relaxed)
    settle(held, proof, kept, written, relaxed=relaxed)


def cells_for(
    held: "HeldRun", proof: FoundRow, wanted: Mapping[str, Any], keys: Collection[str] = ()
) -> dict[str, Any]:
    """Those of the cells, by name, that may be written; of config keys, only `keys` (P3)."""
    return {
        name: value
        for name, value in wanted.items()
        if name in keys or _may_write(held, proof.columns, name)
    }


def settle(
    held: "HeldRun",
    proof: FoundRow,
    kept: Mapping[str, Any],
    written: Written,
    *,
    relaxed: bool,
) -> None:
    """What a write's answer asks for: nothing, or what was hit is restored and written again.

    Args:
        held: the run.
        proof: the row and the header that the write was made with.
        kept: what was to be written, by name.
        written: the answer.
        relaxed: as for the write.

    Raises:
        RunLost: the pin is gone.
        SheetLayoutError: lines 1 and 2 are no queue's any more.
    """
    columns, row, sheet = proof.columns, proof.row or (), held.desk.sheet
    cells = {columns.ids[name]: value for name, value in kept.items()}
    names: tuple[str, ...] = columns.names
    for _ in range(_REPAIRS):
        if held.pin not in written.rows:
            raise held.is_lost("its row was deleted")
        held.row_index = written.rows[held.pin]
        if written.names == names:
            if written.problem:
                raise written.problem
            return
        names = written.names
        cells = claims.repair(columns, row, cells, names, {} if written.problem else kept)
        with remembered({held: (proof, cells)}, names):
            written = sheet.write_pinned({held.pin: cells}, relaxed=relaxed)
    raise SheetUnreachableError(f"{sheet.label}: line 1 keeps changing.")


def _may_write(held: "HeldRun", columns: Columns, name: str) -> bool:
    """Whether a column is (still) ours to write; a config key is its owner's (P3)."""
    if name in columns.not_keys or name in (STATUS, WORKER_NAME):
        return True
    held.tell(
        f"{held.desk.sheet.label}: column {name!r} is a hyperparameter now; nothing is "
        "written to it. Put N/A into its line 2."
    )
    return False
