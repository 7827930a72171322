"""Somewhere to say things to, where perhaps nobody listens any more.

Decided here: that a terminal which was closed, or a pipe whose reader has ended, is no reason for
an agent to leave its runs. Elsewhere: what is said (`telling`).
"""

import os
from typing import Any, TextIO


class Listeners:
    """A text file that goes on taking text when it can't be written any more."""

    def __init__(self, file: TextIO) -> None:
        """Writes to that file as long as it can."""
        self._file = file

    def write(self, text: str) -> int:
        """Writes, if anybody listens."""
        try:
            return self._file.write(text)
        except OSError:
            self._nobody()
            return len(text)

    def flush(self) -> None:
        """Flushes, if anybody listens."""
        try:
            self._file.flush()
        except OSError:
            self._nobody()

    def __getattr__(self, name: str) -> Any:
        """Everything else is the file's own: whether it is a terminal, its encoding."""
        return getattr(self._file, name)

    def _nobody(self) -> None:
        """What is in the file's buffer goes nowhere, so that the program can end in peace."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._file.fileno())
        os.close(nowhere)
