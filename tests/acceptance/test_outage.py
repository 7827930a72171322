"""The server goes away with real processes at work: one waits, and makes up for one that ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import gspread
import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.runsheet.journal import STATE_DIR
from tests.acceptance.at_work import LIGHT, Queue, at_work, script, until
from tests.served import TOKEN, Served, serving_process

HEADER = ["run_name", "status", "worker_name", "lease", "loss"]
DEFAULTS = ["", "N/A", "N/A", "N/A", "N/A"]

TRAIN = """
import sys, time
from pathlib import Path
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler

folder = Path(sys.argv[2])
for run in GSheetMLScheduler(sys.argv[1]).runs():
    with run:
        (folder / f"claimed-{run.name}").touch()
        while not (folder / f"finish-{run.name}").exists():
            time.sleep(0.02)
        run.log(loss=int(run.name) / 10)
"""


class Worker:
    """A training process, and what it says."""

    def __init__(self, location: str, folder: Path, state: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", TRAIN, location, str(folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, STATE_DIR: str(state)},
        )
        self.said: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.said.extend(iter(self.process.stderr.readline, ""))

    def says(self, words: str) -> bool:
        return any(words in line for line in list(self.said))

    def end(self, number: int | None = None) -> int:
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        self._listener.join(10)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


def wait_until(what: str, is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@contextmanager
def serving(path: Path, port: int) -> Iterator[Served]:
    """The workbook, served by a process of its own until the block ends, and then killed."""
    arguments = (str(path), "--port", str(port), "--token", TOKEN, "--no-browser")
    with serving_process(*arguments) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        base, _, rest = address.partition("/spreadsheets/d/")
        yield Served(base, TOKEN, (rest.partition("?")[0],))


def rows_of(path: Path) -> dict[str, dict[str, str]]:
    lines = localsheets.open_workbook(path).sheet1.get_values()
    return {line[0]: dict(zip(lines[0], line, strict=False)) for line in lines[2:]}


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sheet"
    sheet: gspread.Worksheet = localsheets.open_workbook(path, create=True).sheet1
    sheet.update([HEADER, DEFAULTS, ["1", "ready"], ["2", "ready"]], raw=True)
    return path


def test_two_runs_end_while_the_server_is_away_and_both_are_written(
    workbook: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with serving(workbook, 0) as server:
        workers: list[Worker] = []
        try:
            for name in ("1", "2"):
                workers.append(Worker(server.location, tmp_path, state))
                wait_until(f"run {name} was never claimed", (tmp_path / f"claimed-{name}").exists)
            process_ends, process_stays = workers
            port = server.port
        except BaseException:
            for worker in workers:
                worker.end(signal.SIGKILL)
            raise
    try:
        for name in ("1", "2"):
            (tmp_path / f"finish-{name}").touch()
        for worker, name in ((process_ends, "1"), (process_stays, "2")):
            said = f"The outcome of run {name} (done) can't be written now. It is kept in {state}"
            wait_until(f"nothing is said of run {name}", partial(worker.says, said))
        process_ends.end(signal.SIGKILL)
        assert {name: row["status"] for name, row in rows_of(workbook).items()} == {
            "1": "running", "2": "running",
        }  # fmt: skip
        assert not any(TOKEN in file.read_text() for file in state.rglob("*.json"))
        with serving(workbook, port):
            assert process_stays.end() == 0, process_stays.said
            # The one that stayed looked for another run, and wrote what the other had left behind.
            assert process_stays.says("Run 1: what couldn't be written at")
    finally:
        for worker in workers:
            worker.process.kill()
    rows = rows_of(workbook)
    assert {n: (r["status"], r["loss"], r["lease"]) for n, r in rows.items()} == {
        "1": ("done", "0.1", ""), "2": ("done", "0.2", ""),
    }  # fmt: skip
    assert [file for file in state.rglob("*.json") if file.is_file()] == []


FINISHES_WHEN_TOLD = """
import os, sys, time
open("claimed-" + os.environ["GSHEET_ML_RUN_NAME"], "w").close()
while not os.path.exists("finish"):
    time.sleep(0.02)
print('gsheet-ml: {"loss": 0.25}')
"""


def test_an_agents_runs_end_while_the_server_is_away_and_are_written_when_it_is_back(
    workbook: Path, tmp_path: Path
) -> None:
    command = [*LIGHT, script(tmp_path, FINISHES_WHEN_TOLD)]
    with ExitStack() as ended:
        with serving(workbook, 0) as server:
            queue = Queue(server.location, server.spreadsheet())
            port = server.port
            agent = ended.enter_context(at_work(queue, tmp_path, "--slots", "2", command=command))
            until(lambda: all((tmp_path / f"claimed-{name}").exists() for name in ("1", "2")))
        (tmp_path / "finish").touch()
        until(lambda: "couldn't write the outcome of run" in agent.said)
        assert agent.process.poll() is None
        with serving(workbook, port):
            assert agent.wait() == 0, agent.said
    rows = rows_of(workbook)
    assert {n: (r["status"], r["loss"], r["lease"]) for n, r in rows.items()} == {
        "1": ("done", "0.25", ""), "2": ("done", "0.25", ""),
    }  # fmt: skip
