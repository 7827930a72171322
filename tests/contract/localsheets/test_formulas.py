"""Formulas of a workbook, as every client of the API sees them."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import gspread
import pytest

from gsheet_ml_scheduler import localsheets


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.sheet"


@pytest.fixture
def book(path: Path) -> gspread.Spreadsheet:
    return localsheets.open_workbook(path, create=True)


@pytest.fixture
def sheet(book: gspread.Spreadsheet) -> gspread.Worksheet:
    return book.sheet1


def enter(sheet: gspread.Worksheet, at: str, *lines: list[Any]) -> None:
    sheet.update(list(lines), at, raw=False)


def values(sheet: gspread.Worksheet, area: str) -> list[list[Any]]:
    return sheet.get(area, value_render_option="UNFORMATTED_VALUE")  # type: ignore[arg-type]


def texts(sheet: gspread.Worksheet, area: str) -> list[list[Any]]:
    return sheet.get(area, value_render_option="FORMULA")  # type: ignore[arg-type]


def value(sheet: gspread.Worksheet, formula: str) -> Any:
    enter(sheet, "Z1", [formula])
    return values(sheet, "Z1")[0][0]


def cell(book: gspread.Spreadsheet, area: str) -> dict[str, Any]:
    fields = "sheets.data.rowData.values"
    found = book.fetch_sheet_metadata({"ranges": area, "fields": fields})
    data: dict[str, Any] = found["sheets"][0]["data"][0]["rowData"][0]["values"][0]
    return data


def change(book: gspread.Spreadsheet, *requests: dict[str, Any]) -> None:
    book.batch_update({"requests": list(requests)})


def lines(kind: str, start: int, end: int, dimension: str = "ROWS", sheet: int = 0) -> Any:
    where = {"sheetId": sheet, "dimension": dimension, "startIndex": start, "endIndex": end}
    return {kind: {"range": where}}


# ---------------------------------------------------------------- what they come to


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=A1+A2*2", 5),
        ("=1/3", 1 / 3),
        ("=-2^2", 4),
        ("= 1 / 1024", 0.0009765625),
        ("=SUM(A1:A3)", 6),
        ("=SUM(A:A)+SUM(2:3)", 11),
        ("=SUM(A2:A)", 5),
        ("=AVERAGE(A1:A3)&B1", "2text"),
        ("=A1=1", True),
        ('=IF(A1>1,"yes","no")', "no"),
        ('=IFERROR(1/0,"none")', "none"),
        ("=IFERROR(1/0)", ""),
        ('=""', ""),
        ('=UPPER(B1)&LEN(B1)&" "&"""x"""', 'TEXT4 "x"'),
        ('=TEXTJOIN("-",TRUE,A1:A3)', "1-2-3"),
        ('=JOIN("-",A1:A3)', "1-2-3"),
        ('=REGEXMATCH(B1,"^te")', True),
        ('=VLOOKUP("text",B1:C1,2,FALSE)', 0.5),
        ("=INDEX(A1:A3,MATCH(2,A1:A3,0))", 2),
        ("=XLOOKUP(3,A1:A3,A1:A3)", 3),
        ('=COUNTIF(A1:A3,">1")', 2),
        ('=SUMIF(A1:A3,">1")', 5),
        ("=MEDIAN(A1:A3)", 2),
        ("=STDEV(A1:A3)", 1),
        ("=ROUND(2.5)", 3),
        ("=ROUND(-2.345,2)", -2.35),
        ("=SUMPRODUCT(A1:A3,A1:A3)", 14),
        ("=ARRAYFORMULA(SUM(A1:A3*2))", 12),
        ("=DATE(2020,1,1)", 43831),
        ("=YEAR(DATE(2020,1,31)+1)", 2020),
        ("=ROWS(A:A)", 1000),
        ("=LOG10(1000)", 3),
        ("=SUM(A1;A2)", 3),
        ("=sum(a1:a3)", 6),
        ("=@A1:A3", 1),
        ("=1E3+.5", 1000.5),
    ],
)
def test_formulas_are_computed_when_they_are_entered(
    sheet: gspread.Worksheet, formula: str, expected: Any
) -> None:
    enter(sheet, "A1", [1, "text", 0.5], [2], [3])
    found = value(sheet, formula)
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("formula", "error", "kind"),
    [
        ("=1/0", "#DIV/0!", "DIVIDE_BY_ZERO"),
        ("=NA()", "#N/A", "N_A"),
        ('=VLOOKUP("x",A1:B3,2,FALSE)', "#N/A", "N_A"),
        ("=NOSUCH(1)", "#NAME?", "NAME"),
        ("=nosuch", "#NAME?", "NAME"),
        ("=QUERY(A1:A3)", "#NAME?", "NAME"),
        ("=Nowhere!A1", "#REF!", "REF"),
        ("=A2000", "#REF!", "REF"),
        ("=#REF!+1", "#REF!", "REF"),
        ('="a"+1', "#VALUE!", "VALUE"),
        ("=SQRT(-1)", "#NUM!", "NUM"),
        ("=SUM(A1:A3", "#ERROR!", "ERROR"),
        ("=1+", "#ERROR!", "ERROR"),
        ("=Z1", "#REF!", "REF"),
    ],
)
def test_errors_have_googles_names_and_a_message(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet, formula: str, error: str, kind: str
) -> None:
    assert value(sheet, formula) == error
    shown = cell(book, "Z1")
    assert shown["userEnteredValue"] == {"formulaValue": formula}
    assert shown["effectiveValue"]["errorValue"]["type"] == kind
    assert shown["effectiveValue"]["errorValue"]["message"]
    assert shown["formattedValue"] == error


def test_an_error_goes_on_to_the_formulas_that_use_it(sheet: gspread.Worksheet) -> None:
    enter(sheet, "A1", ["=1/0", "=A1+1", "=SUM(B1,1)", "=IFERROR(C1,7)", "=SUM(1", "=E1&1"])
    errors = ["#DIV/0!", "#DIV/0!", "#DIV/0!", 7, "#ERROR!", "#ERROR!"]
    assert values(sheet, "A1:F1") == [errors]


def test_a_circle_ends_in_an_error_and_is_mended_by_breaking_it(sheet: gspread.Worksheet) -> None:
    enter(sheet, "A1", ["=B1+1", "=C1+1", "=A1+1"])
    assert values(sheet, "A1:C1") == [["#REF!", "#REF!", "#REF!"]]
    enter(sheet, "C1", [5])
    assert values(sheet, "A1:C1") == [[7, 6, 5]]


def test_a_formula_that_repeats_a_blank_shows_nothing_and_counts_as_zero(
    sheet: gspread.Worksheet,
) -> None:
    enter(sheet, "A1", ["=D1", "=A1", "=A1+1", None, "=E9&E9"])
    assert values(sheet, "A1:E1") == [["", "", 1, "", ""]]
    enter(sheet, "D1", [0])
    assert values(sheet, "A1:C1") == [[0, 0, 1]]


def test_what_a_formula_shows_as_nothing_is_not_a_blank_cell(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A1", ['=""'], [None], ["=COUNTA(A1:A2)"])
    assert cell(book, "A1")["effectiveValue"] == {"stringValue": ""}
    assert values(sheet, "A1:A3") == [[""], [], [1]]
    assert texts(sheet, "A1") == [['=""']]


def test_only_typed_formulas_are_formulas(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    sheet.update([["=1+1"]], "A1", raw=True)
    sheet.update([["'=1+1", "+A1&2"]], "B1", raw=False)
    stamp = {"userEnteredValue": {"stringValue": "=1+1"}}
    start = {"rowIndex": 0, "columnIndex": 3}
    rows = [{"values": [stamp, {"userEnteredValue": {"formulaValue": "=1+1"}}]}]
    change(book, {"updateCells": {"rows": rows, "start": start, "fields": "userEnteredValue"}})
    assert values(sheet, "A1:E1") == [["=1+1", "=1+1", "=1+12", "=1+1", 2]]


# ---------------------------------------------------------------- how they are shown


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("=DATE(2020,1,2)", "1/2/2020"),
        ("=DATE(2020,1,2)+1", "1/3/2020"),
        ("=DATE(2020,1,2)-DATE(2020,1,1)", "1"),
        ("=50%", "50%"),
        ("=TIME(13,5,0)", "1:05:00 PM"),
        ("=A1", "12.5%"),
        ("=A1+A1", "25.0%"),
        ("=A1*2", "0.25"),
        ("=TRUE", "TRUE"),
        ("=1/3", "0.3333333333"),
    ],
)
def test_a_result_is_shown_in_the_format_that_the_formula_implies(
    sheet: gspread.Worksheet, formula: str, shown: str
) -> None:
    enter(sheet, "A1", ["12.5%"])
    sheet.format("A1", {"numberFormat": {"type": "PERCENT", "pattern": "0.0%"}})
    enter(sheet, "B1", [formula])
    assert sheet.acell("B1").value == shown


def test_the_cells_own_format_comes_first(sheet: gspread.Worksheet) -> None:
    sheet.format("A1", {"numberFormat": {"type": "NUMBER", "pattern": "0.000"}})
    enter(sheet, "A1", ["=DATE(2020,1,2)"])
    assert sheet.acell("A1").value == "43832.000"


def test_a_german_spreadsheet_writes_formulas_its_own_way(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    german = {"properties": {"locale": "de_DE"}, "fields": "locale"}
    change(book, {"updateSpreadsheetProperties": german})
    enter(sheet, "A1", ["=SUM(1,5;2)", "=SUM({1\\2;3\\4})", "=SUM(B1,B1)"])
    assert values(sheet, "A1:C1") == [[3.5, 10, 20]]
    assert sheet.acell("A1").value == "3,5"
    written = ["=SUM(1,5;2)", "=SUM({1\\2;3\\4})", "=SUM(B1;B1)"]
    assert texts(sheet, "A1:C1") == [written]
    assert cell(book, "A1")["userEnteredValue"] == {"formulaValue": "=SUM(1,5;2)"}
    american = {"properties": {"locale": "en_US"}, "fields": "locale"}
    change(book, {"updateSpreadsheetProperties": american})
    assert texts(sheet, "A1:C1") == [["=SUM(1.5,2)", "=SUM({1,2;3,4})", "=SUM(B1,B1)"]]


# ---------------------------------------------------------------- they are recomputed


def test_a_changed_cell_changes_what_depends_on_it_in_the_same_answer(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A1", [1, "=A1*2", "=B1*2"])
    answer = book.values_update(
        "Sheet1!A1",
        {"valueInputOption": "RAW", "includeValuesInResponse": "true"},
        {"values": [[5]]},
    )
    assert answer["updatedData"]["values"] == [["5"]]
    assert values(sheet, "A1:C1") == [[5, 10, 20]]
    sheet.batch_clear(["A1"])
    assert values(sheet, "B1:C1") == [[0, 0]]


def test_a_formula_gives_way_to_a_constant(sheet: gspread.Worksheet) -> None:
    enter(sheet, "A1", [1, "=A1*2", "=B1*2"])
    enter(sheet, "B1", [10])
    enter(sheet, "A1", [7])
    assert values(sheet, "A1:C1") == [[7, 10, 20]]


def test_a_new_formula_finds_cells_that_nothing_looked_at_before(
    sheet: gspread.Worksheet,
) -> None:
    enter(sheet, "A1", [1, 2, 3, "=A1"])
    enter(sheet, "D2", ["=SUM(B1:C1)"])
    enter(sheet, "D3", ['=INDIRECT("C1")+OFFSET(A1,0,1)'])
    assert values(sheet, "D1:D3") == [[1], [5], [5]]
    enter(sheet, "B1", [10])
    assert values(sheet, "D2:D3") == [[13], [13]]


def test_other_sheets_are_looked_at(book: gspread.Spreadsheet, sheet: gspread.Worksheet) -> None:
    other = book.add_worksheet("Run's data / 2026: a long and odd name [x]?", 10, 5)
    enter(other, "A1", [4])
    enter(sheet, "A1", ["='Run''s data / 2026: a long and odd name [x]?'!A1*2"])
    assert values(sheet, "A1") == [[8]]
    enter(other, "A1", [5])
    assert values(sheet, "A1") == [[10]]


def test_named_ranges_can_be_used_in_formulas(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A1", [1], [2], [3])
    sheet.define_named_range("A1:A3", "losses")
    enter(sheet, "B1", ["=SUM(Losses)"])
    assert values(sheet, "B1") == [[6]]


def test_another_process_sees_what_the_writer_computed_and_goes_on_from_it(
    path: Path, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A1", [1, "=A1+1"])
    other = localsheets.open_workbook(path).sheet1
    assert values(other, "B1") == [[2]]
    enter(other, "A1", [5, None, "=B1*10"])
    enter(sheet, "A1", [6])
    assert values(other, "A1:C1") == [[6, 7, 70]]
    enter(other, "B1", ["=A1+2"])
    enter(sheet, "A1", [7])
    assert values(other, "A1:C1") == [[7, 9, 90]]


def test_a_batch_that_fails_leaves_nothing_behind_in_what_is_computed_later(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A1", [1, "=A1+1"])
    rows = [{"values": [{"userEnteredValue": {"numberValue": 50}}]}]
    start = {"rowIndex": 0, "columnIndex": 0}
    update = {"updateCells": {"rows": rows, "start": start, "fields": "userEnteredValue"}}
    with pytest.raises(gspread.exceptions.APIError):
        change(book, update, {"deleteSheet": {"sheetId": 999}})
    enter(sheet, "C1", ["=A1+10"])
    assert values(sheet, "A1:C1") == [[1, 2, 11]]


def test_now_is_computed_at_every_write(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    zone = {"properties": {"timeZone": "Etc/GMT"}, "fields": "timeZone"}
    change(book, {"updateSpreadsheetProperties": zone})
    before = datetime.now(timezone.utc)
    enter(sheet, "A1", ["=NOW()", "=TODAY()", "=RAND()"])
    now, today, chance = values(sheet, "A1:C1")[0]
    epoch = datetime(1899, 12, 30, tzinfo=timezone.utc)
    assert (before - epoch).total_seconds() - 2 <= now * 86400
    assert now * 86400 <= (datetime.now(timezone.utc) - epoch).total_seconds() + 2
    assert today in ((before - epoch).days, int(now))
    enter(sheet, "D9", ["anything"])
    assert values(sheet, "C1") != [[chance]]
    assert values(sheet, "C1") == values(sheet, "C1")


# ---------------------------------------------------------------- they follow


def test_formulas_follow_inserted_and_deleted_rows(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A1", [1], [2], [3], ["=SUM(A1:A3)"], ["=A2*$A$3"])
    change(book, lines("insertDimension", 1, 2))
    assert texts(sheet, "A5:A6") == [["=SUM(A1:A4)"], ["=A3*$A$4"]]
    enter(sheet, "A2", [10])
    assert values(sheet, "A5:A6") == [[16], [6]]
    change(book, lines("deleteDimension", 2, 3))
    assert texts(sheet, "A4:A5") == [["=SUM(A1:A3)"], ["=#REF!*$A$3"]]
    assert values(sheet, "A4:A5") == [[14], ["#REF!"]]
    change(book, lines("deleteDimension", 0, 3))
    assert texts(sheet, "A1:A2") == [["=SUM(#REF!)"], ["=#REF!*#REF!"]]


def test_formulas_follow_columns_that_come_go_and_move(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A1", [1, 2, "=A1-B1", "=SUM(A:B)"])
    change(book, lines("insertDimension", 1, 3, "COLUMNS"))
    assert texts(sheet, "E1:F1") == [["=A1-D1", "=SUM(A:D)"]]
    source = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}
    change(book, {"moveDimension": {"source": source, "destinationIndex": 4}})
    assert texts(sheet, "E1:F1") == [["=D1-C1", "=SUM(A:D)"]]
    assert values(sheet, "E1:F1") == [[-1, 3]]
    change(book, lines("deleteDimension", 0, 4, "COLUMNS"))
    assert texts(sheet, "A1:B1") == [["=#REF!-#REF!", "=SUM(#REF!)"]]


def test_formulas_on_other_sheets_follow_too(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    other = book.add_worksheet("Data", 10, 5)
    enter(other, "A2", [4])
    enter(sheet, "A1", ["=Data!A2", "=SUM(Data!A:A)"])
    change(book, lines("insertDimension", 0, 1, sheet=other.id))
    other.update_title("Old data")
    assert texts(sheet, "A1:B1") == [["='Old data'!A3", "=SUM('Old data'!A:A)"]]
    enter(other, "A3", [5])
    assert values(sheet, "A1:B1") == [[5, 5]]
    book.del_worksheet(other)
    assert texts(sheet, "A1:B1") == [["=#REF!", "=SUM(#REF!)"]]
    assert values(sheet, "A1:B1") == [["#REF!", "#REF!"]]


def test_a_formula_that_is_entered_before_rows_move_in_the_same_batch_follows(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A5", [3])
    rows = [{"values": [{"userEnteredValue": {"formulaValue": "=A5*2"}}]}]
    start = {"rowIndex": 5, "columnIndex": 0}
    update = {"updateCells": {"rows": rows, "start": start, "fields": "userEnteredValue"}}
    change(book, update, lines("insertDimension", 0, 2))
    assert texts(sheet, "A8") == [["=A7*2"]]
    assert values(sheet, "A8") == [[6]]


def test_a_sheet_that_grows_at_its_end_changes_no_formula_but_open_ranges_see_the_rows(
    sheet: gspread.Worksheet,
) -> None:
    enter(sheet, "A1", ["=ROWS(B:B)", "=SUM(B1:B1000)"])
    sheet.add_rows(1)
    assert values(sheet, "A1") == [[1001]]
    assert texts(sheet, "B1") == [["=SUM(B1:B1000)"]]


def test_rows_that_are_appended_to_a_full_sheet_are_computed_with_it(
    path: Path, sheet: gspread.Worksheet
) -> None:
    sheet.resize(2, 4)
    enter(sheet, "A1", [1, "=SUM(A:A)", "=A3"], [2, "=COUNTA(Sheet1!C:C)"])
    assert values(sheet, "B1:C2") == [[3, "#REF!"], [1]]
    sheet.append_row([3, "=A3*10"], value_input_option="USER_ENTERED")  # type: ignore[arg-type]
    assert values(sheet, "B1:C3") == [[6, 3], [1], [30]]
    other = localsheets.open_workbook(path).sheet1
    other.append_row([4, "=A4*10"], value_input_option="USER_ENTERED")  # type: ignore[arg-type]
    enter(sheet, "A1", [10])
    assert values(sheet, "B1:C4") == [[19, 3], [1], [30], [40]]


@pytest.mark.parametrize("beside", [[], ["kept"]])
def test_a_sorted_row_goes_on_looking_at_itself(
    sheet: gspread.Worksheet, beside: list[str]
) -> None:
    rows = [[3, "=A2*10", "=A$1"], [1, "=A3*10", "=A$1"], [2, "=A4*10", "=A$1"]]
    enter(sheet, "A1", [100], *([*row, None, *beside] for row in rows))
    sheet.sort((1, "asc"), range="A2:C4")
    assert values(sheet, "A2:C4") == [[1, 10, 100], [2, 20, 100], [3, 30, 100]]
    assert texts(sheet, "B2:B4") == [["=A2*10"], ["=A3*10"], ["=A4*10"]]


def test_a_repeated_formula_is_filled_in_relatively(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A1", [1, 2], [3, 4])
    area = {"startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 2, "endColumnIndex": 4}
    filled = {"userEnteredValue": {"formulaValue": "=A1*$A$2"}}
    change(book, {"repeatCell": {"range": area, "cell": filled, "fields": "userEnteredValue"}})
    assert texts(sheet, "C1:D2") == [["=A1*$A$2", "=B1*$A$2"], ["=A2*$A$2", "=B2*$A$2"]]
    assert values(sheet, "C1:D2") == [[3, 6], [9, 12]]


# ---------------------------------------------------------------- what nobody should enter


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=" + "(" * 1000 + "7" + ")" * 1000, 7),
        ("=" + "(" * 24_000 + "7" + ")" * 24_000, "#ERROR!"),
        ("=" + "-" * 49_998 + "7", 7),
        ("=1" + "+1" * 24_990, 24_991),
        ("=" + "ABS(" * 1000 + "7" + ")" * 1000, 7),
        ("=" + "'" * 40_000, "#ERROR!"),
        ("=NOSUCH(" + "1," * 20_000 + "1)", "#NAME?"),
        ('="' + "x" * 49_990 + '"', "x" * 49_990),
        ("=SUM(A1:Y40000)", 1),
    ],
    ids=[
        "nested",
        "too deep",
        "signs",
        "terms",
        "calls",
        "quotes",
        "arguments",
        "text",
        "1M cells",
    ],
)
def test_formulas_at_the_edge_are_answered(
    sheet: gspread.Worksheet, formula: str, expected: Any
) -> None:
    sheet.resize(40_000, 26)
    enter(sheet, "A1", [1])
    assert value(sheet, formula) == expected


def test_a_formula_that_is_too_long_for_a_cell_is_refused(sheet: gspread.Worksheet) -> None:
    with pytest.raises(gspread.exceptions.APIError, match="maximum of 50000 characters"):
        enter(sheet, "A1", ["=1" + "+1" * 25_000])


def test_a_chain_of_ten_thousand_cells_is_followed_to_its_end(sheet: gspread.Worksheet) -> None:
    sheet.resize(10_000, 2)
    enter(sheet, "A1", [1], *([f"=A{row - 1}+1"] for row in range(2, 10_001)))
    enter(sheet, "A1", [2])
    assert values(sheet, "A10000") == [[10_001]]


def test_a_formula_without_end_is_set_aside_and_nothing_else_suffers(
    book: gspread.Spreadsheet, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A1", [1, "=A1+1"])
    enter(sheet, "C1", ["=LET(f,LAMBDA(g,g(g)),f(f))", "=C1"])
    assert values(sheet, "A1:D1") == [[1, 2, "#ERROR!", "#ERROR!"]]
    said = cell(book, "C1")["effectiveValue"]["errorValue"]["message"]
    assert said.endswith("was set aside. Enter it again to try.")
    enter(sheet, "A1", [2])
    assert values(sheet, "A1:D1") == [[2, 3, "#ERROR!", "#ERROR!"]]
    enter(sheet, "C1", ["=A1*100"])
    assert values(sheet, "C1:D1") == [[200, 200]]


def test_where_ironcalc_is_not_installed_formulas_are_kept_and_show_name(
    path: Path, sheet: gspread.Worksheet
) -> None:
    enter(sheet, "A1", [1, "=A1+1"])
    without = (
        "import sys; sys.modules['ironcalc'] = None\n"
        "from gsheet_ml_scheduler import localsheets\n"
        f"sheet = localsheets.open_workbook({str(path)!r}).sheet1\n"
        "sheet.update([['=A1+2']], 'C1', raw=False)\n"
    )
    subprocess.run([sys.executable, "-c", without], check=True)
    assert values(sheet, "A1:C1") == [[1, 2, "#NAME?"]]
    assert texts(sheet, "C1") == [["=A1+2"]]
    enter(sheet, "A1", [5])
    assert values(sheet, "A1:C1") == [[5, 6, 7]]


def test_a_workbook_without_formulas_starts_no_calculator(tmp_path: Path) -> None:
    script = (
        "import os, sys\nfrom gsheet_ml_scheduler import localsheets\n"
        f"book = localsheets.open_workbook({str(tmp_path / 'plain.sheet')!r}, create=True)\n"
        "book.sheet1.update([['a', 1], ['b', 2]])\n"
        "book.sheet1.insert_row([3], 1)\n"
        "assert 'ironcalc' not in sys.modules\n"
        "try:\n    os.waitpid(-1, os.WNOHANG)\n"
        "except ChildProcessError:\n    print('no children')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "no children\n"
