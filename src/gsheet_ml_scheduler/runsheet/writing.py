"""Writes cells of a held run's row, by name, through its pin.

Decided here: which cells may be written (P3), that a write is repaired at once where its own answer
shows that the columns had moved (P2), and that a write is remembered until its answer has come and
all is repaired: the repair needs a request of its own, which may be refused or lost. Elsewhere: the
proof that goes before (`holding.py`), what a write that is remembered asks for (`unclear.py`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gspread.exceptions import APIError

from gsheet_ml_scheduler.errors import SheetUnreachableError
from gsheet_ml_scheduler.runsheet import claims
from gsheet_ml_scheduler.runsheet.answers import FoundRow, Written
from gsheet_ml_scheduler.runsheet.columns import STATUS, WORKER_NAME, Columns
from gsheet_ml_scheduler.runsheet.pacing import NotSettledError, status_code

if TYPE_CHECKING:
    from gsheet_ml_scheduler.runsheet.holding import HeldRun

_REPAIRS = 8
_SERVERS_FAULT = 500


@dataclass(frozen=True, slots=True)
class Unclear:
    """A write of which nobody knows what it hit: no answer came, or it asks for a repair.

    `row` is the row as it was proven under the names `titles`, `names` line 1 as the write was
    addressed by, `meant` what was to stand where, by column name. `strays` are the values that it
    may have left anywhere, and where it is a repair, those of the writes before it.
    """

    titles: tuple[str, ...]
    row: tuple[Any, ...]
    names: tuple[str, ...]
    meant: Mapping[str, Any]
    strays: tuple[Any, ...] = ()

    @classmethod
    def of(cls, before: FoundRow, names: tuple[str, ...], cells: Mapping[int, Any]) -> "Unclear":
        """A write of cells, by column."""
        titles, row = before.columns.names, tuple(before.row or ())
        return cls(titles, row, names, named(names, cells), tuple(cells.values()))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Unclear":
        """One that was kept as JSON; see `record`."""
        titles, row, names = (tuple(record[key]) for key in ("titles", "row", "names"))
        return cls(titles, row, names, dict(record["meant"]), tuple(record["strays"]))

    @property
    def record(self) -> dict[str, Any]:
        """What a later process needs to know of it, for JSON."""
        return asdict(self)

    def followed_by(self, repair: "Unclear") -> "Unclear":
        """Both, where the second write repairs the first one."""
        meant, strays = {**self.meant, **repair.meant}, (*self.strays, *repair.strays)
        return Unclear(self.titles, self.row, repair.names, meant, strays)


@contextmanager
def remembered(
    writes: "Mapping[HeldRun, tuple[FoundRow, Mapping[int, Any]]]",
    names: tuple[str, ...] | None = None,
) -> Iterator[None]:
    """Around a write: its runs know of it until `settle`, unless it was refused.

    Args:
        writes: for each run the row as it was proven, and the cells by column.
        names: line 1 as the columns were counted by, if not that of the rows.
    """
    earlier = {held: held.unclear for held in writes}
    for held, (before, cells) in writes.items():
        made = Unclear.of(before, before.columns.names if names is None else names, cells)
        was = earlier[held]
        held.unclear = made if was is None else was.followed_by(made)
    try:
        yield
    except (APIError, SheetUnreachableError) as error:
        if not isinstance(error, APIError) or status_code(error) < _SERVERS_FAULT:
            for held, was in earlier.items():
                held.unclear = was  # nothing of this one landed
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
    write_cells(held, proof, cells_for(held, proof, wanted, keys), relaxed=relaxed)


def write_cells(
    held: "HeldRun", proof: FoundRow, cells: Mapping[int, Any], *, relaxed: bool
) -> None:
    """Writes cells by column after a proof; see `settle`."""
    pin = held.pin
    with remembered({held: (proof, cells)}):
        written = held.desk.sheet.write_pinned({pin: cells}, relaxed=relaxed)
    settle(held, pin, proof, cells, written, relaxed=relaxed)


def cells_for(
    held: "HeldRun", proof: FoundRow, wanted: Mapping[str, Any], keys: Collection[str] = ()
) -> dict[int, Any]:
    """Those of the cells that may be written, by column; of config keys, only `keys` (P3)."""
    return {
        proof.columns.ids[name]: value
        for name, value in wanted.items()
        if name in keys or _may_write(held, proof.columns, name)
    }


def settle(
    held: "HeldRun",
    pin: int,
    proof: FoundRow,
    cells: Mapping[int, Any],
    written: Written,
    *,
    relaxed: bool,
) -> None:
    """What a write's answer asks for: nothing, or what was hit is restored and written again.

    Args:
        held: the run.
        pin: the one that the write was addressed to.
        proof: the row and the header that the write was made with.
        cells: what was to be written, by column.
        written: the answer.
        relaxed: as for the write.

    Raises:
        RunLost: the pin is gone.
        NotSettledError: a heartbeat has found the row elsewhere meanwhile; to be begun anew.
        SheetLayoutError: lines 1 and 2 are no queue's any more.
    """
    columns, row, sheet = proof.columns, proof.row or (), held.desk.sheet
    names = columns.names
    wanted = named(names, cells)
    for _ in range(_REPAIRS):
        if held.pin != pin:
            raise NotSettledError(f"{sheet.label}: the row of run {held.run_name} has moved")
        if pin not in written.rows:
            raise held.is_lost(claims.NOT_FOUND)
        held.row_index = written.rows[pin]
        if written.names == names:
            held.unclear = None
            if written.problem:
                raise written.problem
            return
        names = written.names
        cells = claims.repair(columns, row, cells, names, {} if written.problem else wanted)
        rows = {pin: cells}
        with remembered({held: (proof, cells)}, names):
            written = held.desk.pacing.insisted(
                partial(sheet.write_pinned, rows, relaxed=relaxed), what="repair a row"
            )
    raise SheetUnreachableError(f"{sheet.label}: line 1 keeps changing.")


def named(names: Sequence[str], cells: Mapping[int, Any]) -> dict[str, Any]:
    """Cells by the names of their columns; without those that have none."""
    return {
        names[index]: value for index, value in cells.items() if index < len(names) and names[index]
    }


def _may_write(held: "HeldRun", columns: Columns, name: str) -> bool:
    """Whether a column is (still) ours to write; a config key is its owner's (P3)."""
    if name in columns.not_keys or name in (STATUS, WORKER_NAME):
        return True
    held.tell(
        f"{held.desk.sheet.label}: column {name!r} is a hyperparameter now; nothing is "
        "written to it. Put N/A into its line 2."
    )
    return False
