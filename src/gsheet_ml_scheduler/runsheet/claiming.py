"""Claims a run: look, compare and pin, fill in.

Decided here: the order of the requests, and what follows from each answer. The protocol is
optimistic: nobody locks, everybody compares. A claim counts only once the row itself, as an answer
shows it with its header after the comparison, holds our token beside a blank `worker_name` (P1,
P4); a lost race costs two writes at most and doesn't count as a try (P8); a token whose worker died
is turned back. Elsewhere: the choice of the row and all other decisions (`claims.py`), the batch
(`comparing.py`), what a claim in vain leaves behind (`leavings.py`), runs whose worker vanished
(`reclaiming.py`), a run's life afterwards (`holding.py`).

One read and two writes; one write more where defaults are copied, and shown in grey.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import NoReturn

from gsheet_ml_scheduler.errors import (
    CellError,
    RunLost,
    SheetLayoutError,
    SheetUnreachableError,
)
from gsheet_ml_scheduler.runsheet import claims, comparing
from gsheet_ml_scheduler.runsheet.answers import Compared, FoundRow, Look, Marks
from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, ONLY_ON, StillLoadingError
from gsheet_ml_scheduler.runsheet.comparing import Comparison, compare_and_pin
from gsheet_ml_scheduler.runsheet.holding import Desk, HeldRun
from gsheet_ml_scheduler.runsheet.leavings import Leavings
from gsheet_ml_scheduler.runsheet.lifecycle import READY, failed_text
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM, FOR_A_LOOK, FOR_AN_OUTCOME, Patience
from gsheet_ml_scheduler.runsheet.painting import row_coats
from gsheet_ml_scheduler.runsheet.reclaiming import Reclaimer
from gsheet_ml_scheduler.runsheet.settling import settle
from gsheet_ml_scheduler.runsheet.values import Scalar
from gsheet_ml_scheduler.runsheet.wire import Swap

FOR_A_CONFIRMATION = Patience(claims.FILL_IN_WITHIN.total_seconds() / 2)

_STRIKES = 5
"""After so many comparisons in vain a cell that still shows `ready` is set aside for this call; one
that was set aside before gets one more try at each call."""

_ENDS_A_CLAIM = (
    KeyboardInterrupt,
    SystemExit,
    SheetLayoutError,
    SheetUnreachableError,
    StillLoadingError,
)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One comparison: by which worker, after which look."""

    worker: str
    look: Look
    comparison: Comparison

    @property
    def token(self) -> str:
        return self.comparison.swap.new

    @property
    def what(self) -> str:
        return f"run {self.comparison.row_index - FIRST_RUN_ROW}"


@dataclass(frozen=True, slots=True)
class _Confirmed:
    """A row that proved to be ours: what else is pinned to it, and what it gets now.

    `error` is why it has no config; such a run is only begun to be ended.
    """

    found: FoundRow
    marks: Marks
    config: dict[str, Scalar]
    filled: Mapping[str, Scalar]
    error: CellError | None


