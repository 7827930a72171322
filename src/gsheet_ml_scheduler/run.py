"""One claimed run, as a context manager: what happens when training ends, raises or is stopped.

Decided here: which end of the `with` block leads to which state, when logged metrics are written,
and what `track` shows. Elsewhere: the requests (`runsheet.holding`), how far apart progress syncs
are (`runsheet.pacing.Rhythm`), which run comes next (`scheduler.py`).
"""

import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

from gsheet_ml_scheduler.errors import (
    OUT_OF_REACH,
    ConfigError,
    NoRunningRunError,
    RunInterrupted,
    RunLost,
)
from gsheet_ml_scheduler.recording import Recorder
from gsheet_ml_scheduler.runsheet.columns import ERROR, FEATURES, MANDATORY
from gsheet_ml_scheduler.runsheet.holding import HeldRun
from gsheet_ml_scheduler.runsheet.lifecycle import (
    COLOR_NAMES,
    Event,
    State,
    after,
    error_line,
    failed_text,
)
from gsheet_ml_scheduler.runsheet.obeying import sync_and_obey
from gsheet_ml_scheduler.runsheet.pacing import FOR_AN_EXIT, PutOffError, Rhythm
from gsheet_ml_scheduler.runsheet.values import Scalar, metric_cell

T = TypeVar("T")


