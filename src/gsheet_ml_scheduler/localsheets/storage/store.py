"""A workbook in one SQLite file: snapshots to read, one transaction to write.

Decided here: who may write when, and what survives. A write takes the writer's lock first and is
applied whole or not at all; readers are never blocked. Several processes may open the same file;
each sees the others' batches at its next request, because every transaction begins by reading the
revision. Elsewhere: what is read and written in a transaction (`snapshot.py`), what of the file is
kept in memory (`memory.py`), what a batch means (`book.py`).

Durability: a commit is synced to the disk before it is answered, by `log.py`, when the next writer
has its turn already. A client that lives and dies with this machine may relax that for a step of
its own (`relaxed`): the batch is then in the log at once, in order, and synced with the next
ordinary one. It survives kill -9 either way.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import WorkbookBusyError, WorkbookFullError, WorkbookReadOnlyError
from . import sql, structure_tables
from .connections import Connections
from .files import Connection
from .memory import Memory
from .snapshot import Snapshot, Writer

_WRITER_PATIENCE = 60.0  # seconds to wait for other writers
_FIRST_PAUSE, _LONGEST_PAUSE = 0.0002, 0.004  # seconds between tries


class Store:
    """An open workbook file. Safe to use from several threads, and after a fork."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.memory = Memory(keeps_columns=not read_only)
        self._connections = Connections(path, read_only=read_only)
        self._writer = threading.Lock()
        self._pid = os.getpid()

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """A snapshot to read; others' later batches don't show in it.

        Raises:
            WorkbookError: the file is gone, damaged or can't be read.
        """
        self._notice_fork()
        with self._connections.lent() as connection:
            yield self._begin(connection, "BEGIN")
            if self.memory.columns_to_keep:
                connection.rollback()
                self._keep_columns(connection)

    @contextmanager
    def writing(self, *, relaxed: bool = False) -> Iterator[Writer]:
        """The writer's transaction; it ends without a trace unless `commit` was called.

        Raises:
            WorkbookReadOnlyError: the file may not be written.
            WorkbookError: as for reading; the disk is full; others wrote for a minute.
        """
        if self.read_only:
            raise WorkbookReadOnlyError(
                f"{self.path} is read-only: nothing was written. Make the file and its folder "
                "writable (chmod u+w) or work on a copy."
            )
        self._notice_fork()
        with self._connections.lent() as connection:
            with self._writer:
                snapshot = self._begin(connection, "BEGIN IMMEDIATE")
                try:
                    # Again, now that nobody else writes: a file deleted while we waited must not
                    # be the one that takes the write.
                    self._connections.require_file()
                    yield Writer(
                        self.memory, snapshot.cursor, snapshot.revision, snapshot.structure
                    )
                    written = not connection.in_transaction
                finally:
                    if connection.in_transaction:
                        connection.rollback()
            if written and not relaxed:
                self._sync(connection)

    def require_file(self) -> None:
        """See that the file is there and is the one that was opened; WorkbookNotFoundError."""
        self._connections.require_file()

    def close(self) -> None:
        """Close the file's connections; a later request opens one for itself."""
        if self._writer.acquire(blocking=False):  # else a writer is at work, and will end it
            try:
                self.memory.formulas.close()
            finally:
                self._writer.release()
        self._connections.close()

    def _keep_columns(self, connection: Connection) -> None:
        """Write what columns held, if nobody else is writing: it only saves time."""
        found, self.memory.columns_to_keep = self.memory.columns_to_keep, {}
        try:
            cursor = connection.cursor()
            connection.open_log(self.path)
            cursor.execute("BEGIN IMMEDIATE")
            for (sheet_id, column_id), (revision, held) in found.items():
                sql.KEEP_COLUMN(
                    cursor, sheet_id=sheet_id, column_id=column_id, revision=revision, held=held
                )
            cursor.execute("COMMIT")
        except sqlite3.OperationalError:  # another writer, or a full disk
            connection.rollback()

    def _notice_fork(self) -> None:
        """In a fork's child, locks may be held by threads that aren't there any more."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._writer = threading.Lock()
            self.memory.forget_threads()

    def _sync(self, connection: Connection) -> None:
        try:
            connection.sync()
        except OSError as error:
            raise WorkbookFullError(
                f"{self.path}: the disk is full or failing ({error}); what was written is in the "
                "file, but may not survive a power cut. Make room and write it again."
            ) from error

    def _begin(self, connection: Connection, statement: str) -> Snapshot:
        """A transaction, when nobody else holds the file.

        The pauses are short at first, because a turn is over in 0.2 ms, and soon longer: with
        many writers, whoever is at work had better stay there for a few turns than have everybody
        wake up all the time. They are random, so that nobody starves; SQLite's own grow so long
        that some do.
        """
        deadline = time.monotonic() + _WRITER_PATIENCE
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._begun(connection, statement)
            except sqlite3.OperationalError as error:
                if "lock" not in str(error):  # "database is locked", "locking protocol"
                    raise
                if connection.in_transaction:
                    connection.rollback()
                if time.monotonic() > deadline:
                    raise WorkbookBusyError(
                        f"{self.path}: another process has been writing for "
                        f"{_WRITER_PATIENCE:.0f} seconds; nothing was written. Try again."
                    ) from error
            if statement != "BEGIN":
                self._catch_up(connection)
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _begun(self, connection: Connection, statement: str) -> Snapshot:
        cursor = connection.cursor()
        if statement != "BEGIN":
            connection.open_log(self.path)
        cursor.execute(statement)
        newest, structure = sql.REVISION(cursor).fetchone()
        revision = newest or 0
        known = self.memory.structure
        if known is None or not structure <= known[0] <= revision:
            known = (revision, structure_tables.load(cursor, known and known[1]))
            self.memory.structure = known
        return Snapshot(self.memory, cursor, revision, known[1])

    def _catch_up(self, connection: Connection) -> None:
        """While another process writes: read what was written, to hold the lock for less."""
        if self.memory.structure is None:
            return
        try:
            self._begun(connection, "BEGIN").mirror()
        except sqlite3.OperationalError as error:
            if "lock" not in str(error):
                raise
        finally:
            if connection.in_transaction:
                connection.rollback()
