"""Real processes that end in every way while they hold a run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler import localsheets

HEADER = ["run_name", "status", "worker_name", "n_epoch", "lease", "error"]
DEFAULTS = ["", "N/A", "N/A", 10, "N/A", "N/A"]

STEP_BY_STEP = """
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
import os, sys, time
scheduler = GSheetMLScheduler("runs.sheet")
name, config = scheduler.find_claim_and_start_run()
scheduler.update_status("working")
"""
IN_A_BLOCK = """
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
import os, sys, time
for run in GSheetMLScheduler("runs.sheet").runs():
    with run:
        run.sync("working")
        while True:
            time.sleep(0.05)
"""
FOR_EVER = "while True: time.sleep(0.05)\n"


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sheet"
    lines: list[list[object]] = [[*HEADER], DEFAULTS, ["1", "ready"]]
    localsheets.open_workbook(path, create=True).sheet1.update(lines, raw=True)
    return path


def run_of(sheet: Path) -> dict[str, Any]:
    lines = localsheets.open_workbook(sheet).sheet1.get_all_values()
    return dict(zip(lines[0], lines[2], strict=True))


def started(sheet: Path, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script], cwd=sheet.parent, text=True, stderr=subprocess.PIPE
    )


def until_working(sheet: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while run_of(sheet)["status"] != "working":
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("script", [STEP_BY_STEP + FOR_EVER, IN_A_BLOCK])
def test_ctrl_c_and_sigterm_put_the_run_back(
    sheet: Path, script: str, sign: signal.Signals
) -> None:
    with started(sheet, script) as process:
        until_working(sheet, process)
        process.send_signal(sign)
        process.communicate(timeout=30)
    run = run_of(sheet)
    assert (run["status"], run["worker_name"], run["lease"]) == ("ready", "", "")
    assert process.returncode == (143 if sign is signal.SIGTERM else -signal.SIGINT)


def test_a_script_that_raises_between_two_calls_leaves_a_failed_run(sheet: Path) -> None:
    with started(sheet, STEP_BY_STEP + "raise ValueError('bad\\nshape')\n") as process:
        _, said = process.communicate(timeout=30)
    run = run_of(sheet)
    assert (run["status"], run["error"], run["lease"]) == (
        "failed: ValueError: bad shape",
        "ValueError: bad shape",
        "",
    )
    assert "ValueError: bad" in said
    assert process.returncode == 1


@pytest.mark.parametrize("last_line", ["", "sys.exit(3)\n"])
def test_a_script_that_ends_without_ending_its_run_puts_it_back(
    sheet: Path, last_line: str
) -> None:
    with started(sheet, STEP_BY_STEP + last_line) as process:
        process.communicate(timeout=30)
    assert run_of(sheet)["status"] == "ready"
    assert process.returncode == (3 if last_line else 0)


IN_A_FUNCTION = """
def train():
    scheduler = GSheetMLScheduler("runs.sheet", lease_seconds=2)
    scheduler.find_claim_and_start_run()
    scheduler.update_status("working")
"""


def test_a_function_that_ends_without_ending_its_run_puts_it_back_with_the_process(
    sheet: Path,
) -> None:
    script = STEP_BY_STEP[: STEP_BY_STEP.index("scheduler =")] + IN_A_FUNCTION + "train()\n"
    with started(sheet, script) as process:
        _, said = process.communicate(timeout=30)
    run = run_of(sheet)
    assert (run["status"], run["worker_name"], run["lease"]) == ("ready", "", ""), said


def test_a_scheduler_that_is_thrown_away_leaves_no_run_that_runs_for_ever(sheet: Path) -> None:
    """As in a notebook whose cell that makes the scheduler is run again: the kernel lives on."""
    script = STEP_BY_STEP[: STEP_BY_STEP.index("scheduler =")] + IN_A_FUNCTION
    wait = "print('thrown away', flush=True, file=sys.stderr)\n" + FOR_EVER
    with started(sheet, script + "train()\n" + wait) as process:
        assert process.stderr is not None
        while "thrown away" not in process.stderr.readline():
            assert process.poll() is None
        deadline = time.monotonic() + 30
        while run_of(sheet)["status"] != "ready":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert run_of(sheet)["worker_name"] == ""
        process.kill()


def test_a_run_without_its_scheduler_is_still_held(sheet: Path) -> None:
    script = """
