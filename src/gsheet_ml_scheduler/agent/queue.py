"""The agent's side of the sheet: claims for its slots, and which cells it writes.

Decided here: that each run has a worker name of its own while all share one desk, so that their
requests are shared, too; which of the values that a script logs can go into a column; what a run
would be, for `--dry-run`. Elsewhere: the protocol (`runsheet`), when to ask (`working`).
"""

import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from random import SystemRandom

from gsheet_ml_scheduler.agent.metric_lines import Value
from gsheet_ml_scheduler.connect import keeper_of, open_worksheet
from gsheet_ml_scheduler.recording import Recorder
from gsheet_ml_scheduler.runsheet import claims
from gsheet_ml_scheduler.runsheet.claiming import Claimer
from gsheet_ml_scheduler.runsheet.claims import Taker
from gsheet_ml_scheduler.runsheet.columns import FEATURES, FIRST_RUN_ROW, MANDATORY, Columns
from gsheet_ml_scheduler.runsheet.heartbeat import Heart
from gsheet_ml_scheduler.runsheet.holding import Desk, HeldRun
from gsheet_ml_scheduler.runsheet.journal import user_journal
from gsheet_ml_scheduler.runsheet.leases import Terms
from gsheet_ml_scheduler.runsheet.lifecycle import default_colors
from gsheet_ml_scheduler.runsheet.names import new_worker_name
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM, FOR_A_LOOK, Pacing
from gsheet_ml_scheduler.runsheet.rationed import limit_per_minute
from gsheet_ml_scheduler.runsheet.values import Scalar, metric_cell, text_rules
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

_BESIDE_OTHERS = replace(FOR_A_LOOK, total=90.0)
"""Other runs want to be heard. It is longer than a minute, after which there is room for requests
again."""


class Queue:
    """Runs for an agent."""

    def __init__(self, desk: Desk, recorder: Recorder) -> None:
        """Nothing is claimed yet."""
        self.desk = desk
        self.recorder = recorder
        self._claimer = Claimer(desk)
        self._heart = Heart(desk)

    @property
    def columns(self) -> Columns:
        """Lines 1 and 2 as last seen."""
        return self.desk.sheet.header.columns

    def claim(self, *, has_time: bool) -> HeldRun | None:
        """The next run, for a worker of its own; None when nothing is claimable now.

        Args:
            has_time: whether there is nothing else to do: then it waits for a sheet that is away,
                and to see if a worker whose lease has lapsed is alive.

        Raises:
            CellError, SheetLayoutError, SheetUnreachableError: see `Claimer.claim_next`.
        """
        patience = FOR_A_LOOK if has_time else _BESIDE_OTHERS
        held = self._claimer.claim_next(new_worker_name(), wait=has_time, patience=patience)
        if held is not None and held.lease:
            self._heart.start()
        return held

    def is_empty(self) -> bool:
        """Whether nothing is claimable now; one read.

        Raises:
            SheetLayoutError, SheetUnreachableError: see `Claimer.claim_next`.
        """
        return claims.choose(self._claimer.look(_BESIDE_OTHERS), (), self.desk.taker) is None

    def end(self) -> None:
        """Nothing is held any more."""
        self._heart.stop()

    def preview(self, count: int) -> list[tuple[str, dict[str, Scalar]]]:
        """The runs that would be claimed first, with their configs; nothing is written.

        Raises:
            CellError: one of them holds what a config can't.
        """
        look = self._claimer.look()
        columns, rows = self.desk.pacing.until_done(
            self.desk.sheet.read_runs, FOR_A_CLAIM, what="read the runs"
        )
        found: list[tuple[str, dict[str, Scalar]]] = []
        passed_over: set[int] = set()
        while len(found) < count:
            at = claims.choose(look, passed_over, self.desk.taker)
            if at is None or at >= len(rows):
                break
            passed_over.add(at)
            name = columns.text(rows[at], columns.run_name)
            found.append((name, columns.config_of(rows[at], at + FIRST_RUN_ROW)))
        return found


def open_queue(
    location: str,
    sheet_index: int,
    tags: Collection[str],
    terms: Terms,
    notice: Callable[[str], None],
) -> Queue:
    """The queue at a location; two reads, nothing is written.

    Args:
        location: as for `GSheetMLScheduler`.
        sheet_index: which tab, from 0.
        tags: what this machine is, for the column `only_on`.
        terms: how long a lease holds, and how often a run is tried.
        notice: gets sentences for people.

    Raises:
        LocationError, SheetLayoutError, SheetUnreachableError: see `GSheetMLScheduler`.
    """
    spreadsheet, worksheet = open_worksheet(location, sheet_index, user_agent=new_worker_name())
    pacing = Pacing(limit=limit_per_minute(worksheet.client))
    rules = text_rules(spreadsheet.locale, comma_number_format=False)
    sheet = RunSheet(worksheet, rules, pacing)
    taker = Taker(frozenset(tags), socket.gethostname())
    pacing.until_done(sheet.read_lines, FOR_A_CLAIM, what="read lines 1 and 2")
    desk = Desk(
        sheet, default_colors(), pacing, notice, SystemRandom(), terms, taker,
        journal=user_journal(notice),
    )  # fmt: skip
    return Queue(desk, Recorder(keeper_of(worksheet.client)))


def metric_cells(
    columns: Columns, values: Mapping[str, Value]
) -> tuple[dict[str, Scalar], list[str]]:
    """The cells for what a script logged, and a sentence for each name that can't have one."""
    cells: dict[str, Scalar] = {}
    refused = []
    for name, value in values.items():
        if name in MANDATORY or name in FEATURES:
            refused.append(
                f"{columns.sheet}: the column {name!r} isn't for metrics, so nothing is written to "
                "it. Log under another name."
            )
        elif name in columns.ids and name not in columns.not_keys:
            refused.append(
                f"{columns.sheet}: the column {name!r} is a hyperparameter, so no metric is "
                "written to it. Put N/A into its line 2, or log under another name."
            )
        else:
            cells[name] = metric_cell(value)
    return cells, refused
