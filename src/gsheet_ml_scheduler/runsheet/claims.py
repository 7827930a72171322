"""Decisions of the run queue, without I/O; time and randomness are arguments.

Decided here: which row to claim and who may, what a claim's token looks like and when it is stale,
whether a claim is confirmed (P1), what is filled in (P3), what was lost, what changed, and how a
write that met moved columns is repaired (P2). Elsewhere: who asks and writes (`claiming.py`,
`syncing.py`), leases (`leases.py`), commands (`commands.py`).
"""

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from gsheet_ml_scheduler.runsheet.answers import Look
from gsheet_ml_scheduler.runsheet.columns import LEASE, Columns, Row
from gsheet_ml_scheduler.runsheet.leases import is_of
from gsheet_ml_scheduler.runsheet.lifecycle import READY, TOKEN_STARTS
from gsheet_ml_scheduler.runsheet.values import Scalar, is_blank, text_of

STALE_AFTER = timedelta(minutes=2)
"""A token older than this belongs to a worker that died half-way."""

WIDEST_SPREAD = 64
"""Among so many equals a worker chooses at random, once it has lost a race."""

FILL_IN_WITHIN = timedelta(minutes=1)
"""A worker that couldn't fill in by then gives the claim up, well before it is stale."""

NOT_FOUND = "its row was deleted, or another worker took the run over"
"""Why a run is lost whose pin is gone."""

_TOKEN = re.compile(
    r"(?:claimed|written) by (?P<worker>\S+) "
    r"(?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})Z (?P<nonce>[0-9a-f]+)\Z"
)
_TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Token:
    """The text that stands in `status` while a row is being claimed or written."""

    worker: str
    at: datetime
    nonce: str


def make_token(worker: str, at: datetime, nonce: str, *, doing: str = "claimed") -> str:
    """A text unique to one claim, with the server's time: `claimed by dF53M7 … 3f9a`."""
    return f"{doing} by {worker} {at:%Y-%m-%d %H:%M:%S}Z {nonce}"


def parse_token(text: Any) -> Token | None:
    """The token that a cell holds; None for anything that isn't one."""
    match = _TOKEN.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        at = datetime.strptime(match["at"], _TIME).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return Token(match["worker"], at, match["nonce"])


def stale_tokens(statuses: Iterable[Any], now: datetime) -> list[str]:
    """The tokens that anyone may turn back to `ready`, each once.

    Args:
        statuses: the status column.
        now: the server's time, from the very answer that carried the column.
    """
    texts = {text for text in _distinct(statuses) if text.startswith(TOKEN_STARTS)}
    tokens = ((text, parse_token(text)) for text in sorted(texts))
    return [text for text, token in tokens if token and now - token.at > STALE_AFTER]


def _distinct(cells: Iterable[Any]) -> list[str]:
    return [cell for cell in set(cells) if isinstance(cell, str)]


def claimable(
    statuses: Sequence[Any], workers: Sequence[Any], passed_over: Container[int]
) -> Iterator[int]:
    """The claimable runs from the top.

    A run is claimable when its `status` is exactly `ready` and its `worker_name` is blank.

    Args:
        statuses: the status column from line 3 on; the search through it is C's.
        workers: the worker_name column from line 3 on; it may be shorter.
        passed_over: run rows that were tried in vain, or aren't for this worker.
    """
    at = -1
    while True:
        try:
            at = statuses.index(READY, at + 1)
        except ValueError:
            return
        if at not in passed_over and is_claimable(statuses, workers, at):
            yield at


def spread_after(spread: int, *, won: bool) -> int:
    """Among how many equals a worker chooses when it begins its next claim; 1 is the first one.

    Workers that all go for the first run lose most races, and a lost race costs two writes. So a
    claim whose first try is lost spreads the next one's choice twice as wide, and one that is won
    narrows it by one: alone, or where claims are rare, everybody keeps to the sheet's order.
    """
    return max(1, spread - 1) if won else min(2 * spread, WIDEST_SPREAD)


@dataclass(frozen=True, slots=True)
class Taker:
    """What a worker is, for the column `only_on`: its tags and its host's name."""

    tags: frozenset[str] = frozenset()
    host: str = ""

    def may_take(self, only_on: Any) -> bool:
        """Whether a cell of `only_on` lets it: blank, or one of its words fits.

        A word is a tag, or a pattern such as `gpu-*` after `host=`; commas and blanks part words.

        >>> Taker(frozenset(["a100"]), "gpu-7").may_take("h100, a100")
        True
        >>> Taker(host="gpu-7").may_take("host=gpu-*")
        True
        >>> Taker(host="laptop").may_take("a100")
        False
        """
        words = text_of(only_on).replace(",", " ").split()
        return not words or any(self._fits(word) for word in words)

    def _fits(self, word: str) -> bool:
        kind, sign, pattern = word.partition("=")
        if sign and kind.lower() == "host":
            return fnmatchcase(self.host.lower(), pattern.lower())
        return any(fnmatchcase(tag.lower(), word.lower()) for tag in self.tags)


