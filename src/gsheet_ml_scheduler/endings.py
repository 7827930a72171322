"""What becomes of a held run that nobody ends: its process or its notebook's cell ends, say.

Decided here: that SIGTERM ends training like Ctrl-C does, and that a run which nobody ended is put
back to `ready`, or `failed` where an exception ended it; likewise where the program has thrown away
the scheduler, so that nobody can end it any more. `with run:` does this by itself; here it is done
for the step-by-step calls of the original, which have no block to leave. Elsewhere: how an ending
is written (`runsheet.holding`), heartbeats (`runsheet.heartbeat`).
"""

import atexit
import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any
from weakref import finalize, ref

from gsheet_ml_scheduler.errors import OUT_OF_REACH, RunLost
from gsheet_ml_scheduler.runsheet.columns import ERROR
from gsheet_ml_scheduler.runsheet.heartbeat import Heart
from gsheet_ml_scheduler.runsheet.holding import Desk, HeldRun
from gsheet_ml_scheduler.runsheet.lifecycle import error_line, failed_text
from gsheet_ml_scheduler.runsheet.pacing import FOR_AN_EXIT

TERMINATED = 128 + signal.SIGTERM
"""Exit code of a process that SIGTERM ended, as a shell tells it."""


class Guard:
    """Guards the run that one scheduler holds: its heart beats, and it is ended at last.

    It outlives the scheduler while it holds a run, and no longer: its desk's client may refer to
    the scheduler itself.
    """

    def __init__(self, owner: object, desk: Desk) -> None:
        """Nothing is held yet; the owner is who ends the run, if all goes well."""
        self._held: HeldRun | None = None
        self._desk = desk
        self._is_forsaken = False
        self._heart = Heart(desk)
        finalize(owner, _forsake, ref(self)).atexit = False

    @property
    def held(self) -> HeldRun | None:
        """The run, as long as it is to be ended by somebody; None while there is none."""
        return self._held

    @held.setter
    def held(self, held: HeldRun | None) -> None:
        self._held = held
        if held is None:
            _guards.pop(self, None)
        else:
            _guards[self] = None

    def watch(self) -> None:
        """Ends the run, from now on, with this process or with a notebook's cell that raises.

        SIGTERM raises `SystemExit` in the main thread from now on, unless the program has a handler
        of its own.
        """
        global _pid
        if _pid == 0:
            atexit.register(_at_exit)
            _watch_exceptions()
            _watch_cells()
        _pid = os.getpid()
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _terminated)

    def hold(self, held: HeldRun) -> None:
        """The run that was claimed."""
        self.held = held
        if held.lease and self._desk.terms.in_background:
            self._heart.start(self._is_wanted)

    def end(self, error: BaseException | None) -> None:
        """Ends the run if it is still held: as `failed` by an exception, else back to `ready`.

        Args:
            error: what ended the process or the cell.
        """
        held, self.held = self.held, None
        if held is None or held not in self._desk.held:
            return
        try:
            if isinstance(error, Exception) and not self._is_forsaken:
                cells = self._desk.sheet.header.columns.features({ERROR: error_line(error)})
                held.finish(failed_text(error), "failed", cells, patience=FOR_AN_EXIT)
            else:
                held.requeue(patience=FOR_AN_EXIT)
        except RunLost:
            return
        except OUT_OF_REACH as unreachable:
            held.leave()
            self._desk.notice(
                f"{unreachable} Run {held.run_name} still says that it is running; the next worker "
                "on this machine writes how it ended."
            )

    def _is_wanted(self) -> bool:
        """Whether the heart goes on; it asks in its own thread."""
        if self._is_forsaken:
            self.end(None)
        return not self._is_forsaken


def _forsake(guard: "ref[Guard]") -> None:
    """The owner is gone. The garbage collector calls this: no lock, no request."""
    left = guard()
    if left is not None:
        left._is_forsaken = True
        if left.held not in left._desk.held:  # it was ended by `with run:`
            _guards.pop(left, None)


_guards: dict[Guard, None] = {}  # that hold a run
_pid = 0
_raised: BaseException | None = None


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)


def _watch_exceptions() -> None:
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        global _raised
        _raised = error
        previous(kind, error, trace)

    sys.excepthook = hook


def _watch_cells() -> None:
    """IPython calls back after each cell; where there is no IPython, nothing happens."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None:
        shell.events.register("post_run_cell", _after_cell)


def _after_cell(result: Any) -> None:
    error = result.error_in_exec  # a cell that could not even be parsed has done nothing
    if error is not None:
        for guard in list(_guards):
            guard.end(error)


def _at_exit() -> None:
    if _pid == os.getpid():  # a fork's run is its parent's
        for guard in list(_guards):
            guard.end(_raised)
