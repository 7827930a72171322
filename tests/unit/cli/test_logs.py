"""gsheet-ml logs: the right run's output, all of it, also while it is written."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler.agent.folders import RunFolder, safe_name
from gsheet_ml_scheduler.cli.output import Output, folders_of
from tests.unit.cli.typed import gsheet_ml, queue_of, sheet_of

PROGRAM = str(Path(sys.executable).with_name("gsheet-ml"))


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    runs: list[list[Any]] = [["a", "running", "aaaaaa"], ["a-b", "done", "bbbbbb"], ["c", "ready"]]
    return queue_of(tmp_path / "runs.sheet", ["lr=0.1", "host=N/A"], runs)


def output_of(runs_dir: Path, run_name: str, run_id: str, text: str) -> RunFolder:
    folder = RunFolder(runs_dir / safe_name(run_name, run_id))
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.output.write_text(text)
    return folder


def so_far(folder: RunFolder, lines: int | None) -> str:
    with Output(folder) as output:
        return b"".join(output.so_far(lines)).decode()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_output_of_a_run_is_shown_as_it_is(queue: Path, tmp_path: Path) -> None:
    output_of(tmp_path / "runs", "a", "3f9a", "one\n\x1b[31mtwo\x1b[0m\nthree")
    result = gsheet_ml("logs", queue, "a", "--runs-dir", tmp_path / "runs")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "one\n\x1b[31mtwo\x1b[0m\nthree"


def test_a_name_that_begins_like_another_is_not_taken_for_it(tmp_path: Path) -> None:
    for name in ("a", "a-b", "a_b"):
        output_of(tmp_path, name, "3f9a", name)
    for name in ("a", "a-b", "a_b"):
        assert [it.output.read_text() for it in folders_of(tmp_path, name)] == [name]
    assert folders_of(tmp_path, "b") == folders_of(tmp_path / "missing", "a") == []


def test_of_several_ids_the_one_written_last_is_shown(queue: Path, tmp_path: Path) -> None:
    old = output_of(tmp_path / "runs", "a", "1", "old")
    output_of(tmp_path / "runs", "a", "2", "new")
    os.utime(old.output, (1, 1))
    result = gsheet_ml("logs", queue, "#3", "--runs-dir", tmp_path / "runs")
    assert result.stdout == "new"
    assert f"There is older output in {old.path}." in result.stderr


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (None, "1\n2\n3\n4\n"),
        (0, ""),
        (1, "4\n"),
        (2, "3\n4\n"),
        (3, "2\n3\n4\n"),
        (9, "1\n2\n3\n4\n"),
    ],
)
def test_the_last_lines_reach_into_what_was_put_aside(
    tmp_path: Path, lines: int | None, expected: str
) -> None:
    folder = output_of(tmp_path, "a", "1", "3\n4\n")
    folder.output.with_name("output.log.1").write_text("1\n2\n")
    assert so_far(folder, lines) == expected


def test_the_last_lines_of_a_long_log_are_whole(tmp_path: Path) -> None:
    folder = output_of(tmp_path, "a", "1", "".join(f"line {n} {'x' * 90}\n" for n in range(5000)))
    found = so_far(folder, 1500).splitlines()
    assert [line.split()[1] for line in found] == [str(n) for n in range(3500, 5000)]


def test_following_loses_nothing_when_the_file_is_replaced(tmp_path: Path) -> None:
    folder = output_of(tmp_path, "a", "1", "before\n")
    got: list[bytes] = []
    ended = threading.Event()

    def follow(output: Output) -> None:
        for piece in output.from_now_on(ended.is_set, lambda: time.sleep(0.005)):
            got.append(piece)

    with Output(folder) as output:
        assert b"".join(output.so_far(None)) == b"before\n"
        thread = threading.Thread(target=follow, args=[output])
        thread.start()
        written = b""
        for number in range(200):
            line = f"{number}\n".encode()
            written += line
            with folder.output.open("ab") as file:
                file.write(line)
            if number % 20 == 19:
                folder.output.replace(folder.output.with_name("output.log.1"))
                folder.output.write_bytes(b"")
                until(lambda seen=written: b"".join(got) == seen)  # type: ignore[misc]
        ended.set()
        thread.join(30)
    assert b"".join(got) == written


def test_what_is_written_just_before_the_end_is_shown(tmp_path: Path) -> None:
    folder = output_of(tmp_path, "a", "1", "")

    def ending() -> bool:
        with folder.output.open("ab") as file:
            file.write(b"last\n")
        return True

    with Output(folder) as output:
        assert b"".join(output.from_now_on(ending, lambda: None)) == b"last\n"


def test_follow_ends_with_the_run(queue: Path, tmp_path: Path) -> None:
    folder = output_of(tmp_path / "runs", "a", "1", "one\n")
    with subprocess.Popen(
        [PROGRAM, "logs", str(queue), "a", "-f", "--runs-dir", str(tmp_path / "runs")],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "one\n"
        with folder.output.open("a") as file:
            file.write("two\n")
        sheet_of(queue).update_acell("B3", "done")
        assert process.communicate(timeout=60)[0] == "two\n"
        assert process.returncode == 0


def test_follow_waits_for_a_run_that_has_not_begun(queue: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [PROGRAM, "logs", str(queue), "c", "-f", "--runs-dir", str(tmp_path / "runs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Waiting for run c to begin on this machine.")
        output_of(tmp_path / "runs", "c", "7", "begun\n")
        sheet_of(queue).update([["failed: x", "cccccc"]], "B5:C5")
        assert process.communicate(timeout=60)[0] == "begun\n"
        assert process.returncode == 0


def test_a_run_of_another_machine_is_said_to_be_there(queue: Path, tmp_path: Path) -> None:
    sheet_of(queue).update_acell("E4", "gpu-7")
    result = gsheet_ml("logs", queue, "a-b", "--runs-dir", tmp_path / "runs")
    assert result.exit_code == 1
    assert f"{tmp_path / 'runs'} has no output of run a-b: it ran on gpu-7." in result.stderr
    result = gsheet_ml("logs", queue, "c", "--runs-dir", tmp_path / "runs")
    assert "it is ready, and nothing says where it ran." in result.stderr


def test_a_run_that_is_not_there_is_an_error(queue: Path, tmp_path: Path) -> None:
    result = gsheet_ml("logs", queue, "x", GSHEET_ML_LOCATION=str(queue))
    assert result.exit_code == 1
    assert "no run is named 'x'" in result.stderr
