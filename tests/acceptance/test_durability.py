"""What was answered is there: processes that are killed in the middle of writing lose none of it.

Writers are killed with SIGKILL at random moments, all of them at once, again and again on the same
file. Each notes outside the workbook what it was answered. Afterwards the file opens, every
answered batch is there, and no batch is there in part. A kill is not a power cut: it proves the
order of things, not that the disk was reached (that is SQLite's `synchronous=FULL`).

KILLS=200 runs two hundred of them: KILLS=200 python -m pytest tests/acceptance/test_durability.py
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.forking import CONTEXT
from tests.unit.localsheets.calls import RELAXED, Calls, cells, close, open_calls, paint, pin, row

KILLS = int(os.environ.get("KILLS", "40"))
WRITERS = 4
ROWS_OF_EACH = 3  # spread over the sheet; their cells must agree


def _write(path: Path, noted: Path, writer: int, first: int, *, relaxed: bool) -> None:
    """Write batches for ever: one number into all of the writer's rows, and a mark of that name."""
    calls = open_calls(path)
    headers = RELAXED if relaxed else None
    with noted.open("a", encoding="utf-8") as notes:
        for number in range(first, first + 1_000_000):
            calls.batch(*_requests(writer, number), headers=headers)
            notes.write(f"{number}\n")
            notes.flush()


def _requests(writer: int, number: int) -> list[dict[str, object]]:
    area = {"developerMetadataLookup": {"metadataId": writer + 1}}
    delete: dict[str, object] = {"deleteDeveloperMetadata": {"dataFilter": area}}
    at = [writer + WRITERS * line for line in range(ROWS_OF_EACH)]
    return [
        *(cells([[number] * 5], line) for line in at),
        delete,
        pin(writer + 1, row(at[0]), str(number)),
        paint((at[0], at[0] + 1, 0, 1), {"red": number % 256 / 255}),
        *([{"insertDimension": {"range": row(500)}}] if number % 10 == 0 else []),
        *([{"deleteDimension": {"range": row(500)}}] if number % 10 == 5 else []),
    ]


def _seen(calls: Calls, writer: int) -> int:
    """The number that a writer's cells hold, which must be the same in all of them."""
    numbers = {
        value
        for line in range(ROWS_OF_EACH)
        for value in calls.get(f"A{writer + WRITERS * line + 1}:E{writer + WRITERS * line + 1}")[0]
    }
    assert len(numbers) == 1, f"a batch of writer {writer} is there in part: {sorted(numbers)}"
    number: int = numbers.pop()
    return number


def _require_whole(path: Path, answered: list[int]) -> list[int]:
    """Open the file as the next user would; the numbers that are in it."""
    calls = open_calls(path)
    marks = {mark["metadataId"]: mark["metadataValue"] for mark in calls.marks()}
    found = []
    for writer, last in enumerate(answered):
        number = _seen(calls, writer)
        assert number >= last, f"writer {writer} was answered {last}, and {number} is there"
        assert number <= last + 1, "a batch is there that nobody can have sent"
        assert marks[writer + 1] == str(number), "cells and metadata of one batch differ"
        found.append(number)
    close(calls)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    revisions = [r for (r,) in connection.execute("SELECT revision FROM changes ORDER BY 1")]
    assert revisions == list(range(1, len(revisions) + 1)), "a revision is missing in the log"
    last = connection.execute("SELECT effects FROM changes ORDER BY revision DESC").fetchone()[0]
    assert json.loads(last), "the last entry of the log is whole"
    connection.close()
    return found


@pytest.fixture
def processes() -> Iterator[list[BaseProcess]]:
    """Processes that are gone when the test is over."""
    started: list[BaseProcess] = []
    yield started
    for process in started:
        process.kill()
        process.join()


@pytest.mark.parametrize("relaxed", [False, True])
def test_what_was_answered_survives_writers_that_are_killed(
    tmp_path: Path, processes: list[BaseProcess], relaxed: bool
) -> None:
    path = tmp_path / "runs.sheet"
    calls = open_calls(path, create=True)
    for writer in range(WRITERS):
        calls.batch(*_requests(writer, 1))
    close(calls)
    answered = [1] * WRITERS
    written = 0
    for kill in range(-(-KILLS // 2)):
        random.seed(kill)
        notes = [tmp_path / f"{kill}-{writer}" for writer in range(WRITERS)]
        for writer, (note, last) in enumerate(zip(notes, answered)):
            note.touch()
            job = (path, note, writer, last + 1)
            processes.append(CONTEXT.Process(target=_write, args=job, kwargs={"relaxed": relaxed}))
            processes[-1].start()
        deadline = time.monotonic() + 30
        while not all(note.stat().st_size for note in notes):  # all are in the middle of it
            assert time.monotonic() < deadline, "the writers don't get on"
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.1))
        for process in processes:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
        for process in processes:
            process.join()
            assert process.exitcode == -signal.SIGKILL, "a writer ended by itself"
        processes.clear()
        last_noted = [_last_number(note) for note in notes]
        written += sum(last - before for last, before in zip(last_noted, answered))
        answered = _require_whole(path, last_noted)
    assert written >= 4 * WRITERS, "so little was written that nothing is proved"


def _last_number(note: Path) -> int:
    text = note.read_text()
    whole = text[: text.rindex("\n")]  # a note that was cut in half was not made
    return int(whole.rpartition("\n")[2])
