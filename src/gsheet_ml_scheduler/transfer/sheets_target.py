"""A spreadsheet, wherever gspread reaches it, as a target.

Decided here: that only what is empty is filled, that a request is repeated only where that is safe
(cells are put at fixed places; the structure carries a mark whose id can't be made twice, so an
"already exists" means that it had landed), and that after a failure the spreadsheet is empty again.
Decided elsewhere: what the structure is (`plan`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import gspread
import requests
from gspread.exceptions import APIError

from gsheet_ml_scheduler.errors import GSheetMLError, LocationError
from gsheet_ml_scheduler.localsheets.a1 import quote_title
from gsheet_ml_scheduler.localsheets.formulas.grammar import localized
from gsheet_ml_scheduler.localsheets.formulas.references import renamed
from gsheet_ml_scheduler.runsheet.pacing import Pacing, describe
from gsheet_ml_scheduler.transfer import plan
from gsheet_ml_scheduler.transfer.sheets_source import (
    FOR_A_PIECE,
    chosen,
    decimal_comma,
    is_known_locale,
)
from gsheet_ml_scheduler.transfer.stream import (
    DEFAULT_PIXELS,
    FORMAT,
    NOTE,
    VALIDATION,
    VALUE,
    Json,
    Report,
    Source,
    cells_of,
    column_letters,
    id_of,
    sheets_of,
    title_of,
)

Request = dict[str, Any]

_PIECE_ROWS, _PIECE_BYTES = 5_000, 1_500_000
_A_CELL, _A_FORMAT = 50, 250  # bytes, about
_MARK = "gsheet-ml-import"
_GRID = "frozenRowCount,frozenColumnCount,rowCount,columnCount,hideGridlines"
_CELL_PARTS = (VALUE, FORMAT, NOTE, VALIDATION, "textFormatRuns")


@dataclass
class Piece:
    """Rows that go into one request."""

    start: int
    rows: list[Json] = field(default_factory=list)
    parts: set[str] = field(default_factory=set)
    plain: bool = True
    size: int = 0

    def add(self, row: Json) -> None:
        """One more row."""
        self.rows.append(row)
        for cell in cells_of(row):
            self.size += _A_CELL
            self.parts.update(cell)
            value = cell.get(VALUE)
            if value is None:
                continue
            text = value.get("stringValue")
            if text is not None:
                self.size += len(text)
            if "formulaValue" in value or text == "":
                self.plain = False
            if len(cell) > 1:
                self.size += _A_FORMAT


def pieces(rows: Iterator[Json]) -> Iterator[Piece]:
    """Rows in pieces of a size that the API likes; blank rows around them are left out."""
    piece = Piece(0)
    for index, row in enumerate(rows):
        if not piece.rows:
            if not cells_of(row):
                continue
            piece = Piece(index)
        piece.add(row)
        if len(piece.rows) >= _PIECE_ROWS or piece.size >= _PIECE_BYTES:
            yield piece
            piece = Piece(0)
    if piece.rows:
        yield piece


class SheetsTarget:
    """An empty spreadsheet, or an empty tab of one, to be filled.

    Args:
        spreadsheet: what is written to.
        name: what it is called in messages.
        report: counts what was written.
        tab: the index of the tab that is filled; None is the whole spreadsheet.
        fresh: it was made for this, so it takes over language and time zone.
        pacing: who waits and asks again when the sheet is busy.
    """

    def __init__(
        self,
        spreadsheet: gspread.Spreadsheet,
        name: str,
        report: Report,
        *,
        tab: int | None = None,
        fresh: bool = False,
        pacing: Pacing | None = None,
    ) -> None:
        self._spreadsheet = spreadsheet
        self._name = name
        self._report = report
        self._tab = tab
        self._fresh = fresh
        self._pacing = pacing or Pacing()

    def require_empty(self) -> Json:
        """See that nothing would be written over; the outline of what there is.

        Raises:
            LocationError: something is there.
        """
        found = self._call(self._spreadsheet.fetch_sheet_metadata, "look at the target")
        (sheet,) = chosen(found["sheets"], self._tab or 0, f'"{self._name}"')
        if self._tab is None and len(found["sheets"]) > 1:
            raise LocationError(
                f"{self._name} has {len(found['sheets'])} tabs, and nothing is ever written over. "
                "Several tabs go into a new file or a spreadsheet with one empty tab; a single "
                "one, chosen with --sheet-index, into the empty tab --to-index."
            )
        title = quote_title(title_of(sheet))
        wanted: Any = {"valueRenderOption": "FORMULA"}
        held = self._call(lambda: self._spreadsheet.values_get(title, wanted), "look at the target")
        for row, line in enumerate(held.get("values", [])):
            for column, value in enumerate(line):
                if value != "":
                    raise LocationError(
                        f'The tab "{title_of(sheet)}" of {self._name} isn\'t empty '
                        f"({column_letters(column)}{row + 1} holds {str(value)[:60]!r}), and "
                        "nothing is ever written over. Choose another target, or empty it first."
                    )
        return dict(found)

    def take(self, source: Source) -> None:
        """Write everything that a source has.

        Raises:
            LocationError: the target isn't empty.
            GSheetMLError: it couldn't be written; nothing of it was left there.
        """
        before = self.require_empty()
        (old,) = chosen(before["sheets"], self._tab or 0, self._name)
        outline = self._without_taken_names(source.outline(), before)
        if self._tab is not None and len(sheets_of(outline)) != 1:
            raise LocationError(
                f"The source has {len(sheets_of(outline))} tabs, and one is to be filled. Choose "
                "one of them with --sheet-index."
            )
        taken = {id_of(one) for one in before["sheets"]}
        ids = plan.ids_for(outline, id_of(old), taken)
        grid = old["properties"]["gridProperties"]
        keeps = title_of(old) if self._tab is not None else None
        made = plan.structure(
            outline, ids, title=keeps, at_least=(grid["rowCount"], grid["columnCount"])
        )
        if self._fresh and is_known_locale(outline):
            made = [*plan.spreadsheet_properties(outline), *made]
        comma = decimal_comma(outline if self._fresh else before)
        mark, done = self._once(made), False
        try:
            for sheet in sheets_of(outline):
                own = title_of(sheet)
                new = keeps or own
                as_written = _formulas(comma, own, new)
                for piece in pieces(source.rows(id_of(sheet))):
                    self._put(piece, ids[id_of(sheet)], new, as_written)
                self._report.tabs += 1
            done = True
        finally:  # whatever went wrong, and Ctrl-C
            if not done:
                self._undo(before, old, mark, plan.resized(made, id_of(old)))
        self._send([_unmarked(mark)], "finish the import")

    def _without_taken_names(self, outline: Json, before: Json) -> Json:
        taken = {named["name"].casefold() for named in before.get("namedRanges", [])}
        kept = []
        for named in outline.get("namedRanges", []):
            if named["name"].casefold() in taken:
                self._report.say("the target has a range of that name already", named["name"])
            else:
                kept.append(named)
        return {**outline, "namedRanges": kept}

    def _put(
        self, piece: Piece, sheet_id: int, title: str, as_written: Callable[[str], str]
    ) -> None:
        what = f"write lines {piece.start + 1} to {piece.start + len(piece.rows)} of {title!r}"
        held = [sum(VALUE in cell for cell in cells_of(row)) for row in piece.rows]
        self._report.rows += sum(map(bool, held))
        self._report.cells += sum(held)
        if piece.plain and piece.parts <= {VALUE}:
            # The same as updateCells with values alone, at a third of the time and the size.
            values = [[_raw(cell) for cell in cells_of(row)] for row in piece.rows]
            where = f"{quote_title(title)}!A{piece.start + 1}"
            body = {"valueInputOption": "RAW", "data": [{"range": where, "values": values}]}
            self._call(lambda: self._spreadsheet.values_batch_update(body), what)
            return
        if not piece.plain:
            piece.rows = [_rewritten(row, as_written) for row in piece.rows]
        cells = {
            "start": {"sheetId": sheet_id, "rowIndex": piece.start, "columnIndex": 0},
            "rows": piece.rows,
            "fields": ",".join(part for part in _CELL_PARTS if part in piece.parts),
        }
        self._send([{"updateCells": cells}], what)

    def _once(self, made: list[Request]) -> int:
        """Send the structure so that it is there once, whatever answers get lost; its mark."""
        mark = random.randrange(1, 2**31 - 1)  # noqa: S311 - not a secret
        where = {"spreadsheet": True}
        metadata = {"metadataId": mark, "metadataKey": _MARK, "location": where}
        body = {**metadata, "visibility": "DOCUMENT"}
        request = {"createDeveloperMetadata": {"developerMetadata": body}}
        attempts = 0

        def send() -> None:
            nonlocal attempts
            attempts += 1
            try:
                self._spreadsheet.batch_update({"requests": [request, *made]})
            except APIError as error:
                if attempts == 1 or f"ID [{mark}]" not in str(error):
                    raise

        self._call(send, "write the tabs' structure")
        return mark

    def _undo(self, before: Json, old: Json, mark: int, resized: Iterable[str]) -> None:
        """Leave the spreadsheet as empty as it was."""
        try:
            now = self._call(self._spreadsheet.fetch_sheet_metadata, "look at the target")
            self._send(_emptied(before, old, dict(now), mark, resized), "undo the import")
        except (GSheetMLError, APIError, requests.RequestException) as error:
            raise LocationError(
                f"{self._name} is only filled in part, and couldn't be emptied again: "
                f"{describe(error)} Empty it by hand."
            ) from error

    def _send(self, made: list[Request], what: str) -> None:
        self._call(lambda: self._spreadsheet.batch_update({"requests": made}), what)

    def _call(self, step: Callable[[], Any], what: str) -> Any:
        return self._pacing.until_done(step, FOR_A_PIECE, what=what)


def _raw(cell: Json) -> Any:
    value = cell.get(VALUE)
    return next(iter(value.values())) if value else None


def _formulas(comma: bool, own: str, new: str) -> Callable[[str], str]:  # noqa: FBT001
    """How a formula of a tab is written in the target."""

    def as_written(formula: str) -> str:
        if own != new:
            formula = renamed(formula, own, new)
        return localized(formula, decimal_comma=comma)

    return as_written


def _rewritten(row: Json, as_written: Callable[[str], str]) -> Json:
    cells = []
    for cell in cells_of(row):
        formula = cell.get(VALUE, {}).get("formulaValue")
        if formula is not None:
            cell = {**cell, VALUE: {"formulaValue": as_written(formula)}}
        cells.append(cell)
    return {"values": cells} if cells else {}


def _unmarked(mark: int) -> Request:
    lookup = {"metadataId": mark}
    return {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}


def _emptied(
    before: Json, old: Json, now: Json, mark: int, resized: Iterable[str]
) -> list[Request]:
    """What takes an import away again: tabs that came, and all on the one that was filled."""
    kept = {id_of(sheet) for sheet in before["sheets"]}
    (filled,) = (sheet for sheet in now["sheets"] if id_of(sheet) == id_of(old))
    whole = {"sheetId": id_of(old)}
    found: list[Request] = [_unmarked(mark)]
    known = {named["namedRangeId"] for named in before.get("namedRanges", [])}
    for named in now.get("namedRanges", []):
        if named["namedRangeId"] not in known:
            found.append({"deleteNamedRange": {"namedRangeId": named["namedRangeId"]}})
    added = [id_of(sheet) for sheet in now["sheets"] if id_of(sheet) not in kept]
    found += [{"deleteSheet": {"sheetId": sheet_id}} for sheet_id in added]
    found.append({"unmergeCells": {"range": whole}})
    rules = len(filled.get("conditionalFormats", [])) - len(old.get("conditionalFormats", []))
    found += [{"deleteConditionalFormatRule": {**whole, "index": 0}} for _ in range(rules)]
    if "basicFilter" in filled and "basicFilter" not in old:
        found.append({"clearBasicFilter": whole})
    found.append({"updateCells": {"range": whole, "fields": ",".join(_CELL_PARTS)}})
    for dimension in resized:
        found.append(
            {
                "updateDimensionProperties": {
                    "range": {**whole, "dimension": dimension},
                    "properties": {"pixelSize": DEFAULT_PIXELS[dimension]},
                    "fields": "pixelSize,hiddenByUser",
                }
            }
        )
    # What isn't said of the old tab goes, because the mask names it.
    names = f"title,hidden,rightToLeft,tabColor,tabColorStyle,gridProperties({_GRID})"
    properties = old["properties"]
    found.append({"updateSheetProperties": {"properties": properties, "fields": names}})
    return found
