"""Worker processes: real ones, with real signals."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gsheet_ml_scheduler.cli.workers import Crew

GIVES_BACK = """
import time
try:
    print("working", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.3)  # a second signal would end this with a traceback
    print("given back")
"""
WONT_END = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("working")
time.sleep(60)
"""


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that will be so."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it didn't happen"
        time.sleep(0.01)


@pytest.fixture
def crew_of(tmp_path: Path) -> Iterator[Callable[[str], Crew]]:
    crews = []

    def make(script: str) -> Crew:
        crews.append(Crew([sys.executable, "-c", script], tmp_path))
        return crews[-1]

    yield make
    for crew in crews:
        crew.stop(0.0)


def test_a_worker_that_ends_well_is_no_news(crew_of: Callable[[str], Crew]) -> None:
    crew = crew_of("print('done')")
    worker = crew.start()
    until(lambda: not worker.alive)
    assert crew.deaths() == []
    assert not crew.has_failed
    assert worker.log.read_text() == "done\n"


def test_a_worker_that_dies_is_told_of_once_with_its_last_words(
    crew_of: Callable[[str], Crew],
) -> None:
    crew = crew_of("print('a start'); raise SystemExit('no GPU here')")
    worker = crew.start()
    until(lambda: not worker.alive)
    assert crew.deaths() == [
        f"worker 1 died (exit code 1). The last lines of {worker.log}:"
        "\n    a start\n    no GPU here"
    ]
    assert crew.deaths() == []
    assert crew.has_failed


def test_a_worker_that_was_killed_is_told_of_by_its_signal(
    crew_of: Callable[[str], Crew],
) -> None:
    crew = crew_of("import os; os.kill(os.getpid(), 9)")
    worker = crew.start()
    until(lambda: not worker.alive)
    assert crew.deaths() == [
        f"worker 1 died (signal SIGKILL). The last lines of {worker.log}: nothing"
    ]


def test_stopping_asks_once_and_waits(crew_of: Callable[[str], Crew]) -> None:
    crew = crew_of(GIVES_BACK)
    workers = [crew.start(), crew.start()]
    until(lambda: all("working" in worker.log.read_text() for worker in workers))
    assert crew.stop() == []
    assert crew.alive == []
    assert [worker.log.read_text() for worker in workers] == ["working\ngiven back\n"] * 2


def test_a_worker_that_does_not_end_is_killed_and_named(crew_of: Callable[[str], Crew]) -> None:
    crew = crew_of(WONT_END)
    worker = crew.start()
    until(lambda: "working" in worker.log.read_text())
    assert crew.stop(0.2) == [worker]
    assert not worker.alive
