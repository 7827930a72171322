"""What the answer to one request showed; plain values, made by `worksheet.py`.

Decided here: nothing. Empty, absent and unknown are kept apart: see each field.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from gsheet_ml_scheduler.errors import SheetLayoutError
from gsheet_ml_scheduler.runsheet.columns import Columns, Row


@dataclass(frozen=True, slots=True)
class Look:
    """What a worker that looks for work sees, from line 3 on; features that are off are blank."""

    columns: Columns
    statuses: Sequence[Any]
    workers: Sequence[Any]
    now: datetime
    leases: Sequence[Any] = ()
    priorities: Sequence[Any] = ()
    only_on: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row with the header of the same answer; `row` is None when it is gone."""

    columns: Columns
    row: Row | None
    row_index: int


@dataclass(frozen=True, slots=True)
class Marks:
    """What is pinned to a row besides our own pin: others' pins, and marks that name its run."""

    pins: tuple[int, ...]
    names: Mapping[int, str]

    def run_id(self, own_pin: int) -> str:
        """What names the run: what it was called before it was put back, else the oldest pin."""
        if self.names:
            return self.names[min(self.names)]
        return f"{own_pin:x}"


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of a compare-and-pin.

    `replaced` is None when an earlier, unanswered attempt had landed; `found`, `formulas` and
    `marks` are None when the answer doesn't show the row as it is then; `refused_because` is set
    when the cell may not be changed at all.
    """

    replaced: bool | None
    found: FoundRow | None = None
    formulas: frozenset[int] | None = None
    marks: "Marks | None" = None
    refused_because: str | None = None
    is_pinned: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """What a write's own answer shows: the header at that moment, and where the rows were.

    `rows` has the row index of every pin; one that is missing is gone.
    """

    names: tuple[str, ...]
    rows: Mapping[int, int]
    problem: SheetLayoutError | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """What the answer to an append shows: line 1 at that moment, and the probed cells."""

    names: tuple[str, ...]
    probes: tuple[Any, ...]


class Touched(Enum):
    """What became of a touch that was meant for the pinned row."""

    RIGHT = "on the pinned row"
    NOT_AT_ALL = "refused: the pinned row is elsewhere"
    ASTRAY = "on another row"
    GONE = "on another row, for the pinned one is gone"
