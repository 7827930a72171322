"""The waist: every request that the run queue makes of a sheet, over gspread.

Decided here: how rows are read and written in one request, and what an answer means: a pin that is
gone, columns that moved. The JSON itself is in `wire.py`. Elsewhere: batches that compare
(`comparing.py`), paint (`painting.py`) and grow the sheet (`growing.py`), what to ask and do
(`claiming.py`, `holding.py`, `syncing.py`), waiting and repeating (`pacing.py`).

Rows are found by their pin or asked with their header in the same answer (P2, P4). The server's
`Date` is the only clock. Several threads may use one object: what it remembers is replaced whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from gspread import Worksheet
from gspread.exceptions import APIError
from gspread.urls import SPREADSHEET_URL
from requests import Response

from gsheet_ml_scheduler.errors import SheetLayoutError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.answers import FoundRow, Look, Written
from gsheet_ml_scheduler.runsheet.claims import as_row
from gsheet_ml_scheduler.runsheet.columns import (
    LEASE,
    ONLY_ON,
    PRIORITY,
    STATUS,
    WORKER_NAME,
    Columns,
    Header,
)
from gsheet_ml_scheduler.runsheet.pacing import NotSettledError, Pacing, status_code
from gsheet_ml_scheduler.runsheet.rationed import RationedClient, limit_per_minute
from gsheet_ml_scheduler.runsheet.values import TextRules, text_of
from gsheet_ml_scheduler.runsheet.wire import Json

REFUSED = 400
"""What Google answers to a batch that can't be applied, and perhaps to a filter that matches
nothing, if it doesn't leave the entry out."""

_READ_OPTIONS = {
    "valueRenderOption": "UNFORMATTED_VALUE",
    "dateTimeRenderOption": "FORMATTED_STRING",
}
_ECHO_OPTIONS = {
    "valueInputOption": "RAW",
    "includeValuesInResponse": True,
    "responseValueRenderOption": "UNFORMATTED_VALUE",
    "responseDateTimeRenderOption": "FORMATTED_STRING",
}
_LOOKED_AT = (LEASE, PRIORITY, ONLY_ON)
"""Features whose columns a worker that looks for work reads, where they are on."""


