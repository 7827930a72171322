"""How an agent ends, and what becomes of its scripts: signals, kill -9, full disks, lost runs."""

import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from gsheet_ml_scheduler.runsheet.values import time_text
from tests.acceptance.at_work import (
    GSHEET_ML,
    LIGHT,
    Agent,
    Queue,
    at_work,
    in_file,
    is_alive,
    script,
    until,
    work,
)

STUBBORN = """
import os, signal, subprocess, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-I", "-c", "import time; time.sleep(300)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(300)
"""
SAVING = """
import os, signal, sys, time
def save(*_):
    open(os.environ["GSHEET_ML_RUN_DIR"] + "/checkpoint", "w").write("weights")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
path = os.environ["GSHEET_ML_RUN_DIR"]
print(os.getpid(), os.path.exists(path + "/checkpoint"), flush=True)
deadline = time.time() + 120
while not os.path.exists(sys.argv[1].partition("=")[2]) and time.time() < deadline:
    time.sleep(0.02)
"""


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return in_file(tmp_path)


def pids(agent: Agent, name: str, count: int = 1) -> list[int]:
    """The processes that a script has printed."""
    agent.says(f"run {name} started")
    until(lambda: len(agent.log(name).split()) >= count)
    return [int(word) for word in agent.log(name).split()[:count]]


def three_runs(queue: Queue, folder: Path, *features: str) -> Path:
    """Three runs that go on until a file is there."""
    finish = folder / "finish"
    queue.fill(features, {}, {}, {}, finish=str(finish))
    return finish


def test_ctrl_c_once_drains(queue: Queue, tmp_path: Path) -> None:
    finish = three_runs(queue, tmp_path)
    command = [*LIGHT, script(tmp_path, SAVING)]
    with at_work(queue, tmp_path, "--slots", "2", command=command) as agent:
        pids(agent, "1"), pids(agent, "2")
        agent.signal(signal.SIGINT)
        agent.says("No new runs; 2 finish. Ctrl-C again ends them and gives them back.")
        finish.touch()
        assert agent.wait() == 0
    assert queue.statuses() == ["done", "done", "ready"]
    assert not (agent.run_dir("1") / "checkpoint").exists()


def test_ctrl_c_twice_gives_the_runs_back_and_ends_them(queue: Queue, tmp_path: Path) -> None:
    three_runs(queue, tmp_path)
    command = [*LIGHT, script(tmp_path, SAVING)]
    with at_work(queue, tmp_path, "--slots", "2", command=command) as agent:
        family = [*pids(agent, "1"), *pids(agent, "2")]
        agent.signal(signal.SIGINT)
        agent.says("No new runs")
        agent.signal(signal.SIGINT)
        assert agent.wait() == 130
    assert [(row["status"], row["worker_name"]) for row in queue.rows()] == [("ready", "")] * 3
    assert not any(map(is_alive, family))
    assert (agent.run_dir("1") / "checkpoint").exists()
    assert "run 1: given back" in agent.said


def test_ctrl_c_twice_does_not_wait_long_for_a_script_that_ignores_it(
    queue: Queue, tmp_path: Path
) -> None:
    queue.fill([], {}, x=1)
    command = [*LIGHT, script(tmp_path, STUBBORN)]
    with at_work(queue, tmp_path, "--grace", "600", command=command) as agent:
        family = pids(agent, "1", 2)
        agent.signal(signal.SIGINT)
        agent.says("No new runs")
        agent.signal(signal.SIGINT)
        agent.says("ended and given back")
        agent.signal(signal.SIGINT)  # now
        assert agent.wait() == 130
    assert queue.statuses() == ["ready"]
    assert not any(map(is_alive, family))


def test_sigterm_gives_the_runs_back_and_another_agent_finds_their_directory(
    queue: Queue, tmp_path: Path
) -> None:
    finish = three_runs(queue, tmp_path)
    command = [*LIGHT, script(tmp_path, SAVING)]
    with at_work(queue, tmp_path, command=command) as agent:
        pids(agent, "1")
        agent.signal(signal.SIGTERM)
        assert agent.wait() == 143
    assert queue.statuses() == ["ready"] * 3
    finish.touch()
    code, said, agent = work(queue, tmp_path, command=command)
    assert code == 0, said
    assert agent.log("1").split()[1] == "False"  # the first attempt found nothing
    assert agent.log("1").split()[-1] == "True"  # the second one its checkpoint
    assert queue.statuses() == ["done"] * 3


