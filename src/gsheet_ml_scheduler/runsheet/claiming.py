"""Claims a run: look, compare and pin, confirm, fill in, paint.

Decided here: the order of the requests, and what follows from each answer. The protocol is
optimistic: nobody locks, everybody compares. A claim counts only once the row itself, read back
through the pin with its header, holds our token beside a blank `worker_name` (P1, P4); a lost race
costs two writes at most and doesn't count as a try (P8); a token whose worker died is turned back.
Elsewhere: the choice of the row and all other decisions (`claims.py`), the requests
(`worksheet.py`), a run's life afterwards (`holding.py`).

Two reads and three writes, whatever the number of defaults that are copied.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from gsheet_ml_scheduler.errors import (
    CellError,
    RunLost,
    SheetLayoutError,
    SheetUnreachableError,
)
from gsheet_ml_scheduler.runsheet import claims
from gsheet_ml_scheduler.runsheet.answers import Compared, FoundRow, Look
from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, StillLoadingError, cell_name
from gsheet_ml_scheduler.runsheet.holding import Desk, HeldRun
from gsheet_ml_scheduler.runsheet.lifecycle import failed_text
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM, Patience
from gsheet_ml_scheduler.runsheet.values import Scalar

FOR_A_CONFIRMATION = Patience(claims.FILL_IN_WITHIN.total_seconds() / 2)

_STRIKES = 5
"""After so many comparisons in vain a cell that still shows `ready` is set aside for this call; one
that was set aside before gets one more try at each call."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One comparison: where, and with which token and pin."""

    row_index: int
    token: str
    pin: int


