"""`GSheetMLScheduler` for a training that runs in several processes: the same calls, on every rank.

Decided here: what each call hands from rank 0 to the others, and how often ranks look for changes
together in `track`: about once a second, at a step that rank 0 names, so that every rank changes at
the same step. Elsewhere: everything about the sheet.
"""

import os
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sized
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from gsheet_ml_scheduler.distributed.meeting import meet
from gsheet_ml_scheduler.distributed.together import Together
from gsheet_ml_scheduler.errors import NoRunningRunError, RanksError, RunInterrupted, RunLost
from gsheet_ml_scheduler.run import Run
from gsheet_ml_scheduler.runsheet.lifecycle import error_line
from gsheet_ml_scheduler.runsheet.pacing import Rhythm
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler

T = TypeVar("T")
Config = dict[str, Any]

_LOOK_EVERY = 1.0
"""Seconds between two looks of all ranks together: a look makes them wait for each other."""
_MOST_STEPS = 100_000
_TOLD = (RanksError, RunInterrupted, RunLost)
"""What ends a run without being the training's fault; rank 0 tells it."""


class DistributedScheduler:
    """One worker made of several processes, of which rank 0 talks to the sheet.

    Make one on every rank, and make the same calls on every rank in the same order, as with
    `torch.distributed` itself. In a single process it is a `GSheetMLScheduler`.
    """

    def __init__(
        self,
        gsheet_file_url: str,
        sheet_index: int = 0,
        hardcoded_default_config: Mapping[str, Any] | None = None,
        comma_number_format: bool = False,  # noqa: FBT001, FBT002 - as GSheetMLScheduler
        google_service_account_json_path: str | None = None,
    ) -> None:
        """Waits until all ranks are there; then rank 0 opens the sheet.

        Args: see `GSheetMLScheduler`. Only rank 0 needs access to the sheet.

        Raises:
            RanksError: the ranks don't find each other.
            LocationError, SheetLayoutError, SheetUnreachableError: see `GSheetMLScheduler`; the
                same on every rank.
        """
        self.hardcoded_default_config = dict(hardcoded_default_config or {})
        self._together = Together(meet(os.environ))
        self._scheduler: GSheetMLScheduler | None = None

        def connect() -> str:
            self._scheduler = GSheetMLScheduler(
                gsheet_file_url,
                sheet_index,
                None,
                comma_number_format,
                google_service_account_json_path,
            )
            return self._scheduler.worker_name

        self.worker_name = self._together.do("GSheetMLScheduler(…)", connect)

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        return self._together.rank.number

    @property
    def world_size(self) -> int:
        """How many processes there are."""
        return self._together.rank.size

    @property
    def first(self) -> GSheetMLScheduler:
        """The scheduler itself.

        Raises:
            RanksError: this isn't rank 0, which alone has it.
        """
        if self._scheduler is None:
            raise RanksError(f"rank {self.rank} doesn't talk to the sheet, rank 0 does. Ask there.")
        return self._scheduler

    def runs(
        self, *, max_failures: int = 3, sync_seconds: float | None = None
    ) -> Iterator["SharedRun"]:
        """Claims one run after the other, until nothing is claimable; see `GSheetMLScheduler`.

        Raises:
            RanksError: the ranks went apart.
            TooManyFailuresError, SheetLayoutError, SheetUnreachableError: see `GSheetMLScheduler`.
        """
        claimed: Iterator[Run] = iter(())
        if self._together.rank.is_first:
            claimed = self.first.runs(max_failures=max_failures, sync_seconds=sync_seconds)
        current: list[Run] = []

        def claim() -> tuple[str, Config] | None:
            current[:] = [run for run in [next(claimed, None)] if run is not None]
            return (current[0].name, current[0].config) if current else None

        while True:
            found = self._together.do("the claim of the next run", claim)
            if found is None:
                return
            name, config = found
            run = current[0] if current else None
            shared = SharedRun(self, run, name, config, Rhythm(sync_seconds))
            yield shared
            if not shared.has_ended:
                raise NoRunningRunError(
                    f"run {name} was neither done nor failed before the next one was asked for. "
                    "Train inside `with run:`."
                )

    def find_claim_and_start_run(
        self,
        auto_retry: int = 3,  # noqa: ARG002 - as GSheetMLScheduler
    ) -> tuple[str, Config] | tuple[None, None]:
        """See `GSheetMLScheduler`; the same run on every rank."""
        name, config = self._together.do(
            "find_claim_and_start_run()", lambda: self.first.find_claim_and_start_run()
        )
        if name is None or config is None:
            return None, None
        return name, self.complete(config)

    def sync_config_and_status(self, new_status_str: str | None = None) -> tuple[Config, list[str]]:
        """See `GSheetMLScheduler`; the same config and the same changes on every rank."""
        config, changed = self._together.do(
            "sync_config_and_status()", lambda: self.first.sync_config_and_status(new_status_str)
        )
        return self.complete(config), changed

    def check_for_config_updates(self) -> tuple[Config, list[str]]:
        """See `GSheetMLScheduler`; the same on every rank."""
        config, changed = self._together.do(
            "check_for_config_updates()", lambda: self.first.check_for_config_updates()
        )
        return config, changed

    def update_status(self, new_status_str: str) -> None:
        """See `GSheetMLScheduler`; rank 0's text is written."""
        self._together.do("update_status()", lambda: self.first.update_status(new_status_str))

    def run_done(self, new_status_str: str = "done") -> None:
        """See `GSheetMLScheduler`; rank 0's text is written, when all ranks have come here."""
        self._together.do("run_done()", lambda: self.first.run_done(new_status_str))

    def complete(self, config: Mapping[str, Any]) -> Config:
        """A config with this rank's hard-coded defaults, which needn't be JSON."""
        return GSheetMLScheduler.complete_missing_config_params(
            config, self.hardcoded_default_config
        )


