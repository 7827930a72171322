"""gsheet-ml add: what is added, what is said, and what isn't added twice."""

import json
from pathlib import Path

import pytest
from gspread.utils import ValueInputOption

from tests.unit.cli.typed import cells, gsheet_ml, queue_of, sheet_of

DEFAULTS = ["lr=0.1", "opt=adam", "n_epoch=10"]


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    return queue_of(tmp_path / "runs.sheet", DEFAULTS, [])


def rows(path: Path) -> list[list[object]]:
    return [row[:6] for row in cells(path)[2:]]


def test_every_combination_becomes_a_run_that_is_ready(queue: Path) -> None:
    result = gsheet_ml("add", queue, "lr=0.3,0.01", "opt=adam,sgd")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"4 runs added to {queue}, with 2 of lr and 2 of opt.\n"
    assert rows(queue) == [
        [1, "ready", "", 0.3, "adam"],
        [2, "ready", "", 0.3, "sgd"],
        [3, "ready", "", 0.01, "adam"],
        [4, "ready", "", 0.01, "sgd"],
    ]


def test_without_values_one_run_with_the_defaults_is_added(queue: Path) -> None:
    assert gsheet_ml("add", queue).stdout == f"1 run added to {queue}.\n"
    assert rows(queue) == [[1, "ready"]]


def test_values_are_paired_with_zip_and_repeated_with_seeds(queue: Path) -> None:
    result = gsheet_ml(
        "add", queue, "lr=0.3,0.01", "n_epoch=5,50", "--zip", "--seeds", "2", "--new-columns"
    )
    assert result.stdout.splitlines()[-1] == "These columns are new: seed."
    header = cells(queue)[0]
    found = [dict(zip(header, row)) for row in cells(queue)[2:]]
    assert [(it["lr"], it["n_epoch"], it["seed"]) for it in found] == [
        (0.3, 5, 0),
        (0.3, 5, 1),
        (0.01, 50, 0),
        (0.01, 50, 1),
    ]


def test_a_dry_run_says_what_would_be_added_and_writes_nothing(queue: Path) -> None:
    before = cells(queue)
    result = gsheet_ml("add", queue, "lr=0.3,0.01", "--dry-run")
    assert result.stdout.splitlines() == [
        "  lr=0.3",
        "  lr=0.01",
        f"2 runs would be added to {queue}, with 2 of lr.",
    ]
    assert cells(queue) == before


def test_a_long_dry_run_is_cut(queue: Path) -> None:
    lines = gsheet_ml("add", queue, "n_epoch=range(1,1001)", "--dry-run").stdout.splitlines()
    assert lines[-2:] == [
        "  and 980 more",
        f"1,000 runs would be added to {queue}, with 1000 of n_epoch.",
    ]
    assert len(lines) == 22


def test_a_sample_says_how_it_can_be_drawn_again(queue: Path) -> None:
    spec = ("lr=tag(log,interval(1e-5,1e-1))", "opt=adam,sgd", "--sample", "4", "--dry-run")
    first = gsheet_ml("add", queue, *spec)
    again = first.stdout.splitlines()[-1].removeprefix("The same sample is drawn with ")
    assert again.startswith("--random-seed ")
    second = gsheet_ml("add", queue, *spec, *again.rstrip(".").split())
    assert first.stdout == second.stdout != gsheet_ml("add", queue, *spec).stdout


def test_sobol_points_are_drawn(queue: Path) -> None:
    assert (
        gsheet_ml(
            *("add", queue, "lr=interval(0,1)", "--sample", "8", "--method", "sobol"),
            *("--random-seed", "1"),
        ).exit_code
        == 0
    )
    drawn = sorted(float(str(row[3])) for row in rows(queue))
    assert [int(8 * value) for value in drawn] == list(range(8))


def test_runs_that_are_there_already_are_named_and_added_again(queue: Path) -> None:
    gsheet_ml("add", queue, "lr=0.3,0.1")
    result = gsheet_ml("add", queue, "lr=0.1,0.2", "opt=adam")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "1 run of the sweep is there already, added again; --skip-duplicates leaves them out:",
        "  lr=0.1 opt=adam is run 2, which is ready",
    ]
    assert len(rows(queue)) == 4


