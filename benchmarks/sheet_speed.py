"""How fast a workbook answers the Sheets API, beside openpyxl and ironcalc doing it to a file.

    python benchmarks/sheet_speed.py [--rows 1000 10000 100000] [--no-http]

A sheet of 12 columns of numbers. Each operation is one request, its answer read; the median of
several. The sort leaves no row beside its old neighbours. A column that is read first is timed in a
new process, for which opening the file isn't counted. In process there is no socket; over HTTP it
is `gsheet-ml serve` in a process of its own, through gspread. The other two have no file that
several programs may write: their figure is opening the file, the change, and saving it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gspread
from gspread.utils import Dimension, ValueRenderOption
from rich.console import Console
from rich.table import Table

from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.localsheets import open_workbook

COLUMNS = 12
Operation = Callable[[gspread.Worksheet, int], Any]


def fill(sheet: gspread.Worksheet, rows: int) -> None:
    """Numbers in every cell, 10,000 rows at a time."""
    sheet.resize(rows, COLUMNS)
    for first in range(0, rows, 10_000):
        last = min(first + 10_000, rows)
        block = [
            [*(row * COLUMNS + c for c in range(COLUMNS - 1)), row * 7919 % 1_000_003]
            for row in range(first, last)
        ]
        sheet.update(block, f"A{first + 1}:L{last}", raw=True)


def _cells(row: int, count: int) -> dict[str, Any]:
    lines = max(count // COLUMNS, 1)
    width = min(count, COLUMNS)
    line = {"values": [{"userEnteredValue": {"numberValue": 7}}] * width}
    start = {"sheetId": 0, "rowIndex": row, "columnIndex": 0}
    return {"updateCells": {"start": start, "rows": [line] * lines, "fields": "userEnteredValue"}}


def _batch(sheet: gspread.Worksheet, request: dict[str, Any]) -> None:
    sheet.spreadsheet.batch_update({"requests": [request]})


def _insert(sheet: gspread.Worksheet, rows: int) -> None:
    lines = {"sheetId": 0, "dimension": "ROWS", "startIndex": rows // 2, "endIndex": rows // 2 + 1}
    _batch(sheet, {"insertDimension": {"range": lines}})


def _sort(sheet: gspread.Worksheet) -> None:
    by = [{"dimensionIndex": COLUMNS - 1}]
    _batch(sheet, {"sortRange": {"range": {"sheetId": 0}, "sortSpecs": by}})


def _find_replace(sheet: gspread.Worksheet, rows: int) -> None:
    cell = {"sheetId": 0, "startRowIndex": rows // 2, "endRowIndex": rows // 2 + 1}
    cell |= {"startColumnIndex": 3, "endColumnIndex": 4}
    request = {"find": "7", "replacement": "7", "matchEntireCell": True, "range": cell}
    _batch(sheet, {"findReplace": request})


def _masked(sheet: gspread.Worksheet, rows: int) -> None:
    mask = "sheets.data.rowData.values.effectiveValue"
    sheet.spreadsheet.fetch_sheet_metadata({"ranges": f"A{rows // 2}:L{rows // 2}", "fields": mask})


OPERATIONS: dict[str, Operation] = {
    "read one cell": lambda sheet, rows: sheet.get(
        f"C{rows // 2}", value_render_option=ValueRenderOption.unformatted
    ),
    "read one column": lambda sheet, rows: sheet.get(
        f"C1:C{rows}",
        value_render_option=ValueRenderOption.unformatted,
        major_dimension=Dimension.cols,
    ),
    "read everything": lambda sheet, _: sheet.get(
        value_render_option=ValueRenderOption.unformatted
    ),
    "write one cell": lambda sheet, rows: _batch(sheet, _cells(rows // 2, 1)),
    "write 10,000 cells": lambda sheet, rows: _batch(sheet, _cells(0, min(10_000, rows * COLUMNS))),
    "append one row": lambda sheet, _: _batch(
        sheet,
        {
            "appendCells": {
                "sheetId": 0,
                "rows": [{"values": [{"userEnteredValue": {"numberValue": 1}}] * COLUMNS}],
                "fields": "userEnteredValue",
            }
        },
    ),
    "insert a row in the middle": _insert,
    "findReplace on one cell": _find_replace,
    "get with a mask, one row": _masked,
}


def timed(action: Callable[[], Any], *, least: int = 3, seconds: float = 1.0) -> float:
    """The median of at least so many goes, in milliseconds, stopping after about a second."""
    action()
    laps: list[float] = []
    end = time.perf_counter() + seconds
    while len(laps) < least or (time.perf_counter() < end and len(laps) < 200):
        began = time.perf_counter()
        action()
        laps.append(time.perf_counter() - began)
    return statistics.median(laps) * 1e3


def measure(sheet: gspread.Worksheet, rows: int) -> dict[str, float]:
    """Every operation on one sheet."""
    return {
        name: timed(lambda operation=operation: operation(sheet, rows))  # type: ignore[misc]
        for name, operation in OPERATIONS.items()
    }


_COLD = """
import sys, time
from gsheet_ml_scheduler.localsheets import open_workbook
sheet = open_workbook(sys.argv[1]).sheet1
sheet.acell("A1")
began = time.perf_counter()
sheet.col_values(5, value_render_option="UNFORMATTED_VALUE")
print((time.perf_counter() - began) * 1e3)
"""


def cold_column(path: Path) -> float:
    """The first read of one column in a new process, in milliseconds."""
    run = [sys.executable, "-c", _COLD, str(path)]
    return float(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


def measure_file(path: Path, sheet: gspread.Worksheet, rows: int) -> dict[str, float]:
    """What only a file can show: what others find there, and an order that was shuffled."""
    first = cold_column(path)
    kept = statistics.median(cold_column(path) for _ in range(3))
    _sort(sheet)
    return {
        "read one column first of all": first,
        "read one column first in a process": kept,
        "insert a row after a sort": timed(lambda: _insert(sheet, rows)),
        "write one cell after a sort": timed(lambda: _batch(sheet, _cells(rows // 2, 1))),
    }


@contextmanager
def served(path: Path) -> Iterator[gspread.Worksheet]:
    """The workbook behind a server process, as a worksheet."""
    command = str(Path(sys.executable).with_name("gsheet-ml"))
    server = subprocess.Popen(
        [command, "serve", str(path), "--port", "0", "--no-browser"],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        line = next(text for text in server.stdout if "http://" in text)
        address = next(word for word in line.split() if word.startswith("http://"))
        _, worksheet = open_worksheet(address, user_agent="benchmark")
        yield worksheet
    finally:
        server.terminate()
        server.wait()


def openpyxl_change(path: Path) -> Callable[[], None]:
    """Open an .xlsx file, change one cell, save it."""
    import openpyxl

    def change() -> None:
        book = openpyxl.load_workbook(path)
        book.active.cell(5, 3, 7)
        book.save(path)

    return change


def make_xlsx(path: Path, rows: int) -> None:
    """The same numbers as an .xlsx file."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in range(rows):
        sheet.append([row * COLUMNS + c for c in range(COLUMNS)])
    book.save(path)


