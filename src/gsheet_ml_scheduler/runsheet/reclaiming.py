"""Takes a run away from a worker that vanished, so that it isn't forgotten (P5).

Decided here: how often a lapsed lease must be seen before it counts, and the order of requests that
gives the run back. A lease is taken by compare-and-set from the lapsed text, so it goes to one
worker alone and not from a worker that prolonged it meanwhile; the vanished worker's pin is deleted
before anything else is written, so that nothing of it can land any more (P1). Elsewhere: when a
lease has lapsed, and whether the run gets another attempt (`leases.py`).
"""

from dataclasses import dataclass, field
from datetime import datetime

from gsheet_ml_scheduler.errors import RunLost
from gsheet_ml_scheduler.runsheet.answers import FoundRow, Look, Marks
from gsheet_ml_scheduler.runsheet.columns import (
    ATTEMPT,
    FIRST_RUN_ROW,
    LEASE,
    STATUS,
    WORKER_NAME,
)
from gsheet_ml_scheduler.runsheet.comparing import Comparison, compare_and_pin, marks_of
from gsheet_ml_scheduler.runsheet.holding import Desk, HeldRun
from gsheet_ml_scheduler.runsheet.leases import Lapsed, after_a_lapse, lapsed, lease_text
from gsheet_ml_scheduler.runsheet.lifecycle import COLOR_NAMES, HELD, State, state_of
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM
from gsheet_ml_scheduler.runsheet.painting import Memory, Touch, row_coats, touch_rows
from gsheet_ml_scheduler.runsheet.unclear import cleared_up
from gsheet_ml_scheduler.runsheet.wire import CLEAR, Swap
from gsheet_ml_scheduler.runsheet.writing import Unclear, write

_LONGEST_NAP = 30.0
"""Seconds between two looks while waiting: another run may become ready."""


@dataclass(slots=True)
class Reclaimer:
    """What one process has seen of others' lapsed leases: the text, and when it was seen first."""

    desk: Desk
    _seen: dict[str, datetime] = field(default_factory=dict)

    def reclaim(self, worker: str, look: Look) -> bool:
        """Gives back the runs whose lapsed lease was seen a heartbeat ago too.

        True when a lease changed hands, so that it is worth looking again.

        Args:
            worker: who takes the leases, for a moment.
            look: what was just seen; its time is the server's.
        """
        found = lapsed(look.statuses, look.workers, look.leases, look.now)
        self._seen = {one.text: self._seen.get(one.text, look.now) for one in found}
        heartbeat = self.desk.terms.heartbeat
        ripe = [one for one in found if look.now - self._seen[one.text] >= heartbeat]
        given_back = [one for one in ripe if self._take(worker, look, one)]
        for one in ripe:
            self._seen.pop(one.text, None)
        return bool(given_back)

    def seconds_to_wait(self, now: datetime) -> float | None:
        """How long until a look tells more about a lapsed lease; None when there is none."""
        if not self._seen:
            return None
        ripe = min(self._seen.values()) + self.desk.terms.heartbeat
        return min(max((ripe - now).total_seconds(), 0.1), _LONGEST_NAP)

    def _take(self, worker: str, look: Look, one: Lapsed) -> bool:
        at = look.columns.feature(LEASE)
        assert at is not None  # noqa: S101 - there was a lease to read
        desk = self.desk
        until_done = desk.pacing.until_done
        own = lease_text(worker, desk.sheet.server_time(), desk.terms.seconds)
        swap = Swap(one.at + FIRST_RUN_ROW, at, one.text, own)
        comparison = Comparison(swap, desk.rng.randrange(1, 2**31))
        what = f"take over run {one.at}"
        compared = until_done(
            lambda: compare_and_pin(desk.sheet, comparison), FOR_A_CLAIM, what=what
        )
        if compared.replaced is False:
            if compared.is_pinned:
                until_done(lambda: desk.sheet.unpin([comparison.pin]), FOR_A_CLAIM, what=what)
            return False
        pin = comparison.pin
        marks = compared.marks or until_done(
            lambda: marks_of(desk.sheet, pin), FOR_A_CLAIM, what=what
        )
        run_id, names = marks.run_id(min(marks.pins, default=pin)), list(marks.names)
        held = HeldRun(desk, worker, pin, str(one.at), swap.row_index, {}, run_id, names)
        held.unclear = self._left_unclear(marks)
        taken = until_done(
            lambda: self._give_back(held, comparison.swap.new, marks), FOR_A_CLAIM, what=what
        )
        if taken is not None:
            name, then = taken
            desk.notice(
                f"{desk.sheet.label}: run {name} had lost its worker (its lease was "
                f"{one.text!r}); its status is {then.value!r} now."
            )
        return True

    def _left_unclear(self, marks: Marks) -> Unclear | None:
        """The unanswered write to the row that its worker, or a later process, has kept here."""
        journal, sheet = self.desk.journal, self.desk.sheet
        if journal is None:
            return None
        record = journal.unclear_of(sheet.spreadsheet_id, sheet.sheet_id, marks.pins)
        return None if record is None else Unclear.from_record(record)

    def _give_back(self, held: HeldRun, lease: str, marks: Marks) -> tuple[str, State] | None:
        """Writes what becomes of the run; its name and that, or None where there is nothing to do.

        May be repeated: the lease in the row tells whether it is still ours. The status comes last,
        for with `ready` the run is anybody's.
        """
        sheet = self.desk.sheet
        sheet.unpin(marks.pins)
        try:
            found = cleared_up(held, lambda: sheet.read_pinned(held.pin))
            then = self._fate(found, lease)
            if then is None:
                sheet.unpin([held.pin])
                return None
            held.row_index = found.row_index
            held.run_name = found.columns.text(found.row or (), found.columns.run_name)
            self._paint(held, then, known=bool(marks.pins))
            write(held, found, self._cells(found, then), relaxed=False)
        except RunLost:  # the row was deleted in this moment
            return None
        sheet.unpin([held.pin])
        return held.run_name, then

    def _fate(self, found: FoundRow, own: str) -> State | None:
        """What becomes of the run; None when a person, or its worker after all, was first."""
        columns, row = found.columns, found.row or ()
        at = columns.feature(LEASE)
        state = state_of(columns.text(row, columns.status), columns.text(row, columns.worker_name))
        if found.row is None or at is None or columns.text(row, at) != own or state not in HELD:
            return None
        attempt = columns.feature(ATTEMPT)
        if attempt is None:
            return State.READY  # nobody counts
        return after_a_lapse(columns.text(row, attempt), self.desk.terms)[0]

    def _cells(self, found: FoundRow, then: State) -> dict[str, str]:
        columns, row = found.columns, found.row or ()
        cells = {STATUS: then.value, LEASE: ""}
        if then is State.READY:
            cells[WORKER_NAME] = ""
        attempt = columns.feature(ATTEMPT)
        if attempt is not None:
            cells[ATTEMPT] = after_a_lapse(columns.text(row, attempt), self.desk.terms)[1]
        return cells

    def _paint(self, held: HeldRun, then: State, *, known: bool) -> None:
        sheet, colors, memory = self.desk.sheet, self.desk.colors, None
        if then is State.READY and not held.marks and known:
            memory = Memory(self.desk.rng.randrange(1, 2**31), held.run_id)
        name = COLOR_NAMES[then]
        background = colors[name] if name else CLEAR
        coats = row_coats(sheet.header.columns, held.row_index, background=background)
        touch = Touch(held.pin, held.row_index, coats, memory=memory)
        touch_rows(sheet, [touch], colors)
