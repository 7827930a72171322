"""The states of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.runsheet import lifecycle
from gsheet_ml_scheduler.runsheet.lifecycle import TRANSITIONS, Event, State, after, state_of


def test_every_state_can_be_reached_from_a_draft() -> None:
    reached = {State.DRAFT}
    while True:
        more = {then for (state, _), then in TRANSITIONS.items() if state in reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(State)


def test_every_run_that_ended_can_be_made_ready_again_by_a_person() -> None:
    for state in lifecycle.ENDED:
        assert after(state, Event.MARKED_READY) is State.READY


def test_a_run_that_is_held_can_always_be_taken_back_fail_or_be_requeued() -> None:
    for state in lifecycle.HELD:
        assert after(state, Event.TAKEN_BACK) is State.DRAFT
        assert after(state, Event.RAISED) is State.FAILED
        assert after(state, Event.REQUEUED) is State.READY


def test_a_life_without_trouble() -> None:
    state = State.DRAFT
    for event in (Event.MARKED_READY, Event.CLAIMED, Event.CONFIRMED, Event.SYNCED, Event.FINISHED):
        state = after(state, event)
    assert state is State.DONE


def test_what_cannot_happen_is_not_in_the_table() -> None:
    with pytest.raises(KeyError):
        after(State.DONE, Event.CLAIMED)


@pytest.mark.parametrize(
    ("status", "worker", "state"),
    [
        ("ready", "", State.READY),
        ("ready", "dF53M7", State.RUNNING),
        ("claimed by dF53M7 2026-11-22 10:15:03Z 3f9a", "", State.CLAIMED),
        ("running", "dF53M7", State.RUNNING),
        ("3/10", "dF53M7", State.RUNNING),
        ("done", "dF53M7", State.DONE),
        ("failed: ValueError: bad shape", "dF53M7", State.FAILED),
        ("stopped", "x", State.STOPPED),
        ("killed", "x", State.KILLED),
        ("lost", "x", State.LOST),
        ("", "", State.DRAFT),
        ("try later", "", State.DRAFT),
    ],
)
def test_a_row_says_its_state(status: str, worker: str, state: State) -> None:
    assert state_of(status, worker) is state


@given(st.text())
def test_a_failure_is_one_line_that_is_read_as_failed(message: str) -> None:
    text = lifecycle.failed_text(ValueError(message))
    assert "\n" not in text
    assert len(text) <= 408
    assert state_of(text, "w") is State.FAILED


def test_a_failure_says_its_kind_and_message() -> None:
    assert lifecycle.failed_text(ValueError("bad\n shape")) == "failed: ValueError: bad shape"
    assert lifecycle.failed_text(KeyError()) == "failed: KeyError"


def test_every_state_has_a_colour_or_none() -> None:
    colors = lifecycle.default_colors()
    assert set(lifecycle.COLOR_NAMES) == set(State)
    assert {name for name in lifecycle.COLOR_NAMES.values() if name} <= set(colors)
    assert colors["running"] == (1.0, 0.93, 0.8)
    assert colors["done"] == (0.8, 0.9, 1.0)
