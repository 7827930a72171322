"""The only place that waits or retries.

Decided here: which failures pass by themselves, how long to wait between attempts (capped
exponential backoff with full jitter), when to stop (`SheetUnreachableError`), and that a sync which
comes too soon is merged with the next one instead of waiting. Elsewhere: how many requests there
may be and who goes first (`budget.py`), and what is safe to repeat; a step handed in here must be,
because it reads what it needs to decide again (P6). gspread's own `BackOffHTTPClient` never gives
up and repeats appends, so it isn't used.

One `Pacing` is shared by all the runs of a process and by the thread that sends heartbeats.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from gspread.exceptions import APIError
from requests.exceptions import ChunkedEncodingError, Timeout
from requests.exceptions import ConnectionError as NoConnection

from gsheet_ml_scheduler.errors import (
    AccessError,
    CellError,
    GSheetMLError,
    SheetUnreachableError,
)
from gsheet_ml_scheduler.runsheet.budget import MINUTE, Allowance, Kind, Urgency
from gsheet_ml_scheduler.runsheet.columns import StillLoadingError

T = TypeVar("T")

TOO_MANY = 429
PASSING_CODES = frozenset({TOO_MANY, 500, 502, 503, 504})
UNCLEAR = (NoConnection, Timeout, ChunkedEncodingError)
"""No answer arrived: nobody knows whether the request was carried out."""


class NotSettledError(Exception):
    """A step found the sheet in a state that passes: an answer that was old, rows moving."""


class PutOffError(SheetUnreachableError):
    """A sync came too soon: nothing was asked, and what it was to write goes with the next one."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a step may go on failing, in seconds, and how urgent its requests are.

    `reads` and `writes` must be free before it begins: what it needs when all goes well.
    """

    total: float
    first_wait: float = 0.25
    longest_wait: float = 32.0
    urgency: Urgency = Urgency.CLAIM
    reads: int = 0
    writes: int = 0


FOR_A_SYNC = Patience(20.0, urgency=Urgency.SYNC, reads=1, writes=1)
"""Training waits meanwhile; it goes on with its last config."""
FOR_A_LOOK = Patience(7200.0, longest_wait=60.0, reads=2, writes=3)
"""A worker without a run has nothing better to do than to wait until the sheet is back. A claim
that begins is over in seconds, or it is given back: so there is room for all of it."""
FOR_A_CLAIM = Patience(180.0)
FOR_A_REPAIR = Patience(20.0, urgency=Urgency.REPAIR)
"""Something of ours stands in a person's cell."""
FOR_AN_OUTCOME = Patience(7200.0, longest_wait=60.0, urgency=Urgency.OUTCOME)
"""Hours of training hang on it, and until the sheet is back there is nothing better to do."""
FOR_AN_EXIT = Patience(10.0, urgency=Urgency.OUTCOME)
"""The process wants to end."""

LONGEST_MERGE = 180.0
"""Seconds after which syncs that are merged again and again are told as out of reach."""
_SHORTEST_SLEEP = 0.005
_SHORTEST_PAUSE, _LONGEST_PAUSE, _PAUSE_SHARE = 5.0, 120.0, 5.0
"""Seconds without a sync after one that failed; they grow with each, and with the time it took."""


class _SlowDownError(Exception):
    """The sheet refused a sync because there were too many requests."""


@dataclass(slots=True)
class _Step:
    """What this thread is doing."""

    patience: Patience
    what: str
    waited: float = 0.0


