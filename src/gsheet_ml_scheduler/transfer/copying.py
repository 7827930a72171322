"""From one place to another: which kind of place a text means, and the two ends put together.

Decided here: what each end is opened as, and in which order: the source is read and the target is
looked at before anything is written. Decided elsewhere: how (`stream` lists the ends).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TextIO

import gspread

from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.connect.locations import WorkbookFile, parse_location
from gsheet_ml_scheduler.errors import LocationError
from gsheet_ml_scheduler.transfer.csv_files import CsvSource, Dialect, write_csv
from gsheet_ml_scheduler.transfer.new_files import new_file, new_workbook, require_free
from gsheet_ml_scheduler.transfer.sheets_source import ENTERED, SHOWN, SheetsSource
from gsheet_ml_scheduler.transfer.sheets_target import SheetsTarget
from gsheet_ml_scheduler.transfer.stream import Progress, Report, Source, Watched, sheets_of

CSV_ENDINGS = (".csv", ".tsv", ".tab")
XLSX_ENDINGS = (".xlsx", ".xlsm")


@dataclass(frozen=True)
class Wishes:
    """What somebody who copies may choose.

    Args:
        tab: only this tab of the source, from 0; None is all (of a CSV target: the first).
        to_tab: the empty tab of a target that exists, from 0; None is the whole spreadsheet.
        dialect: how a CSV file is read or written.
        progress: is told how far the source has been read.
    """

    tab: int | None = None
    to_tab: int | None = None
    dialect: Dialect = field(default_factory=Dialect)
    progress: Progress | None = None

    def watching(self, source: Source) -> Source:
        """The source, with somebody told how far it has been read."""
        return source if self.progress is None else Watched(source, self.progress)


def copy_workbook(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str] | TextIO,
    wishes: Wishes | None = None,
    *,
    author: str,
) -> Report:
    """Copy a workbook; what is at the target already is never written over.

    Args:
        source: an .xlsx or .csv file, or any location of a sheet.
        target: the same, or an open text file that gets CSV.
        wishes: which tabs, and what CSV looks like.
        author: who a workbook's change log says it was.

    Returns:
        What was copied, and what couldn't be.

    Raises:
        LocationError: an end can't be read, or the target isn't empty; nothing was written.
        SheetUnreachableError: an end doesn't answer; what had been written was taken back.
    """
    wishes, report = wishes or Wishes(), Report()
    if isinstance(target, (str, os.PathLike)):
        where = _file_of(target, (*CSV_ENDINGS, *XLSX_ENDINGS))
        if where is None:
            _into_sheet(source, target, wishes, report, author)
            return report
        require_free(where)
        with new_file(where) as draft:
            if where.suffix.lower() in CSV_ENDINGS:
                with draft.open("w", encoding="utf-8", newline="") as text:
                    _as_csv(source, text, where, wishes, report, author)
            else:
                _as_xlsx(source, where, draft, wishes, report, author)
        return report
    _as_csv(source, target, None, wishes, report, author)
    return report


def rehearse_copy(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    wishes: Wishes | None = None,
    *,
    author: str,
) -> Report:
    """All of a copy but the writing: the target is looked at, and the source read whole.

    What is read goes into a workbook that is thrown away.

    Args, Returns, Raises: see `copy_workbook`.
    """
    wishes, report = wishes or Wishes(), Report()
    place = parse_location(target)
    where = _file_of(target, (*CSV_ENDINGS, *XLSX_ENDINGS))
    if where is not None:
        require_free(where)
    elif isinstance(place, WorkbookFile) and not os.path.lexists(place.path):
        require_free(place.path)
    else:
        _emptied(source, target, wishes, report, author)
    with tempfile.TemporaryDirectory() as folder:
        thrown_away = Path(folder) / "rehearsal.sheet"
        _into_sheet(source, thrown_away, replace(wishes, to_tab=None), report, author)
    return report


def _as_csv(
    source: str | os.PathLike[str],
    text: TextIO,
    where: Path | None,
    wishes: Wishes,
    report: Report,
    author: str,
) -> None:
    delimiter = wishes.dialect.delimiter_of(where)
    with _values_of(source, wishes, report, author) as found:
        write_csv(found, text, delimiter, wishes.dialect, report)


def _as_xlsx(
    source: str | os.PathLike[str],
    where: Path,
    draft: Path,
    wishes: Wishes,
    report: Report,
    author: str,
) -> None:
    from gsheet_ml_scheduler.transfer.xlsx_target import write_xlsx  # loads a library of its own

    if where.suffix.lower() != ".xlsx":
        raise LocationError(f"{where} can't be made: a workbook of Excel's is written as .xlsx.")
    write_xlsx(_opened(source, wishes, report, author), draft, report)


@contextmanager
def _values_of(
    source: str | os.PathLike[str], wishes: Wishes, report: Report, author: str
) -> Iterator[Source]:
    """One tab with what its cells come to; for that, a file goes through a workbook first."""
    tab = wishes.tab or 0
    if _file_of(source, (*CSV_ENDINGS, *XLSX_ENDINGS)) is None:
        spreadsheet, _ = open_worksheet(source, tab, user_agent=author)
        yield wishes.watching(SheetsSource(spreadsheet, report, tab=tab, fields=SHOWN))
        return
    with tempfile.TemporaryDirectory() as folder:
        computed = Path(folder) / "computed.sheet"
        whole = replace(wishes, tab=None, to_tab=None)
        _into_sheet(source, computed, whole, report, author)
        spreadsheet, _ = open_worksheet(computed, tab, user_agent=author)
        yield SheetsSource(spreadsheet, report, tab=tab, fields=SHOWN)


def _into_sheet(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    wishes: Wishes,
    report: Report,
    author: str,
) -> None:
    place = parse_location(target)
    if isinstance(place, WorkbookFile) and not os.path.lexists(place.path):
        require_free(place.path)
        found = _opened(source, wishes, report, author)
        with new_workbook(place, author) as made:
            SheetsTarget(made, str(place.path), report, fresh=True).take(found)
        return
    filled = _emptied(source, target, wishes, report, author)
    filled.take(_opened(source, wishes, report, author))


def _emptied(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    wishes: Wishes,
    report: Report,
    author: str,
) -> SheetsTarget:
    """A target that exists, and holds nothing."""
    tab = wishes.to_tab
    spreadsheet, _ = open_worksheet(target, tab or 0, user_agent=author)
    name = _name(spreadsheet, target)
    if tab is None and _file_of(source, CSV_ENDINGS) is not None:
        tab = 0
    filled = SheetsTarget(spreadsheet, name, report, tab=tab)
    filled.require_empty()
    return filled


def _name(spreadsheet: gspread.Spreadsheet, target: str | os.PathLike[str]) -> str:
    place = parse_location(target)
    return str(place.path) if isinstance(place, WorkbookFile) else f'"{spreadsheet.title}"'


def _opened(source: str | os.PathLike[str], wishes: Wishes, report: Report, author: str) -> Source:
    text = _file_of(source, CSV_ENDINGS)
    if text is not None:
        today = datetime.now().astimezone().date()
        return wishes.watching(CsvSource(text, wishes.dialect, report, today))
    excel = _file_of(source, XLSX_ENDINGS)
    if excel is not None:
        from gsheet_ml_scheduler.transfer.xlsx_source import XlsxSource

        return wishes.watching(XlsxSource(excel, report, tab=wishes.tab))
    spreadsheet, _ = open_worksheet(source, wishes.tab or 0, user_agent=author)
    found = SheetsSource(spreadsheet, report, tab=wishes.tab, fields=ENTERED)
    if not sheets_of(found.outline()):
        raise LocationError(f'"{spreadsheet.title}" has no tab that is made of cells.')
    return wishes.watching(found)


def _file_of(location: str | os.PathLike[str], endings: tuple[str, ...]) -> Path | None:
    """The path of a file of another program's, by its ending; None if it is none."""
    place = parse_location(location)
    if isinstance(place, WorkbookFile) and place.path.suffix.lower() in endings:
        return place.path
    return None
