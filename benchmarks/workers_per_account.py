"""How many workers one Google account carries, with a sync every 30 seconds.

    make bench BENCH=benchmarks/workers_per_account.py ARGS="--workers 4 8 16 24 32 48"

Three ways to use the same sheet, each under Google's limits (60 reads and 60 writes a minute for
one account) with answers that take 0.3 to 0.8 s:

- the original: its requests, one for one, through gspread. It knows no retry: a refusal ends the
  script, and its run says `running` for ever. That is a lost run.
- separate workers: `for run in scheduler.runs()`, a process for each.
- agents: one process for eight runs, which share their requests (`sync_runs`), as `gsheet-ml work`.

Simulated are the clock, the latency and the limits; the client code and the workbook are real, and
every request is made (see `benchmarks/simulation/stage.py`). A run trains for ten minutes and has
two defaults to be copied. The figures are of the runs that ended in half an hour, and:

- lost: runs whose script ended without their outcome, or that were taken away from a live worker
- missed: leases that had lapsed when their heartbeat came
- syncs: how many came through, of those that were due
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import gspread
from gspread.exceptions import APIError
from rich.console import Console
from rich.table import Table

from benchmarks.simulation.quota import Weather
from benchmarks.simulation.stage import Stage
from gsheet_ml_scheduler.connect.client import GoogleClient
from gsheet_ml_scheduler.errors import OUT_OF_REACH, RunLost
from gsheet_ml_scheduler.localsheets import workbook_client
from gsheet_ml_scheduler.runsheet.claiming import Claimer
from gsheet_ml_scheduler.runsheet.claims import Taker
from gsheet_ml_scheduler.runsheet.heartbeat import beat_when_due
from gsheet_ml_scheduler.runsheet.holding import Desk, HeldRun
from gsheet_ml_scheduler.runsheet.leases import Terms, parse_lease
from gsheet_ml_scheduler.runsheet.lifecycle import default_colors
from gsheet_ml_scheduler.runsheet.pacing import Pacing
from gsheet_ml_scheduler.runsheet.syncing import Wish, sync_runs
from gsheet_ml_scheduler.runsheet.values import text_rules
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.contract.adversary.puppet import Letter, PuppetClient, PuppetLock

SYNC_SECONDS, TRAINING_SECONDS, STEP_SECONDS = 30.0, 600.0, 5.0
STEPS = int(TRAINING_SECONDS / STEP_SECONDS)
SIMULATED_SECONDS = 1800.0
SLOTS = 8
PUNCTUAL = 0.95
TERMS = Terms(in_background=False)  # the stage has a thread for the heart of each process
HEADER = ["run_name", "status", "worker_name", "lr", "n_epoch", "lease", "attempt", "loss"]
DEFAULTS = ["", "N/A", "N/A", 0.5, 10, "N/A", "N/A", "N/A"]


@dataclass
class Figures:
    """What came of one simulated half hour."""

    workers: int
    done: int = 0
    lost: int = 0
    missed: int = 0
    syncs: int = 0
    due: float = 0.0
    requests: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    why: Counter[str] = field(default_factory=Counter)

    def lose(self, why: object) -> None:
        """A run was lost, or a script ended, for that reason."""
        self.lost += 1
        self.why[str(why)[:100]] += 1

    @property
    def is_good(self) -> bool:
        """Whether nobody lost anything."""
        return not self.lost and not self.missed

    @property
    def share(self) -> float:
        """How many of the syncs that were due came through."""
        return self.syncs / self.due if self.due else 1.0


@dataclass
class Account:
    """A sheet, the workers of one account, and what becomes of them."""

    stage: Stage
    key: str
    figures: Figures

    def worksheet(self, name: str) -> gspread.Worksheet:
        """The queue's tab, as one process has it open."""
        client = PuppetClient()
        client.session.headers["User-Agent"] = name
        while True:
            try:
                return gspread.Spreadsheet(client, {"id": self.key}).get_worksheet(0)
            except APIError:
                self.stage.sleep(20.0)  # opening is not what is measured

    def pacing(self) -> Pacing:
        """The real one, on the stage's clock."""
        return Pacing(
            self.stage.sleep,
            self.stage.now,
            Random(self.stage.rng.random()),
            GoogleClient.requests_per_minute,
        )

    def beat(self, desk: Desk) -> None:
        """What the thread in the background does, see `heartbeat.Heart`."""
        while True:
            self.stage.sleep(TERMS.heartbeat.total_seconds() / 8)
            try:
                beat_when_due(desk)
            except OUT_OF_REACH:
                continue

    def watch(self, letter: Letter, answer: Any) -> None:
        """Notes leases that had lapsed, and syncs."""
        if isinstance(answer, APIError):
            return
        if letter.endpoint.endswith("values:batchUpdateByDataFilter"):
            self.figures.syncs += f"/{STEPS}'" in letter.gist
        for request, reply in zip(
            letter.body.get("requests", ()), answer.json().get("replies", ()), strict=False
        ):
            lease = parse_lease(request.get("findReplace", {}).get("find"))
            replaced = reply.get("findReplace", {}).get("occurrencesChanged", 0)
            if lease is not None and replaced and lease.until < self.stage.clock.date:
                self.figures.missed += 1


