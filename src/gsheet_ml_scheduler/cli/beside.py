"""A workbook served beside a command that does something else with it: the grid of the demo.

Decided here: only this machine gets in, with a token of its own, for as long as the command runs.
Decided elsewhere: what is served (`server`), when a window is opened (`serve`).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SECONDS_TO_END = 5


@contextmanager
def served(path: Path) -> Iterator[str]:
    """The address of a workbook's grid while the block runs.

    Raises:
        ServeError: no port can be had.
        WorkbookError: the file can't be used.
    """
    from gsheet_ml_scheduler import server  # here: other commands start without it

    token = secrets.token_urlsafe(24)
    shelf = server.Shelf(path.absolute())
    listener = server.listen("127.0.0.1", 0)
    running = server.Server(server.build_app(shelf, server.door_for("127.0.0.1", (), token)))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    (key,) = shelf.titles()
    try:
        port = listener.getsockname()[1]
        yield f"http://127.0.0.1:{port}/spreadsheets/d/{key}?token={token}"
    finally:
        running.should_exit = True
        thread.join(_SECONDS_TO_END)
        running.force_exit = True  # a window may still hold its connection
        thread.join(_SECONDS_TO_END)
