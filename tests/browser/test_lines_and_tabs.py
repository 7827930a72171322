"""Rows, columns and tabs: inserted, deleted, moved, sized, sorted, and found again."""

from __future__ import annotations

import gspread
from gspread.utils import ValueRenderOption
from playwright.sync_api import Position

from tests.browser.conftest import OpenPage
from tests.browser.grid_page import GridPage, until

ITS_NAME: Position = {"x": 4, "y": 6}  # of a menu item with a number to fill in: beside the number
NAMES = ["1", "2", "3", "a long one"]


def names(workbook: gspread.Spreadsheet) -> list[str]:
    """What stands in column A from line 3 on."""
    return [str(name or "") for name in workbook.sheet1.col_values(1)[2:]]


def width(grid: GridPage) -> float:
    """How wide column D is."""
    return float(until(lambda: grid.rectangle(0, 3))["width"])


def test_a_row_is_inserted_above_and_the_selection_stays_on_its_cells(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    grid.page.mouse.click(*grid.row_header(3), button="right")
    grid.page.get_by_text("rows above").click(position=ITS_NAME)
    grid.wait_shown(4, 0, "2")
    grid.settle()
    assert names(workbook) == ["1", "", "2", "3", "a long one"]
    assert grid.ask("selection()") == {"down": 4, "right": 0}
    grid.press("Control+z")
    grid.wait_shown(3, 0, "2")
    assert names(workbook) == NAMES


def test_deleted_rows_come_back_with_all_that_was_in_them(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    workbook.sheet1.format("A4:H4", {"backgroundColor": {"red": 1, "green": 0.8, "blue": 0.6}})
    until(lambda: grid.ask("background(3, 0)") == "#ffcc99")
    before = workbook.sheet1.get("A3:H6", value_render_option=ValueRenderOption.formula)
    grid.drag(grid.row_header(3), grid.row_header(4))
    grid.page.mouse.click(*grid.row_header(4), button="right")
    grid.page.get_by_text("Delete Selected Row").click()
    grid.wait_shown(3, 0, "a long one")
    grid.settle()
    assert names(workbook) == ["1", "a long one"]
    grid.press("Control+z")
    grid.wait_shown(3, 0, "2")
    grid.settle()
    assert workbook.sheet1.get("A3:H6", value_render_option=ValueRenderOption.formula) == before
    assert grid.ask("background(3, 0)") == "#ffcc99"
    grid.press("Control+y")
    grid.wait_shown(3, 0, "a long one")
    grid.settle()
    assert names(workbook) == ["1", "a long one"]


def test_a_row_is_moved_by_its_header(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    grid.page.mouse.click(*grid.row_header(5))
    x, y = grid.row_header(2)
    grid.drag(grid.row_header(5), (x, y - 8))
    grid.wait_shown(2, 0, "a long one")
    grid.settle()
    assert names(workbook) == ["a long one", "1", "2", "3"]
    grid.press("Control+z")
    grid.wait_shown(2, 0, "1")
    grid.settle()
    assert names(workbook) == NAMES


def test_a_column_is_inserted_and_deleted(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    grid.page.mouse.click(*grid.column_header(3), button="right")
    grid.page.get_by_text("cols right").click(position=ITS_NAME)
    grid.wait_shown(0, 5, "n_epoch")
    grid.settle()
    assert workbook.sheet1.row_values(1)[3:6] == ["lr", "", "n_epoch"]
    grid.page.mouse.click(*grid.column_header(4), button="right")
    grid.page.get_by_text("Delete Selected Column").click()
    grid.wait_shown(0, 4, "n_epoch")
    grid.settle()
    assert workbook.sheet1.row_values(1)[3:5] == ["lr", "n_epoch"]


def test_a_column_keeps_the_width_that_it_was_given(
    grid: GridPage, workbook: gspread.Spreadsheet, open_page: OpenPage
) -> None:
    other = open_page()
    place = until(lambda: grid.rectangle(0, 3))
    edge = (place["x"] + place["width"] - 1, place["y"] - 10)
    grid.drag(edge, (edge[0] + 60, edge[1]))
    wider = until(lambda: width(grid) > place["width"] + 50 and width(grid))
    until(lambda: width(other) == wider)
    assert width(open_page()) == wider


def test_the_first_two_lines_stay_in_sight(grid: GridPage) -> None:
    grid.page.mouse.move(*grid.middle(5, 3))
    grid.page.mouse.wheel(0, 4000)
    until(lambda: grid.rectangle(5, 3) is None)
    assert grid.rectangle(0, 3) is not None
    assert grid.rectangle(1, 3) is not None


def test_tabs_are_added_named_and_changed(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    workbook.add_worksheet("notes", 50, 5).update([["from a script"]])
    grid.page.get_by_text("notes", exact=True).click()
    grid.wait_shown(0, 0, "from a script")
    grid.enter(1, 0, "from the page")
    grid.settle()
    assert workbook.worksheet("notes").col_values(1) == ["from a script", "from the page"]
    assert workbook.sheet1.acell("A2").value is None
    grid.page.get_by_text("notes", exact=True).dblclick()
    grid.press("Control+a")
    grid.type("remarks")
    grid.press("Enter")
    until(lambda: [sheet.title for sheet in workbook.worksheets()][1:] == ["remarks"])
    until(lambda: grid.page.get_by_text("remarks", exact=True).is_visible())


def test_find_counts_what_it_finds(grid: GridPage) -> None:
    grid.click(0, 0)
    box = grid.page.get_by_placeholder("Find in this Sheet")
    grid.press("Control+f")
    until(box.is_visible)
    box.fill("long")
    grid.press("Enter")
    until(lambda: grid.page.get_by_text("1/1", exact=True).is_visible())
