"""What runs log step by step is kept with the workbook, the same from its file and over HTTP."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import gspread
import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.connect import keeper_of
from gsheet_ml_scheduler.localsheets.live.live import Live
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.contract.watching import Queue
from tests.served import served

Json = dict[str, Any]


def live_of(queue: Queue, tmp_path: Path, request: pytest.FixtureRequest) -> Live:
    """The live side of a queue's file, wherever it is served."""
    if queue.location.startswith("http"):
        folder, _ = request.getfixturevalue("shared_server")
        path = folder / f"{tmp_path.name}.sheet"
    else:
        path = Path(queue.location)
    workbook = localsheets.workbook_client(path).workbook
    request.addfinalizer(workbook.close)
    return workbook.live


def test_each_step_is_in_the_runs_history_and_the_last_value_in_its_cell(
    queue: Queue, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    scheduler = GSheetMLScheduler(queue.location)
    for run in scheduler.runs():
        with run:
            for epoch in run.track(range(5)):
                run.log(loss=1 / (epoch + 1), note="text has no curve")
    live = live_of(queue, tmp_path, request)
    found = live.tracks.of_rows(0, [2, 3, 4])
    assert sorted(found) == ["2", "3", "4"]
    loss = found["2"]["series"]["loss"]
    assert loss["steps"] == [1, 2, 3, 4, 5]
    assert loss["values"] == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert all(abs(at - time.time()) < 60 for at in loss["times"])
    assert list(found["2"]["series"]) == ["loss"]
    assert queue.runs()["1"]["loss"] == 0.2


def test_a_run_that_fails_keeps_its_history_and_its_log_the_traceback(
    queue: Queue, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    scheduler = GSheetMLScheduler(queue.location)
    run = next(scheduler.runs())
    with run:
        run.log(loss=0.5)
        raise ValueError("diverged")
    tracks = live_of(queue, tmp_path, request).tracks
    found, log = tracks.of_subject(run.run_id), tracks.text_of_subject(run.run_id)
    assert found is not None
    assert found["series"]["loss"]["values"] == [0.5]
    assert log is not None
    assert 'raise ValueError("diverged")' in log["text"]


def test_a_run_that_is_put_back_begins_its_history_anew(
    queue: Queue, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for values in ([0.9, 0.8], [0.5]):
        run = next(GSheetMLScheduler(queue.location).runs())
        with pytest.raises(KeyboardInterrupt), run:
            for value in values:
                run.log(loss=value)
            raise KeyboardInterrupt
    found = live_of(queue, tmp_path, request).tracks.of_rows(0, [2])
    assert found["2"]["series"]["loss"]["values"] == [0.5]


def test_training_goes_on_without_the_history_when_it_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs.sheet"
    queue = Queue(str(path), localsheets.open_workbook(path, create=True)).fill(["1", "ready"])
    monkeypatch.setattr("gsheet_ml_scheduler.server.live._PATH", re.compile("x"))
    with served(path) as server:
        for run in GSheetMLScheduler(server.location).runs():
            with run:
                run.log(loss=0.5)
                run.sync()
                run.log(loss=0.4)
    assert queue.statuses() == {"1": "done"}
    assert queue.runs()["1"]["loss"] == 0.4


def test_a_place_without_workbooks_keeps_nothing(queue: Queue) -> None:
    assert keeper_of(gspread.HTTPClient.__new__(gspread.HTTPClient)) is None
