"""The small process between the agent and one script.

It is there so that nothing is left running whatever becomes of the agent: it holds a pipe to it,
and when that closes, also by `kill -9`, it ends the script and all its children. It also does what
mustn't wait while the agent talks to the sheet: it takes the script's output off its hands, writes
it to `output.log`, finds the metrics in it, and sends SIGKILL when the grace time is over.

The agent writes JSON lines to its standard input: first the order, then `{"end": [5, 30]}`,
`{"signal": 19}`. It answers with JSON lines: `started`, `refused`, `metrics`, `notice`, `ended`.
Run by `python -I -S`, so that it starts fast: it may import only Python's own library and rooms of
the agent that do the same.
"""

import errno
import json
import os
import selectors
import signal
import time
from pathlib import Path
from typing import Any

from gsheet_ml_scheduler.agent import metric_lines
from gsheet_ml_scheduler.agent.family import Family
from gsheet_ml_scheduler.agent.output_log import OutputLog

PIECE = 64 * 1024
_LAST_WORDS = 16 * 1024
_PIECES_A_TURN = 16
_CHILDRENS_TIME = 0.5  # seconds that children have to end by themselves when their script has
_LEFTOVERS_TIME = 5.0  # and until they are killed
_LOOK_AGAIN = 0.02
_MOST_QUEUED = 256 * 1024
_NEVER = float("inf")


class Events:
    """What is said to the agent: never waits for it, and never piles up."""

    def __init__(self, descriptor: int) -> None:
        """The descriptor is the writing end of a pipe."""
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._queued = b""
        self._metrics: dict[str, metric_lines.Value] = {}
        self._told: set[str] = set()
        self.is_listened_to = True

    def say(self, event: str, **facts: Any) -> None:
        """One event."""
        self._queued += json.dumps({"event": event, **facts}).encode() + b"\n"
        self.flush()

    def notice(self, sentence: str) -> None:
        """A sentence for people, each once."""
        if sentence not in self._told and len(self._queued) < _MOST_QUEUED:
            self._told.add(sentence)
            self.say("notice", text=sentence)

    def metrics(self, values: dict[str, metric_lines.Value]) -> None:
        """Metrics that couldn't go into the file; the last of each name is kept."""
        metric_lines.merge(self._metrics, values)
        self.flush()

    @property
    def has_more(self) -> bool:
        """Whether something waits for the agent to read."""
        return bool(self._queued or self._metrics) and self.is_listened_to

    def flush(self) -> None:
        """Writes what the pipe takes."""
        if not self._queued and self._metrics:
            values, self._metrics = self._metrics, {}
            self._queued = json.dumps({"event": "metrics", "values": values}).encode() + b"\n"
        try:
            while self._queued and self.is_listened_to:
                self._queued = self._queued[os.write(self._descriptor, self._queued) :]
        except BlockingIOError:
            return
        except OSError:  # the agent is gone
            self.is_listened_to = False

    def last(self) -> None:
        """Waits until the agent has taken everything, or is gone."""
        os.set_blocking(self._descriptor, True)
        while self.has_more:
            self.flush()


class MetricsLog:
    """Printed metrics, appended to `metrics.jsonl`, which the script may write to as well."""

    def __init__(self, path: Path, most: int, events: Events) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._most = most
        self._events = events
        self._printed = metric_lines.PrintedMetrics()

    def feed(self, piece: bytes) -> None:
        """Takes the metrics out of a piece of output."""
        for line in self._printed.feed(piece):
            self._keep(line)

    def end(self) -> None:
        """No more output comes."""
        for line in self._printed.end():
            self._keep(line)

    def _keep(self, line: bytes) -> None:
        values = metric_lines.parse(line)
        if not values:
            shown = line[:80].decode(errors="replace")
            self._events.notice(
                f"'gsheet-ml: {shown}' is printed, but it is no JSON object of numbers, bools or "
                "text, so nothing is logged."
            )
            return
        try:
            self._append({metric_lines.TIME: round(time.time(), 3), **values})
        except OSError as error:
            self._events.notice(
                f"{self._path} can't be written: {error.strerror}. Metrics go to the sheet only."
            )
            self._events.metrics(values)

    def _append(self, values: dict[str, Any]) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        file = os.open(self._path, flags, 0o644)
        try:
            size = os.fstat(file).st_size
            if size > self._most:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            # a half line that the script left would swallow this one
            start = b"\n" if size and os.pread(file, 1, size - 1) != b"\n" else b""
            os.write(file, start + json.dumps(values).encode() + b"\n")
        finally:
            os.close(file)