class RunSheet:
    """One tab as a queue of runs."""

    def __init__(
        self,
        worksheet: Worksheet,
        rules: TextRules,
        pacing: Pacing | None = None,
    ) -> None:
        """Nothing is read yet.

        Args:
            worksheet: the tab.
            rules: how text in cells is read.
            pacing: whose budget the requests are counted in; its clock tells, too, how much time
                passed since the server's last answer.
        """
        pacing = pacing or Pacing(limit=limit_per_minute(worksheet.client))
        self.spreadsheet_id = worksheet.spreadsheet_id
        self.sheet_id = int(worksheet.id)
        self.header = Header(rules)
        self.grid_width = 0
        self.can_repin = True
        self.tab = wire.quoted(worksheet.title)
        self._http = RationedClient(worksheet.client, pacing)
        self._clock = pacing.clock
        address = SPREADSHEET_URL % worksheet.spreadsheet_id
        self._read_url = f"{address}/values:batchGetByDataFilter"
        self._write_url = f"{address}/values:batchUpdateByDataFilter"
        self._get_url = f"{address}:getByDataFilter"
        self._batch_url = f"{address}:batchUpdate"
        self._lines = wire.lines_filter(self.sheet_id)
        self._lines_key = wire.filter_key(self._lines)
        self._last_answer: tuple[Response, float] | None = None

    # ------------------------------------------------------------ reading

    @property
    def label(self) -> str:
        """How sentences name the tab."""
        return f"sheet {self.tab}"

    @property
    def now(self) -> datetime:
        """The server's time when the last answer was made."""
        if self._last_answer is None:
            raise NotSettledError(f"{self.label} hasn't been asked anything yet")
        return _time_of(self._last_answer[0].headers["Date"])

    def server_time(self) -> datetime:
        """The server's time now: that of its last answer, and what passed since on our clock."""
        since = 0.0 if self._last_answer is None else self._clock() - self._last_answer[1]
        return self.now + timedelta(seconds=since)

    def _answered(self, response: Response) -> Json:
        self._last_answer = (response, self._clock())
        answer: Json = response.json()
        return answer

    def read_lines(self) -> Columns:
        """Lines 1 and 2; one read."""
        return self._columns_of(self._read([self._lines], "ROWS"))

    def look(self) -> Look:
        """Lines 1 and 2 and the columns that a choice needs; one read.

        Raises:
            NotSettledError: the columns had moved; the next look knows where they are.
        """
        asked = self._looked_at(self.header.columns)
        filters = {index: wire.column_filter(self.sheet_id, index) for index in asked.values()}
        found = self._read_if_there([self._lines, *filters.values()], "COLUMNS")
        lines = found.get(self._lines_key, {}).get("values", [])
        columns = self.header.seen_columns(lines, self.label)
        if self._looked_at(columns) != asked:
            raise NotSettledError(f"{self.label}: the columns moved while they were read")
        cells = {name: _only_column(found, filters[index]) for name, index in asked.items()}
        return Look(
            columns,
            cells[STATUS],
            cells[WORKER_NAME],
            self.now,
            cells.get(LEASE, ()),
            cells.get(PRIORITY, ()),
            cells.get(ONLY_ON, ()),
        )

    @staticmethod
    def _looked_at(columns: Columns) -> dict[str, int]:
        features = {name: columns.feature(name) for name in _LOOKED_AT}
        on = {name: index for name, index in features.items() if index is not None}
        return {STATUS: columns.status, WORKER_NAME: columns.worker_name, **on}

    def column(self, index: int) -> Sequence[Any]:
        """One column from line 3 on, with lines 1 and 2 in the same answer; one read.

        Raises:
            NotSettledError: the columns had moved meanwhile.
        """
        names = self.header.columns.names
        where = wire.column_filter(self.sheet_id, index)
        found = self._read_if_there([self._lines, where], "COLUMNS")
        lines = found.get(self._lines_key, {}).get("values", [])
        if self.header.seen_columns(lines, self.label).names != names:
            raise NotSettledError(f"{self.label}: the columns moved while they were read")
        return _only_column(found, where)

    def read_pinned(self, pin: int) -> FoundRow:
        """The row with that pin, and its header, in one answer."""
        return self.read_all_pinned([pin])[pin]

    def read_all_pinned(self, pins: Sequence[int]) -> dict[int, FoundRow]:
        """The rows with those pins, and their header, in one answer."""
        filters = {pin: wire.pin_filter(pin) for pin in pins}
        try:
            found = self._read([self._lines, *filters.values()], "ROWS")
        except APIError as error:
            if status_code(error) != REFUSED:
                raise
            if len(pins) > 1:  # one of them may be gone: each for itself
                return {pin: self.read_pinned(pin) for pin in pins}
            found = self._read([self._lines], "ROWS")
        columns = self._columns_of(found)
        return {pin: _row_of(columns, found.get(pin)) for pin in pins}

    def read_row(self, row_index: int) -> FoundRow:
        """The row at a place, and its header, in one answer."""
        where = wire.row_filter(self.sheet_id, row_index)
        found = self._read_if_there([self._lines, where], "ROWS")
        return _row_of(self._columns_of(found), found.get(wire.filter_key(where)))

    def read_runs(self) -> tuple[Columns, list[list[Any]]]:
        """Everything: lines 1 and 2, and all run rows."""
        runs = wire.runs_filter(self.sheet_id)
        found = self._read_if_there([self._lines, runs], "ROWS")
        rows = found.get(wire.filter_key(runs), {}).get("values", [])
        return self._columns_of(found), rows

    def formulas_of(self, pin: int) -> frozenset[int]:
        """The columns of the pinned row that hold formulas."""
        answer = self._read([wire.pin_filter(pin)], "ROWS", valueRenderOption="FORMULA")
        rows = answer.get(pin, {}).get("values") or [[]]
        return frozenset(
            index
            for index, cell in enumerate(rows[0])
            if isinstance(cell, str) and cell.startswith("=")
        )

    def marks_read(self, pin: int) -> Json:
        """The grid data of the row with that pin, with the marks on it; empty when it is gone."""
        body = {"dataFilters": [wire.pin_filter(pin)], "includeGridData": True}
        fields = "sheets.data.rowMetadata.developerMetadata(metadataId,metadataKey,metadataValue)"
        try:
            response = self._http.request(
                "post", self._get_url, params={"fields": fields}, json=body
            )
        except APIError as error:
            if status_code(error) != REFUSED:
                raise
            return {}
        parts = wire.grids({"updatedSpreadsheet": self._answered(response)})
        return parts[0] if parts else {}

    def _read_if_there(self, filters: list[Json], major: str) -> dict[Any, Json]:
        """Lines 1 and 2 and what the other filters find; nothing if the grid ends before it."""
        try:
            return self._read(filters, major)
        except APIError as error:
            if status_code(error) != REFUSED:
                raise
            return self._read([self._lines], major)

    def _read(self, filters: list[Json], major: str, **options: str) -> dict[Any, Json]:
        body = {
            "dataFilters": filters,
            "majorDimension": major,
            **_READ_OPTIONS,
            **options,
        }
        answer = self._answered(self._http.request("post", self._read_url, json=body))
        found: dict[Any, Json] = {}
        for entry in answer.get("valueRanges", ()):
            area = entry["valueRange"]
            for data_filter in entry["dataFilters"]:
                found[wire.filter_key(data_filter)] = area
        lines = found.get(self._lines_key)
        if lines is not None:
            self.tab = wire.tab_of(lines["range"])
            self.grid_width = wire.width_of(lines["range"])
        return found

    def _columns_of(self, found: Mapping[Any, Json]) -> Columns:
        lines = found.get(self._lines_key, {}).get("values", [])
        return self.header.seen_rows(lines, self.label)

    # ------------------------------------------------------------ writing

    def write_pinned(self, rows: Mapping[int, Mapping[int, Any]], *, relaxed: bool) -> Written:
        """Writes cells of pinned rows, by pin and column; one write.

        An entry that writes nothing to lines 1 and 2 brings them back as they were then.
        """
        data = [
            {
                "dataFilter": wire.pin_filter(pin),
                "majorDimension": "ROWS",
                "values": [as_row(cells)],
            }
            for pin, cells in rows.items()
        ]
        nothing = {"dataFilter": self._lines, "majorDimension": "ROWS", "values": [[]]}
        body = {**_ECHO_OPTIONS, "data": [*data, nothing]}
        headers = dict(wire.RELAXED) if relaxed else None
        try:
            response = self._http.request("post", self._write_url, json=body, headers=headers)
        except APIError as error:
            if status_code(error) != REFUSED:
                raise
            return self._why_not_written(error, rows, relaxed=relaxed)
        answer = self._answered(response)
        parts = {wire.filter_key(p["dataFilter"]): p for p in answer.get("responses", ())}
        places = {
            pin: wire.row_index_of(parts[pin]["updatedRange"]) for pin in rows if pin in parts
        }
        return self._written(parts.get(self._lines_key, {}).get("updatedData"), places)

    def _why_not_written(
        self, error: APIError, rows: Mapping[int, Mapping[int, Any]], *, relaxed: bool
    ) -> Written:
        """A pin may be gone, which some servers answer with a refusal of the whole write."""
        if len(rows) == 1:
            if any(found.row is not None for found in self.read_all_pinned(list(rows)).values()):
                raise error
            return Written(self.header.columns.names, {})
        parts: list[Written] = []
        for pin, cells in rows.items():
            try:
                parts.append(self.write_pinned({pin: cells}, relaxed=relaxed))
            except (APIError, SheetUnreachableError) as refusal:
                if not parts:
                    raise
                raise NotSettledError(f"{self.label}: not all runs were written") from refusal
        places = {pin: row for part in parts for pin, row in part.rows.items()}
        problems = [part.problem for part in parts if part.problem]
        return Written(parts[-1].names, places, problems[-1] if problems else None)

    def _written(self, echo: Json | None, places: Mapping[int, int]) -> Written:
        if echo is None:
            lines = self._read([self._lines], "ROWS").get(self._lines_key, {}).get("values", [])
        else:
            lines = echo.get("values", [])
        try:
            columns = self.header.seen_rows(lines, self.label)
        except SheetLayoutError as problem:
            names = tuple(text_of(cell) for cell in (lines[0] if lines else ()))
            return Written(names, places, problem)
        return Written(columns.names, places)

    # ------------------------------------------------------------ batches

    def batch_with(
        self, requests: list[Json], optional: list[Json], *, relaxed: bool = True
    ) -> tuple[list[Json], list[Json]]:
        """A batch whose last requests may be refused: the marks that they name may be gone.

        The replies to the requests and to the optional ones, `{}` for one that was refused.
        """
        count = len(requests)
        left = list(range(len(optional)))
        done: list[Json] = []
        replies: list[Json] = [{} for _ in optional]
        while requests or left:
            body = {"requests": [*requests, *(optional[number] for number in left)]}
            try:
                done = self.batch(body, relaxed=relaxed)["replies"]
            except APIError as error:
                refused = wire.refused_request(error)
                if status_code(error) != REFUSED or refused is None or refused < count:
                    raise
                del left[refused - count]
                continue
            for number, reply in zip(left, done[count:], strict=True):
                replies[number] = reply
            break
        return done[:count], replies

    def unpin(self, pins: Iterable[int]) -> None:
        """Deletes pins."""
        self.batch_with([], [wire.delete_mark(pin) for pin in pins])

    def batch(self, body: Json, *, relaxed: bool, fields: str | None = None) -> Json:
        """One batchUpdate, applied whole or not at all; its answer."""
        response = self._http.request(
            "post",
            self._batch_url,
            params=None if fields is None else {"fields": fields},
            json=body,
            headers=dict(wire.RELAXED) if relaxed else None,
        )
        return self._answered(response)


def _row_of(columns: Columns, area: Json | None) -> FoundRow:
    if area is None:
        return FoundRow(columns, None, -1)
    rows = area.get("values") or [[]]
    return FoundRow(columns, rows[0], wire.row_index_of(area["range"]))


def _only_column(found: Mapping[Any, Json], where: Json) -> Sequence[Any]:
    values = found.get(wire.filter_key(where), {}).get("values") or [[]]
    column: Sequence[Any] = values[0]
    return column


@lru_cache(maxsize=4)
def _time_of(date: str) -> datetime:
    return parsedate_to_datetime(date)
