"""Heartbeats: a held run's lease is prolonged, whether or not its training syncs.

Decided here: that a heartbeat is a compare-and-set of the lease cell, from the text that we wrote
to a later one, so that a late one can't revive a run that ended (P1); what a comparison in vain
means; and how often the background thread looks whether one is due (P5). Elsewhere: what a lease
says (`leases.py`), which requests come first (`pacing.py`).
"""

import threading
from collections.abc import Callable, Sequence

from gsheet_ml_scheduler.errors import OUT_OF_REACH, RunLost
from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.budget import Urgency
from gsheet_ml_scheduler.runsheet.columns import LEASE
from gsheet_ml_scheduler.runsheet.holding import Desk, HeldRun
from gsheet_ml_scheduler.runsheet.leases import is_due, lease_text
from gsheet_ml_scheduler.runsheet.pacing import Patience
from gsheet_ml_scheduler.runsheet.wire import Swap

_LOOKS_A_HEARTBEAT = 8
_TRIES = 3
"""How often a lease that is still ours is compared again at the place where it is by then."""


def beat(runs: Sequence[HeldRun]) -> None:
    """Prolongs the leases of runs of one process; one write if no row has moved.

    A run that turns out to be lost is marked so; its next sync raises.

    Raises:
        SheetUnreachableError, SheetLayoutError: no lease was prolonged.
    """
    left = [held for held in runs if held.lease and held.lost is None]
    for _ in range(_TRIES):
        left = _compared(left)
        if not left:
            return
        for held in list(left):
            if not _seen_again(held):
                left.remove(held)


def beat_when_due(desk: Desk) -> None:
    """A heartbeat for every held run that wants one; raises as `beat`."""
    with desk.beating:
        now = desk.sheet.server_time()
        due = [held for held in list(desk.held) if is_due(held.lease, now, desk.terms)]
        if due:
            seconds = desk.terms.heartbeat.total_seconds()
            patience = Patience(seconds, urgency=Urgency.HEARTBEAT)
            desk.pacing.until_done(lambda: beat(due), patience, what="prolong a lease")


def _compared(runs: Sequence[HeldRun]) -> list[HeldRun]:
    """One compare-and-set each; those that replaced nothing."""
    if not runs:
        return []
    sheet, terms = runs[0].desk.sheet, runs[0].desk.terms
    at = sheet.header.columns.feature(LEASE)
    if at is None:
        return []  # without the column there are no leases
    now = sheet.server_time()
    swaps = [
        Swap(held.row_index, at, held.lease, lease_text(held.worker, now, terms.seconds))
        for held in runs
    ]
    requests = [wire.swap(sheet.sheet_id, swap) for swap in swaps]
    replies = sheet.batch({"requests": requests}, relaxed=True)["replies"]
    in_vain = []
    for held, swap, reply in zip(runs, swaps, replies, strict=True):
        if wire.swapped(reply):
            held.lease = swap.new
        elif swap.old != swap.new:
            in_vain.append(held)
    return in_vain


def _seen_again(held: HeldRun) -> bool:
    """Looks through the pin after a comparison in vain; False when the run is lost or moved on."""
    try:
        found = held.proven(held.desk.sheet.read_pinned(held.pin))
    except RunLost as lost:
        held.desk.notice(str(lost))
        return False
    at = found.columns.feature(LEASE)
    if at is None:
        return False
    held.lease = found.columns.text(found.row or (), at)
    return True


class Heart:
    """The background thread that beats for all the runs of a desk; it ends with the process."""

    def __init__(self, desk: Desk) -> None:
        """It isn't started yet."""
        self._desk = desk
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Beats from now on, until it isn't wanted any more; once more does nothing.

        Args:
            is_wanted: asked in the thread before each look.
        """
        if self._thread is None or not self._thread.is_alive():
            self._stopped.clear()
            self._thread = threading.Thread(
                target=self._beat_on, args=(is_wanted,), name="gsheet-ml heartbeat", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Beats no more."""
        self._stopped.set()

    def _beat_on(self, is_wanted: Callable[[], bool]) -> None:
        every = self._desk.terms.heartbeat.total_seconds() / _LOOKS_A_HEARTBEAT
        told = ""
        while not self._stopped.wait(every) and is_wanted():
            try:
                beat_when_due(self._desk)
                told = ""
            except OUT_OF_REACH as error:
                if str(error) != told:
                    told = str(error)
                    self._desk.notice(f"{error} Heartbeats are tried again.")
