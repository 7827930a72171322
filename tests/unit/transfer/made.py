"""A source of a test's own: rows as they are listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gsheet_ml_scheduler.transfer.stream import Json, Report, empty_sheet
from gsheet_ml_scheduler.transfer.xlsx_source import XlsxSource
from gsheet_ml_scheduler.transfer.xlsx_target import write_xlsx


class Made:
    """Tabs by title, each with its rows of CellData."""

    def __init__(self, tabs: dict[str, Sequence[Sequence[Json]]], **more: Any) -> None:
        self._rows = list(tabs.values())
        sheets = [empty_sheet(number, title, 1000, 26) for number, title in enumerate(tabs)]
        self._outline: Json = {"properties": {}, "sheets": sheets}
        sheets[0].update({name: value for name, value in more.items() if name != "namedRanges"})
        if "namedRanges" in more:
            self._outline["namedRanges"] = more["namedRanges"]

    def outline(self) -> Json:
        """The tabs without cells."""
        return self._outline

    def rows(self, sheet_id: int) -> Iterator[Json]:
        """A tab's rows."""
        for row in self._rows[sheet_id]:
            yield {"values": list(row)} if row else {}


def through_excel(made: Made, path: Path) -> tuple[XlsxSource, Report]:
    """What is left of a source after it was a file, and what was said."""
    report = Report()
    path.unlink(missing_ok=True)
    write_xlsx(made, path, report)
    return XlsxSource(path, report), report


def cells_through_excel(rows: Sequence[Sequence[Json]], path: Path) -> list[list[Json]]:
    """The cells of one tab, after they were a file; as long as the rows that went in."""
    found, _ = through_excel(Made({"Sheet1": rows}), path)
    read = [row.get("values", []) for row in found.rows(0)]
    return [
        [*line, *([{}] * (len(row) - len(line)))]
        for row, line in zip(rows, [*read, *([[]] * (len(rows) - len(read)))])
    ]


def text(value: str) -> Json:
    """A cell that holds a text."""
    return {"userEnteredValue": {"stringValue": value}}


def number(value: float, **look: Any) -> Json:
    """A cell that holds a number."""
    cell: Json = {"userEnteredValue": {"numberValue": value}}
    return {**cell, "userEnteredFormat": look} if look else cell


def formula(value: str) -> Json:
    """A cell that holds a formula."""
    return {"userEnteredValue": {"formulaValue": value}}
