"""gsheet-ml stop, kill, pause, resume, requeue, retry, cancel, set: what is typed and said."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.typed import cells, gsheet_ml, queue_of

RUNS: list[list[Any]] = [
    ["a", "done", "aaaaaa", 0.1],
    ["b", "running", "bbbbbb", 0.2],
    ["c", "paused", "cccccc", 0.3],
    ["d", "ready"],
    ["e", "failed: x", "eeeeee", "", "", "3/3", "", "x"],
    ["twin", "ready"],
    ["twin", "ready"],
]


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    return queue_of(tmp_path / "runs.sheet", ["lr=0.1"], RUNS)


def column(path: Path, name: str) -> dict[str, Any]:
    """A column by the runs' names."""
    header, _, *rows = cells(path)
    at = header.index(name)
    return {row[0]: row[at] if at < len(row) else "" for row in rows}


@pytest.mark.parametrize(
    ("verb", "run", "said"),
    [
        ("stop", "b", "run b: worker bbbbbb asked to stop after this step"),
        ("kill", "b", "run b: worker bbbbbb asked to end now"),
        ("pause", "b", "run b: worker bbbbbb asked to pause"),
        ("resume", "c", "run c: worker cccccc asked to go on"),
        ("requeue", "c", "run c: worker cccccc asked to give the run back"),
    ],
)
def test_a_worker_is_asked_by_the_command_cell_of_its_run(
    queue: Path, verb: str, run: str, said: str
) -> None:
    result = gsheet_ml(verb, queue, run)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{said}\n", "")
    assert {name: it for name, it in column(queue, "command").items() if it} == {run: verb}


def test_a_retry_makes_a_run_ready_as_if_it_had_never_been_claimed(queue: Path) -> None:
    result = gsheet_ml("retry", queue, "e")
    assert result.stdout == "run e: ready again; it was failed: x\n"
    assert cells(queue)[6] == ["e", "ready"]


def test_all_failed_runs_are_retried_by_their_status(queue: Path) -> None:
    result = gsheet_ml("retry", queue, "--status", "failed", "--status", "lost")
    assert (result.exit_code, result.stderr) == (0, "")
    assert column(queue, "status")["e"] == "ready"
    assert column(queue, "status")["a"] == "done"


def test_a_ready_run_is_cancelled_and_a_running_one_is_killed(queue: Path) -> None:
    result = gsheet_ml("cancel", queue, "d", "b")
    assert result.stdout.splitlines() == [
        "run b: worker bbbbbb asked to end now",
        "run d: cancelled before it began",
    ]
    assert column(queue, "status")["d"] == "stopped"
    assert column(queue, "command")["b"] == "kill"


def test_a_pattern_leaves_alone_what_cannot_be_done_and_says_how_many(queue: Path) -> None:
    result = gsheet_ml("pause", queue, "*")
    assert result.exit_code == 0
    assert result.stdout == "run b: worker bbbbbb asked to pause\n"
    assert result.stderr == (
        "6 other runs left as they are (1 done, 1 paused, 3 ready, 1 failed).\n"
    )


def test_a_run_that_is_named_and_left_alone_is_an_error(queue: Path) -> None:
    result = gsheet_ml("stop", queue, "a", "b", "d")
    assert result.exit_code == 1
    assert result.stdout == "run b: worker bbbbbb asked to stop after this step\n"
    assert result.stderr.splitlines() == [
        "Run a is done, so there is nothing to stop.",
        "Run d is ready, so nobody can stop it; gsheet-ml cancel takes it off the queue.",
    ]


def test_no_run_to_do_it_to_is_no_error(queue: Path) -> None:
    result = gsheet_ml("retry", queue, "--status", "lost")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No run to retry.\n")
    result = gsheet_ml("resume", queue, "tw*")
    assert (result.exit_code, result.stderr) == (0, "No run to resume (2 ready).\n")