def test_nothing_is_left_running_when_the_agent_is_killed(queue: Queue, tmp_path: Path) -> None:
    queue.fill([], {}, {}, x=1)
    command = [*LIGHT, script(tmp_path, STUBBORN)]
    with at_work(queue, tmp_path, "--slots", "2", "--grace", "0.5", command=command) as agent:
        family = [*pids(agent, "1", 2), *pids(agent, "2", 2)]
        agent.signal(signal.SIGKILL)
        agent.wait()
        until(lambda: not any(map(is_alive, family)))
    until(lambda: "the agent is gone, so this script is ended" in agent.log("1"))


def test_a_full_disk_for_the_log_costs_the_log_but_not_the_run(
    queue: Queue, tmp_path: Path
) -> None:
    text = """
import sys, time
print("lost", flush=True)
time.sleep(300 if sys.argv[1] == "--first=True" else 0)
print('gsheet-ml: {"loss": 0.25}')
"""
    queue.fill([], {}, first=True)
    command = [*LIGHT, script(tmp_path, text)]
    with at_work(queue, tmp_path, command=command) as agent:
        until(lambda: "run 1 started" in agent.said and "lost" in agent.log("1"))
        agent.signal(signal.SIGTERM)
        assert agent.wait() == 143
    folder = agent.run_dir("1")
    for name in ("output.log", "metrics.jsonl"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to("/dev/full")
    queue.write("1", first=False)
    code, said, _ = work(queue, tmp_path, command=command)
    assert code == 0, said
    assert (queue.row("1")["status"], queue.row("1")["loss"]) == ("done", 0.25)
    assert "output.log can't be written: No space left on device. The run goes on" in said
    assert "metrics.jsonl can't be written: No space left on device. Metrics go to" in said


def test_a_disk_that_is_full_from_the_start_fails_the_run_in_a_sentence(
    queue: Queue, tmp_path: Path
) -> None:
    queue.fill(["error"], {"x": 5}, x=1)
    (tmp_path / "runs").write_text("a file where the directory should be")
    code, said, _ = work(queue, tmp_path, command=[*LIGHT, script(tmp_path, "")])
    assert code == 3, said
    assert queue.row("1")["status"].startswith("failed: it can't be started: ")


def test_a_run_that_is_taken_away_is_ended_and_its_row_left_alone(
    queue: Queue, tmp_path: Path
) -> None:
    three_runs(queue, tmp_path)
    command = [*LIGHT, script(tmp_path, SAVING)]
    with at_work(queue, tmp_path, "--max-runs", "1", command=command) as agent:
        (pid,) = pids(agent, "1")
        queue.write("1", worker_name="Eva", status="mine now")
        until(lambda: not is_alive(pid))
        agent.says("isn't this worker's")
        assert agent.wait() == 0
    row = queue.row("1")
    assert (row["status"], row["worker_name"]) == ("mine now", "Eva")


def test_a_run_whose_row_is_deleted_is_ended(queue: Queue, tmp_path: Path) -> None:
    three_runs(queue, tmp_path)
    command = [*LIGHT, script(tmp_path, SAVING)]
    with at_work(queue, tmp_path, "--max-runs", "1", command=command) as agent:
        (pid,) = pids(agent, "1")
        queue.editor.sheet1.delete_rows(3)
        until(lambda: not is_alive(pid))
        assert agent.wait() == 0
    assert [str(row["run_name"]) for row in queue.rows()] == ["2", "3"]
    assert queue.statuses() == ["ready"] * 2


def test_a_run_of_an_agent_that_was_killed_comes_back_when_its_lease_has_lapsed(
    queue: Queue, tmp_path: Path
) -> None:
    finish = tmp_path / "finish"
    queue.fill(["lease", "attempt"], {}, finish=str(finish))
    command = [*LIGHT, script(tmp_path, SAVING)]
    lease = ["--lease-minutes", "0.1", "--grace", "1"]
    with at_work(queue, tmp_path, *lease, command=command) as agent:
        (pid,) = pids(agent, "1")
        agent.signal(signal.SIGKILL)
        agent.wait()
        until(lambda: not is_alive(pid))
    assert queue.statuses() == ["running"]
    finish.touch()
    lapses = queue.row("1")["lease"].partition(" until ")[2]
    until(lambda: time_text(datetime.now(timezone.utc)) > lapses)
    code, said, agent = work(queue, tmp_path, *lease, command=command)
    assert code == 0, said
    row = queue.row("1")
    assert (row["status"], row["attempt"], row["lease"]) == ("done", "2/3", "")
    assert "[gsheet-ml: attempt 2]" in agent.log("1")
    assert agent.log("1").split()[-1] == "True"  # it found what the first attempt had saved


def test_heartbeats_keep_a_run_while_its_script_works(queue: Queue, tmp_path: Path) -> None:
    finish = tmp_path / "finish"
    queue.fill(["lease"], {}, finish=str(finish))
    command = [*LIGHT, script(tmp_path, SAVING)]
    with at_work(queue, tmp_path, "--lease-minutes", "0.1", command=command) as agent:
        pids(agent, "1")
        first = queue.row("1")["lease"]
        until(lambda: queue.row("1")["lease"] > first)
        code, said, _ = work(
            queue, tmp_path, "--lease-minutes", "0.1", command=command
        )  # nothing for another one
        assert (code, said.split()[-2:]) == (0, ["no", "run."])
        finish.touch()
        assert agent.wait() == 0
    assert queue.statuses() == ["done"]


FOLLOWING = """
import sys, time
import gsheet_ml_scheduler
run = gsheet_ml_scheduler.current_run()
print("up", flush=True)
deadline = time.time() + 120
while not run.stop_requested and time.time() < deadline:
    time.sleep(0.02)
print("saved what it had", flush=True)
"""


def test_stop_lets_a_script_that_follows_end_by_itself(queue: Queue, tmp_path: Path) -> None:
    queue.fill(["command"], {"x": 1}, x=1)
    command = [sys.executable, script(tmp_path, FOLLOWING)]
    with at_work(queue, tmp_path, "--grace", "60", command=command) as agent:
        until(lambda: "run 1 started" in agent.said and "up" in agent.log("1"))
        until(lambda: (agent.run_dir("1") / "follows-stop").exists())
        queue.write("1", command="stop")
        assert agent.wait() == 0
    assert (queue.row("1")["status"], queue.row("1")["command"]) == ("stopped", "")
    assert "saved what it had" in agent.log("1")


def test_stop_ends_other_scripts_with_sigterm_and_kill_kills(queue: Queue, tmp_path: Path) -> None:
    three_runs(queue, tmp_path, "command")
    saving, stubborn = script(tmp_path, SAVING), script(tmp_path, STUBBORN, "stubborn.py")
    chooses = "import os, sys; os.execv(sys.executable, [sys.executable, '-S', '-I', "
    chooses += f"{stubborn!r} if os.environ['GSHEET_ML_RUN_NAME'] == '2' else {saving!r}, "
    chooses += "*sys.argv[1:]])"
    command = [*LIGHT, "-c", chooses]
    words = ["--slots", "2", "--max-runs", "2", "--grace", "60"]
    with at_work(queue, tmp_path, *words, command=command) as agent:
        family = [*pids(agent, "1"), *pids(agent, "2", 2)]
        queue.write("1", command="stop")
        queue.write("2", command="kill")
        assert agent.wait() == 0
    assert queue.statuses() == ["stopped", "killed", "ready"]
    assert [row["command"] for row in queue.rows()] == [""] * 3
    assert not any(map(is_alive, family))
    assert (agent.run_dir("1") / "checkpoint").exists()


def test_pause_stops_a_script_where_it_is_until_resume(queue: Queue, tmp_path: Path) -> None:
    text = """
import os, sys, time
print("up", flush=True)
while not os.path.exists(sys.argv[1].partition("=")[2]):
    open(os.environ["GSHEET_ML_RUN_DIR"] + "/steps", "a").write("x")
    time.sleep(0.02)
"""
    finish = three_runs(queue, tmp_path, "command")
    command = [*LIGHT, script(tmp_path, text)]
    with at_work(queue, tmp_path, "--max-runs", "1", command=command) as agent:
        until(lambda: "run 1 started" in agent.said and "up" in agent.log("1"))
        steps = agent.run_dir("1") / "steps"
        queue.write("1", command="pause")
        until(lambda: queue.row("1")["status"] == "paused")
        before = steps.stat().st_size
        finish.touch()
        queue.write("2", run_name="a note")  # time for the script to take steps, if it could
        assert steps.stat().st_size == before
        assert queue.row("1")["status"] == "paused"
        queue.write("1", command="resume")
        assert agent.wait() == 0
    assert queue.statuses()[0] == "done"


def test_requeue_gives_a_run_back_to_whoever_is_next(queue: Queue, tmp_path: Path) -> None:
    three_runs(queue, tmp_path, "command")
    command = [*LIGHT, script(tmp_path, SAVING)]
    with at_work(queue, tmp_path, "--max-runs", "1", command=command) as agent:
        pids(agent, "1")
        queue.write("1", command="requeue")
        assert agent.wait() == 0
    assert [(row["status"], row["worker_name"]) for row in queue.rows()] == [("ready", "")] * 3


def test_an_agent_whose_terminal_is_gone_works_on_and_can_still_give_its_runs_back(
    queue: Queue, tmp_path: Path
) -> None:
    finish = three_runs(queue, tmp_path)
    words = [GSHEET_ML, "work", queue.location, "--", *LIGHT, script(tmp_path, SAVING)]
    reader, writer = os.pipe()
    with subprocess.Popen(words, cwd=tmp_path, stdout=writer, stderr=writer) as process:
        os.close(writer)
        os.close(reader)  # nobody listens
        until(lambda: "running" in queue.statuses())
        finish.touch()
        assert process.wait(90) == 0
    assert queue.statuses() == ["done"] * 3
    finish.unlink()
    queue.write("1", status="ready", worker_name="")
    reader, writer = os.pipe()
    with subprocess.Popen(words, cwd=tmp_path, stdout=writer, stderr=writer) as process:
        os.close(writer)
        os.close(reader)
        until(lambda: queue.statuses()[0] == "running")
        process.send_signal(signal.SIGHUP)
        assert process.wait(90) == 128 + signal.SIGHUP
    assert queue.statuses()[0] == "ready"


def test_a_closed_terminal_gives_the_runs_back_unless_it_was_started_with_nohup(
    queue: Queue, tmp_path: Path
) -> None:
    three_runs(queue, tmp_path)
    command = [*LIGHT, script(tmp_path, SAVING)]
    with at_work(queue, tmp_path, command=command) as agent:
        pids(agent, "1")
        agent.signal(signal.SIGHUP)
        assert agent.wait() == 128 + signal.SIGHUP
    assert queue.statuses() == ["ready"] * 3


def test_children_of_a_script_that_ends_by_itself_are_ended_too(
    queue: Queue, tmp_path: Path
) -> None:
    text = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(300)"])
print(child.pid)
"""
    queue.fill([], {"x": 5}, x=1)
    code, said, agent = work(queue, tmp_path, command=[*LIGHT, script(tmp_path, text)])
    assert code == 0, said
    assert not is_alive(int(agent.log("1").split()[0]))


def test_a_script_that_lost_its_sheet_finishes_and_its_outcome_is_written_later(
    queue: Queue, tmp_path: Path
) -> None:
    """Line 1 is being edited while the script ends: out of reach, for a while."""
    finish = three_runs(queue, tmp_path)
    command = [*LIGHT, script(tmp_path, SAVING)]
    with at_work(queue, tmp_path, "--max-runs", "1", command=command) as agent:
        (pid,) = pids(agent, "1")
        queue.editor.sheet1.update_acell("B1", "stat")
        agent.says("Scripts go on meanwhile; what they end with is kept.")
        finish.touch()
        until(lambda: not is_alive(pid))
        queue.editor.sheet1.update_acell("B1", "status")
        agent.says("The sheet answers again.")
        assert agent.wait() == 0
    assert queue.statuses()[0] == "done"


def test_two_agents_share_a_queue(queue: Queue, tmp_path: Path) -> None:
    queue.fill([], *({} for _ in range(12)), x=1)
    text = "import os; print(os.environ['GSHEET_ML_RUN_NAME'], os.environ['GSHEET_ML_ATTEMPT'])"
    command = [*LIGHT, script(tmp_path, text)]
    with (
        at_work(queue, tmp_path, "--slots", "2", command=command) as one,
        at_work(queue, tmp_path, "--slots", "2", command=command) as other,
    ):
        assert (one.wait(), other.wait()) == (0, 0)
    assert queue.statuses() == ["done"] * 12
    assert len(list((tmp_path / "runs").iterdir())) == 12
    assert [one.log(str(n)).split() for n in range(1, 13)] == [[str(n), "1"] for n in range(1, 13)]
    assert json.loads((one.run_dir("1") / "config.json").read_text()) == {"x": 1}
