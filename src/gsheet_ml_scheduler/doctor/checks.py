"""The examination: credentials, sharing, columns, line 2, lease, rows, clock, quota.

Decided here: the order, what is asked of the sheet (an opening, one read of everything, one request
that would change nothing), and that each trouble is a finding, so that one doesn't hide the others.
Elsewhere: what the answers mean (`rules.py`), and the sentences of errors (`connect.refusals`).
"""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from statistics import median

import gspread
import requests

from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.connect.client import GoogleClient
from gsheet_ml_scheduler.connect.locations import (
    GoogleSheet,
    Location,
    ServedWorkbook,
    WorkbookFile,
    parse_location,
)
from gsheet_ml_scheduler.doctor import rules
from gsheet_ml_scheduler.doctor.findings import Finding, Verdict, good, note, problem
from gsheet_ml_scheduler.doctor.scratch import TITLE
from gsheet_ml_scheduler.errors import AccessError, GSheetMLError, LocationError
from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.pacing import Pacing, Patience
from gsheet_ml_scheduler.runsheet.rationed import limit_per_minute
from gsheet_ml_scheduler.runsheet.values import text_rules
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

FOR_A_CHECK = Patience(30.0)
"""Somebody sits in front of it."""

AUTHOR = "gsheet-ml doctor"


@dataclass(slots=True)
class Examined:
    """The findings, and the opened tab for what comes next; None if it couldn't be opened."""

    findings: list[Finding] = field(default_factory=list)
    worksheet: gspread.Worksheet | None = None
    pacing: Pacing = field(default_factory=Pacing)

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done."""
        return all(it.verdict is not Verdict.PROBLEM for it in self.findings)


def examine(
    location: str | os.PathLike[str],
    sheet_index: int = 0,
    service_account_json_path: str | None = None,
    *,
    now: Callable[[], float] = time.time,
) -> Examined:
    """Everything that can be found out without changing the sheet.

    Args:
        location: see `open_worksheet`.
        sheet_index: which tab, from 0.
        service_account_json_path: a service account's key file.
        now: this machine's clock.
    """
    done = Examined()
    try:
        place = parse_location(location)
        _, worksheet = open_worksheet(
            location, sheet_index, service_account_json_path, user_agent=AUTHOR
        )
    except GSheetMLError as error:
        topic = "access" if isinstance(error, AccessError) else "location"
        done.findings.append(problem(topic, str(error)))
        return done
    done.worksheet = worksheet
    done.pacing = Pacing(limit=limit_per_minute(worksheet.client))
    done.findings.append(_opened(place, worksheet))
    titles = [tab["properties"]["title"] for tab in worksheet.spreadsheet.opened_with["sheets"]]  # type: ignore[attr-defined]  # OpenedSpreadsheet
    done.findings += rules.tabs_left(titles, TITLE)
    sheet = RunSheet(
        worksheet, text_rules(worksheet.spreadsheet.locale, comma_number_format=False), done.pacing
    )
    seconds: list[float] = []
    done.findings += _queue(sheet, done.pacing, seconds, now)
    done.findings.append(_may_write(sheet, worksheet, done.pacing))
    if seconds:
        limit = limit_per_minute(worksheet.client)
        done.findings.append(rules.quota_found(limit, median(seconds)))
    return done


def _opened(place: Location, worksheet: gspread.Worksheet) -> Finding:
    client, title = worksheet.client, worksheet.spreadsheet.title
    what = f'tab "{worksheet.title}" of "{title}"'
    if isinstance(client, GoogleClient):
        email = client.account.email
        known = f", {email}" if email and email not in client.account.name else ""
        return good("access", f"Google lets {client.account.name}{known} read the {what}.")
    if isinstance(place, ServedWorkbook):
        return good("access", f"{place.base} lets this machine read the {what}.")
    assert isinstance(place, WorkbookFile | GoogleSheet)  # noqa: S101 - there are no others
    return good("access", f"The {what} can be read; a workbook file needs no account.")


def _queue(
    sheet: RunSheet, pacing: Pacing, seconds: list[float], now: Callable[[], float]
) -> list[Finding]:
    """What lines 1 and 2, the rows and the clock tell; times of requests are noted."""
    found: list[Finding] = []

    def timed(step: Callable[[], object], what: str) -> None:
        began = time.monotonic()
        pacing.until_done(step, FOR_A_CHECK, what=what)
        seconds.append(time.monotonic() - began)

    try:
        timed(sheet.read_lines, "read lines 1 and 2")
        offset = sheet.now + timedelta(seconds=0.5) - _local(now())
    except GSheetMLError as error:
        return [problem("columns", str(error))]
    columns = sheet.header.columns
    found += [*rules.columns_found(columns), rules.lease_found(columns)]
    try:
        for _ in range(2):
            timed(sheet.read_runs, "read the runs")
        columns, rows = sheet.read_runs()
        found += rules.rows_found(columns, rows, sheet.now)
    except GSheetMLError as error:
        found.append(problem("runs", str(error)))
    is_google = pacing.limit is not None
    return [*found, rules.clock_found(offset, needs_login=is_google)]


def _may_write(sheet: RunSheet, worksheet: gspread.Worksheet, pacing: Pacing) -> Finding:
    """Asks for a change that changes nothing: a text that stands nowhere is replaced."""
    nothing = secrets.token_hex(16)
    swap = wire.replace_text(nothing, nothing, {"sheetId": sheet.sheet_id})
    try:
        pacing.until_done(
            lambda: sheet.batch({"requests": [swap]}, relaxed=True),
            FOR_A_CHECK,
            what="write to the sheet",
        )
    except (LocationError, AccessError) as error:
        client = worksheet.client
        email = client.account.email if isinstance(client, GoogleClient) else None
        whom = f" Its address is {email}." if email else ""
        return problem("sharing", f"{error}{whom}")
    except (GSheetMLError, requests.RequestException) as error:
        return note("sharing", f"Whether the sheet may be written couldn't be found out: {error}")
    return good("sharing", "The sheet may be written.")


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