class SharedRun:
    """A run that all ranks train together; see `Run`, whose calls these are.

    The run is done when the block of every rank has ended. It failed if the block of any rank
    raised; a rank hears of it at its next call.
    """

    def __init__(
        self,
        scheduler: DistributedScheduler,
        run: Run | None,
        name: str,
        config: Config,
        rhythm: Rhythm,
    ) -> None:
        """See `DistributedScheduler.runs`; `run` is rank 0's."""
        self._scheduler = scheduler
        self._together = scheduler._together
        self._run = run
        self._rhythm = rhythm
        self._changed: list[str] = []
        self._config = config
        self.name = name
        self.stop_requested = False
        self.has_ended = False
        self.has_failed = False

    @property
    def config(self) -> Config:
        """The live config, as the last sync read it, with the hard-coded defaults."""
        return self._scheduler.complete(self._config)

    @property
    def changed_keys(self) -> list[str]:
        """The keys that the last sync found changed."""
        return list(self._changed)

    def log(self, **metrics: Any) -> None:
        """Notes metrics; what rank 0 logs is written, and what the others log isn't."""
        if self._run is not None:
            self._run.log(**metrics)

    def sync(self, status: str | None = None) -> list[str]:
        """Syncs now, on every rank; the keys whose value changed.

        Raises:
            RanksError: the ranks went apart.
            NoRunningRunError, RunLost: see `Run.sync`; the same on every rank.
        """
        if self.has_ended:
            raise NoRunningRunError(f"run {self.name} has ended; nothing more is synced.")
        self._take(self._together.do("run.sync()", lambda: self._sync(status)))
        return self.changed_keys

    def track(self, iterable: Iterable[T]) -> Iterator[T]:
        """Goes through an iterable that is as long on every rank; see `Run.track`.

        About once a second all ranks look for changes together, at the same step.

        Raises:
            RanksError, RunLost: see `sync`.
        """
        total = f"/{len(iterable)}" if isinstance(iterable, Sized) else ""
        look_at, looked_at, began = 1, 0, time.monotonic()
        for number, item in enumerate(iterable, start=1):
            yield item
            if number < look_at:
                continue
            seconds = (time.monotonic() - began) / (number - looked_at)
            state = self._together.do(
                "run.track()", partial(self._tick, f"{number}{total}", seconds)
            )
            self._take(state)
            if self.stop_requested:
                return
            look_at, looked_at, began = number + state["steps"], number, time.monotonic()

    def __enter__(self) -> "SharedRun":
        """The run itself."""
        if self.has_ended:
            raise NoRunningRunError(f"run {self.name} has ended; ask scheduler.runs() for another.")
        if self._run is not None:
            self._run.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Ends the run when every rank has ended it; see the class."""
        if self.has_ended:
            return False
        self.has_ended = True
        said = None if error is None else f"rank {self._scheduler.rank}: {error_line(error)}"
        if isinstance(error, RanksError):
            said = str(error)  # it tells of another rank
        if self._run is None and isinstance(error, Exception) and not isinstance(error, _TOLD):
            traceback.print_exception(error)

        def end(elsewhere: str | None) -> dict[str, bool]:
            run = self._run
            assert run is not None  # noqa: S101 - rank 0 acts, and has it
            if error is None and elsewhere is not None:
                failure = RanksError(elsewhere)
                suppressed = run.__exit__(RanksError, failure, None)
            else:
                suppressed = run.__exit__(kind, error, trace)
            return {"suppressed": suppressed, "failed": run.has_failed}

        ended = self._together.end(said, end)
        self.has_failed = ended["failed"]
        return ended["suppressed"] and (error is None or isinstance(error, Exception))

    def _tick(self, progress: str, seconds_a_step: float) -> dict[str, Any]:
        """Rank 0's look, and after how many steps the next one comes."""
        steps = int(_LOOK_EVERY / max(seconds_a_step, _LOOK_EVERY / _MOST_STEPS))
        if not self._rhythm.is_due:
            state = self._state([])
        else:
            began = self._rhythm.clock()
            state = self._sync(progress)
            self._rhythm.took(self._rhythm.clock() - began)
        return {**state, "steps": max(1, steps)}

    def _sync(self, status: str | None) -> dict[str, Any]:
        assert self._run is not None  # noqa: S101 - rank 0 acts, and has it
        return self._state(self._run.sync(status))

    def _state(self, changed: list[str]) -> dict[str, Any]:
        assert self._run is not None  # noqa: S101 - rank 0 acts, and has it
        return {
            "config": self._run.config,
            "changed": changed,
            "stop": self._run.stop_requested,
        }

    def _take(self, state: Mapping[str, Any]) -> None:
        self._config = dict(state["config"])
        self._changed = list(state["changed"])
        self.stop_requested = bool(state["stop"])
