"""What the server says of cells, seen in the page: choices, boxes, colours, formats."""

from __future__ import annotations

import gspread

from tests.browser.conftest import OpenPage, held
from tests.browser.grid_page import GridPage, until

STATUS, LR, FLAG, LOSS = 1, 3, 5, 6


def test_a_status_is_chosen_from_its_list(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    place = until(lambda: grid.rectangle(5, STATUS))
    grid.page.mouse.click(place["x"] + place["width"] - 12, place["y"] + place["height"] / 2)
    grid.page.get_by_text("ready", exact=True).last.click()
    grid.wait_shown(5, STATUS, "ready")
    grid.settle()
    assert workbook.sheet1.acell("B6").value == "ready"


def test_a_box_is_ticked_with_a_click(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    grid.click(3, FLAG)
    grid.wait_shown(3, FLAG, "TRUE")
    grid.settle()
    assert held(workbook, "F4") is True


def test_a_list_goes_along_when_rows_are_inserted(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    workbook.sheet1.insert_row(["new"], 3)
    grid.wait_shown(2, 0, "new")
    place = until(lambda: grid.rectangle(6, STATUS))
    grid.page.mouse.click(place["x"] + place["width"] - 12, place["y"] + place["height"] / 2)
    grid.page.get_by_text("ready", exact=True).last.click()
    grid.wait_shown(6, STATUS, "ready")
    grid.settle()
    assert workbook.sheet1.acell("B7").value == "ready"


def test_a_row_turns_to_the_colour_that_a_worker_gives_it(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    assert grid.ask("background(3, 0)") in (None, "#ffffff")
    workbook.sheet1.format("A4:H4", {"backgroundColor": {"red": 1, "green": 0.8, "blue": 0.6}})
    until(lambda: grid.ask("background(3, 0)") == "#ffcc99")
    workbook.sheet1.format("A4:H4", {"backgroundColor": {"red": 0.6, "green": 0.8, "blue": 1}})
    until(lambda: grid.ask("background(3, 0)") == "#99ccff")


def test_what_a_person_makes_bold_is_bold_for_all(
    grid: GridPage, workbook: gspread.Spreadsheet, open_page: OpenPage
) -> None:
    grid.click(2, LR)
    grid.press("Control+b")
    grid.settle()
    found = workbook.fetch_sheet_metadata(
        {"ranges": "D3", "fields": "sheets.data.rowData.values.userEnteredFormat.textFormat"}
    )
    (row,) = found["sheets"][0]["data"][0]["rowData"]
    assert row["values"][0]["userEnteredFormat"]["textFormat"]["bold"] is True


def test_numbers_are_shown_as_the_server_formats_them(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    workbook.sheet1.format("G3", {"numberFormat": {"type": "NUMBER", "pattern": "0.00"}})
    grid.wait_shown(2, LOSS, "0.50")
    grid.enter(2, LOSS, "0.12345")
    grid.wait_shown(2, LOSS, "0.12")
    grid.settle()
    assert held(workbook, "G3") == 0.12345


def test_html_in_a_cell_is_text(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    attack = "<img src=x onerror=\"document.title='broken in'\">"
    workbook.sheet1.update([[attack, "ready"]], "A7")
    workbook.update_title(attack)
    grid.wait_shown(6, 0, attack)
    grid.click(6, 0)
    grid.press("F2")
    until(lambda: grid.ask("editing()"))
    grid.press("Escape")
    until(lambda: grid.page.title() == attack)
    assert grid.page.locator("h1").inner_text() == attack
    assert grid.page.locator("img[src=x]").count() == 0
