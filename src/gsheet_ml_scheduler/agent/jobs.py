"""A job: one run in one slot, from the start of its script until its row says how it ended.

Decided here: what a job does when it is asked to stop, pause or give up, how its metrics are
gathered, and what its directory holds. Elsewhere: the sheet (`queue`), when jobs are made and
synced (`working`), the processes (`supervised`).
"""

import os
from codecs import getincrementaldecoder
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from gsheet_ml_scheduler.agent import macros, metric_lines, outcomes
from gsheet_ml_scheduler.agent.folders import RunFolder, replace_json, replace_text, safe_name
from gsheet_ml_scheduler.agent.gpus import variables
from gsheet_ml_scheduler.agent.grace import Ending, ending_of
from gsheet_ml_scheduler.agent.macros import Occasion
from gsheet_ml_scheduler.agent.metric_lines import MetricsFile
from gsheet_ml_scheduler.agent.outcomes import Asked, Outcome
from gsheet_ml_scheduler.agent.provenance import Code, Packages, record
from gsheet_ml_scheduler.agent.slots import Slot
from gsheet_ml_scheduler.agent.supervised import Order, Reserve, Supervised
from gsheet_ml_scheduler.agent.tails import Tail
from gsheet_ml_scheduler.errors import CommandError
from gsheet_ml_scheduler.runsheet.commands import Command
from gsheet_ml_scheduler.runsheet.holding import HeldRun
from gsheet_ml_scheduler.runsheet.lifecycle import State, state_of

_MOST_OUTPUT = 64 * 1024
"""Bytes of output that are shown at once."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What all jobs of an agent have in common."""

    command: Sequence[str]
    runs_dir: Path
    grace: float
    log_bytes: int


@dataclass(frozen=True, slots=True)
class Step:
    """One metric line, and when it was written, if it says so."""

    metrics: Mapping[str, metric_lines.Value]
    at: float | None


