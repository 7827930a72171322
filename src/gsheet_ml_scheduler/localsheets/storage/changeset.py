"""What one batch leaves to be written: made by `book.py`, written by `snapshot.py`."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model.record import Row
from ..model.structure import Json, Structure
from .batches import Applied


@dataclass(slots=True)
class ChangeSet:
    """Rows, lines, metadata and styles as they are to be, and the effects for the log."""

    rows: list[Row] = field(default_factory=list)
    removed_rows: list[tuple[int, int, int]] = field(default_factory=list)  # sheet, first, size
    removed_sheets: list[int] = field(default_factory=list)
    structure: Structure | None = None  # if anything but cells changed
    metadata: list[Json] = field(default_factory=list)
    removed_metadata: list[int] = field(default_factory=list)
    styles: list[tuple[int, str]] = field(default_factory=list)
    effects: list[Json] = field(default_factory=list)
    applied: Applied | None = None  # the batch by its name, if it has one
