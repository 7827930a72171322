"""gsheet-ml import and export: a workbook goes from one place to another.

Decided here: the options, and what is printed where: the data may go to standard output, so
everything else that export says goes to the error output. Decided elsewhere: the copying
(`transfer`).
"""

from __future__ import annotations

import io
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gsheet_ml_scheduler.cli.commands import AUTHOR, app
from gsheet_ml_scheduler.errors import LocationError


class Format(str, Enum):
    """What export can write."""

    CSV = "csv"
    XLSX = "xlsx"


Place = Annotated[
    str,
    typer.Argument(
        help="A workbook file (runs.sheet), an Excel or CSV file (runs.xlsx, runs.csv), a Google "
        "Sheet's link, or a served workbook's address.",
        show_default=False,
    ),
]
OneTab = Annotated[
    int | None,
    typer.Option(
        "--sheet-index",
        help="Only this tab of the source: 0 is the first, -1 the last.",
        metavar="N",
        show_default="all; of CSV the first",
    ),
]
Comma = Annotated[
    bool, typer.Option("--decimal-comma", help="CSV: 0,5 is a half, and ; stands between cells.")
]
Delimiter = Annotated[
    str | None,
    typer.Option(help="CSV: what stands between cells.", show_default=", or in .tsv a tab"),
]


@app.command("import")
def import_(
    source: Place,
    target: Place,
    *,
    sheet_index: OneTab = None,
    to_index: Annotated[
        int | None,
        typer.Option(
            "--to-index",
            help="The empty tab of the target that one tab goes into.",
            metavar="N",
            show_default="a whole new or empty workbook",
        ),
    ] = None,
    typed: Annotated[
        bool,
        typer.Option("--typed", help="CSV: as if typed: formulas run, dates and 5% are read."),
    ] = False,
    text: Annotated[bool, typer.Option("--text", help="CSV: everything stays text.")] = False,
    decimal_comma: Comma = False,
    delimiter: Delimiter = None,
) -> None:
    """Copy a workbook into a new file, or into a spreadsheet or tab that is empty.

    Nothing is ever written over, and a copy that fails leaves nothing behind.
    """
    from gsheet_ml_scheduler.transfer import Wishes, copy_workbook
    from gsheet_ml_scheduler.transfer.csv_files import AS_TEXT, AS_TYPED, PLAIN, Dialect

    if typed and text:
        raise typer.BadParameter("--typed and --text exclude each other.")
    reading = AS_TYPED if typed else AS_TEXT if text else PLAIN
    dialect = Dialect(_one_sign(delimiter), decimal_comma, reading)
    wishes = Wishes(sheet_index, to_index, dialect)
    report = copy_workbook(source, target, wishes, author=AUTHOR)
    _say(report.notes)
    tabs = "1 tab" if report.tabs == 1 else f"{report.tabs} tabs"
    Console().print(
        f"{target.partition('?')[0]}: {tabs}, {report.rows:,} rows, {report.cells:,} cells.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def export(
    source: Place,
    *,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="What to write.", show_default="by the file's name, or csv"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The new file.", show_default="standard output"),
    ] = None,
    sheet_index: OneTab = None,
    decimal_comma: Comma = False,
    delimiter: Delimiter = None,
) -> None:
    """Write a workbook as an Excel file, or one tab of it as CSV. A file that exists is left alone.

    CSV holds the exact numbers, whatever the cells show, and dates as they are shown.
    """
    from gsheet_ml_scheduler.transfer import Wishes, copy_workbook
    from gsheet_ml_scheduler.transfer.csv_files import Dialect

    dialect = Dialect(_one_sign(delimiter), decimal_comma)
    wishes = Wishes(sheet_index, None, dialect)
    if output is None:
        if format_ is Format.XLSX:
            raise LocationError(
                "An Excel file isn't text for a terminal. Say where it goes: --output runs.xlsx"
            )
        if isinstance(sys.stdout, io.TextIOWrapper):  # CSV is UTF-8, whatever the terminal is
            sys.stdout.reconfigure(encoding="utf-8", newline="")
        report = copy_workbook(source, sys.stdout, wishes, author=AUTHOR)
        _say(report.notes)
        return
    known = {".csv": Format.CSV, ".tsv": Format.CSV, ".tab": Format.CSV, ".xlsx": Format.XLSX}
    by_name = known.get(output.suffix.lower())
    if by_name is None or format_ not in (None, by_name):
        raise LocationError(
            f"{output} would be no file of that format. Its name ends in .csv, .tsv or .xlsx, "
            "and --format, if given, says the same."
        )
    report = copy_workbook(source, output, wishes, author=AUTHOR)
    _say(report.notes)
    _say([f"{output}: {report.rows:,} rows, {report.cells:,} cells."], style=None)


def _one_sign(delimiter: str | None) -> str | None:
    found = {"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter)
    if found is not None and (len(found) != 1 or found in '"\r\n'):
        raise typer.BadParameter(f"--delimiter is one sign, such as ';' or tab, not {delimiter!r}.")
    return found


def _say(sentences: list[str], style: str | None = "yellow") -> None:
    console = Console(stderr=True)
    for sentence in sentences:
        console.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)
