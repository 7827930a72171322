"""The agent works through queues: every run once, with its values, whatever the values are."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler import localsheets
from tests.acceptance.at_work import LIGHT, PYTHON, Queue, at_work, in_file, script, until, work
from tests.served import served

RUNS, SLOTS = 30, 4
NASTY = {
    "shell": "; rm -rf / #",
    "substitution": "$(touch hacked) `touch hacked`",
    "option": "--help",
    "lines": "a\nb\r\nc",
    "emoji": "🙂👩‍🔬",
    "quotes": 'it\'s "quoted"',
    "blanks": "  two  blanks  ",
    "macro": "${args} $HOME",
    "equals": "a=b=c",
    "formula": "=1+1",
}
TRAIN = """
import json, os, sys, time
print(json.dumps(sys.argv[1:]))
with open(os.environ["STARTED"], "a") as file:
    file.write(os.environ["GSHEET_ML_RUN_NAME"] + "\\n")
config = dict(word[2:].split("=", 1) for word in sys.argv[1:])
for epoch in range(3):
    print('gsheet-ml: {"loss": %r, "epoch": %d}' % (float(config["lr"]) / (epoch + 1), epoch))
"""


@pytest.fixture(params=["file", "http"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    """An empty queue, at each kind of location."""
    if request.param == "file":
        yield in_file(tmp_path)
        return
    path = tmp_path / "served.sheet"
    localsheets.open_workbook(path, create=True)
    with served(path) as server:
        yield Queue(server.location, server.spreadsheet())


def test_four_slots_work_through_thirty_runs_each_once(queue: Queue, tmp_path: Path) -> None:
    configs = [{"lr": number + 0.5} for number in range(RUNS)]
    queue.fill(["error", "host", "started", "duration"], *configs, lr=0.001, opt="adam")
    code, said, agent = work(
        queue,
        tmp_path,
        *("--slots", str(SLOTS)),
        command=[*LIGHT, script(tmp_path, TRAIN)],
        environment={"STARTED": str(tmp_path / "started")},
    )
    assert code == 0, said
    assert said.rstrip().endswith(f"{RUNS} done.")
    started = (tmp_path / "started").read_text().split()
    assert sorted(started, key=int) == [str(number + 1) for number in range(RUNS)]
    rows = queue.rows()
    for row, config in zip(rows, configs, strict=True):
        assert row["status"] == "done"
        assert (row["loss"], row["epoch"]) == (pytest.approx(config["lr"] / 3), 2)
        assert row["opt"] == "adam"
        assert row["error"] == ""
        name = str(row["run_name"])
        assert json.loads(agent.log(name).splitlines()[0]) == [f"--lr={config['lr']}", "--opt=adam"]
        assert json.loads((agent.run_dir(name) / "config.json").read_text()) == {
            **config,
            "opt": "adam",
        }
        lines = (agent.run_dir(name) / "metrics.jsonl").read_text().splitlines()
        assert [json.loads(line)["epoch"] for line in lines] == [0, 1, 2]
    assert len({row["worker_name"] for row in rows}) == RUNS  # each run had its own
    slots = {line.split()[1] + line.split()[2] for line in said.splitlines() if " started" in line}
    assert slots == {f"slot{number}:" for number in range(1, SLOTS + 1)}


def test_whatever_stands_in_a_cell_is_one_argument(queue: Queue, tmp_path: Path) -> None:
    queue.fill([], NASTY, **dict.fromkeys(NASTY, "default"))
    show = script(tmp_path, "import json, sys; print(json.dumps(sys.argv[1:]))")
    code, said, agent = work(queue, tmp_path, command=[*LIGHT, show])
    assert code == 0, said
    assert json.loads(agent.log("1")) == [f"--{key}={value}" for key, value in NASTY.items()]
    assert not (tmp_path / "hacked").exists()


ARGPARSE = """
import argparse, json
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--layers", type=int)
parser.add_argument("--opt", default="sgd")
parser.add_argument("--augment", type=lambda text: text == "True")
print(json.dumps(vars(parser.parse_args())))
"""
FLAGS = """
import argparse, json
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--layers", type=int)
parser.add_argument("--opt", default="sgd")
parser.add_argument("--augment", action="store_true")
print(json.dumps(vars(parser.parse_args())))
"""
HYDRA = """
import ast, json, sys
config = {"opt": "sgd"}
for word in sys.argv[1:]:
    assert word[0] == "+", word
    key, _, value = word.lstrip("+").partition("=")
    config[key] = ast.literal_eval(value)
