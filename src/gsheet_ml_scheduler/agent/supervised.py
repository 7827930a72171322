"""The agent's end of a supervisor: starts one, tells it what to do, hears what happens.

Decided here: how a supervisor is started, and what is done if it dies. Never waits. Elsewhere: what
the supervisor does (`supervisor`), what follows from it (`working`).
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gsheet_ml_scheduler
from gsheet_ml_scheduler.agent.grace import Ending
from gsheet_ml_scheduler.agent.outcomes import Ended

_PIECE = 64 * 1024
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from gsheet_ml_scheduler.agent.supervisor import main; main()"
)
_PACKAGES = str(Path(gsheet_ml_scheduler.__file__).parents[1])


@dataclass(frozen=True, slots=True)
class Order:
    """What a supervisor starts, and how it treats it."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    """What is added to the agent's own."""
    folder: str
    grace: float
    log_bytes: int
    heading: str = ""
    """A line for the log, before the script's own."""


class Supervised:
    """A supervisor, and the script that it is told to start.

    The script runs until `ended` or `refused` is set.
    """

    def __init__(self) -> None:
        """Starts a supervisor, which waits for its order.

        Raises:
            OSError: no process can be started.
        """
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [sys.executable, "-I", "-S", "-c", _PROGRAM, _PACKAGES],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout  # noqa: S101 - both are pipes
        self._commands = self._process.stdin.fileno()
        self._events = self._process.stdout.fileno()
        os.set_blocking(self._events, False)
        self._heard = b""
        self.pid = 0
        self.ended: Ended | None = None
        self.refused: str | None = None
        self.seconds = 0.0
        self.metrics: dict[str, Any] = {}
        self.notices: list[str] = []

    def start(self, order: Order) -> None:
        """Orders the script; whether it could be started is heard later."""
        self._tell(asdict(order))

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.ended is not None or self.refused is not None

    def fileno(self) -> int:
        """Can be read when something happened."""
        return self._events

    def end(self, ending: Ending) -> None:
        """Has the script ended so; what was asked for earlier and comes first still holds."""
        self._tell({"end": [ending.term, ending.kill]})

    def pause(self) -> None:
        """Stops the script and its children where they are."""
        self._tell({"signal": int(signal.SIGSTOP)})

    def resume(self) -> None:
        """Lets them go on."""
        self._tell({"signal": int(signal.SIGCONT)})

    def listen(self) -> None:
        """Takes note of what has happened since the last time."""
        while not self.is_over:
            try:
                piece = os.read(self._events, _PIECE)
            except BlockingIOError:
                return
            if not piece:
                self._bury()
                return
            *lines, self._heard = (self._heard + piece).split(b"\n")
            for line in lines:
                self._hear(json.loads(line))

    def _hear(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "started":
            self.pid = event["pid"]
        elif kind == "notice":
            self.notices.append(event["text"])
        elif kind == "metrics":
            self.metrics.update(event["values"])
        elif kind == "refused":
            self.refused = str(event["why"])
            self._close()
        elif kind == "ended":
            self.seconds = event["seconds"]
            self.ended = Ended(event["code"], event["last_words"])
            self._close()

    def dismiss(self) -> None:
        """Ends a supervisor that was never given an order."""
        self._close()

    def abandon(self) -> None:
        """Kills the supervisor too: it hasn't ended its script in time."""
        self._process.kill()
        self._bury()

    def _bury(self) -> None:
        """The supervisor itself was killed: its script and children are, too."""
        if self.pid:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):  # gone already
                self.pid = 0
        self.ended = Ended(-signal.SIGKILL, "The process that watched over the script was killed.")
        self._close()

    def _tell(self, message: Mapping[str, Any]) -> None:
        if self.is_over:
            return
        try:
            _write_all(self._commands, json.dumps(message).encode() + b"\n")
        except BrokenPipeError:  # it has died; `listen` hears of it
            return

    def _close(self) -> None:
        assert self._process.stdin and self._process.stdout  # noqa: S101 - both are pipes
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Reserve:
    """A supervisor that is ready before it is needed, so that a claimed run starts at once."""

    def __init__(self) -> None:
        """Nobody is ready yet."""
        self._spare: Supervised | None = None

    def take(self) -> Supervised:
        """One that is ready, or a new one.

        Raises:
            OSError: no process can be started.
        """
        spare, self._spare = self._spare, None
        return spare or Supervised()

    def fill(self) -> None:
        """Makes one ready, if there is time for that."""
        if self._spare is None:
            with contextlib.suppress(OSError):  # whoever needs one hears why it can't be had
                self._spare = Supervised()

    def dismiss(self) -> None:
        """Nobody is needed any more."""
        if self._spare is not None:
            self._spare.dismiss()
            self._spare = None


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
