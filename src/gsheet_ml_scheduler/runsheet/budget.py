"""How many requests a worker may make, and which of them go first.

Google allows 60 reads and 60 writes a minute for one account, whoever shares it, and tells nobody
how many share it. So each worker keeps an allowance of its own for reads and for writes, and learns
from refusals (429): cut by three tenths at each, at most once in 20 s, then grow by about one
request a minute, every minute. Additive growth and multiplicative cuts are what lets workers that
don't know of each other settle at equal shares, as they do for the connections of a network.

Decided here: what an allowance is, how it is cut and grows, and what is kept free for whom. In any
minute (a longer time, when the allowance is small) no more is asked than the allowance, and the
last part of it is kept for what is urgent: a heartbeat never waits behind syncs. Only a repair,
which is rare, is made whatever is left.
Elsewhere: who waits, and what a client's requests are (`pacing.py`). Pure: the time, in seconds of
a steady clock, is an argument.
"""

import math
from collections import deque
from enum import Enum

MINUTE = 60.0
LEAST = 2.0
"""Requests a minute that a worker keeps in any crowd: a heartbeat, and a sync now and then."""
FEWEST_IN_A_WINDOW = 6
"""A claim takes five requests in a row, so a small allowance is counted over a longer time."""

_REMEMBERED = 1200
"""Of unlimited requests, the last so many are remembered: a first refusal is measured by them."""
_CUT = 0.7
_ONCE_IN = 20.0
_SLOWEST_GROWTH = 1.0
_GROWTH = 1 / 40


class Kind(Enum):
    """What Google counts apart."""

    READ = "reads"
    WRITE = "writes"


class Urgency(Enum):
    """Who goes first; the value is the part of the allowance that such requests may use up."""

    REPAIR = math.inf
    HEARTBEAT = 1.0
    OUTCOME = 0.9
    CLAIM = 0.8
    SYNC = 0.7


class Allowance:
    """The requests of one kind. Not thread-safe: `Pacing` has the lock."""

    def __init__(self, limit: float | None = None) -> None:
        """Nothing was asked yet.

        Args:
            limit: requests a minute that the location allows to one account; None: no limit is
                known, and none is kept until the first refusal.
        """
        self._limit = math.inf if limit is None else limit
        self._level = self._limit
        self._growth = 0.0
        self._since = 0.0
        self._cut_at = -math.inf
        self._times: deque[float] = deque(maxlen=_REMEMBERED if limit is None else None)

    @property
    def is_unlimited(self) -> bool:
        """Whether nothing has to be counted, because nothing was ever refused."""
        return math.isinf(self._level)

    def per_minute(self, now: float) -> float:
        """The requests a minute allowed at that time; infinite when nothing limits them."""
        grown = self._level + self._growth * max(0.0, now - self._since) / MINUTE
        return min(self._limit, grown)

    def wait(self, now: float, urgency: Urgency, count: int = 1) -> float:
        """How many seconds until so many requests may be made; 0 for at once.

        More than the window ever holds is as good as the whole window: the rest waits its turn.
        """
        if self.is_unlimited or urgency is Urgency.REPAIR:
            return 0.0
        room, window = self._room(now, urgency)
        times = self._within(now, window)
        needed = len(times) + min(count, room) - room
        if needed <= 0:
            return 0.0
        return max(0.0, times[needed - 1] + window - now)

    def pace(self, now: float) -> float:
        """Seconds from one sync to the next, so that they come evenly and not in bursts."""
        if self.is_unlimited:
            return 0.0
        return MINUTE / (self.per_minute(now) * Urgency.SYNC.value)

    def asked(self, now: float) -> None:
        """A request is made."""
        self._times.append(now)

    def refused(self, now: float, limit: float | None) -> None:
        """A request was refused, because too many were made.

        Args:
            now: when.
            limit: the requests a minute for one account, if the refusal says so.
        """
        if limit is not None and limit > 0:
            self._limit = min(self._limit, limit)
        if now - self._cut_at < _ONCE_IN:
            return  # one crowd, one cut
        level = self.per_minute(now)
        if math.isinf(level):
            level = float(len(self._within(now, MINUTE)))
            self._times = deque(self._times)
        self._level = min(self._limit, max(LEAST, level * _CUT))
        self._growth = max(_SLOWEST_GROWTH, level * _GROWTH)
        self._since = self._cut_at = now

    def _room(self, now: float, urgency: Urgency) -> tuple[int, float]:
        """How many requests a window may hold for that urgency, and how long it is."""
        per_minute = self.per_minute(now)
        in_window = max(per_minute, min(FEWEST_IN_A_WINDOW, self._limit))
        window = MINUTE * in_window / per_minute
        room = math.floor(in_window * urgency.value + 1e-9)
        if urgency is not Urgency.HEARTBEAT:
            room = min(room, math.floor(in_window) - 1)
        return max(1, room), window

    def _within(self, now: float, window: float) -> list[float]:
        """When the requests of the window were made, oldest first."""
        self._forget(now - MINUTE * FEWEST_IN_A_WINDOW / LEAST)
        return [at for at in self._times if at > now - window]

    def _forget(self, before: float) -> None:
        while self._times and self._times[0] <= before:
            self._times.popleft()
