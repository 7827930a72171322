"""A run that this worker holds: sync, finish, requeue.

Decided here: the order of requests after the claim. Each write comes after a fresh proof that the
row still names this worker (P1), goes through the pin, and its own answer shows whether the columns
had moved, which is repaired at once (P2). A step that failed is done again from its proof (P6).
Elsewhere: the decisions (`claims.py`), the claim itself (`claiming.py`), waiting (`pacing.py`).

A lease and commands will come in here: they are further texts to prove and further cells to write.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from gsheet_ml_scheduler.errors import RunLost, SheetUnreachableError
from gsheet_ml_scheduler.runsheet import claims
from gsheet_ml_scheduler.runsheet.adding_columns import add_columns
from gsheet_ml_scheduler.runsheet.answers import FoundRow
from gsheet_ml_scheduler.runsheet.columns import STATUS, WORKER_NAME, Columns
from gsheet_ml_scheduler.runsheet.lifecycle import READY, Rgb
from gsheet_ml_scheduler.runsheet.pacing import (
    FOR_A_SYNC,
    FOR_AN_OUTCOME,
    Pacing,
    Patience,
)
from gsheet_ml_scheduler.runsheet.painting import paint_pinned, row_coats
from gsheet_ml_scheduler.runsheet.values import Scalar
from gsheet_ml_scheduler.runsheet.wire import CLEAR
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

FOR_PAINT = Patience(5.0)
"""A colour isn't worth more."""

_REPAIRS = 8


@dataclass(frozen=True, slots=True)
class Desk:
    """What all the runs of one worker share."""

    sheet: RunSheet
    worker: str
    colors: Mapping[str, Rgb]
    pacing: Pacing
    notice: Callable[[str], None]


