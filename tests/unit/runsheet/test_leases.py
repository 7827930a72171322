"""What lease and attempt cells say, and when a lease is over."""

import math
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.runsheet.leases import (
    Lapsed,
    Lease,
    Terms,
    after_a_lapse,
    attempt_number,
    attempt_text,
    is_due,
    is_of,
    lapsed,
    lease_text,
    parse_lease,
)
from gsheet_ml_scheduler.runsheet.lifecycle import State

NOW = datetime(2026, 11, 22, 10, 15, 3, tzinfo=timezone.utc)
TEXT = "dF53M7 until 2026-11-22 10:25:03Z"
WORKERS = st.text(alphabet="abcXYZ019", min_size=6, max_size=6)


def test_a_lease_says_who_and_until_when_by_the_servers_time() -> None:
    assert lease_text("dF53M7", NOW, 600) == TEXT
    assert parse_lease(TEXT) == Lease("dF53M7", NOW + timedelta(minutes=10))


@given(WORKERS, st.integers(1, 10**6), st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1)))
def test_a_lease_survives_being_written_and_read(worker: str, seconds: int, at: datetime) -> None:
    now = at.replace(tzinfo=timezone.utc)
    lease = parse_lease(lease_text(worker, now, seconds))
    until = (now + timedelta(seconds=seconds)).replace(microsecond=0)
    assert lease == Lease(worker, until)
    assert is_of(lease_text(worker, now, seconds), worker)


@pytest.mark.parametrize(
    "cell", ["", "mine", 3, None, True, TEXT + " ", "x until 2026-13-22 10:25:03Z", "until never"]
)
def test_anything_else_is_no_lease(cell: object) -> None:
    assert parse_lease(cell) is None
    assert not is_of(cell, "dF53M7")


def test_a_lease_has_lapsed_only_after_its_last_second() -> None:
    columns = (["3/10"], ["dF53M7"], [TEXT])
    end = NOW + timedelta(minutes=10)
    assert lapsed(*columns, end) == []
    assert lapsed(*columns, end + timedelta(seconds=1)) == [Lapsed(0, TEXT)]


@pytest.mark.parametrize(
    ("status", "worker", "counts"),
    [
        ("running", "dF53M7", True),
        ("paused", "dF53M7", True),
        ("stopping", "dF53M7", True),
        ("ready", "dF53M7", True),
        ("done", "dF53M7", False),
        ("failed: OSError", "dF53M7", False),
        ("running", "", False),
        ("ready", "", False),
    ],
)
def test_only_a_held_run_can_lose_its_worker(status: str, worker: str, *, counts: bool) -> None:
    found = lapsed([status], [worker], [TEXT], NOW + timedelta(days=1))
    assert bool(found) is counts


@given(st.lists(st.sampled_from(["", TEXT, "note"])), st.integers(0, 5), st.integers(0, 5))
def test_columns_that_end_at_different_rows_are_no_trouble(
    leases: list[str], statuses: int, workers: int
) -> None:
    found = lapsed(["running"] * statuses, ["dF53M7"] * workers, leases, NOW + timedelta(days=1))
    ours = min(len(leases), workers)
    assert [one.at for one in found] == [at for at in range(ours) if leases[at] == TEXT]


def test_a_heartbeat_is_due_before_a_fifth_of_the_lease_is_over() -> None:
    terms = Terms(600)
    assert terms.heartbeat == timedelta(minutes=2)
    assert not is_due(TEXT, NOW + timedelta(seconds=80), terms)
    assert is_due(TEXT, NOW + timedelta(seconds=100), terms)
    assert not is_due("", NOW, terms)


@pytest.mark.parametrize(
    ("cell", "number"), [("2/3", 2), (2, 2), ("", 1), ("x", 1), (2.0, 2), ("0/3", 1), ("-1", 1)]
)
def test_an_attempt_cell_is_read_as_people_type_it(cell: object, number: int) -> None:
    assert attempt_number(cell) == number


@given(st.integers(1, 50), st.integers(1, 50))
def test_a_run_is_tried_as_often_as_it_was_said_and_then_lost(attempts: int, first: int) -> None:
    terms = Terms(attempts=attempts)
    text, tries = attempt_text(first, terms), 1
    while True:
        then, text = after_a_lapse(text, terms)
        if then is State.LOST:
            break
        tries += 1
    assert tries == max(1, attempts - first + 1)


@pytest.mark.parametrize(
    "terms", [{"seconds": 0.5}, {"seconds": math.nan}, {"seconds": math.inf}, {"attempts": 0}]
)
def test_terms_that_cannot_be_meant_are_refused(terms: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"a second at least|too few"):
        Terms(**terms)  # type: ignore[arg-type]
