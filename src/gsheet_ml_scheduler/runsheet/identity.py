"""What tells a run from every other row, for somebody who isn't its worker. Pure.

Decided here: by what a row that was meant is known again after rows moved. A name that stands once
is enough. Without one it is all that makes a run: its worker and its config; rows that agree in
that are the same to everybody. Elsewhere: a worker knows its run by its pin (`holding.py`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gsheet_ml_scheduler.runsheet.columns import Columns, Row
from gsheet_ml_scheduler.runsheet.selecting import Chosen
from gsheet_ml_scheduler.runsheet.values import is_blank

Identity = tuple[Any, ...]
"""One part for a name of its own; name, worker and config otherwise."""


@dataclass(frozen=True, slots=True)
class Target:
    """A run that is meant, and what tells it from every other row."""

    number: int
    run: Chosen
    identity: Identity


def targets_of(columns: Columns, rows: Sequence[Row], runs: Sequence[Chosen]) -> list[Target]:
    """The runs that are meant, each with what tells it from every other row."""
    counts = Counter(columns.text(row, columns.run_name) for row in rows)
    once = {name for name, count in counts.items() if name and count == 1}
    return [
        Target(number, run, _identity(columns, rows[run.run_id], by_name=run.name in once))
        for number, run in enumerate(runs)
    ]


def _identity(columns: Columns, row: Row, *, by_name: bool) -> Identity:
    """What tells a run from every other row: its name, if it has one of its own.

    Else its worker and its config: rows that agree in all that are the same to everybody.
    """
    name = columns.text(row, columns.run_name)
    if by_name:
        return (name,)
    config = tuple(
        (key.key, "" if key.index >= len(row) or is_blank(row[key.index]) else row[key.index])
        for key in columns.config
    )
    return (name, columns.text(row, columns.worker_name), config)


def is_same(identity: Identity, columns: Columns, row: Row) -> bool:
    """Whether a row is the run of that identity."""
    return _identity(columns, row, by_name=len(identity) == 1) == identity


def places_of(columns: Columns, rows: Sequence[Row]) -> dict[Identity, list[int]]:
    """Where the runs of each identity are; a name that stands several times is nobody's."""
    places: dict[Identity, list[int]] = {}
    for run_id, row in enumerate(rows):
        for by_name in (True, False):
            places.setdefault(_identity(columns, row, by_name=by_name), []).append(run_id)
    return {key: found for key, found in places.items() if len(key) > 1 or len(found) == 1}
