"""How fast the grid is in a browser: until it is ready, from page to page, while scrolling.

    python benchmarks/grid_page.py [--rows 2000 50000] [--edits 40] [--changes 200]

A real Chromium shows a workbook of 26 columns that `gsheet-ml serve` serves in a process of its
own. Ready is when the hook of the page says so and a cell has a place on the screen. An edit is
timed from the key that ends it in one page to the moment the other page shows it. The frames are
those of a page that scrolls, without changes and with them.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from gsheet_ml_scheduler.localsheets import open_workbook

sys.path.insert(0, str(Path(__file__).parents[1]))  # its neighbours, and how tests drive a page

from benchmarks.grid_server import fill
from tests.browser.chromium import launch
from tests.browser.grid_page import GridPage, until

FRAMES = """() => new Promise(done => {
    const times = [];
    let last = performance.now();
    const end = last + 4000;
    const next = now => {
        times.push(now - last);
        last = now;
        if (now < end) requestAnimationFrame(next); else done(times);
    };
    requestAnimationFrame(next);
})"""


@contextmanager
def served(path: Path) -> Iterator[str]:
    """The address of a workbook, served by a process of its own."""
    command = [str(Path(sys.executable).with_name("gsheet-ml")), "serve", str(path)]
    command += ["--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def open_page(browser: Browser, address: str) -> tuple[GridPage, float]:
    """A page, and the seconds until it was ready."""
    grid = GridPage(browser.new_context(viewport={"width": 1280, "height": 800}).new_page())
    started = time.perf_counter()
    grid.page.goto(address)
    until(lambda: grid.page.evaluate("Boolean(window.gsheetMlGrid?.ready)"), seconds=120)
    until(lambda: grid.rectangle(0, 0) is not None, seconds=120)
    return grid, time.perf_counter() - started


def edits(one: GridPage, other: GridPage, count: int) -> list[float]:
    """Seconds from an edit in one page to the other."""
    taken = []
    for number in range(count):
        text = f"edit {number}"
        one.click(2 + number % 20, 3)
        one.type(text)
        started = time.perf_counter()
        one.press("Enter")
        other.wait_shown(2 + number % 20, 3, text)
        taken.append(time.perf_counter() - started)
    return taken


def scrolling(page: Page) -> list[float]:
    """Milliseconds of each frame while a page is scrolled."""
    page.mouse.move(600, 400)
    frames = page.evaluate_handle(f"window.frames_ = ({FRAMES})()")
    for _ in range(40):
        page.mouse.wheel(0, 240)
        page.wait_for_timeout(50)
    page.wait_for_timeout(2_500)
    found: list[float] = page.evaluate("window.frames_")
    frames.dispose()
    return found


def changes(path: Path, rate: int, ended: threading.Event) -> None:
    """A worker that changes so many cells a second, in tens."""
    sheet = open_workbook(path).sheet1
    number = 0
    while not ended.wait(10 / rate):
        number += 1
        row = 3 + number % 500
        sheet.update([[number + at for at in range(10)]], f"N{row}:W{row}", raw=True)


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of them lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How fast the grid is in a browser.")
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000, 50_000])
    parser.add_argument("--edits", type=int, default=40)
    parser.add_argument("--changes", type=int, default=200, help="cells a second")
    given = parser.parse_args()
    table = Table("measured", "median", "95 %", title="The grid in Chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        for rows in given.rows:
            path = Path(folder, f"{rows}.sheet")
            fill(path, rows)
            with served(path) as address:
                times = []
                for _ in range(3):
                    grid, seconds = open_page(browser, address)
                    times.append(seconds)
                    grid.page.context.close()
                table.add_row(
                    f"{rows:,} rows: ready",
                    f"{statistics.median(times):.2f} s",
                    f"{max(times):.2f} s (slowest of 3)",
                )
                one, other = open_page(browser, address)[0], open_page(browser, address)[0]
                taken = [1000 * one for one in edits(one, other, given.edits)]
                table.add_row(
                    f"{rows:,} rows: edit to the other page",
                    f"{statistics.median(taken):.0f} ms",
                    f"{percentile(taken, 0.95):.0f} ms",
                )
                one.page.context.close()
                for rate in (0, given.changes):
                    ended = threading.Event()
                    worker = threading.Thread(target=changes, args=(path, rate or 1, ended))
                    if rate:
                        worker.start()
                    frames = scrolling(other.page)
                    ended.set()
                    if rate:
                        worker.join()
                    table.add_row(
                        f"{rows:,} rows: frame while scrolling, {rate} changes a second",
                        f"{statistics.median(frames):.1f} ms",
                        f"{percentile(frames, 0.95):.1f} ms",
                    )
                other.page.context.close()
        browser.close()
    Console().print(table)


if __name__ == "__main__":
    main()