def test_duplicates_are_left_out_when_asked(queue: Path) -> None:
    gsheet_ml("add", queue, "lr=0.3")
    sheet_of(queue).update_acell("B3", "done")
    result = gsheet_ml("add", queue, "lr=0.3,0.2,0.2", "--skip-duplicates")
    assert "lr=0.3 is run 1, which is done" in result.stderr
    assert "lr=0.2 is number 2 of these" in result.stderr
    assert result.stdout == f"1 run added to {queue}.\n"
    assert [row[3] for row in rows(queue)] == [0.3, 0.2]


def test_a_blank_cell_and_a_typed_default_are_the_same_run(queue: Path) -> None:
    gsheet_ml("add", queue)
    result = gsheet_ml("add", queue, "lr=0.1", "opt=adam", "n_epoch=10", "--skip-duplicates")
    assert result.stdout == f"0 runs added to {queue}.\n"


def test_a_draft_or_a_row_with_an_error_is_no_duplicate(queue: Path) -> None:
    sheet = sheet_of(queue)
    sheet.append_rows(
        [["1", "maybe", "", 0.3], ["2", "ready", "", "=1/0"]], ValueInputOption.user_entered
    )
    result = gsheet_ml("add", queue, "lr=0.3", "--skip-duplicates")
    assert (result.stdout, result.stderr) == (f"1 run added to {queue}.\n", "")


def test_a_key_without_a_column_is_a_slip_unless_it_is_meant(queue: Path) -> None:
    result = gsheet_ml("add", queue, "opts=sgd")
    assert result.exit_code == 1
    assert "line 1 has no column 'opts'. Did you mean opt? To add it, say --new-columns." in (
        result.stderr
    )
    result = gsheet_ml("add", queue, "dropout=0.5,0.6", "--new-columns")
    assert result.stdout.splitlines()[-1] == "These columns are new: dropout."


def test_names_may_be_given_once_each(queue: Path) -> None:
    assert gsheet_ml("add", queue, "run_name=a,7", "lr=1,2", "--zip").exit_code == 0
    assert [row[0] for row in rows(queue)] == ["a", "7"]
    result = gsheet_ml("add", queue, "run_name=b", "lr=3,4")
    assert result.exit_code == 1
    assert "two runs would be named 'b'" in result.stderr
    assert gsheet_ml("add", queue, "run_name=a").exit_code == 1
    assert len(rows(queue)) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["lr=interval(0,1)"], 1, "lr: there is no end to the numbers from 0 to 1"),
        (["lr='0.1"], 1, "lr: the quotation mark ' isn't closed"),
        (["lr"], 2, "isn't KEY=VALUE"),
        (["status=done"], 1, "belongs to the scheduler"),
        (["lr=1,2", "--zip", "--sample", "2"], 2, "exclude each other"),
        (["lr=1,2", "--sample", "3"], 1, "there are only 2 different runs"),
        (["lr=range(300)", "n_epoch=range(300)"], 1, "that would be 90,000 runs"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_added(
    queue: Path, arguments: list[str], code: int, sentence: str
) -> None:
    result = gsheet_ml("add", queue, *arguments)
    assert result.exit_code == code
    assert sentence in " ".join(result.stderr.replace("│", "").split())
    assert rows(queue) == []


def test_json_tells_programs_what_was_added(queue: Path) -> None:
    gsheet_ml("add", queue, "lr=0.3")
    result = gsheet_ml("add", queue, "lr=0.3,0.5", "opt=sgd", "--json")
    assert json.loads(result.stdout) == {
        "added": 2,
        "runs": [{"lr": 0.3, "opt": "sgd"}, {"lr": 0.5, "opt": "sgd"}],
        "duplicates": [],
        "new_columns": [],
        "random_seed": None,
    }
    result = gsheet_ml("add", queue, "lr=0.3", "--json", "--dry-run")
    assert json.loads(result.stdout)["added"] == 0
    assert json.loads(result.stdout)["duplicates"] == [
        {"config": {"lr": 0.3}, "of": "run 1, which is ready"}
    ]
