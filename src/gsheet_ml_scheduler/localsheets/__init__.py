"""The Google Sheets API on this machine: a workbook is one file, gspread is its Python face.

    spreadsheet = localsheets.open_workbook("runs.sheet", create=True)   # a gspread.Spreadsheet
    spreadsheet.sheet1.update([["lr", "epochs"], [0.1, 10]])

Other rooms use what is listed here and nothing below it. This package knows nothing of runs.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import gspread

from .client import FolderClient, LocalClient
from .drive.folder import Folder
from .errors import (
    NotAWorkbookError,
    UnsuitableFileSystemError,
    WorkbookBusyError,
    WorkbookDamagedError,
    WorkbookError,
    WorkbookExistsError,
    WorkbookFullError,
    WorkbookNotFoundError,
    WorkbookReadOnlyError,
    WorkbookVersionError,
)
from .storage import files
from .switches import Switches
from .workbook import Workbook

__all__ = [
    "FolderClient",
    "LocalClient",
    "NotAWorkbookError",
    "Switches",
    "UnsuitableFileSystemError",
    "WorkbookBusyError",
    "WorkbookDamagedError",
    "WorkbookError",
    "WorkbookExistsError",
    "WorkbookFullError",
    "WorkbookNotFoundError",
    "WorkbookReadOnlyError",
    "WorkbookVersionError",
    "gspread_client",
    "open_workbook",
    "workbook_client",
]


def open_workbook(path: str | os.PathLike[str], *, create: bool = False) -> gspread.Spreadsheet:
    """A workbook file as a gspread Spreadsheet.

    Args:
        path: the file; `~` is the home folder.
        create: make the file if it isn't there. A file that is there is opened, never replaced.

    Raises:
        WorkbookError: there is no such file, or it is no workbook, or it can't be used; the message
            says which and what to do.
    """
    client = workbook_client(path, create=create)
    return gspread.Spreadsheet(client, {"id": client.spreadsheet_id})


def gspread_client(
    folder: str | os.PathLike[str], *, switches: Switches | None = None
) -> gspread.Client:
    """A gspread Client whose Drive is a folder: every `*.sheet` file in it is a spreadsheet.

    Args:
        folder: where the files are; `~` is the home folder.
        switches: for tests.

    Raises:
        WorkbookNotFoundError: there is no such folder.
    """
    client = FolderClient(Folder(Path(folder).expanduser().absolute(), switches))
    made: Any = lambda *_: client  # noqa: E731 - where gspread expects a class to make one of
    nobody: Any = None  # no credentials
    return gspread.Client(nobody, client.session, made)


def workbook_client(
    path: str | os.PathLike[str], *, create: bool = False, switches: Switches | None = None
) -> LocalClient:
    """The gspread HTTPClient that answers for a workbook file; see `open_workbook`."""
    found = Path(path).expanduser().absolute()
    if create and not os.path.lexists(found):
        with suppress(WorkbookExistsError):  # another process was first, which is as good
            files.create(found)
    return LocalClient(Workbook(found, switches))
