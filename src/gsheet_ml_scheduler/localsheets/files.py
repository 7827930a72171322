"""Opening and creating workbook files: what is one, what is not, and which is too new or too old.

Nothing is guessed: a file that doesn't carry our mark, is damaged or comes from a newer version is
refused with a sentence; one from an older version is migrated in one transaction.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import stat
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from . import schema, sql
from .axis import Axis
from .errors import (
    NotAWorkbookError,
    WorkbookDamagedError,
    WorkbookError,
    WorkbookExistsError,
    WorkbookNotFoundError,
    WorkbookVersionError,
)
from .filesystem import require_local

_DIALECT = sqlite.dialect(paramstyle="qmark")
sql.compile_all(_DIALECT)

NEW_SHEET = {"title": "Sheet1", "sheetType": "GRID"}
NEW_SIZE = (1000, 26)  # rows and columns of a new sheet (recorded)
NEW_PROPERTIES = {"locale": "en_US", "autoRecalc": "ON_CHANGE", "timeZone": "Etc/GMT"}


def create(path: Path, title: str | None = None) -> None:
    """Make a new workbook file with one empty sheet.

    Raises:
        WorkbookExistsError: something is there already; it is left as it is.
        WorkbookError: the folder isn't there or can't be written.
    """
    if path.exists():
        raise WorkbookExistsError(f"{path} exists already; it was left as it is.")
    if not path.parent.is_dir():
        raise WorkbookNotFoundError(f"There is no folder {path.parent} to make {path.name} in.")
    require_local(path.parent)
    # Made whole under another name and then linked: a half-made workbook is never seen, and of two
    # processes that create the same file one is told that it exists.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        connection = sqlite3.connect(draft, isolation_level=None)
        try:
            _fill(connection, title or path.stem, draft)
        finally:
            connection.close()
        path.hardlink_to(draft)
    except FileExistsError as error:
        raise WorkbookExistsError(f"{path} exists already; it was left as it is.") from error
    except (OSError, sqlite3.DatabaseError) as error:
        raise WorkbookError(f"{path} can't be made: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _fill(connection: sqlite3.Connection, title: str, draft: Path) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("BEGIN")
    for table in schema.tables.sorted_tables:
        cursor.execute(str(sa.schema.CreateTable(table).compile(dialect=_DIALECT)))
    now, where = time.time(), draft.stat()
    sql.ADD_WORKBOOK(
        cursor,
        id=1,
        spreadsheet_id=new_spreadsheet_id(),
        home=f"{where.st_dev}:{where.st_ino}",
        revision=0,
        structure=0,
        properties=json.dumps({"title": title, **NEW_PROPERTIES}),
        created=now,
        modified=now,
    )
    sql.PUT_SHEET(cursor, sheet_id=0, position=0, properties=json.dumps(NEW_SHEET))
    for dimension, count in zip(("ROWS", "COLUMNS"), NEW_SIZE):
        axis = Axis.of(count)
        sql.PUT_AXIS(
            cursor,
            sheet_id=0,
            dimension=dimension,
            spans=axis.dump(),
            next_id=axis.next_id,
            properties="{}",
        )
    cursor.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
    cursor.execute(f"PRAGMA user_version={schema.VERSION}")
    cursor.execute("COMMIT")
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def new_spreadsheet_id() -> str:
    """An id as Google's are: 44 letters that can stand in a link."""
    return secrets.token_urlsafe(33)


def require_workbook(path: Path) -> bool:
    """See that a file is a workbook that this version can work with; whether it is read-only.

    Raises:
        WorkbookError: with the sentence that says why not.
    """
    if path.is_dir():
        raise NotAWorkbookError(f"{path} is a folder, not a workbook file.")
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError as error:
        raise WorkbookNotFoundError(f"There is no file {path}.") from error
    except OSError as error:
        raise WorkbookError(f"{path} can't be read: {error.strerror}.") from error
    if not head.startswith(b"SQLite format 3\0"):
        raise NotAWorkbookError(
            f"{path} is not a workbook: it begins with {head[:12]!r}. A workbook is made by "
            "localsheets.open_workbook(path, create=True)."
        )
    if len(head) < 100 or int.from_bytes(head[68:72], "big") != schema.APPLICATION_ID:
        raise NotAWorkbookError(f"{path} is an SQLite database, but not a workbook of ours.")
    version = int.from_bytes(head[60:64], "big")
    if version > schema.VERSION:
        raise WorkbookVersionError(
            f"{path} was written by a newer version (format {version}; this one knows "
            f"{schema.VERSION}). Upgrade gsheet-ml-scheduler to open it."
        )
    require_local(path)
    # Mode bits rather than access(): root may write everything, but a file that nobody may write
    # was meant so.
    read_only = not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    if version < schema.VERSION and not read_only:
        _migrate(path, version)
    return read_only


def _migrate(path: Path, version: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    try:
        connection.execute("BEGIN IMMEDIATE")
        for reached, statements in schema.migration_steps(version):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={reached}")
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise damaged_error(path, error) from error
    finally:
        connection.close()


def connect(path: Path, read_only: bool) -> sqlite3.Connection:  # noqa: FBT001
    """A connection as every part of this process uses it."""
    mode = "ro" if read_only else "rw"
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=0,  # store.py waits, and fairly
            isolation_level=None,
            check_same_thread=False,  # one thread at a time has it
            cached_statements=256,
        )
        if not read_only:
            connection.execute("PRAGMA synchronous=FULL")
    except sqlite3.DatabaseError as error:
        raise damaged_error(path, error) from error
    return connection


def damaged_error(path: Path, error: sqlite3.DatabaseError) -> WorkbookError:
    """What SQLite's complaint means to the file's owner."""
    if "unable to open" in str(error):
        return WorkbookError(f"{path} can't be opened: {error}.")
    return WorkbookDamagedError(
        f"{path} is damaged ({error}). Restore it from a copy; "
        f"'sqlite3 {path.name} .recover' may save what is left."
    )
