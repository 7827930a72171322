"""The log of a script: bounded, complete where it can be, and never a reason to fail."""

import os
from pathlib import Path

import pytest

from gsheet_ml_scheduler.agent import output_log
from gsheet_ml_scheduler.agent.output_log import OutputLog


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output.log"


def test_output_is_appended_to_what_an_earlier_attempt_left(path: Path, told: list[str]) -> None:
    path.write_bytes(b"first attempt\n")
    log = OutputLog(path, 1000, told.append)
    log.write(b"second\n")
    log.write(b"")
    log.write(b"\xff\x00")
    log.close()
    assert path.read_bytes() == b"first attempt\nsecond\n\xff\x00"
    assert told == []


def test_of_too_much_output_the_newest_is_kept(path: Path, told: list[str]) -> None:
    log = OutputLog(path, 100, told.append)
    for number in range(1000):
        log.write(f"{number:09}\n".encode())
    log.close()
    kept = Path(f"{path}.1").read_bytes() + path.read_bytes()
    assert 50 < len(kept) <= 100
    assert kept.endswith(b"000000998\n000000999\n")
    assert [int(line) for line in kept.split()] == list(range(1000 - len(kept) // 10, 1000))


def test_a_piece_larger_than_the_log_is_kept_whole(path: Path, told: list[str]) -> None:
    log = OutputLog(path, 100, told.append)
    log.write(b"x" * 500)
    log.write(b"y")
    log.close()
    assert path.read_bytes() == b"y"


def test_a_full_disk_is_told_once_and_costs_only_lines(
    path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_log, "_TRY_AGAIN_AFTER", 0.0)
    path.symlink_to("/dev/full")
    log = OutputLog(path, 1000, told.append)
    for _ in range(3):
        log.write(b"lost\n")
    assert set(told) == {
        f"{path} can't be written: No space left on device. The run goes on; what it prints "
        "meanwhile is lost."
    }
    log.close()
    path.unlink()  # there is room again
    log.write(b"seen\n")
    log.close()
    assert path.read_bytes() == b"\n[gsheet-ml: 15 bytes are missing here]\nseen\n"


def test_a_disk_that_was_full_is_not_asked_for_each_line(path: Path, told: list[str]) -> None:
    path.symlink_to("/dev/full")
    log = OutputLog(path, 1000, told.append)
    for _ in range(1000):
        log.write(b"x")
    assert len(told) == 1
    log.close()


def test_a_directory_in_its_place_is_a_sentence(path: Path, told: list[str]) -> None:
    path.mkdir()
    OutputLog(path, 1000, told.append).write(b"x")
    assert told == [
        f"{path} can't be written: {os.strerror(21)}. The run goes on; what it prints meanwhile is "
        "lost."
    ]
