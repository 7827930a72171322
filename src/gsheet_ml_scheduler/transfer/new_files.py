"""A file that is made whole or not at all, and never in another one's place.

Decided here: how that is done: under another name first, then given its own, which fails if
somebody else has taken it meanwhile. Decided elsewhere: what is in it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gspread

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.connect.file_client import FileClient
from gsheet_ml_scheduler.connect.locations import WorkbookFile
from gsheet_ml_scheduler.errors import LocationError


def require_free(path: Path) -> None:
    """See that a file can be made there.

    Raises:
        LocationError: something is there, or there is no such folder.
    """
    if os.path.lexists(path):
        raise _exists(path)
    if not os.path.isdir(path.parent):  # noqa: PTH112 - pathlib's raises where one may not look
        raise LocationError(f"There is no folder {path.parent} to make {path.name} in.")


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Where to write a file that will be at `path` once the block has ended well.

    Raises:
        LocationError: something is there, or it can't be written.
    """
    require_free(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        yield draft
        # Not a hard link: files of this kind may go where there are none (a mounted Drive, FAT).
        with path.open("xb"):
            pass
        draft.replace(path)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise LocationError(f"{path} can't be made: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def new_workbook(file: WorkbookFile, author: str) -> Iterator[gspread.Spreadsheet]:
    """A new workbook to be filled, which will be at its place once the block has ended well.

    Raises:
        LocationError: something is there, or it can't be written.
    """
    path = file.path.absolute()
    require_free(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        client = FileClient(localsheets.workbook_client(draft, create=True).workbook)
        client.session.headers["User-Agent"] = author
        spreadsheet = gspread.Spreadsheet(client, {"id": client.spreadsheet_id})
        spreadsheet.update_title(path.stem)
        yield spreadsheet
        client.workbook.close()  # or what is in the log beside the file would be lost
        path.hardlink_to(draft)
    except FileExistsError as error:
        raise _exists(path) from error
    except localsheets.WorkbookError as error:
        raise LocationError(str(error).replace(str(draft), str(path))) from error
    except OSError as error:
        raise LocationError(f"{path} can't be made: {error}.") from error
    finally:
        for ending in ("", "-wal", "-shm"):
            draft.with_name(f"{draft.name}{ending}").unlink(missing_ok=True)


def _exists(path: Path) -> LocationError:
    return LocationError(
        f"{path} exists already; it was left as it is. Choose another name, or delete it first."
    )
