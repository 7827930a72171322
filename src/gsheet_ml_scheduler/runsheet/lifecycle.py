"""The states of a run, as one table; their colours; status texts <-> states.

    draft --marked ready--> ready --claimed--> claimed --confirmed--> running --finished--> done
                              ^                   |                      |
                              +--- not confirmed, abandoned, requeued ---+

Decided here: which event leads where (`TRANSITIONS`), how a state is recognised in a row, what
colour it has. Elsewhere: when an event has happened (`claims.py`) and who writes it down.
Any status text that isn't one of ours belongs to a person, or is a running worker's own.
"""

from collections.abc import Iterable
from enum import Enum

READY = "ready"
RUNNING = "running"
DONE = "done"
NOT_A_KEY = "N/A"
"""Line 2 of a column that is no config key says this."""

Rgb = tuple[float, float, float]


class State(Enum):
    """Where a run is in its life."""

    DRAFT = "draft"
    READY = "ready"
    CLAIMED = "claimed"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"
    KILLED = "killed"
    FAILED = "failed"
    LOST = "lost"


class Event(Enum):
    """What can happen to a run."""

    MARKED_READY = "a person writes ready"
    CLAIMED = "compared and pinned"
    CONFIRMED = "the claim is confirmed"
    NOT_CONFIRMED = "the claim isn't confirmed"
    ABANDONED = "the claim is older than two minutes"
    SYNCED = "synced"
    FINISHED = "finished"
    RAISED = "the training raised"
    STOP = "command stop"
    KILL = "command kill"
    PAUSE = "command pause"
    RESUME = "command resume"
    REQUEUED = "requeued"
    LEASE_LAPSED = "the lease lapsed"
    ATTEMPTS_USED_UP = "the lease lapsed for the last time"
    TAKEN_BACK = "a person takes it back"
    CANCELLED = "a person cancels it"
    ROW_DELETED = "the row is deleted"


HELD = (State.RUNNING, State.PAUSING, State.PAUSED, State.STOPPING)
"""States in which a worker owns the run."""
ENDED = (State.DONE, State.STOPPED, State.KILLED, State.FAILED, State.LOST)
"""States that only a person ends, by writing `ready` again."""


def _each(states: Iterable[State], rules: dict[Event, State]) -> dict[tuple[State, Event], State]:
    return {(state, event): then for state in states for event, then in rules.items()}


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.DRAFT, Event.MARKED_READY): State.READY,
    **_each(ENDED, {Event.MARKED_READY: State.READY}),
    (State.READY, Event.CLAIMED): State.CLAIMED,
    (State.READY, Event.TAKEN_BACK): State.DRAFT,
    (State.READY, Event.CANCELLED): State.STOPPED,
    (State.CLAIMED, Event.CONFIRMED): State.RUNNING,
    (State.CLAIMED, Event.NOT_CONFIRMED): State.READY,
    (State.CLAIMED, Event.ABANDONED): State.READY,
    (State.CLAIMED, Event.TAKEN_BACK): State.DRAFT,
    (State.CLAIMED, Event.RAISED): State.FAILED,
    **_each(
        HELD,
        {
            Event.RAISED: State.FAILED,
            Event.KILL: State.KILLED,
            Event.REQUEUED: State.READY,
            Event.LEASE_LAPSED: State.READY,
            Event.ATTEMPTS_USED_UP: State.LOST,
            Event.TAKEN_BACK: State.DRAFT,
        },
    ),
    (State.RUNNING, Event.SYNCED): State.RUNNING,
    (State.RUNNING, Event.FINISHED): State.DONE,
    (State.RUNNING, Event.STOP): State.STOPPING,
    (State.RUNNING, Event.PAUSE): State.PAUSING,
    (State.PAUSING, Event.SYNCED): State.PAUSED,
    (State.PAUSING, Event.FINISHED): State.DONE,
    (State.PAUSING, Event.RESUME): State.RUNNING,
    (State.PAUSING, Event.STOP): State.STOPPING,
    (State.PAUSED, Event.SYNCED): State.PAUSED,
    (State.PAUSED, Event.RESUME): State.RUNNING,
    (State.PAUSED, Event.STOP): State.STOPPING,
    (State.STOPPING, Event.SYNCED): State.STOPPING,
    (State.STOPPING, Event.FINISHED): State.STOPPED,
    **_each((s for s in State if s is not State.LOST), {Event.ROW_DELETED: State.LOST}),
}


def after(state: State, event: Event) -> State:
    """The state that an event leads to.

    Raises:
        KeyError: the event can't happen in that state.
    """
    return TRANSITIONS[state, event]


_FINAL_WORDS = {state.value: state for state in ENDED}
_HELD_WORDS = {state.value: state for state in HELD}


def state_of(status: str, worker_name: str) -> State:
    """How a row's own text is read.

    >>> state_of("failed: ValueError: bad shape", "dF53M7")
    <State.FAILED: 'failed'>
    """
    if status == READY:
        return State.READY if not worker_name else State.RUNNING
    if status.startswith(TOKEN_STARTS):
        return State.CLAIMED
    word = status.partition(":")[0].strip()
    if word in _FINAL_WORDS:
        return _FINAL_WORDS[word]
    return _HELD_WORDS.get(status, State.RUNNING) if worker_name else State.DRAFT


TOKEN_STARTS = ("claimed by ", "written by ")
"""How the status begins while a row is being claimed, or has just been written."""


def failed_text(error: BaseException, *, longest: int = 400) -> str:
    """The status of a run whose training raised: one line, `failed: ValueError: message`."""
    return f"failed: {error_line(error, longest=longest)}"


def error_line(error: BaseException, *, longest: int = 400) -> str:
    """What went wrong, in one line, for the `error` column."""
    message = " ".join(str(error).split())
    line = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return line if len(line) <= longest else line[: longest - 1] + "…"


def default_colors() -> dict[str, Rgb]:
    """The colours, as (red, green, blue) from 0 to 1; users may change their own copy."""
    return {
        "running": (1.0, 0.93, 0.8),
        "done": (0.8, 0.9, 1.0),
        "failed": (1.0, 0.85, 0.85),
        "default": (0.8, 0.8, 0.8),
        "changed": (0.0, 0.7, 0.12),
        "new_column": (0.9, 0.9, 0.9),
    }


COLOR_NAMES: dict[State, str | None] = {
    State.DRAFT: None,
    State.READY: None,
    **dict.fromkeys((State.CLAIMED, *HELD), "running"),
    State.DONE: "done",
    **dict.fromkeys((State.STOPPED, State.KILLED, State.FAILED, State.LOST), "failed"),
}
"""Which of the colours a row in that state has as its background; None: no colour."""
