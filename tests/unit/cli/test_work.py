"""gsheet-ml work as a user types it: what is refused before anything is claimed, what is shown."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli import app


def gsheet_ml(*arguments: Any, **environment: str) -> Any:
    return CliRunner().invoke(
        app, [str(it) for it in arguments], env={"COLUMNS": "200", **environment}
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sheet"
    assert gsheet_ml("init", path, "lr=0.001", "opt=adam").exit_code == 0
    sheet = localsheets.open_workbook(path).sheet1
    sheet.append_rows([["1", "done"], ["2", "ready", "", 0.5], ["a b", "ready", "", "", "x y; z"]])
    return path


def statuses(path: Path) -> list[str]:
    return [str(it) for it in localsheets.open_workbook(path).sheet1.col_values(2)[2:]]


def test_a_dry_run_shows_what_would_be_started_and_claims_nothing(path: Path) -> None:
    result = gsheet_ml("work", path, "--slots", 3, "--dry-run", "--", "python", "train.py")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "slot 1: run 2: python train.py --lr=0.5 --opt=adam",
        "slot 2: run a b: python train.py --lr=0.001 '--opt=x y; z'",
    ]
    assert statuses(path) == ["done", "ready", "ready"]


def test_a_dry_run_with_nothing_ready_says_so(path: Path) -> None:
    localsheets.open_workbook(path).sheet1.update([["done"], ["done"]], "B4:B5")
    result = gsheet_ml("work", path, "--dry-run", "--", "python", "train.py")
    assert (result.exit_code, result.stdout) == (0, "No run is ready.\n")


def test_macros_and_no_args_change_what_is_passed(path: Path) -> None:
    command = ["--", "python", "train.py", "--out=${run_dir}", "${lr}"]
    result = gsheet_ml("work", path, "--dry-run", *command)
    assert result.stdout.strip().endswith("python train.py --out=RUN_DIR 0.5")
    result = gsheet_ml("work", path, "--dry-run", "--no-args", "--", "python", "train.py")
    assert result.stdout.strip().endswith("run 2: python train.py")


def test_the_location_may_come_from_the_environment(path: Path) -> None:
    words = ["work", "--dry-run", "--", "python", "train.py"]
    result = gsheet_ml(*words, GSHEET_ML_LOCATION=str(path))
    assert "slot 1: run 2: python train.py" in result.stdout


def test_what_stands_behind_the_two_hyphens_is_the_commands_own(path: Path) -> None:
    command = ["python", "train.py", "--slots", "--help", "--", "--dry-run"]
    result = gsheet_ml("work", path, "--dry-run", "--", *command)
    assert "python train.py --slots --help -- --dry-run --lr=0.5" in result.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--"], "There is no command. Put it behind --"),
        (["--no-args", "--"], "There is no command. Put it behind --"),
        (["--", "no-such-program"], "There is no program 'no-such-program' here"),
        (["--", "python", "--x=${nope}"], "${nope} is neither a macro"),
        (["--", "python", "x${args}"], "so it must stand alone"),
        (["--", "python", "${envvar:NOT_SET_HERE}"], "'NOT_SET_HERE' isn't set"),
    ],
)
def test_a_command_that_cannot_work_is_a_sentence_before_anything_is_claimed(
    path: Path, words: list[str], sentence: str
) -> None:
    result = gsheet_ml("work", path, *words)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.output
    assert statuses(path) == ["done", "ready", "ready"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["python", "train.py"], "the command begins behind --"),
        (["--slots", "2", "--gpus", "all", "--", "python"], "don't go together"),
        (["--per-gpu", "2", "--", "python"], "--per-gpu needs --gpus"),
        (["--slots", "0", "--", "python"], "--slots"),
        (["--lease-minutes", "0", "--", "python"], "--lease-minutes"),
        (["--lease-minutes", "inf", "--", "python"], "--lease-minutes"),
        (["--grace", "inf", "--", "python"], "--grace"),
        (["--grace", "nan", "--", "python"], "--grace"),
        (["--max-hours", "inf", "--", "python"], "--max-hours"),
        (["--log-mb", "inf", "--", "python"], "--log-mb"),
    ],
)
def test_options_that_cannot_be_understood_are_exit_code_2(
    path: Path, words: list[str], sentence: str
) -> None:
    result = gsheet_ml("work", path, *words)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_without_a_location_or_with_a_wrong_one_it_says_what_is_missing(tmp_path: Path) -> None:
    result = gsheet_ml("work", "--", "python", GSHEET_ML_LOCATION="")
    assert result.exit_code == 2
    result = gsheet_ml("work", tmp_path / "none.sheet", "--", "python", "train.py")
    assert result.exit_code == 1
    assert str(tmp_path / "none.sheet") in result.stderr


def test_the_help_shows_where_the_command_goes_and_the_exit_codes() -> None:
    result = gsheet_ml("work", "--help")
    assert result.exit_code == 0
    assert "-- COMMAND..." in result.stdout
    assert "Exit codes" in result.stdout
