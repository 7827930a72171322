"""Sorting, filtering and finding by menu and keyboard; and what can be taken back beside cells."""

from __future__ import annotations

import gspread

from tests.browser.conftest import OpenPage
from tests.browser.grid_page import GridPage, until

LR, EPOCHS = 3, 4
NAMES = ["1", "2", "3", "a long one"]


def names(workbook: gspread.Spreadsheet) -> list[str]:
    """What stands in column A from line 3 on."""
    return [str(name or "") for name in workbook.sheet1.col_values(1)[2:]]


def titles(workbook: gspread.Spreadsheet) -> list[str]:
    """The tabs from left to right."""
    return [sheet.title for sheet in workbook.worksheets()]


def tab_menu(grid: GridPage, tab: str, words: str) -> None:
    """Choose from the menu of a tab."""
    grid.page.get_by_text(tab, exact=True).click(button="right")
    grid.page.get_by_text(words, exact=True).click()


def test_runs_are_sorted_by_menu_and_the_sort_is_taken_back(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    grid.click(3, LR)
    grid.page.mouse.click(*grid.middle(3, LR), button="right")
    grid.page.get_by_text("Sort", exact=True).hover()
    grid.page.get_by_text("Expand Ascending").click()
    grid.wait_shown(2, 0, "3")
    grid.settle()
    assert names(workbook) == ["3", "2", "1", "a long one"]
    assert workbook.sheet1.get("A1:B3") == [["run_name", "status"], ["", "N/A"], ["3", "ready"]]
    workbook.sheet1.insert_row(["theirs"], 4)
    grid.wait_shown(3, 0, "theirs")
    grid.press("Control+z")
    grid.wait_shown(2, 0, "1")
    grid.settle()
    assert names(workbook) == ["1", "theirs", "2", "3", "a long one"]
    assert workbook.sheet1.col_count == 26
    grid.press("Control+y")
    grid.wait_shown(2, 0, "3")
    grid.settle()
    assert names(workbook) == ["3", "theirs", "2", "1", "a long one"]


def test_a_filter_hides_rows_on_its_own_page_only(
    grid: GridPage, open_page: OpenPage, workbook: gspread.Spreadsheet
) -> None:
    other = open_page()
    grid.click(0, 1)
    grid.press("Control+Shift+l")
    place = until(lambda: grid.rectangle(0, 1))
    grid.page.mouse.click(place["x"] + place["width"] - 10, place["y"] + place["height"] / 2)
    ready = until(lambda: grid.page.get_by_text("ready", exact=True).last.bounding_box())
    grid.page.mouse.click(ready["x"] - 16, ready["y"] + ready["height"] / 2)  # its box to tick
    grid.page.get_by_text("Confirm", exact=True).click()
    until(lambda: grid.rectangle(3, 0) is None)
    assert grid.rectangle(2, 0) is not None
    assert other.rectangle(3, 0) is not None
    workbook.sheet1.update([["seen"]], "G3")
    grid.wait_shown(2, 6, "seen")
    assert grid.rectangle(3, 0) is None
    assert names(workbook) == NAMES
    assert "basicFilter" not in workbook.fetch_sheet_metadata()["sheets"][0]
    grid.click(0, 1)
    grid.press("Control+Shift+l")
    until(lambda: grid.rectangle(3, 0) is not None)


def test_find_goes_from_one_to_the_next(grid: GridPage) -> None:
    grid.click(0, 0)
    box = grid.page.get_by_placeholder("Find in this Sheet")
    grid.press("Control+f")
    until(box.is_visible)
    box.fill("ready")
    until(lambda: grid.page.get_by_text("2/2", exact=True).is_visible())
    grid.press("Enter")
    until(lambda: grid.page.get_by_text("1/2", exact=True).is_visible())
    grid.press("Escape")
    grid.wait_selected(3, 1)


def test_hidden_rows_and_columns_come_back(
    grid: GridPage, open_page: OpenPage, workbook: gspread.Spreadsheet
) -> None:
    other = open_page()
    grid.page.mouse.click(*grid.row_header(3), button="right")
    grid.page.get_by_text("Hide Selected Row").click()
    grid.page.get_by_text("Hide Selected Row").wait_for(state="hidden")
    until(lambda: other.rectangle(3, 0) is None)
    grid.page.mouse.click(*grid.column_header(LR))
    grid.page.mouse.click(*grid.column_header(LR), button="right")
    grid.page.get_by_text("Hide Selected Column").click()
    until(lambda: other.rectangle(0, LR) is None)
    for page in (grid, other):
        assert page.rectangle(3, 0) is None
        assert page.rectangle(0, EPOCHS) is not None
    grid.press("Control+z", "Control+z")
    until(lambda: all(page.rectangle(3, LR) is not None for page in (grid, other)))
    grid.press("Control+y")
    until(lambda: all(page.rectangle(3, 0) is None for page in (grid, other)))
    assert grid.rectangle(0, LR) is not None


def test_an_inserted_column_goes_and_a_deleted_one_comes_back(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    before = workbook.sheet1.get("A1:K6")
    grid.page.mouse.click(*grid.column_header(LR), button="right")
    grid.page.get_by_text("cols left").click(position={"x": 4, "y": 6})
    grid.wait_shown(0, LR + 1, "lr")
    grid.press("Control+z")
    grid.wait_shown(0, LR, "lr")
    grid.settle()
    assert workbook.sheet1.get("A1:K6") == before
    grid.page.mouse.click(*grid.column_header(LR), button="right")
    grid.page.get_by_text("Delete Selected Column").click()
    grid.wait_shown(0, LR, "n_epoch")
    grid.press("Control+z")
    grid.wait_shown(0, LR, "lr")
    grid.settle()
    assert workbook.sheet1.get("A1:K6") == before


def test_tabs_that_were_added_renamed_and_deleted_are_taken_back(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    notes = workbook.add_worksheet("notes", 50, 5)
    notes.update([["kept", "=1+1"], ["too"]], raw=False)
    notes.merge_cells("A4:B5")
    until(lambda: grid.page.get_by_text("notes", exact=True).is_visible())

    tab_menu(grid, "notes", "Delete")
    grid.page.get_by_text("OK", exact=True).click()
    until(lambda: titles(workbook) == ["Sheet1"])
    until(lambda: grid.page.get_by_text("notes", exact=True).count() == 0)
    grid.press("Control+z")
    until(lambda: titles(workbook) == ["Sheet1", "notes"])
    back = workbook.worksheet("notes")
    assert back.get("A1:B2") == [["kept", "2"], ["too"]]
    assert (back.row_count, back.col_count) == (50, 5)
    assert len(workbook.fetch_sheet_metadata()["sheets"][1]["merges"]) == 1
    grid.press("Control+y")
    until(lambda: titles(workbook) == ["Sheet1"])
    grid.press("Control+z")
    until(lambda: titles(workbook) == ["Sheet1", "notes"])

    until(lambda: grid.page.get_by_text("notes", exact=True).is_visible())
    grid.page.get_by_text("notes", exact=True).click()
    until(lambda: grid.shown(0, 0) == "kept")
    grid.page.get_by_text("notes", exact=True).dblclick()
    grid.press("Control+a")
    grid.type("remarks")
    grid.press("Enter")
    until(lambda: titles(workbook) == ["Sheet1", "remarks"])
    grid.click(5, 0)
    grid.press("Control+z")
    until(lambda: titles(workbook) == ["Sheet1", "notes"])


def test_a_tab_that_was_added_coloured_and_moved_is_as_it_was(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    workbook.add_worksheet("notes", 50, 5)
    until(lambda: grid.page.get_by_text("notes", exact=True).is_visible())

    grid.page.locator("[data-u-comp=sheet-bar-append-button]").first.click()
    until(lambda: len(titles(workbook)) == 3)
    added = next(title for title in titles(workbook) if title not in ("Sheet1", "notes"))
    until(lambda: grid.page.get_by_text(added, exact=True).is_visible())
    grid.press("Control+z")
    wait_titles(grid, workbook, "Sheet1", "notes")
    grid.press("Control+y")
    until(lambda: added in titles(workbook))
    grid.press("Control+z")
    wait_titles(grid, workbook, "Sheet1", "notes")
    until(lambda: grid.page.get_by_text(added, exact=True).count() == 0)

    grid.page.get_by_text("notes", exact=True).click(button="right")
    grid.page.get_by_text("Change color").hover()
    palette = grid.page.locator("[data-u-comp=color-picker-presets] button")
    until(lambda: palette.count() > 0)
    palette.nth(20).click()
    until(lambda: tab_color(workbook) is not None)
    grid.press("Control+z")
    until(lambda: tab_color(workbook) is None)

    start, end = (
        until(grid.page.get_by_text(name, exact=True).bounding_box) for name in ("notes", "Sheet1")
    )
    mouse, middle = grid.page.mouse, start["y"] + start["height"] / 2
    mouse.move(start["x"] + 10, middle)
    mouse.down()
    until(lambda: grid.page.locator("[data-u-comp=slide-tab-item][style*=move]").count())
    mouse.move(end["x"] - 10, middle, steps=8)
    mouse.up()
    wait_titles(grid, workbook, "notes", "Sheet1")
    grid.press("Control+z")
    wait_titles(grid, workbook, "Sheet1", "notes")


def wait_titles(grid: GridPage, workbook: gspread.Spreadsheet, *wanted: str) -> None:
    """Wait until these are the tabs, from left to right."""
    until(
        lambda: titles(workbook) == [*wanted],
        lambda: (titles(workbook), grid.notices(), grid.ask("waiting()")),
    )


def tab_color(workbook: gspread.Spreadsheet) -> object:
    """The colour of the second tab."""
    properties = workbook.fetch_sheet_metadata()["sheets"][1]["properties"]
    return properties.get("tabColorStyle", properties.get("tabColor"))
