"""Which workbooks a server serves: one file, or a folder of them.

Decided here: which of the two a path means, and which of two threads' kinds a request is for.
Decided elsewhere: what a folder is, and every answer's content (`localsheets.front`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets import front
from gsheet_ml_scheduler.localsheets.api import routes
from gsheet_ml_scheduler.localsheets.api.replies import Reply
from gsheet_ml_scheduler.localsheets.client import InProcessClient
from gsheet_ml_scheduler.localsheets.drive.drive import SingleFile
from gsheet_ml_scheduler.localsheets.drive.folder import Folder
from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.localsheets.live.following import Listener
from gsheet_ml_scheduler.localsheets.live.live import Live
from gsheet_ml_scheduler.localsheets.workbook import Workbook

T = TypeVar("T")

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Shelf:
    """The workbooks that a server serves. Safe to use from several threads.

    Raises:
        WorkbookError: there is no workbook at that path, or it can't be used.
    """

    def __init__(self, path: Path) -> None:
        self._held: Folder | Workbook = Folder(path) if path.is_dir() else Workbook(path)
        self._drive = SingleFile(self._held) if isinstance(self._held, Workbook) else self._held

    def writes(self, verb: str, path: str) -> bool:
        """Whether a request may change something, as far as its address tells.

        Raises:
            ApiError: 404, there is no such method; 405, it is one with another verb.
        """
        try:
            route = routes.find(verb, path)
        except ApiError as error:
            allowed = [other for other in VERBS if other != verb and _is_served(other, path)]
            if not allowed:
                raise
            raise MethodError(verb, allowed) from error
        return verb != "GET" if isinstance(route, routes.DriveRoute) else route.writes

    def answer(self, request: front.Request) -> Reply:
        """Do what is asked; raises as `front.answer`."""
        return front.answer(self._drive, request)

    def live(self, key: str, ask: Callable[[Live], T]) -> T:
        """Ask the live side of a workbook; raises as `front.answer`."""
        workbook = self._drive.workbook(key)
        try:
            return ask(workbook.live)
        except localsheets.WorkbookNotFoundError as error:
            return ask(self._drive.reopened(workbook, error).live)

    def client(self) -> InProcessClient:
        """A gspread client for the same workbooks, within this process."""
        return InProcessClient(self._drive)

    def snapshot(self, key: str, first: int | None) -> Iterator[str]:
        """The whole of a workbook, piece by piece; raises as `front.answer`."""
        begun: list[Iterator[str]] = []

        def begin(live: Live) -> str:
            begun[:] = [live.snapshot(first)]
            return next(begun[0])

        yield self.live(key, begin)
        yield from begun[0]

    def join(self, key: str, since: str, listener: Listener) -> Callable[[], None]:
        """Tell a listener what happens in a workbook; what is answered makes it leave again."""

        def join(live: Live) -> Callable[[], None]:
            live.join(since, listener)
            return lambda: live.leave(listener)

        return self.live(key, join)

    def titles(self) -> dict[str, str]:
        """The title of every workbook, by its id."""
        return {
            found.spreadsheet_id: json.loads(found.properties)["title"]
            for found in self._drive.summaries()
        }

    def close(self) -> None:
        """Close the files."""
        self._held.close()


class MethodError(ApiError):
    """405: the address is right, the verb isn't."""

    def __init__(self, verb: str, allowed: list[str]) -> None:
        are = "is" if len(allowed) == 1 else "are"
        super().__init__(
            405,
            "UNIMPLEMENTED",
            f"{verb[:20]} is not a method of this address; {' and '.join(allowed)} {are}.",
        )
        self.allowed = allowed


def _is_served(verb: str, path: str) -> bool:
    try:
        routes.find(verb, path)
    except ApiError:
        return False
    return True
