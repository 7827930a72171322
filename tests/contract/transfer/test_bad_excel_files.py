"""Excel files as others write them, with their traps, and files that are none."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.formatting.rule import DataBarRule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.errors import GSheetMLError, LocationError
from gsheet_ml_scheduler.transfer import Report, Wishes, copy_workbook
from tests.contract.transfer.contents import (
    Contents,
    cells,
    contents_of,
    names_in,
    tab,
    values,
)

AUTHOR = "a test"


@pytest.fixture
def book() -> Any:
    """A workbook of openpyxl's with one tab, `Runs`."""
    made = openpyxl.Workbook()
    made.active.title = "Runs"
    return made


@pytest.fixture
def imported(book: Any, tmp_path: Path) -> Callable[[], tuple[Contents, Report]]:
    """What `book` becomes."""

    def look() -> tuple[Contents, Report]:
        book.save(tmp_path / "a.xlsx")
        report = copy_workbook(tmp_path / "a.xlsx", tmp_path / "a.sheet", author=AUTHOR)
        return contents_of(localsheets.open_workbook(tmp_path / "a.sheet")), report

    return look


def test_values_of_every_kind(book: Any, imported: Any) -> None:
    sheet = book.active
    sheet.append([datetime(2026, 11, 22, 10, 15, 3), timedelta(hours=36), 0.05, True, "#N/A", None])
    sheet.append(["0042", "TRUE", "1e5", " x ", "two\nlines", 12345678901234567890])
    sheet["C1"].number_format = "0.0%"
    sheet["A3"], sheet["B3"] = "=1+1", "=SUM(C1:C2)"
    sheet["A3"].data_type = "s"
    found, report = imported()
    (first, second, third) = values(found)
    assert first[:4] == [46348.42711805556, 1.5, 0.05, True]
    assert first[4]["type"] == "N_A"
    assert second == ["0042", "TRUE", "1e5", " x ", "two\nlines", 1.234567890123457e19]
    assert third == ["=1+1", 0.05]
    kinds = [
        cell.get("userEnteredFormat", {}).get("numberFormat", {}).get("type")
        for cell in cells(found)[0][:3]
    ]
    assert kinds == ["DATE_TIME", "TIME", "PERCENT"]
    assert report.notes == []


def test_dates_of_the_old_epoch_of_the_mac_are_the_same_days(book: Any, imported: Any) -> None:
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active["A1"] = datetime(2026, 11, 22)
    book.active["B1"] = 46348
    found, _ = imported()
    assert values(found) == [[46348, 46348]]


def test_a_date_keeps_what_is_finer_than_a_millisecond(book: Any, imported: Any) -> None:
    book.active["A1"] = 46348.123456789012
    book.active["A1"].number_format = "yyyy-mm-dd hh:mm:ss"
    assert values(imported()[0]) == [[46348.123456789012]]


def test_colours_of_the_theme_with_a_tint_and_of_the_old_palette(book: Any, imported: Any) -> None:
    for column, color in enumerate(
        [Color(theme=4), Color(theme=4, tint=0.5), Color(theme=0, tint=-0.5), Color(indexed=10)], 1
    ):
        cell = book.active.cell(1, column, "x")
        cell.fill = PatternFill("solid", fgColor=color)
    book.active["E1"] = "automatic"
    book.active["E1"].fill = PatternFill("solid", fgColor=Color(indexed=64))
    book.active["F1"] = "none"
    (row,) = cells(imported()[0])
    found = [cell.get("userEnteredFormat", {}).get("backgroundColor") for cell in row]
    bits = [c and [round(255 * c.get(n, 0)) for n in ("red", "green", "blue")] for c in found]
    assert bits == [[79, 129, 189], [167, 192, 222], [128, 128, 128], [255, 0, 0], None, None]


def test_fonts_notes_and_array_formulas(book: Any, imported: Any) -> None:
    sheet = book.active
    sheet["A1"] = "bold"
    sheet["A1"].font = Font(bold=True, color="FF00B31F")
    sheet["A1"].comment = Comment("why", "somebody")
    sheet["B1"] = ArrayFormula("B1:B2", "=SUM(A1:A2*2)")
    sheet["C1"] = '=_xlfn.TEXTJOIN("_xlfn.",TRUE,A1)'
    (row,) = cells(imported()[0])
    assert row[0]["note"] == "why"
    assert row[0]["userEnteredFormat"]["textFormat"]["bold"] is True
    assert row[1]["userEnteredValue"] == {"formulaValue": "=ARRAYFORMULA(SUM(A1:A2*2))"}
    assert row[2]["userEnteredValue"] == {"formulaValue": '=TEXTJOIN("_xlfn.",TRUE,A1)'}


def test_a_rule_for_a_whole_column_ends_with_the_tab(book: Any, imported: Any) -> None:
    rule = DataValidation(type="list", formula1='"ready, done"')
    rule.add("B3:B1048576")
    book.active.add_data_validation(rule)
    book.active["A1"] = 1
    found, _ = imported()
    assert tab(found)["properties"]["gridProperties"]["rowCount"] == 1000
    rows = cells(found)
    condition = rows[999][1]["dataValidation"]["condition"]
    assert [value["userEnteredValue"] for value in condition["values"]] == ["ready", "done"]
    assert len(rows) == 1000
    assert rows[1] == []


def test_a_coloured_cell_at_the_end_of_excels_grid_makes_no_giant(book: Any, imported: Any) -> None:
    book.active["XFD1048576"].fill = PatternFill("solid", fgColor="FFFF0000")
    found, _ = imported()
    assert tab(found)["properties"]["gridProperties"] == {"rowCount": 1000, "columnCount": 26}


