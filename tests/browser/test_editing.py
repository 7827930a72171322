"""Typing, copying and taking back, by keyboard and mouse, down to the file."""

from __future__ import annotations

import gspread
import pytest
from gspread.utils import ValueInputOption, ValueRenderOption

from tests.browser.conftest import held
from tests.browser.grid_page import GridPage, until

LR, EPOCHS, LOSS = 3, 4, 6


def test_a_typed_number_is_in_the_file(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    grid.enter(3, LR, "0.25")
    grid.settle()
    assert grid.shown(3, LR) == "0.25"
    assert held(workbook, "D4") == 0.25


def test_enter_goes_down_and_tab_goes_right(grid: GridPage) -> None:
    grid.enter(3, LR, "1")
    grid.wait_selected(4, LR)
    grid.enter(4, LR, "2", key="Tab")
    grid.wait_selected(4, EPOCHS)
    grid.press("ArrowUp", "ArrowLeft", "ArrowLeft")
    grid.wait_selected(3, LR - 1)


def test_an_editor_opened_in_place_begins_with_what_the_cell_holds(grid: GridPage) -> None:
    grid.click(2, LR)
    grid.press("F2")
    until(lambda: grid.ask("editing()"))
    grid.type("5")
    grid.press("Enter")
    grid.wait_shown(2, LR, "0.15")
    grid.settle()


def test_fast_typing_loses_no_key(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    grid.click(2, LR)
    for number in range(12):
        grid.page.keyboard.type(f"{number}.125")
        grid.press("Enter")
    grid.settle()
    values = workbook.sheet1.get("D3:D14", value_render_option=ValueRenderOption.unformatted)
    assert values == [[number + 0.125] for number in range(12)]


TYPED = [
    ("1e-5", "1.00E-05", 1e-5),
    ("'0042", "0042", "0042"),
    ("12%", "12%", 0.12),
    ("true", "TRUE", True),
    ("2026-11-22", "2026-11-22", 46348),
    ("=E3*2", "6", 6),
    ("=1/0", "#DIV/0!", "#DIV/0!"),
    ("<b>bold</b>", "<b>bold</b>", "<b>bold</b>"),
    ("ünïcödé ≤ 1", "ünïcödé ≤ 1", "ünïcödé ≤ 1"),
]


def test_the_server_parses_what_is_typed(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    for at, (typed, _, _) in enumerate(TYPED):
        grid.enter(2 + at, LOSS, typed)
    grid.settle()
    found = workbook.sheet1.get("G3:G11", value_render_option=ValueRenderOption.unformatted)
    assert [value for (value,) in found] == [held for _, _, held in TYPED]
    assert [grid.shown(2 + at, LOSS) for at in range(len(TYPED))] == [
        shown for _, shown, _ in TYPED
    ]


def test_closing_an_editor_without_a_change_writes_nothing(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    workbook.sheet1.update([["2026-11-22"]], "G3", value_input_option=ValueInputOption.user_entered)
    grid.wait_shown(2, LOSS, "2026-11-22")
    before = grid.ask("revision()")
    grid.click(2, LOSS)
    grid.press("F2")
    until(lambda: grid.ask("editing()"))
    grid.press("Enter")
    grid.click(2, LOSS)
    grid.type("5")
    grid.press("Escape")
    grid.settle()
    assert grid.shown(2, LOSS) == "2026-11-22"
    assert grid.ask("revision()") == before


def test_delete_empties_a_range_and_undo_brings_it_back(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    before = workbook.sheet1.get("D3:E5")
    grid.select((2, LR), (4, EPOCHS))
    grid.press("Delete")
    grid.settle()
    assert workbook.sheet1.get("D3:E5") == [[]]
    grid.press("Control+z")
    grid.wait_shown(4, EPOCHS, "8")
    assert workbook.sheet1.get("D3:E5") == before
    grid.press("Control+y")
    grid.wait_shown(4, EPOCHS, "")
    assert workbook.sheet1.get("D3:E5") == [[]]


def test_each_undo_takes_one_step_back(grid: GridPage) -> None:
    grid.click(3, LR)
    for text in ("1", "2", "3"):
        grid.type(text)
        grid.press("Enter", "ArrowUp")
    grid.settle()
    for text in ("2", "1", "0.01"):
        grid.press("Control+z")
        grid.wait_shown(3, LR, text)
    for text in ("1", "2", "3"):
        grid.press("Control+y")
        grid.wait_shown(3, LR, text)
    grid.settle()


def test_a_block_is_copied_within_the_sheet(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    grid.select((2, LR), (3, EPOCHS))
    grid.press("Control+c")
    until(lambda: grid.page.evaluate("navigator.clipboard.readText()") == "0.1\t3\n0.01\t5")
    grid.click(8, LR)
    grid.press("Control+v")
    grid.wait_shown(9, EPOCHS, "5")
    grid.settle()
    assert workbook.sheet1.get("D9:E10") == [["0.1", "3"], ["0.01", "5"]]


def test_a_pasted_text_is_parsed_by_the_server(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    grid.copy_text("lr-1\t1.2345e-5\t=1+1\n'007\t2026-01-02\t12.5%")
    grid.click(8, LR)
    grid.press("Control+v")
    grid.wait_shown(8, LR, "lr-1")
    grid.settle()
    found = workbook.sheet1.get("D9:F10", value_render_option=ValueRenderOption.unformatted)
    assert found == [["lr-1", 1.2345e-5, 2], ["007", 46024, 0.125]]
    assert grid.shown(9, EPOCHS) == "2026-01-02"
    grid.press("Control+z")
    grid.wait_shown(8, LR, "")
    assert workbook.sheet1.get("D9:F10") == [[]]


def test_a_table_from_a_spreadsheet_program_is_pasted_without_its_colours(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    html = (
        '<google-sheets-html-origin><table><tr><td style="background:#f00">0.5</td>'
        "<td>7</td></tr><tr><td>a &lt;b&gt; c</td><td>9</td></tr></table>"
    )
    grid.copy_html(html, "0.5\t7\na <b> c\t9")
    grid.click(8, LR)
    grid.press("Control+v")
    grid.wait_shown(9, LR, "a <b> c")
    grid.settle()
    assert workbook.sheet1.get("D9:E10") == [["0.5", "7"], ["a <b> c", "9"]]
    assert grid.ask("background(8, 3)") in (None, "#ffffff")


MERGED = (
    '<tr><td colspan="2">a</td><td rowspan="2">b</td></tr><tr><td>c</td><td>d</td></tr>'
    '<tr><td>e</td><td colspan="2">f</td></tr>'
)


@pytest.mark.parametrize(
    "html",
    [
        f"<google-sheets-html-origin><table>{MERGED}</table>",
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel">'
        f"<body><table><!--StartFragment-->{MERGED}<!--EndFragment--></table></body></html>",
        f"<table>{MERGED}</table>",
    ],
    ids=["Google Sheets", "Excel", "a page"],
)
def test_merged_cells_are_pasted_into_the_columns_where_they_began(
    grid: GridPage, workbook: gspread.Spreadsheet, html: str
) -> None:
    workbook.sheet1.update([["old"] * 3] * 3, "D9:F11")
    grid.wait_shown(10, 5, "old")
    grid.copy_html(html, "a\t\tb\nc\td\t\ne\tf\t")
    grid.click(8, LR)
    grid.press("Control+v")
    grid.wait_shown(10, EPOCHS, "f")
    grid.settle()
    assert workbook.sheet1.get("D9:F11") == [["a", "", "b"], ["c", "d"], ["e", "f"]]
    assert "merges" not in workbook.fetch_sheet_metadata()["sheets"][0]
    grid.press("Control+z")
    grid.wait_shown(8, LR, "old")
    assert workbook.sheet1.get("D9:F11") == [["old"] * 3] * 3


def test_a_paste_that_needs_room_makes_the_sheet_longer(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    rows = workbook.sheet1.row_count
    grid.copy_text("\n".join(f"run-{number}\tready" for number in range(rows + 20)))
    grid.click(4, 0)
    grid.press("Control+v")
    until(lambda: grid.ask("size()")["rows"] == rows + 24, lambda: grid.ask("size()"))
    grid.settle()
    until(lambda: workbook.sheet1.acell(f"A{rows + 24}").value == f"run-{rows + 19}")
    assert workbook.sheet1.acell("A5").value == "run-0"


def test_the_fill_handle_continues_a_series(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    grid.enter(8, EPOCHS, "1")
    grid.enter(9, EPOCHS, "2")
    grid.settle()
    grid.select((8, EPOCHS), (9, EPOCHS))
    place = until(lambda: grid.rectangle(9, EPOCHS))
    corner = (place["x"] + place["width"], place["y"] + place["height"])
    grid.drag(corner, grid.middle(12, EPOCHS))
    grid.wait_shown(12, EPOCHS, "5")
    grid.settle()
    assert workbook.sheet1.get("E9:E13") == [["1"], ["2"], ["3"], ["4"], ["5"]]
