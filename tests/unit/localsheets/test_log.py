"""When a commit is on the disk: before its answer, and when the next writer has its turn already.

What the disk does can't be seen from here, so these tests stand between the log and `fdatasync`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gsheet_ml_scheduler.localsheets import WorkbookFullError
from gsheet_ml_scheduler.localsheets.storage import log
from tests.unit.localsheets.calls import RELAXED, cells, open_calls

Sync = Callable[[int], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sheet"


def between(monkeypatch: pytest.MonkeyPatch, sync: Sync) -> None:
    """Do something where the disk is asked to write what it was given."""
    monkeypatch.setattr(log, "_sync", sync)


def test_the_log_is_synced_before_a_write_is_answered(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = open_calls(path, create=True)
    synced = []

    def sync(descriptor: int) -> None:
        synced.append(descriptor)
        with path.with_name("runs.sheet-wal").open("rb") as file:
            assert os.path.sameopenfile(descriptor, file.fileno())
            assert b"an outcome" in file.read()

    between(monkeypatch, sync)
    calls.put("A1", [["an outcome"]])
    assert len(synced) == 1


def test_a_relaxed_write_and_a_read_wait_for_no_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = open_calls(path, create=True)

    def sync(_: int) -> None:
        raise AssertionError("nobody asked for it")

    between(monkeypatch, sync)
    calls.batch(cells([["a step"]], 0), headers=RELAXED)
    assert calls.get("A1") == [["a step"]]


def test_while_one_write_waits_for_the_disk_the_next_is_made_and_seen(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = open_calls(path, create=True), open_calls(path)
    waiting, go_on = threading.Event(), threading.Event()

    def slow_disk(_: int) -> None:
        waiting.set()
        assert go_on.wait(10)

    between(monkeypatch, slow_disk)
    thread = threading.Thread(target=first.put, args=("A1", [["first"]]))
    thread.start()
    assert waiting.wait(10)
    second.batch(cells([["second"]], 1), headers=RELAXED)
    assert second.get("A1:A2") == [["first"], ["second"]]
    assert thread.is_alive()
    go_on.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_disk_that_cannot_keep_a_write_is_an_error_that_says_what_is_unsure(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = open_calls(path, create=True)

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    between(monkeypatch, broken)
    with pytest.raises(WorkbookFullError, match=r"may not survive a power cut\. Make room"):
        calls.put("A1", [["unsure"]])
    assert calls.get("A1") == [["unsure"]]