@dataclass(slots=True)
class Claimer:
    """Claims runs for one worker, one after the other."""

    desk: Desk
    rng: Random
    _litter: list[int] = field(default_factory=list)
    _warned: set[int] = field(default_factory=set)

    def claim_next(self) -> HeldRun | None:
        """The first claimable run; None when there is none.

        After a lost race, another one at random among those that are left.

        Raises:
            CellError: the run that was next has a cell that is no config's; it says `failed` now.
            SheetLayoutError: lines 1 and 2 are no queue's.
            SheetUnreachableError: no answer for too long.
        """
        strikes = Counter(dict.fromkeys(self._warned, _STRIKES - 1))
        while True:
            look = self.look()
            passed_over = {at for at, count in strikes.items() if count >= _STRIKES}
            tried = 0
            start = 0
            while (at := claims.pick(look.statuses, look.workers, passed_over, start)) is not None:
                held = self._try(look, at, strikes)
                if held is not None:
                    return held
                tried += 1
                passed_over.add(at)
                start = self.rng.randrange(len(look.statuses))
            if not tried and not self._turn_back_stale(look):
                self.clean_up()
                return None

    def claim_at(self, run_id: int) -> HeldRun | None:
        """The run at that place, if it is claimable; None when it isn't, or another was first.

        Raises:
            CellError, SheetLayoutError, SheetUnreachableError: see `claim_next`.
        """
        look = self.look()
        held = None
        if claims.is_claimable(look.statuses, look.workers, run_id):
            held = self._try(look, run_id, Counter())
        if held is None:
            self.clean_up()
        return held

    def look(self) -> Look:
        """What there is to choose from; one read."""
        return self.desk.pacing.until_done(self.desk.sheet.look, FOR_A_CLAIM, what="look for a run")

    def clean_up(self) -> None:
        """Deletes the pins that lost races left behind."""
        litter, self._litter = self._litter, []
        if litter:
            unpin = self.desk.sheet.unpin
            self.desk.pacing.until_done(lambda: unpin(litter), FOR_A_CLAIM, what="delete pins")

    def drop(self, pin: int) -> None:
        """Has a pin deleted with the next claim."""
        self._litter.append(pin)

    def _try(self, look: Look, at: int, strikes: Counter[int]) -> HeldRun | None:
        attempt = Attempt(
            at + FIRST_RUN_ROW,
            claims.make_token(self.desk.worker, look.now, f"{self.rng.getrandbits(32):08x}"),
            self.rng.randrange(1, 2**31),
        )
        try:
            compared = self._compare(look, attempt)
            held = None
            if compared.replaced is not False:
                held = self._confirm(look, attempt, compared)
        except (KeyboardInterrupt, SystemExit):
            self._release(attempt)  # wherever the claim was
            raise
        if held is not None:
            return held
        if compared.replaced is not False:
            self._release(attempt)
        elif compared.is_pinned:
            self._litter.append(attempt.pin)
        strikes[at] += _STRIKES if compared.refused_because else 1
        if strikes[at] >= _STRIKES:
            self._set_aside(look, at, compared.refused_because)
        return None

    def _compare(self, look: Look, attempt: Attempt) -> Compared:
        litter, self._litter = self._litter, []
        return self.desk.pacing.until_done(
            lambda: self.desk.sheet.compare_and_pin(
                attempt.row_index, look.columns.status, attempt.token, attempt.pin, litter
            ),
            FOR_A_CONFIRMATION,
            what=f"claim run {attempt.row_index - FIRST_RUN_ROW}",
        )

    def _confirm(self, look: Look, attempt: Attempt, compared: Compared) -> HeldRun | None:
        """Reads the row back, and starts the run if it is ours."""
        error: CellError | None = None
        config: dict[str, Scalar] = {}

        def read() -> FoundRow:
            found = self.desk.sheet.read_pinned(attempt.pin)
            if claims.is_older_than_compare(found.columns, found.row):
                found = self.desk.sheet.read_pinned(attempt.pin)
            if claims.is_confirmed(found.columns, found.row, attempt.token):
                nonlocal error
                error = None
                config.clear()
                try:
                    config.update(found.columns.config_of(found.row or (), found.row_index))
                except StillLoadingError:
                    raise
                except CellError as bad:
                    error = bad
            return found

        what = f"confirm the claim of run {attempt.row_index - FIRST_RUN_ROW}"
        try:
            found = self.desk.pacing.until_done(read, FOR_A_CONFIRMATION, what=what)
        except (StillLoadingError, SheetLayoutError):
            self._release(attempt)
            raise
        columns, row = found.columns, found.row
        is_late = self.desk.sheet.now - look.now > claims.FILL_IN_WITHIN
        if is_late or row is None or not claims.is_confirmed(columns, row, attempt.token):
            return None
        run_name = columns.text(row, columns.run_name)
        held = HeldRun(
            self.desk, attempt.pin, run_name, found.row_index, config, list(compared.other_pins)
        )
        if error is not None:
            self._refuse(held, found, attempt, error)
        filled = self._defaults(look, found, attempt, compared)
        try:
            if not held.fill_in(found, filled, attempt.token):
                return None
            held.show_running(filled)
        except (KeyboardInterrupt, SystemExit):
            with suppress(RunLost, SheetUnreachableError):
                held.requeue()
            raise
        return held

    def _defaults(
        self, look: Look, found: FoundRow, attempt: Attempt, compared: Compared
    ) -> dict[str, Scalar]:
        """The defaults for blank cells, by name; formulas that show nothing aren't blank (P3)."""
        columns, row = found.columns, found.row or ()
        formulas = compared.formulas
        blank = claims.defaults_to_fill_in(columns, row, ())
        if blank and (formulas is None or columns.names != look.columns.names):
            formulas = self.desk.pacing.until_done(
                lambda: self.desk.sheet.formulas_of(attempt.pin),
                FOR_A_CONFIRMATION,
                what="read a row's formulas",
            )
        fill = claims.defaults_to_fill_in(columns, row, formulas or ()) if blank else blank
        return {columns.names[index]: value for index, value in fill.items()}

    def _refuse(self, held: HeldRun, found: FoundRow, attempt: Attempt, error: CellError) -> None:
        """A row whose config can't be had says so, and the queue goes on behind it."""
        if held.fill_in(found, {}, attempt.token):
            with suppress(RunLost):
                held.finish(failed_text(error), "failed", {})
        raise error

    def _release(self, attempt: Attempt) -> None:
        release = self.desk.sheet.release
        self.desk.pacing.until_done(
            lambda: release(attempt.token, attempt.pin), FOR_A_CLAIM, what="give a claim back"
        )

    def _turn_back_stale(self, look: Look) -> bool:
        tokens = claims.stale_tokens(look.statuses, look.now)
        if tokens:
            turn_back, column = self.desk.sheet.turn_back, look.columns.status
            self.desk.pacing.until_done(
                lambda: turn_back(tokens, column), FOR_A_CLAIM, what="turn old claims back"
            )
        return bool(tokens)

    def _set_aside(self, look: Look, at: int, because: str | None) -> None:
        if at not in self._warned:
            self._warned.add(at)
            cell = cell_name(at + FIRST_RUN_ROW, look.columns.status)
            why = because or "a formula, a hidden row, somebody who keeps writing there?"
            self.desk.notice(
                f"{self.desk.sheet.label}, cell {cell}: it shows 'ready', but can't be changed "
                f"({why}). The run is left out."
            )