def choose(look: Look, passed_over: Container[int], taker: Taker, skip: int = 0) -> int | None:
    """The run that a worker claims next; None when nothing is claimable for it.

    Of the runs that it may take, those with the highest `priority`, and of these the first.

    Args:
        look: the columns that say what is claimable.
        passed_over: run rows that were tried in vain.
        taker: what the worker is.
        skip: so many equals are left to others; where there are fewer, it is counted round.
    """
    equals = claimable(look.statuses, look.workers, passed_over)
    if look.only_on:
        equals = (at for at in equals if taker.may_take(_cell(look.only_on, at)))
    if look.priorities:
        equals = _highest(look.priorities, equals)
    first = list(islice(equals, skip + 1))
    return first[skip % len(first)] if first else None


def _highest(priorities: Sequence[Any], rows: Iterable[int]) -> Iterator[int]:
    by_row = {at: _priority(_cell(priorities, at)) for at in rows}
    highest = max(by_row.values(), default=0.0)
    return (at for at, priority in by_row.items() if priority == highest)


def _cell(column: Sequence[Any], at: int) -> Any:
    return column[at] if at < len(column) else ""


def _priority(cell: Any) -> float:
    """A number; anything else counts as 0."""
    return float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else 0.0


def is_claimable(statuses: Sequence[Any], workers: Sequence[Any], at: int) -> bool:
    """Whether one run row may be claimed."""
    if at >= len(statuses) or statuses[at] != READY:
        return False
    return at >= len(workers) or is_blank(workers[at])


def is_confirmed(columns: Columns, row: Row | None, token: str) -> bool:
    """Whether the pinned row is ours: our token in `status`, and nobody's name beside it."""
    if row is None or columns.status >= len(row) or row[columns.status] != token:
        return False
    return not columns.text(row, columns.worker_name)


def is_older_than_compare(columns: Columns, row: Row | None) -> bool:
    """Whether an answer may be from before our own compare-and-pin, so that asking again helps."""
    return row is None or columns.text(row, columns.status) == READY


def is_ours(columns: Columns, row: Row | None, worker: str, *, leased: bool = False) -> bool:
    """Whether the row's own text proves that this worker still owns the run."""
    return lost_because(columns, row, worker, leased=leased) is None


def lost_because(
    columns: Columns, row: Row | None, worker: str, *, leased: bool = False
) -> str | None:
    """Why a run isn't this worker's any more, for the sentence in `RunLost`; None while it is.

    Args:
        columns: the header of the same answer.
        row: the row as its pin found it, None when it is gone.
        worker: the worker's name.
        leased: whether it wrote a lease, which must be its own still, where the column is.
    """
    if row is None:
        return NOT_FOUND
    name = columns.text(row, columns.worker_name)
    if not name:
        return f"its worker_name was emptied (status {columns.text(row, columns.status)!r})"
    if name != worker:
        return f"its row names worker {name!r}"
    at = columns.feature(LEASE)
    if leased and at is not None and not is_of(columns.text(row, at), worker):
        return f"its lease is {columns.text(row, at)!r}, which isn't what this worker wrote"
    return None


def defaults_to_fill_in(columns: Columns, row: Row, formulas: Collection[int]) -> dict[int, Any]:
    """Which blank config cells get which default, by column.

    A cell with a formula isn't blank, even if it shows nothing (P3).
    """
    width = len(row)
    return {
        column.index: column.default_cell
        for column in columns.config
        if not is_blank(column.default_cell)
        and (column.index >= width or is_blank(row[column.index]))
        and column.index not in formulas
    }


def changed_keys(old: Mapping[str, Scalar], new: Mapping[str, Scalar]) -> list[str]:
    """The keys of the new config whose value differs, in its order; 1 isn't True."""
    return [key for key, value in new.items() if key not in old or differ(old[key], value)]


def differ(old: Scalar, new: Scalar) -> bool:
    """Whether two values aren't the same for training."""
    return old != new or type(old) is not type(new)


def as_row(cells: Mapping[int, Any]) -> list[Any]:
    """Cells by column as one row for a write; None leaves a cell as it is."""
    row: list[Any] = [None] * (max(cells) + 1)
    for index, value in cells.items():
        row[index] = value
    return row


def earlier_names(names_before: Sequence[str], names_now: Sequence[str]) -> dict[str, str]:
    """What columns that were renamed were called before, by their name now.

    Told from the names that came and went: one for one, from left to right. Where their numbers
    differ, columns were made or deleted, and no name is told.
    """
    gone = [name for name in names_before if name and name not in names_now]
    new = [name for name in names_now if name and name not in names_before]
    return dict(zip(new, gone)) if len(new) == len(gone) else {}


def repair(
    before: Columns,
    row: Row,
    written: Iterable[int],
    names_now: Sequence[str],
    wanted: Mapping[str, Any],
) -> dict[int, Any]:
    """What to write after a write met moved columns: the old values back, ours where they belong.

    Args:
        before: the header that the row was read with.
        row: the row as it was read.
        written: the columns that the misplaced write wrote to.
        names_now: line 1 as the write's own answer shows it.
        wanted: what should have been written, by name.
    """
    called = earlier_names(before.names, names_now)
    cells: dict[int, Any] = {}
    for index in written:
        name = names_now[index] if index < len(names_now) else ""
        old = before.ids.get(called.get(name, name))
        cells[index] = row[old] if old is not None and old < len(row) else ""
    for name, value in wanted.items():
        if name in names_now:
            cells[names_now.index(name)] = value
    return cells
