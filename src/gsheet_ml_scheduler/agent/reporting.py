"""What the sheet is told about the jobs, and what comes back: live edits, commands, lost runs.

Decided here: one sync for all jobs, that how a run ended is kept until the row says so (P7), and
what people hear while the sheet is out of reach. Elsewhere: the requests (`runsheet.syncing`), what
a job does about it (`jobs`), when it is time (`working`).
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from gsheet_ml_scheduler.agent.jobs import Job
from gsheet_ml_scheduler.agent.limits import Limits, Tally, too_many_failures
from gsheet_ml_scheduler.agent.outcomes import Asked, Outcome
from gsheet_ml_scheduler.agent.queue import Queue, metric_cells
from gsheet_ml_scheduler.agent.telling import Telling
from gsheet_ml_scheduler.errors import OUT_OF_REACH, GSheetMLError, RunLost
from gsheet_ml_scheduler.recording import Tape
from gsheet_ml_scheduler.runsheet.budget import Urgency
from gsheet_ml_scheduler.runsheet.columns import ERROR
from gsheet_ml_scheduler.runsheet.lifecycle import COLOR_NAMES, State
from gsheet_ml_scheduler.runsheet.pacing import Patience, PutOffError, Rhythm
from gsheet_ml_scheduler.runsheet.syncing import Synced, Wish, sync_runs
from gsheet_ml_scheduler.runsheet.values import Scalar

_FOR_AN_OUTCOME = Patience(30.0, urgency=Urgency.OUTCOME)
"""It is tried again and again; meanwhile the other runs want to be heard."""


class Reporting:
    """Between the jobs and their rows."""

    def __init__(
        self, queue: Queue, telling: Telling, limits: Limits, sync_seconds: float | None
    ) -> None:
        """Nothing is reported yet.

        Args:
            queue: where the rows are.
            telling: who says what happens.
            limits: when failures are too many.
            sync_seconds: how far apart syncs are; None: as the sheet is fast.
        """
        self._queue = queue
        self._telling = telling
        self._limits = limits
        self._rhythm = Rhythm(sync_seconds)
        self._recorder = queue.recorder
        self._tapes: dict[int, Tape] = {}
        self._out_of_reach_since = 0.0
        self.out_of_reach: GSheetMLError | None = None
        """Why the sheet couldn't be asked the last time."""
        self.tally = Tally()

    @property
    def is_due(self) -> bool:
        """Whether it is time for a sync."""
        return self._rhythm.is_due

    @property
    def seconds_out_of_reach(self) -> float:
        """How long the sheet hasn't been reached."""
        return 0.0 if self.out_of_reach is None else time.monotonic() - self._out_of_reach_since

    # ------------------------------------------------------------ syncs

    def sync(self, jobs: Sequence[Job]) -> None:
        """One sync for all jobs whose scripts are running."""
        running = [job for job in jobs if job.outcome is None]
        if not running:
            return
        for job in running:
            job.gather()
            self._record(job)
        logged = [dict(job.unwritten) for job in running]
        wishes = [Wish(job.held, job.status, self._cells(job)) for job in running]
        before = [dict(job.held.config) for job in running]
        began = time.monotonic()
        try:
            answers = sync_runs(self._queue.desk, wishes)
        except PutOffError:
            pass  # so soon; what there is to write goes with the next one
        except OUT_OF_REACH as error:
            for wish in wishes:
                wish.held.keep(wish.metrics)
            self.missed(error)
            self._rhythm.failed()
            return
        else:
            self.reached()
            for job, wish, values in zip(running, wishes, logged, strict=True):
                job.has_written(wish.status, values)
            for job, old, answer in zip(running, before, answers, strict=True):
                self._hear(job, old, answer)
            self._recorder.send()
        self._rhythm.took(time.monotonic() - began)

    def _record(self, job: Job) -> None:
        """Curves and output, where the sheet's place keeps them."""
        steps, job.steps = job.steps, []
        if not self._recorder.keeps:
            return
        tape = self._tapes.get(id(job.held))
        if tape is None:
            held = job.held
            tape = self._recorder.begin(held.run_id, held.attempt, lambda: held.pin)
            self._tapes[id(held)] = tape
        if tape.has_ended:
            return
        for step in steps:
            self._recorder.log(tape, step.metrics, step.at)
        self._recorder.write(tape, job.output())

    def _end_record(self, job: Job) -> None:
        """The rest of it, while the run's pin is still there."""
        self._record(job)
        if id(job.held) in self._tapes:
            self._recorder.end(self._tapes[id(job.held)])

    def _cells(self, job: Job) -> dict[str, Scalar]:
        """What a job has logged since the last sync, as cells."""
        cells, refused = metric_cells(self._queue.columns, job.unwritten)
        for sentence in refused:
            self._telling.notice_once(sentence)
        return cells

    def _hear(self, job: Job, old: Mapping[str, Scalar], answer: Synced | RunLost) -> None:
        """Live edits go into `config.json`, commands to the script."""
        if isinstance(answer, RunLost):
            if job.asked is not Asked.GIVE_UP:
                self._telling.notice(f"{answer} Its script is ended.")
                job.ask(Asked.GIVE_UP)
            return
        job.held.unwritten.all_written()
        new = job.held.config
        changes = {key: (old.get(key, ""), new.get(key, "")) for key in answer.changed_keys}
        if changes:
            self._telling.changed(job.name, changes)
        job.write_config(changed=bool(changes))
        if answer.command is not None:
            self._telling.line(f"run {job.name}: somebody says {answer.command.value}")
            job.obey(answer.command)

    # ------------------------------------------------------------ ends

    def write_outcomes(self, jobs: list[Job]) -> None:
        """Tells the sheet how runs have ended; what can't be told now stays among the jobs."""
        if self.out_of_reach is not None and not self.is_due:
            return
        for job in [job for job in jobs if job.outcome is not None]:
            jobs.remove(job)
            try:
                self.write(job, _FOR_AN_OUTCOME)
            except OUT_OF_REACH as error:
                jobs.append(job)  # at the end: it is another one's turn next time
                self.missed(error)
                self._rhythm.failed()
                return
            except BaseException:
                jobs.append(job)
                raise
            self.reached()

    def write(self, job: Job, patience: Patience) -> None:
        """Writes what became of a run, if it is still ours.

        Raises:
            SheetUnreachableError, SheetLayoutError, LocationError: it isn't written.
        """
        outcome = job.outcome or Outcome(None, "ready")
        if job.asked is Asked.GIVE_UP:
            job.held.leave()
            outcome = Outcome(State.LOST, "lost")
        else:
            try:
                self._end_record(job)
                self._write_row(job, outcome, patience)
                self._count(outcome)
            except RunLost as lost:
                self._telling.notice(str(lost))
                outcome = Outcome(State.LOST, "lost")
        self._tapes.pop(id(job.held), None)
        self._telling.ended(job.name, outcome, job.seconds, str(short_path(job.folder.output)))

    def _write_row(self, job: Job, outcome: Outcome, patience: Patience) -> None:
        if outcome.state is None:
            job.held.requeue(patience=patience)
            return
        cells = self._cells(job)
        if outcome.error:
            cells |= self._queue.columns.features({ERROR: outcome.error})
        color = COLOR_NAMES[outcome.state]
        assert color is not None  # noqa: S101 - all states that end a run have one
        job.held.finish(outcome.status, color, cells, patience=patience)

    def _count(self, outcome: Outcome) -> None:
        if outcome.state is not None:
            self.tally.count(done=outcome.state is State.DONE, failed=outcome.has_failed)
        why = too_many_failures(self._limits, self.tally)
        if why and outcome.has_failed:
            self._telling.notice(why)

    # ------------------------------------------------------------ out of reach

    def missed(self, error: GSheetMLError) -> None:
        """The sheet couldn't be asked."""
        if self.out_of_reach is None:
            self._out_of_reach_since = time.monotonic()
            self._telling.notice(f"{error} Scripts go on meanwhile; what they end with is kept.")
        self.out_of_reach = error

    def reached(self) -> None:
        """The sheet has answered."""
        if self.out_of_reach is not None:
            self._telling.line("The sheet answers again.")
        self.out_of_reach = None


def short_path(path: Path) -> Path:
    """A path as people would type it here."""
    try:
        return path.relative_to(Path.cwd())
    except (ValueError, OSError):
        return path
