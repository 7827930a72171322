"""New runs arrive whole, once, and as they were written."""

from typing import Any

import numpy as np
import pytest

from gsheet_ml_scheduler.errors import ConfigError
from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter
from gsheet_ml_scheduler.runsheet.wire import APPEND_MARK
from tests.contract.watching import DEFAULTS, GREY, HEADER, Asked, Queue, same


def test_runs_are_ready_and_named_by_their_row(queue: Queue) -> None:
    writer = GSheetMLRunWriter(queue.location)
    writer.write_runs([{"n_epoch": 4}, {"run_name": "mine", "learning_rate": 0.5}, {"n_epoch": ""}])
    assert queue.lines()[5:] == [
        [4, "ready", "", 4, ""],
        ["mine", "ready", "", "", 0.5],
        [6, "ready", "", "", ""],
    ]


def test_a_key_without_a_column_gets_a_grey_one(queue: Queue) -> None:
    writer = GSheetMLRunWriter(queue.location)
    writer.write_runs([{"optimizer": "adam"}, {"dropout": 0.1}])
    assert queue.lines()[0] == [*HEADER, "optimizer", "dropout"]
    assert writer.keys == [*HEADER, "optimizer", "dropout"]
    assert writer.key_ids["dropout"] == 6
    assert all(same(color, GREY) for color in queue.formats("backgroundColor")[0][5:7])
    scheduler, _ = queue.scheduler()
    assert scheduler.get_run_config(3)["optimizer"] == "adam"
    assert scheduler.get_run_config(4) == {
        "n_epoch": 10,
        "learning_rate": 0.0005,
        "optimizer": "",
        "dropout": 0.1,
    }


def test_columns_may_be_anywhere_and_others_keep_what_they_hold(queue: Queue) -> None:
    queue.fill(
        ["ready", "x", "1"],
        header=["status", "", "run_name", "worker_name", "loss"],
        defaults=["N/A", "", "", "N/A", "N/A"],
    )
    queue.sheet.update_acell("F9", "a note far below")
    GSheetMLRunWriter(queue.location).write_runs([{"lr": 0.5}])
    lines = queue.lines()
    assert lines[0] == ["status", "", "run_name", "worker_name", "loss", "lr", ""]
    assert lines[8][6] == "a note far below"
    assert lines[9] == ["ready", "", 8, "", "", 0.5, ""]


@pytest.mark.parametrize(
    "value",
    ["007", "1e5", "TRUE", "=1+1", "2026-05-01", " x ", "1,5", True, False, 3, -0.25, 2**53 - 1],
)
def test_values_arrive_as_they_were_written(queue: Queue, value: Any) -> None:
    GSheetMLRunWriter(queue.location).write_runs([{"note": value}])
    found = queue.lines()[-1][5]
    assert found == value
    assert isinstance(found, str) == isinstance(value, str)
    assert isinstance(found, bool) == isinstance(value, bool)


def test_numpy_scalars_are_numbers(queue: Queue) -> None:
    GSheetMLRunWriter(queue.location).write_runs(
        [{"a": np.int64(3), "b": np.float32(0.5), "c": np.bool_(True), "d": np.str_("x")}]
    )
    assert queue.lines()[-1][5:] == [3, 0.5, True, "x"]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"status": "ready"}, "'status' belongs to the scheduler"),
        ({"worker_name": "x"}, "'worker_name' belongs to the scheduler"),
        ({"lr": [1, 2]}, "config number 1: 'lr' is a list"),
        ({"lr": {"a": 1}}, "'lr' is a dict"),
        ({"lr": {1}}, "'lr' is a set"),
        ({"lr": None}, "'lr' is a NoneType"),
        ({"lr": np.zeros(2)}, "'lr' is a ndarray"),
        ({"lr": float("nan")}, "'lr' is nan, which no cell's number can hold. Pass it as text"),
        ({"lr": 2**53}, "can't hold exactly. Pass it as text"),
        ({3: 1}, "the key 3 is no text"),
        ({" lr": 1}, "the key ' lr' is empty or has blanks"),
        ({"": 1}, "the key '' is empty"),
        ({"lr": "x" * 50_001}, "'lr' has 50001 characters, but a cell holds 50000"),
        ("lr", "config number 1 is a str"),
    ],
)
def test_a_config_that_fits_no_row_is_refused_before_anything_is_written(
    queue: Queue, config: Any, words: str
) -> None:
    writer, wire = queue.writer()
    with pytest.raises(ConfigError, match=words):
        writer.write_runs([{"n_epoch": 4}, config])
    assert wire.seen == []


