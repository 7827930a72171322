"""A place in a workbook's history, as text: which file, which revision.

Decided here: when two places are of the same history. A file that was replaced by another one, or
by an older copy of itself, has another history: its device and inode are part of the cursor, and so
is the time at which the revision was written.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..storage import entries
from ..storage.identity import home_of
from ..storage.snapshot import Snapshot

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAX_TEXT = 100


@dataclass(frozen=True, slots=True)
class Cursor:
    """A revision of a file."""

    file: str
    revision: int
    stamp: str  # when it was written; "0" for revision 0

    def __str__(self) -> str:
        return f"{self.file}.{self.revision}.{self.stamp}"


def parse(text: str) -> Cursor | None:
    """The cursor that was written so; None if it is none."""
    file, _, rest = text.partition(".")
    revision, _, stamp = rest.partition(".")
    if len(text) > _MAX_TEXT or not file or not stamp:
        return None
    if not (revision.isascii() and revision.isdigit()):
        return None
    return Cursor(file, int(revision), stamp)


def of_snapshot(snapshot: Snapshot, path: Path) -> Cursor:
    """Where a snapshot stands."""
    return at_revision(snapshot, path, snapshot.revision)


def at_revision(snapshot: Snapshot, path: Path, revision: int) -> Cursor:
    """Where a workbook stood at a revision that its log still knows (or at the very first)."""
    return Cursor(_file_mark(snapshot, path), revision, _stamp(snapshot, revision))


def is_of_its_history(cursor: Cursor, snapshot: Snapshot, path: Path) -> bool:
    """Whether a snapshot shows a later state, or the same, of what a cursor was taken from."""
    return (
        cursor.file == _file_mark(snapshot, path)
        and cursor.revision <= snapshot.revision
        and cursor.stamp == _stamp(snapshot, cursor.revision)
    )


def _file_mark(snapshot: Snapshot, path: Path) -> str:
    named = f"{snapshot.structure.spreadsheet_id} {home_of(path)}"
    return hashlib.sha256(named.encode()).hexdigest()[:10]


def _stamp(snapshot: Snapshot, revision: int) -> str:
    when = entries.time_of(snapshot, revision)
    number = 0 if when is None else round(when * 1000)
    out = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        out = _DIGITS[digit] + out
    return out or "0"
