"""A queue looked at from above: its columns, what counts of every run, in two reads.

Decided here: which columns are read for an overview, and that whoever only looks writes nothing and
needn't read the rest. Decided elsewhere: what is made of it (`summary.py`), what an answer's JSON
means (`wire.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import zip_longest
from typing import Any

from gspread import Worksheet
from gspread.urls import SPREADSHEET_URL

from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.columns import (
    DURATION,
    FEATURES,
    FIRST_RUN_ROW,
    LEASE,
    MANDATORY,
    RUN_NAME,
    STARTED,
    STATUS,
    WORKER_NAME,
    Columns,
    Header,
)
from gsheet_ml_scheduler.runsheet.summary import RunFacts
from gsheet_ml_scheduler.runsheet.values import text_of

_COUNTED = (RUN_NAME, STATUS, WORKER_NAME, LEASE, STARTED, DURATION)


@dataclass(frozen=True, slots=True)
class Overview:
    """A queue at one moment: its columns, and each run row's name and facts, from line 3 on."""

    columns: Columns
    names: Sequence[str]
    runs: Sequence[RunFacts]
    now: datetime

    @property
    def metrics(self) -> list[str]:
        """The columns that hold what training measured, as they stand."""
        return [name for name in self.columns.names if name and self._is_metric(name)]

    @property
    def features(self) -> list[str]:
        """The columns that switch a feature on, as they stand."""
        return [name for name in self.columns.names if self.columns.feature(name) is not None
                and name in FEATURES]  # fmt: skip

    def _is_metric(self, name: str) -> bool:
        return name in self.columns.not_keys and name not in MANDATORY and name not in FEATURES


def look_over(worksheet: Worksheet) -> Overview:
    """Read what counts of a queue; nothing is written.

    Raises:
        SheetLayoutError: lines 1 and 2 are no queue's.
        gspread.exceptions.APIError: the sheet can't be read.
    """
    sheet_id = int(worksheet.id)
    lines = wire.lines_filter(sheet_id)
    found, _ = _read(worksheet, [lines])
    header = Header()
    label = f"sheet {wire.quoted(worksheet.title)}"
    columns = header.seen_columns(found.get(wire.filter_key(lines), []), label)
    places = {name: columns.ids[name] for name in _COUNTED if name in columns.ids}
    filters = {name: wire.column_filter(sheet_id, at) for name, at in places.items()}
    found, now = _read(worksheet, list(filters.values()))
    cells: dict[str, Sequence[Any]] = {}
    for name in _COUNTED:
        asked = filters.get(name)
        values = found.get(wire.filter_key(asked), []) if asked is not None else []
        cells[name] = values[0] if values else []
    rows = list(zip_longest(*(cells[name] for name in _COUNTED), fillvalue=""))
    while rows and not any(rows[-1]):
        rows.pop()
    texts = [tuple(map(text_of, row)) for row in rows]
    return Overview(columns, [row[0] for row in texts], [RunFacts(*row[1:]) for row in texts], now)


def row_index(number: int) -> int:
    """The index of the row of a run, by its place in an overview."""
    return number + FIRST_RUN_ROW


def _read(
    worksheet: Worksheet, filters: Sequence[Mapping[str, Any]]
) -> tuple[dict[Any, list[Any]], datetime]:
    """The columns of some areas by their filter, and the server's time.

    Dates come as numbers: a column of them is read from memory then, and none counts here.
    """
    response = worksheet.client.request(
        "post",
        f"{SPREADSHEET_URL % worksheet.spreadsheet_id}/values:batchGetByDataFilter",
        json={
            "dataFilters": list(filters),
            "majorDimension": "COLUMNS",
            "valueRenderOption": "UNFORMATTED_VALUE",
            "dateTimeRenderOption": "SERIAL_NUMBER",
        },
    )
    found = {
        wire.filter_key(data_filter): entry["valueRange"].get("values", [])
        for entry in response.json().get("valueRanges", ())
        for data_filter in entry["dataFilters"]
    }
    return found, parsedate_to_datetime(response.headers["Date"])