Pattern = Callable[[Account, int], None]
"""Puts so many workers of a kind on the stage."""


# ---------------------------------------------------------------- the original


def the_original(account: Account, workers: int) -> None:
    """Its requests: 3 reads and 3 + 2d writes a claim, 1 + 1 a sync, 1 + 2 at the end."""
    for number in range(workers):
        account.stage.add(lambda number=number: _original(account, number))  # type: ignore[misc]


def _original(account: Account, number: int) -> None:
    sleep, figures = account.stage.sleep, account.figures
    sleep(account.stage.rng.uniform(0, 60))
    sheet, name = account.worksheet(f"orig{number:02}"), f"orig{number:02}"
    trains = False
    try:
        while True:
            row = _original_claim(account, sheet, name)
            trains = True
            if row is None:
                return
            until = account.stage.now() + TRAINING_SECONDS
            while account.stage.now() < until:
                sleep(SYNC_SECONDS)
                figures.due += 1
                sheet.get_all_values()
                sheet.update_cell(row, 2, f"{account.stage.now():.0f} s")
                figures.syncs += 1
            sheet.get_all_values()
            sheet.update_cell(row, 2, "done")
            sheet.format(f"A{row}:H{row}", {"backgroundColor": {"red": 0.8, "green": 0.9}})
            figures.done += 1
            trains = False
    except APIError as error:
        if trains:
            figures.lose(error)


def _original_claim(account: Account, sheet: gspread.Worksheet, name: str) -> int | None:
    while True:
        lines = sheet.get_all_values()
        ready = [at for at, line in enumerate(lines, 1) if line[1] == "ready" and not line[2]]
        if not ready:
            return None
        row = ready[0]
        sheet.get_all_values()
        sheet.update_cell(row, 3, name)
        account.stage.sleep(2.0)
        if sheet.get_all_values()[row - 1][2] != name:
            continue
        sheet.update_cell(row, 2, "running")
        sheet.format(f"A{row}:H{row}", {"backgroundColor": {"red": 1, "green": 0.93}})
        for column, default in ((4, 0.5), (5, 10)):
            sheet.update_cell(row, column, default)
            grey = {"textFormat": {"foregroundColor": {"red": 0.8, "green": 0.8, "blue": 0.8}}}
            sheet.format(f"{'ABCDE'[column - 1]}{row}", grey)
        return row


# ---------------------------------------------------------------- ours


def separate_workers(account: Account, workers: int) -> None:
    """A process for each run."""
    for _ in range(workers):
        account.stage.add(lambda: _separate(account))


def _separate(account: Account) -> None:
    stage = account.stage
    stage.sleep(stage.rng.uniform(0, 60))
    scheduler = GSheetMLScheduler.on_worksheet(
        account.worksheet("starting"), pacing=account.pacing(), terms=TERMS
    )
    _on_stage(scheduler._desk, stage)
    stage.add(lambda: account.beat(scheduler._desk))
    try:
        _work(account, scheduler)
    except OUT_OF_REACH as error:
        account.figures.lose(error)  # a script that ends is as bad as a lost run


def _work(account: Account, scheduler: GSheetMLScheduler) -> None:
    stage, figures = account.stage, account.figures
    for run in scheduler.runs(sync_seconds=SYNC_SECONDS):
        with run:
            for step in run.track(range(STEPS)):
                stage.sleep(STEP_SECONDS)
                figures.due += STEP_SECONDS / SYNC_SECONDS
                run.log(loss=1 / (step + 1))
        if run.has_failed or run._held.lost is not None:
            figures.lose(run._held.lost or "the training raised")
        else:
            figures.done += 1


def agents(account: Account, workers: int) -> None:
    """A process for eight runs; `workers` counts runs that train at a time."""
    for first in range(0, workers, SLOTS):
        slots = min(SLOTS, workers - first)
        account.stage.add(lambda slots=slots: _agent(account, slots))  # type: ignore[misc]


def _agent(account: Account, slots: int) -> None:
    stage = account.stage
    stage.sleep(stage.rng.uniform(0, 60))
    pacing, rng = account.pacing(), Random(stage.rng.random())
    names = iter(range(10**6))
    machine = f"{rng.randrange(10**4):04}"
    worksheet = account.worksheet(machine)
    sheet = RunSheet(worksheet, text_rules("en_US", comma_number_format=False), pacing)
    desk = Desk(sheet, default_colors(), pacing, lambda _: None, rng, TERMS, Taker())
    _on_stage(desk, stage)
    stage.add(lambda: account.beat(desk))
    while True:
        try:
            sheet.read_lines()
            break
        except APIError:
            stage.sleep(20.0)
    claimer, jobs = Claimer(desk), dict[HeldRun, float]()
    next_sync = stage.now()
    while True:
        _finish(account, jobs)
        if jobs and stage.now() >= next_sync:
            next_sync = stage.now() + SYNC_SECONDS
            _sync(account, desk, jobs)
        if len(jobs) < slots:
            try:
                held = claimer.claim_next(f"{machine}{next(names):02}", wait=False)
            except OUT_OF_REACH:
                held = None
            if held is not None:
                jobs[held] = stage.now() + TRAINING_SECONDS
                continue
        stage.sleep(1.0)


