"""Ctrl-C and other signals to an agent: what they mean, one after the other.

Decided here: that the first Ctrl-C drains, a second one gives the runs back and a third one kills
them; that SIGTERM and SIGHUP give the runs back; and that waiting for the sheet is cut short then.
Elsewhere: what is done about it (`working`).
"""

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Sequence
from enum import IntEnum
from types import FrameType
from typing import Any

from gsheet_ml_scheduler.agent.supervised import Supervised

_SLICE = 0.5
"""Seconds between two looks at the scripts while the sheet is waited for."""


class Haste(IntEnum):
    """How much of a hurry the agent is in."""

    NONE = 0
    DRAINING = 1
    """No new runs; those under way finish."""
    LEAVING = 2
    """Runs under way are ended and given back."""
    AT_ONCE = 3
    """They are killed."""


class Interrupts:
    """Listens to signals while the `with` block runs."""

    def __init__(self, on_change: Callable[[], None], while_waiting: Callable[[], None]) -> None:
        """Nothing is listened to yet.

        Args:
            on_change: called at once when there is more haste, wherever the program is.
            while_waiting: called now and then while the sheet is waited for.
        """
        self.haste = Haste.NONE
        self.signal: int | None = None
        self._on_change = on_change
        self._while_waiting = while_waiting
        self._before: dict[int, Any] = {}
        self._cut_short = False
        self._woken = self._wakes = -1

    def __enter__(self) -> "Interrupts":
        """Takes the signals over; one that is ignored stays so (`nohup`)."""
        self._woken, self._wakes = os.pipe()
        for end in (self._woken, self._wakes):
            os.set_blocking(end, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        """Gives them back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._woken)
        os.close(self._wakes)

    def _hear(self, number: int, _: FrameType | None) -> None:
        least = Haste.DRAINING if number == signal.SIGINT else Haste.LEAVING
        self.haste = Haste(min(max(self.haste + 1, least), Haste.AT_ONCE))
        self.signal = number
        self._cut_short = self.haste >= Haste.LEAVING
        with contextlib.suppress(BlockingIOError):  # it is awake anyway
            os.write(self._wakes, b".")
        self._on_change()

    def cut_short(self) -> None:
        """Whatever is waited for needn't be waited for any more."""
        self._cut_short = True

    def settle(self) -> None:
        """From now on the agent is leaving: only somebody with more haste cuts a wait short."""
        self._cut_short = self.haste is Haste.AT_ONCE

    def wait(self, for_these: Sequence[Supervised], seconds: float) -> None:
        """Waits until something can be read, a signal comes, or the time is over."""
        waited_for = [self._woken, *(it.fileno() for it in for_these)]
        ready, _, _ = select.select(waited_for, [], [], max(0.0, seconds))
        if self._woken in ready:
            os.read(self._woken, 4096)

    def sleep(self, seconds: float) -> None:
        """Sleeps, for whoever waits for the sheet to answer again.

        Only the main thread is cut short: heartbeats go on until the agent has left.

        Raises:
            KeyboardInterrupt: the agent is to leave; once for each time that somebody says so.
        """
        if threading.current_thread() is not threading.main_thread():
            time.sleep(seconds)
            return
        until = time.monotonic() + seconds
        while True:
            if self._cut_short:
                self._cut_short = self.haste is Haste.AT_ONCE
                raise KeyboardInterrupt
            left = until - time.monotonic()
            if left <= 0:
                return
            self.wait((), min(left, _SLICE))
            self._while_waiting()
