"""The agent's requests: all slots share one read and at most two writes."""

import io
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

import gspread
import pytest
from rich.console import Console

from gsheet_ml_scheduler.agent import macros
from gsheet_ml_scheduler.agent.jobs import Recipe
from gsheet_ml_scheduler.agent.limits import Limits
from gsheet_ml_scheduler.agent.placing import Placing
from gsheet_ml_scheduler.agent.queue import Queue as AgentsQueue
from gsheet_ml_scheduler.agent.slots import slots_without_gpus
from gsheet_ml_scheduler.agent.telling import Telling
from gsheet_ml_scheduler.agent.working import Agent, Plan
from gsheet_ml_scheduler.recording import Recorder
from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter
from gsheet_ml_scheduler.runsheet.claims import Taker
from gsheet_ml_scheduler.runsheet.holding import Desk
from gsheet_ml_scheduler.runsheet.leases import Terms
from gsheet_ml_scheduler.runsheet.lifecycle import default_colors
from gsheet_ml_scheduler.runsheet.pacing import Pacing
from gsheet_ml_scheduler.runsheet.values import PLAIN_TEXT
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet
from tests.contract.watching import Asked, Watched

SLOTS = 8
SCRIPT = """
import os, sys, time
folder, finish = os.environ["GSHEET_ML_RUN_DIR"], sys.argv[1].partition("=")[2]
step = 0
while not os.path.exists(finish):
    step += 1
    print('gsheet-ml: {"step": %d, "_status": "step %d"}' % (step, step), flush=True)
    time.sleep(0.05)
"""


def agent_on(worksheet: gspread.Worksheet, folder: Path, said: io.StringIO) -> Agent:
    pacing = Pacing()
    sheet = RunSheet(worksheet, PLAIN_TEXT, pacing)
    sheet.read_lines()
    taker, terms = Taker(), Terms()
    desk = Desk(sheet, default_colors(), pacing, print, SystemRandom(), terms, taker)
    command = macros.with_args([sys.executable, "-I", "-S", "-c", SCRIPT])
    telling = Telling(Console(file=said, width=200))
    recipe = Recipe(command, folder / "runs", 5.0, 10**6)
    plan = Plan(recipe, Limits(), sync_seconds=0.2)
    return Agent(
        AgentsQueue(desk, Recorder(None)),
        plan,
        Placing(slots_without_gpus(SLOTS), None, telling),
        telling,
    )


@pytest.fixture
def watched(place: tuple[str, gspread.Spreadsheet], tmp_path: Path) -> Watched:
    """The client of a queue with so many runs as slots, watched from now on."""
    location, editor = place
    header = ["run_name", "status", "worker_name", "finish", "lease", "command", "step"]
    finish = str(tmp_path / "finish")
    editor.sheet1.update([header, ["", "N/A", "N/A", finish, *["N/A"] * 3]], raw=True)
    GSheetMLRunWriter(location).write_runs([{} for _ in range(SLOTS)])
    return Watched(editor.client)


def turns(seen: list[Asked]) -> list[tuple[int, int]]:
    """The reads and writes of each turn, which begins with a read."""
    found: list[list[int]] = []
    for asked in seen:
        if asked.is_read:
            found.append([1, 0])
        else:
            found[-1][1] += 1
    return [(reads, writes) for reads, writes in found]


def pins_of(asked: Asked) -> int:
    filters = asked.body.get("dataFilters", ())
    return sum("developerMetadataLookup" in it for it in filters)


def test_all_slots_share_one_read_and_two_writes_a_turn(
    watched: Watched, place: tuple[str, gspread.Spreadsheet], tmp_path: Path
) -> None:
    spreadsheet = gspread.Spreadsheet(watched, {"id": place[1].id})
    syncs: list[int] = []

    def count(asked: Asked) -> None:
        if asked.is_read and pins_of(asked) == SLOTS:
            syncs.append(len(watched.seen) - 1)
            if len(syncs) == 12:
                (tmp_path / "finish").touch()
                watched.before = None

    watched.before = count
    agent = agent_on(spreadsheet.sheet1, tmp_path, io.StringIO())
    watched.seen.clear()
    with_deadline(agent.work, tmp_path / "finish")
    shared = turns(watched.seen[syncs[0] : syncs[-1]])
    assert len(shared) >= 11
    assert all(reads == 1 and writes <= 2 for reads, writes in shared)
    assert agent.tally.done == SLOTS
    rows = spreadsheet.sheet1.get_all_records(head=1)[1:]
    assert [row["status"] for row in rows] == ["done"] * SLOTS
    assert all(int(str(row["step"])) > 1 for row in rows)


def with_deadline(work: Callable[[], None], finish: Path) -> None:
    """Ends the scripts if the test hangs."""
    timer = threading.Timer(60, finish.touch)
    timer.start()
    try:
        work()
    finally:
        timer.cancel()


def test_a_second_ctrl_c_gives_all_runs_back_in_process(
    watched: Watched, place: tuple[str, gspread.Spreadsheet], tmp_path: Path
) -> None:
    spreadsheet = gspread.Spreadsheet(watched, {"id": place[1].id})
    said = io.StringIO()
    agent = agent_on(spreadsheet.sheet1, tmp_path, said)
    claimed = [0]

    def interrupt(asked: Asked) -> None:
        claimed[0] += asked.asks("findReplace")
        if claimed[0] == SLOTS // 2:
            watched.before = None
            for _ in range(2):  # in the middle of a claim
                signal.raise_signal(signal.SIGINT)
                time.sleep(0.01)

    watched.before = interrupt
    agent.work()
    rows = spreadsheet.sheet1.get_all_records(head=1)[1:]
    assert [(row["status"], row["worker_name"]) for row in rows] == [("ready", "")] * SLOTS
    assert "ended and given back" in said.getvalue()
