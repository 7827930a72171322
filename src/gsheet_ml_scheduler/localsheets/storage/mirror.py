"""What a process has lately read of a workbook, in memory, kept current by the change log.

Decided here: what is kept and when it may be used. Two things are worth keeping. Rows: lines 1 and
2 and a worker's own row are read at every step, and finding them decoded costs a hundredth of
reading them. Columns: a worker that looks for a run reads the status column of the whole queue,
which with 100,000 rows is 80 ms of reading records but 1 ms of copying a list; so columns that are
read whole are kept, as they render UNFORMATTED, in a list indexed by row id. A changed cell is one
assignment, and inserting, moving or sorting rows touches nothing, because the axis does the order.

The mirror stands at one revision. A snapshot of another one doesn't use it: an older one has been
overtaken, a newer one first brings it up to date from the log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, TypeAlias

from ..model.axis import Axis
from ..model.record import Cell, Kept, Scalar
from .columns import patch

_CELLS_KEPT = 4_000_000  # in columns; about 32 MB of references
_ROWS_KEPT = 2_000

Effects: TypeAlias = "list[dict[str, Any]]"
Since: TypeAlias = "Callable[[int], Iterable[Effects] | None]"


class Mirror:
    """Rows and columns of a workbook at one revision. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # reading a column asks for rows
        self._revision = -1
        self.styles_changed = 0  # the revision up to which styles may have been added
        self._rows: dict[tuple[int, int], Kept] = {}
        # None: the column has formulas, whose "" is not a blank; such a column isn't mirrored.
        self._columns: dict[tuple[int, int], list[Scalar] | None] = {}

    def follow(self, revision: int, since: Since) -> None:
        """Come up to a newer revision; `since` answers the effects of the batches after one."""
        if self._revision >= revision:
            return
        with self._lock:
            if self._revision >= revision:
                return
            missed = since(self._revision) if self._rows or self._columns else None
            if missed is None:
                self._rows.clear()
                self._columns.clear()
                self.styles_changed = revision
            else:
                for effects in missed:
                    self._apply(effects, revision)
            self._revision = revision

    def applied(self, revision: int, effects: Effects, rows: dict[tuple[int, int], Kept]) -> None:
        """A revision was written by this process: its effects, and the rows as they are now."""
        with self._lock:
            if self._revision == revision - 1:
                self._apply(effects, revision)
                self._keep(rows)
                self._revision = revision

    def row(self, key: tuple[int, int], revision: int) -> Kept | None:
        """A kept row, by sheet id and row id. It is not to be changed."""
        with self._lock:
            return self._rows.get(key) if self._revision == revision else None

    def keep_row(self, key: tuple[int, int], revision: int, row: Kept) -> None:
        """Keep a row that a snapshot of some revision has read."""
        with self._lock:
            if self._revision == revision:
                self._keep({key: row})

    def column(
        self,
        key: tuple[int, int],
        axis: Axis,
        between: tuple[int, int],
        revision: int,
        load: Callable[[], list[Scalar] | None],
    ) -> list[Scalar] | None:
        """A column's values in the order of the axis, "" for blanks; None where it can't serve.

        The list is the caller's own.

        Args:
            key: sheet id and column id.
            axis: the order of the rows.
            between: the first row and the one after the last.
            revision: the snapshot's.
            load: reads it, see `columns.py`.
        """
        with self._lock:
            if self._revision != revision:
                return None
            if key not in self._columns:
                if sum(len(c) for c in self._columns.values() if c) + axis.next_id > _CELLS_KEPT:
                    self._columns.clear()
                self._columns[key] = load()
            column = self._columns[key]
            return None if column is None else _ordered(column, axis, between)

    def _keep(self, rows: dict[tuple[int, int], Kept]) -> None:
        if len(self._rows) + len(rows) > _ROWS_KEPT:
            self._rows.clear()
        if len(rows) <= _ROWS_KEPT:
            self._rows.update(rows)

    def _apply(self, effects: Effects, revision: int) -> None:
        for effect in effects:
            kind = effect["type"]
            if kind in ("cells", "formats", "extras"):
                sheet_id = effect["sheetId"]
                for row_id in effect["rows"]:
                    self._rows.pop((sheet_id, int(row_id)), None)
                if kind == "cells":
                    self._patch(sheet_id, effect["rows"])
            elif kind == "styles":
                self.styles_changed = revision
            elif kind in ("sheetAdded", "sheetRemoved"):
                gone = effect["sheetId"]  # the id may come back, with other rows
                for kept in (self._rows, self._columns):
                    for key in [key for key in kept if key[0] == gone]:
                        del kept[key]

    def _patch(self, sheet_id: int, rows: dict[Any, dict[Any, Cell]]) -> None:
        columns = {key[1]: column for key, column in self._columns.items() if key[0] == sheet_id}
        if not columns:
            return
        for row_id, cells in rows.items():
            for column_id, cell in cells.items():
                column = columns.get(int(column_id))
                if column is not None and not patch(column, int(row_id), cell):
                    self._columns[sheet_id, int(column_id)] = columns[int(column_id)] = None


def _ordered(column: list[Scalar], axis: Axis, between: tuple[int, int]) -> list[Scalar]:
    # Rows may have been added since the list was made, with nothing in them.
    column += [""] * (axis.next_id - len(column))
    if not axis.has_few_spans():  # then slices are faster than single cells
        return [column[row_id] for row_id in axis.ids(*between)]
    spans = [column[first : first + size] for first, size in axis.spans_between(*between)]
    return spans[0] if len(spans) == 1 else list(chain.from_iterable(spans))
