"""The API as these tests call it: through a gspread HTTPClient, whatever it is connected to."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gspread

from gsheet_ml_scheduler import localsheets

SPREADSHEETS = "https://sheets.googleapis.com/v4/spreadsheets"
RELAXED = {"Prefer": "durability=relaxed"}

Json = dict[str, Any]
Values = list[list[Any]]


class Calls:
    """One spreadsheet, reached through one client."""

    def __init__(self, client: gspread.HTTPClient, spreadsheet_id: str) -> None:
        self.client = client
        self.address = f"{SPREADSHEETS}/{spreadsheet_id}"

    def batch(self, *requests: Json, headers: Json | None = None, **options: Any) -> list[Json]:
        """spreadsheets.batchUpdate; the replies."""
        body = {"requests": list(requests), **options}
        answer = self.client.request(
            "post", f"{self.address}:batchUpdate", json=body, headers=headers
        )
        replies: list[Json] = answer.json()["replies"]
        return replies

    def put(self, where: str, values: Sequence[Sequence[Any]], headers: Json | None = None) -> Json:
        """values.update, RAW."""
        answer: Json = self.client.request(
            "put",
            f"{self.address}/values/{quote(where, safe='')}",
            params={"valueInputOption": "RAW"},
            json={"values": values},
            headers=headers,
        ).json()
        return answer

    def get(self, where: str, **params: Any) -> Values:
        """values.get, unformatted."""
        answer = self.client.request(
            "get",
            f"{self.address}/values/{quote(where, safe='')}",
            params={"valueRenderOption": "UNFORMATTED_VALUE", **params},
        )
        values: Values = answer.json().get("values", [])
        return values

    def column(self, where: str) -> list[Any]:
        """A whole column, as a worker reads it."""
        return (self.get(where, majorDimension="COLUMNS") or [[]])[0]

    def spreadsheet(self, **params: Any) -> Json:
        """spreadsheets.get."""
        answer: Json = self.client.request("get", self.address, params=params).json()
        return answer

    def marks(self) -> list[Json]:
        """All developer metadata on rows and columns, and what is on the sheet."""
        answer = self.client.request(
            "post",
            f"{self.address}/developerMetadata:search",
            json={"dataFilters": [{"developerMetadataLookup": {"visibility": "DOCUMENT"}}]},
        ).json()
        return [found["developerMetadata"] for found in answer.get("matchedDeveloperMetadata", [])]


def open_calls(path: Path, *, create: bool = False) -> Calls:
    """A workbook file, in process."""
    client = localsheets.workbook_client(path, create=create)
    return Calls(client, client.spreadsheet_id)


def close(calls: Calls) -> None:
    """Close the file of a workbook that was opened here."""
    assert isinstance(calls.client, localsheets.LocalClient)
    calls.client.workbook.close()


def tables_of(path: Path) -> Json:
    """All that a workbook file holds, as another program sees it."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for (name,) in names
        }
    finally:
        connection.close()


def row(number: int, stop: int | None = None, sheet_id: int = 0) -> Json:
    """A DimensionRange of rows; 0-based."""
    return line("ROWS", number, stop, sheet_id)


def line(dimension: str, start: int, stop: int | None = None, sheet_id: int = 0) -> Json:
    """A DimensionRange of one line, or of those up to `stop`."""
    end = start + 1 if stop is None else stop
    return {"sheetId": sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}


def pin(metadata_id: int, place: Json, value: str = "") -> Json:
    """A createDeveloperMetadata request."""
    mark = {
        "metadataId": metadata_id,
        "metadataKey": "pin",
        "metadataValue": value or f"pin {metadata_id}",
        "location": {"dimensionRange": place},
        "visibility": "DOCUMENT",
    }
    return {"createDeveloperMetadata": {"developerMetadata": mark}}


def cells(values: Sequence[Sequence[Any]], row_index: int, column: int = 0, sheet: int = 0) -> Json:
    """An updateCells request of plain values."""
    rows = [{"values": [{"userEnteredValue": extended(v)} for v in line]} for line in values]
    start = {"sheetId": sheet, "rowIndex": row_index, "columnIndex": column}
    return {"updateCells": {"rows": rows, "fields": "userEnteredValue", "start": start}}


def extended(value: Any) -> Json:
    """An ExtendedValue; {} for a blank."""
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"stringValue" if isinstance(value, str) else "numberValue": value}


def paint(area: tuple[int, int, int, int], colour: Json, sheet: int = 0) -> Json:
    """A repeatCell request: background of rows [a, b) and columns [c, d)."""
    return {
        "repeatCell": {
            "range": grid_range(area, sheet),
            "cell": {"userEnteredFormat": {"backgroundColor": colour}},
            "fields": "userEnteredFormat.backgroundColor",
        }
    }


def grid_range(area: tuple[int, int, int, int], sheet: int = 0) -> Json:
    """A GridRange of rows [a, b) and columns [c, d)."""
    names = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
    return {"sheetId": sheet, **dict(zip(names, area))}
