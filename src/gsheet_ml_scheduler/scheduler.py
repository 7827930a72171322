"""What a training script calls: `GSheetMLScheduler`.

Decided here: what the public calls return, print and raise, and which answers training can do
without (P7). Elsewhere: the protocol (`runsheet`), where a sheet lives (`connect`), `with run:`
(`run.py`).
"""

import socket
import sys
from collections.abc import Collection, Iterator, Mapping
from random import SystemRandom
from typing import Any

import gspread

from gsheet_ml_scheduler.connect import keeper_of, open_worksheet
from gsheet_ml_scheduler.endings import Guard
from gsheet_ml_scheduler.errors import (
    OUT_OF_REACH,
    CellError,
    NoRunningRunError,
    RunInterrupted,
    RunLost,
    TooManyFailuresError,
)
from gsheet_ml_scheduler.recording import Recorder
from gsheet_ml_scheduler.run import Run
from gsheet_ml_scheduler.runsheet import claims
from gsheet_ml_scheduler.runsheet.claiming import Claimer
from gsheet_ml_scheduler.runsheet.claims import Taker
from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW
from gsheet_ml_scheduler.runsheet.holding import Desk, HeldRun
from gsheet_ml_scheduler.runsheet.journal import user_journal
from gsheet_ml_scheduler.runsheet.leases import Terms
from gsheet_ml_scheduler.runsheet.lifecycle import (
    DONE,
    Rgb,
    State,
    default_colors,
)
from gsheet_ml_scheduler.runsheet.names import new_worker_name
from gsheet_ml_scheduler.runsheet.obeying import sync_and_obey
from gsheet_ml_scheduler.runsheet.pacing import (
    FOR_A_CLAIM,
    Pacing,
    PutOffError,
    Rhythm,
)
from gsheet_ml_scheduler.runsheet.rationed import limit_per_minute
from gsheet_ml_scheduler.runsheet.table import SheetView
from gsheet_ml_scheduler.runsheet.values import Scalar, from_text, text_rules
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

Config = dict[str, Any]


