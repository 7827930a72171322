"""A spreadsheet, wherever gspread reaches it, as a source.

Decided here: what is asked for and in pieces of which size (Google advises 2 MB an answer), and
that formulas of a locale with a decimal comma become those of en_US. Reading is safe to repeat.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gspread

from gsheet_ml_scheduler.errors import LocationError
from gsheet_ml_scheduler.localsheets.a1 import quote_title
from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.localsheets.formulas.grammar import canonical
from gsheet_ml_scheduler.localsheets.text.locales import conventions
from gsheet_ml_scheduler.runsheet.pacing import Pacing, Patience
from gsheet_ml_scheduler.transfer.stream import (
    VALUE,
    Json,
    Report,
    cells_of,
    column_letters,
    id_of,
    sheets_of,
    title_of,
)

FOR_A_PIECE = Patience(300.0, first_wait=1.0)
"""Quotas are counted by the minute, and somebody watches."""

ENTERED = "userEnteredValue,userEnteredFormat,note,dataValidation,textFormatRuns"
"""What was entered: what a workbook is made of again."""
SHOWN = "effectiveValue,formattedValue,effectiveFormat.numberFormat.type"
"""What the cells come to: what a CSV file holds."""

_PIECE_ROWS, _PIECE_CELLS = 5_000, 20_000
_SIZES = "pixelSize,hiddenByUser"
_NOT_CARRIED = {
    "charts": "charts",
    "protectedRanges": "protected ranges",
    "filterViews": "filter views",
    "bandedRanges": "banded ranges",
    "slicers": "slicers",
    "tables": "tables",
    "rowGroups": "groups of rows",
    "columnGroups": "groups of columns",
}


class SheetsSource:
    """A gspread spreadsheet as a source.

    Args:
        spreadsheet: what is read.
        report: where is said what can't be carried.
        tab: only the tab with this index; None is all.
        fields: the parts of a CellData that are read, `ENTERED` or `SHOWN`.
        pacing: who waits and asks again when the sheet is busy.
    """

    def __init__(
        self,
        spreadsheet: gspread.Spreadsheet,
        report: Report,
        *,
        tab: int | None = None,
        fields: str = ENTERED,
        pacing: Pacing | None = None,
    ) -> None:
        self._spreadsheet = spreadsheet
        self._report = report
        self._tab = tab
        self._fields = fields
        self._pacing = pacing or Pacing()
        self._outline: Json | None = None

    def outline(self) -> Json:
        """The spreadsheet without its cells."""
        if self._outline is None:
            found = dict(self._get({"includeGridData": False}))
            tabs = chosen(found["sheets"], self._tab, f'"{self._spreadsheet.title}"')
            for sheet in tabs:
                if sheet["properties"].get("sheetType", "GRID") != "GRID":
                    self._report.say(
                        "the tab isn't made of cells; it was left out", title_of(sheet)
                    )
            tabs = [one for one in tabs if one["properties"].get("sheetType", "GRID") == "GRID"]
            found["sheets"] = [self._with_sizes(sheet) for sheet in tabs]
            self._outline = found
        return self._outline

    def rows(self, sheet_id: int) -> Iterator[Json]:
        """The rows of a tab; as many requests as it is large."""
        outline = self.outline()
        (sheet,) = (one for one in sheets_of(outline) if id_of(one) == sheet_id)
        grid = sheet["properties"]["gridProperties"]
        height, width = grid["rowCount"], grid["columnCount"]
        at_once = max(1, min(_PIECE_ROWS, _PIECE_CELLS // width))
        comma = decimal_comma(outline)
        blank = 0
        for start in range(0, height, at_once):
            stop = min(height, start + at_once)
            found = self._get(
                {
                    "ranges": f"{quote_title(title_of(sheet))}!A{start + 1}:"
                    f"{column_letters(width - 1)}{stop}",
                    "fields": f"sheets(data(rowData(values({self._fields}))))",
                }
            )
            rows = (found.get("sheets") or [{}])[0].get("data", [{}])[0].get("rowData", [])
            for row in rows:
                if not row.get("values"):
                    blank += 1
                    continue
                yield from ({} for _ in range(blank))
                blank = 0
                yield _in_english(row) if comma else row
            blank += stop - start - len(rows)

    def _with_sizes(self, sheet: Json) -> Json:
        for name, what in _NOT_CARRIED.items():
            if sheet.get(name):
                self._report.say(f"its {what} were left out", title_of(sheet))
        found = self._get(
            {
                "ranges": quote_title(title_of(sheet)),
                "fields": f"sheets(data(rowMetadata({_SIZES}),columnMetadata({_SIZES})))",
            }
        )
        data = (found.get("sheets") or [{}])[0].get("data", [{}])[0]
        return {**sheet, "data": [data]}

    def _get(self, params: dict[str, Any]) -> Json:
        def read() -> Json:
            return dict(self._spreadsheet.fetch_sheet_metadata(params))

        return self._pacing.until_done(read, FOR_A_PIECE, what="read the source")


def chosen(tabs: list[Json], index: int | None, name: str) -> list[Json]:
    """All tabs, or the one with an index.

    Raises:
        LocationError: there is none with it.
    """
    if index is None:
        return list(tabs)
    if not -len(tabs) <= index < len(tabs):
        listed = ", ".join(f'{number} "{title_of(tab)}"' for number, tab in enumerate(tabs))
        raise LocationError(
            f"{name} has no tab with the number --sheet-index {index}. Its tabs: {listed}."
        )
    return [tabs[index]]


def decimal_comma(outline: Json) -> bool:
    """Whether a spreadsheet's formulas have decimal commas, and `;` between arguments."""
    locale = outline["properties"].get("locale", "en_US")
    return is_known_locale(outline) and conventions(locale).decimal == ","


def is_known_locale(outline: Json) -> bool:
    """Whether a spreadsheet's language is one whose numbers and dates we can write."""
    try:
        conventions(outline["properties"].get("locale", "en_US"))
    except ApiError:
        return False
    return True


def _in_english(row: Json) -> Json:
    for cell in cells_of(row):
        formula = cell.get(VALUE, {}).get("formulaValue")
        if formula is not None:
            cell[VALUE] = {"formulaValue": canonical(formula, decimal_comma=True)}
    return row