@dataclass(slots=True)
class Pacing:
    """Repeats steps until they succeed or patience ends, within a budget of requests.

    Thread-safe. `limit` is what the location allows to one account: reads a minute, and as many
    writes; None where no limit is known.
    """

    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    rng: random.Random = field(default_factory=random.Random)
    limit: float | None = None
    _allowances: dict[Kind, Allowance] = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _doing: threading.local = field(init=False, default_factory=threading.local)
    _next_sync: float = field(init=False, default=0.0)
    _merging_since: float | None = field(init=False, default=None)
    _slowed_down: int = field(init=False, default=0)
    _missed: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Nothing was asked yet."""
        self._allowances = {kind: Allowance(self.limit) for kind in Kind}
        self._next_sync = self.clock()

    def until_done(
        self,
        step: Callable[[], T],
        patience: Patience,
        *,
        what: str,
        at_first_failure: Callable[[], None] | None = None,
    ) -> T:
        """The step's result.

        Args:
            step: decides and does everything anew at each call.
            patience: how long to go on, and how long to wait in between.
            what: the step in words, for the error: `claim a run`.
            at_first_failure: called once when the first attempt failed and another one follows.

        Raises:
            SheetUnreachableError: it went on failing; the message says how.
            AccessError: the sheet may not be read or written by this account.
            CellError: a cell's formula went on having no value.
        """
        with self._a_step(patience, what):
            self._wait_for_all(patience)
            return self._repeated(step, patience, what, at_first_failure)

    def now_or_later(self, step: Callable[[], T], *, what: str) -> T:
        """A sync's result, unless it comes too soon; then its writes go with the next one.

        Training never waits for the budget. A sync is too soon when the last one was less than its
        fair part of a minute ago, when what is left is kept for what is urgent, and when the sheet
        has just asked to slow down. It hardly waits for a sheet that is away, either: the first
        sync that fails is tried for 20 s, later ones once, and with longer and longer pauses.

        Args:
            step: see `until_done`.
            what: see `until_done`.

        Raises:
            PutOffError: it comes too soon.
            SheetUnreachableError: it failed for 20 s, or came too soon for three minutes on end.
            AccessError, CellError: see `until_done`.
        """
        now = self.clock()
        if not self._has_room_for_a_sync(now):
            raise self._put_off(now, what)
        patience = replace(FOR_A_SYNC, total=0.0) if self._missed else FOR_A_SYNC
        try:
            with self._a_step(patience, what):
                result = self._repeated(lambda: _not_too_fast(step), patience, what, None)
        except SheetUnreachableError:
            self._pause_syncs(since=now)
            raise
        except _SlowDownError as error:
            now = self.clock()
            with self._lock:
                self._slowed_down += 1
                ceiling = min(MINUTE, 2.0**self._slowed_down)
                self._next_sync = now + self._pace(now) + self.rng.uniform(0.0, ceiling)
            raise self._put_off(now, what) from error
        with self._lock:
            now = self.clock()
            self._next_sync = now + self._pace(now)
            self._merging_since = None
            self._slowed_down = self._missed = 0
        return result

    def _pause_syncs(self, since: float) -> None:
        """A sync failed that began then: the sheet is left alone for some time."""
        with self._lock:
            now = self.clock()
            if self._missed:
                pause = max(_SHORTEST_PAUSE, _PAUSE_SHARE * (now - since))
                self._next_sync = now + min(_LONGEST_PAUSE, pause * min(self._missed, 100))
            self._missed += 1
            self._merging_since = None  # it has just been told

    def insisted(self, repair: Callable[[], T], *, what: str) -> T:
        """The result of a request that puts right what stands where it doesn't belong.

        It doesn't wait for the budget. Told to slow down, it is made again for 20 s; any other
        failure is the caller's, who knows what may have landed.

        Raises:
            APIError, UNCLEAR: it failed.
        """
        began, attempt = self.clock(), 0
        with self.a_repair(what):
            while True:
                try:
                    return repair()
                except APIError as error:
                    wait = self._wait(attempt, FOR_A_REPAIR)
                    is_over = self.clock() - began + wait > FOR_A_REPAIR.total
                    if status_code(error) != TOO_MANY or is_over:
                        raise
                attempt += 1
                self.sleep(wait)

    def a_repair(self, what: str) -> AbstractContextManager[None]:
        """A block whose requests put something right; they don't wait for the budget."""
        return self._a_step(FOR_A_REPAIR, what)

    def wait_for_room(self, kind: Kind) -> None:
        """Waits until one more request may be made, and counts it.

        Raises:
            SheetUnreachableError: the wait would be longer than the step's patience.
        """
        doing: _Step | None = getattr(self._doing, "step", None)
        urgency = doing.patience.urgency if doing else Urgency.CLAIM
        while True:
            with self._lock:
                now = self.clock()
                wait = self._allowances[kind].wait(now, urgency)
                if wait <= 0:
                    self._allowances[kind].asked(now)
                    return
            self._sleep_for_room(wait, doing)

    def was_refused(self, kind: Kind, limit: float | None) -> None:
        """The sheet asked to slow down.

        Args:
            kind: what was refused.
            limit: the requests a minute for one account, where the refusal says so.
        """
        with self._lock:
            self._allowances[kind].refused(self.clock(), limit)

    def per_minute(self, kind: Kind) -> float:
        """The requests a minute that this worker allows itself at the moment."""
        with self._lock:
            return self._allowances[kind].per_minute(self.clock())

    # ------------------------------------------------------------ repeating

    def _repeated(
        self,
        step: Callable[[], T],
        patience: Patience,
        what: str,
        at_first_failure: Callable[[], None] | None,
    ) -> T:
        began: float | None = None
        attempt = 0
        while True:
            try:
                return step()
            except (APIError, *UNCLEAR, NotSettledError, StillLoadingError) as error:
                if isinstance(error, APIError) and status_code(error) not in PASSING_CODES:
                    raise refusal(error, what) from error
                began = self.clock() if began is None else began
                wait = self._wait(attempt, patience)
                if self.clock() - began + wait > patience.total:
                    if isinstance(error, CellError):
                        raise
                    tries = f" within {patience.total:g} s, {attempt + 1} attempts"
                    raise SheetUnreachableError(
                        f"couldn't {what}{tries if patience.total else ''}: {describe(error)}. "
                        "Nothing was decided; it can be tried again."
                    ) from error
                if attempt == 0 and at_first_failure is not None:
                    at_first_failure()
                attempt += 1
                self.sleep(wait)

    def _wait(self, attempt: int, patience: Patience) -> float:
        ceiling = min(patience.longest_wait, patience.first_wait * 2.0 ** min(attempt, 60))
        return self.rng.uniform(0.0, ceiling)

    # ------------------------------------------------------------ the budget

    @contextmanager
    def _a_step(self, patience: Patience, what: str) -> Iterator[None]:
        """Requests of this thread belong to that step, until it is over."""
        outer = getattr(self._doing, "step", None)
        self._doing.step = _Step(patience, what)
        try:
            yield
        finally:
            self._doing.step = outer

    def _wait_for_all(self, patience: Patience) -> None:
        """Waits until there is room for everything that the step is going to need."""
        while patience.reads or patience.writes:
            with self._lock:
                wait = self._wait_for_both(self.clock(), patience)
            if wait <= 0:
                return
            self._sleep_for_room(wait, self._doing.step)

    def _wait_for_both(self, now: float, patience: Patience) -> float:
        reads, writes = self._allowances[Kind.READ], self._allowances[Kind.WRITE]
        return max(
            reads.wait(now, patience.urgency, patience.reads),
            writes.wait(now, patience.urgency, patience.writes),
        )

    def _sleep_for_room(self, wait: float, doing: _Step | None) -> None:
        if doing is not None:
            doing.waited += wait
            if doing.waited > doing.patience.total:
                raise SheetUnreachableError(
                    f"couldn't {doing.what} within {doing.patience.total:g} s: the requests that "
                    "this account may make in a minute are used up. Nothing was decided; it can be "
                    "tried again."
                )
        self.sleep(max(wait, _SHORTEST_SLEEP))

    def _has_room_for_a_sync(self, now: float) -> bool:
        with self._lock:
            return now >= self._next_sync and self._wait_for_both(now, FOR_A_SYNC) <= 0

    def _pace(self, now: float) -> float:
        return max(allowance.pace(now) for allowance in self._allowances.values())

    def _put_off(self, now: float, what: str) -> SheetUnreachableError:
        """What to raise for a sync that is put off; one that is for too long has to be told."""
        with self._lock:
            if self._merging_since is None:
                self._merging_since = now
            seconds = now - self._merging_since
            if seconds <= LONGEST_MERGE:
                return PutOffError(f"couldn't {what} yet: the last sync was just now.")
            self._merging_since = now
        return SheetUnreachableError(
            f"couldn't {what} for {seconds:.0f} s: too many workers share the requests that this "
            "account may make in a minute. Sync less often, or give some workers an account of "
            "their own."
        )


