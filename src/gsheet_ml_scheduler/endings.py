"""What becomes of a held run when its process, or its notebook's cell, ends without ending it.

Decided here: that SIGTERM ends training like Ctrl-C does, and that a run which nobody ended is put
back to `ready`, or `failed` where an exception ended it. `with run:` does this by itself; here it
is done for the step-by-step calls of the original, which have no block to leave. Elsewhere: what
is written (`scheduler.py`).
"""

import atexit
import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Protocol
from weakref import WeakSet

TERMINATED = 128 + signal.SIGTERM
"""Exit code of a process that SIGTERM ended, as a shell tells it."""


class Holder(Protocol):
    """Somebody who may hold a run."""

    def end_held_run(self, error: BaseException | None) -> None:
        """The process or cell ended, by that exception or by itself."""


_holders: "WeakSet[Holder]" = WeakSet()
_pid = 0
_raised: BaseException | None = None


def watch(holder: Holder) -> None:
    """Has a holder's run ended with this process, or with a notebook's cell that raises.

    SIGTERM raises `SystemExit` in the main thread from now on, unless the program has a handler of
    its own.
    """
    global _pid
    _holders.add(holder)
    if _pid == 0:
        atexit.register(_at_exit)
        _watch_exceptions()
        _watch_cells()
    _pid = os.getpid()
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


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
        for holder in list(_holders):
            holder.end_held_run(error)


def _at_exit() -> None:
    if _pid == os.getpid():  # a fork's run is its parent's
        for holder in list(_holders):
            holder.end_held_run(_raised)