@dataclass(slots=True)
class HeldRun:
    """A claimed run; every write of its life goes through here."""

    desk: Desk
    pin: int
    run_name: str
    row_index: int
    config: dict[str, Scalar]
    other_pins: list[int] = field(default_factory=list)
    _told: set[str] = field(default_factory=set)

    def sync(
        self, status: str | None, metrics: Mapping[str, Any], *, follow: bool = True
    ) -> list[str]:
        """Reads the live config and writes; the keys whose value changed. One read, one write.

        Args:
            status: the worker's own text for the status cell; None leaves it.
            metrics: cells for `N/A` columns, which are made when they don't exist.
            follow: whether the live config is taken over (else it is reported next time).

        Raises:
            RunLost: the run isn't this worker's any more.
            SheetUnreachableError: no answer for too long; the config stays.
            SheetLayoutError: lines 1 and 2 are no queue's at the moment; the config stays.
        """
        wanted = dict(metrics) if status is None else {STATUS: status, **metrics}

        def step() -> list[str]:
            proof = self._prove(wanted)
            config = self._live_config(proof)
            changed = claims.changed_keys(self.config, config) if follow else []
            if wanted:
                self._write(proof, wanted, relaxed=not metrics)
            if changed:
                self._show_changed(changed)
            if follow:
                self.config = config
            return changed

        return self.desk.pacing.until_done(step, FOR_A_SYNC, what=f"sync run {self.run_name}")

    def finish(self, text: str, color: str, cells: Mapping[str, Any]) -> None:
        """Writes the outcome, paints the row, deletes the pin. One read, two writes.

        Args:
            text: the final status.
            color: the name of the row's colour.
            cells: the last metrics, and the error's line.

        Raises:
            RunLost: the run isn't this worker's any more.
            SheetUnreachableError: the outcome could not be written; it can be tried again.
        """
        self._end({STATUS: text, **cells}, self.desk.colors[color], relaxed=False)

    def requeue(self) -> None:
        """Back to `ready`, for anybody: nobody's name, no colour, no pin.

        Raises:
            RunLost, SheetUnreachableError: see `finish`.
        """
        self._end({STATUS: READY, WORKER_NAME: ""}, CLEAR, relaxed=False)

    def fill_in(self, proof: FoundRow, filled: Mapping[str, Any], token: str) -> bool:
        """The first write after a confirmed claim; False when the row was lost meanwhile.

        Args:
            proof: the confirmed row.
            filled: the defaults that go into blank cells, by name.
            token: what the status still holds.
        """
        wanted = {STATUS: "running", WORKER_NAME: self.desk.worker, **filled}
        fresh: list[FoundRow] = [proof]

        def step() -> bool:
            found = fresh.pop() if fresh else self.desk.sheet.read_pinned(self.pin)
            if claims.is_ours(found.columns, found.row, self.desk.worker):
                self.row_index = found.row_index
                return True  # an earlier attempt, whose answer was lost, had landed
            if not claims.is_confirmed(found.columns, found.row, token):
                return False
            try:
                self._write(found, wanted, relaxed=True, keys=filled)
            except RunLost:
                return False
            return True

        patience = Patience(claims.FILL_IN_WITHIN.total_seconds() / 2)
        return self.desk.pacing.until_done(step, patience, what=f"start run {self.run_name}")

    def show_running(self, filled: Collection[str]) -> None:
        """Paints a row that was just filled in."""
        columns, colors = self.desk.sheet.header.columns, self.desk.colors
        coats = row_coats(
            columns,
            self.row_index,
            background=colors["running"],
            text=colors["default"],
            cells=_columns_named(columns, filled),
        )
        drop, self.other_pins = self.other_pins, []
        self._paint(
            lambda: paint_pinned(
                self.desk.sheet, coats, pin=self.pin, colors=colors, drop_pins=drop
            )
        )

    def _prove(self, wanted: Mapping[str, Any]) -> FoundRow:
        """The row, freshly read, ours, under a header that has the columns to be written."""
        sheet = self.desk.sheet
        proof = self._read_proof()
        missing = proof.columns.missing(wanted)
        if missing:
            add_columns(sheet, missing, is_key=False, color=self.desk.colors["new_column"])
            proof = self._read_proof()
        self.row_index = proof.row_index
        return proof

    def _read_proof(self) -> FoundRow:
        proof = self.desk.sheet.read_pinned(self.pin)
        if not claims.is_ours(proof.columns, proof.row, self.desk.worker):
            proof = self.desk.sheet.read_pinned(self.pin)  # the first answer may have been old
        if not claims.is_ours(proof.columns, proof.row, self.desk.worker):
            raise self._lost(claims.lost_because(proof.columns, proof.row, self.desk.worker))
        return proof

    def _lost(self, why: str) -> RunLost:
        return RunLost(
            f"{self.desk.sheet.label}: run {self.run_name} isn't this worker's "
            f"({self.desk.worker}) any more: {why}. Nothing more is written to it; claim another."
        )

    def _live_config(self, proof: FoundRow) -> dict[str, Scalar]:
        row = proof.row or ()
        config, errors = proof.columns.usable_config_of(row, proof.row_index, self.config)
        for error in map(str, errors):
            if error not in self._told:
                self._told.add(error)
                self.desk.notice(f"{error} Until then the run keeps its last value.")
        return config

    def _write(
        self,
        proof: FoundRow,
        wanted: Mapping[str, Any],
        *,
        relaxed: bool,
        keys: Collection[str] = (),
    ) -> None:
        """Writes by name; if the columns had moved, restores what was hit and writes again.

        Of the config keys, only `keys` may be written (defaults into blank cells).
        """
        columns, row = proof.columns, proof.row or ()
        kept = {
            name: value
            for name, value in wanted.items()
            if name in keys or self._may_write(columns, name)
        }
        cells = {columns.ids[name]: value for name, value in kept.items()}
        names: tuple[str, ...] = columns.names
        for _ in range(_REPAIRS):
            written = self.desk.sheet.write_pinned(self.pin, cells, relaxed=relaxed)
            if written is None:
                raise self._lost(claims.lost_because(columns, None, self.desk.worker))
            self.row_index = written.row_index
            if written.names == names:
                if written.problem:
                    raise written.problem
                return
            names = written.names
            cells = claims.repair(columns, row, cells, names, {} if written.problem else kept)
        raise SheetUnreachableError(f"{self.desk.sheet.label}: line 1 keeps changing.")

    def _may_write(self, columns: Columns, name: str) -> bool:
        """Whether a column is (still) ours to write; a config key is its owner's (P3)."""
        if name in columns.not_keys or name in (STATUS, WORKER_NAME):
            return True
        told = f"{self.desk.sheet.label}: column {name!r} is a hyperparameter now"
        if told not in self._told:
            self._told.add(told)
            self.desk.notice(f"{told}; nothing is written to it. Put N/A into its line 2.")
        return False

    def _show_changed(self, changed: Collection[str]) -> None:
        columns, colors = self.desk.sheet.header.columns, self.desk.colors
        cells = _columns_named(columns, changed)
        coats = row_coats(columns, self.row_index, text=colors["changed"], cells=cells)
        self._paint(lambda: paint_pinned(self.desk.sheet, coats, pin=self.pin, colors=colors))

    def _end(self, wanted: Mapping[str, Any], background: Rgb, *, relaxed: bool) -> None:
        def step() -> None:
            self._write(self._prove(wanted), wanted, relaxed=relaxed)

        pacing = self.desk.pacing
        pacing.until_done(step, FOR_AN_OUTCOME, what=f"write the outcome of run {self.run_name}")
        columns = self.desk.sheet.header.columns
        coats = row_coats(columns, self.row_index, background=background)
        self._paint(
            lambda: paint_pinned(
                self.desk.sheet,
                coats,
                pin=self.pin,
                colors=self.desk.colors,
                unpin=True,
                drop_pins=self.other_pins,
            )
        )

    def _paint(self, step: Callable[[], None]) -> None:
        """Paints, or lets it be: a colour must not end a training."""
        try:
            self.desk.pacing.until_done(step, FOR_PAINT, what="paint a row")
        except SheetUnreachableError as error:
            self.desk.notice(str(error))


def _columns_named(columns: Columns, names: Collection[str]) -> list[int]:
    return [columns.ids[name] for name in names if name in columns.ids]
