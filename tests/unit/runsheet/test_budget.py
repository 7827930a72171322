"""How many requests a worker may make, who goes first, and what crowds of workers settle at."""

import heapq
import random
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.runsheet.budget import (
    FEWEST_IN_A_WINDOW,
    LEAST,
    MINUTE,
    Allowance,
    Urgency,
)

URGENCIES = st.sampled_from([urgency for urgency in Urgency if urgency is not Urgency.REPAIR])
EVENTS = st.lists(
    st.tuples(
        st.floats(0, 40),  # seconds since the event before
        URGENCIES,
        st.integers(1, 30),  # requests that somebody wants to make then
        st.booleans(),  # whether a refusal is heard then
    ),
    max_size=60,
)


def ask(allowance: Allowance, now: float, urgency: Urgency, times: int = 1) -> int:
    """How many of so many requests go through at that moment."""
    for number in range(times):
        if allowance.wait(now, urgency) > 0:
            return number
        allowance.asked(now)
    return times


def busiest_minute(times: list[float]) -> int:
    return max((sum(at - MINUTE < t <= at for t in times) for at in times), default=0)


@given(st.sampled_from([1.0, 4.0, 6.0, 7.5, 60.0, 300.0]), EVENTS)
def test_no_minute_ever_holds_more_requests_than_the_limit(
    limit: float, events: list[tuple[float, Urgency, int, bool]]
) -> None:
    allowance, now, asked = Allowance(limit), 0.0, []
    for gap, urgency, wanted, is_refused in events:
        now += gap
        asked += [now] * ask(allowance, now, urgency, wanted)
        if is_refused:
            allowance.refused(now, None)
        assert allowance.per_minute(now) <= limit
    assert busiest_minute(asked) <= limit


def test_a_repair_never_waits_but_is_counted() -> None:
    allowance = Allowance(6.0)
    ask(allowance, 0.0, Urgency.HEARTBEAT, 6)
    assert allowance.wait(1.0, Urgency.HEARTBEAT) > 0
    assert ask(allowance, 1.0, Urgency.REPAIR) == 1
    assert allowance.wait(60.5, Urgency.HEARTBEAT, 6) == pytest.approx(0.5)


@given(EVENTS)
def test_what_is_asked_for_again_after_the_wait_is_allowed(
    events: list[tuple[float, Urgency, int, bool]],
) -> None:
    allowance, now = Allowance(60), 0.0
    for gap, urgency, wanted, is_refused in events:
        now += gap
        ask(allowance, now, urgency, wanted)
        if is_refused:
            allowance.refused(now, None)
        wait = allowance.wait(now, urgency)
        assert wait <= MINUTE * FEWEST_IN_A_WINDOW / LEAST
        assert allowance.wait(now + wait + 1e-6, urgency) == 0


@given(st.floats(LEAST, 300), st.lists(st.floats(0, 5), max_size=100), st.floats(0, 5))
def test_a_heartbeat_never_waits_behind_syncs(limit: float, gaps: list[float], then: float) -> None:
    allowance, now = Allowance(limit), 0.0
    for gap in gaps:
        now += gap
        for urgency in (Urgency.SYNC, Urgency.CLAIM, Urgency.OUTCOME):
            ask(allowance, now, urgency, 100)
    assert allowance.wait(now + then, Urgency.HEARTBEAT) == 0


@pytest.mark.parametrize("limit", [6, 10, 60, 300])
def test_the_more_urgent_the_more_of_the_allowance_is_open(limit: float) -> None:
    room = [
        ask(Allowance(limit), 0.0, urgency, 1000)
        for urgency in (Urgency.SYNC, Urgency.CLAIM, Urgency.OUTCOME, Urgency.HEARTBEAT)
    ]
    assert room == sorted(room)
    assert room[0] < room[2] < room[3] == limit


def test_where_no_limit_is_known_nothing_waits() -> None:
    allowance = Allowance()
    assert ask(allowance, 0.0, Urgency.SYNC, 5000) == 5000
    assert allowance.pace(0.0) == 0
    assert allowance.is_unlimited


