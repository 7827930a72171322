"""Leases and attempts: how long a claim holds without a sign of life, and how often a run is tried.

Decided here: what the cells of the columns `lease` and `attempt` say, when a lease has lapsed, when
it is due for a heartbeat, and what becomes of a run whose worker vanished (P5). Every time is the
server's: no two machines' clocks are ever compared, only `Date`s of the sheet's own answers.
Elsewhere: who writes heartbeats (`heartbeat.py`), who takes a run away (`reclaiming.py`).
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from gsheet_ml_scheduler.runsheet.lifecycle import HELD, State, state_of
from gsheet_ml_scheduler.runsheet.values import text_of

_LEASE = re.compile(
    r"(?P<worker>\S+) until (?P<until>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})Z\Z"
)
_TIME = "%Y-%m-%d %H:%M:%S"
_ATTEMPT = re.compile(r"\s*(?P<number>[0-9]{1,6})\s*(?:/|\Z)")

_HEARTBEATS_A_LEASE = 5
LONGEST = 30 * 86_400.0  # seconds; a run whose worker vanished isn't seen again before


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a claim holds without a heartbeat, in seconds, and how often a run is tried.

    Heartbeats come from a thread in the background, or else only with syncs.
    """

    seconds: float = 600.0
    attempts: int = 3
    in_background: bool = True

    def __post_init__(self) -> None:
        """Refuses what can't be meant."""
        if not 1 <= self.seconds <= LONGEST:
            raise ValueError(
                f"a lease can't be {self.seconds} s: it takes a second at least and "
                f"{LONGEST / 86_400:.0f} days at most"
            )
        if self.attempts < 1:
            raise ValueError(f"{self.attempts} attempts are too few: a run is tried once at least")

    @property
    def heartbeat(self) -> timedelta:
        """How far apart heartbeats are, at most."""
        return timedelta(seconds=self.seconds / _HEARTBEATS_A_LEASE)


@dataclass(frozen=True, slots=True)
class Lease:
    """What a lease cell says."""

    worker: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A held run whose lease is over: its place among the run rows and the lease cell's text."""

    at: int
    text: str


def lease_text(worker: str, now: datetime, seconds: float) -> str:
    """A lease from now on: `dF53M7 until 2026-11-22 10:25:03Z`; the last second is begun."""
    until = now + timedelta(seconds=math.ceil(seconds))
    return f"{worker} until {until:%Y-%m-%d %H:%M:%S}Z"


def parse_lease(cell: Any) -> Lease | None:
    """The lease that a cell holds; None for anything that isn't one."""
    match = _LEASE.match(cell) if isinstance(cell, str) else None
    if match is None:
        return None
    try:
        until = datetime.strptime(match["until"], _TIME).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return Lease(match["worker"], until)


def is_of(cell: Any, worker: str) -> bool:
    """Whether a cell holds a lease of that worker.

    A worker's name is nobody else's, so any lease with it was written by it: also an earlier one,
    which a person's undo brought back.
    """
    lease = parse_lease(cell)
    return lease is not None and lease.worker == worker


def is_due(text: str, now: datetime, terms: Terms) -> bool:
    """Whether a lease of our own wants a heartbeat: soon a fifth of it is over."""
    lease = parse_lease(text)
    if lease is None:
        return False
    begun = lease.until - timedelta(seconds=terms.seconds)
    return now >= begun + 0.75 * terms.heartbeat


def lapsed(
    statuses: Sequence[Any], workers: Sequence[Any], leases: Sequence[Any], now: datetime
) -> list[Lapsed]:
    """The held runs whose lease is over, from the top.

    Args:
        statuses: the status column from line 3 on.
        workers: the worker_name column; columns may end at different rows.
        leases: the lease column.
        now: the server's time, from the very answer that carried the columns.
    """
    found = []
    for at, cell in enumerate(leases):
        lease = parse_lease(cell)
        if lease is None or lease.until >= now:
            continue
        worker = text_of(workers[at]) if at < len(workers) else ""
        status = text_of(statuses[at]) if at < len(statuses) else ""
        if worker and state_of(status, worker) in HELD:
            found.append(Lapsed(at, str(cell)))
    return found


def attempt_number(cell: Any) -> int:
    """Which attempt an attempt cell says, from 1; 1 for a cell that says nothing of the kind."""
    match = _ATTEMPT.match(text_of(cell))
    return max(1, int(match["number"])) if match else 1


def attempt_text(number: int, terms: Terms) -> str:
    """What an attempt cell says: `2/3`."""
    return f"{number}/{max(number, terms.attempts)}"


def after_a_lapse(cell: Any, terms: Terms) -> tuple[State, str]:
    """What becomes of a run whose worker vanished, and what its attempt cell says then.

    >>> after_a_lapse("1/3", Terms())
    (<State.READY: 'ready'>, '2/3')
    >>> after_a_lapse("3/3", Terms())
    (<State.LOST: 'lost'>, '3/3')
    """
    number = attempt_number(cell)
    if number >= terms.attempts:
        return State.LOST, attempt_text(number, terms)
    return State.READY, attempt_text(number + 1, terms)
