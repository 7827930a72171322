"""Workers as users write them, one call at a time: with the seed's calls, or with `with run:`.

Decided here: what a worker is told to do and how its answer is put. Elsewhere: when (`world.py`),
whether it was right (`referee.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Protocol

import gspread

from gsheet_ml_scheduler.errors import OUT_OF_REACH, RunInterrupted, RunLost
from gsheet_ml_scheduler.run import Run
from gsheet_ml_scheduler.runsheet.heartbeat import beat_when_due
from gsheet_ml_scheduler.runsheet.journal import Kept, from_text
from gsheet_ml_scheduler.runsheet.leases import Terms
from gsheet_ml_scheduler.runsheet.pacing import Pacing
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.contract.adversary.network import Clock
from tests.contract.adversary.puppet import Nap, PuppetClient, PuppetLock, current_puppet
from tests.contract.adversary.referee import Referee

TERMS = Terms(seconds=300, attempts=2, in_background=False)
"""Heartbeats come when the teller says so, from a thread of their own all the same."""

Tell = Callable[[Referee, str], None]
"""How a call's end is told to the referee."""


class Worker(Protocol):
    """What every kind of worker can be told to do; each call ends in what the referee is told."""

    scheduler: GSheetMLScheduler

    def claim(self) -> Tell:
        """Ask for a run."""

    def sync(self, number: int) -> Tell:
        """Write a status, and read the config."""

    def end(self, how: str) -> Tell:
        """End the run: `done`, or by an exception or an interrupt."""

    @property
    def has_run(self) -> bool:
        """Whether it has one."""


def connect(spreadsheet_id: str, clock: Clock, number: int, name: str) -> GSheetMLScheduler:
    """A scheduler whose requests, pauses and locks are stops, and whose dice are loaded."""
    spreadsheet = gspread.Spreadsheet(PuppetClient(), {"id": spreadsheet_id})

    def nap(seconds: float) -> None:
        current_puppet().stop(Nap(seconds))

    scheduler = GSheetMLScheduler.on_worksheet(
        spreadsheet.get_worksheet(0),
        pacing=Pacing(nap, lambda: clock.now, Random(number)),
        terms=TERMS,
    )
    scheduler.worker_name = name
    spreadsheet.client.session.headers["User-Agent"] = name
    object.__setattr__(scheduler._desk, "rng", Random(number))
    object.__setattr__(scheduler._desk, "beating", PuppetLock())
    return scheduler


def beat(scheduler: GSheetMLScheduler) -> Tell:
    """What the thread in the background does."""
    beat_when_due(scheduler._desk)
    return nothing_to_tell


def nothing_to_tell(_referee: Referee, _me: str) -> None:
    """The log says it all."""


class SeedWorker:
    """Uses the calls of the original."""

    def __init__(self, scheduler: GSheetMLScheduler) -> None:
        self.scheduler = scheduler

    @property
    def has_run(self) -> bool:
        """Whether it has one."""
        return self.scheduler.currently_running_run_id is not None

    def claim(self) -> Tell:
        """Ask for a run."""
        name, config = self.scheduler.find_claim_and_start_run()
        if name is None or config is None:
            return Referee.got_nothing
        return lambda referee, me: referee.got_run(me, config)

    def sync(self, number: int) -> Tell:
        """Write a status, and read the config."""
        config, _ = self.scheduler.sync_config_and_status(f"step {number}")
        return lambda referee, me: referee.synced(me, config)

    def end(self, how: str) -> Tell:
        """End the run; the original knows one way."""
        text = "stopped" if self.scheduler.stop_requested else "done"
        self.scheduler.run_done()
        return lambda referee, me: referee.ended(me, text)


class RunsWorker:
    """Uses `for run in scheduler.runs(): with run:`, and logs a metric."""

    def __init__(self, scheduler: GSheetMLScheduler) -> None:
        self.scheduler = scheduler
        self._runs: Iterator[Run] = iter(())
        self._run: Run | None = None

    @property
    def has_run(self) -> bool:
        """Whether it has one."""
        return self._run is not None and not self._run.has_ended

    def claim(self) -> Tell:
        """Ask for a run."""
        run = next(self._runs, None)
        if run is None:
            self._runs = self.scheduler.runs(max_failures=10**9)
            run = next(self._runs, None)
        self._run = run
        if run is None:
            return Referee.got_nothing
        config = run.__enter__().config
        return lambda referee, me: referee.got_run(me, config)

    def sync(self, number: int) -> Tell:
        """Write a status and a metric, and read the config."""
        assert self._run is not None
        self._run.log(loss=number + 0.25)
        try:
            self._run.sync(f"step {number}")
        except (RunLost, RunInterrupted) as error:
            self._run.__exit__(type(error), error, None)
            raise
        config = self._run.config
        return lambda referee, me: referee.synced(me, config)

    def end(self, how: str) -> Tell:
        """End the run as the end of its `with` block does."""
        run, self._run = self._run, None
        assert run is not None
        done = "stopped" if run.stop_requested else "done"
        error = {"done": None, "failed": ValueError("no"), "interrupted": KeyboardInterrupt()}[how]
        text = {"done": done, "failed": "failed: ValueError: no", "interrupted": "ready"}[how]
        run.__exit__(type(error) if error else None, error, None)
        me, endings = self.scheduler.worker_name, waiting(self.scheduler)
        if any(it.claim.worker == me and it.ending and it.ending.text == text for it in endings):
            return Referee.kept
        return lambda referee, me: referee.ended(me, text)


def waiting(scheduler: GSheetMLScheduler) -> list[Kept]:
    """What waits on this machine for the sheet, to be written with a later claim."""
    journal, sheet = scheduler._desk.journal, scheduler._sheet
    assert journal is not None
    folder = journal._sheet_folder(sheet.spreadsheet_id, sheet.sheet_id)
    found = [from_text(path.read_text()) for path in folder.glob("*.json")]
    return [kept for kept in found if kept is not None]


KINDS: tuple[Callable[[GSheetMLScheduler], Any], ...] = (RunsWorker, SeedWorker)


def answer_of(call: Callable[[], Tell]) -> Tell:
    """A call's end, whatever it is."""
    try:
        return call()
    except RunLost:
        return Referee.lost
    except RunInterrupted:
        return Referee.interrupted
    except OUT_OF_REACH:
        return Referee.gave_up
