"""The page around the grid: its figures, its drawer, its manners."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import gspread
import pytest
from playwright.sync_api import Route

from gsheet_ml_scheduler.localsheets.live import snapshot
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.browser.conftest import OpenPage, held
from tests.browser.grid_page import GridPage, until
from tests.served import Served

LR = 3
ATTACK = "<img src=x onerror=\"document.title='broken in'\"><script>document.title='in'</script>"


def drawer(grid: GridPage, tab: str) -> None:
    """Open the drawer at one of its tabs."""
    if grid.page.locator(".drawer").count() == 0:
        grid.page.get_by_role("button", name="Charts & logs").click()
    grid.page.get_by_role("tab", name=tab).click()


def test_the_bar_tells_how_many_runs_are_in_which_state(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    states = grid.page.locator(".states")
    until(lambda: states.inner_text().split() == ["2", "ready", "1", "done"], states.inner_text)
    workbook.sheet1.update([["done"]], "B4")
    until(lambda: states.inner_text().split() == ["1", "ready", "2", "done"], states.inner_text)


def test_curves_of_selected_runs_are_drawn_while_they_train(grid: GridPage, server: Served) -> None:
    run = next(iter(GSheetMLScheduler(server.location).runs()))
    with run:
        for step in range(20):
            run.log(loss=1 / (step + 1))
        run.sync()
        row = 3
        grid.click(row, 0)
        drawer(grid, "Curves")
        until(lambda: grid.page.locator(".chart canvas").count() == 1)
        assert grid.page.locator(".choices button").first.inner_text() == "loss"


def test_finished_runs_are_compared(grid: GridPage, workbook: gspread.Spreadsheet) -> None:
    workbook.sheet1.update([["done", "", 0.01, 5, False, 0.2]], "B4")
    drawer(grid, "Compare")
    until(lambda: grid.page.locator(".chart canvas").count() == 1)
    best = grid.page.locator(".extremes button").first
    until(lambda: "0.2" in best.inner_text())
    best.click()
    grid.wait_selected(3, 0)


def test_an_error_and_a_history_are_text_whatever_is_in_them(
    grid: GridPage, workbook: gspread.Spreadsheet
) -> None:
    workbook.sheet1.batch_update(
        [{"range": "A3", "values": [[ATTACK]]}, {"range": "K3", "values": [[ATTACK]]}]
    )
    grid.click(2, 0)
    drawer(grid, "Run")
    error = grid.page.locator(".run .error")
    until(lambda: error.count() == 1 and error.inner_text() == ATTACK)
    drawer(grid, "Cell")
    until(lambda: grid.page.locator(".history li").count() > 0)
    assert ATTACK in grid.page.locator(".history").inner_text()
    assert grid.page.title() == "runs"
    assert grid.page.locator("img[src=x]").count() == 0


def test_an_empty_queue_says_what_to_do(open_page: OpenPage, workbook: gspread.Spreadsheet) -> None:
    workbook.sheet1.batch_clear(["A3:H6"])
    grid = open_page()
    hint = grid.page.locator(".empty")
    until(lambda: hint.count() == 1)
    assert "This queue has no runs yet" in hint.inner_text()
    grid.enter(2, 1, "ready")
    until(lambda: hint.count() == 0)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
@pytest.mark.parametrize("colors", ["light", "dark"])
def test_it_fits_a_desk_and_a_phone_by_day_and_by_night(
    open_page: OpenPage, width: int, height: int, colors: str
) -> None:
    grid = open_page(width=width, height=height, colors=colors)
    size = grid.page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]")
    assert size[0] <= width
    assert size[1] <= height
    background = grid.page.evaluate("getComputedStyle(document.querySelector('.bar')).background")
    assert ("22, 24, 29" in background) == (colors == "dark")


def test_the_page_says_what_it_waits_for_while_its_large_script_is_on_its_way(
    grid: GridPage,
) -> None:
    held: list[Route] = []
    grid.page.route("**/assets/app-*.js", lambda route: held.append(route))
    grid.page.reload(wait_until="commit")
    until(lambda: grid.page.get_by_text("Loading the workbook…").is_visible())
    until(lambda: bool(held))
    for route in held:
        route.continue_()
    until(lambda: grid.page.evaluate("Boolean(window.gsheetMlGrid?.ready)"))


@pytest.fixture
def last_rows(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A snapshot's last rows are sent when it is set."""
    event, pieces = threading.Event(), snapshot.pieces

    def held_back(*arguments: Any) -> Iterator[str]:
        lines = pieces(*arguments)
        yield from islice(lines, 2)  # the head, and the first rows
        assert event.wait(60)
        yield from lines

    monkeypatch.setattr(snapshot, "pieces", held_back)
    return event


