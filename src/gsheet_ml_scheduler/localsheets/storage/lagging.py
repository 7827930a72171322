"""The test switch `reads_lag_one_write`: the first read after a write doesn't see it yet.

Google promises no read-after-write between clients, so a client must come out right when an answer
is one write old. Here the first read after the workbook moved on by one revision is answered from
the revision before, and the following reads see everything. A snapshot is kept open for it, which
is why no workbook in use has the switch on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from .snapshot import Snapshot
from .store import Store


class LaggingReader:
    """Snapshots of a store that come one write late. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._held: tuple[Snapshot, ExitStack] | None = None  # the state a next read may still see

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """The workbook as it is, or as it was one revision ago."""
        with self._lock, self._store.reading() as current:
            held = self._held
            if held is not None and held[0].revision == current.revision - 1:
                yield held[0]
            else:
                yield current
            if held is None or held[0].revision != current.revision:
                self._hold()

    def before_write(self) -> None:
        """A write is about to happen: what is there now is what the next read may see."""
        with self._lock:
            self._hold()

    def close(self) -> None:
        """Let go of the snapshot."""
        with self._lock:
            if self._held is not None:
                self._held[1].close()
                self._held = None

    def _hold(self) -> None:
        self.close()
        stack = ExitStack()
        self._held = stack.enter_context(self._store.reading()), stack
