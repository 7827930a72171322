"""The change log as those read it who want to know who did what: forwards, backwards, by a text.

Decided here: what one entry of the log says, and when the log doesn't reach far enough. Decided
elsewhere: what effects are (`model/changelog.py`), how long entries are kept (`store.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..model.stored import decode
from ..model.structure import Json
from . import batches, sql
from .snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the change log; client and batch are of those whose sender named them."""

    revision: int
    time: float  # seconds since 1970
    author: str
    effects: list[Json]
    client: str | None = None
    batch: str | None = None


def since(snapshot: Snapshot, revision: int) -> list[Entry] | None:
    """The entries after a revision, in order; None if the log doesn't reach back to it."""
    found = sql.ENTRIES_SINCE(snapshot.cursor, since=revision).fetchall()
    if len(found) != snapshot.revision - revision:
        return None
    names = batches.names_since(snapshot.cursor, revision) if found else {}
    return [
        Entry(number, when, author, decode(effects), *names.get(number, (None, None)))
        for number, when, author, effects in found
    ]


def holding(snapshot: Snapshot, text: str, or_text: str) -> Iterator[Entry]:
    """The entries whose effects, as they are stored, hold one of two texts; newest first."""
    for number, when, author, effects in sql.ENTRIES_WITH(
        snapshot.cursor, text=text, or_text=or_text
    ):
        yield Entry(number, when, author, decode(effects))


def setting_cells(
    snapshot: Snapshot, revision: int, after: float
) -> Iterator[tuple[float, list[Json]]]:
    """Times and effects of batches that set cells, newest first.

    Args:
        snapshot: the workbook.
        revision: only those after it.
        after: only those after this time, in seconds since 1970.
    """
    for _, when, effects in sql.CELLS_SET_SINCE(
        snapshot.cursor, since=revision, after=after, text='"type":"cells"'
    ):
        yield when, decode(effects)


def reach_back_to_the_first(snapshot: Snapshot) -> bool:
    """Whether the log still has every entry."""
    return sql.FIRST_CHANGE(snapshot.cursor).fetchone()[0] in (None, 1)


def time_of(snapshot: Snapshot, revision: int) -> float | None:
    """When a revision was written, in seconds since 1970; None if the log doesn't know."""
    found = sql.CHANGE_TIME(snapshot.cursor, of_revision=revision).fetchone()
    return found[0] if found else None
