"""Opening and creating workbook files: what is one, what is not, and which is too new or too old.

Nothing is guessed: a file that doesn't carry our mark, is damaged or comes from a newer version is
refused with a sentence; one from an older version is migrated in one transaction.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import stat
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from ..errors import (
    NotAWorkbookError,
    WorkbookBusyError,
    WorkbookDamagedError,
    WorkbookError,
    WorkbookExistsError,
    WorkbookNotFoundError,
    WorkbookVersionError,
)
from ..model.axis import Axis
from . import schema, sql
from .filesystem import require_local
from .log import Log

_DIALECT = sqlite.dialect(paramstyle="qmark")
sql.compile_all(_DIALECT)

_PATIENCE = 10_000  # milliseconds that another process's recovery of the log may take
_LOG_PAGES = 20_000  # 80 MB: after a huge batch SQLite needn't wait for us to checkpoint

NEW_SHEET = {"title": "Sheet1", "sheetType": "GRID"}
NEW_SIZE = (1000, 26)  # rows and columns of a new sheet (recorded)
NEW_PROPERTIES = {"locale": "en_US", "autoRecalc": "ON_CHANGE", "timeZone": "Etc/GMT"}


def create(path: Path, title: str | None = None) -> None:
    """Make a new workbook file with one empty sheet.

    Raises:
        WorkbookExistsError: something is there already; it is left as it is.
        WorkbookError: the folder isn't there or can't be written.
    """
    if os.path.lexists(path):
        raise WorkbookExistsError(f"{path} exists already; it was left as it is.")
    if not os.path.isdir(path.parent):  # noqa: PTH112 - pathlib's raises where one may not look
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
        structure=0,
        properties=json.dumps({"title": title, **NEW_PROPERTIES}),
        created=now,
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
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise WorkbookNotFoundError(f"There is no file {path}.") from error
    except OSError as error:
        raise WorkbookError(f"{path} can't be read: {error.strerror}.") from error
    if stat.S_ISDIR(found.st_mode):
        raise NotAWorkbookError(f"{path} is a folder, not a workbook file.")
    if not stat.S_ISREG(found.st_mode):
        raise NotAWorkbookError(f"{path} is a device or a pipe, not a workbook file.")
    if not found.st_size:
        raise NotAWorkbookError(
            f"{path} is empty. Delete it, and let localsheets.open_workbook(path, create=True) "
            "make a workbook there."
        )
    application, version = _marks(path)
    if application != schema.APPLICATION_ID:
        raise NotAWorkbookError(f"{path} is an SQLite database, but not a workbook of ours.")
    if version > schema.VERSION:
        raise WorkbookVersionError(
            f"{path} was written by a newer version (format {version}; this one knows "
            f"{schema.VERSION}). Upgrade gsheet-ml-scheduler to open it."
        )
    require_local(path)
    read_only = _is_read_only(path)
    if version < schema.VERSION and not read_only:
        _migrate(path)
    return read_only


def _marks(path: Path) -> tuple[int, int]:
    """Whose SQLite database a file is, and its version.

    Asked of SQLite, not read from the file: if this process has the file open already, closing a
    second handle of our own would give up the locks of the first (a rule of POSIX that SQLite
    works around), and another process might then take the log away from under it.
    """
    try:
        had_log = _log_of(path).exists()
        try:
            return _asked(path)
        except sqlite3.DatabaseError:
            if had_log or not _log_of(path).exists():
                raise
            return _asked(path)  # somebody began to write meanwhile: now it is read by the log
    except sqlite3.DatabaseError as error:
        if "not a database" not in str(error):
            raise damaged_error(path, error) from error
        with path.open("rb") as file:
            head = file.read(12)
        raise NotAWorkbookError(
            f"{path} is not a workbook: it begins with {head!r}. A workbook is made by "
            "localsheets.open_workbook(path, create=True)."
        ) from error


def _asked(path: Path) -> tuple[int, int]:
    connection = connect(path, read_only=True)
    try:
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE}")
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return application, version
    finally:
        connection.close()


def _log_of(path: Path) -> Path:
    """SQLite's write-ahead log of a file; it is there while anybody has the file open to write."""
    real = path.resolve()
    return real.with_name(f"{real.name}-wal")


def _is_read_only(path: Path) -> bool:
    """Whether writing isn't wanted or isn't possible.

    Mode bits before access(): root may write everything, but a file that nobody may write was meant
    so. The folder counts because SQLite keeps its log beside the file.
    """
    real = path.resolve()
    if not real.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        return True
    return not (os.access(real, os.W_OK) and os.access(real.parent, os.W_OK))


def _migrate(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    try:
        connection.execute("BEGIN IMMEDIATE")
        # Asked again: another process may have been first.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for reached, statements in schema.migration_steps(version):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={reached}")
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise damaged_error(path, error) from error
    finally:
        connection.close()


class Connection(sqlite3.Connection):
    """A connection, and the log that it writes to."""

    _log: Log | None = None

    def open_log(self, path: Path) -> None:
        """From now on commits are synced by `sync`, not by SQLite."""
        if self._log is None:
            self.execute("PRAGMA synchronous=NORMAL")
            self.execute("PRAGMA user_version").fetchone()  # when the file is read, there is a log
            self._log = Log(_log_of(path))

    def sync(self) -> None:
        """Wait until what was committed is on the disk; OSError if it can't be."""
        if self._log is not None:
            self._log.sync()

    def close(self) -> None:
        """Close it, and give up the log."""
        super().close()
        if self._log is not None:
            self._log.close()
            self._log = None

    def checkpoint(self) -> None:
        """Move the log into the file, so that the log begins anew.

        SQLite would do it after the commit that makes the log longer than 1,000 pages; but while
        other processes read, that log isn't begun anew, and then every further commit does it,
        with two syncs each. So it is done now and then (`store.py`), waiting for readers to finish,
        which takes them a fraction of a millisecond. If they don't, it is for another time.
        """
        self.execute("PRAGMA busy_timeout=50")
        self.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        self.execute("PRAGMA busy_timeout=0")


def connect(path: Path, *, read_only: bool) -> Connection:
    """A connection as every part of this process uses it.

    Raises:
        WorkbookError: SQLite can't open the file.
    """
    real = path.resolve()
    mode = "mode=rw"
    if read_only:
        # With a log beside it, somebody else is writing or was killed: without the log the file is
        # not whole. Without one, nothing is needed beside the file, and nothing is left there.
        mode = "mode=ro" if _log_of(path).exists() else "mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(
            f"{real.as_uri()}?{mode}",
            uri=True,
            timeout=0,  # store.py waits, and fairly
            isolation_level=None,
            check_same_thread=False,  # one thread at a time has it
            cached_statements=256,
            factory=Connection,
        )
        connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
    except sqlite3.DatabaseError as error:
        raise damaged_error(path, error) from error
    return connection


def damaged_error(path: Path, error: Exception) -> WorkbookError:
    """What SQLite's complaint means to the file's owner."""
    if "lock" in str(error):
        return WorkbookBusyError(f"{path} is held by another process ({error}). Try again.")
    if "unable to open" in str(error):
        return WorkbookError(f"{path} can't be opened: {error}.")
    return WorkbookDamagedError(
        f"{path} is damaged ({error}). Restore it from a copy; "
        f"'sqlite3 {path.name} .recover' may save what is left."
    )
