"""A workbook file is a location like any other, and so are its troubles."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.errors import LocationError


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sheet"
    spreadsheet = localsheets.open_workbook(path, create=True)
    spreadsheet.sheet1.update([["run_name", "status", "worker_name"]])
    spreadsheet.add_worksheet("Notes", rows=10, cols=5)
    return path


def refused(location: Path | str) -> str:
    with pytest.raises(LocationError) as caught:
        open_worksheet(location, user_agent="x")
    assert isinstance(caught.value.__cause__, localsheets.WorkbookError)
    return str(caught.value)


def test_a_file_is_opened_by_its_path_as_text_or_path(workbook: Path) -> None:
    for location in (workbook, str(workbook)):
        spreadsheet, sheet = open_worksheet(location, user_agent="dF53M7")
        assert (spreadsheet.title, sheet.title) == ("runs", "Sheet1")
        assert sheet.row_values(1) == ["run_name", "status", "worker_name"]


def test_a_file_in_the_home_folder_is_opened(workbook: Path, home: Path) -> None:
    shutil.copy(workbook, home / "mine.sheet")
    assert open_worksheet("~/mine.sheet", user_agent="x")[0].url == str(home / "mine.sheet")


def test_the_tab_is_chosen_by_its_number(workbook: Path) -> None:
    assert open_worksheet(workbook, 1, user_agent="x")[1].title == "Notes"
    with pytest.raises(LocationError, match=r'has no tab .* Its tabs: 0 "Sheet1", 1 "Notes"'):
        open_worksheet(workbook, 2, user_agent="x")


def test_the_author_of_every_request_is_the_one_who_opened_it(workbook: Path) -> None:
    spreadsheet, _ = open_worksheet(workbook, user_agent="dF53M7")
    assert spreadsheet.client.session.headers["User-Agent"] == "dF53M7"


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    said = refused(tmp_path / "nope.sheet")
    assert said.startswith(f"There is no file {tmp_path}/nope.sheet")
    assert f"gsheet-ml init {tmp_path}/nope.sheet" in said
    assert list(tmp_path.glob("nope*")) == []


def test_a_folder_is_no_workbook(tmp_path: Path) -> None:
    assert "is a folder, not a workbook file" in refused(tmp_path)


def test_another_kind_of_file_is_no_workbook(tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    file.write_text("run_name,status,worker_name\n")
    assert f"{file} is not a workbook" in refused(file)
    database = tmp_path / "other.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE runs (name TEXT)")
    connection.close()
    assert "is an SQLite database, but not a workbook of ours" in refused(database)


def test_a_workbook_that_was_damaged_says_so_without_a_traceback_from_below(workbook: Path) -> None:
    with sqlite3.connect(workbook) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(workbook.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    workbook.write_bytes(content)
    assert f"{workbook} is damaged" in refused(workbook)


def test_a_file_that_may_not_be_written_can_be_read_and_says_so_when_written_to(
    workbook: Path,
) -> None:
    workbook.chmod(0o444)
    _, sheet = open_worksheet(workbook, user_agent="x")
    assert sheet.acell("A1").value == "run_name"
    with pytest.raises(LocationError, match=r"is read-only: nothing was written\. Make the file"):
        sheet.update_acell("A1", "x")


FILL_THE_DISK = """
import resource, sys, requests
from gsheet_ml_scheduler.connect import open_worksheet
_, sheet = open_worksheet(sys.argv[1], user_agent="x")
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
try:
    sheet.update([["x" * 40000] for _ in range(10)], "A10:A19")
except requests.ConnectionError as error:
    print(type(error.__cause__).__name__, error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
sheet.update_acell("A1", "written")
print(sheet.acell("A1").value)
"""


def test_a_disk_that_is_full_looks_like_a_lost_connection_which_comes_back(workbook: Path) -> None:
    """Whoever retries needn't know that it is a file; and no run ends because a disk was full."""
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, str(workbook)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert first.startswith(f"WorkbookFullError {workbook}: the disk is full or failing")
    assert last == "written"
