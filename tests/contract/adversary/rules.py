"""Which cell of which row a worker may change to what: P1, P2 and P3, as a question about one cell.

Pure: a change and what the tab looks like go in, yes or no comes out. Nothing of the product is
asked but how tokens and leases read. Elsewhere: what follows from a no (`referee.py`).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from gsheet_ml_scheduler.runsheet.claims import STALE_AFTER, parse_token
from gsheet_ml_scheduler.runsheet.leases import parse_lease
from tests.contract.adversary.picture import Change, Snapshot

NUMBERS = frozenset(["loss"])
TEXTS = frozenset(["started", "duration", "host", "error"])
FINAL = ("done", "failed", "stopped", "killed", "lost")
COMMANDS = frozenset(["stop", "kill", "pause", "resume", "requeue"])
_ATTEMPT = re.compile(r"[0-9]+/[0-9]+")


def is_right(
    worker: str,
    change: Change,
    now: Snapshot,
    at: datetime,
    *,
    as_known: Snapshot | None = None,
) -> bool:
    """Whether a worker may change a cell.

    Args:
        worker: its name.
        change: the cell, what it held, what it holds then.
        now: the tab before the change.
        at: the server's time.
        as_known: judge by what the row held in this older picture; the columns are always those
            of now, for a write into a wrong column is wrong whatever the worker knew.
    """
    row = change.row
    view = as_known or now
    if row not in now.run_rows or row not in view.run_rows:
        return False
    if _is_own_lease(worker, change):
        return True
    column = now.names.get(change.column)
    owns, fills_in = owner_is(worker, view, row), is_filling_in(worker, view, row)
    if column == "status":
        status = view.at(row, "status")
        return isinstance(change.new, str) and (
            owns or fills_in or _is_claim(worker, change, status, at)
        )
    if column == "worker_name":
        return (owns and change.new in (None, worker)) or (fills_in and change.new == worker)
    if column == "lease":
        return _is_lease(worker, change, at, owns=owns, fills_in=fills_in)
    if column == "command":
        return owns and change.new is None
    if column == "attempt":
        return (owns or fills_in) and bool(_ATTEMPT.fullmatch(str(change.new)))
    if column in TEXTS:
        return (owns or fills_in) and not isinstance(change.new, float)
    if column in NUMBERS:
        return (owns or fills_in) and not isinstance(change.new, str)
    if column is None or now.default(change.column) == "N/A":
        return False
    is_blank = view.cell(row, change.column) == ""
    return fills_in and is_blank and same(change.new, now.default(change.column))


def owner_is(worker: str, view: Snapshot, row: int) -> bool:
    """Whether a row names a worker, or holds its lease, as during a takeover."""
    lease = parse_lease(view.at(row, "lease"))
    return view.at(row, "worker_name") == worker or (lease is not None and lease.worker == worker)


def is_filling_in(worker: str, view: Snapshot, row: int) -> bool:
    """Whether a row holds a worker's token beside nobody's name."""
    token = parse_token(view.at(row, "status"))
    return token is not None and token.worker == worker and view.at(row, "worker_name") == ""


def same(one: Any, other: Any) -> bool:
    """Whether two cells hold the same; nothing is as good as no text."""
    return ("" if one is None else one) == ("" if other is None else other)


def _is_own_lease(worker: str, change: Change) -> bool:
    """A comparison found the worker's own lease, whatever a person calls its column by now."""
    old, new = parse_lease(change.old), parse_lease(change.new)
    return old is not None and new is not None and old.worker == new.worker == worker


def _is_claim(worker: str, change: Change, status: Any, at: datetime) -> bool:
    """`ready` to a token of the worker's own, or a token back to `ready`."""
    new, old = parse_token(change.new), parse_token(status)
    if new is not None:
        return new.worker == worker and status == "ready"
    if change.new != "ready" or old is None:
        return False
    return old.worker == worker or at - old.at > STALE_AFTER


def _is_lease(worker: str, change: Change, at: datetime, *, owns: bool, fills_in: bool) -> bool:
    """A first lease, a later one, none any more; or one taken from a worker whose own lapsed."""
    old, new = parse_lease(change.old), parse_lease(change.new)
    if change.new is None:
        return owns
    if new is None or new.worker != worker:
        return False
    was_mine = old is None or old.worker == worker
    return fills_in or (owns and was_mine) or (old is not None and old.until < at)
