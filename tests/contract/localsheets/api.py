"""The Sheets API as its reference has it: paths and JSON, and a look at every answer's names.

An answer that holds a name or a type which Google's description of the API doesn't know fails the
test that asked for it, whatever the test is about.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import gspread
import pytest
from gspread.exceptions import APIError

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets.api.routes import Route, find
from tests.contract.localsheets import discovery

Json = dict[str, Any]

HOST = "https://sheets.googleapis.com"


def a_new_drive() -> gspread.Client:
    """A client of a folder that is made for it."""
    return localsheets.gspread_client(tempfile.mkdtemp(prefix="drive-"))


class Api:
    """One spreadsheet, asked by method and path."""

    def __init__(self, http: gspread.HTTPClient, spreadsheet_id: str) -> None:
        self.http = http
        self.id = spreadsheet_id

    def ask(self, verb: str, path: str, body: Json | None = None, **query: Any) -> Json:
        """The answer's JSON, which is as Google describes it."""
        address = f"/v4/spreadsheets/{self.id}{path}"
        found: Json = self.http.request(verb, HOST + address, params=query, json=body).json()
        route = find(verb.upper(), address)
        assert isinstance(route, Route)
        assert discovery.problems(route.message, found) == []
        return found

    def refusal(self, verb: str, path: str, body: Json | None = None, **query: Any) -> str:
        """What an error says; the status has to be 400."""
        return self.refusal_of(verb, f"{HOST}/v4/spreadsheets/{self.id}{path}", body, **query)

    def refusal_of(self, verb: str, url: str, body: Json | None = None, **query: Any) -> str:
        """The same for an address of any kind."""
        with pytest.raises(APIError) as caught:
            self.http.request(verb, url, params=query, json=body)
        assert caught.value.response.json()["error"]["status"] == "INVALID_ARGUMENT"
        assert caught.value.code == 400
        return str(caught.value.error["message"])

    def batch(self, *requests: Json, **options: Any) -> list[Json]:
        """The replies to a batch; options are fields of its body."""
        body = {"requests": list(requests), **options}
        found: list[Json] = self.ask("post", ":batchUpdate", body)["replies"]
        return found

    def refused(self, *requests: Json) -> str:
        """What is said of a batch that is refused, of which nothing may stay."""
        before = self.ask("get", "", includeGridData=True)
        said = self.refusal("post", ":batchUpdate", {"requests": list(requests)})
        assert self.ask("get", "", includeGridData=True) == before
        return said

    def put(self, at: str, *lines: list[Any], typed: bool = False) -> Json:
        """Write values."""
        option = "USER_ENTERED" if typed else "RAW"
        values = {"values": list(lines)}
        return self.ask("put", f"/values/{at}", values, valueInputOption=option)

    def values(self, at: str = "Sheet1", option: str = "UNFORMATTED_VALUE") -> list[list[Any]]:
        """Read values."""
        found = self.ask("get", f"/values/{at}", valueRenderOption=option)
        lines: list[list[Any]] = found.get("values", [])
        return lines

    def shown(self, fields: str, **query: Any) -> Json:
        """A spreadsheet's parts."""
        return self.ask("get", "", fields=fields, **query)


def new_api(folder: Path, switches: localsheets.Switches | None = None) -> Api:
    """A new spreadsheet in a folder."""
    drive = localsheets.gspread_client(folder, switches=switches)
    made = drive.http_client.request(
        "post", "https://www.googleapis.com/drive/v3/files", json={"name": "book"}
    )
    return Api(drive.http_client, made.json()["id"])


def area(rows: tuple[int, int], columns: tuple[int, int], sheet: int = 0) -> Json:
    """A GridRange; both pairs half-open."""
    return {
        "sheetId": sheet,
        "startRowIndex": rows[0],
        "endRowIndex": rows[1],
        "startColumnIndex": columns[0],
        "endColumnIndex": columns[1],
    }


def lines(dimension: str, start: int, stop: int, sheet: int = 0) -> Json:
    """A DimensionRange."""
    return {"sheetId": sheet, "dimension": dimension, "startIndex": start, "endIndex": stop}


def pin(metadata_id: int, at: int, dimension: str = "ROWS", **more: Any) -> Json:
    """The request that pins a row or a column."""
    metadata = {
        "metadataId": metadata_id,
        "metadataKey": "pin",
        "visibility": "DOCUMENT",
        "location": {"dimensionRange": lines(dimension, at, at + 1)},
        **more,
    }
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def pinned(metadata_id: int) -> Json:
    """The filter that finds a pin."""
    return {"developerMetadataLookup": {"metadataId": metadata_id}}