print(json.dumps(config))
"""
JSON_FILE = """
import json, sys
print(json.dumps({"opt": "sgd", **json.load(open(sys.argv[1].removeprefix("--config=")))}))
"""
JSON_TEXT = """
import json, sys
print(json.dumps({"opt": "sgd", **json.loads(sys.argv[1])}))
"""
ENVIRONMENT = """
import json, os, sys
assert sys.argv[1:] == []
path = os.environ["GSHEET_ML_RUN_DIR"] + "/config.json"
print(json.dumps({"opt": "sgd", **json.load(open(path))}))
"""
ONE_BY_ONE = """
import json, sys
_, lr, layers, augment = sys.argv
print(json.dumps(
    {"lr": float(lr), "layers": int(layers), "augment": augment == "aug-True", "opt": "sgd"}
))
"""


@pytest.mark.parametrize(
    ("text", "words", "options"),
    [
        (ARGPARSE, [], []),
        (ARGPARSE, ["${args}"], []),
        (ARGPARSE, ["${args_no_equals}"], []),
        (FLAGS, ["${args_no_boolean_flags}"], []),
        (HYDRA, ["${args_append_hydra}"], []),
        (HYDRA, ["${args_override_hydra}"], []),
        (JSON_FILE, ["${args_json_file}"], []),
        (JSON_FILE, ["--config=${args_json_file}"], []),
        (JSON_TEXT, ["${args_json}"], []),
        (ENVIRONMENT, [], ["--no-args"]),
        (ONE_BY_ONE, ["${lr}", "${layers}", "aug-${augment}"], []),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, list) and it else None,
)
def test_a_script_of_any_style_gets_its_parameters_and_keeps_its_own_defaults(
    text: str, words: list[str], options: list[str], tmp_path: Path
) -> None:
    queue = in_file(tmp_path)
    queue.fill([], {"lr": 1e-05}, lr=0.1, layers=3, augment=True, opt="")
    command = [PYTHON, "-I", script(tmp_path, text), *words]
    code, said, agent = work(queue, tmp_path, *options, command=command)
    assert code == 0, said + agent.log("1")
    assert json.loads(agent.log("1")) == {"lr": 1e-05, "layers": 3, "augment": True, "opt": "sgd"}


FAILING = """
import os, signal, sys
how = sys.argv[1].partition("=")[2]
print("working", flush=True)
if how == "raise":
    raise ValueError("the loss is gone")
if how == "segfault":
    os.kill(os.getpid(), signal.SIGSEGV)
