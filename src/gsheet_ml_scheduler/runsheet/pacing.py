"""The only place that waits or retries.

Decided here: which failures pass by themselves, how long to wait between attempts (capped
exponential backoff with full jitter) and when to stop (`SheetUnreachableError`). Elsewhere: what is
safe to repeat; a step handed in here must be, because it reads what it needs to decide again
(P6). gspread's own `BackOffHTTPClient` never gives up and repeats appends, so it isn't used.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
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
from gsheet_ml_scheduler.runsheet.columns import StillLoadingError

T = TypeVar("T")

PASSING_CODES = frozenset({429, 500, 502, 503, 504})
UNCLEAR = (NoConnection, Timeout, ChunkedEncodingError)
"""No answer arrived: nobody knows whether the request was carried out."""


class NotSettledError(Exception):
    """A step found the sheet in a state that passes: an answer that was old, rows moving."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a step may go on failing, in seconds."""

    total: float
    first_wait: float = 0.25
    longest_wait: float = 32.0


FOR_A_SYNC = Patience(20.0)
"""Training waits meanwhile; it goes on with its last config."""
FOR_A_CLAIM = Patience(180.0)
FOR_AN_OUTCOME = Patience(600.0)
"""Hours of training hang on it."""


@dataclass(slots=True)
class Pacing:
    """Repeats steps until they succeed or patience ends."""

    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    rng: random.Random = field(default_factory=random.Random)

    def until_done(self, step: Callable[[], T], patience: Patience, *, what: str) -> T:
        """The step's result.

        Args:
            step: decides and does everything anew at each call.
            patience: how long to go on, and how long to wait in between.
            what: the step in words, for the error: `claim a run`.

        Raises:
            SheetUnreachableError: it went on failing; the message says how.
            AccessError: the sheet may not be read or written by this account.
            CellError: a cell's formula went on having no value.
        """
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
                    raise SheetUnreachableError(
                        f"couldn't {what} within {patience.total:g} s, {attempt + 1} attempts: "
                        f"{describe(error)}. Nothing was decided; it can be tried again."
                    ) from error
                attempt += 1
                self.sleep(wait)

    def _wait(self, attempt: int, patience: Patience) -> float:
        ceiling = min(patience.longest_wait, patience.first_wait * 2.0**attempt)
        return self.rng.uniform(0.0, ceiling)


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


_SHORTEST, _SHARE = 1.0, 20.0
