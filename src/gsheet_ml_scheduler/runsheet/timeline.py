"""When runs began and ended, by what was seen of their status: for queues that don't write it down.

Decided here: which change of a row's status is a beginning and which an end. A queue with the
columns `started` and `duration` says so itself, and is believed (`summary.py`). Pure: whoever sees
changes hands them in, in their order, with their time.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timezone

from gsheet_ml_scheduler.runsheet.lifecycle import ENDED, HELD, State, state_of
from gsheet_ml_scheduler.runsheet.summary import RunFacts
from gsheet_ml_scheduler.runsheet.values import duration_text, time_text


@dataclass(slots=True)
class _Seen:
    """What was last seen of a row."""

    status: str = ""
    worker: str = ""
    started: datetime | None = None
    ended: datetime | None = None


class Timeline:
    """What was seen of the rows of a queue."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._rows: dict[Hashable, _Seen] = {}

    def see(
        self, row: Hashable, seconds: float, *, status: str | None = None, worker: str | None = None
    ) -> None:
        """A row's status or worker was written.

        Args:
            row: what names the row, wherever it stands.
            seconds: when, since 1970.
            status: the new text; None if it wasn't written.
            worker: likewise.
        """
        seen = self._rows.setdefault(row, _Seen())
        seen.status = seen.status if status is None else status
        seen.worker = seen.worker if worker is None else worker
        at = datetime.fromtimestamp(seconds, timezone.utc)
        state = state_of(seen.status, seen.worker)
        if state in HELD or state is State.CLAIMED:
            if seen.started is None or seen.ended is not None:
                seen.started, seen.ended = at, None
        elif state in ENDED:
            if seen.ended is None:
                seen.ended = at
        else:
            seen.started = seen.ended = None

    def told(self, row: Hashable, facts: RunFacts) -> RunFacts:
        """The facts of a run, with what was seen in place of what the row doesn't say."""
        seen = self._rows.get(row)
        if seen is None or seen.started is None or facts.started:
            return facts
        duration = "" if seen.ended is None else duration_text(seen.ended - seen.started)
        started = time_text(seen.started)
        return RunFacts(facts.status, facts.worker, facts.lease, started, duration)