def _not_too_fast(step: Callable[[], T]) -> T:
    """The step's result; being told to slow down isn't a failure to be repeated."""
    try:
        return step()
    except APIError as error:
        if status_code(error) == TOO_MANY:
            raise _SlowDownError from error
        raise


def refusal(error: APIError, what: str) -> GSheetMLError:
    """A refusal that doesn't pass by itself, as our error."""
    if status_code(error) in (401, 403):
        return AccessError(
            f"couldn't {what}: {describe(error)}. Share the sheet as an editor with the account "
            "that this script uses."
        )
    return SheetUnreachableError(f"couldn't {what}: {describe(error)}. Nothing was decided.")


def status_code(error: APIError) -> int:
    """The HTTP status of a refusal, also where the body was no JSON."""
    return int(getattr(error.response, "status_code", error.code))


def describe(error: Exception) -> str:
    """A failure in a few words."""
    if isinstance(error, APIError):
        message = str(error.error.get("message", "")).strip() or "no message"
        return f"the sheet answered {status_code(error)}: {message}"[:500]
    if isinstance(error, UNCLEAR):
        return f"no answer came ({type(error).__name__}: {error})"[:500]
    return str(error)


@dataclass(slots=True)
class Rhythm:
    """When a progress sync is due: often enough to be seen, seldom enough not to be felt.

    Without a fixed interval at most a twentieth of the time is spent on syncs, and a second at
    least lies between two. So a file is synced every second, a sheet that takes a second to answer
    every twenty, and one that asks to slow down is left alone for longer.
    """

    every: float | None = None
    clock: Callable[[], float] = time.monotonic
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        """The first sync is an interval away: the row has just been written."""
        self._next = self.clock() + (_SHORTEST if self.every is None else self.every)

    @property
    def is_due(self) -> bool:
        """Whether it is time."""
        return self.clock() >= self._next

    def took(self, seconds: float) -> None:
        """A sync ended that took so long."""
        wait = max(_SHORTEST, _SHARE * seconds) if self.every is None else self.every
        self._next = self.clock() + wait

    def failed(self) -> None:
        """The sheet couldn't be reached; how long that took says nothing about the next time."""
        self._next = self.clock() + (_AFTER_A_FAILURE if self.every is None else self.every)


_SHORTEST, _SHARE, _AFTER_A_FAILURE = 1.0, 20.0, 10.0
