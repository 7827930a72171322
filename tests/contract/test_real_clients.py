"""Clients of the Sheets API that others wrote do the same tour over HTTP.

Open, read, write, append, format, insert and delete rows, find, batch. None is told more than the
address and the token.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import google_auth_httplib2
import gspread
import pandas as pd
import pygsheets
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from gspread.exceptions import APIError, WorksheetNotFound
from gspread_dataframe import get_as_dataframe, set_with_dataframe

from gsheet_ml_scheduler import localsheets
from tests.served import Served, served

# What these libraries warn of in themselves is nothing that we could mend.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"
)

TABLE: list[list[Any]] = [["run_name", "lr"], ["first", 0.5], ["second", 0.25]]
ORANGE = {"red": 1.0, "green": 0.93, "blue": 0.8}
NODE_PACKAGE = "google-spreadsheet@5.3.0"
TOUR = Path(__file__).parent / "clients" / "google_spreadsheet_tour.mjs"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """A served workbook with a small table."""
    path = tmp_path / "runs.sheet"
    localsheets.open_workbook(path, create=True).sheet1.update(TABLE, "A1")
    with served(path) as running:
        yield running


def test_gspread_takes_the_tour(server: Served) -> None:
    spreadsheet = server.spreadsheet()
    sheet = spreadsheet.sheet1
    assert (spreadsheet.title, sheet.title) == ("runs", "Sheet1")
    assert sheet.get_all_records() == [
        {"run_name": "first", "lr": 0.5},
        {"run_name": "second", "lr": 0.25},
    ]
    sheet.append_row(["third", 0.125])
    sheet.append_rows([["fourth", 1], ["fifth", "=1/2"]], value_input_option=_typed())
    assert sheet.col_values(2) == ["lr", "0.5", "0.25", "0.125", "1", "0.5"]
    sheet.insert_row(["zeroth", 2], index=2)
    assert sheet.row_values(2) == ["zeroth", "2"]
    sheet.delete_rows(2)
    found = sheet.find("third")
    assert found is not None
    assert (found.row, found.col) == (4, 1)
    assert [cell.row for cell in sheet.findall("0.5")] == [2, 6]
    sheet.batch_update([{"range": "A2", "values": [["1st"]]}, {"range": "C1", "values": [["n"]]}])
    assert sheet.batch_get(["A1:C2", "B4"]) == [
        [["run_name", "lr", "n"], ["1st", "0.5"]],
        [["0.125"]],
    ]
    sheet.format("A2:C2", {"backgroundColor": ORANGE, "textFormat": {"bold": True}})
    shown = spreadsheet.fetch_sheet_metadata(
        {"ranges": "A2", "fields": "sheets.data.rowData.values.userEnteredFormat"}
    )
    style = shown["sheets"][0]["data"][0]["rowData"][0]["values"][0]["userEnteredFormat"]
    assert style["textFormat"] == {"bold": True}
    assert style["backgroundColor"]["green"] == pytest.approx(0.93, abs=1 / 255)
    sheet.sort((1, "asc"), range="A2:C6")
    assert sheet.col_values(1) == ["run_name", "1st", "fifth", "fourth", "second", "third"]
    tab = spreadsheet.add_worksheet("it's \N{GRINNING FACE}", 10, 5)
    tab.update_acell("B2", "here")
    assert spreadsheet.worksheet("it's \N{GRINNING FACE}").acell("B2").value == "here"
    spreadsheet.del_worksheet(tab)
    with pytest.raises(WorksheetNotFound):
        spreadsheet.worksheet("it's \N{GRINNING FACE}")
    with pytest.raises(APIError, match="Unable to parse range: Nope!A1"):
        spreadsheet.values_get("Nope!A1")


def _typed() -> gspread.utils.ValueInputOption:
    return gspread.utils.ValueInputOption.user_entered


def test_googles_own_client_takes_the_tour(server: Served) -> None:
    service = build(
        "sheets",
        "v4",
        credentials=Credentials(server.token),
        client_options={"api_endpoint": server.base},
        static_discovery=True,  # the description that comes with the package
    )
    with service:
        sheets, key = service.spreadsheets(), server.key
        values = sheets.values()
        opened = sheets.get(
            spreadsheetId=key, fields="properties.title,sheets.properties"
        ).execute()
        assert opened["properties"] == {"title": "runs"}
        assert opened["sheets"][0]["properties"]["title"] == "Sheet1"
        written = values.update(
            spreadsheetId=key,
            range="Sheet1!C1:C2",
            valueInputOption="USER_ENTERED",
            body={"values": [["half"], ["=B2/2"]]},
        ).execute()
        assert written["updatedCells"] == 2
        appended = values.append(
            spreadsheetId=key,
            range="Sheet1!A1",
            valueInputOption="RAW",
            insertDataOption="INSERT_ROWS",
            body={"values": [["third", 1]]},
        ).execute()
        assert appended["updates"]["updatedRange"] == "Sheet1!A4:B4"
        got = values.get(
            spreadsheetId=key, range="Sheet1", valueRenderOption="UNFORMATTED_VALUE"
        ).execute()
        assert got["values"][1:] == [["first", 0.5, 0.25], ["second", 0.25], ["third", 1]]
        _change_in_a_batch(sheets, key)
        many = [f"Sheet1!A{line}:B{line}" for line in range(1, 201)]  # more than an address holds
        ranges = values.batchGet(spreadsheetId=key, ranges=many).execute()["valueRanges"]
        assert [one.get("values") for one in ranges[:2]] == [[["run_name", "lr"]], [["1st", "0.5"]]]
        assert len(ranges) == 200
        cleared = values.clear(spreadsheetId=key, range="Sheet1!A2:C9").execute()
        assert cleared["clearedRange"] == "Sheet1!A2:C9"
        with pytest.raises(HttpError, match="Requested entity was not found"):
            sheets.get(spreadsheetId="no-such-key").execute()


def _change_in_a_batch(sheets: Any, key: str) -> None:
    second = {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    replies = sheets.batchUpdate(
        spreadsheetId=key,
        body={
            "requests": [
                {"insertDimension": {"range": second}},
                {"deleteDimension": {"range": second}},
                {"findReplace": {"find": "first", "replacement": "1st", "allSheets": True}},
                {
                    "repeatCell": {
                        "range": {"sheetId": 0, "endRowIndex": 1},
                        "cell": {"userEnteredFormat": {"backgroundColor": ORANGE}},
                        "fields": "userEnteredFormat.backgroundColor",
                    }
                },
                {"addSheet": {"properties": {"title": "second tab"}}},
            ]
        },
    ).execute()["replies"]
    assert replies[2]["findReplace"]["occurrencesChanged"] == 1
    assert replies[4]["addSheet"]["properties"]["title"] == "second tab"


class Turned(google_auth_httplib2.AuthorizedHttp):  # type: ignore[misc]
    """The transport that pygsheets is given: it knows Google's address only."""

    base: str

    def request(self, uri: str, *arguments: Any, **options: Any) -> Any:
        """Send to the served workbook what is meant for Google."""
        place = uri.replace("https://sheets.googleapis.com", self.base)
        return super().request(place, *arguments, **options)


