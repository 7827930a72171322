"""Commands that people type into a running row's `command` cell.

Decided here: which texts are commands, and what each means for a run in its state. Elsewhere: when
they are read and the cell cleared (`syncing.py`), how training is stopped (`run.py`, `agent`).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from gsheet_ml_scheduler.runsheet.lifecycle import TRANSITIONS, Event, State
from gsheet_ml_scheduler.runsheet.values import text_of


class Command(Enum):
    """What somebody wants of a running run."""

    STOP = "stop"
    """Finish this step, then end."""
    KILL = "kill"
    """End now; it counts as killed."""
    PAUSE = "pause"
    RESUME = "resume"
    REQUEUE = "requeue"
    """End now, for another worker to begin it again."""


EVENTS: Mapping[Command, Event] = {
    Command.STOP: Event.STOP,
    Command.KILL: Event.KILL,
    Command.PAUSE: Event.PAUSE,
    Command.RESUME: Event.RESUME,
    Command.REQUEUE: Event.REQUEUED,
}

KNOWN = ", ".join(command.value for command in Command)


def parse_command(cell: Any) -> Command | None:
    """The command that a cell holds; spaces and case don't matter. None for anything else."""
    try:
        return Command(text_of(cell).strip().lower())
    except ValueError:
        return None


def applies(command: Command, state: State) -> bool:
    """Whether a command changes anything for a run in that state."""
    return (state, EVENTS[command]) in TRANSITIONS
