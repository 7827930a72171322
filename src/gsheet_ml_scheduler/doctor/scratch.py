"""A tab to try things on, which is gone afterwards, whatever happens.

Decided here: how a probe asks and what it can undo. The tab is deleted by its id, of our choosing:
also after Ctrl-C, after SIGTERM, and when nobody knows whether it was made.
"""

import secrets
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import gspread
from gspread.exceptions import APIError
from gspread.urls import SPREADSHEET_URL

from gsheet_ml_scheduler.errors import GSheetMLError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.pacing import UNCLEAR, Pacing, Patience, describe, status_code
from gsheet_ml_scheduler.runsheet.rationed import RationedClient
from gsheet_ml_scheduler.runsheet.wire import Json
from gsheet_ml_scheduler.runsheet.worksheet import REFUSED

TITLE = "gsheet-ml doctor "
"""How the tab's title begins."""

FOR_A_PROBE = Patience(90.0)
COLUMNS = 6
_ROWS = 40


class Scratch:
    """A scratch tab, through one client."""

    def __init__(self, worksheet: gspread.Worksheet, pacing: Pacing, sheet_id: int) -> None:
        """Nothing is asked yet.

        Args:
            worksheet: any tab of the spreadsheet.
            pacing: who waits.
            sheet_id: the scratch tab's.
        """
        self.sheet_id = sheet_id
        self.index = 0
        self.tab = wire.quoted(TITLE + format(sheet_id, "x"))
        self._pacing = pacing
        self._http = RationedClient(worksheet.client, pacing)
        self._address = SPREADSHEET_URL % worksheet.spreadsheet_id
        self._next_row = 0

    def new_rows(self, count: int) -> int:
        """The index of the first of so many rows that no other probe uses."""
        first, self._next_row = self._next_row, self._next_row + count
        return first

    def batch(self, *requests: Json, **more: Any) -> Json:
        """One batchUpdate.

        Raises:
            APIError: it is refused.
        """
        return self._ask(f"{self._address}:batchUpdate", {"requests": list(requests), **more})

    def read(self, *filters: Json) -> list[Json]:
        """The value ranges that data filters find.

        Raises:
            APIError: it is refused.
        """
        body = {"dataFilters": list(filters), "valueRenderOption": "UNFORMATTED_VALUE"}
        answer = self._ask(f"{self._address}/values:batchGetByDataFilter", body)
        return [entry["valueRange"] for entry in answer.get("valueRanges", ())]

    def write(self, row: int, values: Sequence[Any]) -> None:
        """Cells of one row, from column A on.

        Raises:
            APIError: it is refused.
        """
        part = {"dataFilter": wire.row_filter(self.sheet_id, row), "values": [list(values)]}
        body = {"valueInputOption": "RAW", "data": [part]}
        self._ask(f"{self._address}/values:batchUpdateByDataFilter", body)

    def row(self, row: int, *, at_once: bool = False) -> list[Any]:
        """What a row holds; asked twice, unless `at_once`, for the first answer may be old."""
        where = wire.row_filter(self.sheet_id, row)
        if not at_once:
            self.read(where)
        found = self.read(where)
        return list((found[0].get("values") or [[]])[0]) if found else []

    def pin(self, row: int) -> int:
        """Pins a row; the pin."""
        mark = secrets.randbelow(2**31 - 1) + 1
        self.batch(wire.create_mark(mark, wire.RUN_PIN, self.at_row(row)))
        return mark

    def pinned(self, mark: int) -> tuple[int, list[Any]] | None:
        """Where a pin is, and what its row holds; None if it is gone."""
        try:
            self.read(wire.pin_filter(mark))
            found = self.read(wire.pin_filter(mark))
        except APIError:
            return None
        if not found:
            return None
        return wire.row_index_of(found[0]["range"]), list((found[0].get("values") or [[]])[0])

    def at_row(self, row: int) -> Json:
        """A row as the place of a mark."""
        return wire.at_line(self.sheet_id, "ROWS", row)

    def rows(self, start: int, end: int) -> Json:
        """Rows as a DimensionRange."""
        return {"sheetId": self.sheet_id, "dimension": "ROWS", "startIndex": start, "endIndex": end}

    def cell(self, row: int, column: int = 0) -> Json:
        """One cell as a GridRange."""
        return wire.one_cell(self.sheet_id, row, column)

    def replace(self, row: int, old: str, new: str) -> int:
        """Compare and set of a cell in column A; how many cells were changed."""
        answer = self.batch(wire.replace_text(old, new, {"range": self.cell(row)}))
        return int(answer["replies"][0].get("findReplace", {}).get("occurrencesChanged", 0))

    def make(self) -> None:
        """Adds the tab."""
        properties = {
            "sheetId": self.sheet_id,
            "title": TITLE + format(self.sheet_id, "x"),
            "gridProperties": {"rowCount": _ROWS, "columnCount": COLUMNS},
        }
        answer = self.batch({"addSheet": {"properties": properties}})
        self.index = int(answer["replies"][0]["addSheet"]["properties"].get("index", 0))

    def remove(self, sheet_id: int | None = None) -> None:
        """Deletes the tab, or a copy of it, if it is there."""
        which = self.sheet_id if sheet_id is None else sheet_id
        body = {"requests": [{"deleteSheet": {"sheetId": which}}]}
        with suppress(APIError):  # it was never made
            self._ask(f"{self._address}:batchUpdate", body, may_be_repeated=True)

    def _ask(self, address: str, body: Mapping[str, Any], *, may_be_repeated: bool = False) -> Json:
        """One request; when no answer comes, it is sent again only if that does no harm.

        What a repeated request finds may be its own work, and a probe would tell a lie.
        """

        def step() -> Json | APIError:
            try:
                answer: Json = self._http.request("post", address, json=body).json()
            except APIError as error:
                if status_code(error) != REFUSED:
                    raise
                return error  # which is an answer, too
            except UNCLEAR as error:
                if may_be_repeated:
                    raise
                raise SheetUnreachableError(f"{describe(error)}.") from error
            return answer

        answer = self._pacing.until_done(step, FOR_A_PROBE, what="try something out")
        if isinstance(answer, APIError):
            raise answer
        return answer


@contextmanager
def scratch_tab(worksheet: gspread.Worksheet, pacing: Pacing) -> Iterator[Scratch]:
    """A new tab of the spreadsheet, deleted at the end of the block.

    Raises:
        GSheetMLError: it can't be made, or deleted: then the message names it.
    """
    scratch = Scratch(worksheet, pacing, secrets.randbelow(2**31 - 1) + 1)
    with _terminated_gently():
        try:
            scratch.make()
            yield scratch
        finally:
            try:
                scratch.remove()
            except GSheetMLError as error:
                raise type(error)(f"{error} Delete the tab {scratch.tab} by hand.") from error


@contextmanager
def _terminated_gently() -> Iterator[None]:
    """SIGTERM ends the block like Ctrl-C does."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
