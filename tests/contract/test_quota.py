"""Requests are rationed: counted at a server that has a quota and refuses what is too much.

A minute takes two seconds here, for the quota as for the workers' clocks.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import gspread

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.runsheet.budget import Kind
from gsheet_ml_scheduler.runsheet.leases import Terms
from gsheet_ml_scheduler.runsheet.pacing import Pacing
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.quota import Quota, served_with_a_quota
from tests.served import Served

FAST = 30.0
MINUTE = 60 / FAST
HEADER = ["run_name", "status", "worker_name", "loss", "steps"]


@contextmanager
def queue_of(tmp_path: Path, runs: int) -> Iterator[tuple[Served, Quota]]:
    """So many ready runs, behind a quota of 60 a minute."""
    path = tmp_path / "runs.sheet"
    rows = [[str(number), "ready"] for number in range(runs)]
    sheet = localsheets.open_workbook(path, create=True).sheet1
    sheet.update([HEADER, ["", "N/A", "N/A", "N/A", 10], *rows], raw=True)
    with served_with_a_quota(path, per_minute=60, minute=MINUTE) as (server, quota):
        yield server, quota


def worker_at(server: Served, *, limit: float | None, seed: int = 0) -> GSheetMLScheduler:
    """A worker whose clock runs faster; `limit` is what its location's client says of the quota."""
    pacing = Pacing(
        lambda seconds: time.sleep(seconds / FAST),
        lambda: time.monotonic() * FAST,
        Random(seed),
        limit,
    )
    spreadsheet = gspread.Spreadsheet(server.client(), {"id": server.key})
    terms = Terms(in_background=False)
    return GSheetMLScheduler.on_worksheet(spreadsheet.sheet1, pacing=pacing, terms=terms)


def statuses(tmp_path: Path) -> list[str]:
    sheet = localsheets.open_workbook(tmp_path / "runs.sheet").sheet1
    return [str(cell) for cell in sheet.col_values(2)[2:]]


def train(worker: GSheetMLScheduler, minutes: float) -> int:
    """Runs of so many minutes that sync at every step; how many steps there were."""
    steps = 0
    for run in worker.runs():
        with run:
            end = time.monotonic() + minutes * MINUTE
            while time.monotonic() < end:
                run.log(loss=steps)
                run.sync(f"step {steps}")
                steps += 1
                time.sleep(0.002)
    return steps


def test_a_worker_that_knows_the_limit_is_never_refused_however_fast_it_syncs(
    tmp_path: Path,
) -> None:
    with queue_of(tmp_path, 1) as (server, quota):
        steps = train(worker_at(server, limit=60), minutes=2)
    assert quota.refused == {}
    assert steps > 2 * len(quota.accepted[Kind.READ])  # most syncs were merged, none waited for
    assert len(quota.accepted[Kind.WRITE]) > 15
    assert statuses(tmp_path) == ["done"]
    loss = localsheets.open_workbook(tmp_path / "runs.sheet").sheet1.acell("D3").value
    assert loss == str(steps - 1)


def test_a_worker_that_does_not_know_the_limit_learns_it_and_loses_nothing(
    tmp_path: Path,
) -> None:
    with queue_of(tmp_path, 2) as (server, quota):
        steps = train(worker_at(server, limit=None), minutes=2)
    refused = sum(quota.refused.values())
    assert 1 <= refused < 30
    assert steps > 20
    assert statuses(tmp_path) == ["done", "done"]


def test_workers_that_share_an_account_all_get_their_runs_done(tmp_path: Path) -> None:
    workers, runs = 4, 8
    with queue_of(tmp_path, runs) as (server, quota):
        done: list[int] = []
        threads = [
            threading.Thread(target=_train_into, args=(done, server, seed))
            for seed in range(workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    assert len(done) == workers
    assert statuses(tmp_path) == ["done"] * runs
    accepted = sum(map(len, quota.accepted.values()))
    assert sum(quota.refused.values()) < accepted / 3


def _train_into(done: list[int], server: Served, seed: int) -> None:
    done.append(train(worker_at(server, limit=60, seed=seed), minutes=1))


def test_an_outage_in_the_middle_is_outlived(tmp_path: Path) -> None:
    with queue_of(tmp_path, 1) as (server, quota):
        worker = worker_at(server, limit=60)
        (run,) = [run for run in [next(worker.runs())] if run is not None]
        with run:
            run.log(loss=1)
            run.sync("before")
            quota.is_away = True
            run.log(loss=2)
            run.sync("meanwhile")
            timer = threading.Timer(MINUTE, _come_back(quota))
            timer.start()
        timer.join()
    assert statuses(tmp_path) == ["done"]
    assert localsheets.open_workbook(tmp_path / "runs.sheet").sheet1.acell("D3").value == "2"


def _come_back(quota: Quota) -> Callable[[], None]:
    def back() -> None:
        quota.is_away = False

    return back
