"""The log beside a workbook file, and when what is in it is on the disk.

SQLite's write-ahead log holds what was committed until it is moved into the file. A commit that
waits for the disk inside SQLite lets all other writers wait, too. So it is only handed to the
operating system there, the next writer has its turn, and before it is answered the log is synced
from here: all of it up to that commit, as SQLite's own sync would do. Writers that wait for the
disk at the same time share what the disk does.

Why that is as good: SQLite syncs the log itself before it moves anything from it into the file, and
its head before it begins anew (`synchronous=NORMAL`), so what it says of a torn log holds. If
somebody else moved our commit into the file meanwhile, it was synced on the way.
"""

from __future__ import annotations

import os
from pathlib import Path

# macOS has no fdatasync; SQLite itself calls fsync there.
_sync = getattr(os, "fdatasync", os.fsync)


class Log:
    """A descriptor of the log that a connection writes to, as long as the connection is open.

    SQLite puts no locks on this file, so that opening and closing it takes none away.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def sync(self) -> None:
        """Wait until all that was committed so far is on the disk; OSError if it can't be."""
        _sync(self._descriptor)

    def close(self) -> None:
        """Give it up."""
        os.close(self._descriptor)
