"""How a script ended -> what its row says.

Decided here: exit codes and signals as statuses, what was asked for as a status of its own, and
which line of the output is the error. Pure. Elsewhere: who asked and when (`working`), who ended
the script (`supervisor`), the colours (`runsheet.lifecycle`).
"""

import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from gsheet_ml_scheduler.runsheet.lifecycle import State

LONGEST_ERROR = 400
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")
_EXCEPTION = re.compile(
    r"^(?:\[?[\w.:-]+\]?:\s*)?(?:[A-Za-z_]\w*\.)*"
    r"[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Failure|Timeout)\b(?::|$)"
)
_SAYS_ERROR = re.compile(
    r"\b(?:error|fatal|panic|abort(?:ed)?|segmentation fault|core dumped|command not found|"
    r"out of memory|killed|no such file)\b",
    re.IGNORECASE,
)


class Asked(Enum):
    """What the agent asked a script to do before it ended."""

    NOTHING = "nothing"
    STOP = "stop"
    KILL = "kill"
    REQUEUE = "requeue"
    GIVE_UP = "give up"
    """The run isn't ours any more: nothing is written."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a script's process ended: its exit code, or minus the signal that ended it."""

    code: int
    last_words: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is written to the row; no state means that the run goes back to `ready`."""

    state: State | None
    status: str
    error: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether it counts as a failure."""
        return self.state is State.FAILED


def outcome_of(ended: Ended, asked: Asked) -> Outcome:
    """What becomes of a run whose script has ended."""
    if asked is Asked.REQUEUE:
        return Outcome(None, "ready")
    if asked is Asked.KILL:
        return Outcome(State.KILLED, "killed")
    if asked is Asked.STOP:
        return Outcome(State.STOPPED, "stopped")
    if ended.code == 0:
        return Outcome(State.DONE, "done")
    return failed(how(ended.code), error_line(ended.last_words))


def failed(why: str, error: str = "") -> Outcome:
    """A run that failed: the reason in its status, the line of the output in `error`."""
    return Outcome(State.FAILED, f"failed: {why}", error or why)


def in_words(outcome: Outcome | None) -> str:
    """What a row ought to say, for a person who has to write it there."""
    if outcome is None or outcome.state is None:
        return "it is to be 'ready' again"
    return f"it ended: {outcome.status!r}"


def how(code: int) -> str:
    """How a process ended, in words: `exit 1`, `killed by SIGSEGV`."""
    if code >= 0:
        return f"exit {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def error_line(output: str) -> str:
    """The line of an output's end that says best what went wrong; empty if it says nothing.

    The last line that is an exception's; else the last that speaks of an error; else the last.

    >>> error_line("Traceback (most recent call last):\\nValueError: bad shape\\n\\n")
    'ValueError: bad shape'
    """
    lines = [line for line in map(_readable, _lines(output)) if line]
    for pattern in (_EXCEPTION, _SAYS_ERROR):
        found = next((line for line in reversed(lines) if pattern.search(line)), "")
        if found:
            return _cut(found)
    return _cut(lines[-1]) if lines else ""


def _lines(output: str) -> Iterable[str]:
    return re.split(r"[\r\n]+", output)


def _readable(line: str) -> str:
    return " ".join(_CONTROL.sub(" ", _ANSI.sub("", line)).split())


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_ERROR else f"{line[: LONGEST_ERROR - 1]}…"