class Job:
    """One run under way."""

    def __init__(self, held: HeldRun, slot: Slot, recipe: Recipe, clock_now: float) -> None:
        """Nothing is started yet."""
        self.held = held
        self.slot = slot
        self.name = held.run_name
        self.attempt = held.attempt
        self.began = clock_now
        self.asked = Asked.NOTHING
        self.is_paused = False
        self.arguments: list[str] = []
        self.outcome: Outcome | None = None
        """How it ended; it stays here until the row says so."""
        self.seconds = 0.0
        self.status: str | None = None
        """A text for the status cell that hasn't been written yet."""
        self.unwritten: dict[str, metric_lines.Value] = {}
        """Metrics that haven't been written yet."""
        self.metrics: dict[str, metric_lines.Value] = {}
        self.steps: list[Step] = []
        """What was logged line by line and isn't recorded yet."""
        self._shown_status = "running"
        self.has_provenance = False
        self.notices: list[str] = []
        self.recipe = recipe
        self.folder = RunFolder(recipe.runs_dir / safe_name(self.name, held.run_id))
        self._printed: Tail | None = None
        self._decoder = getincrementaldecoder("utf-8")(errors="replace")
        self._script: Supervised | None = None
        self._file: MetricsFile | None = None
        self._config_is_old = False

    # ------------------------------------------------------------ the script

    def start(self, reserve: Reserve) -> None:
        """Makes the directory and starts the script; what keeps it from starting is its outcome."""
        config = macros.given(self.held.config)
        try:
            self.folder.make()
            replace_json(self.folder.config, config)
            self.arguments = macros.arguments(
                self.recipe.command,
                Occasion(
                    self.held.config,
                    os.environ,
                    self.name,
                    str(self.folder.path),
                    str(self.folder.config),
                ),
            )
            self._file = MetricsFile(self.folder.metrics)
            self._printed = Tail(self.folder.output, _MOST_OUTPUT)
            self._script = reserve.take()
            self._script.start(self._order())
        except CommandError as error:
            self.outcome = outcomes.failed("the command can't be made", str(error))
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            self.outcome = outcomes.failed(f"it can't be started: {error.strerror}{where}")

    def _order(self) -> Order:
        environment = {
            "PYTHONUNBUFFERED": os.environ.get("PYTHONUNBUFFERED", "1"),  # lines come as they are
            **(variables(self.slot.gpu) if self.slot.gpu else {}),
            **self.folder.variables(self.name, self.attempt),
        }
        is_begun_again = self._printed is not None and self._printed.has_past
        heading = f"\n[gsheet-ml: attempt {self.attempt}]\n" if is_begun_again else ""
        return Order(
            arguments=self.arguments,
            environment=environment,
            folder=str(self.folder.path),
            grace=self.recipe.grace,
            log_bytes=self.recipe.log_bytes,
            heading=heading,
        )

    @property
    def script(self) -> Supervised | None:
        """The script's process while it may still run."""
        return self._script if self.outcome is None else None

    @property
    def pid(self) -> int:
        """The leader of the script's processes; 0 when there is none."""
        return self._script.pid if self._script else 0

    def listen(self) -> None:
        """Hears whether the script has ended."""
        script = self.script
        if script is None:
            return
        script.listen()
        self.notices += script.notices
        script.notices.clear()
        if script.refused is not None:
            self.outcome = outcomes.failed(
                f"{self.arguments[0]} can't be started: {script.refused}", _advice(script.refused)
            )
        elif script.ended is not None:
            self._gather(is_over=True)
            self.seconds = script.seconds
            self.outcome = outcomes.outcome_of(script.ended, self.asked)

    def ask(self, asked: Asked, ending: Ending | None = None) -> None:
        """Has the script ended; a later wish counts if it is no weaker.

        Args:
            asked: what for.
            ending: how fast; as `grace` says, if it isn't given.
        """
        script = self.script
        if script is None:
            return
        if asked in (Asked.STOP, Asked.REQUEUE):
            self._mark_stop()
        if self.asked not in (Asked.KILL, Asked.GIVE_UP):
            self.asked = asked
        follows = self.folder.follower.exists()
        script.end(ending or ending_of(asked, self.recipe.grace, follows=follows))

    def obey(self, command: Command) -> None:
        """Does what somebody typed into the run's `command` cell."""
        if command in (Command.PAUSE, Command.RESUME):
            self._pause(resume=command is Command.RESUME)
        else:
            self.ask(_ASKED[command])

    def _pause(self, *, resume: bool) -> None:
        """Stops the script where it is, or lets it go on."""
        script = self.script
        if script is None:
            return
        (script.resume if resume else script.pause)()
        self.is_paused = not resume

    def abandon(self) -> None:
        """Its supervisor didn't answer: nothing more is expected of it."""
        if self._script is not None:
            self._script.abandon()
        self.outcome = outcomes.Outcome(None, "ready")

    @property
    def in_words(self) -> str:
        """What it is doing."""
        if self.outcome is not None:
            return self.outcome.status
        if self.asked is not Asked.NOTHING:
            return "ending"
        return "paused" if self.is_paused else self._shown_status

    def _mark_stop(self) -> None:
        try:
            self.folder.stop_request.touch()
        except OSError as error:
            self.notices.append(
                f"{self.folder.stop_request} can't be made: {error.strerror}. The script is told "
                "with SIGTERM only."
            )

    # ------------------------------------------------------------ what it logs

    def gather(self) -> None:
        """Takes in what the script has logged."""
        if self.script is not None:
            self._gather(is_over=False)

    def _gather(self, *, is_over: bool) -> None:
        values: dict[str, metric_lines.Value] = {}
        try:
            if self._file is not None:
                for line in self._file.end() if is_over else self._file.read():
                    self._log(values, *metric_lines.parse_step(line))
        except OSError as error:
            self.notices.append(f"{self.folder.metrics} can't be read: {error.strerror}.")
        if self._script is not None and self._script.metrics:
            self._log(values, dict(self._script.metrics), None)
            self._script.metrics.clear()
        status = str(values.pop(metric_lines.STATUS, "")).strip()
        if status and state_of(status, "a worker") is State.RUNNING:
            self.status = self._shown_status = status
        metric_lines.merge(self.metrics, values)
        self.unwritten.update(values)

    def _log(
        self,
        into: dict[str, metric_lines.Value],
        values: dict[str, metric_lines.Value],
        at: float | None,
    ) -> None:
        metric_lines.merge(into, values)
        self.steps.append(Step(values, at))

    def output(self) -> str:
        """What the script has printed since the last time; of very much, the end."""
        if self._printed is None:
            return ""
        try:
            piece = self._printed.read()
        except OSError:  # what can't be read isn't shown; the supervisor says why
            return ""
        return self._decoder.decode(piece.data)

    def has_written(self, status: str | None, values: Mapping[str, metric_lines.Value]) -> None:
        """A sync has written these; what came meanwhile is for the next one."""
        if self.status == status:
            self.status = None
        for name, value in values.items():
            if self.unwritten.get(name) is value:
                del self.unwritten[name]

    # ------------------------------------------------------------ its directory

    def write_config(self, *, changed: bool) -> None:
        """Keeps `config.json` current."""
        self._config_is_old = self._config_is_old or changed
        if not self._config_is_old:
            return
        try:
            replace_json(self.folder.config, macros.given(self.held.config))
            self._config_is_old = False
        except OSError as error:
            self.notices.append(
                f"{self.folder.config} can't be written: {error.strerror}. It is tried again."
            )

    def write_provenance(self, code: Code, packages: Packages) -> None:
        """Records what the run was started from."""
        self.has_provenance = True
        facts: Mapping[str, Any] = {
            "run_name": self.name,
            "attempt": self.attempt,
            "worker": self.held.worker,
            "gpu": self.slot.gpu.index if self.slot.gpu else None,
        }
        found = record(
            code=code,
            packages=packages,
            arguments=self.arguments,
            folder=Path.cwd(),
            started=self.held.started or datetime.now(timezone.utc),
            facts=facts,
        )
        try:
            replace_json(self.folder.provenance, found)
            if code.diff:
                replace_text(self.folder.changes, code.diff.decode(errors="surrogateescape"))
            else:
                self.folder.changes.unlink(missing_ok=True)
        except OSError as error:
            self.notices.append(f"{self.folder.provenance} can't be written: {error.strerror}.")


_ASKED = {
    Command.STOP: Asked.STOP,
    Command.KILL: Asked.KILL,
    Command.REQUEUE: Asked.REQUEUE,
}


def _advice(why: str) -> str:
    if why == os.strerror(7):  # E2BIG
        return (
            f"{why}: a value is longer than an argument may be. Pass the config as a file: "
            "${args_json_file}"
        )
    return f"{why}: is the program's name right, and may it be executed?"
