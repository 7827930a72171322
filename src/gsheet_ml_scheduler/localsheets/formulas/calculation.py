"""The calculator at work for this process: started when first needed, asked, and outlived.

Decided here: how long an answer may take, and that a calculator that crashes, hangs or can't be
started is a fact that the caller learns, never its own end. What is asked: `calculator.py`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import selectors
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import Any

PATIENCE = 10.0  # seconds for one answer
_START_PATIENCE = 30.0
_READING = 200_000  # bytes of a message that a busy machine takes in within a second

_BOOT = (
    "import runpy, sys; sys.path.append(sys.argv[1]); runpy.run_path(sys.argv[2], None, '__main__')"
)


class CalculatorMissingError(Exception):
    """Formulas can't be computed here: there is no ironcalc, or no process can be started."""


class CalculatorLostError(Exception):
    """The calculator died, or (`slow`) didn't answer in time."""

    def __init__(self, *, slow: bool) -> None:
        super().__init__("the calculator took too long" if slow else "the calculator ended")
        self.slow = slow


class Calculation:
    """A calculator process. One thread at a time; not for use after a fork.

    Raises:
        CalculatorMissingError: there is none to be had.
    """

    def __init__(self) -> None:
        self._process = _started()
        self._end = weakref.finalize(self, _ended, self._process, os.getpid())
        try:
            self._line(time.monotonic() + _START_PATIENCE)
        except OSError as error:
            self.close()
            raise CalculatorMissingError("the package ironcalc can't be loaded") from error

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def ask(self, message: dict[str, Any], patience: float = PATIENCE) -> list[list[Any]]:
        """The cells that show something else after a message.

        Raises:
            CalculatorLostError: it crashed or took longer than `patience` seconds, and is gone.
        """
        line = json.dumps(message).encode() + b"\n"
        deadline = time.monotonic() + patience + len(line) / _READING
        try:
            self._send(line)
            answer = self._line(deadline)
        except OSError as error:
            self.close()
            raise CalculatorLostError(slow=isinstance(error, TimeoutError)) from error
        found: list[list[Any]] = json.loads(answer)["changed"]
        return found

    def close(self) -> None:
        """End the process."""
        self._end()

    def _send(self, line: bytes) -> None:
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            raise BrokenPipeError
        pipe.write(line)
        pipe.flush()

    def _line(self, deadline: float) -> bytes:
        pipe = self._process.stdout
        if pipe is None:
            raise OSError("there is no pipe")
        parts = []
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while selector.select(max(0.0, deadline - time.monotonic())):
                part = os.read(pipe.fileno(), 1 << 20)
                if not part:
                    raise OSError("the calculator ended")
                parts.append(part)
                if part.endswith(b"\n"):
                    return b"".join(parts)
        raise TimeoutError


def _started() -> subprocess.Popen[bytes]:
    found = importlib.util.find_spec("ironcalc")
    if found is None or not found.origin:
        raise CalculatorMissingError("the package ironcalc isn't installed")
    if not sys.executable:
        raise CalculatorMissingError("this Python doesn't know its own program")
    beside = str(Path(found.origin).parent.parent)
    program = str(Path(__file__).with_name("calculator.py"))
    try:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-c", _BOOT, beside, program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # where ironcalc's panics go
            start_new_session=True,  # a Ctrl-C is for the one who asked
        )
    except OSError as error:
        raise CalculatorMissingError(f"no process could be started: {error}") from error


def _ended(process: subprocess.Popen[bytes], owner: int) -> None:
    """Close the pipes, on which the calculator ends; in a fork's child only our ends of them."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # it is dead, with something unsent in the pipe
                pipe.close()
    if os.getpid() != owner:
        process.returncode = 0  # somebody else's: neither to be awaited nor to be ended
        return
    process.kill()
    process.wait()
