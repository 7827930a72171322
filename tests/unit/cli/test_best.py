"""gsheet-ml best: the right end first, only numbers count, seeds taken together."""

import json
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler.cli.best import lower_is_better
from tests.unit.cli.typed import gsheet_ml, queue_of

RUNS: list[list[Any]] = [
    ["a", "done", "aaaaaa", 0.1, 0, "", "", "", "", 0.5, 0.91],
    ["b", "done", "aaaaaa", 0.2, 0, "", "", "", "", 0.3, 0.95],
    ["c", "failed: x", "bbbbbb", 0.2, 1, "", "", "", "", "NaN", ""],
    ["d", "3/10", "bbbbbb", 0.1, 1, "", "", "", "", 0.7, 0.85],
    ["e", "ready"],
]


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    return queue_of(tmp_path / "runs.sheet", ["lr=0.1", "seed=0", "n=5"], [])


@pytest.fixture
def results(queue: Path) -> Path:
    from tests.unit.cli.typed import sheet_of

    sheet = sheet_of(queue)
    sheet.update([["loss", "accuracy"], ["N/A", "N/A"]], "K1:L2")
    rows = [[*row[:5], "", *row[5:]] if len(row) > 5 else row for row in RUNS]
    sheet.append_rows(rows)
    return queue


def names(*arguments: Any) -> list[Any]:
    result = gsheet_ml("best", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return [it["runs"] for it in json.loads(result.stdout)]


def test_the_highest_comes_first_unless_the_name_says_loss(results: Path) -> None:
    assert names(results, "accuracy") == [["b"], ["a"], ["d"]]
    assert names(results, "loss") == [["b"], ["a"], ["d"]]
    assert names(results, "loss", "--max") == [["d"], ["a"], ["b"]]
    assert names(results, "accuracy", "--min", "-n", "1") == [["d"]]


def test_the_table_shows_only_the_keys_in_which_runs_differ(results: Path) -> None:
    lines = gsheet_ml("best", results, "loss", "-n", "2").stdout.splitlines()
    assert lines[0] == "loss, lowest first: 2 of 3 results"
    assert lines[1].split() == ["run", "status", "loss", "lr", "seed"]
    assert [line.split() for line in lines[2:]] == [
        ["b", "done", "0.3", "0.2", "0"],
        ["a", "done", "0.5", "0.1", "0"],
    ]


def test_runs_that_differ_in_their_seed_become_one_with_its_spread(results: Path) -> None:
    lines = gsheet_ml("best", results, "accuracy", "--over", "seed").stdout.splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["run", "status", "accuracy", "±", "lr"],
        ["b", "done", "0.95", "0", "0.2"],
        ["a,", "d", "done,", "running", "0.88", "0.0424", "0.1"],
    ]


def test_a_record_has_the_whole_config_with_the_defaults(results: Path) -> None:
    found = json.loads(gsheet_ml("best", results, "loss", "-n", "1", "--json").stdout)
    assert found == [
        {
            "runs": ["b"],
            "status": "done",
            "loss": 0.3,
            "spread": 0.0,
            "config": {"lr": 0.2, "seed": 0, "n": 5},
        }
    ]


def test_no_results_yet_is_said_and_no_error(queue: Path) -> None:
    result = gsheet_ml("best", queue, "error")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no run has a number in the column 'error' yet" in result.stderr


def test_a_column_that_is_not_there_is_an_error_with_a_guess(results: Path) -> None:
    result = gsheet_ml("best", results, "los")
    assert result.exit_code == 1
    assert "line 1 has no column 'los'. Did you mean loss?" in result.stderr


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("loss", True),
        ("val_loss", True),
        ("Test Error", True),
        ("rmse", True),
        ("accuracy", False),
        ("errorless", False),
        ("glossary", False),
        ("f1", False),
    ],
)
def test_a_metrics_name_tells_its_good_end(metric: str, expected: bool) -> None:
    assert lower_is_better(metric) is expected
