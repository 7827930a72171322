"""What runs of this machine have printed: found, shown from its end, followed.

Decided here: which directory is a run's, and that a file which is replaced while it is followed
loses no line. Elsewhere: what lies in the directory and who writes it (`agent`).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from gsheet_ml_scheduler.agent.folders import RunFolder, safe_name

_BLOCK = 1 << 16
_ID = "0"  # stands for any id, to see what a name becomes


def folders_of(runs_dir: Path, run_name: str) -> list[RunFolder]:
    """The directories of runs of that name that hold output, the one written to last first."""
    start = safe_name(run_name, _ID).rpartition("-")[0]
    if not runs_dir.is_dir():
        return []
    found = [
        RunFolder(path)
        for path in runs_dir.iterdir()
        if path.name.rpartition("-")[0] == start and RunFolder(path).output.is_file()
    ]
    return sorted(found, key=lambda it: it.output.stat().st_mtime, reverse=True)


class Output:
    """The output of one run, read from where one is to where it goes on."""

    def __init__(self, folder: RunFolder) -> None:
        """Opens it; close it with `with`."""
        self._path = folder.output
        self._earlier = folder.output.with_name(f"{folder.output.name}.1")  # what was too much
        self._file = folder.output.open("rb")

    def __enter__(self) -> "Output":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def so_far(self, lines: int | None) -> Iterator[bytes]:
        """What there is by now, or its last so many lines."""
        with ExitStack() as stack:
            earlier = [self._earlier] if self._earlier.is_file() else []
            files = [*(stack.enter_context(path.open("rb")) for path in earlier), self._file]
            if lines is not None:
                yield _last_lines(files, lines)
                return
            for file in files:
                while piece := file.read(_BLOCK):
                    yield piece

    def from_now_on(
        self, has_ended: Callable[[], bool], wait: Callable[[], None]
    ) -> Iterator[bytes]:
        """What is appended, until the run has ended and all is read.

        Args:
            has_ended: whether nothing more will come; asked when there was nothing to read.
            wait: lets a moment pass.
        """
        while True:
            is_last = self._is_replaced() or has_ended()  # asked first: what comes before is read
            while piece := self._file.read(_BLOCK):
                yield piece
            if not is_last:
                wait()
            elif not self._is_replaced():
                return
            else:
                self._go_on_with_the_next()

    def _is_replaced(self) -> bool:
        """Whether another file has the name now."""
        now = _inode(self._path)  # None while it is being replaced
        return now is not None and now != self._inode

    def _go_on_with_the_next(self) -> None:
        """The file that came after this one, which may have been put aside already, too."""
        aside = _inode(self._earlier)
        was_skipped = aside is not None and aside != self._inode
        with suppress(FileNotFoundError):
            following = (self._earlier if was_skipped else self._path).open("rb")
            self._file.close()
            self._file = following

    @property
    def _inode(self) -> tuple[int, int]:
        opened = os.fstat(self._file.fileno())
        return opened.st_ino, opened.st_dev


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_dev


def _last_lines(files: Sequence[BinaryIO], lines: int) -> bytes:
    """The end of some files, as if they were one; the last one is read to its end then."""
    found = b""
    for file in reversed(files):
        at = end = file.seek(0, os.SEEK_END)
        while at and found.rstrip(b"\n").count(b"\n") < lines:
            size = min(_BLOCK, at)
            at = file.seek(at - size)
            found = file.read(size) + found
        file.seek(end)
        if found.rstrip(b"\n").count(b"\n") >= lines:
            break
    return b"".join(found.splitlines(keepends=True)[-lines:]) if lines else b""
