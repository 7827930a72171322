"""The client of a workbook file, whose troubles look like those of every other location.

Decided here: which of a file's troubles pass by themselves (another process holds it, the disk is
full) and so look like a connection that broke, and which don't. Above, nobody knows that it is a
file. A room of its own, because a worker on a Google Sheet needn't load a database engine.
"""

from collections.abc import Sequence
from typing import Any

import requests

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.connect.keeping import Json, NeverKeptError, NotKeptNowError
from gsheet_ml_scheduler.connect.locations import WorkbookFile
from gsheet_ml_scheduler.errors import LocationError
from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.localsheets.live.tracks import parse_records
from gsheet_ml_scheduler.localsheets.workbook import Workbook

_PASSES = (localsheets.WorkbookBusyError, localsheets.WorkbookFullError)


class FileClient(localsheets.LocalClient):
    """A gspread client of one workbook file.

    A request raises `requests.ConnectionError` where it may be sent again later, `LocationError`
    where that would be no use, and gspread's `APIError` as everywhere.
    """

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Answer a request to Google's address of the API."""
        try:
            return super().request(*args, **kwargs)
        except _PASSES as error:
            raise requests.ConnectionError(str(error)) from error
        except localsheets.WorkbookError as error:
            raise LocationError(str(error)) from error


class FileKeeper:
    """Keeps what runs record with a workbook file."""

    def __init__(self, workbook: Workbook) -> None:
        self._tracks = workbook.live.tracks

    def keep(self, records: Sequence[Json]) -> None:
        """Put them into the file; see `Keeper.keep`."""
        try:
            self._tracks.record(parse_records(list(records)))
        except _PASSES as error:
            raise NotKeptNowError(str(error)) from error
        except (ApiError, localsheets.WorkbookError) as error:
            raise NeverKeptError(str(error)) from error


def file_client(file: WorkbookFile) -> FileClient:
    """The client of a file that exists.

    Raises:
        LocationError: the file isn't there, or can't be used; in the words of localsheets.
    """
    try:
        return FileClient(localsheets.workbook_client(file.path).workbook)
    except localsheets.WorkbookNotFoundError as error:
        raise LocationError(
            f"{error} A new queue is made with: gsheet-ml init {file.path}"
        ) from error
    except localsheets.WorkbookError as error:
        raise LocationError(str(error)) from error
