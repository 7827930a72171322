"""A run that this worker holds: what proves it, how it begins and ends.

Decided here: the order of requests of an ending, and that each write comes after a fresh proof that
the row still names this worker (P1). A step that failed is done again from its proof (P6).
Elsewhere: the decisions (`claims.py`), how a row is written (`writing.py`), the claim
(`claiming.py`), syncs (`syncing.py`), heartbeats (`heartbeat.py`), waiting (`pacing.py`).
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from gsheet_ml_scheduler.errors import RunLost, SheetLayoutError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet import claims
from gsheet_ml_scheduler.runsheet.adding_columns import add_columns
from gsheet_ml_scheduler.runsheet.answers import FoundRow
from gsheet_ml_scheduler.runsheet.columns import (
    ATTEMPT,
    DURATION,
    FIRST_RUN_ROW,
    HOST,
    LEASE,
    STARTED,
    STATUS,
    WORKER_NAME,
    Columns,
)
from gsheet_ml_scheduler.runsheet.commands import Command
from gsheet_ml_scheduler.runsheet.comparing import Comparison, compare_and_pin
from gsheet_ml_scheduler.runsheet.journal import Claimed, Ending, Journal
from gsheet_ml_scheduler.runsheet.leases import (
    Terms,
    attempt_number,
    attempt_text,
    lease_text,
)
from gsheet_ml_scheduler.runsheet.lifecycle import READY, RUNNING, Rgb, State
from gsheet_ml_scheduler.runsheet.pacing import (
    FOR_AN_OUTCOME,
    NotSettledError,
    Pacing,
    Patience,
)
from gsheet_ml_scheduler.runsheet.painting import Memory, Touch, row_coats, touch_rows
from gsheet_ml_scheduler.runsheet.unclear import cleared_up
from gsheet_ml_scheduler.runsheet.unwritten import Unwritten
from gsheet_ml_scheduler.runsheet.values import Scalar, duration_text, is_blank, time_text
from gsheet_ml_scheduler.runsheet.wire import CLEAR, Swap
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet
from gsheet_ml_scheduler.runsheet.writing import Unclear, write

FOR_PAINT = Patience(5.0)
"""A colour isn't worth more."""

_LONG = 60.0
"""Seconds of trying that a person should know about."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all the runs of one process share.

    `held` are the runs whose leases want heartbeats; `beating` is held by whoever writes one. What
    can't be written waits in `journal`.
    """

    sheet: RunSheet
    colors: Mapping[str, Rgb]
    pacing: Pacing
    notice: Callable[[str], None]
    rng: Random
    terms: Terms = field(default_factory=Terms)
    taker: claims.Taker = field(default_factory=claims.Taker)
    held: "list[HeldRun]" = field(default_factory=list)
    beating: threading.RLock = field(default_factory=threading.RLock)
    journal: Journal | None = None


