"""The demo as a user starts it: real workers, real training, real signals."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli.picture import Line, Picture, take_picture

pytest.importorskip("sklearn", reason="the demo trains with scikit-learn")

GSHEET_ML = str(Path(sys.executable).parent / "gsheet-ml")
TRAINER = str(Path(__file__).parents[2] / "examples" / "digits.py")
PATIENCE = 180.0  # seconds; an idle machine needs a fifth of it
WORKBOOK = Path(".demo") / "digits.sheet"


def until(holds: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Wait for something that will be so; fail at once if the process ends before."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it didn't happen"
        assert process is None or process.poll() is None, "the process ended before"
        time.sleep(0.05)


def look(workbook: Path) -> Picture:
    return take_picture(localsheets.open_workbook(workbook).sheet1)


def run_of(picture: Picture, name: str) -> Line:
    return next(run for run in picture.runs if run.text("run_name") == name)


def statuses(workbook: Path) -> list[str]:
    with contextlib.suppress(localsheets.WorkbookError):  # not made yet
        return [run.text("status") for run in look(workbook).runs]
    return []


def training(workbook: Path) -> int:
    """How many runs a worker holds."""
    runs = look(workbook).runs if statuses(workbook) else []
    return sum(bool(it.text("worker_name")) and it.text("status") != "done" for it in runs)


def processes_using(workbook: Path) -> list[str]:
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True
    )
    return [line for line in listed.stdout.splitlines() if str(workbook) in line]


def start(*command: str, folder: Path) -> subprocess.Popen[str]:
    """Start a command as a terminal would: a process group of its own, its output kept."""
    environment = {key: it for key, it in os.environ.items() if key not in ("COLUMNS", "LINES")}
    with (folder / "output").open("w") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            text=True,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass
class FinishedDemo:
    """What is left when the demo has ended."""

    code: int
    output: str
    seconds: float
    said_by_set: str
    picture: Picture


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedDemo:
    """`gsheet-ml demo --until-done --no-browser`, and somebody who helps run 1 meanwhile."""
    folder = tmp_path_factory.mktemp("demo")
    workbook = folder / WORKBOOK
    began = time.monotonic()
    process = start(GSHEET_ML, "demo", "--until-done", "--no-browser", folder=folder)
    try:
        until(lambda: any(run.text("accuracy") for run in _runs(workbook)[:1]), process)
        edit = subprocess.run(
            [GSHEET_ML, "set", str(WORKBOOK), "1", "learning_rate=0.1"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        code = process.wait(PATIENCE)
    finally:
        stop(process)
    seconds = time.monotonic() - began
    output = (folder / "output").read_text()
    return FinishedDemo(code, output, seconds, edit.stdout, look(workbook))


def _runs(workbook: Path) -> list[Line]:
    return list(look(workbook).runs) if statuses(workbook) else []


def test_every_run_is_done_and_the_exit_code_is_0(finished: FinishedDemo) -> None:
    assert [run.text("status") for run in finished.picture.runs] == ["done"] * 12, finished.output
    assert finished.code == 0


def test_both_workers_trained_runs(finished: FinishedDemo) -> None:
    workers = [run.text("worker_name") for run in finished.picture.runs]
    assert len(set(workers)) == 2
    assert min(workers.count(name) for name in set(workers)) >= 2


def test_every_run_has_plausible_results(finished: FinishedDemo) -> None:
    for run in finished.picture.runs:
        assert float(run.text("loss")) > 0
        assert 0.05 < float(run.text("accuracy")) <= 1
    sensible = [
        run
        for run in finished.picture.runs
        if run.text("learning_rate") in ("0.03", "0.1") and run.text("hidden") == "64"
    ]
    assert len(sensible) == 2
    assert all(float(run.text("accuracy")) > 0.9 for run in sensible)


def test_a_learning_rate_set_meanwhile_was_taken_over(finished: FinishedDemo) -> None:
    assert finished.said_by_set == "run 1: learning_rate 0.0003 → 0.1\n"
    helped = run_of(finished.picture, "1")
    red, green, blue = helped.cells["learning_rate"].foreground or (0.0, 0.0, 0.0)
    assert green > 0.6 > red + blue  # a worker that sees a value changing writes it in green
    # At the old rate, 100 epochs end at about 0.9 and a loss of 1; 0.1 reads nearly all digits.
    assert float(helped.text("accuracy")) > 0.95
    assert float(helped.text("loss")) < 0.3


def test_done_rows_are_blue_and_defaults_filled_in_grey(finished: FinishedDemo) -> None:
    for run in finished.picture.runs:
        assert run.cells["status"].background == pytest.approx((0.8, 0.9, 1.0), abs=0.01)
    seed = run_of(finished.picture, "2").cells["seed"]
    assert seed.text == "0"
    assert seed.foreground == pytest.approx((0.8, 0.8, 0.8), abs=0.01)


def test_without_a_terminal_there_are_lines_and_no_control_codes(finished: FinishedDemo) -> None:
    assert "\x1b" not in finished.output
    lines = finished.output.splitlines()
    assert sum(bool(re.fullmatch(r" *[\d.]+ s  run \d+: running", line)) for line in lines) >= 10
    assert any(re.fullmatch(r" *[\d.]+ s  run 1: learning_rate 0.0003 → 0.1", it) for it in lines)
    assert any(re.search(r"run \d+: done, loss 0\.\d+, accuracy 0\.9\d+", line) for line in lines)


def test_the_last_table_is_printed_and_no_worker_died(finished: FinishedDemo) -> None:
    last = finished.output.splitlines()[-15:]
    assert sum(" done " in line for line in last) == 12
    assert last[-1] == f"{WORKBOOK}: 12 done"
    assert "died" not in finished.output


def test_it_takes_less_than_a_minute_or_so(finished: FinishedDemo) -> None:
    assert finished.seconds < 120


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The demo under way, with two runs training."""
    process = start(GSHEET_ML, "demo", folder=tmp_path)
    try:
        until(lambda: training(tmp_path / WORKBOOK) == 2, process)
        yield process
    finally:
        stop(process)


