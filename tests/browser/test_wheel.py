"""What `pip install` brings: the commands of the built wheel serve its page to a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import gspread
from playwright.sync_api import Browser

from tests.browser.conftest import held
from tests.browser.grid_page import GridPage, until
from tests.served import serving_process


def test_a_value_typed_into_the_page_of_the_wheel_is_in_the_file(
    wheel: Path, browser: Browser, workbook: gspread.Spreadsheet, tmp_path: Path
) -> None:
    installed = {"PYTHONPATH": str(wheel)}  # goes before the checkout
    where = "import gsheet_ml_scheduler; print(gsheet_ml_scheduler.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where],
        env={**os.environ, **installed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(found.stdout.strip()).is_relative_to(wheel)
    arguments = [str(tmp_path / "runs.sheet"), "--port", "0", "--no-browser"]
    with serving_process(*arguments, **installed) as process:
        assert process.stdout is not None
        grid = GridPage(browser.new_context().new_page())
        grid.open(process.stdout.readline().strip())
        grid.enter(3, 3, "0.25")
        until(lambda: held(workbook, "D4") == 0.25)
        grid.page.context.close()
    assert grid.complaints == []
