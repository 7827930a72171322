"""Writes that were named by their sender: a name that was used is known for a day.

Decided here: how long a name is remembered and what of the write is. It is remembered in the same
transaction as the write itself, so there is no moment at which a batch is applied but its name
isn't known. Decided elsewhere: what happens to a batch that comes twice (`live/guards.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..model.stored import decode, encode
from ..model.structure import Json
from . import schema, sql

REMEMBERED = 86400.0  # seconds
_b = schema.batches.c

_FIND = sql.Statement(
    sa.select(_b.revision, _b.answer).where(
        _b.client == sa.bindparam("client"), _b.batch == sa.bindparam("batch")
    )
)
_SINCE = sql.Statement(
    sa.select(_b.revision, _b.client, _b.batch).where(_b.revision > sa.bindparam("since"))
)
_ADD = sql.Statement(sql.insert_into(schema.batches))
_TRIM = sql.Statement(sa.delete(schema.batches).where(_b.time < sa.bindparam("before")))
_FORGET = sql.Statement(sa.delete(schema.batches))


@dataclass(frozen=True, slots=True)
class Applied:
    """A batch that was applied under its name."""

    client: str
    batch: str
    answer: Json


def find(cursor: Any, client: str, batch: str) -> tuple[int, Json] | None:
    """The revision and the answer of a batch that was applied already."""
    if not sql.has_beside(cursor):
        return None
    row = _FIND(cursor, client=client, batch=batch).fetchone()
    return None if row is None else (row[0], decode(row[1]))


def names_since(cursor: Any, revision: int) -> Mapping[int, tuple[str, str]]:
    """Client and batch of the named batches after a revision, by the revision they led to."""
    if not sql.has_beside(cursor):
        return {}
    return {found[0]: (found[1], found[2]) for found in _SINCE(cursor, since=revision)}


def remember(cursor: Any, applied: Applied, revision: int, now: float) -> None:
    """Keep a batch's name and answer; part of the write's own transaction.

    The revision of a batch that changed nothing is 0: it led to none.
    """
    sql.make_beside(cursor)
    _TRIM(cursor, before=now - REMEMBERED)
    _ADD(
        cursor,
        client=applied.client,
        batch=applied.batch,
        revision=revision,
        time=now,
        answer=encode(applied.answer),
    )


def forget(cursor: Any) -> None:
    """For a copy, which is another spreadsheet with another history."""
    if sql.has_beside(cursor):
        _FORGET(cursor)
