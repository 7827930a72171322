"""A process's connections to one workbook file: lent to one transaction at a time, kept, closed.

Decided here: when a connection is opened and closed, that the file is still the one that was
opened, and what a fork means. Decided elsewhere: what a transaction is (`store.py`), how a file is
opened (`files.py`).

SQLite's locks belong to a process, so a connection must not cross a fork: the child's would look
locked without being it, and another process that closes the file would take the log away from under
the child. So a fork waits until no transaction is under way, and the child begins by closing what
it inherited (which gives up no lock of the parent's). Its own connections are then its own.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import WorkbookError, WorkbookFullError, WorkbookNotFoundError, WorkbookReadOnlyError
from ..model.stored import StoredError
from .files import Connection, connect, damaged_error

_FORK_PATIENCE = 5.0  # seconds that a fork waits for other threads' transactions


class Connections:
    """The connections of one open workbook. Safe to use from several threads and after a fork.

    Nothing is kept for a read-only file: whether somebody writes to it after all is looked at anew
    each time (see `files.connect`).
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self._path, self._name = path, str(path)
        self._read_only = read_only
        self._idle: list[Connection] = []
        self._keeps = not read_only
        found = path.stat()
        self._identity = (found.st_dev, found.st_ino)
        # Also when nobody closes it: a connection that is only forgotten is a ResourceWarning.
        weakref.finalize(self, _close_all, self._idle)
        _pools.add(self)

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        """A connection for one transaction; what isn't committed at the end is rolled back.

        Raises:
            WorkbookError: the file is gone or another one, or SQLite refused something.
        """
        with _gate.passed():
            self.require_file()
            connection = self._taken()
            sound = True  # also when the request itself was wrong
            try:
                yield connection
            except (sqlite3.DatabaseError, StoredError) as error:
                sound = False
                raise self._translated(error) from error
            finally:
                self._given_back(connection, sound=sound)

    def close(self) -> None:
        """Close the idle ones; from now on none is kept."""
        self._keeps = False
        if self._idle and not self._read_only:
            # SQLite leaves this to the last one that closes, but not for a file that was renamed
            # while it was open: what is still in the log would stay behind under the old name.
            with suppress(sqlite3.DatabaseError):  # others are reading: then it isn't ours to do
                self._idle[0].execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _close_all(self._idle)

    def forked(self) -> None:
        """In a fork's child: what it inherited is not its own."""
        _close_all(self._idle)

    def _taken(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return connect(self._path, read_only=self._read_only)

    def _given_back(self, connection: Connection, *, sound: bool) -> None:
        if sound and connection.in_transaction:
            connection.rollback()
        if sound and self._keeps:
            self._idle.append(connection)
        else:
            connection.close()  # which rolls back

    def require_file(self) -> None:
        """See that the file is there and is the one that was opened; WorkbookNotFoundError."""
        try:
            found = os.stat(self._name)  # noqa: PTH116 - a third of pathlib's time, each request
        except OSError as error:
            raise WorkbookNotFoundError(
                f"{self._path} is gone: it was moved or deleted while it was open. Put it back, "
                "or open it where it is now."
            ) from error
        if (found.st_dev, found.st_ino) != self._identity:
            raise WorkbookNotFoundError(
                f"{self._path} is another file than the one that was opened: it was replaced. "
                "Open it again."
            )

    def _translated(self, error: Exception) -> WorkbookError:
        text = str(error)
        if "disk is full" in text or "disk I/O error" in text:
            return WorkbookFullError(
                f"{self._path}: the disk is full or failing ({text}); nothing was written. "
                "Make room and try again."
            )
        if "readonly" in text:
            return WorkbookReadOnlyError(f"{self._path} can't be written ({text}).")
        return damaged_error(self._path, error)


def _close_all(connections: list[Connection]) -> None:
    while connections:
        connections.pop().close()


class _Gate:
    """Transactions pass it; a fork lets no more in, and waits until other threads' are through.

    A thread only ever touches its own entry, so that passing takes no lock.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nobody is inside: the other threads of a fork's parent aren't in the child."""
        self._inside: dict[int, int] = {}  # thread -> how deep
        self._opened: threading.Event | None = None  # while it is shut
        self._forking = threading.Lock()

    @contextmanager
    def passed(self) -> Iterator[None]:
        """A block inside. It may end in another thread: what nobody ended, the collector ends."""
        me = threading.get_ident()
        depth = self._inside.get(me, 0)
        self._inside[me] = depth + 1
        while not depth and self._opened is not None:  # looked at after we were seen to be inside
            opened = self._opened
            del self._inside[me]
            if opened is not None:
                opened.wait()
            self._inside[me] = 1
        try:
            yield
        finally:
            depth = self._inside.get(me, 1) - 1  # nobody is inside any more in a fork's child
            if depth:
                self._inside[me] = depth
            else:
                self._inside.pop(me, None)

    def shut(self) -> None:
        """Before a fork."""
        self._forking.acquire()
        self._opened = threading.Event()
        deadline, me = time.monotonic() + _FORK_PATIENCE, threading.get_ident()
        while any(thread != me for thread in list(self._inside)) and time.monotonic() < deadline:
            time.sleep(0.0005)

    def open(self) -> None:
        """After a fork, in the parent."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.set()
        self._forking.release()


_gate = _Gate()
_pools: weakref.WeakSet[Connections] = weakref.WeakSet()


def _in_child() -> None:
    _gate.reset()
    for pool in list(_pools):
        pool.forked()


os.register_at_fork(before=_gate.shut, after_in_parent=_gate.open, after_in_child=_in_child)
