"""For the browser tests: one Chromium, a served workbook for each test, pages that report.

The page is that of the wheel, built for the tests: what a user installs. Whatever a test does, at
its end no page has complained in its console and none has asked anything of another host.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gspread
import pytest
from gspread.utils import ValueInputOption, ValueRenderOption
from playwright.sync_api import Browser, sync_playwright

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli.template import make_queue
from gsheet_ml_scheduler.server import bundle
from tests.browser.chromium import launch
from tests.browser.grid_page import GridPage
from tests.served import Served, served

OpenPage = Callable[..., GridPage]
ROOT = Path(__file__).parents[2]


def held(workbook: gspread.Spreadsheet, cell: str) -> Any:
    """The value that the file holds in a cell."""
    option = ValueRenderOption.unformatted
    return workbook.sheet1.get(cell, value_render_option=option)[0][0]


RUNS = [
    [1, "done", "", 0.1, 3, True, 0.5],
    [2, "ready", "", 0.01, 5, False, ""],
    [3, "ready", "", 0.001, 8, True, ""],
    ["a long one", "", "", "", 50, False, ""],
]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked."""
    if not (bundle.FOLDER / "index.html").is_file():
        pytest.fail("The grid isn't built. This builds it: make .venv/.for-work")
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    how = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([*pip, *how], check=True, stdin=subprocess.DEVNULL)
    (packed,) = folder.glob("*.whl")
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


@pytest.fixture(scope="session")
def browser(wheel: Path) -> Iterator[Browser]:
    """One Chromium for all tests."""
    built = wheel / "gsheet_ml_scheduler" / "server" / "static"
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setattr(bundle, "FOLDER", built)
        found = launch(playwright)
        yield found
        found.close()


@pytest.fixture
def workbook(tmp_path: Path) -> gspread.Spreadsheet:
    """A queue with four runs: run_name, status, worker_name, lr, n_epoch, flag, loss, error."""
    spreadsheet = localsheets.open_workbook(tmp_path / "runs.sheet", create=True)
    sheet = spreadsheet.sheet1
    make_queue(sheet, {"lr": 0.001, "n_epoch": 3, "flag": "", "loss": "N/A"})
    sheet.update(RUNS, "A3", value_input_option=ValueInputOption.user_entered)
    boxes = {"sheetId": sheet.id, "startRowIndex": 2, "startColumnIndex": 5, "endColumnIndex": 6}
    rule = {"condition": {"type": "BOOLEAN"}}
    spreadsheet.batch_update(
        {"requests": [{"setDataValidation": {"range": {**boxes, "endRowIndex": 6}, "rule": rule}}]}
    )
    return spreadsheet


@pytest.fixture
def server(workbook: gspread.Spreadsheet, tmp_path: Path) -> Iterator[Served]:
    """The workbook, served."""
    with served(tmp_path / "runs.sheet") as found:
        yield found


@pytest.fixture
def open_page(browser: Browser, server: Served) -> Iterator[OpenPage]:
    """Open a page of the served workbook, each in a browser profile of its own.

    `first` is a script that runs before the page's.
    """
    pages: list[GridPage] = []

    def open_it(
        *,
        width: int = 1280,
        height: int = 800,
        colors: str = "light",
        waits_for: str = "live",
        first: str = "",
    ) -> GridPage:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if colors == "dark" else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        page = GridPage(context.new_page())
        pages.append(page)
        if first:
            page.page.add_init_script(first)
        page.open(server.location, waits_for)
        return page

    yield open_it
    for page in pages:
        page.page.context.close()
    complaints = [said for page in pages for said in page.complaints]
    hosts = {urlsplit(url).netloc for page in pages for url in page.asked if "://" in url}
    assert complaints == []
    assert hosts <= {urlsplit(server.base).netloc}


@pytest.fixture
def grid(open_page: OpenPage) -> GridPage:
    """One page."""
    return open_page()
