"""How far the queue on a tab is, for the bar above the grid.

Decided here: how the answer looks, and that ten open pages cost as much as one: what was worked out
a moment ago is answered again. Decided elsewhere: what a queue is and what is counted of it
(`runsheet`, which is asked like by any other client, over gspread).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import gspread

from gsheet_ml_scheduler.errors import SheetLayoutError
from gsheet_ml_scheduler.localsheets.errors import not_found
from gsheet_ml_scheduler.localsheets.live.history import Setting
from gsheet_ml_scheduler.runsheet.columns import DURATION, STARTED
from gsheet_ml_scheduler.runsheet.leases import parse_lease
from gsheet_ml_scheduler.runsheet.lifecycle import HELD, State, state_of
from gsheet_ml_scheduler.runsheet.overview import Overview, look_over, row_index
from gsheet_ml_scheduler.runsheet.summary import RunFacts, Summary, summarize
from gsheet_ml_scheduler.runsheet.timeline import Timeline
from gsheet_ml_scheduler.server.shelf import Shelf

SECONDS_KEPT = 1.0
"""Within these an answer is given again."""
SHARE = 20.0
"""What took long is kept so many times as long: it costs a twentieth of the time at most."""
SECONDS_LOOKED_BACK = 2 * 3600.0
"""Of the log, the first time, for when runs began and ended."""
_MOST_KEPT = 100

Json = dict[str, Any]


class _Queue:
    """What is remembered of the queue on a tab between two questions."""

    def __init__(self) -> None:
        self.answer: Json = {}
        self.until = 0.0  # the clock's time until which the answer is given again
        self.timeline = Timeline()
        self.revision = 0
        self.columns: tuple[int, int] | None = None  # ids of the status and the worker column

    def see(self, found: tuple[int, list[Setting]]) -> None:
        """Take in what was written to the two columns."""
        assert self.columns is not None  # noqa: S101 - asked for by them
        status, _ = self.columns
        self.revision, settings = found
        for one in settings:
            text = "" if one.value is None else str(one.value)
            if one.column_id == status:
                self.timeline.see(one.row_id, one.time, status=text)
            else:
                self.timeline.see(one.row_id, one.time, worker=text)


class RunsAnswers:
    """Answers about the runs on a tab. Safe to use from several threads."""

    def __init__(self, shelf: Shelf, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known yet.

        Args:
            shelf: the workbooks.
            clock: seconds, for how long an answer is kept.
        """
        self._shelf = shelf
        self._client = shelf.client()
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, int], _Queue] = {}

    def answer(self, key: str, sheet_id: int) -> Json:
        """How far the queue on a tab is; see docs/reference/live-grid-protocol.md.

        Raises:
            ApiError: 404, there is no such workbook or tab.
            WorkbookError: the file can't be read.
        """
        with self._lock:
            queue = self._known.get((key, sheet_id)) or _Queue()
            began = self._clock()
            if queue.answer and began < queue.until:
                return queue.answer
            queue.answer = self._work_out(key, sheet_id, queue)
            took = self._clock() - began
            queue.until = began + max(SECONDS_KEPT, took * SHARE)
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[key, sheet_id] = queue
            return queue.answer

    def _work_out(self, key: str, sheet_id: int, queue: _Queue) -> Json:
        try:
            spreadsheet = gspread.Spreadsheet(self._client, {"id": key})
            overview = look_over(spreadsheet.get_worksheet_by_id(sheet_id))
        except gspread.exceptions.WorksheetNotFound as error:
            raise not_found(f"There is no tab with the id {sheet_id}.") from error
        except gspread.exceptions.APIError as error:
            raise not_found(str(error.error.get("message", error))) from error
        except SheetLayoutError as error:
            return {"isQueue": False, "why": str(error)}
        rows, columns = self._shelf.live(key, lambda live: live.line_ids(sheet_id))
        ids = [row_id for _, row_id in zip(overview.runs, rows[row_index(0) :])]
        ids += [-1] * (len(overview.runs) - len(ids))  # removed between the two reads
        runs = self._timed(key, sheet_id, queue, overview, ids, columns)
        return _answer(overview, runs, ids)

    def _timed(
        self,
        key: str,
        sheet_id: int,
        queue: _Queue,
        overview: Overview,
        ids: Sequence[int],
        columns: Sequence[int],
    ) -> Sequence[RunFacts]:
        """The runs, each with when it began and ended: as its row says, or as the log does."""
        known = overview.columns
        if known.feature(STARTED) is not None and known.feature(DURATION) is not None:
            return overview.runs
        if max(known.status, known.worker_name) >= len(columns):
            return overview.runs  # columns went between the two reads
        watched = (columns[known.status], columns[known.worker_name])
        if queue.columns != watched:  # the first time, or they were deleted and made anew
            queue.columns, queue.timeline, queue.revision = watched, Timeline(), 0
        after = time.time() - SECONDS_LOOKED_BACK
        since = queue.revision
        queue.see(
            self._shelf.live(key, lambda live: live.settings(sheet_id, watched, since, after))
        )
        return [queue.timeline.told(row, run) for row, run in zip(ids, overview.runs)]


def _answer(overview: Overview, runs: Sequence[RunFacts], ids: Sequence[int]) -> Json:
    summary = summarize(runs, overview.now)
    counts = _counts(overview, summary)
    left = None if summary.end is None else (summary.end - overview.now).total_seconds()
    return {
        "isQueue": True,
        "counts": counts,
        "total": sum(counts.values()),
        "workers": [
            _worker(overview.names[at], summary, run, ids[at])
            for at, run in enumerate(overview.runs)
            if run.worker and state_of(run.status, run.worker) in HELD
        ],
        "alive": len(summary.alive | summary.unleased),
        "perHour": summary.per_hour,
        "secondsLeft": left,
        "time": overview.now.timestamp(),
        "columns": {
            "keys": list(overview.columns.defaults),
            "metrics": overview.metrics,
            "special": overview.features,
        },
    }


def _counts(overview: Overview, summary: Summary) -> dict[str, int]:
    """Runs by state, in the order of a run's life; rows with nothing in them are no runs."""
    blank = sum(
        not (name or run.status or run.worker) for name, run in zip(overview.names, overview.runs)
    )
    counts = Counter(summary.counts)
    counts[State.DRAFT] -= blank
    return {state.value: counts[state] for state in State if counts[state] > 0}


def _worker(name: str, summary: Summary, run: RunFacts, row: int) -> Json:
    lease = parse_lease(run.lease)
    known = run.worker not in summary.unleased
    return {
        "name": run.worker,
        "run": name,
        "row": row,
        "status": run.status,
        "alive": run.worker in summary.alive if known else None,
        "until": None if lease is None else lease.until.timestamp(),
    }
