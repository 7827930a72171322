"""What a sheet looks like now: the cells, with their colours, in one read request.

Decided here: which parts of Google's cells a table in the terminal needs, and how long a number is
there. Decided elsewhere: how it is laid out (`table`), how far the queue is (`runsheet.summary`),
what opens a location (`connect`).
Nothing is written: looking at a queue can't disturb it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import gspread
from gspread.urls import SPREADSHEET_URL
from gspread.utils import absolute_range_name

from gsheet_ml_scheduler.runsheet.columns import STATUS, WORKER_NAME, says_not_a_key
from gsheet_ml_scheduler.runsheet.summary import RunFacts, Summary, summarize

Color = tuple[float, float, float]  # red, green, blue, each 0 to 1

_MASK = (
    "sheets.data.rowData.values(formattedValue,effectiveValue,"
    "effectiveFormat(backgroundColor,textFormat.foregroundColor))"
)
_WHITE, _BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
_LONGEST_NUMBER = 7


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
    taken: datetime | None = None  # the server's time


def take_picture(worksheet: gspread.Worksheet) -> Picture:
    """Read a sheet with its colours: one request.

    Raises:
        gspread.exceptions.APIError: the sheet can't be read.
    """
    response = worksheet.client.request(
        "get",
        SPREADSHEET_URL % worksheet.spreadsheet_id,
        params={"ranges": absolute_range_name(worksheet.title), "fields": _MASK},
    )
    taken = parsedate_to_datetime(response.headers["Date"])
    return replace(develop(response.json()), taken=taken)


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


def sum_up(picture: Picture) -> Summary | None:
    """How far the queue is; None for a picture that nobody knows the time of."""
    if picture.taken is None:
        return None
    features = {name: name in picture.outcomes for name in ("lease", "started", "duration")}
    return summarize(
        (
            RunFacts(
                run.text(STATUS),
                run.text(WORKER_NAME),
                **{name: run.text(name) if is_on else "" for name, is_on in features.items()},
            )
            for run in picture.runs
        ),
        picture.taken,
    )


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
