"""Where a run's history may be recorded beside its row: an optional ability of a location.

Decided here: which locations can keep it (a workbook, in its file or served; a Google Sheet can't),
and what a record that can't be kept now means: later again, or never. Decided elsewhere: what is
recorded and when (`gsheet_ml_scheduler.recording`), how it is kept (`localsheets`).
"""

from collections.abc import Sequence

import gspread
import requests

from gsheet_ml_scheduler.connect.client import SheetsClient
from gsheet_ml_scheduler.connect.keeping import Json, Keeper, NeverKeptError, NotKeptNowError

_SECONDS = (3.0, 10.0)  # to connect and to be answered: training waits meanwhile
_PASSES = frozenset({408, 429})


class ServedKeeper:
    """Keeps records with a workbook that another machine serves."""

    def __init__(self, session: requests.Session, base: str, key: str) -> None:
        self._session = session
        self._address = f"{base}/live/{key}/tracks"

    def keep(self, records: Sequence[Json]) -> None:
        """Send them; see `Keeper.keep`."""
        body = {"records": list(records)}
        try:
            answer = self._session.post(self._address, json=body, timeout=_SECONDS)
        except requests.RequestException as error:
            raise NotKeptNowError(str(error)) from error
        if answer.status_code >= 500 or answer.status_code in _PASSES:
            raise NotKeptNowError(f"the server answered {answer.status_code}")
        if not answer.ok:  # an older server, or one that refuses this worker
            raise NeverKeptError(f"the server answered {answer.status_code}")


def keeper_of(client: gspread.HTTPClient) -> Keeper | None:
    """Who keeps records for the spreadsheets of a client; None where nobody does."""
    if isinstance(client, SheetsClient):
        return client.keeper
    workbook = getattr(client, "workbook", None)  # of a file's client, whoever made it
    if workbook is None:
        return None
    from gsheet_ml_scheduler.connect.file_client import FileKeeper  # loads a database engine

    return FileKeeper(workbook)