class GSheetMLScheduler(SheetView):
    """Claims runs from a sheet, keeps their configs live and writes their status back.

    One object serves one worker: one process, one run at a time. It isn't thread-safe.
    """

    def __init__(
        self,
        gsheet_file_url: str,
        sheet_index: int = 0,
        hardcoded_default_config: Mapping[str, Any] | None = None,
        comma_number_format: bool = False,  # noqa: FBT001, FBT002 - the seed's signature
        google_service_account_json_path: str | None = None,
        *,
        lease_seconds: float = 600.0,
        max_attempts: int = 3,
        tags: Collection[str] = (),
    ) -> None:
        """Opens the sheet and checks lines 1 and 2; two reads, nothing is written.

        Args:
            gsheet_file_url: a Google Sheet's link, a workbook file or a served workbook's address.
            sheet_index: which tab, from 0.
            hardcoded_default_config: values for keys that the sheet has no column for.
            comma_number_format: text such as `-2,0` and `5,0E-3` is a number.
            google_service_account_json_path: a service account's key file, for Google Sheets.
            lease_seconds: where the sheet has a `lease` column: how long a run stays this worker's
                without a sign of life. A background thread gives one each fifth of it.
            max_attempts: where it has an `attempt` column: how often a run is tried whose workers
                vanish.
            tags: what this worker is, for the column `only_on`; in Colab, `colab` is added.

        Raises:
            LocationError: there is no such sheet or tab (AccessError: it may not be used).
            SheetLayoutError: line 1 lacks a column or names one twice, or line 2 is blank.
            SheetUnreachableError: no answer.
        """
        name = new_worker_name()
        _, worksheet = open_worksheet(
            gsheet_file_url, sheet_index, google_service_account_json_path, user_agent=name
        )
        self._start(
            worksheet,
            name,
            hardcoded_default_config,
            Pacing(limit=limit_per_minute(worksheet.client)),
            comma_number_format=comma_number_format,
            terms=Terms(lease_seconds, max_attempts),
            tags=tags,
        )

    @classmethod
    def on_worksheet(
        cls,
        worksheet: gspread.Worksheet,
        hardcoded_default_config: Mapping[str, Any] | None = None,
        *,
        comma_number_format: bool = False,
        pacing: Pacing | None = None,
        terms: Terms | None = None,
        tags: Collection[str] = (),
    ) -> "GSheetMLScheduler":
        """A scheduler on a worksheet that the caller opened with gspread; one read.

        Args:
            worksheet: the tab; its client should have a time limit.
            hardcoded_default_config: see the constructor.
            comma_number_format: see the constructor.
            pacing: who waits and repeats.
            terms: how long a lease holds, and how often a run is tried.
            tags: see the constructor.

        Raises:
            SheetLayoutError, SheetUnreachableError: see the constructor.
        """
        scheduler = cls.__new__(cls)
        name = new_worker_name()
        worksheet.client.session.headers["User-Agent"] = name
        scheduler._start(
            worksheet,
            name,
            hardcoded_default_config,
            pacing or Pacing(limit=limit_per_minute(worksheet.client)),
            comma_number_format=comma_number_format,
            terms=terms or Terms(),
            tags=tags,
        )
        return scheduler

    def _start(
        self,
        worksheet: gspread.Worksheet,
        name: str,
        hardcoded: Mapping[str, Any] | None,
        pacing: Pacing,
        *,
        comma_number_format: bool,
        terms: Terms,
        tags: Collection[str],
    ) -> None:
        self.sheet = worksheet
        self.all_sheets = worksheet.spreadsheet
        self.worker_name = name
        self.colors: dict[str, Rgb] = default_colors()
        self.hardcoded_default_config = dict(hardcoded or {})
        self._recorder = Recorder(keeper_of(worksheet.client))
        rules = text_rules(self.all_sheets.locale, comma_number_format=comma_number_format)
        super().__init__(RunSheet(worksheet, rules, pacing), pacing)
        taker = Taker(frozenset(tags) | own_tags(), socket.gethostname())
        self._desk = Desk(
            self._sheet, self.colors, pacing, _notice, SystemRandom(), terms, taker,
            journal=user_journal(_notice),
        )  # fmt: skip
        self._claimer = Claimer(self._desk)
        self._guard = Guard(self, self._desk)
        self._unwritten_status: str | None = None
        pacing.until_done(self._sheet.read_lines, FOR_A_CLAIM, what="read lines 1 and 2")
        _say(f"Scheduler connected to GSheet, its name is worker <{name}>")

    # ------------------------------------------------------------ claiming

    def find_claim_and_start_run(
        self,
        auto_retry: int = 3,  # noqa: ARG002 - the seed's signature
    ) -> tuple[str, Config] | tuple[None, None]:
        """Claims the first claimable run and starts it; two reads and three writes.

        Args:
            auto_retry: accepted for scripts written for the original. Here a race that is lost to
                another worker doesn't count as a try: while something is claimable, a run comes.

        Returns:
            The run's name and config, or `(None, None)` when nothing was claimable.

        Raises:
            CellError: a cell of the next run holds no value for a config (`#REF!`, a date for a
                number). Its status says `failed: …` now; calling again claims the run after it.
            SheetLayoutError: lines 1 and 2 are no queue's any more.
            SheetUnreachableError: no answer for too long.
        """
        held = self._claim(None)
        if held is None:
            return None, None
        return held.run_name, self._complete(held.config)

    def find_ready_run(self) -> tuple[int, Config] | tuple[None, None]:
        """The first claimable run's number (0 is line 3) and the sheet's config; two reads.

        Raises:
            CellError, SheetLayoutError, SheetUnreachableError: see `find_claim_and_start_run`.
        """
        self._forget_table()
        while True:
            look = self._claimer.look()
            run_id = claims.choose(look, (), self._desk.taker)
            if run_id is None:
                return None, None
            found = self._desk.pacing.until_done(
                lambda at=run_id: self._sheet.read_row(at + FIRST_RUN_ROW),  # type: ignore[misc]
                FOR_A_CLAIM,
                what="read a run",
            )
            columns, row = found.columns, found.row or ()
            if claims.is_claimable(
                [columns.text(row, columns.status)], [columns.text(row, columns.worker_name)], 0
            ):
                return run_id, dict(columns.config_of(row, found.row_index))

    def claim_and_start_run(self, run_id: int) -> bool:
        """Claims the run row with that number (0 is line 3).

        Returns:
            False when it wasn't claimable any more, or another worker was first.

        Raises:
            NoSuchRunError: the sheet has no run row with that number.
            CellError, SheetLayoutError, SheetUnreachableError: see `find_claim_and_start_run`.
        """
        if run_id < 0:
            raise self._no_such_run(run_id)
        held = self._claim(run_id)
        if held is None and run_id >= self.nb_runs:
            raise self._no_such_run(run_id)
        return held is not None

    def _claim(self, run_id: int | None) -> HeldRun | None:
        """The next run, or the one at that place; a new claim ends the care for the last."""
        self._leave_run()
        self._guard.watch()
        if run_id is None:
            held = self._claimer.claim_next(self.worker_name)
        else:
            held = self._claimer.claim_at(self.worker_name, run_id)
        if held is not None:
            self._guard.hold(held)
        return held

    def runs(self, *, max_failures: int = 3, sync_seconds: float | None = None) -> Iterator[Run]:
        """Claims one run after the other, until nothing is claimable.

        Use each with `with run:`. A run whose training raises says `failed` in the sheet, its
        traceback is printed, and the next one comes.

        Args:
            max_failures: after so many failed runs in a row no further one is claimed.
            sync_seconds: how far apart `run.track` syncs; None: a second at least, and so that at
                most a twentieth of the time goes to the sheet.

        Raises:
            TooManyFailuresError: `max_failures` runs in a row failed.
            SheetLayoutError, SheetUnreachableError: see `find_claim_and_start_run`.
        """
        failures = 0
        while True:
            try:
                held = self._claim(None)
            except CellError as error:
                _notice(str(error))
                failures += 1
            else:
                if held is None:
                    return
                rhythm = Rhythm(sync_seconds, self._desk.pacing.clock)
                run = Run(self, held, self.hardcoded_default_config, rhythm, self._recorder)
                yield run
                if not run.has_ended:
                    raise NoRunningRunError(
                        f"run {run.name} was neither done nor failed before the next one was asked "
                        "for. Train inside `with run:`."
                    )
                self._guard.held = None
                failures = failures + 1 if run.has_failed else 0
            if failures >= max_failures:
                raise TooManyFailuresError(
                    f"{failures} runs in a row failed, so worker {self.worker_name} claims no "
                    "more. Correct what they have in common, write 'ready' into their status and "
                    "empty their worker_name."
                )

    # ------------------------------------------------------------ the running run

    @property
    def currently_running_run_id(self) -> int | None:
        """The number of the running run's row (0 is line 3) when it was last seen, or None."""
        held = self._guard.held
        return None if held is None else held.row_index - FIRST_RUN_ROW

    @property
    def stop_requested(self) -> bool:
        """Whether training should end soon: somebody asked it to stop, or the run is lost."""
        held = self._guard.held
        return held is not None and (held.state is State.STOPPING or held.lost is not None)

    def sync_config_and_status(self, new_status_str: str | None = None) -> tuple[Config, list[str]]:
        """Writes the status text if one is given, and reads the row's config again.

        If the sheet can't be reached, may not be used any more, or has its lines 1 and 2 edited,
        the last config comes back, and the text is written with the next sync; likewise, at once,
        if syncs come faster than the account may make requests. While the run is paused, it waits
        here.

        Returns:
            The config with the hard-coded defaults, and the keys that changed since the last sync.

        Raises:
            NoRunningRunError: no run is running.
            RunInterrupted: somebody commanded `kill` or `requeue`; the run has ended.
            RunLost: the row was deleted, or taken back, or is another worker's.
        """
        config, changed = self._sync(new_status_str)
        return self._complete(config), changed

    def update_status(self, new_status_str: str) -> None:
        """Writes the status text; changes of the config are reported by the next sync.

        Raises:
            NoRunningRunError, RunInterrupted, RunLost: see `sync_config_and_status`.
        """
        self._sync(new_status_str, follow=False)

    def check_for_config_updates(self) -> tuple[Config, list[str]]:
        """Reads the row's config again, without the hard-coded defaults.

        Returns, Raises: see `sync_config_and_status`.
        """
        return self._sync(None)

    def run_done(self, new_status_str: str = "done") -> None:
        """Writes the final status text and colours the row; the run ends.

        A run that was asked to stop is `stopped`, unless another text than `done` is given.

        Raises:
            NoRunningRunError: no run is running.
            RunLost: the row was deleted, or taken back, or is another worker's.
            SheetUnreachableError: no answer for two hours; it may be called again. The outcome is
                kept on this machine, and its next worker writes it.
        """
        held = self._running()
        self._forget_table()
        text, color = str(new_status_str), "done"
        if held.state is State.STOPPING and text == DONE:
            text, color = State.STOPPED.value, "failed"
        try:
            held.finish(text, color, {})
        except RunLost:
            self._guard.held = None
            raise
        self._guard.held = None
        self._unwritten_status = None

    def _sync(self, status: str | None, *, follow: bool = True) -> tuple[Config, list[str]]:
        held = self._running()
        self._forget_table()
        status = self._unwritten_status if status is None else str(status)
        try:
            changed = sync_and_obey(held, status, {}, follow=follow)
        except (RunLost, RunInterrupted):
            self._guard.held = None
            raise
        except OUT_OF_REACH as error:
            self._unwritten_status = status
            if not isinstance(error, PutOffError):
                _notice(f"{error} The run goes on with its last config.")
            return dict(held.config), []
        self._unwritten_status = None
        return dict(held.config), changed

    def _running(self) -> HeldRun:
        held = self._guard.held
        if held is None:
            raise NoRunningRunError(
                f"worker {self.worker_name} has no running run. Claim one first with "
                "find_claim_and_start_run()."
            )
        return held

    def _leave_run(self) -> None:
        """A new claim ends the care for the previous run, whose row stays as it is."""
        self._forget_table()
        self._unwritten_status = None
        held, self._guard.held = self._guard.held, None
        if held is not None:
            held.leave()
            self._claimer.leavings.drop(held.pin)

    # ------------------------------------------------------------ values

    def _complete(self, config: Mapping[str, Any]) -> Config:
        return self.complete_missing_config_params(config, self.hardcoded_default_config)

    @staticmethod
    def complete_missing_config_params(
        gsheet_config: Mapping[str, Any], hardcoded_default_config: Mapping[str, Any] | None
    ) -> Config:
        """The sheet's config, with the hard-coded value of every key that it lacks."""
        missing = hardcoded_default_config or {}
        return {**gsheet_config, **{k: v for k, v in missing.items() if k not in gsheet_config}}

    @staticmethod
    def convert_str_to_bool_int_float_str(text: str) -> Scalar:
        """Text as a bool, int or float if it looks like one and nothing is lost; else the text."""
        return from_text(text)


def own_tags() -> frozenset[str]:
    """What this process is by itself, for the column `only_on`."""
    return frozenset(["colab"]) if "google.colab" in sys.modules else frozenset()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _notice(line: str) -> None:
    sys.stderr.write(f"gsheet-ml-scheduler: {line}\n")
    sys.stderr.flush()
