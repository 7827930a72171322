"""A training of several real processes is one worker: the same runs and changes on every rank."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler import localsheets

RANKS = 4
OF_LAUNCHERS = ("RANK", "WORLD_SIZE", "LOCAL_", "MASTER_", "SLURM_", "OMPI_", "PMI", "TORCH")

BEGIN = """
import json, os, sys, time
from gsheet_ml_scheduler.distributed import DistributedScheduler

def note(*what):
    print(json.dumps(what), flush=True)

location, number = sys.argv[1], int(sys.argv[2])
"""

TRAIN = (
    BEGIN
    + """
# Only rank 0 knows where the sheet is: the others can't talk to it.
scheduler = DistributedScheduler(location if number == 0 else "nowhere.sheet", 0, {"extra": [1, 2]})
note("rank", scheduler.rank, scheduler.world_size, scheduler.worker_name)
for run in scheduler.runs(sync_seconds=0.05):
    with run:
        note("run", run.name, run.config)
        for step in run.track(range(run.config["n_epoch"])):
            note("step", step, run.config["lr"], run.changed_keys)
            run.log(loss=step)
            time.sleep(0.02 + 0.01 * number)
note("end")
"""
)


@dataclass
class Ranks:
    """The processes of one training, by rank."""

    processes: list[subprocess.Popen[str]]

    def outputs(self, seconds: float = 60) -> list[list[Any]]:
        """What each noted, when all have ended well."""
        found = self.ended(seconds)
        assert [code for code, _, _ in found] == [0] * len(found), found
        return [notes for _, notes, _ in found]

    def ended(self, seconds: float = 60) -> list[tuple[int, list[Any], str]]:
        """The exit code, the notes and the error output of each."""
        found = []
        for process in self.processes:
            out, err = process.communicate(timeout=seconds)
            notes = [json.loads(line) for line in out.splitlines() if line.startswith("[")]
            found.append((process.returncode, notes, err))
        return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def torchrun(rank: int) -> dict[str, str]:
    return {"RANK": str(rank), "WORLD_SIZE": str(RANKS), "LOCAL_WORLD_SIZE": str(RANKS),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": os.environ["TEST_PORT"]}  # fmt: skip


def srun(rank: int) -> dict[str, str]:
    return {"SLURM_PROCID": str(rank), "SLURM_STEP_NUM_TASKS": str(RANKS), "SLURM_JOB_ID": "17",
            "SLURM_TASKS_PER_NODE": str(RANKS)}  # fmt: skip


def mpirun(rank: int) -> dict[str, str]:
    return {"OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": str(RANKS),
            "OMPI_COMM_WORLD_LOCAL_SIZE": str(RANKS)}  # fmt: skip


def mpich(rank: int) -> dict[str, str]:
    """It doesn't say that all ranks are on one machine, so they meet by the machine's name."""
    return {"PMI_RANK": str(rank), "PMI_SIZE": str(RANKS)}


@pytest.fixture(autouse=True)
def port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PORT", str(free_port()))


@contextmanager
def started(
    script: str, location: Path | str, launcher: Any = torchrun, environ: Mapping[str, str] = {}
) -> Iterator[Ranks]:
    """The ranks of a training, as a launcher starts them; none of them outlives the test."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(OF_LAUNCHERS)}
    folder = location.parent if isinstance(location, Path) else None
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script, str(location), str(rank)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**clean, **launcher(rank), **environ},
        )
        for rank in range(RANKS)
    ]
    try:
        yield Ranks(processes)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sheet"
    fill(path, [["a", "ready", "", 12, 0.1], ["b", "ready", "", 3, 0.2]])
    return path


