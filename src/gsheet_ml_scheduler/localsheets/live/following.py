"""Who follows a workbook is told of every batch, whichever process wrote it.

Decided here: how soon a change is noticed, and that one thread looks for all who follow: it asks
SQLite every few milliseconds whether any connection has committed (`PRAGMA data_version`, which
touches no table), and only then reads the log. A message is made once for all. Decided elsewhere:
what a message says (`changes.py`), what becomes of a listener that is too slow (whoever listens).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..errors import WorkbookBusyError, WorkbookError
from ..model.stored import encode
from ..storage.files import Connection, connect, damaged_error
from ..storage.snapshot import Snapshot
from ..storage.store import Store
from . import changes, cursor

LOOK_EVERY = 0.02  # seconds
_LOOK_AT_READ_ONLY_EVERY = 0.5  # a file that may not be written is opened anew each time

CHANGES, SNAPSHOT, GONE = "changes", "snapshot", "gone"


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell; after anything but `changes` there is nothing more to come."""

    kind: str
    text: str  # JSON


Listener = Callable[[Message], None]
"""Called from the follower's thread; must not wait."""


def snapshot_hint(why: str) -> Message:
    """That only a new snapshot helps."""
    return Message(SNAPSHOT, encode({"type": SNAPSHOT, "why": why}))


_UNKNOWN = "The revision that you have isn't known any more. Take a snapshot."
_CLOSED = "The server closed the workbook. Connect again."
_ALL_DIFFERENT = "Every cell may look different now. Take a snapshot."


class Follower:
    """Looks at one workbook for all who follow it. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()  # over all below
        self._listeners: list[Listener] = []
        self._revision = 0
        self._look: object = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def join(self, since: str, listener: Listener) -> None:
        """Tell a listener what happened since a cursor, and from now on everything.

        Raises:
            WorkbookError: the file can't be read.
        """
        place = cursor.parse(since)
        with self._lock, self._store.reading() as snapshot:
            if place is None or not cursor.is_of_its_history(place, snapshot, self._store.path):
                listener(snapshot_hint(_UNKNOWN))
                return
            if not self._listeners:
                self._revision, self._look = snapshot.revision, changes.look_of(snapshot)
            self._advance(snapshot)
            if place.revision < snapshot.revision:
                message = _changes(snapshot, self._store, place.revision, None)
                listener(message)
                if message.kind != CHANGES:
                    return
            self._listeners.append(listener)
            if self._thread is None:
                self._ended.clear()
                self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
                self._thread.start()

    def leave(self, listener: Listener) -> None:
        """Tell a listener nothing more."""
        with self._lock, suppress(ValueError):
            self._listeners.remove(listener)

    def close(self) -> None:
        """End the thread; who follows is told to connect again."""
        self._ended.set()
        with self._lock:
            thread = self._thread
            self._tell(Message(GONE, encode({"type": GONE, "why": _CLOSED})))
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            with _watch(self._store) as has_changed:
                pause = _LOOK_AT_READ_ONLY_EVERY if self._store.read_only else LOOK_EVERY
                is_behind = False
                while not self._ended.wait(pause):
                    if has_changed() or is_behind:
                        is_behind = not self._has_looked()
                    with self._lock:
                        if not self._listeners:
                            self._thread = None
                            return
        except WorkbookError as error:
            self._tell_the_end(error)
        finally:
            with self._lock:
                if self._thread is threading.current_thread():
                    self._thread = None

    def _has_looked(self) -> bool:
        """Read what is new and tell it; False if it can't be read at the moment."""
        with self._lock:
            try:
                with self._store.reading() as snapshot:
                    self._advance(snapshot)
            except WorkbookBusyError:  # another process recovers the log
                return False
        return True

    def _advance(self, snapshot: Snapshot) -> None:
        if snapshot.revision == self._revision:
            return
        message = _changes(snapshot, self._store, self._revision, self._look)
        self._revision, self._look = snapshot.revision, changes.look_of(snapshot)
        self._tell(message)

    def _tell(self, message: Message) -> None:
        for listener in list(self._listeners):
            listener(message)
        if message.kind != CHANGES:
            self._listeners.clear()

    def _tell_the_end(self, error: WorkbookError) -> None:
        with self._lock:
            self._tell(Message(GONE, encode({"type": GONE, "why": str(error)})))


def _changes(snapshot: Snapshot, store: Store, revision: int, look: object) -> Message:
    found = changes.since(snapshot, store.path, revision, look)
    if found is None:
        return snapshot_hint(_ALL_DIFFERENT if look is not None else _UNKNOWN)
    return Message(CHANGES, encode(found))


@contextmanager
def _watch(store: Store) -> Iterator[Callable[[], bool]]:
    """A cheap question: whether anybody has written since it was last asked."""
    if store.read_only:
        yield lambda: True
        return
    connection = connect(store.path, read_only=False)
    try:
        yield _version_watch(store, connection)
    finally:
        connection.close()


def _version_watch(store: Store, connection: Connection) -> Callable[[], bool]:
    seen = [-1]

    def has_changed() -> bool:
        store.require_file()
        try:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.DatabaseError as error:
            if "lock" in str(error):
                return True  # somebody is at it: it is looked at in full
            raise damaged_error(store.path, error) from error
        is_new: bool = version != seen[0]
        seen[0] = version
        return is_new

    return has_changed
