"""What may be done to a run in each state, by somebody who isn't its worker."""

from typing import Any

import pytest

from gsheet_ml_scheduler.errors import ConfigError
from gsheet_ml_scheduler.runsheet.changes import (
    Change,
    Decide,
    Refusal,
    cancelling,
    commanding,
    require_command_column,
    retrying,
    setting,
)
from gsheet_ml_scheduler.runsheet.columns import parse
from gsheet_ml_scheduler.runsheet.commands import Command, applies
from gsheet_ml_scheduler.runsheet.lifecycle import ENDED, HELD, TRANSITIONS, Event, State, state_of

NAMES = ["run_name", "status", "worker_name", "lr", "lease", "attempt", "command", "error"]
COLUMNS = parse(NAMES, ["", "N/A", "N/A", 0.1, "N/A", "N/A", "N/A", "N/A"], sheet="sheet 'Runs'")
BARE = parse(NAMES[:4], ["", "N/A", "N/A", 0.1], sheet="sheet 'Runs'")

ROWS: dict[State, list[Any]] = {
    State.DRAFT: ["1", "an idea", ""],
    State.READY: ["1", "ready", ""],
    State.CLAIMED: ["1", "claimed by dF53M7 2026-01-01 10:00:00Z 3f9a", ""],
    State.RUNNING: ["1", "3/20", "dF53M7"],
    State.PAUSING: ["1", "pausing", "dF53M7"],
    State.PAUSED: ["1", "paused", "dF53M7"],
    State.STOPPING: ["1", "stopping", "dF53M7"],
    State.DONE: ["1", "done", "dF53M7"],
    State.STOPPED: ["1", "stopped", "dF53M7"],
    State.KILLED: ["1", "killed", "dF53M7"],
    State.FAILED: ["1", "failed: ValueError: x", "dF53M7"],
    State.LOST: ["1", "lost", "dF53M7"],
}


def test_there_is_a_row_for_every_state() -> None:
    assert {state: state_of(row[1], row[2]) for state, row in ROWS.items()} == {
        state: state for state in State
    }


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", Command)
def test_a_command_is_written_exactly_where_the_table_of_states_has_it(
    command: Command, state: State
) -> None:
    found = commanding(command)(COLUMNS, ROWS[state])
    if state in HELD and applies(command, state):
        assert isinstance(found, Change)
        assert found.cells == {"command": command.value}
        assert found.says.startswith("worker dF53M7 asked to ")
        assert (found.state, found.from_ready) == (None, False)
    else:
        assert isinstance(found, Refusal)


@pytest.mark.parametrize("state", State)
def test_only_a_run_that_has_ended_is_retried(state: State) -> None:
    found = retrying(COLUMNS, [*ROWS[state], 0.3, "lease", "3/3", "stop", "x"])
    if state in ENDED:
        assert isinstance(found, Change)
        assert found.cells == {
            "status": "ready",
            **dict.fromkeys(["worker_name", "lease", "attempt", "command", "error"], ""),
        }
        assert found.state is State.READY
        assert TRANSITIONS[state, Event.MARKED_READY] is State.READY
    else:
        assert isinstance(found, Refusal)


def test_a_retry_empties_only_the_columns_that_are_there() -> None:
    found = retrying(BARE, ROWS[State.FAILED])
    assert isinstance(found, Change)
    assert found.cells == {"status": "ready", "worker_name": ""}
    assert found.says == "ready again; it was failed: ValueError: x"


@pytest.mark.parametrize("state", State)
def test_a_ready_run_is_cancelled_and_a_held_one_killed(state: State) -> None:
    found = cancelling(COLUMNS, ROWS[state])
    if state is State.READY:
        assert isinstance(found, Change)
        assert (found.cells, found.from_ready) == ({"status": "stopped"}, True)
        assert TRANSITIONS[state, Event.CANCELLED] is found.state is State.STOPPED
    elif state in HELD:
        assert isinstance(found, Change)
        assert found.cells == {"command": "kill"}
    else:
        assert isinstance(found, Refusal)


@pytest.mark.parametrize(
    ("decide", "state", "because"),
    [
        (commanding(Command.STOP), State.READY, "gsheet-ml cancel takes it off the queue"),
        (commanding(Command.STOP), State.DONE, "is done, so there is nothing to stop"),
        (commanding(Command.STOP), State.DRAFT, "is a draft, so there is nothing to stop"),
        (commanding(Command.STOP), State.STOPPING, "is stopping already"),
        (commanding(Command.PAUSE), State.PAUSED, "is paused already"),
        (commanding(Command.RESUME), State.RUNNING, "is running already"),
        (commanding(Command.KILL), State.CLAIMED, "is being claimed this very moment"),
        (retrying, State.RUNNING, "gsheet-ml requeue asks its worker to give it back"),
        (retrying, State.READY, "is ready already"),
        (cancelling, State.LOST, "is lost, so there is nothing to cancel"),
        (cancelling, State.CLAIMED, "ask again"),
    ],
)
def test_a_refusal_says_why_and_what_would_help(decide: Decide, state: State, because: str) -> None:
    found = decide(COLUMNS, ROWS[state])
    assert isinstance(found, Refusal)
    assert because in found.because


def test_the_same_command_is_not_written_twice() -> None:
    row = [*ROWS[State.RUNNING], "", "", "", " Stop"]
    assert commanding(Command.STOP)(COLUMNS, row) == Refusal("has been asked to stop already")
    assert isinstance(commanding(Command.KILL)(COLUMNS, row), Change)


def test_set_says_what_was_there() -> None:
    found = setting({"lr": "", "error": 5})(COLUMNS, [*ROWS[State.RUNNING], 0.3])
    assert isinstance(found, Change)
    assert found.says == "lr 0.3 → (blank), error (blank) → 5"


def test_a_hyperparameter_named_command_takes_no_commands() -> None:
    require_command_column(COLUMNS)
    require_command_column(BARE)
    with pytest.raises(ConfigError, match=r"the column 'command' is a hyperparameter, so workers"):
        require_command_column(parse(NAMES, ["", "N/A", "N/A", 0.1], sheet="sheet 'Runs'"))
