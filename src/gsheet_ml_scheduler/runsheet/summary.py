"""How far a queue is: runs by state, workers alive, throughput, estimated end. Pure.

Decided here: the rules by which the grid's bar and `gsheet-ml status` sum a queue up, from what its
rows say and the server's time. A worker is alive while its lease holds; the end is estimated from
how long the runs took that are done, and from the progress of those that are going. Elsewhere: who
reads the rows, how it is shown.
"""

import heapq
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from gsheet_ml_scheduler.runsheet.leases import parse_lease
from gsheet_ml_scheduler.runsheet.lifecycle import HELD, State, state_of

WINDOW = timedelta(hours=1)
"""Throughput is what was done within the last hour."""

_PROGRESS = re.compile(r"(\d+)\s*/\s*(\d+)|(\d+(?:[.,]\d+)?)\s*%")
_TIME = "%Y-%m-%d %H:%M:%SZ"
_DURATION = re.compile(r"(?:(?P<days>\d+) days?, )?(?P<hours>\d+):(?P<minutes>\d\d):(?P<rest>\d\d)")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a row says that counts here; `""` for a blank cell or a column that isn't there."""

    status: str
    worker: str
    lease: str = ""
    started: str = ""
    duration: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A queue at one moment.

    `silent` are workers whose lease has lapsed; of `unleased` ones nobody can tell. `per_hour` and
    `end` are None where nothing is known to say them by.
    """

    counts: Mapping[State, int]
    alive: frozenset[str]
    silent: frozenset[str]
    unleased: frozenset[str]
    per_hour: float | None
    end: datetime | None


def summarize(runs: Iterable[RunFacts], now: datetime) -> Summary:
    """Sum a queue up.

    Args:
        runs: what the run rows say; drafts may be among them.
        now: the server's time, from the answer that carried the rows.
    """
    rows = [(run, open_state(run.status, run.worker)) for run in runs]
    held = [run for run, state in rows if state in HELD and run.worker]
    alive, silent, unleased = _workers(held, now)
    working = [run for run in held if run.worker not in silent]
    took = [
        (run, seconds)
        for run, state in rows
        if state is State.DONE and (seconds := duration_seconds(run.duration)) is not None
    ]
    done = [seconds for _, seconds in took]
    ready = sum(state is State.READY for _, state in rows)
    return Summary(
        Counter(state for _, state in rows),
        alive,
        silent,
        unleased,
        _throughput(took, now),
        _end(working, ready, done, now),
    )


def open_state(status: str, worker: str) -> State:
    """Where a run is in its life; one that is being claimed counts as running."""
    found = state_of(status, worker)
    return State.RUNNING if found is State.CLAIMED else found


def progress(status: str) -> float | None:
    """How far a run is, from 0 to 1, where its status tells (`running 3/20`, `40 %`)."""
    found = _PROGRESS.search(status)
    if found is None:
        return None
    if found[3]:
        return min(1.0, float(found[3].replace(",", ".")) / 100)
    return min(1.0, int(found[1]) / int(found[2])) if int(found[2]) else None


def duration_seconds(text: str) -> float | None:
    """How long a `duration` cell says: `1:02:03`, `1 day, 0:00:05`, or a number of seconds."""
    found = _DURATION.fullmatch(text.strip())
    if found is not None:
        days, hours, minutes, rest = (int(it or 0) for it in found.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + rest)
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def start_time(text: str) -> datetime | None:
    """When a `started` cell says: `2026-11-22 10:15:03Z`."""
    try:
        return datetime.strptime(text.strip(), _TIME).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _workers(
    held: Sequence[RunFacts], now: datetime
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    alive: set[str] = set()
    silent: set[str] = set()
    unleased: set[str] = set()
    for run in held:
        lease = parse_lease(run.lease)
        if lease is None:
            unleased.add(run.worker)
        else:
            (alive if lease.until >= now else silent).add(run.worker)
    return frozenset(alive), frozenset(silent - alive), frozenset(unleased - alive - silent)


def _throughput(took: Sequence[tuple[RunFacts, float]], now: datetime) -> float | None:
    """Runs that were done, an hour; over less than an hour if the first one began later."""
    times = [
        (start, start + timedelta(seconds=seconds))
        for run, seconds in took
        if (start := start_time(run.started)) is not None
    ]
    recent = [start for start, end in times if now - WINDOW <= end <= now + timedelta(minutes=1)]
    if not recent:
        return None
    span = min(WINDOW, now - min(start for start, _ in times))
    hours = max(span.total_seconds(), 1.0) / 3600
    return len(recent) / hours


def _end(
    working: Sequence[RunFacts], ready: int, done: Sequence[float], now: datetime
) -> datetime | None:
    """When everything is done, if as many runs as now go on at the same time."""
    if not working:
        return None
    left = [_left(run, done, now) for run in working]
    known = [seconds for seconds in left if seconds is not None]
    if len(known) < len(left):
        return None
    usual = statistics.median(done) if done else _whole(working, now)
    if ready and usual is None:
        return None
    slots = list(known)
    heapq.heapify(slots)
    for _ in range(ready):
        heapq.heapreplace(slots, slots[0] + (usual or 0.0))
    return now + timedelta(seconds=max(slots))


def _left(run: RunFacts, done: Sequence[float], now: datetime) -> float | None:
    """How many seconds a run still takes."""
    start, share = start_time(run.started), progress(run.status)
    if start is None:
        return None
    elapsed = max(0.0, (now - start).total_seconds())
    if share:
        return elapsed * (1 - share) / share
    return max(0.0, statistics.median(done) - elapsed) if done else None


def _whole(working: Sequence[RunFacts], now: datetime) -> float | None:
    """How long a run takes, by the progress of those that are going."""
    estimates = [
        max(0.0, (now - start).total_seconds()) / share
        for run in working
        if (start := start_time(run.started)) is not None and (share := progress(run.status))
    ]
    return statistics.median(estimates) if estimates else None
