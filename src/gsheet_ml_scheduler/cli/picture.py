"""What a sheet looks like now: the cells, with their colours, in one read request.

Decided here: which parts of Google's cells a table in the terminal needs, and how long a number is
there. Decided elsewhere: how it is laid out (`table`), what opens a location (`connect`).
Nothing is written: looking at a queue can't disturb it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gspread
from gspread.utils import absolute_range_name

from gsheet_ml_scheduler.runsheet.columns import says_not_a_key

Color = tuple[float, float, float]  # red, green, blue, each 0 to 1

_MASK = (
    "sheets.data.rowData.values(formattedValue,effectiveValue,"
    "effectiveFormat(backgroundColor,textFormat.foregroundColor))"
)
_WHITE, _BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
_LONGEST_NUMBER = 7
_PROGRESS = re.compile(r"(\d+)\s*/\s*(\d+)|(\d+(?:[.,]\d+)?)\s*%")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is shown. No colour means the sheet's plain black on white."""

    text: str = ""
    background: Color | None = None
    foreground: Color | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One run row: its line in the sheet, and its cells by column name."""

    number: int
    cells: Mapping[str, Cell]

    def text(self, column: str) -> str:
        """What a column shows, `""` if the sheet has no such column."""
        return self.cells.get(column, Cell()).text


@dataclass(frozen=True, slots=True)
class Picture:
    """A sheet at one moment; lines that show nothing at all are left out."""

    columns: Sequence[str]
    outcomes: frozenset[str]  # columns whose line 2 says N/A: what the scheduler writes
    runs: Sequence[Line]


def take_picture(worksheet: gspread.Worksheet) -> Picture:
    """Read a sheet with its colours: one request.

    Raises:
        gspread.exceptions.APIError: the sheet can't be read.
    """
    answer = worksheet.client.spreadsheets_get(
        worksheet.spreadsheet_id,
        params={"ranges": absolute_range_name(worksheet.title), "fields": _MASK},
    )
    return develop(answer)


def develop(answer: Mapping[str, Any]) -> Picture:
    """Turn Google's answer about one tab into a picture.

    An empty tab is a picture without columns, not an error.
    """
    sheets = answer.get("sheets") or [{}]
    data = sheets[0].get("data") or [{}]
    lines = [[_cell(cell) for cell in row.get("values", [])] for row in data[0].get("rowData", [])]
    header, defaults = (lines[at] if at < len(lines) else [] for at in (0, 1))
    columns = {at: cell.text.strip() for at, cell in enumerate(header) if cell.text.strip()}
    runs = [
        Line(number, {name: line[at] for at, name in columns.items() if at < len(line)})
        for number, line in enumerate(lines[2:], start=3)
        if any(cell.text for cell in line)
    ]
    outcomes = frozenset(
        name
        for at, name in columns.items()
        if at < len(defaults) and says_not_a_key(defaults[at].text)
    )
    return Picture(tuple(columns.values()), outcomes, runs)


def progress(status: str) -> float | None:
    """How far a run is, from 0 to 1, where its status tells (`running 3/20`, `40 %`)."""
    found = _PROGRESS.search(status)
    if found is None:
        return None
    if found[3]:
        return min(1.0, float(found[3].replace(",", ".")) / 100)
    return min(1.0, int(found[1]) / int(found[2])) if int(found[2]) else None


def _cell(cell: Mapping[str, Any]) -> Cell:
    style = cell.get("effectiveFormat", {})
    return Cell(
        _shown(cell.get("formattedValue", ""), cell.get("effectiveValue", {}).get("numberValue")),
        _color(style.get("backgroundColor"), unless=_WHITE),
        _color(style.get("textFormat", {}).get("foregroundColor"), unless=_BLACK),
    )


def _shown(text: str, number: float | None) -> str:
    """The sheet's own display, but a fraction with many digits is cut to four that matter."""
    if number is None or len(text) <= _LONGEST_NUMBER or number == int(number):
        return text
    return f"{number:.4g}"


def _color(given: Mapping[str, float] | None, *, unless: Color) -> Color | None:
    if given is None:
        return None
    color = (given.get("red", 0.0), given.get("green", 0.0), given.get("blue", 0.0))
    return None if color == unless else color