sys.exit(int(how))
"""


def test_a_script_that_fails_says_how_and_the_queue_goes_on(tmp_path: Path) -> None:
    queue = in_file(tmp_path)
    kinds = ["raise", "segfault", "3", "0"]
    queue.fill(["error"], *({"how": kind} for kind in kinds), how="x")
    command = [*LIGHT, script(tmp_path, FAILING)]
    code, said, agent = work(queue, tmp_path, command=command)
    assert code == 3, said
    assert [(row["status"], row["error"]) for row in queue.rows()] == [
        ("failed: exit 1", "ValueError: the loss is gone"),
        ("failed: killed by SIGSEGV", "working"),
        ("failed: exit 3", "working"),
        ("done", ""),
    ]
    assert "run 1: failed: exit 1" in said
    assert "ValueError: the loss is gone (see runs/1-" in said
    assert said.rstrip().endswith("1 done · 3 failed.")
    assert "Traceback" in agent.log("1")


def test_after_many_failures_in_a_row_no_more_runs_are_claimed(tmp_path: Path) -> None:
    queue = in_file(tmp_path)
    queue.fill(["error"], *({"how": "1"} for _ in range(6)), how="x")
    command = [*LIGHT, script(tmp_path, FAILING)]
    code, said, _ = work(queue, tmp_path, "--max-failures", "3", command=command)
    assert code == 4
    assert queue.statuses() == ["failed: exit 1"] * 3 + ["ready"] * 3
    assert "3 runs in a row failed, so no more are claimed." in said


def test_a_value_that_no_argument_can_hold_fails_its_run_with_advice(tmp_path: Path) -> None:
    queue = in_file(tmp_path)
    queue.fill(["error"], {"a": "🙂" * 25_000 * 2}, {"a": "short"}, a="x")
    code, _, _ = work(queue, tmp_path, command=[*LIGHT, script(tmp_path, "")])
    assert code == 3
    long, short = queue.rows()
    assert long["status"].startswith("failed: ")
    assert "Argument list too long" in long["status"]
    assert "Pass the config as a file: ${args_json_file}" in long["error"]
    assert short["status"] == "done"


def test_a_row_edited_while_it_runs_changes_its_config_file(queue: Queue, tmp_path: Path) -> None:
    text = """
import json, os, time
path = os.environ["GSHEET_ML_RUN_DIR"] + "/config.json"
deadline = time.time() + 60
while json.load(open(path))["lr"] == 0.1 and time.time() < deadline:
    time.sleep(0.02)
print(json.dumps(json.load(open(path))))
"""
    queue.fill([], {"lr": 0.1, "n": 5}, lr=0.001, n=1)
    with at_work(queue, tmp_path, command=[*LIGHT, script(tmp_path, text)]) as agent:
        agent.says("run 1 started")
        queue.write("1", lr=0.02)
        assert agent.wait() == 0
    assert json.loads(agent.log("1")) == {"lr": 0.02, "n": 5}
    assert "run 1: lr 0.1 → 0.02" in agent.said


def test_a_script_may_use_current_run(tmp_path: Path) -> None:
    text = """
import gsheet_ml_scheduler
run = gsheet_ml_scheduler.current_run()
for epoch in run.track(range(3)):
    run.log(loss=run.config["lr"] / (epoch + 1))
print(run.name, run.attempt, run.folder.name)
"""
    queue = in_file(tmp_path)
    queue.fill([], {"run_name": "mine", "lr": 0.3}, lr=0.1)
    code, said, agent = work(queue, tmp_path, command=[PYTHON, script(tmp_path, text)])
    assert code == 0, said + agent.log("mine")
    assert queue.row("mine")["loss"] == pytest.approx(0.1)
    assert agent.log("mine").split() == ["mine", "1", agent.run_dir("mine").name]


def test_metrics_that_a_script_appends_itself_arrive(tmp_path: Path) -> None:
    text = """
import json, os
with open(os.environ["GSHEET_ML_RUN_DIR"] + "/metrics.jsonl", "a") as file:
    for step in range(1000):
        file.write(json.dumps({"step": step, "lr": 7}) + "\\n")
    file.write('{"last": true}')
