"""Whole columns in memory, kept current by the change log.

A worker that looks for a run reads the status column of the whole queue. With 100,000 rows that is
80 ms of reading records but 1 ms of copying a list, so columns that are read whole are kept, as
they render UNFORMATTED, in a list indexed by row id: a cell patch is one assignment, and inserting,
moving or sorting rows touches nothing, because the axis does the ordering.

The mirror stands at one revision. A reader whose snapshot is older doesn't use it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

from .axis import Axis
from .record import Cell, Scalar

_BUDGET = 4_000_000  # cells; about 32 MB of references


class Mirror:
    """Columns of a workbook at one revision. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revision = -1
        # None: the column has formulas, whose "" is not a blank; such a column isn't mirrored.
        self._columns: dict[tuple[int, int], list[Scalar] | None] = {}

    def read(
        self,
        key: tuple[int, int],
        axis: Axis,
        between: tuple[int, int],
        revision: int,
        changes: Callable[[int], Iterable[tuple[int, str]] | None],
        load: Callable[[], list[tuple[int, Cell]]],
    ) -> list[Scalar] | None:
        """A column's values in the order of the axis, "" where nothing is; None with formulas.

        Args:
            key: sheet id and column id.
            axis: the order of the rows.
            between: the first row and the one after the last.
            revision: the revision of the snapshot that `changes` and `load` read.
            changes: the logged effects since a revision, None where the log doesn't reach back.
            load: row ids with their cell in this column.
        """
        with self._lock:
            if revision < self._revision:
                return None  # an old snapshot, which another thread's newer one has overtaken
            self._follow(revision, changes)
            if key not in self._columns:
                if sum(len(c) for c in self._columns.values() if c) + axis.next_id > _BUDGET:
                    self._columns.clear()
                self._columns[key] = _listed(load(), axis.next_id)
            column = self._columns[key]
            return None if column is None else _ordered(column, axis, between)

    def applied(self, revision: int, patches: Iterable[tuple[int, int, int, Cell]]) -> None:
        """A revision that was written here; patches: sheet id, row id, column id, cell."""
        with self._lock:
            if self._revision == revision - 1:
                self._patch(patches)
                self._revision = revision

    def _follow(
        self, revision: int, changes: Callable[[int], Iterable[tuple[int, str]] | None]
    ) -> None:
        if self._revision == revision:
            return
        if self._columns:
            found = changes(self._revision)
            if found is None:
                self._columns.clear()
            else:
                for _, effects in found:
                    self._patch(cell_patches(json.loads(effects)))
        self._revision = revision

    def _patch(self, patches: Iterable[tuple[int, int, int, Cell]]) -> None:
        for sheet_id, row_id, column_id, cell in patches:
            column = self._columns.get((sheet_id, column_id))
            if column is not None:
                if isinstance(cell, dict):
                    self._columns[sheet_id, column_id] = None
                    continue
                if row_id >= len(column):
                    column.extend([""] * (row_id + 1 - len(column)))
                column[row_id] = "" if cell is None else cell


def cell_patches(effects: list[dict[str, Any]]) -> Iterable[tuple[int, int, int, Cell]]:
    """The cells that logged effects set: sheet id, row id, column id, cell."""
    for effect in effects:
        if effect["type"] == "cells":
            for row_id, cells in effect["rows"].items():
                for column_id, cell in cells.items():
                    yield effect["sheetId"], int(row_id), int(column_id), cell


def _listed(cells: list[tuple[int, Cell]], size: int) -> list[Scalar] | None:
    column: list[Scalar] = [""] * size
    for row_id, cell in cells:
        if isinstance(cell, dict):
            return None
        if cell is not None:
            column[row_id] = cell
    return column


def _ordered(column: list[Scalar], axis: Axis, between: tuple[int, int]) -> list[Scalar]:
    out: list[Scalar] = []
    for first, size in axis.spans_between(*between):
        part = column[first : first + size]
        out += part
        if len(part) < size:  # rows added since the list was made, with nothing in them
            out += [""] * (size - len(part))
    return out
