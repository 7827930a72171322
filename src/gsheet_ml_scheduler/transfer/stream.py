"""What goes from a source to a target: an outline, then rows; and what is said about it after.

Decided here: the neutral form, the Sheets API's. An outline is a Spreadsheet whose sheets have
their properties, merges, rules, and the `rowMetadata` and `columnMetadata` of `data[0]`, but no
cells. Rows are RowData from the first row on, `{}` for a blank one. Sheet ids are always said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

Json = dict[str, Any]

VALUE = "userEnteredValue"
FORMAT = "userEnteredFormat"
NOTE = "note"
VALIDATION = "dataValidation"
DEFAULT_PIXELS = {"ROWS": 21, "COLUMNS": 100}  # of a new sheet
NEW_ROWS, NEW_COLUMNS = 1000, 26  # of a new sheet
_NOTES_OF_A_KIND = 3


class Source(Protocol):
    """Where a workbook comes from."""

    def outline(self) -> Json:
        """The workbook without its cells."""

    def rows(self, sheet_id: int) -> Iterator[Json]:
        """The rows of one tab, from the top."""


@dataclass
class Report:
    """What was carried, and what a person should know about what wasn't."""

    tabs: int = 0
    rows: int = 0
    cells: int = 0
    _said: dict[str, list[str]] = field(default_factory=dict)

    def say(self, what: str, where: str = "") -> None:
        """Note something; the same about several places becomes one sentence."""
        self._said.setdefault(what, []).append(where)

    @property
    def notes(self) -> list[str]:
        """A sentence for each kind of thing that was noted."""
        found = []
        for what, places in self._said.items():
            named = [place for place in places if place]
            listed = ", ".join(named[:_NOTES_OF_A_KIND])
            more = f" and {len(named) - _NOTES_OF_A_KIND} more" if len(named) > 3 else ""
            found.append(f"{listed}{more}: {what}" if named else what)
        return found


Progress = Callable[[str, int, int], None]
"""Is told how far a tab has been read: its title, the lines so far, the lines that it has."""


@dataclass
class Watched:
    """A source that tells how far it has been read."""

    source: Source
    progress: Progress

    def outline(self) -> Json:
        """See `Source`."""
        return self.source.outline()

    def rows(self, sheet_id: int) -> Iterator[Json]:
        """See `Source`."""
        sheet = next(one for one in sheets_of(self.outline()) if id_of(one) == sheet_id)
        lines = int(sheet["properties"]["gridProperties"]["rowCount"])
        for line, row in enumerate(self.source.rows(sheet_id), 1):
            yield row
            self.progress(title_of(sheet), line, lines)


def sheets_of(outline: Json) -> list[Json]:
    """The tabs of an outline."""
    found: list[Json] = outline["sheets"]
    return found


def id_of(sheet: Json) -> int:
    """The id of a tab; 0 may be left out."""
    return int(sheet["properties"].get("sheetId", 0))


def title_of(sheet: Json) -> str:
    """The title of a tab."""
    return str(sheet["properties"]["title"])


def cells_of(row: Json) -> list[Json]:
    """The CellData of a row."""
    found: list[Json] = row.get("values", [])
    return found


def place(title: str, row: int, column: int) -> str:
    """A cell's name for a message: `Sheet1!B3`; row and column count from 0."""
    return f"{title}!{column_letters(column)}{row + 1}"


def column_letters(column: int) -> str:
    """A column's name: 0 is A, 26 is AA."""
    letters, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def empty_sheet(sheet_id: int, title: str, rows: int, columns: int) -> Json:
    """The outline of a tab that has nothing but a title and a size."""
    grid = {"rowCount": rows, "columnCount": columns}
    return {
        "properties": {"sheetId": sheet_id, "title": title, "gridProperties": grid},
        "data": [{}],
    }
