"""Opens the worksheet at a location: one read request, and every failure a sentence.

Decided here: what is asked of whom, which tab is meant, and which of our errors a failure is. A
refusal that passes by itself (quota, a server's bad minute) is asked again by `runsheet.pacing`; a
network that isn't there is reported at once, for mostly somebody sits in front of it.
"""

import os
from dataclasses import replace

import gspread
import requests
from gspread.exceptions import APIError

from gsheet_ml_scheduler.connect.client import (
    Bearer,
    GoogleClient,
    OpenedSpreadsheet,
    SheetsClient,
)
from gsheet_ml_scheduler.connect.google_access import google_account
from gsheet_ml_scheduler.connect.locations import (
    GoogleSheet,
    ServedWorkbook,
    WorkbookFile,
    parse_location,
)
from gsheet_ml_scheduler.connect.recording import ServedKeeper
from gsheet_ml_scheduler.connect.refusals import explain_google, explain_served, read_refusal
from gsheet_ml_scheduler.errors import LocationError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet.pacing import PASSING_CODES, Pacing, Patience, status_code

FOR_AN_OPENING = Patience(total=120.0, first_wait=1.0)
"""Google's quotas are counted by the minute: two of them let a crowd of starting workers in."""


def open_worksheet(
    location: str | os.PathLike[str],
    sheet_index: int = 0,
    google_service_account_json_path: str | None = None,
    *,
    user_agent: str,
    google_api: str | None = None,
    pacing: Pacing | None = None,
) -> tuple[gspread.Spreadsheet, gspread.Worksheet]:
    """Open one tab of the sheet at a location; nothing is created or written.

    Args:
        location: a Google Sheet's link or key, a workbook file (`~` is expanded), or the address
            of a served workbook, whose token is in its `?token=` or in `GSHEET_ML_TOKEN`.
        sheet_index: which tab, from 0; negative counts from the end.
        google_service_account_json_path: a service account's key file, for Google Sheets only.
        user_agent: the author that a workbook's change log records.
        google_api: base URL of a stand-in for Google's API (a gateway, a test server). The login
            goes to it as it would go to Google.
        pacing: who waits and asks again when the sheet answers that it is busy.

    Raises:
        LocationError: there is no such sheet or tab, or it can't be used.
        AccessError: Google or the server refuses this account or token (a LocationError).
        SheetUnreachableError: no answer, or nothing but "not now" for two minutes.
    """
    place = parse_location(location)
    pacing = pacing or Pacing()
    if isinstance(place, GoogleSheet):
        client = GoogleClient(google_account(google_service_account_json_path), api_base=google_api)
        client.session.headers["User-Agent"] = user_agent
        spreadsheet = _open_google(place, client, pacing)
    elif isinstance(place, ServedWorkbook):
        spreadsheet = _open_served(place, user_agent, pacing)
    else:
        spreadsheet = _open_file(place, user_agent)
    return spreadsheet, _tab(spreadsheet, sheet_index)


def _open_google(sheet: GoogleSheet, client: GoogleClient, pacing: Pacing) -> OpenedSpreadsheet:
    def read() -> OpenedSpreadsheet:
        try:
            return OpenedSpreadsheet(client, sheet.key, sheet.link)
        except APIError as error:
            if status_code(error) in PASSING_CODES:
                raise
            raise explain_google(read_refusal(error), sheet, client.account) from error
        except (requests.RequestException, ValueError) as error:  # ValueError: some portal's page
            raise SheetUnreachableError(
                f"Google can't be reached to open {sheet.link} ({type(error).__name__}). Check "
                "this machine's network and try again."
            ) from error

    return pacing.until_done(read, FOR_AN_OPENING, what=f"open {sheet.link}")


def _open_served(workbook: ServedWorkbook, user_agent: str, pacing: Pacing) -> OpenedSpreadsheet:
    workbook = replace(workbook, token=workbook.token or os.environ.get("GSHEET_ML_TOKEN"))
    session = requests.Session()
    session.headers["User-Agent"] = user_agent
    if workbook.token:
        session.auth = Bearer(workbook.token)
    client = SheetsClient(session, api_base=workbook.base)
    client.keeper = ServedKeeper(session, workbook.base, workbook.key)

    def read() -> OpenedSpreadsheet:
        try:
            return OpenedSpreadsheet(client, workbook.key, workbook.link)
        except APIError as error:
            if status_code(error) in PASSING_CODES:
                raise
            raise explain_served(read_refusal(error), workbook) from error
        except (ValueError, TypeError) as error:
            # TypeError: gspread's error can't be made from an {"error": "…"} that isn't Google's
            raise LocationError(
                f"What answers at {workbook.base} doesn't serve workbooks. Use the address that "
                "gsheet-ml serve printed."
            ) from error
        except requests.RequestException as error:
            raise SheetUnreachableError(
                f"{workbook.base} doesn't answer ({type(error).__name__}). Is the server running, "
                "and can this machine reach it?"
            ) from error

    return pacing.until_done(read, FOR_AN_OPENING, what=f"open {workbook.link}")


def _open_file(file: WorkbookFile, user_agent: str) -> OpenedSpreadsheet:
    from gsheet_ml_scheduler.connect.file_client import file_client  # loads a database engine

    client = file_client(file)
    client.session.headers["User-Agent"] = user_agent
    try:
        return OpenedSpreadsheet(client, client.spreadsheet_id, str(file.path))
    except requests.ConnectionError as error:
        raise SheetUnreachableError(str(error)) from error


def _tab(spreadsheet: OpenedSpreadsheet, index: int) -> gspread.Worksheet:
    tabs = [tab["properties"] for tab in spreadsheet.opened_with["sheets"]]
    if not -len(tabs) <= index < len(tabs):
        listed = ", ".join(f'{number} "{tab["title"]}"' for number, tab in enumerate(tabs))
        raise LocationError(
            f'"{spreadsheet.title}" has no tab with the number sheet_index={index}. Its tabs: '
            f"{listed}."
        )
    properties = tabs[index]
    if properties.get("sheetType", "GRID") != "GRID":
        raise LocationError(
            f'The tab "{properties["title"]}" (sheet_index={index}) of "{spreadsheet.title}" holds '
            "a chart, not cells. Choose another sheet_index."
        )
    return gspread.Worksheet(spreadsheet, properties, spreadsheet.id, spreadsheet.client)