def test_the_first_refusal_where_no_limit_was_known_is_measured_by_what_was_asked() -> None:
    allowance = Allowance()
    ask(allowance, 0.0, Urgency.SYNC, 500)
    ask(allowance, 100.0, Urgency.SYNC, 50)
    allowance.refused(110.0, None)
    assert allowance.per_minute(110.0) == pytest.approx(35)
    assert allowance.per_minute(110.0 + 600) > 40


def test_a_limit_that_a_refusal_names_is_kept_from_then_on() -> None:
    allowance = Allowance()
    ask(allowance, 0.0, Urgency.SYNC, 500)
    allowance.refused(1.0, 60.0)
    assert allowance.per_minute(1.0) == pytest.approx(42)
    assert allowance.per_minute(1.0 + 24 * 3600) == 60


def test_a_crowd_of_refusals_at_once_is_one_cut_and_quiet_minutes_win_it_back() -> None:
    allowance = Allowance(60)
    for second in range(10):
        allowance.refused(float(second), None)
    assert allowance.per_minute(10.0) == pytest.approx(42, abs=0.3)
    allowance.refused(30.0, None)
    assert allowance.per_minute(30.0) == pytest.approx(30, abs=0.5)
    assert allowance.per_minute(30.0 + 10 * MINUTE) < 50
    assert allowance.per_minute(30.0 + 60 * MINUTE) == 60


def test_a_worker_in_the_worst_of_crowds_keeps_enough_for_heartbeats() -> None:
    allowance = Allowance(60)
    for number in range(50):
        allowance.refused(30.0 * number, None)
    now = 30.0 * 49
    assert allowance.per_minute(now) == LEAST
    assert ask(allowance, now, Urgency.CLAIM, 5) >= 4  # a claim still fits: it goes on meanwhile
    assert ask(allowance, now, Urgency.HEARTBEAT) == 1


def test_syncs_come_evenly() -> None:
    assert Allowance(60).pace(0.0) == pytest.approx(60 / 42)


# ------------------------------------------------------------ many workers, one account


@dataclass
class Quota:
    """Google's: so many requests in the last minute, whoever makes them."""

    per_minute: int = 60
    _times: deque[float] = field(default_factory=deque)
    refused: int = 0

    def accepts(self, now: float) -> bool:
        while self._times and self._times[0] <= now - MINUTE:
            self._times.popleft()
        if len(self._times) >= self.per_minute:
            self.refused += 1
            return False
        self._times.append(now)
        return True


def share_of_each(workers: int, *, hours: float, seed: int) -> tuple[list[int], Quota]:
    """How many requests each of some workers gets through in the second half of the time.

    All sync as fast as their allowance lets them, and don't know of each other.
    """
    rng, quota = random.Random(seed), Quota()
    allowances = [Allowance(60) for _ in range(workers)]
    done = [0] * workers
    turns = [(rng.uniform(0, 30), worker, 0) for worker in range(workers)]
    heapq.heapify(turns)
    while turns[0][0] < hours * 3600:
        now, worker, refusals = heapq.heappop(turns)
        mine = allowances[worker]
        wait = mine.wait(now, Urgency.SYNC)
        if wait == 0:
            mine.asked(now)
            wait = mine.pace(now) * rng.uniform(0.9, 1.1)
            if quota.accepts(now):
                refusals = 0
                done[worker] += now > hours * 1800
            else:
                mine.refused(now, None)
                refusals += 1
                wait = mine.pace(now) + rng.uniform(0, min(60.0, 2.0**refusals))
        heapq.heappush(turns, (now + wait + 1e-6, worker, refusals))
    return done, quota


@pytest.mark.parametrize("workers", [2, 5, 12])
@pytest.mark.parametrize("seed", [1, 2])
def test_workers_that_do_not_know_of_each_other_settle_at_fair_shares(
    workers: int, seed: int
) -> None:
    done, quota = share_of_each(workers, hours=4, seed=seed)
    fair = 60 * 120 / workers
    assert min(done) > 0.6 * fair
    assert max(done) < 1.4 * fair
    assert sum(done) > 0.75 * 60 * 120  # together they use what there is
    assert quota.refused < 0.12 * 60 * 240


def test_a_worker_that_is_alone_uses_what_syncs_may_and_is_never_refused() -> None:
    done, quota = share_of_each(1, hours=1, seed=1)
    assert quota.refused == 0
    assert done[0] > 0.65 * 60 * 30