def _sync(account: Account, desk: Desk, jobs: dict[HeldRun, float]) -> None:
    figures, now = account.figures, account.stage.now()
    wishes = [
        Wish(held, f"{until - now:.0f} s left", {"loss": now}) for held, until in jobs.items()
    ]
    figures.due += len(wishes)
    try:
        answers = sync_runs(desk, wishes)
    except OUT_OF_REACH:
        return
    for held, answer in zip(list(jobs), answers or (), strict=False):
        if isinstance(answer, RunLost):
            figures.lose(answer)
            del jobs[held]
        else:
            figures.syncs += 1


def _finish(account: Account, jobs: dict[HeldRun, float]) -> None:
    for held in [held for held, until in jobs.items() if account.stage.now() >= until]:
        try:
            held.finish("done", "done", {})
        except RunLost as lost:
            account.figures.lose(lost)
        except OUT_OF_REACH:
            continue
        else:
            account.figures.done += 1
        del jobs[held]


def _on_stage(desk: Desk, stage: Stage) -> None:
    """Locks for which threads wait standing still, and dice that fall the same each time."""
    stage.at_the_end(desk.held.clear)  # or the runs under way would be ended with this process
    object.__setattr__(desk, "beating", PuppetLock())
    object.__setattr__(desk, "rng", Random(stage.rng.random()))


PATTERNS: dict[str, Pattern] = {
    "the original": the_original,
    "separate workers": separate_workers,
    f"agents of {SLOTS}": agents,
}


# ---------------------------------------------------------------- measuring


def measure(
    pattern: Pattern, workers: int, *, outages: Sequence[tuple[float, float]] = ()
) -> Figures:
    """Half an hour of so many workers."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        client = workbook_client(Path(folder) / "runs.sheet", create=True)
        sheet = gspread.Spreadsheet(client, {"id": client.spreadsheet_id}).sheet1
        rows = [[f"r{number}", "ready"] for number in range(4 * workers + 8)]
        sheet.update([HEADER, DEFAULTS, *rows], raw=True)
        stage = Stage(client, Weather(outages=tuple(outages)), Random(workers))
        account = Account(stage, client.spreadsheet_id, Figures(workers))
        stage.watchers.append(account.watch)
        quiet = StringIO()
        with redirect_stdout(quiet), redirect_stderr(quiet):
            pattern(account, workers)
            try:
                stage.run(SIMULATED_SECONDS)
            finally:
                stage.close()
        client.workbook.close()
        figures = account.figures
        figures.requests = Counter(stage.quota.asked)
        figures.refused = sum(stage.quota.refused.values())
        return figures


def of_one_run(pattern: Pattern) -> str:
    """Requests of one run's life, counted: a half hour of one worker, by the runs in it."""
    figures = measure(pattern, 1)
    begun = SIMULATED_SECONDS / TRAINING_SECONDS
    reads, writes = (figures.requests[kind] / begun for kind in ("Read", "Write"))
    return f"{reads:.0f} + {writes:.0f}"


def show(console: Console, name: str, all_figures: Sequence[Figures]) -> None:
    """One pattern's table, and what it comes to."""
    table = Table(title=name)
    for heading in ("workers", "runs done", "lost", "missed", "syncs", "refused", "reads + writes"):
        table.add_column(heading, justify="right")
    for one in all_figures:
        table.add_row(
            str(one.workers),
            str(one.done),
            str(one.lost),
            str(one.missed),
            f"{one.share:.0%}",
            str(one.refused),
            f"{one.requests['Read']} + {one.requests['Write']}",
        )
    console.print(table)
    for why, times in Counter(w for one in all_figures for w in one.why.elements()).items():
        console.print(f"  lost {times} times: {why}")
    good = [one for one in all_figures if one.is_good]
    most = max((one.workers for one in good), default=0)
    punctual = max((one.workers for one in good if one.share >= PUNCTUAL), default=0)
    console.print(
        f"{name}: {most} workers without a lost run or a missed lease; "
        f"{punctual} with {PUNCTUAL:.0%} of all syncs in time\n"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--workers", type=int, nargs="+", default=[4, 8, 16, 24, 32, 64, 128, 192])
    parser.add_argument("--patterns", nargs="+", default=list(PATTERNS), choices=list(PATTERNS))
    chosen = parser.parse_args()
    console = Console(width=100)
    for name in chosen.patterns:
        pattern = PATTERNS[name]
        console.print(f"{name}: {of_one_run(pattern)} reads and writes for one run of ten minutes")
        found = []
        for workers in chosen.workers:
            found.append(measure(pattern, workers))
            if not found[-1].is_good:
                break
        show(console, name, found)


if __name__ == "__main__":
    main()