def test_what_sheets_lacks_is_named(book: Any, imported: Any) -> None:
    sheet = book.active
    sheet["A1"] = 1
    sheet.conditional_formatting.add("A1:A9", DataBarRule("min", None, "max", None, "FF0000FF"))
    rule = DataValidation(type="textLength", operator="lessThan", formula1="5")
    rule.add("A1")
    sheet.add_data_validation(rule)
    book.create_chartsheet("Losses")
    book.defined_names["tax.rate"] = DefinedName("tax.rate", attr_text="Runs!$A$1")
    book.defined_names["pi"] = DefinedName("pi", attr_text="3.14")
    _, report = imported()
    assert sorted(report.notes) == [
        "Losses: the tab isn't made of cells; it was left out",
        "Runs!A1: Sheets has no data validation like this one (textLength)",
        "Runs!A1:A9: Sheets has no conditional format like this one (dataBar)",
        "pi: the name isn't that of a range; it was left out",
        "tax.rate: Sheets doesn't allow this name of a range; it was left out",
    ]


def test_a_tab_that_is_not_there_is_refused_with_those_that_are(book: Any, tmp_path: Path) -> None:
    book.save(tmp_path / "a.xlsx")
    said = 'has no tab with the number --sheet-index 3. Its tabs: 0 "Runs".'
    with pytest.raises(LocationError, match=re.escape(said)):
        copy_workbook(tmp_path / "a.xlsx", tmp_path / "a.sheet", Wishes(tab=3), author=AUTHOR)


def _without(source: Path, target: Path, part: str) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))


def _broken(source: Path, target: Path, part: str, data: bytes) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, data if name == part else old.read(name))


def _make_bad(kind: str, good: Path, bad: Path) -> None:
    data = good.read_bytes()
    if kind == "text":
        bad.write_text("lr,status\n")
    elif kind == "empty":
        bad.write_bytes(b"")
    elif kind == "encrypted":
        bad.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096))
    elif kind == "cut off":
        bad.write_bytes(data[: len(data) // 2])
    elif kind == "another zip":
        with zipfile.ZipFile(bad, "w") as archive:
            archive.writestr("readme.txt", "hello")
    elif kind == "no workbook":
        _without(good, bad, "xl/workbook.xml")
    elif kind == "broken tab":
        _broken(good, bad, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row")
    elif kind == "broken styles":
        _broken(good, bad, "xl/styles.xml", b"<styleSheet><cellXfs count='x'>")
    elif kind == "flipped bytes":
        middle = data.index(b"xl/worksheets/sheet1.xml") + 60
        bad.write_bytes(
            data[:middle]
            + bytes(b ^ 0xFF for b in data[middle : middle + 20])
            + data[middle + 20 :]
        )


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("text", "isn't an Excel workbook: it begins with b'lr,statu'. Save it as .xlsx first."),
        ("empty", "isn't an Excel workbook: it is empty."),
        ("encrypted", "is encrypted with a password, or of an Excel before 2007."),
        ("cut off", "is damaged (File is not a zip file)."),
        ("another zip", "is a zip file, but not an Excel workbook"),
        ("no workbook", "is a zip file, but not an Excel workbook"),
        ("broken tab", "is damaged ("),
        ("broken styles", "is damaged ("),
        ("flipped bytes", "is damaged ("),
    ],
)
def test_a_file_that_is_no_workbook_is_refused_and_nothing_is_made(
    kind: str, said: str, book: Any, tmp_path: Path
) -> None:
    book.active["A1"] = 1
    book.save(tmp_path / "good.xlsx")
    bad = tmp_path / "bad.xlsx"
    _make_bad(kind, tmp_path / "good.xlsx", bad)
    with pytest.raises(LocationError) as refused:
        copy_workbook(bad, tmp_path / "a.sheet", author=AUTHOR)
    assert str(refused.value).startswith(f"{bad} {said}")
    assert names_in(tmp_path) == ["bad.xlsx", "good.xlsx"]


@pytest.fixture
def fails_late(book: Any, tmp_path: Path) -> Path:
    """A file whose line 8000 no spreadsheet takes: more than 50,000 characters in a cell."""
    sheet = book.active
    for row in range(1, 9001):
        sheet.append([row, "x"])
    sheet["B8000"].data_type = "s"
    sheet["B8000"]._value = "x" * 60_000
    sheet.merge_cells("D1:E2")
    sheet.freeze_panes = "A2"
    book.create_sheet("Second")["A1"] = "=Runs!A1"
    book.defined_names["rates"] = DefinedName("rates", attr_text="Runs!$A$1:$A$3")
    book.save(tmp_path / "late.xlsx")
    return tmp_path / "late.xlsx"


def test_an_import_that_fails_half_way_leaves_no_file(fails_late: Path, tmp_path: Path) -> None:
    with pytest.raises(GSheetMLError, match="couldn't write lines 5001 to 9000 of 'Runs': "):
        copy_workbook(fails_late, tmp_path / "a.sheet", author=AUTHOR)
    assert names_in(tmp_path) == ["late.xlsx"]


def test_an_import_that_fails_half_way_leaves_an_empty_workbook_empty(
    fails_late: Path, empty_target: tuple[str, Callable[[], Contents]]
) -> None:
    location, look = empty_target
    before = look()
    with pytest.raises(GSheetMLError, match="couldn't write lines 5001 to 9000 of 'Runs': "):
        copy_workbook(fails_late, location, author=AUTHOR)
    assert look() == before