def ironcalc_change(path: Path) -> Callable[[], None]:
    """The same by ironcalc."""
    import ironcalc

    def change() -> None:
        model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
        model.set_user_input(0, 5, 3, "7")
        model.evaluate()
        path.unlink()
        model.save_to_xlsx(str(path))

    return change


def others(folder: Path, rows: int) -> dict[str, float]:
    """Change one cell of a file with each of the other two."""
    path = folder / "others.xlsx"
    make_xlsx(path, rows)
    once: dict[str, Any] = {"least": 1, "seconds": 0.0}
    return {
        "openpyxl": timed(openpyxl_change(path), **once),
        "ironcalc": timed(ironcalc_change(path), **once),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--no-http", action="store_true")
    given = parser.parse_args()
    console = Console(width=100)
    results: dict[tuple[str, int], dict[str, float]] = {}
    for rows in given.rows:
        with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as name:
            folder = Path(name)
            path = folder / "speed.sheet"
            sheet = open_workbook(path, create=True).sheet1
            fill(sheet, rows)
            results["in process", rows] = measure(sheet, rows)
            if not given.no_http:
                with served(path) as worksheet:
                    results["over HTTP", rows] = measure(worksheet, rows)
            results["in process", rows] |= measure_file(path, sheet, rows)
            results["others", rows] = others(folder, rows)
    show(console, given.rows, results)


def show(
    console: Console, lengths: list[int], results: dict[tuple[str, int], dict[str, float]]
) -> None:
    """Print the tables; the last column is the longest sheet over the shortest."""
    for where in ("in process", "over HTTP", "others"):
        if (where, lengths[0]) not in results:
            continue
        title = "open, change one cell, save" if where == "others" else where
        table = Table(title=f"{title}: milliseconds by rows × {COLUMNS}")
        table.add_column("")
        for rows in lengths:
            table.add_column(f"{rows:,}", justify="right")
        table.add_column("ratio", justify="right")
        for name in results[where, lengths[0]]:
            found = [results[where, rows][name] for rows in lengths]
            table.add_row(name, *(f"{ms:.2f}" for ms in found), f"{found[-1] / found[0]:.1f}")
        console.print(table)


if __name__ == "__main__":
    main()