class Run:
    """A run that this worker has claimed; `scheduler.runs()` hands them out.

    At the end of `with run:` the run is done. If the block raised, it is `failed`, with the error
    in its status; the traceback is printed, the exception goes no further. `KeyboardInterrupt` and
    `SystemExit` put it back to `ready` and go on. A run that was asked to stop is `stopped`.
    """

    def __init__(
        self,
        owner: object,
        held: HeldRun,
        hardcoded: Mapping[str, Any],
        rhythm: Rhythm,
        recorder: Recorder,
    ) -> None:
        """See `GSheetMLScheduler.runs`; the owner mustn't be thrown away while the run goes on."""
        self._owner = owner
        self._held = held
        self._hardcoded = hardcoded
        self._rhythm = rhythm
        self._recorder = recorder
        self._tape = recorder.begin(held.run_id, held.attempt, lambda: held.pin)
        self._metrics: dict[str, Scalar] = {}
        self._status: str | None = None
        self._changed: list[str] = []
        self.has_ended = False
        self.has_failed = False

    @property
    def name(self) -> str:
        """The run's name, always text."""
        return self._held.run_name

    @property
    def config(self) -> dict[str, Any]:
        """The live config, as the last sync read it, with the hard-coded defaults."""
        sheet = self._held.config
        return {**sheet, **{k: v for k, v in self._hardcoded.items() if k not in sheet}}

    @property
    def changed_keys(self) -> list[str]:
        """The keys that the last sync found changed."""
        return list(self._changed)

    @property
    def stop_requested(self) -> bool:
        """Whether training should end soon: somebody asked it to stop, or the run is lost."""
        return self._held.state is State.STOPPING or self._held.lost is not None

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1: one more each time a worker of the run vanished."""
        return self._held.attempt

    @property
    def run_id(self) -> str:
        """A name for what belongs to this run, the same when it was put back and claimed anew."""
        return self._held.run_id

    def log(self, **metrics: Any) -> None:
        """Notes metrics; the next sync and the end of the run write them, the last value each.

        A metric is written to the column of its name, which is made on first use. In a workbook,
        each call is also one step of the run's history, which the live grid shows as curves.

        Args:
            metrics: numbers, bools or text by name; NumPy and Torch scalars are numbers.

        Raises:
            ConfigError: the name is taken by another column, or the value fits no cell.
        """
        cells: dict[str, Scalar] = {}
        for name, value in metrics.items():
            self._refuse_metric_name(name)
            try:
                cells[name] = metric_cell(value)
            except TypeError as error:
                raise ConfigError(
                    f"run {self.name}: the metric {name!r} can't be written: {error}. Log one "
                    "number for each name."
                ) from error
        self._metrics |= cells
        self._recorder.log(self._tape, cells)

    def sync(self, status: str | None = None) -> list[str]:
        """Writes the logged metrics and the status text now, and reads the live config.

        If the sheet can't be reached, may not be used any more, or has its lines 1 and 2 edited,
        the config stays and the metrics are kept for the next time; likewise if syncs come faster
        than the account may make requests.

        Args:
            status: the worker's own text for the status cell; None leaves it.

        While the run is paused, it waits here.

        Returns:
            The keys whose value changed since the last sync.

        Raises:
            NoRunningRunError: the run has ended.
            RunInterrupted: somebody commanded `kill` or `requeue`; the run has ended.
            RunLost: the row was deleted, or taken back, or is another worker's.
        """
        if self.has_ended:
            raise NoRunningRunError(f"run {self.name} has ended; nothing more is synced.")
        if status is not None:
            self._status = str(status)
        began = self._rhythm.clock()
        try:
            self._changed = sync_and_obey(self._held, self._status, self._metrics)
        except RunInterrupted:
            self.has_ended = True
            raise
        except PutOffError:
            self._changed = []
        except OUT_OF_REACH as error:
            self._changed = []
            self._held.keep(self._metrics)
            self._held.desk.notice(f"{error} The run goes on with its last config.")
        else:
            self._metrics.clear()
            self._status = None
            self._held.unwritten.all_written()
            self._recorder.send()
        self._rhythm.took(self._rhythm.clock() - began)
        return self.changed_keys

    def track(self, iterable: Iterable[T]) -> Iterator[T]:
        """Goes through an iterable and shows the progress, in the status cell and the terminal.

        Syncs now and then, see `sync_seconds` of `scheduler.runs`; ends early when the run is
        asked to stop.

        Raises:
            RunInterrupted, RunLost: see `sync`.
        """
        total = f"/{len(iterable)}" if isinstance(iterable, Sized) else ""
        terminal = sys.stderr.isatty()
        for number, item in enumerate(iterable, start=1):
            yield item
            if terminal:
                sys.stderr.write(f"\rrun {self.name}: {number}{total} ")
                sys.stderr.flush()
            if self._rhythm.is_due:
                self.sync(f"{number}{total}")
            if self._held.lost is not None:
                raise self._held.lost
            if self.stop_requested:
                break
        if terminal:
            sys.stderr.write("\n")

    def __enter__(self) -> "Run":
        """The run itself."""
        if self.has_ended:
            raise NoRunningRunError(f"run {self.name} has ended; ask scheduler.runs() for another.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Ends the run as the block ended; see the class."""
        if self.has_ended:
            self._recorder.end(self._tape)
            return isinstance(error, RunInterrupted)
        self.has_ended = True
        try:
            return self._end(error)
        except RunLost as lost:
            self._held.desk.notice(str(lost))
            return error is None or isinstance(error, Exception)
        finally:
            self._held.leave()  # nobody trains it here, even if its row can't say so yet
            self._recorder.end(self._tape)

    def _end(self, error: BaseException | None) -> bool:
        if error is None:
            then = after(self._held.state, Event.FINISHED)
            self._finish(then.value, COLOR_NAMES[then] or "", self._metrics)
            return True
        if isinstance(error, RunLost):
            raise error
        if not isinstance(error, Exception):
            self._requeue()
            return False
        self.has_failed = True
        story = "".join(traceback.format_exception(error))
        sys.stderr.write(story)
        self._recorder.write(self._tape, story)
        columns = self._held.desk.sheet.header.columns
        cells = {**self._metrics, **columns.features({ERROR: error_line(error)})}
        self._finish(failed_text(error), "failed", cells)
        return True

    def _finish(self, text: str, color: str, cells: Mapping[str, Any]) -> None:
        """Writes the outcome; Ctrl-C meanwhile doesn't lose it: it is written first."""
        try:
            self._recorder.end(self._tape)  # before the pin goes, by which the row is found
            self._held.finish(text, color, cells)
        except (KeyboardInterrupt, SystemExit):
            with suppress(RunLost, *OUT_OF_REACH):  # it had been written, or is kept
                self._held.finish(text, color, cells, patience=FOR_AN_EXIT)
            raise

    def _requeue(self) -> None:
        try:
            self._recorder.end(self._tape)
            self._held.requeue(patience=FOR_AN_EXIT)
        except OUT_OF_REACH as unreachable:
            self._held.desk.notice(
                f"{unreachable} Run {self.name} still says that it is running. The next worker on "
                "this machine puts it back, or write 'ready' into its status and empty its "
                "worker_name."
            )

    def _refuse_metric_name(self, name: str) -> None:
        columns = self._held.desk.sheet.header.columns
        if name in MANDATORY or name in FEATURES:
            raise ConfigError(
                f"run {self.name}: the column {name!r} isn't for metrics; log under another name."
            )
        if not name or name != name.strip():
            raise ConfigError(f"run {self.name}: {name!r} is no name for a column.")
        if name in columns.ids and name not in columns.not_keys:
            raise ConfigError(
                f"{columns.sheet}: the column {name!r} is a hyperparameter, so run.log doesn't "
                "write to it. Put N/A into its line 2, or log under another name."
            )
