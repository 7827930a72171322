"""LOCATION may be left out when GSHEET_ML_LOCATION is set, and is never guessed wrongly."""

from pathlib import Path

import pytest

from gsheet_ml_scheduler.cli.location import is_location
from tests.unit.cli.typed import cells, gsheet_ml, queue_of


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    return queue_of(tmp_path / "runs.sheet", ["lr=0.1"], [["1", "ready"], ["2", "ready"]])


def test_commands_are_about_the_sheet_of_the_environment(queue: Path) -> None:
    environment = {"GSHEET_ML_LOCATION": str(queue)}
    assert gsheet_ml("set", "2", "lr=0.5", **environment).exit_code == 0
    assert cells(queue)[3][3] == 0.5
    assert "2 ready" in gsheet_ml("status", **environment).stdout
    assert gsheet_ml("add", "--sheet-index", "0", "lr=1,2", **environment).exit_code == 0
    assert len(cells(queue)) == 6
    assert gsheet_ml("export", **environment).stdout.startswith("run_name,")


def test_a_location_that_is_typed_wins(queue: Path, tmp_path: Path) -> None:
    other = queue_of(tmp_path / "other.sheet", ["lr=0.1"], [["2", "ready"]])
    for location in (other, "./other.sheet"):
        with pytest.MonkeyPatch.context() as here:
            here.chdir(tmp_path)
            result = gsheet_ml("set", location, "2", "lr=7", GSHEET_ML_LOCATION=str(queue))
        assert result.exit_code == 0
    assert cells(other)[2][3] == 7
    assert len(cells(queue)[3]) == 2


def test_an_option_is_no_location(queue: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    result = gsheet_ml("export", "--output", target, GSHEET_ML_LOCATION=str(queue))
    assert result.exit_code == 0
    assert target.read_text().startswith("run_name,")


@pytest.mark.parametrize("value", ["", " "])
def test_without_either_the_location_is_missing(value: str) -> None:
    result = gsheet_ml("status", GSHEET_ML_LOCATION=value)
    assert result.exit_code == (1 if value else 2)
    assert ("The location is empty" if value else "LOCATION") in result.stderr


def test_a_location_of_the_environment_that_does_not_exist_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.sheet"
    result = gsheet_ml("status", GSHEET_ML_LOCATION=str(missing))
    assert result.exit_code == 1
    assert str(missing) in result.stderr


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("runs.sheet", True),
        ("../x/runs.sheet", True),
        ("https://docs.google.com/spreadsheets/d/1abc_def/edit#gid=0", True),
        ("http://host:8765/spreadsheets/d/k?token=a=b", True),
        ("ftp://host/x", True),
        ("1" + "a" * 43, True),
        ("3", False),
        ("lr=runs.sheet", False),
        ("big*", False),
        ("#7", False),
        ("", False),
    ],
)
def test_only_what_can_mean_nothing_else_is_a_location(word: str, expected: bool) -> None:
    assert is_location(word) is expected
