"""current_run(): what a script sees of its run."""

import json
import os
import re
from pathlib import Path

import pytest

import gsheet_ml_scheduler
from gsheet_ml_scheduler.agent.folders import RunFolder, replace_json
from gsheet_ml_scheduler.agent.script import CurrentRun
from gsheet_ml_scheduler.errors import ConfigError, NoRunningRunError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    made = RunFolder(tmp_path / "a_run-7f")
    made.make()
    replace_json(made.config, {"lr": 0.1, "opt": "adam"})
    for name, value in made.variables("a run", 2).items():
        monkeypatch.setenv(name, value)
    return made


def logged(folder: RunFolder) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in folder.metrics.read_text().splitlines()]
    assert all(isinstance(line.pop("_time"), float) for line in lines)
    return lines


def test_outside_an_agent_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GSHEET_ML_RUN_DIR", raising=False)
    sentence = re.escape("Start the script with: gsheet-ml work LOCATION -- python train.py.")
    with pytest.raises(NoRunningRunError, match=sentence):
        gsheet_ml_scheduler.current_run()


def test_it_knows_the_runs_name_attempt_and_folder(folder: RunFolder) -> None:
    run = gsheet_ml_scheduler.current_run()
    assert (run.name, run.attempt, run.folder) == ("a run", 2, folder.path)


def test_the_config_is_live(folder: RunFolder) -> None:
    run = gsheet_ml_scheduler.current_run()
    assert run.config == {"lr": 0.1, "opt": "adam"}
    run.config["lr"] = 7
    replace_json(folder.config, {"lr": 0.2})
    assert run.config == {"lr": 0.2}


def test_the_last_config_holds_when_the_file_is_damaged(
    folder: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    run = gsheet_ml_scheduler.current_run()
    assert run.config["lr"] == 0.1
    folder.config.write_text('{"lr":')
    assert run.config["lr"] == 0.1
    folder.config.unlink()
    assert run.config["lr"] == 0.1
    assert capsys.readouterr().err.count("The last config holds") == 1


class Scalar:
    """What a NumPy or Torch scalar is like."""

    def item(self) -> float:
        return 0.25


def test_metrics_are_appended_as_lines(folder: RunFolder) -> None:
    run = gsheet_ml_scheduler.current_run()
    run.log(loss=0.3, epoch=1)
    run.log(loss=Scalar(), best=True, note="ok", bad=float("nan"))
    assert logged(folder) == [
        {"loss": 0.3, "epoch": 1},
        {"loss": 0.25, "best": True, "note": "ok", "bad": "NaN"},
    ]


def test_what_is_no_metric_is_refused_by_name(folder: RunFolder) -> None:
    run = gsheet_ml_scheduler.current_run()
    with pytest.raises(ConfigError, match=r"run a run: the metric 'loss' can't be logged: a list"):
        run.log(loss=[1, 2])
    with pytest.raises(ConfigError, match=r"can't begin with _: '_time'"):
        run.log(_time=1)
    assert not folder.metrics.exists()


def test_a_full_disk_costs_metrics_but_not_the_training(
    folder: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.metrics.symlink_to("/dev/full")
    run = gsheet_ml_scheduler.current_run()
    run.log(loss=1)
    run.log(loss=2)
    assert capsys.readouterr().err.count("No space left on device. Metrics are lost") == 1


def test_only_a_script_that_asks_is_known_to_follow_stop_requests(folder: RunFolder) -> None:
    run = gsheet_ml_scheduler.current_run()
    run.log(loss=1)
    assert not folder.follower.exists()
    assert not run.stop_requested
    assert folder.follower.exists()
    folder.stop_request.touch()
    assert run.stop_requested


def test_track_shows_progress_and_ends_early_when_asked_to_stop(folder: RunFolder) -> None:
    run = gsheet_ml_scheduler.current_run()
    seen = []
    for step in run.track(range(100)):
        seen.append(step)
        if step == 2:
            folder.stop_request.touch()
    assert seen == [0, 1, 2]
    assert logged(folder)[0] == {"_status": "1/100"}
    run.status("cooling down")
    assert logged(folder)[-1] == {"_status": "cooling down"}


def test_track_takes_what_has_no_length(folder: RunFolder) -> None:
    assert list(gsheet_ml_scheduler.current_run().track(iter("ab"))) == ["a", "b"]
    assert logged(folder) == [{"_status": "1"}]


def test_lines_of_many_processes_do_not_mix(folder: RunFolder) -> None:
    children = []
    for rank in range(4):
        child = os.fork()
        if not child:
            run = CurrentRun(folder.path, os.environ)
            for step in range(200):
                run.log(rank=rank, step=step, filling="x" * 200)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    lines = logged(folder)
    assert len(lines) == 800
    for rank in range(4):
        assert [line["step"] for line in lines if line["rank"] == rank] == list(range(200))
