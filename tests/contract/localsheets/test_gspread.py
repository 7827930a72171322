"""What a user of gspread calls works, by gspread's own documentation of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gspread
import pytest
from gspread.utils import (
    DateTimeOption,
    Dimension,
    InsertDataOption,
    MergeType,
    PasteType,
    ValidationConditionType,
    ValueInputOption,
    ValueRenderOption,
)

from gsheet_ml_scheduler import localsheets


@pytest.fixture
def sheet(tmp_path: Path) -> gspread.Worksheet:
    made = localsheets.open_workbook(tmp_path / "a.sheet", create=True).sheet1
    made.update([["run", "lr", "status"], ["1", 0.1, "ready"], ["2", 0.2, "done"]])
    return made


def unformatted(sheet: gspread.Worksheet, at: str) -> Any:
    """A cell's value; gspread's types know only text."""
    return sheet.acell(at, ValueRenderOption.unformatted).value


def test_reading_in_every_way(sheet: gspread.Worksheet) -> None:
    assert unformatted(sheet, "B2") == 0.1
    assert sheet.cell(3, 3).value == "done"
    assert sheet.row_values(2) == ["1", "0.1", "ready"]
    assert sheet.col_values(1) == ["run", "1", "2"]
    assert sheet.get_all_records() == [
        {"run": 1, "lr": 0.1, "status": "ready"},
        {"run": 2, "lr": 0.2, "status": "done"},
    ]
    assert sheet.batch_get(["A1:B1", "C3"]) == [[["run", "lr"]], [["done"]]]
    columns = sheet.get("A1:B2", major_dimension=Dimension.cols)
    assert columns == [["run", "1"], ["lr", "0.1"]]
    found = sheet.find("ready")
    assert found is not None
    assert (found.row, found.col) == (2, 3)
    assert [cell.address for cell in sheet.range("A1:B2")] == ["A1", "B1", "A2", "B2"]


def test_writing_in_every_way(sheet: gspread.Worksheet) -> None:
    sheet.update_acell("A5", "=1+1")
    assert sheet.acell("A5").value == "2"
    sheet.update_cell(5, 2, "2026-01-02")
    option = DateTimeOption.formatted_string
    render = ValueRenderOption.unformatted
    assert sheet.get("B5", value_render_option=render, date_time_render_option=option) == [
        ["2026-01-02"]
    ]
    sheet.append_row(["x"], ValueInputOption.raw, InsertDataOption.insert_rows)
    sheet.append_rows([["y"], ["z"]], table_range="A1")
    assert sheet.col_values(1) == ["run", "1", "2", "y", "z", "x"]
    cells = sheet.range("A1:A2")
    for cell in cells:
        cell.value = "new"
    sheet.update_cells(cells)
    sheet.batch_update([{"range": "B1", "values": [["p"]]}, {"range": "C1", "values": [["q"]]}])
    assert sheet.row_values(1) == ["new", "p", "q"]
    sheet.batch_clear(["A1:A2", "C:C"])
    assert sheet.get_all_values()[:2] == [["", "p"], ["", "0.1"]]
    sheet.clear()
    assert sheet.get_all_values() == [[]]


def test_lines(sheet: gspread.Worksheet) -> None:
    sheet.insert_row(["0"], 2)
    sheet.insert_rows([["a"], ["b"]], 4, inherit_from_before=True)
    sheet.insert_cols([["n", "x"]], 2)
    assert sheet.row_values(2) == ["0", "x"]
    sheet.delete_rows(2)
    sheet.delete_columns(2)
    sheet.add_rows(5)
    sheet.add_cols(2)
    assert (sheet.row_count, sheet.col_count) == (1005 + 2, 28)
    sheet.resize(rows=10, cols=4)
    sheet.sort((2, "des"), range="A2:D10")
    assert sheet.col_values(1)[:3] == ["run", "2", "1"]
    sheet.hide_rows(1, 2)
    sheet.unhide_rows(1, 2)
    sheet.hide_columns(1, 2)
    sheet.unhide_columns(1, 2)
    sheet.add_dimension_group_rows(1, 3)
    assert len(sheet.list_dimension_group_rows()) == 1
    sheet.delete_dimension_group_rows(1, 3)
    sheet.add_dimension_group_columns(1, 3)
    sheet.delete_dimension_group_columns(1, 3)
    sheet.columns_auto_resize(0, 2)
    sheet.rows_auto_resize(0, 2)
    sheet.freeze(rows=1, cols=1)
    assert (sheet.frozen_row_count, sheet.frozen_col_count) == (1, 1)


def test_looks(sheet: gspread.Worksheet) -> None:
    sheet.format("A1:C1", {"textFormat": {"bold": True}})
    sheet.batch_format([{"range": "A2", "format": {"backgroundColor": {"red": 1}}}])
    sheet.update_tab_color("#ff8000")
    assert sheet.get_tab_color() == "#FF8000"
    sheet.clear_tab_color()
    assert sheet.get_tab_color() is None
    sheet.hide_gridlines()
    sheet.show_gridlines()
    sheet.hide()
    sheet.show()
    sheet.insert_note("A1", "look here")
    sheet.update_notes({"A2": "and here"})
    assert sheet.get_note("A2") == "and here"
    assert sheet.get_notes() == [["look here"], ["and here"]]
    sheet.clear_notes(["A1", "A2"])
    assert sheet.get_notes() == [[]]
    sheet.update_title("runs")
    assert sheet.spreadsheet.worksheet("runs").id == sheet.id


def test_ranges(sheet: gspread.Worksheet) -> None:
    sheet.merge_cells("A5:B6", MergeType.merge_rows)
    sheet.unmerge_cells("A5:B6")
    named = sheet.define_named_range("B2:B3", "rates")
    name_id = named["replies"][0]["addNamedRange"]["namedRange"]["namedRangeId"]
    assert sheet.get("rates") == [["0.1"], ["0.2"]]
    assert len(sheet.spreadsheet.list_named_ranges()) == 1
    sheet.delete_named_range(name_id)
    sheet.add_protected_range("A1:B2", ["a@b.org"], description="header")
    (protected,) = sheet.spreadsheet.list_protected_ranges(sheet.id)
    sheet.delete_protected_range(protected["protectedRangeId"])
    sheet.set_basic_filter()
    (found,) = sheet.spreadsheet.fetch_sheet_metadata()["sheets"]
    assert found["basicFilter"]["range"] == {
        "startRowIndex": 0,
        "endRowIndex": 1000,
        "startColumnIndex": 0,
        "endColumnIndex": 26,
    }
    sheet.set_basic_filter("A1:C3")
    sheet.clear_basic_filter()
    sheet.add_validation(
        "A5", ValidationConditionType.number_greater, [10], strict=True, inputMessage="more"
    )
    sheet.add_validation(
        "C2:C7", ValidationConditionType.one_of_list, ["ready", "done"], showCustomUi=True
    )
    sheet.copy_range("A1:B3", "D1:E3", PasteType.values)
    assert sheet.get("D1:E3") == [["run", "lr"], ["1", "0.1"], ["2", "0.2"]]
    sheet.cut_range("D1:E3", "G1")
    assert (sheet.get("D1:E3"), sheet.get("G1:H1")) == ([[]], [["run", "lr"]])


def test_sheets(sheet: gspread.Worksheet) -> None:
    book = sheet.spreadsheet
    book.add_worksheet("two", rows=3, cols=2, index=0)
    assert [one.title for one in book.worksheets()] == ["two", "Sheet1"]
    book.reorder_worksheets([sheet])
    assert [one.title for one in book.worksheets()] == ["Sheet1", "two"]
    copy = sheet.duplicate(new_sheet_name="three")
    assert copy.get_all_values() == sheet.get_all_values()
    assert sheet.copy_to(book.id)["title"] == "Copy of Sheet1"
    sheet.update_index(1)
    book.del_worksheet(copy)
    book.update_locale("de_DE")
    book.update_timezone("Europe/Berlin")
    sheet.update_acell("A9", "1,5")
    assert unformatted(sheet, "A9") == 1.5
    assert sheet.acell("A9").value == "1,5"
    assert (book.locale, book.timezone) == ("de_DE", "Europe/Berlin")


def test_titles_are_found_without_regard_to_case(sheet: gspread.Worksheet) -> None:
    assert sheet.spreadsheet.values_get("sheet1!B1")["range"] == "Sheet1!B1"
    assert sheet.spreadsheet.values_get("'SHEET1'!B1")["values"] == [["lr"]]


def test_a_locale_that_there_is_not_is_refused_when_it_is_set(sheet: gspread.Worksheet) -> None:
    book = sheet.spreadsheet
    with pytest.raises(gspread.exceptions.APIError, match="Unsupported locale: tlh_QX"):
        book.update_locale("tlh_QX")
    assert book.locale == "en_US"
    assert sheet.acell("B2").value == "0.1"