IN_THE_BACKGROUND = """
Object.defineProperty(document, "hidden", { get: () => true });
window.requestAnimationFrame = () => 0;
"""


def test_a_page_in_a_background_tab_is_whole_when_somebody_looks(
    workbook: gspread.Spreadsheet, open_page: OpenPage
) -> None:
    lines: list[list[str | float]] = [[f"run {at}", "", "", at / 7] for at in range(2_000)]
    workbook.sheet1.append_rows(lines, table_range="A1")
    grid = open_page(first=IN_THE_BACKGROUND)
    until(lambda: not grid.ask("loading()"))
    grid.wait_shown(2_005, 0, "run 1999")


def test_a_long_sheet_takes_keys_while_its_last_rows_are_on_their_way(
    workbook: gspread.Spreadsheet, open_page: OpenPage, last_rows: threading.Event
) -> None:
    sheet, rows, last = workbook.sheet1, 2_000, 2_005
    lines: list[list[str | float]] = [[f"run {at}", "", "", at / 7] for at in range(rows)]
    sheet.append_rows(lines, table_range="A1")
    grid = open_page(waits_for="loading")
    grid.enter(3, LR, "0.77")
    grid.press(*["Control+ArrowDown"] * 4)
    until(lambda: grid.rectangle(last, LR))
    assert grid.shown(last, 0) == ""
    grid.enter(last, LR, "0.88")
    grid.click(last - 1, 0)
    grid.press("F2")
    until(lambda: grid.ask("editing()") is not None)
    assert grid.ask("waiting().writes") == 2
    last_rows.set()
    until(lambda: not grid.ask("loading()"))
    grid.press("Enter")
    grid.settle()
    grid.wait_shown(last, 0, f"run {rows - 1}")
    grid.wait_shown(last - 1, 0, f"run {rows - 2}")
    assert sheet.acell(f"A{last}").value == f"run {rows - 2}"
    assert held(workbook, f"D{last + 1}") == 0.88
    assert held(workbook, "D4") == 0.77
    grid.press("Control+z")
    grid.settle()
    assert held(workbook, f"D{last + 1}") == (rows - 1) / 7
    grid.press("Control+z")
    grid.settle()
    assert held(workbook, "D4") == 0.01


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("app", "The page couldn’t be loaded. Load it again."),
        ("echarts", "The charts couldn’t be loaded. Load the page again."),
    ],
)
def test_a_script_that_does_not_arrive_is_told(
    grid: GridPage, workbook: gspread.Spreadsheet, script: str, sentence: str
) -> None:
    grid.page.route(f"**/assets/{script}-*.js", lambda route: route.abort())
    grid.page.reload(wait_until="commit")
    if script == "echarts":
        workbook.sheet1.update([["done", "", 0.01, 5, False, 0.2]], "B4")
        drawer(grid, "Compare")
    until(lambda: grid.page.get_by_text(sentence).is_visible())
    assert all("ERR_FAILED" in said for said in grid.complaints), grid.complaints
    grid.complaints.clear()


def test_the_token_is_not_in_the_address_any_more(grid: GridPage, server: Served) -> None:
    assert server.token is not None
    assert server.token not in grid.page.url


def test_the_page_is_made_of_its_own_files_only() -> None:
    from gsheet_ml_scheduler.server import bundle

    page = (bundle.FOLDER / "index.html").read_text()
    assert "http://" not in page
    assert "https://" not in page
    assert all(Path(one).stat().st_size for one in (bundle.FOLDER / "assets").iterdir())
