"""The waist: every request that the run queue makes of a sheet, over gspread.

Decided here: how a question is put to the Sheets API in one request, and what its answer means:
a pin that is gone, a title that changed, an id that is taken. The JSON itself is in `wire.py`.
Elsewhere: what to ask and do (`claiming.py`, `holding.py`), waiting and repeating (`pacing.py`).

Rows are found by their pin or asked with their header in the same answer (P2, P4). The server's
`Date` is the only clock.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from gspread import Worksheet
from gspread.exceptions import APIError
from gspread.urls import SPREADSHEET_URL
from requests import Response

from gsheet_ml_scheduler.errors import SheetLayoutError
from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.answers import (
    Compared,
    FoundRow,
    Look,
    Painted,
    Written,
)
from gsheet_ml_scheduler.runsheet.claims import as_row
from gsheet_ml_scheduler.runsheet.columns import Columns, Header
from gsheet_ml_scheduler.runsheet.lifecycle import READY
from gsheet_ml_scheduler.runsheet.pacing import NotSettledError, describe, status_code
from gsheet_ml_scheduler.runsheet.values import TextRules, text_of
from gsheet_ml_scheduler.runsheet.wire import Coat, Json

_GONE = 400
"""What Google answers to a filter that matches nothing, if it doesn't leave the entry out."""

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
_CLAIM_ANSWER = (
    "replies,updatedSpreadsheet.sheets.data(rowData.values.userEnteredValue,"
    "rowMetadata.developerMetadata(metadataId,metadataKey))"
)


