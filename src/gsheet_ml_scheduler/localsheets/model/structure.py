"""All of a workbook but its cells: properties, sheets, the order of lines, merges and their like.

It is small and changes rarely, so a process keeps it in memory and reads it again only when the
revision that last changed it has moved on. A batch works on a copy (`copy()`): dictionaries inside
are replaced, never changed in place, so the copy is shallow and what readers hold stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from .axis import Axis

Json = dict[str, Any]

ROWS = "ROWS"
COLUMNS = "COLUMNS"


@dataclass(slots=True)
class Sheet:
    """One tab. `properties` are SheetProperties without the counts, which the axes know."""

    sheet_id: int
    properties: Json
    rows: Axis
    columns: Axis
    row_properties: dict[int, Json] = field(default_factory=dict)  # by row id
    column_properties: dict[int, Json] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name on the tab."""
        title: str = self.properties["title"]
        return title

    def axis(self, dimension: str) -> Axis:
        """The order of its rows or columns."""
        return self.rows if dimension == ROWS else self.columns

    def set_axis(self, dimension: str, axis: Axis) -> None:
        """Give it another order of rows or columns."""
        if dimension == ROWS:
            self.rows = axis
        else:
            self.columns = axis

    def line_properties(self, dimension: str) -> dict[int, Json]:
        """What is said of single rows or columns (sizes, hidden), by id."""
        return self.row_properties if dimension == ROWS else self.column_properties


@dataclass(slots=True)
class Structure:
    """A workbook's structure as of one revision."""

    spreadsheet_id: str
    properties: Json
    sheets: list[Sheet]  # as the tabs stand
    objects: dict[str, dict[str, Json]]  # kind -> object id -> body
    created: float

    def copy(self) -> Structure:
        """A copy to work on."""
        sheets = [
            replace(
                sheet,
                row_properties=dict(sheet.row_properties),
                column_properties=dict(sheet.column_properties),
            )
            for sheet in self.sheets
        ]
        objects = {kind: dict(found) for kind, found in self.objects.items()}
        return replace(self, sheets=sheets, objects=objects)

    def sheet(self, sheet_id: int) -> Sheet | None:
        """The sheet with this id."""
        for sheet in self.sheets:
            if sheet.sheet_id == sheet_id:
                return sheet
        return None

    def titled(self, title: str) -> Sheet | None:
        """The sheet with this title; Google compares without regard to case."""
        for sheet in self.sheets:
            if sheet.properties["title"] == title:
                return sheet
        folded = title.casefold()
        for sheet in self.sheets:
            if sheet.title.casefold() == folded:
                return sheet
        return None

    def objects_on(self, kind: str, sheet_id: int) -> Iterator[tuple[str, Json]]:
        """The objects of a kind whose range lies on a sheet."""
        for object_id, body in self.objects.get(kind, {}).items():
            on = body.get("range") or body["ranges"][0]
            if on.get("sheetId", 0) == sheet_id:
                yield object_id, body