@pytest.fixture
def pygsheets_client(server: Served) -> Iterator[Any]:
    """pygsheets, with its transport turned."""
    credentials = Credentials(server.token)
    transport = Turned(credentials)
    transport.base = server.base
    yield pygsheets.authorize(custom_credentials=credentials, http=transport)
    transport.close()


def test_pygsheets_takes_the_tour(server: Served, pygsheets_client: Any) -> None:
    spreadsheet = pygsheets_client.open_by_key(server.key)
    sheet = spreadsheet.sheet1
    assert (spreadsheet.title, sheet.title, sheet.rows) == ("runs", "Sheet1", 1000)
    assert sheet.get_all_values(include_tailing_empty=False, include_tailing_empty_rows=False) == [
        ["run_name", "lr"],
        ["first", "0.5"],
        ["second", "0.25"],
    ]
    sheet.update_value("B2", 0.75)
    sheet.append_table(["third", 1])
    sheet.insert_rows(1, values=["zeroth", 2])
    assert sheet.get_values("A1", "B2") == [["run_name", "lr"], ["zeroth", "2"]]
    sheet.delete_rows(2)
    assert [cell.label for cell in sheet.find("third")] == ["A4"]
    cell = sheet.cell("A2")
    cell.set_text_format("bold", True)
    cell.color = (1.0, 0.93, 0.8, 1.0)
    again = sheet.cell("A2")
    again.fetch()
    assert again.value == "first"
    assert again.text_format["bold"] is True
    assert again.color[1] == pytest.approx(0.93, abs=1 / 255)
    sheet.update_values_batch(["A2", "A3:B3"], [[["1st"]], [["2nd", 4]]])
    assert sheet.get_values("A1", "B4") == [
        ["run_name", "lr"],
        ["1st", "0.75"],
        ["2nd", "4"],
        ["third", "1"],
    ]
    sheet.set_dataframe(pd.DataFrame({"k": [1, 2]}), "D1")
    assert sheet.get_as_df(start="D1", end="D3")["k"].tolist() == [1, 2]
    tab = spreadsheet.add_worksheet("second tab")
    assert [one.title for one in spreadsheet.worksheets()] == ["Sheet1", "second tab"]
    spreadsheet.del_worksheet(tab)
    sheet.clear("A2", "B4")
    assert sheet.get_value("A2") == ""


def test_a_dataframe_goes_there_and_comes_back(server: Served) -> None:
    sheet = server.spreadsheet().sheet1
    frame = pd.DataFrame(
        {
            "lr": [0.1, 1e-05, 0.30000000000000004],
            "epochs": [1, 2, 9007199254740991],
            "note": ["a,b", "ü \N{GRINNING FACE}", "it's\ntwo lines"],
            "done": [True, False, True],
        }
    )
    set_with_dataframe(sheet, frame, resize=True)
    assert (sheet.row_count, sheet.col_count) == (4, 4)
    found = get_as_dataframe(sheet, value_render_option=gspread.utils.ValueRenderOption.unformatted)
    assert found.to_dict("list") == frame.to_dict("list")


def test_google_spreadsheet_of_npm_takes_the_tour(
    server: Served, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("node")
    _install(folder)
    shutil.copy(TOUR, folder / "tour.mjs")
    assert server.token is not None
    done = subprocess.run(
        ["node", "tour.mjs", server.base, server.key, server.token],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == {
        "title": "runs",
        "rows": [["first", "0.5"], ["second", "0.25"], ["third", "2"]],
        "cell": 0.125,
        "bold": True,
        "grid": [50, 5],
        "values": [["run_name", "lr"], [], ["first", "0.125"], ["changed", "0.25"]],
        "sheets": 1,
        "missing": "Google API error - [404] Requested entity was not found.",
    }


def _install(folder: Path) -> None:
    """Install the package, or skip with the reason."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js and npm aren't installed here.")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", NODE_PACKAGE]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm didn't install {NODE_PACKAGE} within two minutes: no network?")
    if done.returncode != 0:
        pytest.skip(f"npm can't install {NODE_PACKAGE}: {done.stderr.strip()[-200:]}")
