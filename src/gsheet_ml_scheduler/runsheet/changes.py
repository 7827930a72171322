"""What somebody who isn't a run's worker may do to it: command, retry, cancel, set. Pure.

Decided here: for each of these and each state, which cells change, or why nothing can be done. A
held run is its worker's: one asks for what is wanted, in the `command` cell, and the worker obeys.
A run that nobody holds is changed at once. Elsewhere: who writes, and how the row is proven to be
the one that was meant (`editing.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gsheet_ml_scheduler.errors import ConfigError
from gsheet_ml_scheduler.runsheet.columns import (
    ATTEMPT,
    COMMAND,
    DURATION,
    ERROR,
    HOST,
    LEASE,
    STARTED,
    STATUS,
    WORKER_NAME,
    Columns,
    Row,
)
from gsheet_ml_scheduler.runsheet.commands import Command, applies
from gsheet_ml_scheduler.runsheet.lifecycle import ENDED, HELD, READY, State, state_of
from gsheet_ml_scheduler.runsheet.values import Scalar, text_of


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written to a run's row.

    Args:
        cells: the new values by column; `""` empties a cell.
        says: what that means, in words.
        state: the state that the row says afterwards, for its colour; None if it stays.
        from_ready: whether it holds only for a run that nobody has claimed until then.
    """

    cells: Mapping[str, Scalar]
    says: str
    state: State | None = None
    from_ready: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is done, in words that follow the run's name."""

    because: str


Decide = Callable[[Columns, Row], Change | Refusal]
"""From a row and its header to what is done."""

_FORGOTTEN = (LEASE, ATTEMPT, COMMAND, ERROR, STARTED, DURATION, HOST)
"""What an earlier attempt left behind, where the columns are."""

_ALREADY = {
    Command.STOP: (State.STOPPING,),
    Command.PAUSE: (State.PAUSING, State.PAUSED),
    Command.RESUME: (State.RUNNING,),
}
_BLANK = "(blank)"
_ASKED = {
    Command.STOP: "asked to stop after this step",
    Command.KILL: "asked to end now",
    Command.PAUSE: "asked to pause",
    Command.RESUME: "asked to go on",
    Command.REQUEUE: "asked to give the run back",
}


def commanding(command: Command) -> Decide:
    """Ask the worker of a held run for something."""

    def decide(columns: Columns, row: Row) -> Change | Refusal:
        state = _state(columns, row)
        if state not in HELD:
            return Refusal(_not_held(state, command))
        if not applies(command, state):
            already = " already" if state in _ALREADY.get(command, ()) else ""
            return Refusal(f"is {state.value}{already}")
        at = columns.feature(COMMAND)
        if at is not None and columns.text(row, at).strip().lower() == command.value:
            return Refusal(f"has been asked to {command.value} already")
        worker = columns.text(row, columns.worker_name)
        return Change({COMMAND: command.value}, f"worker {worker} {_ASKED[command]}")

    return decide


def retrying(columns: Columns, row: Row) -> Change | Refusal:
    """Back to `ready`, for a run that has ended: as if it had never been claimed."""
    state = _state(columns, row)
    if state is State.DRAFT:
        return Refusal("is a draft; write ready into its status when it is one no more")
    if state not in ENDED:
        if state in HELD:
            return Refusal(f"is {state.value}; gsheet-ml requeue asks its worker to give it back")
        return Refusal(f"is {state.value} already")
    forgotten = columns.features(dict.fromkeys(_FORGOTTEN, ""))
    return Change(
        {STATUS: READY, WORKER_NAME: "", **forgotten},
        f"ready again; it was {columns.text(row, columns.status)}",
        state=State.READY,
    )


def cancelling(columns: Columns, row: Row) -> Change | Refusal:
    """Off the queue: `stopped` for a run that is ready, a `kill` for one that a worker holds."""
    state = _state(columns, row)
    if state in HELD:
        return commanding(Command.KILL)(columns, row)
    if state is State.CLAIMED:
        return Refusal("is being claimed this very moment; ask again")
    if state is not State.READY:
        return Refusal(f"is {_article(state)}, so there is nothing to cancel")
    return Change(
        {STATUS: State.STOPPED.value},
        "cancelled before it began",
        state=State.STOPPED,
        from_ready=True,
    )


def setting(values: Mapping[str, Scalar]) -> Decide:
    """New values, whatever state the run is in: the same as typing them into its cells."""

    def decide(columns: Columns, row: Row) -> Change | Refusal:
        before = {key: columns.text(row, columns.ids[key]) for key in values if key in columns.ids}
        said = [
            f"{key} {old or _BLANK} → {text_of(values[key]) or _BLANK}"
            for key, old in before.items()
        ]
        return Change(values, ", ".join(said))

    return decide


def require_command_column(columns: Columns) -> None:
    """See that the column for commands, if there is one, isn't a hyperparameter.

    Raises:
        ConfigError: it is.
    """
    if COMMAND in columns.ids and columns.feature(COMMAND) is None:
        raise ConfigError(
            f"{columns.sheet}: the column {COMMAND!r} is a hyperparameter, so workers don't take "
            "commands from it. Put N/A into its line 2."
        )


def _state(columns: Columns, row: Row) -> State:
    status, worker = columns.text(row, columns.status), columns.text(row, columns.worker_name)
    return state_of(status, worker)


def _not_held(state: State, command: Command) -> str:
    if state is State.READY:
        return (
            f"is ready, so nobody can {command.value} it; gsheet-ml cancel takes it off the queue"
        )
    if state is State.CLAIMED:
        return "is being claimed this very moment; ask again"
    return f"is {_article(state)}, so there is nothing to {command.value}"


def _article(state: State) -> str:
    return "a draft" if state is State.DRAFT else state.value
