"""Which workbooks a server serves: one file, or a folder of them.

Decided here: which of the two a path means, and which of two threads' kinds a request is for.
Decided elsewhere: what a folder is, and every answer's content (`localsheets.front`).
"""

from __future__ import annotations

import json
from pathlib import Path

from gsheet_ml_scheduler.localsheets import front, routes
from gsheet_ml_scheduler.localsheets.drive import SingleFile
from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.localsheets.folder import Folder
from gsheet_ml_scheduler.localsheets.replies import Reply
from gsheet_ml_scheduler.localsheets.workbook import Workbook

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
