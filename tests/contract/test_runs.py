"""`for run in scheduler.runs(): with run:` does the right thing however training ends."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.errors import (
    ConfigError,
    NoRunningRunError,
    RunLost,
    TooManyFailuresError,
)
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.contract.watching import BLUE, DEFAULTS, GREY, HEADER, Asked, Queue, same


def test_every_claimable_run_comes_and_is_done_at_the_end(queue: Queue) -> None:
    scheduler, _ = queue.scheduler({"seed": 7})
    seen = []
    for run in scheduler.runs():
        with run:
            seen.append((run.name, run.config))
            assert queue.statuses()[run.name] == "running"
    assert seen[2] == ("3", {"n_epoch": 3, "learning_rate": 5e-05, "seed": 7})
    assert queue.statuses() == {"1": "done", "2": "done", "3": "done"}
    assert same(queue.backgrounds()["3"], BLUE)
    assert scheduler.currently_running_run_id is None


def test_a_run_that_raises_says_failed_and_the_next_one_comes(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.fill(["1", "ready"], ["2", "ready"], header=[*HEADER, "error"],
               defaults=[*DEFAULTS, "N/A"])  # fmt: skip
    scheduler, _ = queue.scheduler()
    for run in scheduler.runs():
        with run:
            if run.name == "1":
                raise ValueError("bad\nshape")
    runs = queue.runs()
    assert runs["1"]["status"] == "failed: ValueError: bad shape"
    assert runs["1"]["error"] == "ValueError: bad shape"
    assert runs["2"]["status"] == "done"
    assert 'raise ValueError("bad\\nshape")' in capsys.readouterr().err
    assert same(queue.backgrounds()["1"], (1.0, 0.85, 0.85))
    assert queue.pins() == []


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_run_is_ready_again_as_if_nobody_had_taken_it(
    queue: Queue, stop: type[BaseException]
) -> None:
    scheduler, _ = queue.scheduler()
    with pytest.raises(stop):
        for run in scheduler.runs():
            with run:
                raise stop
    assert queue.runs()["1"] == {
        "run_name": "1",
        "status": "ready",
        "worker_name": "",
        "n_epoch": 10,
        "learning_rate": 0.0005,
    }
    assert queue.backgrounds()["1"] is None
    assert queue.pins() == []


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_interrupt_during_the_claim_leaves_the_run_ready(
    queue: Queue, number: int, moment: str
) -> None:
    scheduler, wire = queue.scheduler()

    def interrupt(asked: Asked) -> None:
        if len(wire.seen) - 1 == number:
            raise KeyboardInterrupt

    setattr(wire, moment, interrupt)
    with pytest.raises(KeyboardInterrupt):
        scheduler.find_claim_and_start_run()
    run = queue.runs()["1"]
    assert (run["worker_name"], run["status"]) == ("", "ready")


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_interrupt_while_the_outcome_is_written_does_not_lose_it(
    queue: Queue, number: int, moment: str
) -> None:
    scheduler, wire = queue.scheduler()
    with pytest.raises(KeyboardInterrupt):
        for run in scheduler.runs():
            with run:
                begun = len(wire.seen)

                def interrupt(asked: Asked, begun: int = begun) -> None:
                    if len(wire.seen) - 1 - begun == number:
                        raise KeyboardInterrupt

                setattr(wire, moment, interrupt)
    assert queue.statuses() == {"1": "done", "2": "ready", "3": "ready"}


def test_a_worker_that_fails_several_runs_in_a_row_stops_claiming(queue: Queue) -> None:
    queue.fill(*([str(number), "ready"] for number in range(9)))
    scheduler, _ = queue.scheduler()
    with pytest.raises(TooManyFailuresError, match="3 runs in a row failed"):
        for run in scheduler.runs():
            with run:
                if run.name != "1":
                    raise OSError("no GPU")
    assert list(queue.statuses().values()).count("ready") == 4
    with pytest.raises(TooManyFailuresError, match=r"1 runs? in a row failed"):
        for run in scheduler.runs(max_failures=1):
            with run:
                raise OSError("no GPU")


def test_a_run_with_a_bad_cell_is_left_behind(queue: Queue) -> None:
    queue.sheet.update_acell("E3", "=1/0")
    scheduler, _ = queue.scheduler()
    names = []
    for run in scheduler.runs():
        with run:
            names.append(run.name)
    assert names == ["2", "3"]
    assert queue.statuses()["1"].startswith("failed: CellError")


def test_metrics_get_a_grey_column_each_and_keep_the_last_value(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    run = next(scheduler.runs())
    with run:
        wire.seen.clear()
        for step in range(100):
            run.log(loss=np.float32(step) / 4, accuracy=step)
        assert wire.seen == []
        run.sync()
        assert queue.lines()[0] == [*HEADER, "loss", "accuracy"]
        assert queue.lines()[1][5:] == ["N/A", "N/A"]
        assert queue.runs()["1"]["loss"] == 24.75
        run.log(loss=float("nan"))
    assert queue.runs()["1"] | {"worker_name": ""} == {
        "run_name": "1",
        "status": "done",
        "worker_name": "",
        "n_epoch": 10,
        "learning_rate": 0.0005,
        "loss": "NaN",
        "accuracy": 99,
    }
    assert all(same(color, GREY) for color in queue.formats("backgroundColor")[0][5:7])
    assert scheduler.config_keys == ["n_epoch", "learning_rate"]


def test_metrics_are_written_also_when_the_run_fails(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    with next(scheduler.runs()) as run:
        run.log(loss=0.5)
        raise ValueError
    assert queue.runs()["1"]["loss"] == 0.5


def test_two_workers_that_log_the_same_new_metric_make_one_column(queue: Queue) -> None:
    one, wire = queue.scheduler()
    two, _ = queue.scheduler()
    first, second = next(one.runs()), next(two.runs())
    second.log(loss=2.0)

    def be_first(asked: object) -> None:
        if wire.seen[-1].asks("insertDimension"):
            wire.before = None
            second.sync()

    wire.before = be_first
    first.log(loss=1.0)
    first.sync()
    assert queue.lines()[0] == [*HEADER, "loss"]
    assert [cells["loss"] for cells in list(queue.runs().values())[:2]] == [1.0, 2.0]


def test_a_metric_column_that_was_renamed_does_not_stand_in_the_way(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    run = next(scheduler.runs())
    run.log(loss=1.0)
    run.sync()
    queue.sheet.update_acell("F1", "old loss")
    run.log(loss=2.0)
    run.sync()
    assert queue.lines()[0] == [*HEADER, "old loss", "loss"]
    assert queue.runs()["1"]["loss"] == 2.0


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (lambda run: run.log(status=1), "'status' isn't for metrics"),
        (lambda run: run.log(lease=1), "'lease' isn't for metrics"),
        (lambda run: run.log(learning_rate=1), "'learning_rate' is a hyperparameter.*Put N/A"),
        (lambda run: run.log(loss=[1, 2]), "a list is neither a number"),
        (lambda run: run.log(**{" x": 1}), "' x' is no name for a column"),
    ],
)
def test_what_is_no_metric_is_refused_at_once(
    queue: Queue, log: Callable[[object], None], words: str
) -> None:
    scheduler, _ = queue.scheduler()
    run = next(scheduler.runs())
    with pytest.raises(ConfigError, match=words):
        log(run)


def test_track_shows_progress_and_brings_live_edits(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    with next(scheduler.runs(sync_seconds=0)) as run:
        rates = []
        for step in run.track(range(3)):
            rates.append((step, run.config["learning_rate"], run.changed_keys))
            if step == 1:
                assert queue.statuses()["1"] == "1/3"
                queue.set("1", "learning_rate", 0.5)
            run.log(loss=step)
        assert queue.statuses()["1"] == "3/3"
        assert queue.runs()["1"]["loss"] == 2
    assert rates == [(0, 0.0005, []), (1, 0.0005, []), (2, 0.5, ["learning_rate"])]
    assert queue.statuses()["1"] == "done"


def test_track_of_something_without_an_end_counts(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    with next(scheduler.runs(sync_seconds=0)) as run:
        for step in run.track(iter(range(10))):
            if step == 4:
                break
        assert queue.statuses()["1"] == "4"


def test_steps_that_are_faster_than_the_rhythm_cost_no_requests(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    with next(scheduler.runs()) as run:
        wire.seen.clear()
        for step in run.track(range(1000)):
            run.log(loss=step)
        assert wire.seen == []
    assert queue.runs()["1"]["loss"] == 999


def test_a_run_taken_back_ends_its_training_at_the_next_sync(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler, _ = queue.scheduler()
    steps = []
    for run in scheduler.runs(sync_seconds=0):
        with run:
            for step in run.track(range(5)):
                steps.append((run.name, step))
                if run.name == "1":
                    queue.set("1", "worker_name", "")
                    queue.set("1", "status", "not now")
    assert steps[:2] == [("1", 0), ("2", 0)]
    assert queue.statuses() == {"1": "not now", "2": "done", "3": "done"}
    assert "run 1 isn't this worker's" in capsys.readouterr().err


def test_a_run_deleted_during_training_is_not_written_anywhere(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    run = next(scheduler.runs())
    with run:
        queue.sheet.delete_rows(3)
        before = queue.lines()
        with pytest.raises(RunLost, match="its row was deleted"):
            run.sync("1/2")
    assert queue.lines() == before


def test_a_run_that_was_not_trained_inside_with_is_an_error(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    with pytest.raises(NoRunningRunError, match="Train inside `with run:`"):
        for _ in scheduler.runs():
            pass
    assert queue.statuses() == {"1": "running", "2": "ready", "3": "ready"}


def test_a_run_that_has_ended_is_not_entered_or_synced_again(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    run = next(scheduler.runs())
    with run:
        assert run.stop_requested is False
    with pytest.raises(NoRunningRunError, match="run 1 has ended"):
        run.sync()
    with pytest.raises(NoRunningRunError, match="run 1 has ended"), run:
        pass


def test_a_file_that_is_away_for_a_while_costs_the_run_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, aside = tmp_path / "runs.sheet", tmp_path / "aside.sheet"
    queue = Queue(str(path), localsheets.open_workbook(path, create=True)).fill(["1", "ready"])
    for run in GSheetMLScheduler(str(path)).runs():
        with run:
            run.log(loss=0.5)
            path.rename(aside)
            before = run.config
            assert run.sync("half") == []
            assert run.config == before
            assert "is gone" in capsys.readouterr().err
            aside.rename(path)
            run.sync()
            assert queue.runs()["1"]["loss"] == 0.5
            assert queue.statuses() == {"1": "half"}
    assert queue.statuses() == {"1": "done"}