def test_a_key_whose_column_is_no_config_key_is_refused(queue: Queue) -> None:
    queue.fill(header=[*HEADER, "loss"], defaults=[*DEFAULTS, "N/A"])
    writer, _ = queue.writer()
    before = queue.lines()
    with pytest.raises(ConfigError, match="the column 'loss' says N/A in line 2"):
        writer.write_runs([{"loss": 1}])
    assert queue.lines() == before


def test_no_configs_write_nothing(queue: Queue) -> None:
    writer, wire = queue.writer()
    writer.write_runs([])
    assert wire.seen == []


def test_runs_are_claimed_whole_or_not_at_all(queue: Queue) -> None:
    queue.fill()
    writer, wire = queue.writer()
    worker, _ = queue.scheduler()
    seen = []
    wire.before = lambda asked: seen.append(worker.find_ready_run()[0])
    writer.write_runs([{"n_epoch": 4}] * 3)
    assert set(seen) == {None}
    assert worker.find_ready_run() == (0, {"n_epoch": 4, "learning_rate": 0.0005})
    assert queue.pins(APPEND_MARK) == []


def race(queue: Queue, kind: str) -> None:
    """Another writer comes first, just before our request of that kind."""
    writer, wire = queue.writer()
    other, _ = queue.writer()

    def be_first(asked: Asked) -> None:
        if asked.asks(kind):
            wire.before = None
            other.write_runs([{"by": "other", kind: 1}, {"by": "other"}])

    wire.before = be_first
    writer.write_runs([{"by": "us", kind: 2}, {"by": "us", "run_name": f"mine {kind}"}])


def test_two_writers_at_once_make_each_column_once_and_number_all_rows(queue: Queue) -> None:
    queue.fill()
    race(queue, "insertDimension")
    race(queue, "appendCells")
    lines = queue.lines()
    assert lines[0] == [*HEADER, "by", "insertDimension", "appendCells"]
    assert [str(line[0]) for line in lines[2:]] == [
        "1", "2", "3", "mine insertDimension", "5", "6", "7", "mine appendCells",
    ]  # fmt: skip
    assert {line[1] for line in lines[2:]} == {"ready"}


def test_a_column_that_moves_under_the_write_makes_it_be_done_again(queue: Queue) -> None:
    queue.fill()
    writer, wire = queue.writer()

    def move(asked: Asked) -> None:
        if asked.asks("appendCells"):
            wire.before = None
            where = queue.lines_range("COLUMNS", 3)
            queue.batch({"insertDimension": {"range": where, "inheritFromBefore": False}})

    wire.before = move
    writer.write_runs([{"n_epoch": 4, "learning_rate": 0.25}])
    worker, _ = queue.scheduler()
    name, config = worker.find_claim_and_start_run()
    assert (name, config) == ("2", {"n_epoch": 4, "learning_rate": 0.25})
    assert worker.find_ready_run() == (None, None)
    assert queue.lines()[2][1].startswith("not written: line 1 was being changed")


def test_a_tab_that_is_renamed_under_the_write_makes_no_difference(queue: Queue) -> None:
    writer, wire = queue.writer()

    def rename(asked: Asked) -> None:
        if asked.asks("appendCells"):
            wire.before = None
            queue.sheet.update_title("It's [another]!")

    wire.before = rename
    writer.write_runs([{"n_epoch": 4}])
    assert list(queue.runs()) == ["1", "2", "3", "4"]
