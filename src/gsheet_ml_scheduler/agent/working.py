"""The agent's loop: claim for free slots, hear the scripts, sync with the sheet, until it is over.

Decided here: in which order things are done, when it is over, and what Ctrl-C and SIGTERM lead to.
One thread, which never waits for a script: whatever mustn't wait for the sheet is done by the
supervisors. Elsewhere: one run's life (`jobs`), what the sheet is told (`reporting`), where a run
goes (`placing`), when to claim no more (`limits`), the words (`telling`).
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGHUP, SIGTERM

from gsheet_ml_scheduler.agent import outcomes
from gsheet_ml_scheduler.agent.grace import Ending, hurried
from gsheet_ml_scheduler.agent.interrupts import Haste, Interrupts
from gsheet_ml_scheduler.agent.jobs import Job, Recipe
from gsheet_ml_scheduler.agent.limits import Limits, Tally, claims_no_more
from gsheet_ml_scheduler.agent.outcomes import Asked
from gsheet_ml_scheduler.agent.placing import Placing
from gsheet_ml_scheduler.agent.provenance import Code, Packages, code_of, packages_of
from gsheet_ml_scheduler.agent.queue import Queue
from gsheet_ml_scheduler.agent.reporting import Reporting, short_path
from gsheet_ml_scheduler.agent.supervised import Reserve, Supervised
from gsheet_ml_scheduler.agent.telling import SlotView, Telling
from gsheet_ml_scheduler.errors import OUT_OF_REACH, CellError
from gsheet_ml_scheduler.runsheet.holding import HeldRun
from gsheet_ml_scheduler.runsheet.pacing import FOR_AN_EXIT

_LOOK_SECONDS = 1.0
"""How far apart looks for work are while nothing is claimable, at least,"""
_LOOK_SHARE = 20.0
"""and so many times as long as one takes."""
_HEAR_SECONDS = 1.0
_LONG_WAIT = 10.0
_FOR_LEAVING = replace(FOR_AN_EXIT, total=20.0)
_GIVE_UP_SECONDS = 3600.0
"""Without anything else to do, so long the agent stays only to write how runs ended."""
_PATIENCE_WITH_SUPERVISORS = 10.0
"""Seconds that supervisors have beyond the grace time, when the agent leaves."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the agent was asked to do.

    `waits` says whether it goes on when the queue is empty, `sync_seconds` how far apart syncs are.
    """

    recipe: Recipe
    limits: Limits
    waits: bool = False
    sync_seconds: float | None = None


class Agent:
    """Works through a queue with a command."""

    def __init__(self, queue: Queue, plan: Plan, placing: Placing, telling: Telling) -> None:
        """Nothing is claimed yet.

        Args:
            queue: where the runs are.
            plan: what to do.
            placing: the slots.
            telling: who says what happens.
        """
        self._queue = queue
        self._plan = plan
        self._placing = placing
        self._telling = telling
        self._reporting = Reporting(queue, telling, plan.limits, plan.sync_seconds)
        self._reserve = Reserve()
        self._jobs: list[Job] = []
        self._started_at = time.monotonic()
        self._next_look = 0.0
        self._is_empty = False
        self._is_claiming = False
        self._turn_began = self._started_at
        self._packages: Packages | None = None
        self._code = Code()
        self._to_say: list[str] = []
        self._interrupts = Interrupts(self._hasten, self._hear_while_waiting)

    @property
    def tally(self) -> Tally:
        """What was done so far."""
        return self._reporting.tally

    @property
    def haste(self) -> Haste:
        """How it was interrupted, if it was."""
        return self._interrupts.haste

    @property
    def signal(self) -> int | None:
        """The signal that interrupted it."""
        return self._interrupts.signal

    def work(self) -> None:
        """Works until it is over; then no script of its runs any more.

        Raises:
            SheetUnreachableError, SheetLayoutError, LocationError: the sheet can't be asked, and
                nothing is under way, or nothing but what it can't be told.
        """
        queue = self._queue
        with self._interrupts, self._telling.shown(self._views, self.tally):
            pacing, sleep = queue.desk.pacing, queue.desk.pacing.sleep
            pacing.sleep = self._interrupts.sleep
            try:
                while self.haste < Haste.LEAVING and not self._is_over():
                    self._turn()
            except KeyboardInterrupt:  # out of a wait for the sheet
                self._is_empty = True
            finally:
                self._leave()
                pacing.sleep = sleep
                queue.end()
        if self._reporting.out_of_reach is not None and self.haste < Haste.LEAVING:
            raise self._reporting.out_of_reach

    # ------------------------------------------------------------ one turn

    def _turn(self) -> None:
        self._turn_began = time.monotonic()
        self._hear()
        self._record_origins()
        self._reporting.write_outcomes(self._jobs)
        if self._reporting.is_due:
            self._reporting.sync(self._jobs)
        has_claimed = self._may_claim() and self._claim()
        if not has_claimed:
            if not (self.haste or self._claims_no_more()):
                self._reserve.fill()
            self._interrupts.wait(self._scripts(), self._seconds_to_wait())

    def _is_over(self) -> bool:
        if self._jobs:
            is_in_vain = self._reporting.seconds_out_of_reach > _GIVE_UP_SECONDS
            return is_in_vain and not self._scripts()
        if self.haste or self._claims_no_more():
            return True
        return self._is_empty and not self._plan.waits

    def _claims_no_more(self) -> bool:
        seconds = time.monotonic() - self._started_at
        return claims_no_more(self._plan.limits, self.tally, seconds) is not None

    def _seconds_to_wait(self) -> float:
        has_ended = any(job.outcome is not None for job in self._jobs)
        if has_ended and self._reporting.out_of_reach is None:
            return 0.0
        if self._may_claim(soon=True):
            return min(_HEAR_SECONDS, self._next_look - time.monotonic())
        return _HEAR_SECONDS

    def _scripts(self) -> list[Supervised]:
        return [job.script for job in self._jobs if job.script is not None]

    def _hear(self) -> None:
        while self._to_say:
            self._telling.line(self._to_say.pop(0), "yellow")
        for job in self._jobs:
            job.listen()
            for notice in job.notices:
                self._telling.notice(f"run {job.name}: {notice}")
            job.notices.clear()

    def _hear_while_waiting(self) -> None:
        """The sheet is waited for; the scripts and people aren't left without an ear."""
        self._hear()
        if time.monotonic() - self._turn_began > _LONG_WAIT:
            self._telling.notice("Still waiting for the sheet. Scripts go on meanwhile.")

    # ------------------------------------------------------------ claiming

    def _may_claim(self, *, soon: bool = False) -> bool:
        if self.haste or len(self._jobs) >= len(self._placing.slots) or self._claims_no_more():
            return False
        return soon or time.monotonic() >= self._next_look

    def _claim(self) -> bool:
        """Claims a run for a free slot and starts it; whether something was done."""
        began = time.monotonic()
        self._next_look = began + _LOOK_SECONDS
        slot = self._placing.free_slot(self._jobs)
        if slot is None and self._jobs:
            return False
        try:
            if slot is None:  # others fill all GPUs: is it worth waiting?
                self._is_empty = self._queue.is_empty()
                return False
            held = self._claimed()
        except CellError as error:
            self._telling.notice(str(error))
            self.tally.count(done=False, failed=True)
            self._next_look = began
            return True
        except OUT_OF_REACH as error:
            if not self._jobs and not self._plan.waits:
                raise
            self._reporting.missed(error)
            return False
        self._reporting.reached()
        self._is_empty = held is None
        now = time.monotonic()
        if held is None:
            self._next_look = now + max(_LOOK_SECONDS, _LOOK_SHARE * (now - began))
            return False
        self._next_look = now
        self._start(Job(held, slot, self._plan.recipe, now))
        return True

    def _claimed(self) -> HeldRun | None:
        """The next run; None also when somebody says meanwhile that no new ones are wanted."""
        self._is_claiming = True
        try:
            return self._queue.claim(has_time=not self._jobs)
        except KeyboardInterrupt:
            if self.haste >= Haste.LEAVING:
                raise
            return None
        finally:
            self._is_claiming = False

    def _start(self, job: Job) -> None:
        """Starts a claimed run's script."""
        self._jobs.append(job)
        self.tally.started += 1
        job.start(self._reserve)
        folder = str(short_path(job.folder.path))
        self._telling.started(job.slot.name, job.name, job.attempt, folder)

    def _record_origins(self) -> None:
        """What runs were started from; it can wait until their scripts have been started."""
        for job in self._jobs:
            if job.has_provenance or not (job.pid or job.outcome):
                continue
            if self._packages is None:
                self._packages = packages_of(self._plan.recipe.command[0])
            if not self._code.problem:  # else it stays so
                self._code = code_of(Path.cwd())
            job.write_provenance(self._code, self._packages)

    # ------------------------------------------------------------ leaving

    def _hasten(self) -> None:
        """A signal came: whatever is to end is told at once, wherever this program is waiting."""
        scripts = len(self._scripts())
        if self.haste is Haste.DRAINING:
            self._to_say.append(
                f"No new runs; {scripts} finish. Ctrl-C again ends them and gives them back."
                if scripts
                else "No new runs."
            )
            if self._is_claiming:
                self._interrupts.cut_short()
        else:
            self._to_say.append("Runs under way are ended and given back.")
            self._end_all()

    def _end_all(self) -> None:
        """Has all scripts ended: with their grace time on SIGTERM, in a hurry on Ctrl-C."""
        ending = None if self.signal in (SIGTERM, SIGHUP) else hurried(self._plan.recipe.grace)
        if self.haste is Haste.AT_ONCE:
            ending = Ending(0.0, 0.0)
        for job in self._jobs:
            job.ask(Asked.REQUEUE if job.asked is Asked.NOTHING else job.asked, ending)

    def _leave(self) -> None:
        """Ends whatever is under way, and gives it back."""
        self._interrupts.settle()
        self._reserve.dismiss()
        self._end_all()
        self._hear()
        until = time.monotonic() + self._plan.recipe.grace + _PATIENCE_WITH_SUPERVISORS
        while self._scripts() and time.monotonic() < until:
            self._interrupts.wait(self._scripts(), until - time.monotonic())
            self._hear()
        while self._jobs:
            job = self._jobs.pop()
            if job.outcome is None:
                job.abandon()
            try:
                self._reporting.write(job, _FOR_LEAVING)
            except (*OUT_OF_REACH, KeyboardInterrupt) as error:
                job.held.leave()  # what is unwritten is kept, and anybody's now
                said = f"{error} " if str(error) else ""
                self._telling.notice(
                    f"{said}Run {job.name} still says that it is running, but "
                    f"{outcomes.in_words(job.outcome)}. Your next worker on this machine writes "
                    "that; or write it yourself, and empty its worker_name."
                )

    # ------------------------------------------------------------ what is shown

    def _views(self) -> list[SlotView]:
        now = time.monotonic()
        jobs = {job.slot.number: job for job in list(self._jobs)}
        return [
            SlotView(slot.name, job.name, now - job.began, job.in_words, dict(job.metrics))
            if (job := jobs.get(slot.number))
            else SlotView(slot.name)
            for slot in self._placing.slots
        ]