def fill(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    sheet = localsheets.open_workbook(path, create=True).sheet1
    header = ["run_name", "status", "worker_name", "n_epoch", "lr"]
    sheet.update([header, ["", "N/A", "N/A", 10, 0.0], *map(list, rows)], raw=True)


def statuses(path: Path) -> list[str]:
    return [str(cell) for cell in localsheets.open_workbook(path).sheet1.col_values(2)[2:]]


def wait_for(path: Path, cell: str, text: str, seconds: float = 30) -> None:
    sheet = localsheets.open_workbook(path).sheet1
    deadline = time.monotonic() + seconds
    while text not in str(sheet.acell(cell).value):
        assert time.monotonic() < deadline, f"{cell} never showed {text!r}"
        time.sleep(0.02)


@pytest.mark.parametrize("launcher", [torchrun, mpich])
def test_all_ranks_train_the_same_runs_and_only_rank_0_talks_to_the_sheet(
    workbook: Path, launcher: Any
) -> None:
    with started(TRAIN, workbook, launcher) as ranks:
        outputs = ranks.outputs()
    heads = [notes[0] for notes in outputs]
    assert [head[1:3] for head in heads] == [[rank, RANKS] for rank in range(RANKS)]
    assert len({head[3] for head in heads}) == 1
    assert all(notes[1:] == outputs[0][1:] for notes in outputs)
    runs = [note for note in outputs[0] if note[0] == "run"]
    assert runs == [
        ["run", "a", {"n_epoch": 12, "lr": 0.1, "extra": [1, 2]}],
        ["run", "b", {"n_epoch": 3, "lr": 0.2, "extra": [1, 2]}],
    ]
    assert statuses(workbook) == ["done", "done"]
    assert localsheets.open_workbook(workbook).sheet1.acell("F3").value == "11"
    assert list(workbook.parent.glob(".gsheet-ml-ranks-*")) == []


def test_a_live_edit_comes_to_all_ranks_at_the_same_step(tmp_path: Path) -> None:
    path = tmp_path / "runs.sheet"
    fill(path, [["a", "ready", "", 100, 0.1]])
    with started(TRAIN, path) as ranks:
        wait_for(path, "B3", "/100")
        localsheets.open_workbook(path).sheet1.update_acell("E3", 0.7)
        outputs = ranks.outputs()
    assert all(notes[2:] == outputs[0][2:] for notes in outputs)
    rates = [note[2] for note in outputs[0] if note[0] == "step"]
    assert set(rates) == {0.1, 0.7}
    first = rates.index(0.7)
    assert rates == [0.1] * first + [0.7] * (100 - first)
    assert ["step", first, 0.7, ["lr"]] in outputs[0]


@pytest.mark.parametrize(("command", "status"), [("stop", "stopped"), ("kill", "killed")])
def test_a_command_ends_the_run_on_all_ranks_at_the_same_step(
    tmp_path: Path, command: str, status: str
) -> None:
    path = tmp_path / "runs.sheet"
    sheet = localsheets.open_workbook(path, create=True).sheet1
    header = ["run_name", "status", "worker_name", "n_epoch", "lr", "command"]
    sheet.update([header, ["", "N/A", "N/A", 10, 0.0, "N/A"], ["a", "ready", "", 2000, 0.1]])
    with started(TRAIN, path) as ranks:
        wait_for(path, "B3", "/2000")
        sheet.update_acell("F3", command)
        outputs = ranks.outputs()
    assert all(notes[2:] == outputs[0][2:] for notes in outputs)
    assert outputs[0][-1] == ["end"]
    assert len(outputs[0]) < 2000
    assert statuses(path) == [status]
    assert sheet.acell("F3").value in (None, "")


SEED = (
    BEGIN
    + """
scheduler = DistributedScheduler(location if number == 0 else "nowhere.sheet")
while True:
    name, config = scheduler.find_claim_and_start_run()
    note(name, config)
    if name is None:
        break
    for epoch in range(config["n_epoch"]):
        config, changed = scheduler.sync_config_and_status(f"{epoch + 1}/3")
        note(config, changed)
    scheduler.update_status("nearly")
    note(scheduler.check_for_config_updates())
    scheduler.run_done(f"done by {number}")
"""
)


def test_the_calls_of_the_original_are_one_call_of_all_ranks(workbook: Path) -> None:
    with started(SEED, workbook, srun) as ranks:
        outputs = ranks.outputs()
    assert all(notes == outputs[0] for notes in outputs)
    assert outputs[0][0] == ["a", {"n_epoch": 12, "lr": 0.1}]
    assert outputs[0][-1] == [None, None]
    assert statuses(workbook) == ["done by 0", "done by 0"]


FAIL = (
    BEGIN
    + """
scheduler = DistributedScheduler(location)
for run in scheduler.runs(sync_seconds=0.05):
    with run:
        for step in run.track(range(50)):
            if run.name == "a" and step == 5 and number in {failing}:
                raise ValueError("bad batch")
            time.sleep(0.02)
    note(run.name, run.has_failed)
"""
)


@pytest.mark.parametrize(
    ("failing", "status"),
    [
        ([2], "failed: RanksError: rank 2: ValueError: bad batch"),
        ([1, 3], "failed: RanksError: rank 1: ValueError: bad batch"),
        ([0, 1, 2, 3], "failed: ValueError: bad batch"),
    ],
)
def test_a_training_that_raises_on_some_ranks_fails_on_all_and_the_next_run_comes(
    workbook: Path, failing: list[int], status: str
) -> None:
    with started(FAIL.replace("{failing}", str(failing)), workbook, mpirun) as ranks:
        ended = ranks.ended()
    assert [notes for _, notes, _ in ended] == [[["a", True], ["b", False]]] * RANKS
    assert [code for code, _, _ in ended] == [0] * RANKS
    assert statuses(workbook) == [status, "done"]
    for rank in failing:
        assert "ValueError: bad batch" in ended[rank][2]


DIE = (
    BEGIN
    + """
scheduler = DistributedScheduler(location)
for run in scheduler.runs(sync_seconds=0.05):
    with run:
        for step in run.track(range(500)):
            if step == 5 and number == {dying}:
                os._exit(9)
            time.sleep(0.02)
"""
)


def test_a_rank_that_dies_fails_the_run_and_ends_all_ranks(workbook: Path) -> None:
    with started(DIE.replace("{dying}", "2"), workbook) as ranks:
        ended = ranks.ended()
    assert [code for code, _, _ in ended] == [1, 1, 9, 1]
    assert "RanksError: rank 0 of 4 has lost rank 2" in ended[0][2]
    assert statuses(workbook)[0].startswith("failed: RanksError: rank 0 of 4 has lost rank 2")
    assert statuses(workbook)[1] == "ready"


def test_when_rank_0_dies_the_others_end_with_a_sentence(workbook: Path) -> None:
    with started(DIE.replace("{dying}", "0"), workbook) as ranks:
        ended = ranks.ended()
    assert [code for code, _, _ in ended] == [9, 1, 1, 1]
    for rank in (1, 2, 3):
        assert f"RanksError: rank {rank} of 4 has lost rank 0" in ended[rank][2]


def test_what_rank_0_cannot_do_is_an_error_on_every_rank(tmp_path: Path) -> None:
    with started(TRAIN, tmp_path / "no-such.sheet") as ranks:
        ended = ranks.ended()
    assert [code for code, _, _ in ended] == [1] * RANKS
    for _, _, error in ended:
        assert "LocationError" in error
        assert "no-such.sheet" in error


APART = (
    BEGIN
    + """
scheduler = DistributedScheduler(location)
for run in scheduler.runs():
    with run:
        if number == 3:
            run.sync("1/2")
"""
)


def test_ranks_that_make_different_calls_are_told(workbook: Path) -> None:
    with started(APART, workbook) as ranks:
        ended = ranks.ended()
    status = statuses(workbook)[0]
    assert status.startswith("failed: RanksError: rank 3 is at run.sync() while rank 0 is at the")
    assert "make the same calls in the same order" in status
    assert [code for code, _, _ in ended] == [0] * RANKS


TORCH = TRAIN.replace(
    "# Only rank 0",
    """import torch.distributed
torch.distributed.init_process_group("gloo")
# Only rank 0""",
).replace('note("end")', 'note("end"); torch.distributed.destroy_process_group()')


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch isn't installed")
def test_ranks_that_pytorch_has_connected_talk_over_its_connections(workbook: Path) -> None:
    with started(TORCH, workbook) as ranks:
        outputs = ranks.outputs(120)
    assert [notes[0][1:3] for notes in outputs] == [[rank, RANKS] for rank in range(RANKS)]
    assert all(notes[1:] == outputs[0][1:] for notes in outputs)
    assert statuses(workbook) == ["done", "done"]


ALONE = TRAIN.replace('location if number == 0 else "nowhere.sheet"', "location")


def test_a_script_of_one_process_runs_unchanged(workbook: Path) -> None:
    with started(ALONE, workbook, lambda rank: {}) as ranks:
        outputs = ranks.outputs()
    assert [notes[0][1:3] for notes in outputs] == [[0, 1]] * RANKS
    assert statuses(workbook) == ["done", "done"]
    assert sorted(note[1] for notes in outputs for note in notes if note[0] == "run") == ["a", "b"]