run = next(GSheetMLScheduler("runs.sheet", lease_seconds=2).runs())
run.sync("working")
time.sleep(4)  # two leases
with run:
    run.sync("still mine")
"""
    with started(sheet, STEP_BY_STEP[: STEP_BY_STEP.index("scheduler =")] + script) as process:
        _, said = process.communicate(timeout=30)
    assert (process.returncode, run_of(sheet)["status"]) == (0, "done"), said


def test_a_script_that_has_ended_its_run_leaves_it_alone(sheet: Path) -> None:
    with started(sheet, STEP_BY_STEP + "scheduler.run_done()\nraise OSError\n") as process:
        process.communicate(timeout=30)
    assert run_of(sheet)["status"] == "done"


def test_a_forks_end_is_not_its_parents(sheet: Path) -> None:
    script = """
child = os.fork()
if not child:
    sys.exit(0)
os.waitpid(child, 0)
scheduler.sync_config_and_status("still mine")
scheduler.run_done("the parent's")
"""
    with started(sheet, STEP_BY_STEP + script) as process:
        _, said = process.communicate(timeout=30)
    assert run_of(sheet)["status"] == "the parent's", said


def test_a_programs_own_handler_of_sigterm_stays(sheet: Path) -> None:
    script = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: os._exit(7))\n"
    with started(sheet, script + STEP_BY_STEP + FOR_EVER) as process:
        until_working(sheet, process)
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 7
    assert run_of(sheet)["status"] == "working"


def test_a_worker_that_was_killed_loses_its_run_after_its_lease_and_a_heartbeat(
    sheet: Path,
) -> None:
    script = STEP_BY_STEP.replace('"runs.sheet"', '"runs.sheet", lease_seconds=2')
    with started(sheet, script + FOR_EVER) as process:
        until_working(sheet, process)
        time.sleep(3)  # longer than the lease: its heartbeats hold it
        assert run_of(sheet)["status"] == "working"
        process.kill()
        process.communicate(timeout=30)
    finish = "scheduler.run_done('by another')\n"
    deadline = time.monotonic() + 30
    while run_of(sheet)["status"] != "by another":
        assert time.monotonic() < deadline
        with started(sheet, script + finish) as other:
            other.communicate(timeout=30)


def test_a_worker_that_was_asleep_wakes_up_and_finds_out(sheet: Path) -> None:
    script = """
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
import time
for run in GSheetMLScheduler("runs.sheet", lease_seconds=2).runs():
    with run:
        run.sync("working")
        while not run.stop_requested:
            time.sleep(0.05)
        run.sync("I was asleep")
"""
    with started(sheet, script) as sleeper:
        until_working(sheet, sleeper)
        os.kill(sleeper.pid, signal.SIGSTOP)
        other = STEP_BY_STEP.replace('"runs.sheet"', '"runs.sheet", lease_seconds=2')
        deadline = time.monotonic() + 30
        while run_of(sheet)["status"] != "mine now":
            assert time.monotonic() < deadline
            finish = "scheduler.run_done('mine now')\n"
            with started(sheet, other + finish) as another:
                another.communicate(timeout=30)
        before = run_of(sheet)
        os.kill(sleeper.pid, signal.SIGCONT)
        _, said = sleeper.communicate(timeout=30)
    assert run_of(sheet) == before
    assert "run 1 isn't this worker's" in said


NOTEBOOK = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
def cell(text):
    shell.run_cell(text)
cell('from gsheet_ml_scheduler.scheduler import GSheetMLScheduler')
cell('scheduler = GSheetMLScheduler("runs.sheet")')
cell('name, config = scheduler.find_claim_and_start_run()')
cell('{}')
import os
os._exit(0)  # the kernel is killed: what is in the sheet was written by the cell's end
"""


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("raise ValueError(1)", "failed: ValueError: 1"),
        ("raise KeyboardInterrupt", "ready"),
        ("1 +", "running"),
        ("scheduler.update_status(1)", "1"),
        ("scheduler.run_done(); raise OSError", "done"),
    ],
)
def test_a_notebook_keeps_its_kernel_but_not_a_run_whose_cell_raised(
    sheet: Path, line: str, status: str
) -> None:
    with started(sheet, NOTEBOOK.replace("{}", line)) as process:
        _, said = process.communicate(timeout=60)
    assert run_of(sheet)["status"].startswith(status), said