def test_ctrl_c_gives_the_runs_back_and_leaves_no_process(
    demo: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert len(processes_using(WORKBOOK)) >= 2
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(60) == 0
    output = (tmp_path / "output").read_text()
    assert set(statuses(tmp_path / WORKBOOK)) <= {"ready", "done"}, output
    assert statuses(tmp_path / WORKBOOK).count("ready") >= 2
    assert all(
        not run.text("worker_name")
        for run in look(tmp_path / WORKBOOK).runs
        if run.text("status") == "ready"
    )
    assert processes_using(WORKBOOK) == []
    assert "Traceback" not in output
    assert "had to be killed" not in output
    assert "Go on with: " in output


def test_a_second_demo_of_the_same_workbook_is_refused(
    demo: subprocess.Popen[str], tmp_path: Path
) -> None:
    second = subprocess.run([GSHEET_ML, "demo"], cwd=tmp_path, capture_output=True, text=True)
    assert second.returncode == 1
    assert second.stderr.startswith(f"Another demo is using {WORKBOOK}.")
    assert demo.poll() is None


def test_a_worker_that_dies_is_told_of_and_the_demo_goes_on(
    demo: subprocess.Popen[str], tmp_path: Path
) -> None:
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True
    )
    workers = [it for it in listed.stdout.splitlines() if f"{TRAINER} {WORKBOOK}" in it]
    os.kill(int(workers[0].split()[0]), signal.SIGKILL)
    until(lambda: "died (signal SIGKILL)" in (tmp_path / "output").read_text(), demo)
    assert "digits.logs/worker-" in (tmp_path / "output").read_text()
    assert demo.poll() is None


def test_a_workbook_that_no_demo_made_is_not_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "mine.sheet"
    localsheets.open_workbook(mine, create=True).sheet1.update_acell("B2", "years of work")
    result = subprocess.run(
        [GSHEET_ML, "demo", "--workbook", str(mine)], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert "wasn't made by the demo, so it isn't replaced" in result.stderr
    assert localsheets.open_workbook(mine).sheet1.acell("B2").value == "years of work"
    assert sorted(it.name for it in tmp_path.iterdir() if it.suffix == ".logs") == []


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    """A queue of one long run."""
    path = tmp_path / "long.sheet"
    keys = ["learning_rate=0.01", "n_epoch=10000", "hidden=8", "batch_size=64", "seed=0"]
    subprocess.run([GSHEET_ML, "init", str(path), *keys], check=True, capture_output=True)
    localsheets.open_workbook(path).sheet1.append_row(["1", "ready"])
    return path


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_example_gives_its_run_back_when_it_is_stopped(
    queue: Path, tmp_path: Path, how: signal.Signals
) -> None:
    process = start(sys.executable, TRAINER, str(queue), folder=tmp_path)
    try:
        until(lambda: bool(look(queue).runs[0].text("accuracy")), process)
        process.send_signal(how)
        assert process.wait(60) == 128 + how
    finally:
        stop(process)
    assert (statuses(queue), look(queue).runs[0].text("worker_name")) == (["ready"], "")
    assert "Traceback" not in (tmp_path / "output").read_text()
