"""`output.log`, written by a supervisor: bounded, and no reason for a script to fail.

Decided here: that a full disk or a file that can't be written costs lines of the log, never the
run; that the log says where lines are missing; and that it keeps the newest output when there is
too much of it: then `output.log.1` holds what came before. Only Python's own library.
"""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

_TRY_AGAIN_AFTER = 1.0  # seconds


class OutputLog:
    """A file that output is appended to."""

    def __init__(self, path: Path, most: int, notice: Callable[[str], None]) -> None:
        """Nothing is opened yet.

        Args:
            path: the file; an earlier attempt's output stays in it.
            most: the bytes that it and its predecessor may hold together.
            notice: gets a sentence when it can't be written.
        """
        self._path = path
        self._half = max(most // 2, 1)
        self._notice = notice
        self._file: int | None = None
        self._size = 0
        self._missing = 0
        self._blocked_until = 0.0

    def write(self, piece: bytes) -> None:
        """Appends, or notes how much is missing; the file is made at the first call."""
        if self._blocked_until and time.monotonic() < self._blocked_until:
            self._missing += len(piece)
            return
        try:
            if self._missing:
                self._append(f"\n[gsheet-ml: {self._missing} bytes are missing here]\n".encode())
                self._missing = 0
            self._append(piece)
            self._blocked_until = 0.0
        except OSError as error:
            self._missing += len(piece)
            self._blocked_until = time.monotonic() + _TRY_AGAIN_AFTER
            self._notice(
                f"{self._path} can't be written: {error.strerror}. The run goes on; what it prints "
                "meanwhile is lost."
            )

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, piece: bytes) -> None:
        if self._file is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._file = os.open(self._path, flags, 0o644)
            self._size = os.fstat(self._file).st_size
        if self._size and self._size + len(piece) > self._half and self._is_regular():
            self.close()
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            self._append(piece)
            return
        view = memoryview(piece)
        while view:
            written = os.write(self._file, view)
            self._size += written
            view = view[written:]

    def _is_regular(self) -> bool:
        return self._file is not None and stat.S_ISREG(os.fstat(self._file).st_mode)
