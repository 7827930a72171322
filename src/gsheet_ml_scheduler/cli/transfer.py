"""gsheet-ml import and export: a workbook goes from one place to another.

Decided here: the options, and what is printed where: the data may go to standard output, so
everything else that export says goes to the error output. Decided elsewhere: the copying
(`transfer`), and what a run is as a record (`records`).
"""

from __future__ import annotations

import io
import sys
import tempfile
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gsheet_ml_scheduler.cli.commands import AUTHOR, LOOK, QUEUE, DryRun, app
from gsheet_ml_scheduler.cli.location import VARIABLE, AtALocation
from gsheet_ml_scheduler.cli.printing import counted
from gsheet_ml_scheduler.cli.progress import progress
from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.connect.locations import WorkbookFile, parse_location
from gsheet_ml_scheduler.errors import LocationError
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM, Pacing
from gsheet_ml_scheduler.runsheet.values import text_rules
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

if TYPE_CHECKING:
    from gsheet_ml_scheduler.transfer import Report, Wishes


class Format(str, Enum):
    """What export can write."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    PARQUET = "parquet"


_ENDINGS = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".tab": Format.CSV,
    ".json": Format.JSON,
    ".xlsx": Format.XLSX,
    ".parquet": Format.PARQUET,
}
_BINARY = (Format.XLSX, Format.PARQUET)

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


@app.command("import", rich_help_panel=QUEUE)
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
    dry_run: DryRun = False,
) -> None:
    """Copy a workbook into a new file, or into a spreadsheet or tab that is empty.

    Nothing is ever written over, and a copy that fails leaves nothing behind.
    """
    from gsheet_ml_scheduler.transfer import Wishes, copy_workbook, rehearse_copy
    from gsheet_ml_scheduler.transfer.csv_files import AS_TEXT, AS_TYPED, PLAIN, Dialect

    if typed and text:
        raise typer.BadParameter("--typed and --text exclude each other.")
    reading = AS_TYPED if typed else AS_TEXT if text else PLAIN
    dialect = Dialect(_one_sign(delimiter), decimal_comma, reading)
    copy = rehearse_copy if dry_run else copy_workbook
    with progress(f"Reading {source}" if dry_run else f"Importing {source}") as tell:
        wishes = Wishes(sheet_index, to_index, dialect, tell)
        report = copy(source, target, wishes, author=AUTHOR)
    _say(report.notes)
    tabs = "1 tab" if report.tabs == 1 else f"{report.tabs} tabs"
    Console().print(
        f"{target.partition('?')[0]}: {tabs}, {report.rows:,} rows, {report.cells:,} cells"
        f"{' would be written' if dry_run else ''}.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command(cls=AtALocation, rich_help_panel=LOOK)
def export(
    source: Annotated[
        str,
        typer.Argument(
            metavar="LOCATION",
            help="A workbook file, a Google Sheet's link, a served workbook's address; for CSV and "
            "Excel also an Excel or CSV file.",
            show_default=False,
            envvar=VARIABLE,
        ),
    ],
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
    """Write the runs as CSV, JSON or Parquet, or the whole workbook as an Excel file.

    CSV and Excel show the sheet as it is, with lines 1 and 2. JSON and Parquet have a record for
    each run, with the defaults filled in. CSV holds the exact numbers, whatever the cells show. A
    file that exists is left alone.
    """
    from gsheet_ml_scheduler.transfer import Wishes, copy_workbook
    from gsheet_ml_scheduler.transfer.csv_files import Dialect

    wanted = _format_of(output, format_)
    if output is None and wanted in _BINARY and sys.stdout.isatty():
        raise LocationError(
            f"A file of that kind isn't text for a terminal. Say where it goes: --output "
            f"runs.{wanted.value}"
        )
    if wanted in (Format.JSON, Format.PARQUET):
        _export_records(source, wanted, output, sheet_index or 0)
        return
    dialect = Dialect(_one_sign(delimiter), decimal_comma)
    with progress(f"Exporting {source}") as tell:
        wishes = Wishes(sheet_index, None, dialect, tell)
        if output is None:
            report = _to_standard_output(source, wanted, wishes)
        else:
            report = copy_workbook(source, output, wishes, author=AUTHOR)
    _say(report.notes)
    if output is not None:
        _say([f"{output}: {report.rows:,} rows, {report.cells:,} cells."], style=None)


def _format_of(output: Path | None, given: Format | None) -> Format:
    if output is None:
        return given or Format.CSV
    by_name = _ENDINGS.get(output.suffix.lower())
    if by_name is None or given not in (None, by_name):
        raise LocationError(
            f"{output} would be no file of that format. Its name ends in .csv, .tsv, .json, "
            ".xlsx or .parquet, and --format, if given, says the same."
        )
    return by_name


def _to_standard_output(source: str, wanted: Format, wishes: Wishes) -> Report:
    from gsheet_ml_scheduler.transfer import copy_workbook

    if wanted is Format.CSV:
        if isinstance(sys.stdout, io.TextIOWrapper):  # CSV is UTF-8, whatever the terminal is
            sys.stdout.reconfigure(encoding="utf-8", newline="")
        return copy_workbook(source, sys.stdout, wishes, author=AUTHOR)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "export.xlsx"
        report = copy_workbook(source, whole, wishes, author=AUTHOR)
        sys.stdout.buffer.write(whole.read_bytes())
    return report


def _export_records(source: str, wanted: Format, output: Path | None, tab: int) -> None:
    from gsheet_ml_scheduler.cli.records import as_json, as_parquet, records_of
    from gsheet_ml_scheduler.transfer.new_files import new_file, require_free

    place = parse_location(source)
    if isinstance(place, WorkbookFile) and place.path.suffix.lower() in (".csv", ".xlsx", ".tsv"):
        raise LocationError(
            f"{source} holds no runs yet. Import it first: gsheet-ml import {source} runs.sheet"
        )
    if output is not None:
        require_free(output)
    spreadsheet, worksheet = open_worksheet(source, tab, user_agent=AUTHOR)
    rules = text_rules(spreadsheet.locale, comma_number_format=False)
    columns, rows = Pacing().until_done(
        RunSheet(worksheet, rules).read_runs, FOR_A_CLAIM, what="read the sheet"
    )
    records = records_of(columns, rows)
    data = as_json(records).encode() if wanted is Format.JSON else as_parquet(columns, records)
    if output is None:
        sys.stdout.buffer.write(data)
        return
    with new_file(output) as draft:
        draft.write_bytes(data)
    _say([f"{output}: {counted(len(records), 'run')}."], style=None)


def _one_sign(delimiter: str | None) -> str | None:
    found = {"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter)
    if found is not None and (len(found) != 1 or found in '"\r\n'):
        raise typer.BadParameter(f"--delimiter is one sign, such as ';' or tab, not {delimiter!r}.")
    return found


def _say(sentences: list[str], style: str | None = "yellow") -> None:
    console = Console(stderr=True)
    for sentence in sentences:
        console.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)
