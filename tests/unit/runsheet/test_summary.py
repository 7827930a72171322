"""How far a queue is: what counts, who is alive, when it ends."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.runsheet.lifecycle import State
from gsheet_ml_scheduler.runsheet.summary import (
    RunFacts,
    duration_seconds,
    progress,
    start_time,
    summarize,
)

NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=timezone.utc)


def at(minutes: float) -> str:
    """A point in time so many minutes ago, as a cell shows it."""
    return f"{NOW - timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}Z"


def running(
    worker: str, status: str = "running", *, since: float = 5, lease: float = -5
) -> RunFacts:
    return RunFacts(status, worker, f"{worker} until {at(lease)}", at(since))


def done(took: str, ago: float) -> RunFacts:
    seconds = duration_seconds(took) or 0
    return RunFacts("done", "dF53M7", "", at(ago + seconds / 60), took)


READY = RunFacts("ready", "")


def test_runs_are_counted_by_state_and_one_being_claimed_runs() -> None:
    found = summarize(
        [
            READY,
            RunFacts("claimed by dF53M7 2026-11-22 09:59:59Z 3f9a", ""),
            RunFacts("epoch 3", "dF53M7"),
            RunFacts("failed: ValueError: x", "dF53M7"),
            RunFacts("an idea", ""),
        ],
        NOW,
    )
    assert found.counts == {State.READY: 1, State.RUNNING: 2, State.FAILED: 1, State.DRAFT: 1}


def test_a_worker_is_alive_while_its_lease_holds_by_the_servers_time() -> None:
    found = summarize(
        [
            running("aaaaaa", lease=-1),
            running("bbbbbb", lease=0),
            running("cccccc", lease=0.1),
            RunFacts("running", "dddddd", "soon"),
            RunFacts("done", "eeeeee", f"eeeeee until {at(-5)}"),
        ],
        NOW,
    )
    assert found.alive == {"aaaaaa", "bbbbbb"}
    assert found.silent == {"cccccc"}
    assert found.unleased == {"dddddd"}


def test_a_worker_with_several_runs_counts_once_and_as_alive() -> None:
    found = summarize([running("aaaaaa"), running("aaaaaa", lease=1)], NOW)
    assert found.alive == {"aaaaaa"}
    assert not found.silent


def test_throughput_is_what_was_done_within_the_last_hour() -> None:
    runs = [done("0:10:00", ago) for ago in (1, 5, 59, 61, 300)]
    runs.append(RunFacts("failed: x", "dF53M7", "", at(2), "0:00:01"))
    assert summarize(runs, NOW).per_hour == pytest.approx(3)


def test_throughput_of_a_queue_that_began_lately_is_not_diluted() -> None:
    runs = [done("0:10:00", 0), done("0:05:00", 5)]
    assert summarize(runs, NOW).per_hour == pytest.approx(12)


def test_nothing_is_said_where_nothing_is_known() -> None:
    for runs in ([], [READY], [READY, RunFacts("running", "aaaaaa")], [done("soon", 3)]):
        found = summarize(runs, NOW)
        assert (found.per_hour, found.end) == (None, None)


def test_the_end_is_when_the_ready_runs_have_gone_through_the_slots_of_now() -> None:
    runs = [done("0:10:00", 30), running("aaaaaa", since=4), running("bbbbbb", since=9)]
    # bbbbbb is free in 1 min, aaaaaa in 6: 1+10, 6+10, 11+10 minutes
    end = summarize([*runs, READY, READY, READY], NOW).end
    assert end == NOW + timedelta(minutes=21)


def test_a_run_that_takes_longer_than_usual_ends_any_moment() -> None:
    assert summarize([done("0:10:00", 30), running("aaaaaa", since=25)], NOW).end == NOW


def test_progress_tells_more_than_the_other_runs() -> None:
    runs = [done("0:10:00", 30), running("aaaaaa", "3/12", since=15)]
    assert summarize(runs, NOW).end == NOW + timedelta(minutes=45)


def test_the_first_runs_progress_is_enough_to_estimate_by() -> None:
    runs = [running("aaaaaa", "1/4", since=10), READY]
    assert summarize(runs, NOW).end == NOW + timedelta(minutes=30 + 40)


def test_a_silent_workers_run_is_no_slot() -> None:
    runs = [done("0:10:00", 30), running("aaaaaa", lease=1), READY]
    assert summarize(runs, NOW).end is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0:00:05", 5),
        ("1:02:03", 3723),
        ("2 days, 1:00:00", 176400),
        ("90", 90),
        ("1.5", 1.5),
        ("", None),
        ("a while", None),
        ("-3", None),
        ("inf", None),
        ("nan", None),
    ],
)
def test_a_duration_is_read_as_it_is_written(text: str, seconds: float | None) -> None:
    assert duration_seconds(text) == seconds


@given(st.timedeltas(timedelta(0), timedelta(days=400)))
def test_every_duration_that_is_written_is_read(duration: timedelta) -> None:
    whole = timedelta(seconds=round(duration.total_seconds()))
    assert duration_seconds(str(whole)) == whole.total_seconds()


def test_a_start_is_read_as_it_is_written() -> None:
    assert start_time(at(0)) == NOW
    assert start_time("yesterday") is None


@given(
    st.lists(
        st.builds(
            RunFacts,
            st.sampled_from(["ready", "done", "3/4", "100%", "0/0", "failed: x", "lost", ""]),
            st.sampled_from(["", "aaaaaa", "bbbbbb"]),
            st.sampled_from(["", f"aaaaaa until {at(-3)}", f"bbbbbb until {at(3)}", "x"]),
            st.sampled_from(["", at(90), at(1), at(-1), "x"]),
            st.sampled_from(["", "0:30:00", "0", "x"]),
        ),
        max_size=12,
    )
)
def test_any_rows_are_summed_up_and_the_end_is_never_in_the_past(runs: list[RunFacts]) -> None:
    found = summarize(runs, NOW)
    assert sum(found.counts.values()) == len(runs)
    assert found.end is None or found.end >= NOW
    assert found.per_hour is None or found.per_hour > 0
    assert not found.alive & found.silent and not found.alive & found.unleased


@pytest.mark.parametrize(
    ("status", "share"),
    [
        ("running 3/20", 0.15),
        ("epoch 20 / 20", 1.0),
        ("running 40 %", 0.4),
        ("12,5% of it", 0.125),
        ("running 0/0", None),
        ("running", None),
        ("running 30/20", 1.0),
    ],
)
def test_progress_is_read_from_the_status(status: str, share: float | None) -> None:
    assert progress(status) == (None if share is None else pytest.approx(share))


@given(st.text())
def test_progress_of_any_text_is_a_share_or_nothing(status: str) -> None:
    share = progress(status)
    assert share is None or 0 <= share <= 1
