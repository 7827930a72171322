"""What a run logs is recorded step by step, beside the sheet, where the sheet's place can keep it.

Decided here: what is kept of a run (each metric that is a number, at every step; its output), when
it is sent (with a sync, at most once a second, and at the end), and that it never disturbs
training: what can't be sent waits, within bounds, and nothing is raised. Decided elsewhere: who
keeps it (`connect.recording`), how it is thinned there (`localsheets`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gsheet_ml_scheduler.connect.keeping import Keeper, NeverKeptError, NotKeptNowError

SECONDS_APART = 1.0
SECONDS_OFF = 30.0
"""After a failure, so that a server which is away costs a training next to nothing."""
MOST_POINTS = 2_000
"""Of one metric that wait to be sent; beyond, every second one goes."""
MOST_TEXT = 64_000
"""Characters of output that wait to be sent; the end counts."""

MOST_WAITING = 20
"""Runs that have ended while nothing could be sent, and are sent later."""

_LONGEST_NAME = 200

Json = dict[str, Any]
Point = tuple[int, float, float]


@dataclass(slots=True)
class Tape:
    """What one attempt of a run has logged and nobody keeps yet.

    `mark` tells the pin of the run's row as it is by then.
    """

    run: str
    attempt: int
    mark: Callable[[], int]
    steps: int = 0
    has_ended: bool = False
    _points: dict[str, list[Point]] = field(default_factory=dict)
    _text: str = ""
    _text_start: int = 0
    _is_new: bool = True

    def log(self, metrics: Mapping[str, Any], now: float) -> None:
        """Note one step's metrics; those that are no numbers are left out."""
        self.steps += 1
        for name, value in metrics.items():
            number = _number(value)
            if number is None or not name or len(name) > _LONGEST_NAME:
                continue
            line = self._points.setdefault(name, [])
            line.append((self.steps, now, number))
            if len(line) > MOST_POINTS:
                line[:] = [*line[:-1:2], line[-1]]

    def write(self, text: str) -> None:
        """Note a piece of the run's output."""
        self._text += text
        cut = len(self._text) - MOST_TEXT
        if cut > 0:
            self._text = self._text[cut:]
            self._text_start += cut

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self._points and not self._text

    def record(self) -> Json:
        """All that is there, as it is sent."""
        found: Json = {"subject": self.run, "part": self.attempt, "mark": self.mark()}
        if self._is_new:
            found["begins"] = True
        if self._points:
            found["points"] = {name: [list(one) for one in p] for name, p in self._points.items()}
        if self._text:
            found["text"] = {"start": self._text_start, "text": self._text}
        return found

    def kept(self) -> None:
        """What was there is kept by somebody."""
        self._points.clear()
        self._text_start += len(self._text)
        self._text = ""
        self._is_new = False


class Recorder:
    """Sends what the runs of one process have logged. Without a keeper, it forgets all.

    Args:
        keeper: who keeps it.
        clock: seconds, for what is sent when.
        now: seconds since 1970, for points.
    """

    def __init__(
        self,
        keeper: Keeper | None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._keeper: Keeper | None = keeper
        self._clock = clock
        self._now = now
        self._tapes: list[Tape] = []
        self._due = clock()

    def begin(self, run: str, attempt: int, mark: Callable[[], int]) -> Tape:
        """The tape of a run that was just claimed."""
        tape = Tape(run, attempt, mark)
        self._tapes.append(tape)
        return tape

    @property
    def keeps(self) -> bool:
        """Whether what is noted goes anywhere."""
        return self._keeper is not None

    def log(self, tape: Tape, metrics: Mapping[str, Any], at: float | None = None) -> None:
        """Note one step's metrics, logged at that time (seconds since 1970) or now."""
        if self._keeper is not None:
            tape.log(metrics, self._now() if at is None else at)

    def write(self, tape: Tape, text: str) -> None:
        """Note a piece of a run's output."""
        if self._keeper is not None:
            tape.write(text)

    def send(self) -> None:
        """Send what all runs have logged, unless it was done a moment ago."""
        if self._clock() >= self._due:
            self._send()

    def end(self, tape: Tape) -> None:
        """A run is about to end: send the rest of it, while its pin is still there."""
        if tape.has_ended:
            return
        if not tape.is_empty and self._clock() >= self._due - SECONDS_APART:
            self._send()
        tape.has_ended = True
        self._tapes = [one for one in self._tapes if not (one.has_ended and one.is_empty)]
        waiting = [one for one in self._tapes if one.has_ended]
        for lost in waiting[:-MOST_WAITING]:
            self._tapes.remove(lost)

    def _send(self) -> None:
        tapes = [tape for tape in self._tapes if not tape.is_empty]
        if self._keeper is None or not tapes:
            return
        try:
            self._keeper.keep([tape.record() for tape in tapes])
        except NotKeptNowError:
            self._due = self._clock() + SECONDS_OFF
            return
        except NeverKeptError:
            self._keeper = None
        for tape in tapes:
            tape.kept()
        self._tapes = [one for one in self._tapes if not one.has_ended]
        self._due = self._clock() + SECONDS_APART


def _number(value: Any) -> float | None:
    """A metric as a number; None for text, and for what no curve can show."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
