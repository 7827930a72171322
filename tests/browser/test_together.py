"""Several at once: pages, scripts and workers, and what each of them keeps."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import gspread

from gsheet_ml_scheduler import localsheets
from tests.browser.conftest import OpenPage
from tests.browser.grid_page import GridPage, until
from tests.served import Served

LR, EPOCHS, LOSS = 3, 4, 6

WORKER = """
import sys, time
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
for run in GSheetMLScheduler(sys.argv[1]).runs():
    with run:
        for step in range(8):
            time.sleep(0.05)
            run.log(loss=1 / (step + 1))
"""


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


def test_pages_a_script_and_workers_end_with_what_is_in_the_file(
    open_page: OpenPage, server: Served, workbook: gspread.Spreadsheet, tmp_path: Path
) -> None:
    workbook.sheet1.update([["ready"]] * 10, "B3:B12")
    one, two = open_page(), open_page()
    program = tmp_path / "worker.py"
    program.write_text(WORKER)
    workers = [
        subprocess.Popen([sys.executable, str(program), where])
        for where in (str(tmp_path / "runs.sheet"), server.location)
    ]
    dice = random.Random(7)
    script = server.spreadsheet().sheet1
    typed: dict[tuple[int, int], str] = {}
    deadline = time.monotonic() + 12
    for number in range(24):
        page, column = (one, LR) if number % 2 else (two, EPOCHS)
        row = 12 + number // 2
        page.enter(row, column, str(number + 1000))
        typed[row, column] = str(number + 1000)
        if number % 6 == 5:
            script.append_row([f"script {number}", "", "", dice.random()])
        if time.monotonic() > deadline:
            break
    for worker in workers:
        assert worker.wait(60) == 0
    for page in (one, two):
        page.settle()
        for (row, column), text in typed.items():
            page.wait_shown(row, column, text)
    rows = localsheets.open_workbook(tmp_path / "runs.sheet").sheet1.get("A1:H40")
    for page in (one, two):
        until(partial(same, page, rows), partial(seen, page))
    assert [row[1] for row in rows[2:12]] == ["done"] * 10


def seen(page: GridPage) -> list[list[str]]:
    """What a page shows of the first lines."""
    return [page.line(row, 8) for row in range(40)]


def same(page: GridPage, rows: list[list[str]]) -> bool:
    """Whether a page shows what the file holds."""
    padded = [[*row, *[""] * (8 - len(row))] for row in rows]
    padded += [[""] * 8] * (40 - len(padded))
    return seen(page) == padded