class RunSheet:
    """One tab as a queue of runs."""

    def __init__(self, worksheet: Worksheet, rules: TextRules) -> None:
        """Nothing is read yet."""
        self.sheet_id = int(worksheet.id)
        self.header = Header(rules)
        self.grid_width = 0
        self.can_repin = True
        self._http = worksheet.client
        self.tab = wire.quoted(worksheet.title)
        address = SPREADSHEET_URL % worksheet.spreadsheet_id
        self._read_url = f"{address}/values:batchGetByDataFilter"
        self._write_url = f"{address}/values:batchUpdateByDataFilter"
        self._batch_url = f"{address}:batchUpdate"
        self._lines = wire.lines_filter(self.sheet_id)
        self._lines_key = wire.filter_key(self._lines)
        self._last_answer: Response | None = None

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
        return _time_of(self._last_answer.headers["Date"])

    def read_lines(self) -> Columns:
        """Lines 1 and 2; one read."""
        return self._columns_of(self._read([self._lines], "ROWS"))

    def look(self) -> Look:
        """Lines 1 and 2 and the columns that a choice needs; one read.

        Raises:
            NotSettledError: the columns had moved; the next look knows where they are.
        """
        columns = self.header.columns
        status = wire.column_filter(self.sheet_id, columns.status)
        worker = wire.column_filter(self.sheet_id, columns.worker_name)
        try:
            found = self._read([self._lines, status, worker], "COLUMNS")
        except APIError as error:
            if status_code(error) != _GONE:
                raise
            found = self._read([self._lines], "COLUMNS")  # line 3 or a column isn't there
        lines = found.get(self._lines_key, {}).get("values", [])
        now = self.header.seen_columns(lines, self.label)
        if (now.status, now.worker_name) != (columns.status, columns.worker_name):
            raise NotSettledError(f"{self.label}: the columns moved while they were read")
        return Look(now, _only_column(found, status), _only_column(found, worker), self.now)

    def read_pinned(self, pin: int) -> FoundRow:
        """The row with that pin, and its header, in one answer."""
        return self._read_row(wire.pin_filter(pin))

    def read_row(self, row_index: int) -> FoundRow:
        """The row at a place, and its header, in one answer."""
        return self._read_row(wire.row_filter(self.sheet_id, row_index))

    def read_runs(self) -> tuple[Columns, list[list[Any]]]:
        """Everything: lines 1 and 2, and all run rows."""
        runs = wire.runs_filter(self.sheet_id)
        try:
            found = self._read([self._lines, runs], "ROWS")
        except APIError as error:
            if status_code(error) != _GONE:
                raise
            found = self._read([self._lines], "ROWS")  # there is no line 3
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

    def _read_row(self, where: Json) -> FoundRow:
        try:
            found = self._read([self._lines, where], "ROWS")
        except APIError as error:
            if status_code(error) != _GONE:
                raise
            found = self._read([self._lines], "ROWS")
        columns = self._columns_of(found)
        area = found.get(wire.filter_key(where))
        if area is None:
            return FoundRow(columns, None, -1)
        rows = area.get("values") or [[]]
        return FoundRow(columns, rows[0], wire.row_index_of(area["range"]))

    def _read(self, filters: list[Json], major: str, **options: str) -> dict[Any, Json]:
        body = {
            "dataFilters": filters,
            "majorDimension": major,
            **_READ_OPTIONS,
            **options,
        }
        response = self._http.request("post", self._read_url, json=body)
        self._last_answer = response
        found: dict[Any, Json] = {}
        for entry in response.json().get("valueRanges", ()):
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

    # ------------------------------------------------------------ the run's row

    def compare_and_pin(
        self, row_index: int, column: int, token: str, pin: int, drop_pins: Sequence[int]
    ) -> Compared:
        """`ready` -> the token in one cell, and a pin on its row; one atomic write.

        The identical request may be sent again after a lost answer: its pin's id can't be created
        twice. Pins in `drop_pins` are deleted on the way.
        """
        where = wire.at_line(self.sheet_id, "ROWS", row_index)
        cell = {"range": wire.one_cell(self.sheet_id, row_index, column)}
        requests = [
            wire.create_mark(pin, wire.RUN_PIN, where),
            wire.replace_text(READY, token, cell),
            *(wire.delete_mark(other) for other in drop_pins),
        ]
        body = {
            "requests": requests,
            "includeSpreadsheetInResponse": True,
            "responseRanges": [f"{self.tab}!{row_index + 1}:{row_index + 1}"],
        }
        try:
            answer = self.batch(body, relaxed=True, fields=_CLAIM_ANSWER)
        except APIError as error:
            return self._why_not_compared(error, row_index, column, token, pin, drop_pins)
        counts = answer["replies"][1].get("findReplace", {})
        data = next(iter(wire.grids(answer)), {})
        others = tuple(p for p in wire.marks_on_row(data, wire.RUN_PIN) if p != pin)
        replaced = counts.get("occurrencesChanged", 0) > 0
        return Compared(replaced, wire.formula_columns(data), others)

    def _why_not_compared(
        self,
        error: APIError,
        row_index: int,
        column: int,
        token: str,
        pin: int,
        drop_pins: Sequence[int],
    ) -> Compared:
        if status_code(error) != _GONE:
            raise error
        refused = wire.refused_request(error)
        if refused == 0 and wire.is_taken_id(error):
            return Compared(None)
        if refused == 0:
            return Compared(replaced=False, is_pinned=False)
        if refused == 1:
            return Compared(replaced=False, refused_because=describe(error), is_pinned=False)
        if drop_pins:
            return self.compare_and_pin(row_index, column, token, pin, ())
        label = self.label
        self.read_lines()
        if self.label != label:  # the tab was renamed, and the answer was to show it by name
            raise NotSettledError(f"{label} is now {self.label}") from error
        return Compared(replaced=False, refused_because=describe(error), is_pinned=False)

    def release(self, token: str, pin: int) -> None:
        """`ready` back wherever the token stands, and the pin deleted; may be repeated."""
        back = wire.replace_text(token, READY, {"sheetId": self.sheet_id})
        self.batch_with([back], [wire.delete_mark(pin)])

    def turn_back(self, tokens: Sequence[str], column: int) -> None:
        """`ready` in place of tokens of workers that died half-way."""
        area = wire.column_filter(self.sheet_id, column)["gridRange"]
        requests = [wire.replace_text(token, READY, {"range": area}) for token in tokens]
        self.batch({"requests": requests}, relaxed=False)

    def write_pinned(self, pin: int, cells: Mapping[int, Any], *, relaxed: bool) -> Written | None:
        """Writes cells of the pinned row, by column; None when the pin is gone.

        An entry that writes nothing to lines 1 and 2 brings them back as they were then.
        """
        body = {
            **_ECHO_OPTIONS,
            "data": [
                {
                    "dataFilter": wire.pin_filter(pin),
                    "majorDimension": "ROWS",
                    "values": [as_row(cells)],
                },
                {"dataFilter": self._lines, "majorDimension": "ROWS", "values": [[]]},
            ],
        }
        try:
            response = self._http.request(
                "post", self._write_url, json=body, headers=dict(wire.RELAXED) if relaxed else None
            )
        except APIError as error:
            if status_code(error) == _GONE and self.read_pinned(pin).row is None:
                return None
            raise
        self._last_answer = response
        parts = {wire.filter_key(p["dataFilter"]): p for p in response.json().get("responses", ())}
        if pin not in parts:
            return None
        row_index = wire.row_index_of(parts[pin]["updatedRange"])
        return self._written(parts.get(self._lines_key, {}).get("updatedData"), row_index)

    def _written(self, echo: Json | None, row_index: int) -> Written:
        if echo is None:
            lines = self._read([self._lines], "ROWS").get(self._lines_key, {}).get("values", [])
        else:
            lines = echo.get("values", [])
        try:
            columns = self.header.seen_rows(lines, self.label)
        except SheetLayoutError as problem:
            names = tuple(text_of(cell) for cell in (lines[0] if lines else ()))
            return Written(names, row_index, problem)
        return Written(columns.names, row_index)

    def paint(
        self, coats: Sequence[Coat], *, pin: int, unpin: bool, drop_pins: Sequence[int]
    ) -> Painted:
        """Paints cells of one row by its place, if the pinned row is there.

        The pin is deleted from that place and made again there: if it is elsewhere, its id is
        taken, and nothing of the batch is applied. With `unpin`, it is gone afterwards.
        """
        where = wire.at_line(self.sheet_id, "ROWS", coats[0].row_index)
        paints = [wire.paint(self.sheet_id, coat) for coat in coats]
        drops = [wire.delete_mark(other) for other in drop_pins]
        if not self.can_repin:
            mark = wire.delete_mark_at(pin, where) if unpin else wire.touch_mark(pin, wire.RUN_PIN)
            _, replies = self.batch_with(paints, [mark, *drops])
            is_right = wire.marked_row(replies[0]) == coats[0].row_index
            return Painted.RIGHT if is_right else Painted.ASTRAY
        guard = [wire.delete_mark_at(pin, where), wire.create_mark(pin, wire.RUN_PIN, where)]
        unpins = [wire.delete_mark(pin)] if unpin else []
        try:
            done, _ = self.batch_with([*guard, *paints, *unpins], drops)
        except APIError as error:
            if status_code(error) != _GONE or wire.refused_request(error) not in (0, 1):
                raise
            return Painted.NOT_AT_ALL
        return Painted.GONE if wire.marked_row(done[0]) is None else Painted.RIGHT

    def repaint(self, coats: Sequence[Coat]) -> None:
        """Paints cells by their place."""
        requests = [wire.paint(self.sheet_id, coat) for coat in coats]
        self.batch({"requests": requests}, relaxed=True)

    def unpin(self, pins: Sequence[int]) -> None:
        """Deletes pins."""
        self.batch_with([], [wire.delete_mark(pin) for pin in pins])

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
                if status_code(error) != _GONE or refused is None or refused < count:
                    raise
                del left[refused - count]
                continue
            for number, reply in zip(left, done[count:], strict=True):
                replies[number] = reply
            break
        return done[:count], replies

    def batch(self, body: Json, *, relaxed: bool, fields: str | None = None) -> Json:
        response = self._http.request(
            "post",
            self._batch_url,
            params=None if fields is None else {"fields": fields},
            json=body,
            headers=dict(wire.RELAXED) if relaxed else None,
        )
        self._last_answer = response
        answer: Json = response.json()
        return answer


def _only_column(found: Mapping[Any, Json], where: Json) -> Sequence[Any]:
    values = found.get(wire.filter_key(where), {}).get("values") or [[]]
    column: Sequence[Any] = values[0]
    return column


@lru_cache(maxsize=4)
def _time_of(date: str) -> datetime:
    return parsedate_to_datetime(date)
