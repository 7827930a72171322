"""How fast the grid is in a browser: until it is ready, from a write to the screen, scrolling.

    python benchmarks/grid_page.py [--rows 2000 50000] [--edits 100] [--changes 200] [--seconds 60]

A real Chromium shows a workbook of 26 columns that `gsheet-ml serve` serves in a process of its
own. The baseline is Univer, the library that draws the grid, alone in a page with as many cells
that nobody has to fetch (`web/bare`). Ready is when the page has drawn the first rows and takes
keys, whole when the last row is there. An edit takes from the key that ends it in one page to the
frame in which another page has it, a worker's write from the return of the call, in another
process, to that frame. What 10 open pages cost the server is measured by `grid_server.py`.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import multiprocessing as mp
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.grid_server import fill, serving
from gsheet_ml_scheduler.localsheets import open_workbook
from tests.browser.chromium import launch
from tests.browser.grid_page import GridPage, until

ROOT = Path(__file__).parents[1]
OPENED = 5  # times, each page

# The time of the first frame in which a cell shows a text, in seconds since 1970.
SEEN = """([row, column, text]) => {
    window.seen_ = new Promise(done => {
        const look = () => {
            if (window.gsheetMlGrid.shown(row, column) === text) {
                done((performance.timeOrigin + performance.now()) / 1000);
            } else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
}"""

# The time of the last Enter in a page.
ENTERED = """() => addEventListener("keydown", event => {
    if (event.key === "Enter") window.entered_ = (performance.timeOrigin + event.timeStamp) / 1000;
}, true)"""

IS_WHOLE = "!window.gsheetMlGrid.loading()"

# How long each frame takes, in milliseconds, until somebody says that it is enough.
FRAMES = """() => {
    window.frames_ = [];
    let last = performance.now();
    const next = now => {
        window.frames_.push(now - last);
        last = now;
        if (!window.enough_) requestAnimationFrame(next);
    };
    window.enough_ = false;
    requestAnimationFrame(next);
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing."""

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def bare_page(folder: Path) -> Iterator[str]:
    """The address of Univer alone, built and served while the block runs."""
    build = f"node_modules/vite/bin/vite.js build bare --outDir {folder} --emptyOutDir"
    command = f"{build} --config vite.config.ts --mode bare --base ./ --logLevel error"
    subprocess.run([sys.executable, "hatch_build.py", command], cwd=ROOT, check=True)
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


def opened(browser: Browser, address: str, is_ready: Callable[[Page], bool]) -> tuple[Page, float]:
    """A page in a browser profile of its own, and the seconds until it was ready."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    started = time.perf_counter()
    page.goto(address)
    until(lambda: is_ready(page), seconds=120)
    return page, time.perf_counter() - started


def ours_is_ready(page: Page) -> bool:
    """The page says so, and A1 has a place on the screen."""
    return bool(page.evaluate("window.gsheetMlGrid?.ready && window.gsheetMlGrid.rectangle(0, 0)"))


def is_open(page: Page) -> bool:
    """Ready and whole."""
    return ours_is_ready(page) and bool(page.evaluate(IS_WHOLE))


def bare_is_ready(page: Page) -> bool:
    """Univer says that it has drawn."""
    return bool(page.evaluate("window.bareReady"))


def ready(browser: Browser, ours: str, bare: str) -> tuple[list[float], list[float], list[float]]:
    """Seconds until ready and whole, ours, and until ready, Univer alone; in turns."""
    laps: tuple[list[float], list[float], list[float]] = ([], [], [])
    for _ in range(OPENED):
        page, seconds = opened(browser, ours, ours_is_ready)
        laps[0].append(seconds)
        started = time.perf_counter()
        until(functools.partial(page.evaluate, IS_WHOLE), seconds=120)
        laps[1].append(seconds + time.perf_counter() - started)
        page.context.close()
        page, seconds = opened(browser, bare, bare_is_ready)
        laps[2].append(seconds)
        page.context.close()
    return laps


def edits(one: GridPage, other: GridPage, count: int) -> list[float]:
    """Seconds from an edit in one page to the other."""
    one.page.evaluate(ENTERED)
    taken = []
    for number in range(count):
        row, text = 2 + number % 20, f"edit {number}"
        other.page.evaluate(SEEN, [row, 3, text])
        one.enter(row, 3, text)
        taken.append(other.page.evaluate("window.seen_") - one.page.evaluate("window.entered_"))
    return taken


def worker(path: Path, orders: Any, written: Any) -> None:
    """A worker's process: writes texts into column D when told to, and says when it was."""
    sheet = open_workbook(path).sheet1
    for row, text in iter(orders.get, None):
        sheet.update([[text]], f"D{row + 1}", raw=True)
        written.put(time.time())


def writes(page: GridPage, path: Path, count: int) -> list[float]:
    """Seconds from a worker's write to the screen."""
    context = mp.get_context("spawn")
    orders, written = context.Queue(), context.Queue()
    process = context.Process(target=worker, args=(path, orders, written))
    process.start()
    draw, taken = random.Random(7), []
    for number in range(count + 1):
        row, text = 2 + number % 20, f"write {number}"
        page.page.evaluate(SEEN, [row, 3, text])
        page.page.wait_for_timeout(draw.uniform(0, 50))  # anywhere between two looks of the server
        orders.put((row, text))
        taken.append(page.page.evaluate("window.seen_") - written.get())
    orders.put(None)
    process.join()
    return taken[1:]  # the first waits for the process to begin


def change(path: Path, rate: float, ended: Any) -> None:
    """Workers' process: so many cells a second, four at a time, as at a sync."""
    sheet = open_workbook(path).sheet1
    due, number = time.monotonic(), 0
    while not ended.wait(max(0.0, due - time.monotonic())):
        number += 4
        row = 3 + number % 500
        sheet.update([[f"{number}/100", number, number + 1, number + 2]], f"N{row}", raw=True)
        due += 4 / rate


def frames(page: Page, path: Path, rate: float, seconds: float) -> list[float]:
    """Milliseconds of each frame of a page that is scrolled down and up, while cells change."""
    context = mp.get_context("spawn")
    ended = context.Event()
    process = context.Process(target=change, args=(path, rate, ended))
    if rate:
        process.start()
    page.mouse.move(600, 400)
    page.evaluate(FRAMES)
    end, down = time.monotonic() + seconds, True
    while time.monotonic() < end:
        for _ in range(20):
            page.mouse.wheel(0, 240 if down else -240)
            page.wait_for_timeout(50)
        down = not down
    page.evaluate("window.enough_ = true")
    ended.set()
    if rate:
        process.join()
    found: list[float] = page.evaluate("window.frames_")
    return found


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of them lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def measure(
    browser: Browser, folder: Path, rows: int, given: argparse.Namespace, bare: str
) -> Table:
    """Everything at one length."""
    path = folder / f"{rows}.sheet"
    fill(path, rows)
    table = Table("measured", "median", "95 %", "longest", title=f"{rows:,} rows of 26 columns")

    def add(what: str, values: list[float], unit: str, times: float, digits: int) -> None:
        found = (statistics.median(values), percentile(values, 0.95), max(values))
        table.add_row(what, *(f"{times * one:,.{digits}f} {unit}" for one in found))

    with serving(path) as server:
        address = f"{server.base}/spreadsheets/d/{server.key}"
        ours, whole, alone = ready(browser, address, f"{bare}?rows={rows}")
        add("page ready", ours, "s", 1, 2)
        add("page whole", whole, "s", 1, 2)
        add("Univer alone, ready", alone, "s", 1, 2)
        ratio = statistics.median(ours) / statistics.median(alone)
        table.add_row("ours beside Univer alone", f"{ratio:.2f} x", "", "")
        one, other = (GridPage(opened(browser, address, is_open)[0]) for _ in range(2))
        add("an edit on the other page", edits(one, other, given.edits), "ms", 1e3, 0)
        one.page.context.close()
        add("a worker's write on the screen", writes(other, path, given.edits), "ms", 1e3, 0)
        for rate in (0.0, given.changes):
            laps = frames(other.page, path, rate, given.seconds if rate else given.seconds / 3)
            add(f"frame while scrolling, {rate:.0f} changes a second", laps, "ms", 1, 0)
        other.page.context.close()
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How fast the grid is in a browser.")
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000, 50_000])
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--changes", type=float, default=200, help="cells a second")
    parser.add_argument("--seconds", type=float, default=60, help="of scrolling with changes")
    given = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = launch(playwright)
        with bare_page(folder / "bare") as bare:
            for rows in given.rows:
                console.print(measure(browser, folder, rows, given, bare))
        browser.close()


if __name__ == "__main__":
    main()