"""
    queue = in_file(tmp_path)
    queue.fill([], {"lr": 0.3}, lr=0.1)
    code, said, _ = work(queue, tmp_path, command=[*LIGHT, script(tmp_path, text)])
    assert code == 0, said
    row = queue.row("1")
    assert (row["step"], row["last"], row["lr"]) == (999, True, 0.3)
    assert "the column 'lr' is a hyperparameter, so no metric is written to it" in said


def test_what_a_run_was_started_from_is_recorded(tmp_path: Path) -> None:
    queue = in_file(tmp_path)
    queue.fill(["host", "started", "duration"], {"lr": 0.3}, lr=0.1)
    command = [*LIGHT, script(tmp_path, "print('x')")]
    code, said, agent = work(queue, tmp_path, command=command)
    assert code == 0, said
    found: dict[str, Any] = json.loads((agent.run_dir("1") / "provenance.json").read_text())
    assert found["command"] == [*command, "--lr=0.3"]
    assert found["host"] == os.uname().nodename
    assert found["run_name"] == "1"
    assert "problem" in found["git"] or found["git"]["commit"]


def test_with_wait_it_goes_on_when_the_queue_is_empty(tmp_path: Path) -> None:
    queue = in_file(tmp_path)
    queue.fill([], {"lr": 0.3}, lr=0.1)
    command = [*LIGHT, script(tmp_path, "")]
    with at_work(queue, tmp_path, "--wait", command=command) as agent:
        until(lambda: queue.statuses() == ["done"])
        queue.write("1", status="ready", worker_name="")
        until(lambda: agent.said.count("run 1: done") == 2)
        agent.signal(2)
        assert agent.wait() == 0


def test_so_many_runs_and_no_more(tmp_path: Path) -> None:
    queue = in_file(tmp_path)
    queue.fill([], *({"lr": 1} for _ in range(5)), lr=0.1)
    command = [*LIGHT, script(tmp_path, "")]
    code, said, _ = work(queue, tmp_path, "--max-runs", "2", "--slots", "4", command=command)
    assert code == 0, said
    assert sorted(queue.statuses()) == ["done", "done", "ready", "ready", "ready"]


def test_after_so_many_hours_no_run_is_started_but_those_under_way_end(tmp_path: Path) -> None:
    queue = in_file(tmp_path)
    queue.fill([], *({"lr": 1} for _ in range(3)), lr=0.1)
    command = [*LIGHT, script(tmp_path, "import time; time.sleep(5)")]
    code, said, _ = work(queue, tmp_path, "--max-hours", "0.001", command=command)
    assert code == 0, said
    assert queue.statuses() == ["done", "ready", "ready"]


def test_an_agent_takes_only_runs_that_are_for_its_machine(tmp_path: Path) -> None:
    queue = in_file(tmp_path)
    queue.fill(["only_on"], *({"lr": 1} for _ in range(4)), lr=0.1)
    for name, only_on in {"1": "h100", "2": "h100, a100", "3": "host=nobody-*"}.items():
        queue.write(name, only_on=only_on)
    command = [*LIGHT, script(tmp_path, "")]
    code, said, _ = work(queue, tmp_path, "--tag", "a100", command=command)
    assert code == 0, said
    assert queue.statuses() == ["ready", "done", "ready", "done"]


def test_curves_and_output_are_recorded_where_the_sheets_place_keeps_them(
    queue: Queue, tmp_path: Path
) -> None:
    queue.fill([], {"lr": 0.5}, lr=0.1, opt="adam")
    code, said, _ = work(
        queue,
        tmp_path,
        command=[*LIGHT, script(tmp_path, TRAIN)],
        environment={"STARTED": str(tmp_path / "started")},
    )
    assert code == 0, said
    path = next(tmp_path.glob("*.sheet"))
    with served(path) as server:
        session = server.client().session
        auth = session.auth
        assert auth is not None
        live = f"{server.base}/live/{server.key}/runs"
        curves = session.get(f"{live}/metrics?sheet=0&row=2", auth=auth).json()["runs"]["2"]
        output = session.get(f"{live}/log?sheet=0&row=2", auth=auth).json()
    assert curves["metrics"]["epoch"]["values"] == [0, 1, 2]
    assert curves["metrics"]["loss"]["values"] == [0.5, 0.25, pytest.approx(0.5 / 3)]
    assert output["text"].splitlines()[0] == '["--lr=0.5", "--opt=adam"]'
    assert output["text"].count("gsheet-ml: ") == 3
