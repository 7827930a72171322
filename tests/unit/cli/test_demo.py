"""The demo's workbook, and when the demo is over; the whole of it is in tests/acceptance."""

import subprocess
import sys
from pathlib import Path

import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli.demo import (
    DEFAULTS,
    RUNS,
    _alone,
    _without_workers,
    fresh_workbook,
    own_command,
)
from gsheet_ml_scheduler.cli.picture import Cell, Line, Picture, take_picture
from gsheet_ml_scheduler.cli.template import template_columns
from gsheet_ml_scheduler.cli.workers import Crew
from gsheet_ml_scheduler.errors import LocationError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "digits.sheet"


def test_the_demos_workbook_is_a_queue_without_runs(path: Path) -> None:
    picture = take_picture(fresh_workbook(path))
    assert list(picture.columns) == list(template_columns(DEFAULTS))
    assert picture.runs == []


def test_an_earlier_demo_is_replaced_and_who_has_it_open_sees_the_new_one(path: Path) -> None:
    fresh_workbook(path).append_row(["1", "done"])
    open_elsewhere = localsheets.open_workbook(path)
    fresh_workbook(path)
    assert [tab.title for tab in open_elsewhere.worksheets()] == ["digits"]
    assert take_picture(open_elsewhere.sheet1).runs == []


@pytest.mark.parametrize("what", ["a cell", "another tab"])
def test_a_workbook_that_no_demo_made_is_left_as_it_is(path: Path, what: str) -> None:
    theirs = localsheets.open_workbook(path, create=True)
    if what == "a cell":
        theirs.sheet1.update_acell("Z900", "mine")
    else:
        theirs.add_worksheet("mine", 10, 10)
    with pytest.raises(LocationError, match="wasn't made by the demo, so it isn't replaced"):
        fresh_workbook(path)
    if what == "a cell":
        assert theirs.sheet1.acell("Z900").value == "mine"
    else:
        assert [tab.title for tab in theirs.worksheets()] == ["Sheet1", "mine"]


def test_a_file_that_is_no_workbook_is_left_as_it_is(path: Path) -> None:
    path.write_text("my thesis")
    with pytest.raises(LocationError, match=str(path)):
        fresh_workbook(path)
    assert path.read_text() == "my thesis"


def test_only_one_demo_at_a_time_uses_a_workbook(path: Path) -> None:
    with _alone(path), pytest.raises(LocationError, match="Another demo"), _alone(path):
        pass
    with _alone(path):
        pass
    assert list(path.parent.iterdir()) == []  # the folder for logs went with its last use


def test_every_run_of_the_demo_has_only_columns_that_there_are() -> None:
    assert len(RUNS) == 12
    assert all(set(run) <= set(DEFAULTS) for run in RUNS)


def picture(*statuses: str) -> Picture:
    runs = [
        Line(at + 3, {"run_name": Cell(str(at + 1)), "status": Cell(status)})
        for at, status in enumerate(statuses)
    ]
    return Picture(("run_name", "status"), frozenset(), runs)


@pytest.fixture
def ended(tmp_path: Path) -> Crew:
    """A crew whose only worker has ended well."""
    crew = Crew([sys.executable, "-c", ""], tmp_path)
    crew.start().process.wait()
    return crew


@pytest.fixture
def died(tmp_path: Path) -> Crew:
    """A crew whose only worker has died."""
    crew = Crew([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)
    crew.start().process.wait()
    return crew


def test_all_done_ends_the_demo_well_if_that_was_wanted(ended: Crew) -> None:
    done = picture("done", "done")
    assert _without_workers(ended, done, set(), until_done=True) == (0, set())
    assert _without_workers(ended, done, set(), until_done=False) == (None, set())


def test_a_failed_run_is_an_end_with_code_1(ended: Crew) -> None:
    failed = picture("done", "failed: ValueError: no")
    assert _without_workers(ended, failed, set(), until_done=True) == (1, set())


@pytest.mark.parametrize("until_done", [True, False])
def test_a_run_made_ready_later_gets_a_worker(ended: Crew, until_done: bool) -> None:
    later = picture("done", "ready")
    assert _without_workers(ended, later, set(), until_done=until_done) == (None, {"2"})


def test_a_run_that_workers_left_ready_gets_no_others(ended: Crew) -> None:
    left = picture("done", "ready")
    assert _without_workers(ended, left, {"2"}, until_done=True) == (1, set())
    assert _without_workers(ended, left, {"2"}, until_done=False) == (None, set())


@pytest.mark.parametrize("until_done", [True, False])
def test_workers_that_died_are_not_replaced(died: Crew, until_done: bool) -> None:
    left = picture("running", "ready")
    assert _without_workers(died, left, set(), until_done=until_done) == (1, set())
    done = picture("done", "done")
    assert _without_workers(died, done, set(), until_done=True) == (0, set())


def test_the_command_it_advises_is_there() -> None:
    called = subprocess.run([own_command(), "--help"], capture_output=True, text=True)
    assert called.returncode == 0
    assert "set" in called.stdout


def test_without_scikit_learn_it_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from gsheet_ml_scheduler.cli import app; app(['demo'])"
    )
    called = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert called.returncode == 1
    assert "pip install 'gsheet-ml-scheduler[examples]'" in called.stderr
    assert "Traceback" not in called.stderr
    assert list(tmp_path.iterdir()) == []