@dataclass(slots=True)
class Claimer:
    """Claims runs for the workers of one process."""

    desk: Desk
    leavings: Leavings = field(init=False)
    _warned: set[int] = field(default_factory=set)
    _spread: int = 1
    _reclaimer: Reclaimer = field(init=False)

    def __post_init__(self) -> None:
        """What was seen of others' leases is remembered from one claim to the next."""
        self.leavings = Leavings(self.desk)
        self._reclaimer = Reclaimer(self.desk)

    def claim_next(
        self, worker: str, *, wait: bool = True, patience: Patience = FOR_A_LOOK
    ) -> HeldRun | None:
        """The claimable run whose turn it is; None when there is none.

        After a lost race, another one at random among equals; where races were lost lately, the
        first try is at random, too (see `claims.spread_after`). Where nothing is claimable but a
        lease has lapsed, it waits for a heartbeat to see whether that run's worker is alive.

        Args:
            worker: under whose name.
            wait: whether it may wait so; otherwise the next call goes on from there.
            patience: how long to go on looking while the sheet is away.

        Raises:
            CellError: the run that was next has a cell that is no config's; it says `failed` now.
            SheetLayoutError: lines 1 and 2 are no queue's.
            SheetUnreachableError: no answer for too long.
        """
        settle(self.desk)
        strikes = Counter(dict.fromkeys(self._warned, _STRIKES - 1))
        while True:
            look = self.look(patience)
            if settle(self.desk):  # it couldn't before; now, before their leases are looked at
                continue
            if self._reclaimer.reclaim(worker, look):
                continue
            passed_over = {at for at, count in strikes.items() if count >= _STRIKES}
            tried = 0
            spread = self._spread
            while True:
                skip = self.desk.rng.randrange(spread)
                at = claims.choose(look, passed_over, self.desk.taker, skip)
                if at is None:
                    break
                held = self._try(worker, look, at, strikes)
                if not tried and at not in self._warned:  # such a row lost no race to anybody
                    self._spread = claims.spread_after(self._spread, won=held is not None)
                if held is not None:
                    return held
                tried += 1
                passed_over.add(at)
                spread = claims.WIDEST_SPREAD
            if tried or self.leavings.turn_back_stale(look):
                continue
            seconds = self._reclaimer.seconds_to_wait(look.now)
            if seconds is None or not wait:
                self.leavings.clean_up()
                return None
            self.desk.pacing.sleep(seconds)

    def claim_at(self, worker: str, run_id: int) -> HeldRun | None:
        """The run at that place, if it is claimable; None when it isn't, or another was first.

        Raises:
            CellError, SheetLayoutError, SheetUnreachableError: see `claim_next`.
        """
        look = self.look()
        held = None
        if claims.is_claimable(look.statuses, look.workers, run_id):
            held = self._try(worker, look, run_id, Counter())
        if held is None:
            self.leavings.clean_up()
        return held

    def look(self, patience: Patience = FOR_A_LOOK) -> Look:
        """What there is to choose from; one read."""
        desk = self.desk
        return desk.pacing.until_done(desk.sheet.look, patience, what="look for a run")

    def _try(self, worker: str, look: Look, at: int, strikes: Counter[int]) -> HeldRun | None:
        attempt = self._attempt(worker, look, at)
        held = confirmed = None
        try:
            with self._given_back_if_it_ends(attempt):
                compared = self._compare(attempt)
                if compared.replaced is not False:
                    confirmed = self._confirm(attempt, compared)
            if confirmed is not None:
                held = self._start(attempt, confirmed)
        except SheetUnreachableError:  # a minute's requests were used up, say: begin anew
            strikes[at] += 1
            if strikes[at] >= _STRIKES:
                raise
            return None
        if held is not None:
            return held
        if compared.replaced is not False:
            self.leavings.give_back(attempt.comparison)
        elif compared.is_pinned:
            self.leavings.leave_to_others(attempt.comparison, compared.found)
        strikes[at] += _STRIKES if compared.refused_because else 1
        if strikes[at] >= _STRIKES and at not in self._warned:
            self._warned.add(at)
            row, column, why = at + FIRST_RUN_ROW, look.columns.status, compared.refused_because
            self.desk.notice(comparing.cannot_be_changed(self.desk.sheet, row, column, why))
        return None

    @contextmanager
    def _given_back_if_it_ends(self, attempt: _Attempt) -> Iterator[None]:
        """Around a claim until the row is to be written: what ends it leaves no token behind."""
        try:
            yield
        except _ENDS_A_CLAIM:
            self.leavings.give_back(attempt.comparison)
            raise

    def _attempt(self, worker: str, look: Look, at: int) -> _Attempt:
        rng, columns = self.desk.rng, look.columns
        token = claims.make_token(worker, look.now, f"{rng.getrandbits(32):08x}")
        row_index = at + FIRST_RUN_ROW
        coats = row_coats(columns, row_index, background=self.desk.colors["running"])
        swap = Swap(row_index, columns.status, READY, token)
        return _Attempt(worker, look, Comparison(swap, rng.randrange(1, 2**31), tuple(coats)))

    def _compare(self, attempt: _Attempt) -> Compared:
        litter = self.leavings.take_pins()
        return self.desk.pacing.until_done(
            lambda: compare_and_pin(self.desk.sheet, attempt.comparison, litter),
            FOR_A_CONFIRMATION,
            what=f"claim {attempt.what}",
        )

    def _confirm(self, attempt: _Attempt, compared: Compared) -> _Confirmed | None:
        """Looks at the row as it is after the comparison; None if it isn't ours."""
        found, config, error = self._seen(attempt, compared)
        sheet = self.desk.sheet
        if sheet.now - attempt.look.now > claims.FILL_IN_WITHIN:
            return None
        if not self._is_confirmed(found, attempt.token):
            return None
        marks = compared.marks or self._marks(attempt)
        if marks.pins:  # whoever has one must not write to this row any more (P1)
            self.desk.pacing.until_done(
                lambda: sheet.unpin(marks.pins), FOR_A_CONFIRMATION, what="delete pins"
            )
        filled = self._defaults(attempt, found, compared) if error is None else {}
        return _Confirmed(found, marks, config, filled, error)

    def _start(self, attempt: _Attempt, confirmed: _Confirmed) -> HeldRun | None:
        """Writes that the run runs; None if the row was lost meanwhile."""
        held, filled = self._held(attempt, confirmed), confirmed.filled
        try:
            if not held.fill_in(confirmed.found, filled, attempt.token):
                return None
            if confirmed.error is not None:
                self._refuse(held, confirmed.error)
            if filled:
                held.show_running(filled)
        except (KeyboardInterrupt, SystemExit):
            self._put_back(held, attempt, FOR_AN_OUTCOME)
            raise
        except SheetLayoutError:  # somebody edits line 1, and nothing has been written
            self.leavings.give_back(attempt.comparison)
            raise
        except SheetUnreachableError:  # nobody knows whether the run has been started
            self._put_back(held, attempt, FOR_A_CLAIM)
            raise
        return held

    def _put_back(self, held: HeldRun, attempt: _Attempt, patience: Patience) -> None:
        """A run that isn't to be trained here; where that can't be written, a later claim does.

        That one finds the row by its pin, so the pin stays.
        """
        try:
            held.requeue(patience=patience)
        except RunLost:  # it was never started, and our token may stand there still
            self.leavings.give_back(attempt.comparison)
        except SheetUnreachableError:
            pass
        finally:
            held.leave()

    def _marks(self, attempt: _Attempt) -> Marks:
        """What else is pinned to the row, where the comparison's answer was lost."""
        pin = attempt.comparison.pin
        return self.desk.pacing.until_done(
            lambda: comparing.marks_of(self.desk.sheet, pin),
            FOR_A_CONFIRMATION,
            what=f"look at {attempt.what}",
        )

    def _held(self, attempt: _Attempt, confirmed: _Confirmed) -> HeldRun:
        pin, found, marks = attempt.comparison.pin, confirmed.found, confirmed.marks
        name = found.columns.text(found.row or (), found.columns.run_name)
        return HeldRun(
            self.desk,
            attempt.worker,
            pin,
            name,
            found.row_index,
            confirmed.config,
            marks.run_id(pin),
            list(marks.names),
        )

    def _seen(
        self, attempt: _Attempt, compared: Compared
    ) -> tuple[FoundRow, dict[str, Scalar], CellError | None]:
        """The row with its config, from the comparison's own answer or else read through the pin.

        Raises:
            StillLoadingError: a formula went on having no value.
            SheetLayoutError: lines 1 and 2 are no queue's.
        """
        shown = [compared.found] if compared.found is not None else []

        def look() -> tuple[FoundRow, dict[str, Scalar], CellError | None]:
            found = shown.pop() if shown else self._read(attempt)
            if self._is_confirmed(found, attempt.token):
                try:
                    return found, found.columns.config_of(found.row or (), found.row_index), None
                except StillLoadingError:
                    raise
                except CellError as bad:
                    return found, {}, bad
            return found, {}, None

        return self.desk.pacing.until_done(
            look, FOR_A_CONFIRMATION, what=f"confirm the claim of {attempt.what}"
        )

    def _read(self, attempt: _Attempt) -> FoundRow:
        read = self.desk.sheet.read_pinned
        found = read(attempt.comparison.pin)
        if claims.is_older_than_compare(found.columns, found.row):
            found = read(attempt.comparison.pin)
        return found

    def _is_confirmed(self, found: FoundRow, token: str) -> bool:
        columns, row = found.columns, found.row
        if not claims.is_confirmed(columns, row, token):
            return False
        at = columns.feature(ONLY_ON)
        return at is None or self.desk.taker.may_take(columns.text(row or (), at))

    def _defaults(
        self, attempt: _Attempt, found: FoundRow, compared: Compared
    ) -> dict[str, Scalar]:
        """The defaults for blank cells, by name; formulas that show nothing aren't blank (P3)."""
        columns, row = found.columns, found.row or ()
        formulas = compared.formulas
        blank = claims.defaults_to_fill_in(columns, row, ())
        if blank and (formulas is None or compared.found is None):
            formulas = self.desk.pacing.until_done(
                lambda: self.desk.sheet.formulas_of(attempt.comparison.pin),
                FOR_A_CONFIRMATION,
                what="read a row's formulas",
            )
        fill = claims.defaults_to_fill_in(columns, row, formulas or ()) if blank else blank
        return {columns.names[index]: value for index, value in fill.items()}

    @staticmethod
    def _refuse(held: HeldRun, error: CellError) -> NoReturn:
        """A row whose config can't be had says so, and the queue goes on behind it."""
        with suppress(RunLost, SheetUnreachableError):
            held.finish(failed_text(error), "failed", {})
        held.leave()
        raise error
