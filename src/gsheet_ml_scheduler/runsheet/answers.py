"""What the answer to one request showed; plain values, made by `worksheet.py`.

Decided here: nothing. Empty, absent and unknown are kept apart: see each field.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from gsheet_ml_scheduler.errors import SheetLayoutError
from gsheet_ml_scheduler.runsheet.columns import Columns, Row


@dataclass(frozen=True, slots=True)
class Look:
    """What a worker that looks for work sees."""

    columns: Columns
    statuses: Sequence[Any]
    workers: Sequence[Any]
    now: datetime


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row with the header of the same answer; `row` is None when it is gone."""

    columns: Columns
    row: Row | None
    row_index: int


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of a compare-and-pin.

    `replaced` and `formulas` are None when an earlier, unanswered attempt had landed;
    `refused_because` is set when the cell may not be changed at all.
    """

    replaced: bool | None
    formulas: frozenset[int] | None = None
    other_pins: tuple[int, ...] = ()
    refused_because: str | None = None
    is_pinned: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """What a write's own answer shows: the header at that moment, and the row."""

    names: tuple[str, ...]
    row_index: int
    problem: SheetLayoutError | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """What the answer to an append shows: line 1 at that moment, and the probed cells."""

    names: tuple[str, ...]
    probes: tuple[Any, ...]


class Painted(Enum):
    """What became of paint that was meant for the pinned row."""

    RIGHT = "on the pinned row"
    NOT_AT_ALL = "refused: the pinned row is elsewhere"
    ASTRAY = "on another row"
    GONE = "on another row, for the pinned one is gone"
