"""Several at once: pages, scripts and workers, and what each of them keeps."""

from __future__ import annotations

import gspread
import pytest

from tests.browser.grid_page import GridPage, until

LR, EPOCHS, LOSS = 3, 4, 6


def test_an_open_editor_stays_on_its_row_when_rows_are_inserted_above(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    grid.click(4, LR)
    grid.type("0.77")
    workbook.sheet1.insert_rows([["x"], ["y"]], 3)
    grid.wait_shown(2, 0, "x")
    grid.type("77")
    assert grid.ask("editing()") == {"down": 6, "right": LR}
    grid.press("Enter")
    grid.settle()
    assert workbook.sheet1.acell("D7").value == "0.7777"
    assert workbook.sheet1.acell("D5").value == "0.1"
    grid.wait_selected(7, LR)


def moved(start: int, destination: int) -> dict[str, object]:
    """A request that moves one row."""
    source = {"sheetId": 0, "dimension": "ROWS", "startIndex": start, "endIndex": start + 1}
    return {"moveDimension": {"source": source, "destinationIndex": destination}}


def inserted(at: int, name: str) -> list[dict[str, object]]:
    """Requests that insert a row with something in its first cell."""
    place = {"sheetId": 0, "dimension": "ROWS", "startIndex": at, "endIndex": at + 1}
    cell = {"userEnteredValue": {"stringValue": name}}
    start = {"sheetId": 0, "rowIndex": at, "columnIndex": 0}
    rows = [{"values": [cell]}]
    return [
        {"insertDimension": {"range": place}},
        {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}},
    ]


def sorted_by_name() -> dict[str, object]:
    """A request that turns the runs round."""
    area = {"sheetId": 0, "startRowIndex": 2, "endRowIndex": 10, "endColumnIndex": 12}
    by = {"dimensionIndex": 0, "sortOrder": "DESCENDING"}
    return {"sortRange": {"range": area, "sortSpecs": [by]}}


@pytest.mark.parametrize(
    ("requests", "row"),
    [
        ([sorted_by_name()], 3),
        ([moved(4, 2)], 2),
        ([moved(5, 2)], 5),
        ([*inserted(2, "x"), sorted_by_name(), *inserted(3, "y")], 5),
    ],
    ids=["sorted", "moved", "another moved", "inserted, sorted, inserted"],
)
def test_an_open_editor_stays_on_its_row_when_rows_change_places(
    grid: GridPage, workbook: gspread.Spreadsheet, requests: list[dict[str, object]], row: int
) -> None:
    grid.click(4, LR)
    grid.type("0.77")
    workbook.batch_update({"requests": requests})
    until(lambda: grid.ask("editing()") == {"down": row, "right": LR})
    grid.type("77")
    grid.press("Enter")
    grid.settle()
    assert workbook.sheet1.cell(row + 1, LR + 1).value == "0.7777"
    values = workbook.sheet1.get("A3:H10")
    assert sum(line.count("0.7777") for line in values) == 1
    assert next(line[0] for line in values if "0.7777" in line) == "3"
    until(lambda: [grid.shown(2 + at, 0) for at in range(len(values))] == [v[0] for v in values])
    grid.wait_selected(row + 1, LR)


def test_what_is_typed_into_a_row_that_somebody_deletes_lands_in_no_other(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    grid.click(4, LR)
    grid.type("0.77")
    workbook.sheet1.delete_rows(5)
    grid.wait_shown(4, 0, "a long one")
    assert grid.ask("editing()") == {"down": -1, "right": -1}
    grid.type("77")
    grid.press("Enter")
    notice = grid.page.locator(".notice")
    until(lambda: notice.count() == 1)
    assert "“0.7777” was deleted by somebody else" in notice.inner_text()
    grid.settle()
    assert workbook.sheet1.col_values(LR + 1)[2:] == ["0.1", "0.01"]


def test_a_page_that_loads_the_workbook_anew_keeps_its_editor_and_its_place(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    area = {"sheetId": 0, "startRowIndex": 2, "endRowIndex": 9, "startColumnIndex": LR}
    condition = {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": "0.5"}]}
    red = {"condition": condition, "format": {"backgroundColor": {"red": 1}}}
    rule = {"ranges": [{**area, "endColumnIndex": LR + 1}], "booleanRule": red}
    grid.click(4, LR)
    grid.type("0.77")
    workbook.batch_update({"requests": [{"addConditionalFormatRule": {"rule": rule}}]})
    until(lambda: grid.ask("loading()"))
    grid.type("77")
    grid.press("Enter")
    until(lambda: grid.ask("background(4, 3)") == "#ff0000")
    grid.wait_selected(5, LR)
    grid.type("0.25")  # goes to where the page was, not to the first cell
    grid.press("Enter")
    grid.settle()
    assert workbook.sheet1.col_values(LR + 1)[2:] == ["0.1", "0.01", "0.7777", "0.25"]


def test_what_others_write_into_the_cell_being_edited_waits_for_its_editor(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    grid.click(3, LR)
    grid.type("0.5")
    workbook.sheet1.update([[9]], "D4")
    workbook.sheet1.update([["seen"]], "G4")
    grid.wait_shown(3, LOSS, "seen")
    assert grid.ask("editing()") == {"down": 3, "right": LR}
    grid.press("Escape")
    grid.wait_shown(3, LR, "9")


def test_an_edit_made_on_moved_lines_finds_its_row(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    grid.page.context.set_offline(True)  # what is typed now stands on an old order of lines
    grid.enter(4, LR, "0.66")
    workbook.sheet1.insert_row(["first"], 3)
    grid.page.context.set_offline(False)
    grid.wait_shown(5, LR, "0.66")
    grid.settle()
    assert workbook.sheet1.acell("D6").value == "0.66"
    assert workbook.sheet1.acell("D5").value == "0.01"


def test_undo_leaves_what_somebody_else_wrote_meanwhile(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    grid.copy_text("1\t2\n3\t4")
    grid.click(2, LR)
    grid.press("Control+v")
    grid.wait_shown(3, EPOCHS, "4")
    grid.settle()
    workbook.sheet1.update([["theirs"]], "E4")
    grid.wait_shown(3, EPOCHS, "theirs")
    grid.press("Control+z")
    grid.wait_shown(2, LR, "0.1")
    grid.settle()
    assert workbook.sheet1.get("D3:E4") == [["0.1", "3"], ["0.01", "theirs"]]
    assert grid.page.locator(".notice").inner_text().startswith("One cell or line was changed")


def test_a_page_that_was_cut_off_says_so_and_catches_up(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    grid.page.context.set_offline(True)
    grid.enter(2, LR, "0.9")
    until(lambda: grid.status() == "lost", seconds=20)
    assert "connection to the server is lost" in grid.page.locator(".trouble").inner_text()
    workbook.sheet1.update([["while away"]], "G4")
    grid.page.context.set_offline(False)
    until(lambda: grid.status() == "live")
    grid.wait_shown(3, LOSS, "while away")
    grid.settle()
    assert workbook.sheet1.acell("D3").value == "0.9"
    assert grid.page.locator(".trouble").count() == 0
