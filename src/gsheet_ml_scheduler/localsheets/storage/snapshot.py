"""A workbook inside a transaction: what is read of it at one revision, and how a batch is written.

Decided here: which question reads what with the least work, and in which order a batch's parts are
written. Elsewhere: who may write when (`store.py`), the statements (`sql.py`), what is kept from
one transaction to the next (`memory.py`), what a batch means (`book.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from ..model.axis import Axis
from ..model.chunk import Span
from ..model.record import EMPTY, Cell, Kept, Row, Scalar
from ..model.stored import decode, encode
from ..model.structure import Json, Sheet, Structure
from . import batches, columns, sql, structure_tables
from .changeset import ChangeSet
from .memory import Memory
from .mirror import Mirror

_CHANGES_KEPT = 14 * 86400.0  # seconds
_TRIM_EVERY = 5000  # revisions
_CHECKPOINT_EVERY = 400  # revisions: a claim's writes make some 2,000 pages of log of them
_FEW_ROWS = 8  # up to here each is looked for in the mirror


class Snapshot:
    """A workbook as of one revision, inside a transaction."""

    def __init__(self, memory: Memory, cursor: Any, revision: int, structure: Structure) -> None:
        self.memory = memory
        self.revision = revision
        self.structure = structure
        self.cursor = cursor

    def row(self, sheet_id: int, row_id: int) -> Row:
        """One row; an empty one where nothing is stored."""
        return Row(sheet_id, row_id, self._kept(sheet_id, row_id))

    def _kept(self, sheet_id: int, row_id: int) -> Kept:
        key, mirror = (sheet_id, row_id), self.mirror()
        kept = mirror.row(key, self.revision)
        if kept is None:
            found = sql.ROW(self.cursor, sheet_id=sheet_id, row_id=row_id).fetchone()
            kept = EMPTY if found is None else Kept.load(*found)
            mirror.keep_row(key, self.revision, kept)
        return kept

    def mirror(self) -> Mirror:
        """The process's mirror, brought up to this snapshot if it is behind."""
        mirror = self.memory.mirror
        mirror.follow(self.revision, self.changes)
        return mirror

    def rows(self, sheet_id: int, axis: Axis, start: int, stop: int) -> list[Row]:
        """The rows at [start, stop) of an axis; those with nothing in them are empty."""
        if stop - start < _FEW_ROWS:
            return [self.row(sheet_id, row_id) for row_id in axis.ids(start, stop)]
        found: dict[int, Kept] = {}
        ids = axis.ids(start, stop)
        wanted = set(ids)
        for first, size in _covering(axis, start, stop):
            stored = sql.ROWS(self.cursor, sheet_id=sheet_id, first=first, last=first + size - 1)
            found |= {row[0]: Kept.load(*row[1:]) for row in stored if row[0] in wanted}
        return [Row(sheet_id, row_id, found.get(row_id, EMPTY)) for row_id in ids]

    def stored(self, sheet_id: int, axis: Axis, start: int, stop: int) -> list[tuple[int, Kept]]:
        """Id and content of those rows at [start, stop) in which anything is. Not to be changed."""
        found: list[tuple[int, str, str, str]] = []
        for first, size in _covering(axis, start, stop):
            found += sql.ROWS(self.cursor, sheet_id=sheet_id, first=first, last=first + size - 1)
        lines: list[list[Cell]] = decode("[" + ",".join([row[1] for row in found]) + "]")
        read: dict[str, Any] = {}  # formats and extras, which most rows share
        by_id: dict[int, Kept] = {}
        for (row_id, _, *others), cells in zip(found, lines):
            for text in others:
                if text not in read:
                    read[text] = decode(text)
            formats, extras = (read[text] for text in others)
            if cells or formats or extras:
                by_id[row_id] = Kept(cells, formats, extras)
        return [(row_id, by_id[row_id]) for row_id in axis.ids(start, stop) if row_id in by_id]

    def cells(self, sheet_id: int, axis: Axis, start: int, stop: int) -> list[list[Cell]]:
        """Only the cells of rows, as lists by column id. Not to be changed."""
        if stop - start < _FEW_ROWS:
            return [self._kept(sheet_id, row_id).cells for row_id in axis.ids(start, stop)]
        by_id: dict[int, list[Cell]] = {}
        for first, size in _covering(axis, start, stop):
            found = sql.CELLS(
                self.cursor, sheet_id=sheet_id, first=first, last=first + size - 1
            ).fetchall()
            lines: list[list[Cell]] = decode("[" + ",".join([text for _, text in found]) + "]")
            by_id.update(zip([row_id for row_id, _ in found], lines))
        return [by_id.get(row_id) or [] for row_id in axis.ids(start, stop)]

    def stored_ids(self, sheet_id: int, axis: Axis, start: int, stop: int) -> list[int]:
        """The ids of those rows at [start, stop) that hold anything."""
        stored: set[int] = set()
        for first, size in _covering(axis, start, stop):
            found = sql.ROW_IDS(self.cursor, sheet_id=sheet_id, first=first, last=first + size - 1)
            stored.update(row_id for (row_id,) in found)
        return [row_id for row_id in axis.ids(start, stop) if row_id in stored]

    def cells_upwards(self, sheet_id: int, axis: Axis) -> Iterator[tuple[int, list[Cell]]]:
        """The stored rows from the last one up: index and cells."""
        stop = axis.count
        for first, size in reversed(axis.spans):
            start = stop - size
            for row_id, text in sql.CELLS_DOWN(
                self.cursor, sheet_id=sheet_id, first=first, last=first + size - 1
            ):
                yield start + row_id - first, decode(text)
            stop = start

    def column(self, sheet: Sheet, column_id: int, start: int, stop: int) -> list[Scalar] | None:
        """A column's values as they render unformatted, "" where nothing is.

        None where the mirror doesn't serve (formulas, an overtaken snapshot): read the cells.
        """
        rows = sheet.rows

        def load() -> list[Scalar] | None:
            return columns.read(self, sheet.sheet_id, column_id, rows.next_id)

        key = (sheet.sheet_id, column_id)
        return self.mirror().column(key, rows, (start, stop), self.revision, load)

    def changes(self, since: int, at_most: int | None = None) -> list[list[Json]] | None:
        """The effects of every batch after a revision.

        None if the log doesn't reach back, or is longer than so many characters.
        """
        found = []
        for _, effects in sql.CHANGES_SINCE(self.cursor, since=since):
            if at_most is not None:
                at_most -= len(effects)
                if at_most < 0:
                    return None
            found.append(decode(effects))
        return found if len(found) == self.revision - since else None

    def all_metadata(self) -> list[Json]:
        """Every developer metadata of the workbook, as stored."""
        return [_metadata(found) for found in sql.METADATA(self.cursor)]

    def metadata_size(self, sheet_id: int | None) -> int:
        """Characters of keys and values on a sheet; None is the spreadsheet itself."""
        found = sql.METADATA_SIZE(self.cursor, on_sheet=sheet_id).fetchone()[0]
        return found or 0

    def metadata(self, metadata_id: int) -> Json | None:
        """One developer metadata, as stored."""
        found = sql.METADATA_BY_ID(self.cursor, by_id=metadata_id).fetchone()
        return _metadata(found) if found else None

    def style(self, style_id: int) -> Json:
        """The CellFormat with an id. Not to be changed."""
        styles = self.memory.styles
        if style_id not in styles:
            self._read_styles()
        return styles[style_id]

    def all_styles(self) -> dict[int, Json]:
        """Every style there is, by its id. Not to be changed."""
        self._read_styles()
        return dict(self.memory.styles)

    def filled_rows(self, sheet_id: int) -> int:
        """In how many rows of a sheet anything is stored."""
        found: int = sql.FILLED_ROWS(self.cursor, sheet_id=sheet_id).fetchone()[0]
        return found

    def has_date_formats(self) -> bool:
        """Whether any cell may show its number as a date or a time."""
        self._read_styles()
        return self.memory.has_date_styles

    def _read_styles(self) -> None:
        """Take in the styles that other processes added; they are never changed or removed."""
        styles = self.memory.styles
        if self.memory.styles_revision < self.mirror().styles_changed:
            for found, body in sql.STYLES_AFTER(self.cursor, known=max(styles, default=0)):
                self.memory.keep_style(found, decode(body))
            self.memory.styles_revision = self.revision


