"""What has been appended to a file since the last look.

Decided here: that of very much the end counts, that a file which became shorter was begun anew, and
that what an earlier attempt left isn't read again. Elsewhere: what the bytes mean (`metric_lines`,
`jobs`).
"""

from dataclasses import dataclass
from pathlib import Path

MOST_AT_ONCE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that have come; `is_gapless` says whether they follow on those before."""

    data: bytes
    is_gapless: bool = True


class Tail:
    """A file that grows, whether or not it is there yet."""

    def __init__(self, path: Path, most: int = MOST_AT_ONCE) -> None:
        """What is in the file by now is passed over.

        Args:
            path: the file.
            most: so many bytes are read at once, the last that there are.
        """
        self._path = path
        self._most = most
        self._at = self._size()

    @property
    def has_past(self) -> bool:
        """Whether something stands before what is to be read."""
        return self._at > 0

    def read(self) -> Piece:
        """What has come.

        Raises:
            OSError: the file is there but can't be read.
        """
        size = self._size()
        is_gapless = self._at <= size <= self._at + self._most
        if size < self._at:  # somebody began it anew
            self._at = 0
        if size == self._at:
            return Piece(b"", is_gapless)
        self._at = max(self._at, size - self._most)
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read(self._most)
        self._at += len(data)
        return Piece(data, is_gapless)

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0
