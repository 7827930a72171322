"""Which spreadsheet a workbook file is: its id lives in the file, and copies are told apart.

Decided here: what becomes of the id when a file was copied or moved. A file remembers the device
and inode that it had (`home`). If they still are its own, nothing happened to it. If not, it was
either moved here or copied: where a file with the same id lies beside it, it is a copy and gets an
id of its own; else it was moved, and stays what it is. Decided elsewhere: what a workbook is
(`files.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import WorkbookError
from . import batches, sql
from .files import Connection, connect, damaged_error, new_spreadsheet_id, require_workbook

SUFFIX = ".sheet"
_PATIENCE = 10_000  # milliseconds that another process's transaction may take


@dataclass(frozen=True, slots=True)
class Summary:
    """What a workbook file says of itself without its sheets."""

    path: Path
    spreadsheet_id: str
    home: str
    properties: str  # JSON
    created: float  # seconds since 1970
    modified: float
    revision: int

    @property
    def is_at_home(self) -> bool:
        """Whether the file is still where, and what, it was when it got its id."""
        return self.home == home_of(self.path)


def home_of(path: Path) -> str:
    """What a file is by: its device and inode."""
    found = path.stat()
    return f"{found.st_dev}:{found.st_ino}"


def peek(path: Path) -> Summary:
    """Read a workbook file's summary.

    Raises:
        WorkbookError: it is no workbook, or can't be read.
    """
    with _connected(path, read_only=require_workbook(path)) as connection:
        return _summary(path, connection)


def settled(path: Path) -> Summary:
    """The summary of a file, once it is clear whose copy it is; a copy gets its own id.

    Raises:
        WorkbookError: it is no workbook, or can't be read.
    """
    found = peek(path)
    if found.is_at_home:
        return found
    is_copy = any(other.spreadsheet_id == found.spreadsheet_id for other in _beside(path))
    if require_workbook(path):
        return found  # nothing can be changed in a read-only file
    with _connected(path, read_only=False) as connection:
        connection.execute("BEGIN IMMEDIATE")
        current = _summary(path, connection)
        if not current.is_at_home:  # else another process was first
            spreadsheet_id = new_spreadsheet_id() if is_copy else current.spreadsheet_id
            sql.SET_IDENTITY(
                connection.cursor(), new_spreadsheet_id=spreadsheet_id, new_home=home_of(path)
            )
        connection.execute("COMMIT")
        return _summary(path, connection)


def _beside(path: Path) -> Iterator[Summary]:
    """The other workbooks in the same folder."""
    own = home_of(path)
    for other in workbook_files(path.parent):
        try:
            if home_of(other) != own:
                yield peek(other)
        except (WorkbookError, OSError):
            continue  # what isn't a workbook, or is gone meanwhile, is nobody's original


def workbook_files(folder: Path) -> list[Path]:
    """The files of a folder that are called workbooks, by name; drafts and hidden ones aren't."""
    return [path for path in sorted(folder.glob(f"*{SUFFIX}")) if not path.name.startswith(".")]


def duplicate(source: Path, target: Path, properties: str, now: float) -> None:
    """Copy a workbook that may be in use to a new file, which is another spreadsheet.

    Its edit history stays behind, as Google's copies leave it.

    Args:
        source: the workbook's file.
        target: a file that isn't there yet.
        properties: the copy's spreadsheet properties, as JSON.
        now: when it is made, in seconds since 1970.
    """
    with _connected(source, read_only=require_workbook(source)) as original:
        copy = sqlite3.connect(target, isolation_level=None)
        try:
            original.backup(copy)
            copy.execute("PRAGMA journal_mode=WAL")
            copy.execute("BEGIN")
            cursor = copy.cursor()
            sql.FORGET_CHANGES(cursor)
            batches.forget(cursor)
            sql.SET_STRUCTURE(cursor, new_structure=0, new_properties=properties)
            sql.SET_BIRTH(
                cursor,
                new_spreadsheet_id=new_spreadsheet_id(),
                new_home=home_of(target),
                new_created=now,
            )
            copy.execute("COMMIT")
            copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            copy.close()


@contextmanager
def _connected(path: Path, *, read_only: bool) -> Iterator[Connection]:
    connection = connect(path, read_only=read_only)
    try:
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE}")
        yield connection
    except sqlite3.DatabaseError as error:
        raise damaged_error(path, error) from error
    finally:
        connection.close()


def _summary(path: Path, connection: Connection) -> Summary:
    row = sql.SUMMARY(connection.cursor()).fetchone()
    spreadsheet_id, home, properties, created, revision, modified = row
    return Summary(
        path, spreadsheet_id, home, properties, created, modified or created, revision or 0
    )