def test_a_name_that_stands_twice_needs_its_line(queue: Path) -> None:
    result = gsheet_ml("cancel", queue, "twin")
    assert result.exit_code == 1
    assert (
        "2 runs are named 'twin'. Say which by its line (#8 and #9, in quotation" in result.stderr
    )
    assert gsheet_ml("cancel", queue, "#9").stdout == "run twin: cancelled before it began\n"
    assert [row[1] for row in cells(queue)[-2:]] == ["ready", "stopped"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("stop", "b"),
        ("retry", "e"),
        ("cancel", "d"),
        ("set", "b", "lr=7"),
        ("kill", "--status", "running"),
    ],
)
def test_a_dry_run_says_it_and_writes_nothing(queue: Path, arguments: tuple[str, ...]) -> None:
    before = cells(queue)
    result = gsheet_ml(arguments[0], queue, *arguments[1:], "--dry-run")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("run ")
    assert lines[1:] == ["Nothing was written: this is what would be done."]
    assert cells(queue) == before


def test_which_runs_must_be_said(queue: Path) -> None:
    result = gsheet_ml("stop", queue)
    assert result.exit_code == 2
    assert "Say which runs: names, patterns" in " ".join(result.stderr.replace("│", "").split())
    assert set(column(queue, "command").values()) == {""}


def test_a_sheet_without_the_column_gets_it_and_says_so(tmp_path: Path) -> None:
    from gspread.utils import ValueInputOption

    from gsheet_ml_scheduler import localsheets

    path = tmp_path / "old.sheet"
    localsheets.open_workbook(path, create=True).sheet1.update(
        [["run_name", "status", "worker_name"], ["", "N/A", "N/A"], ["1", "running", "aaaaaa"]],
        value_input_option=ValueInputOption.raw,
    )
    result = gsheet_ml("stop", path, "1")
    assert result.exit_code == 0
    assert "has no column 'command' yet. It is added, with N/A in line 2." in result.stderr
    assert cells(path)[0] == ["run_name", "status", "worker_name", "command"]
    assert cells(path)[2] == ["1", "running", "aaaaaa", "stop"]


def test_a_hyperparameter_of_that_name_is_no_place_for_commands(tmp_path: Path) -> None:
    from gsheet_ml_scheduler import localsheets

    path = tmp_path / "old.sheet"
    localsheets.open_workbook(path, create=True).sheet1.update(
        [["run_name", "status", "worker_name", "command"], ["", "N/A", "N/A", "ls"]]
    )
    result = gsheet_ml("stop", path, "--status", "running")
    assert result.exit_code == 1
    assert "the column 'command' is a hyperparameter" in result.stderr


def test_set_changes_only_the_cells_that_are_named(queue: Path) -> None:
    before = cells(queue)
    result = gsheet_ml("set", queue, "b", "lr=0.05", "error=")
    assert result.stdout == "run b: lr 0.2 → 0.05, error (blank) → (blank)\n"
    after = cells(queue)
    assert after[3][:4] == ["b", "running", "bbbbbb", 0.05]
    assert [row for row in after if row[0] != "b"] == [row for row in before if row[0] != "b"]


def test_set_finds_a_run_by_its_line_and_refuses_several(queue: Path) -> None:
    assert gsheet_ml("set", queue, "#9", "lr=9").exit_code == 0
    assert [row[3:] for row in cells(queue)[-2:]] == [[], [9]]
    result = gsheet_ml("set", queue, "?", "lr=9")
    assert result.exit_code == 1
    assert "'?' means 5 runs (a, b, c, d, e), but this is about one." in result.stderr


def test_an_unknown_column_is_an_error_that_guesses_what_was_meant(queue: Path) -> None:
    result = gsheet_ml("set", queue, "b", "learn=1", "l=2")
    assert result.exit_code == 1
    assert "line 1 has no column 'learn'. " in result.stderr
    assert (
        "Did you mean lr? Its columns: run_name, status, worker_name, lr,"
        in gsheet_ml("set", queue, "b", "lrr=2").stderr
    )


@pytest.mark.parametrize("verb", ["stop", "kill", "pause", "resume", "requeue", "retry", "cancel"])
def test_every_verb_knows_the_sheet_of_the_environment(queue: Path, verb: str) -> None:
    result = gsheet_ml(verb, "zzz", GSHEET_ML_LOCATION=str(queue))
    assert result.exit_code == 1
    assert "no run is named 'zzz'" in result.stderr
