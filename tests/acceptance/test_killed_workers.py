"""Worker processes are killed and frozen at any moment while somebody moves the rows about.

Every run ends done, or lost with its attempts used up; nobody trained with another row's values,
and nobody wrote into a row that wasn't his. The change log is the witness: it knows who wrote which
cell when, and each entry is judged by the adversary's rules.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.acceptance.test_many_workers import JUNK, edit
from tests.contract.adversary.picture import Change, ChangeLog, Entry, Picture, Snapshot
from tests.contract.adversary.rules import is_right
from tests.forking import CONTEXT

WORKERS, RUNS, KILLS = 8, 300, 7
ATTEMPTS, LEASE = 3, 2.0
PATIENCE = 400.0
"""Seconds for all of it, on a machine that has other things to do; by itself it takes about 20."""

HEADER = ["run_name", "status", "worker_name", "number", "text", "depth"]
FEATURES = ["lease", "attempt", "loss"]
DEFAULT_DEPTH = 12


def config_of(number: int) -> dict[str, Any]:
    return {"number": number, "text": f"run {number}"}


def work(path: str, folder: str) -> None:
    """A worker as a user writes it; what it trains goes into a file of its own, line by line."""
    scheduler = GSheetMLScheduler(path, lease_seconds=LEASE, max_attempts=ATTEMPTS)
    with (Path(folder) / scheduler.worker_name).open("w") as trained:
        for run in scheduler.runs():
            with run:
                trained.write(json.dumps([run.name, run.config]) + "\n")
                trained.flush()
                run.log(loss=0.5)
                run.sync("1/2")
                time.sleep(0.02)  # the training


@dataclass
class Crowd:
    """Processes that work; who is killed is replaced."""

    path: Path
    folder: Path
    processes: list[Any] = field(default_factory=list)
    frozen: dict[int, float] = field(default_factory=dict)
    kills: int = 0
    freezes: int = 0

    def add(self) -> None:
        process = CONTEXT.Process(target=work, args=(str(self.path), str(self.folder)))
        process.start()
        self.processes.append(process)

    @property
    def alive(self) -> list[Any]:
        return [process for process in self.processes if process.is_alive()]

    def torment(self, rng: random.Random) -> None:
        """Kills one, or freezes one, sometimes for longer than its lease."""
        awake = [p for p in self.alive if p.pid not in self.frozen]
        if not awake:
            return
        victim = rng.choice(awake)
        if rng.random() < 0.35 and self.kills < KILLS:
            victim.kill()
            self.kills += 1
            self.add()
        elif len(self.frozen) < 2:
            os.kill(victim.pid, signal.SIGSTOP)
            self.freezes += 1
            self.frozen[victim.pid] = time.monotonic() + rng.choice([0.05, 0.3, 1.2 * LEASE])

    def thaw(self, *, everybody: bool = False) -> None:
        """Those whose time has come go on."""
        for pid, until in list(self.frozen.items()):
            if everybody or time.monotonic() > until:
                os.kill(pid, signal.SIGCONT)
                del self.frozen[pid]

    def end(self) -> None:
        self.thaw(everybody=True)
        for process in self.processes:
            process.kill()
            process.join()


@contextmanager
def somebody_edits(path: Path) -> Iterator[None]:
    is_over = CONTEXT.Event()
    process = CONTEXT.Process(target=edit, args=(str(path), is_over))
    process.start()
    try:
        yield
    finally:
        is_over.set()
        process.join(30)
        process.kill()
    assert process.exitcode == 0


def make_queue(path: Path) -> None:
    sheet = localsheets.open_workbook(path, create=True).sheet1
    line_2 = ["", "N/A", "N/A", -1, "none", DEFAULT_DEPTH, *["N/A"] * len(FEATURES)]
    sheet.update([HEADER + FEATURES, line_2], raw=True)
    GSheetMLRunWriter(str(path)).write_runs(
        [{"run_name": f"r{number}", **config_of(number)} for number in range(RUNS)]
    )


def statuses(path: Path) -> Counter[str]:
    sheet = localsheets.open_workbook(path).sheet1
    lines = sheet.get_values()
    at = lines[0].index("status")
    return Counter(line[at] for line in lines[2:] if line[0] not in ("", JUNK))


def run_all(path: Path, folder: Path, rng: random.Random) -> Crowd:
    """Until every run has ended, whatever it takes."""
    crowd = Crowd(path, folder)
    deadline = time.monotonic() + PATIENCE
    try:
        with somebody_edits(path):
            for _ in range(WORKERS):
                crowd.add()
            while crowd.alive and (crowd.kills < KILLS or statuses(path)["ready"]):
                assert time.monotonic() < deadline, statuses(path)
                crowd.torment(rng)
                crowd.thaw()
                time.sleep(rng.uniform(0.02, 0.25))
            crowd.thaw(everybody=True)
            while set(statuses(path)) - {"done", "lost"}:
                assert time.monotonic() < deadline, statuses(path)
                if not crowd.alive:  # those that are left wait for a dead worker's lease to lapse
                    crowd.add()
                for process in crowd.alive[:1]:
                    process.join(0.5)
            for process in crowd.alive:
                process.join(max(0.0, deadline - time.monotonic()))
            assert not crowd.alive
    finally:
        crowd.end()
    return crowd


# ---------------------------------------------------------------- the witness


@dataclass
class Witness:
    """What the change log says of every run."""

    workers: frozenset[str]
    picture: Picture = field(default_factory=Picture)
    wrong: list[str] = field(default_factory=list)
    starts: dict[int, list[str]] = field(default_factory=dict)
    taken_away: Counter[int] = field(default_factory=Counter)

    def hear(self, entry: Entry) -> None:
        before = self.picture.live()
        if entry.author in self.workers:
            for change in self.picture.changes(entry):
                self._judge(entry, change, before)
        self.picture.draw(entry)

    def _judge(self, entry: Entry, change: Change, before: Snapshot) -> None:
        at = datetime.fromtimestamp(entry.time, tz=timezone.utc)
        column = before.names.get(change.column)
        run = before.at(change.row, "run_name")
        if not is_right(entry.author, change, before, at):
            self.wrong.append(
                f"{entry.revision}: {entry.author} wrote {change.new!r} over {change.old!r} in "
                f"{column!r} of {run!r}"
            )
        if column == "worker_name" and change.new == entry.author:
            self.starts.setdefault(change.row, []).append(entry.author)
        if column == "status" and change.new in ("ready", "lost"):
            self.taken_away[change.row] += before.at(change.row, "worker_name") != ""

    def check(self, trained: list[tuple[str, str, dict[str, Any]]]) -> None:
        assert self.wrong == []
        end = self.picture.live()
        rows = {
            str(end.at(row, "run_name")): row
            for row in end.run_rows
            if end.at(row, "run_name") not in ("", JUNK)
        }
        assert set(rows) == {f"r{number}" for number in range(RUNS)}
        by_run = Counter((worker, name) for worker, name, _ in trained)
        for name, row in rows.items():
            status, starts = end.at(row, "status"), self.starts[row]
            assert status in ("done", "lost"), name
            assert end.at(row, "lease") == "", name
            assert len(starts) == self.taken_away[row] + (status == "done"), (name, starts)
            assert end.at(row, "attempt") == f"{len(starts)}/{ATTEMPTS}", (name, starts)
            assert len(starts) <= ATTEMPTS
            assert (status == "lost") <= (len(starts) == ATTEMPTS), (name, starts)
            assert end.at(row, "worker_name") == starts[-1]
            assert status == "lost" or by_run[starts[-1], name], name
            for worker in set(starts):
                assert by_run[worker, name] <= starts.count(worker)
            own = {key: end.at(row, key) for key in ("number", "text", "depth")}
            assert own == {**config_of(int(name[1:])), "depth": DEFAULT_DEPTH}


def told_by(folder: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """What the workers trained: worker, run and config."""
    return [
        (file.name, *json.loads(line))
        for file in folder.iterdir()
        for line in file.read_text().splitlines()
    ]


@pytest.mark.timeout(PATIENCE + 60)
def test_every_run_ends_however_many_workers_are_killed_and_frozen(tmp_path: Path) -> None:
    path, folder = tmp_path / "runs.sheet", tmp_path / "trained"
    folder.mkdir()
    make_queue(path)
    crowd = run_all(path, folder, random.Random(4))
    assert crowd.kills == KILLS
    assert crowd.freezes > KILLS
    trained = told_by(folder)
    for _, name, config in trained:
        assert config == {**config_of(int(name[1:])), "depth": DEFAULT_DEPTH}
    log = ChangeLog(path)
    witness = Witness(frozenset(file.name for file in folder.iterdir()))
    for entry in log.new_entries():
        witness.hear(entry)
    log.close()
    witness.check(trained)
