"""The live side of one open workbook: what whoever serves pages asks for.

Decided here: nothing but what there is to ask. Each answer is decided in a room of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator

from ..model.structure import Json
from ..storage.store import Store
from . import history, snapshot
from .following import Follower, Listener
from .history import Setting
from .tracks import Tracks


class Live:
    """A workbook to be followed. Safe to use from several threads.

    Every method raises WorkbookError where the file can't be read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._follower: Follower | None = None
        self.tracks = Tracks(store)

    def snapshot(self, first: int | None = None) -> Iterator[str]:
        """The workbook in pieces, as of one revision; see `snapshot.pieces`.

        To be taken by one thread, soon: a transaction is open meanwhile.
        """
        with self._store.reading() as found:
            yield from snapshot.pieces(found, self._store.path, first)

    def history(self, sheet_id: int, row_id: int, column_id: int) -> Json:
        """A cell's history, newest first."""
        with self._store.reading() as found:
            return history.of_cell(found, sheet_id, row_id, column_id)

    def line_ids(self, sheet_id: int) -> tuple[list[int], list[int]]:
        """The ids of a sheet's rows and of its columns as they stand; none of one that is gone."""
        with self._store.reading() as found:
            sheet = found.structure.sheet(sheet_id)
            return ([], []) if sheet is None else (sheet.rows.ids(), sheet.columns.ids())

    def settings(
        self, sheet_id: int, columns: Collection[int], since: int, after: float
    ) -> tuple[int, list[Setting]]:
        """The revision, and how cells of some columns were set; see `history.of_columns`."""
        with self._store.reading() as found:
            known = history.of_columns(found, sheet_id, columns, since, after)
            return found.revision, known

    def join(self, since: str, listener: Listener) -> None:
        """Tell a listener what happened since a cursor and what happens; see `Follower.join`."""
        with self._lock:
            if self._follower is None:
                self._follower = Follower(self._store)
            follower = self._follower
        follower.join(since, listener)

    def leave(self, listener: Listener) -> None:
        """Tell a listener nothing more."""
        if self._follower is not None:
            self._follower.leave(listener)

    def close(self) -> None:
        """End what goes on in the background."""
        with self._lock:
            follower, self._follower = self._follower, None
        if follower is not None:
            follower.close()
