"""Whole columns, read out of the rows once and kept in the file for the next process.

A row is one record, so a column of 100,000 rows is a look at all of them, and a worker that starts
on a long queue looks at two columns before it does anything else. So what a long column held at
some revision is kept beside the rows, and who finds it takes the change log from there on. Nobody
keeps it current: that would make every write dearer. It may be missing or old at any time, and is
made anew when following the log from it would take longer.

A column is a list by row id of values as they render UNFORMATTED, "" where nothing is. One with
formulas is none: their "" is no blank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ..model.record import Cell, Scalar
from ..model.stored import decode, encode
from . import sql

if TYPE_CHECKING:
    from .snapshot import Snapshot

Column: TypeAlias = "list[Scalar]"

_LONG = 5_000  # lines, from which on a column is kept
_FOLLOWED = 1_000_000  # characters of the log that are read in less time than 100,000 rows
_OLD = 1_000  # revisions, from which on it is kept anew
_ROWS_AT_ONCE = 1_000  # decoded together


def read(snapshot: Snapshot, sheet_id: int, column_id: int, size: int) -> Column | None:
    """A column as of a snapshot; None if it has formulas.

    Args:
        snapshot: what to read.
        sheet_id: the sheet's id.
        column_id: the column's id.
        size: the next row's id.
    """
    kept = None
    if snapshot.memory.keeps_columns:  # else the file may be of a version that kept none
        kept = sql.KEPT_COLUMN(snapshot.cursor, sheet_id=sheet_id, column_id=column_id).fetchone()
    if kept is not None:
        revision, held = kept
        missed = snapshot.changes(revision, at_most=_FOLLOWED)
        if missed is not None:
            column = _followed(decode(held), sheet_id, column_id, missed)
            if column is not None:
                if snapshot.revision - revision > _OLD:
                    _keep(snapshot, sheet_id, column_id, column)
                return column
    column = _read_rows(snapshot, sheet_id, column_id, size)
    if column is not None and size >= _LONG:
        _keep(snapshot, sheet_id, column_id, column)
    return column


def patch(column: Column, row_id: int, cell: Cell) -> bool:
    """Enter a cell; False if the column is none any more."""
    if isinstance(cell, dict):
        return False
    if row_id >= len(column):
        column.extend([""] * (row_id + 1 - len(column)))
    column[row_id] = "" if cell is None else cell
    return True


def _keep(snapshot: Snapshot, sheet_id: int, column_id: int, column: Column) -> None:
    """Have it written when the snapshot is done with: a reader writes nothing by itself."""
    if snapshot.memory.keeps_columns:
        held = snapshot.revision, encode(column)
        snapshot.memory.columns_to_keep[sheet_id, column_id] = held


def _followed(
    column: Column, sheet_id: int, column_id: int, missed: list[list[dict[str, Any]]]
) -> Column | None:
    """The column after these batches; None if it must be read out of the rows."""
    name = str(column_id)
    for effects in missed:
        for effect in effects:
            kind = effect["type"]
            if kind == "cells" and effect["sheetId"] == sheet_id:
                for row_id, cells in effect["rows"].items():
                    if name in cells and not patch(column, int(row_id), cells[name]):
                        return None
            elif kind in ("sheetAdded", "sheetRemoved") and effect["sheetId"] == sheet_id:
                return None
    return column


def _read_rows(snapshot: Snapshot, sheet_id: int, column_id: int, size: int) -> Column | None:
    column: Column = [""] * size
    stored = sql.CELLS(snapshot.cursor, sheet_id=sheet_id, first=0, last=size)
    while found := stored.fetchmany(_ROWS_AT_ONCE):  # all at once would take much memory
        lines: list[list[Cell]] = decode(f"[{','.join([text for _, text in found])}]")
        for (row_id, _), line in zip(found, lines):
            cell = line[column_id] if column_id < len(line) else None
            if cell is not None and not patch(column, row_id, cell):
                return None
    return column