class Writer(Snapshot):
    """A snapshot that nobody else can change, and the way to change it."""

    def commit(self, author: str, changes: ChangeSet) -> int:
        """Write a batch and log it; the new revision."""
        cursor, revision, now = self.cursor, self.revision + 1, time.time()
        for style_id, body in changes.styles:
            sql.ADD_STYLE(cursor, style_id=style_id, body=body)
        for gone in changes.removed_sheets:  # first: the batch may have made it anew
            sql.DELETE_SHEET(cursor, gone=gone)
            sql.DELETE_AXES(cursor, gone=gone)
            sql.DELETE_ORDER_CHUNKS(cursor, gone=gone)
            sql.DELETE_COLUMNS(cursor, gone=gone)
            sql.DELETE_SHEET_ROWS(cursor, sheet_id=gone)
        for sheet_id, first, size in changes.removed_rows:
            sql.DELETE_ROWS(cursor, sheet_id=sheet_id, first=first, last=first + size - 1)
        self._put_rows(changes.rows)
        for entry in changes.metadata:
            sql.PUT_METADATA(cursor, **entry)
        for gone in changes.removed_metadata:
            sql.DELETE_METADATA(cursor, gone=gone)
        stored: structure_tables.StoredChunks = []
        if changes.structure is not None:
            stored = structure_tables.put(
                cursor, self.structure, changes.structure, changes.removed_sheets, revision
            )
        sql.ADD_CHANGE(
            cursor, revision=revision, time=now, author=author, effects=encode(changes.effects)
        )
        if changes.applied is not None:
            batches.remember(cursor, changes.applied, revision, now)
        if revision % _TRIM_EVERY == 0:
            sql.TRIM_CHANGES(cursor, before=now - _CHANGES_KEPT, newest=revision)
        cursor.execute("COMMIT")
        for chunk, chunk_id in stored:
            chunk.stored = chunk_id
        if revision % _CHECKPOINT_EVERY == 0:
            cursor.connection.checkpoint()
        self.memory.committed(revision, changes)
        self.revision = revision
        return revision

    def commit_name(self, applied: batches.Applied) -> None:
        """Remember a batch that changed nothing."""
        batches.remember(self.cursor, applied, 0, time.time())
        self.cursor.execute("COMMIT")

    def next_style_id(self) -> int:
        """An id for a new style."""
        found = sql.LAST_STYLE(self.cursor).fetchone()[0]
        return (found or 0) + 1

    def find_style(self, body: str) -> int | None:
        """The id of a style with this body."""
        known = self.memory.style_ids
        if body not in known:
            row = sql.STYLE_BY_BODY(self.cursor, body=body).fetchone()
            if row is None:
                return None
            known[body] = row[0]
        return known[body]

    def _put_rows(self, rows: list[Row]) -> None:
        names = ("sheet_id", "row_id", "cells", "formats", "extras")
        sql.PUT_ROW.many(
            self.cursor,
            [dict(zip(names, (row.sheet_id, row.row_id, *row.dump()))) for row in rows],
        )


def _covering(axis: Axis, start: int, stop: int) -> list[Span]:
    """Spans of ids in which the lines at [start, stop) are, to be asked for.

    In a sheet that was sorted each line is a span: then one question that brings a few rows too
    many takes less time than one for each.
    """
    spans = list(axis.spans_between(start, stop))
    if len(spans) > 16:
        first = min(span[0] for span in spans)
        size = max(sum(span) for span in spans) - first
        if size < 8 * len(spans):
            return [(first, size)]
    return spans


def _metadata(found: tuple[Any, ...]) -> Json:
    names = ("metadata_id", "key", "value", "visibility", "sheet_id", "dimension", "line_id")
    return dict(zip(names, found))
