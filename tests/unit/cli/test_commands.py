"""The commands as a user types them: words, exit codes, and never a traceback."""

from pathlib import Path
from typing import Any

import pytest
from gspread.utils import ValueRenderOption
from typer.testing import CliRunner

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli import app


def gsheet_ml(*arguments: Any) -> Any:
    return CliRunner().invoke(app, [str(it) for it in arguments])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sheet"


@pytest.fixture
def queue(path: Path) -> Path:
    assert gsheet_ml("init", path, "learning_rate=0.001", "n_epoch=10").exit_code == 0
    worksheet = localsheets.open_workbook(path).sheet1
    worksheet.append_rows([["1", "ready"], ["2", "done", "dF53M7", 0.5]])
    return path


def cells(path: Path) -> list[list[Any]]:
    worksheet = localsheets.open_workbook(path).sheet1
    return worksheet.get(value_render_option=ValueRenderOption.unformatted)


@pytest.mark.parametrize("words", [[], ["status"], ["work"]])
def test_help_is_there_by_both_of_its_names(words: list[str]) -> None:
    short, long = (gsheet_ml(*words, name) for name in ("-h", "--help"))
    assert short.exit_code == long.exit_code == 0
    assert short.output == long.output


def test_init_makes_a_workbook_that_is_a_queue(path: Path) -> None:
    result = gsheet_ml("init", path, "learning_rate=1e-3", "model=mlp", "augment=TRUE", "seed")
    assert result.exit_code == 0
    assert result.output.startswith(f'"Sheet1" of {path} is a run queue now.')
    assert cells(path) == [
        [
            *("run_name", "status", "worker_name"),
            *("learning_rate", "model", "augment", "seed"),
            *("lease", "attempt", "command", "error"),
        ],
        ["", "N/A", "N/A", 0.001, "mlp", True, "", "N/A", "N/A", "N/A", "N/A"],
    ]


def test_init_never_overwrites(queue: Path) -> None:
    before = cells(queue)
    result = gsheet_ml("init", queue, "other=1")
    assert result.exit_code == 1
    assert "isn't empty (A1 holds 'run_name'), and init never overwrites" in result.stderr
    assert cells(queue) == before


def test_init_makes_no_file_when_it_refuses(path: Path) -> None:
    result = gsheet_ml("init", path, "status=ready")
    assert result.exit_code == 1
    assert "The column status is made anyway" in result.stderr
    assert not path.exists()


def test_init_makes_an_empty_tab_of_a_sheet_a_queue(queue: Path) -> None:
    spreadsheet = localsheets.open_workbook(queue)
    spreadsheet.add_worksheet("more runs", 100, 10)
    assert gsheet_ml("init", queue, "lr=1", "--sheet-index", "1").exit_code == 0
    assert spreadsheet.worksheet("more runs").acell("D1").value == "lr"


def test_set_changes_a_run_and_says_what_it_was(queue: Path) -> None:
    result = gsheet_ml("set", queue, "2", "learning_rate=0.01", "n_epoch=20")
    assert result.exit_code == 0
    assert result.stdout == "run 2: learning_rate 0.5 → 0.01, n_epoch (blank) → 20\n"
    assert cells(queue)[3] == ["2", "done", "dF53M7", 0.01, 20]


@pytest.mark.parametrize(
    ("typed", "kept"), [("-2E-4", -0.0002), ("007", "007"), ("FALSE", False), ("a=b", "a=b")]
)
def test_what_is_typed_is_worth_what_it_looks_like(queue: Path, typed: str, kept: Any) -> None:
    assert gsheet_ml("set", queue, "1", f"n_epoch={typed}").exit_code == 0
    assert cells(queue)[2][4] == kept
    assert type(cells(queue)[2][4]) is type(kept)


def test_a_run_name_stays_text(queue: Path) -> None:
    assert gsheet_ml("set", queue, "1", "run_name=7").exit_code == 0
    assert cells(queue)[2][0] == "7"


def test_an_error_is_one_sentence_on_stderr_and_exit_code_1(queue: Path) -> None:
    result = gsheet_ml("set", queue, "9", "learning_rate=1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no run is named '9'. Its 2 runs: 1, 2." in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["status", "set"])
def test_a_file_that_is_not_there_is_named(command: str, tmp_path: Path) -> None:
    missing = tmp_path / "missing.sheet"
    result = gsheet_ml(command, missing, *(["1", "a=1"] if command == "set" else []))
    assert result.exit_code == 1
    assert str(missing) in result.stderr
    assert not missing.exists()


@pytest.mark.parametrize(
    "arguments", [("set", "x.sheet", "1", "learning_rate"), ("set", "x.sheet", "1", "a=1", "a=2")]
)
def test_what_cannot_be_understood_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert gsheet_ml(*arguments).exit_code == 2


def test_status_prints_the_runs_and_how_many_are_in_which_state(queue: Path) -> None:
    result = gsheet_ml("status", queue)
    assert result.exit_code == 0
    assert "1 ready · 1 done" in result.stdout
    assert "dF53M7" in result.stdout
    assert "\x1b" not in result.stdout


def test_status_needs_no_right_to_write(queue: Path) -> None:
    queue.chmod(0o444)
    result = gsheet_ml("status", queue)
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("command", ["demo", "init", "set", "status"])
def test_every_command_explains_itself(command: str) -> None:
    result = gsheet_ml(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout and command in result.stdout
    assert command in gsheet_ml("--help").stdout
