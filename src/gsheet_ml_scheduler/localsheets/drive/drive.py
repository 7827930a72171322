"""A Drive: where a client's spreadsheets are. A folder is one (`folder.py`), a single file, too.

Decided here: what a Drive can do, and what one that is a single file refuses. What Drive's methods
answer is decided in `api.py`.
"""

from __future__ import annotations

import getpass
import socket
from dataclasses import dataclass
from typing import Protocol

from ..errors import ApiError, WorkbookError, not_found, permission_denied
from ..storage.identity import Summary, peek
from ..workbook import Workbook


class Drive(Protocol):
    """The spreadsheets that a client can reach, and making and removing some."""

    def workbook(self, spreadsheet_id: str) -> Workbook:
        """The workbook with an id; ApiError 404 if there is none."""

    def reopened(self, workbook: Workbook, error: WorkbookError) -> Workbook:
        """The same spreadsheet after its file was not where it had been; raises if it is gone."""

    def summaries(self) -> list[Summary]:
        """All of them."""

    def create(self, title: str) -> Workbook:
        """A new one."""

    def copy(self, workbook: Workbook, title: str) -> Workbook:
        """A copy under another title."""

    def remove(self, workbook: Workbook) -> None:
        """Delete one, for good."""


@dataclass(frozen=True, slots=True)
class SingleFile:
    """A Drive with one spreadsheet, which can neither get company nor be deleted."""

    only: Workbook

    def workbook(self, spreadsheet_id: str) -> Workbook:
        """The one there is; ApiError 404 for any other."""
        if spreadsheet_id != self.only.spreadsheet_id:
            raise not_found()
        return self.only

    def reopened(self, workbook: Workbook, error: WorkbookError) -> Workbook:
        """The file that was asked for is gone, and its error says so."""
        del workbook
        raise error

    def summaries(self) -> list[Summary]:
        """The one there is."""
        return [peek(self.only.path)]

    def create(self, title: str) -> Workbook:
        """Refused: a file holds one spreadsheet."""
        raise self._refusal(f"make {title!r}")

    def copy(self, workbook: Workbook, title: str) -> Workbook:
        """Refused: a file holds one spreadsheet."""
        del workbook
        raise self._refusal(f"make {title!r}")

    def remove(self, workbook: Workbook) -> None:
        """Refused: whoever opened a file doesn't expect that it goes."""
        raise self._refusal(f"delete {workbook.path.name}")

    def _refusal(self, what: str) -> ApiError:
        return permission_denied(
            f"This client serves the one file {self.only.path}, so it can't {what}. "
            f"localsheets.gspread_client({str(self.only.path.parent)!r}) serves the folder."
        )


def owner_name() -> str:
    """Who uses this machine, as an e-mail address looks: Drive's files have an owner."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user that no list names
        user = "user"
    return f"{user}@{socket.gethostname()}"