@dataclass(slots=True, eq=False)
class HeldRun:
    """A claimed run; every write of its life goes through here.

    `run_id` names the run also after it was put back and claimed anew, `marks` are what else of
    ours is pinned to its row, `lease` is the text that was written last ("" without leases).
    `unpainted` are changed keys that couldn't be coloured yet. `unclear` is a write whose answer
    never came, `next_pin` the pin that is to fence it off.
    """

    desk: Desk
    worker: str
    pin: int
    run_name: str
    row_index: int
    config: dict[str, Scalar]
    run_id: str
    marks: list[int] = field(default_factory=list)
    attempt: int = 1
    lease: str = ""
    started: datetime | None = None
    state: State = State.RUNNING
    command: Command | None = None
    lost: RunLost | None = None
    unclear: Unclear | None = None
    next_pin: int = 0
    unwritten: Unwritten = field(init=False)
    unpainted: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Nothing waits to be written."""
        self.unwritten = Unwritten(
            self.desk.journal,
            self.desk.notice,
            lambda: None if self.unclear is None else self.unclear.record,
        )

    # ------------------------------------------------------------ beginning and end

    def fill_in(self, proof: FoundRow, filled: Mapping[str, Any], token: str) -> bool:
        """The first write after a confirmed claim; False when the row was lost meanwhile.

        Args:
            proof: the confirmed row.
            filled: the defaults that go into blank cells, by name.
            token: what the status still holds.
        """
        fresh: list[FoundRow] = [proof]
        self.started = self.desk.sheet.server_time()

        def step() -> bool:
            found = fresh.pop() if fresh else self._read_again()
            if claims.is_ours(found.columns, found.row, self.worker):
                self.row_index = found.row_index
                self._take_over_lease(found)
                return True  # an earlier attempt, whose answer was lost, had landed
            if not claims.is_confirmed(found.columns, found.row, token):
                return False
            own = self._first_cells(found)
            defaults = _still_blank(found, filled)
            wanted = {STATUS: RUNNING, WORKER_NAME: self.worker, **own, **defaults}
            try:
                write(self, found, wanted, relaxed=True, keys=defaults)
            except RunLost:
                return False
            self.lease = own.get(LEASE, "")
            return True

        patience = Patience(claims.FILL_IN_WITHIN.total_seconds() / 2)
        is_ours = self.desk.pacing.until_done(step, patience, what=f"start run {self.run_name}")
        if is_ours:
            self.desk.held.append(self)
        return is_ours

    def _first_cells(self, found: FoundRow) -> dict[str, Any]:
        """What the feature columns get with the claim."""
        columns, row, desk = found.columns, found.row or (), self.desk
        at = columns.feature(ATTEMPT)
        self.attempt = 1 if at is None else attempt_number(columns.text(row, at))
        now = desk.sheet.server_time()
        cells = {
            LEASE: lease_text(self.worker, now, desk.terms.seconds),
            ATTEMPT: attempt_text(self.attempt, desk.terms),
            STARTED: time_text(now),
            DURATION: "",
            HOST: desk.taker.host,
        }
        return columns.features(cells)

    def _take_over_lease(self, found: FoundRow) -> None:
        at = found.columns.feature(LEASE)
        self.lease = "" if at is None else found.columns.text(found.row or (), at)

    def show_running(self, filled: Collection[str]) -> None:
        """Shows in grey which cells of a row just claimed hold defaults."""
        columns, colors = self.desk.sheet.header.columns, self.desk.colors
        cells = columns_named(columns, filled)
        coats = row_coats(columns, self.row_index, text=colors["default"], cells=cells)
        self._touch(Touch(self.pin, self.row_index, coats))

    def finish(
        self,
        text: str,
        color: str,
        cells: Mapping[str, Any],
        *,
        patience: Patience = FOR_AN_OUTCOME,
    ) -> None:
        """Writes the outcome, paints the row, deletes the pin. One read, two writes.

        Args:
            text: the final status.
            color: the name of the row's colour.
            cells: the last metrics, and the error's line.
            patience: how long to go on trying.

        Raises:
            RunLost: the run isn't this worker's any more.
            SheetUnreachableError: the outcome could not be written; it can be tried again.
        """
        ending = Ending(text, color)
        self._end(cells, ending, self.desk.colors[color], None, patience)

    def requeue(self, *, patience: Patience = FOR_AN_OUTCOME) -> None:
        """Back to `ready`, for anybody: nobody's name, no colour.

        The run's id stays with the row, so that whoever claims it next finds what belongs to it.

        Raises:
            RunLost, SheetUnreachableError: see `finish`.
        """
        memory = Memory(self.desk.rng.randrange(1, 2**31), self.run_id)
        self._end({WORKER_NAME: ""}, Ending(READY, None), CLEAR, memory, patience)

    def write_results(self, cells: Mapping[str, Any], *, patience: Patience) -> None:
        """Writes results of a run that goes on, or whose end nobody knows. One read, one write.

        Raises:
            RunLost, SheetUnreachableError: see `finish`.
        """

        def step() -> None:
            write(self, self.prove(cells), cells, relaxed=False)

        with self.unwritten.unless_written(lambda: self.claimed, cells, None):
            what = f"write the results of run {self.run_name}"
            self.desk.pacing.until_done(step, patience, what=what)

    def leave(self) -> None:
        """No more heartbeats; the row stays as it is, and what is unwritten is anybody's."""
        self._beat_no_more()
        self.unwritten.leave()

    def _beat_no_more(self) -> None:
        if self in self.desk.held:
            self.desk.held.remove(self)

    def _end(
        self,
        cells: Mapping[str, Any],
        ending: Ending,
        background: Rgb,
        memory: Memory | None,
        patience: Patience,
    ) -> None:
        wanted = {STATUS: ending.text, **cells}

        def step() -> None:
            try:
                proof = self.prove(wanted)
                own = {LEASE: "", **({DURATION: self._duration()} if self.started else {})}
                write(self, proof, {**wanted, **proof.columns.features(own)}, relaxed=False)
            except SheetLayoutError as error:  # somebody is editing line 1, and will be done
                raise NotSettledError(str(error)) from error

        def keep() -> None:
            path = self.keep(cells, ending)
            if path is not None and patience.total > _LONG:
                self.tell(
                    f"The outcome of run {self.run_name} ({ending.text}) can't be written now. It "
                    f"is kept in {path}, and tried again for {patience.total / 3600:g} h."
                )

        with self.unwritten.unless_written(lambda: self.claimed, cells, ending):
            what = f"write the outcome of run {self.run_name}"
            self.desk.pacing.until_done(step, patience, what=what, at_first_failure=keep)
        self.leave()
        coats = row_coats(self.desk.sheet.header.columns, self.row_index, background=background)
        drops = tuple(self.marks)
        touch = Touch(self.pin, self.row_index, coats, unpin=True, memory=memory, drop_pins=drops)
        self._touch(touch)

    def _duration(self) -> str:
        assert self.started is not None  # noqa: S101 - asked above
        return duration_text(self.desk.sheet.server_time() - self.started)

    def _touch(self, touch: Touch) -> None:
        """Paints, or lets it be: a colour must not end a training."""
        if touch.is_nothing:
            return
        desk = self.desk
        try:
            desk.pacing.until_done(
                lambda: touch_rows(desk.sheet, [touch], desk.colors), FOR_PAINT, what="paint a row"
            )
        except SheetUnreachableError as error:
            desk.notice(str(error))

    # ------------------------------------------------------------ what can't be written

    @property
    def claimed(self) -> Claimed:
        """By what a later process finds this claim's row, and knows it."""
        sheet = self.desk.sheet
        return Claimed(
            sheet.spreadsheet_id,
            sheet.sheet_id,
            self.worker,
            self.pin,
            self.run_name,
            self.lease,
            self.run_id,
        )

    def pin_anew(self, pin: int) -> None:
        """The row has another pin from now on."""
        self.pin, self.next_pin = pin, 0
        self.unwritten.follow(self.claimed)

    def keep(self, cells: Mapping[str, Any], ending: Ending | None = None) -> Path | None:
        """Keeps on this machine what can't be written now; see `Unwritten`."""
        return self.unwritten.keep(self.claimed, cells, ending)

    # ------------------------------------------------------------ proof

    def prove(self, wanted: Collection[str]) -> FoundRow:
        """The row, freshly read, ours, under a header that has the columns to be written.

        Raises:
            RunLost: it isn't ours.
        """
        sheet = self.desk.sheet
        proof = self.proven(self._read_again())
        missing = proof.columns.missing(wanted)
        if missing:
            add_columns(sheet, missing, is_key=False, color=self.desk.colors["new_column"])
            proof = self.proven(sheet.read_pinned(self.pin))
        return proof

    def _read_again(self) -> FoundRow:
        """The row, once no unanswered write is left.

        Raises:
            NotSettledError: one is, and somebody is editing line 1: it waits until they are done.
            SheetLayoutError: lines 1 and 2 are no queue's.
        """
        try:
            return cleared_up(self, lambda: self.desk.sheet.read_pinned(self.pin))
        except SheetLayoutError as error:
            if self.unclear is None:
                raise
            raise NotSettledError(str(error)) from error

    def proven(self, found: FoundRow) -> FoundRow:
        """The row just read, if its own text proves that it is ours.

        Raises:
            RunLost: it isn't, by a second answer too, and can't be found by its lease either.
        """
        why = self._why_lost(found)
        if why is not None:
            found = self.desk.sheet.read_pinned(self.pin)  # the first answer may have been old
            why = self._why_lost(found)
        if why is not None:
            again = self._find_again()
            if again is None or self._why_lost(again) is not None:
                raise self.is_lost(why)
            found = again
        self.row_index = found.row_index
        return found

    def is_lost(self, why: str) -> RunLost:
        """The sentence to be raised; nothing more is done for the run."""
        self._beat_no_more()
        self.lost = RunLost(
            f"{self.desk.sheet.label}: run {self.run_name} isn't this worker's "
            f"({self.worker}) any more: {why}. Nothing more is written to it; claim another."
        )
        return self.lost

    def _why_lost(self, found: FoundRow) -> str | None:
        leased = bool(self.lease)
        return claims.lost_because(found.columns, found.row, self.worker, leased=leased)

    def _find_again(self) -> FoundRow | None:
        """The row by the lease that we wrote, where its pin is gone or on a foreign row.

        The lease's text stands nowhere else; replacing it proves the place, and pins it anew.
        """
        desk = self.desk
        with desk.beating:
            at = desk.sheet.header.columns.feature(LEASE)
            if at is None or not self.lease:
                return None
            places = [i for i, cell in enumerate(desk.sheet.column(at)) if cell == self.lease]
            if len(places) != 1:
                return None
            renewed = lease_text(self.worker, desk.sheet.server_time(), desk.terms.seconds + 1)
            swap = Swap(places[0] + FIRST_RUN_ROW, at, self.lease, renewed)
            comparison = Comparison(swap, desk.rng.randrange(1, 2**31))
            compared = compare_and_pin(desk.sheet, comparison)
            if not compared.replaced:
                desk.sheet.unpin([comparison.pin])
                return None
            self.marks.append(self.pin)
            self.lease = renewed
            self.pin_anew(comparison.pin)
        found = desk.sheet.read_pinned(self.pin)
        if self._why_lost(found) is not None:  # it may be from before the new pin
            found = desk.sheet.read_pinned(self.pin)
        return found

    def tell(self, line: str) -> None:
        """Says something about this run, once."""
        if line not in self._told:
            self._told.add(line)
            self.desk.notice(line)


def _still_blank(found: FoundRow, filled: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults whose cells nobody has filled since they were chosen (P3)."""
    ids, row = found.columns.ids, found.row or ()
    return {
        name: value
        for name, value in filled.items()
        if name in ids and (ids[name] >= len(row) or is_blank(row[ids[name]]))
    }


def columns_named(columns: Columns, names: Collection[str]) -> list[int]:
    """Where the named columns are; those that aren't there are left out."""
    return [columns.ids[name] for name in names if name in columns.ids]