class Supervisor:
    """One script, from its start until it and its children have ended."""

    def __init__(
        self, order: dict[str, Any], control: int, events: Events, commands: bytes = b""
    ) -> None:
        """See the module for what an order says.

        Args:
            order: what to start.
            control: where commands come from; its end means that the agent is gone.
            events: who hears what happens.
            commands: what has come already.
        """
        self._order = order
        self._events = events
        self._control = control
        self._commands = commands
        self._grace = float(order["grace"])
        self._family = Family()
        folder = Path(order["folder"])
        self._log = OutputLog(folder / "output.log", order["log_bytes"], events.notice)
        self._metrics = MetricsLog(folder / "metrics.jsonl", order["log_bytes"], events)
        self._last = b""
        self._term_at = self._kill_at = _NEVER
        self._is_asked = False  # with SIGTERM
        self._wakeups = selectors.DefaultSelector()
        self._output: int | None = None

    def supervise(self) -> None:
        """Starts the script and sees it through."""
        began = time.monotonic()
        woken = self._wake_on_children()
        self._output, given = os.pipe()
        self._log.write(self._order["heading"].encode())
        try:
            environment = {**os.environ, **self._order["environment"]}
            self._family.start(self._order["arguments"], environment, given)
        except OSError as error:
            self._events.say("refused", errno=error.errno, why=error.strerror)
            return
        finally:
            os.close(given)
        self._events.say("started", pid=self._family.leader)
        os.set_blocking(self._output, False)
        os.set_blocking(self._control, False)
        self._wakeups.register(self._output, selectors.EVENT_READ, self._pump)
        self._wakeups.register(self._control, selectors.EVENT_READ, self._obey)
        self._wakeups.register(woken, selectors.EVENT_READ, lambda: os.read(woken, 4096))
        self._obey_whole_lines()
        while not self._family.is_gone:
            self._turn()
        self._finish(began)

    def _turn(self) -> None:
        """Waits for the next thing to do, and does it."""
        now = time.monotonic()
        wait = min(_NEVER if self._is_asked else self._term_at, self._kill_at) - now
        if self._family.code is not None or self._events.has_more:
            wait = min(wait, _LOOK_AGAIN)
        for key, _ in self._wakeups.select(None if wait == _NEVER else max(0.0, wait)):
            key.data()
        self._events.flush()
        self._family.reap()
        now = time.monotonic()
        if self._family.code is not None and self._kill_at > now + _LEFTOVERS_TIME:
            self._end(_CHILDRENS_TIME, _LEFTOVERS_TIME)
        if now >= self._kill_at:
            self._family.signal(signal.SIGKILL)
            self._kill_at = now + _LOOK_AGAIN  # whoever was born just now
        elif now >= self._term_at and not self._is_asked:
            self._is_asked = True
            self._family.signal(signal.SIGTERM)
            self._family.signal(signal.SIGCONT)  # a paused script gets it only then

    def _finish(self, began: float) -> None:
        self._pump()
        self._metrics.end()
        self._log.close()
        self._events.say(
            "ended",
            code=self._family.code,
            seconds=round(time.monotonic() - began, 3),
            last_words=self._last.decode(errors="replace"),
        )

    def _pump(self) -> None:
        """Takes what the script has printed; not for ever, so that commands are heard."""
        for _ in range(_PIECES_A_TURN):
            if self._output is None:
                return
            try:
                piece = os.read(self._output, PIECE)
            except BlockingIOError:
                return
            if not piece:
                self._wakeups.unregister(self._output)
                os.close(self._output)
                self._output = None
                return
            self._log.write(piece)
            self._metrics.feed(piece)
            self._last = (self._last + piece)[-_LAST_WORDS:]

    def _obey(self) -> None:
        """Reads commands; without an agent at the other end, the script is ended."""
        try:
            piece = os.read(self._control, PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._wakeups.unregister(self._control)
            self._events.is_listened_to = False
            self._log.write(b"\n[gsheet-ml: the agent is gone, so this script is ended]\n")
            self._end(0.0, self._grace)
            return
        self._commands += piece
        self._obey_whole_lines()

    def _obey_whole_lines(self) -> None:
        *lines, self._commands = self._commands.split(b"\n")
        for line in lines:
            command = json.loads(line)
            if "end" in command:
                self._end(*command["end"])
            else:
                self._family.signal(int(command["signal"]))

    def _end(self, term: float, kill: float) -> None:
        """Has the script ended after so many seconds, or earlier if that was said before."""
        now = time.monotonic()
        self._term_at = min(self._term_at, now + term)
        self._kill_at = min(self._kill_at, now + kill)

    def _wake_on_children(self) -> int:
        """A descriptor that can be read when a child has ended, or when SIGTERM came."""
        woken, wakes = os.pipe()
        for descriptor in (woken, wakes):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._end(0.0, self._grace))
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        return woken


def main() -> None:
    """Supervises the script that the first line of standard input orders."""
    line = b""
    while b"\n" not in line:
        piece = os.read(0, PIECE)
        if not piece:
            return
        line += piece
    order, _, commands = line.partition(b"\n")
    events = Events(1)
    Supervisor(json.loads(order), 0, events, commands).supervise()
    events.last()
