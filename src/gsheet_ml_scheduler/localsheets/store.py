"""A workbook in one SQLite file: snapshots to read, one transaction to write.

Decided here: who may write when, what survives, what of the file is kept in memory. A write takes
the writer's lock first and is applied whole or not at all; readers are never blocked. Several
processes may open the same file; each sees the others' batches at its next request, because every
transaction begins by reading the revision. What a batch means is decided in `book.py`.

Durability: a commit is synced to the disk before it is answered (`synchronous=FULL`). A client that
lives and dies with this machine may relax that for a step of its own (`relaxed`): the batch is then
in the log at once, in order, and synced with the next ordinary one. It survives kill -9 either way.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import sql
from .axis import Axis
from .errors import (
    WorkbookBusyError,
    WorkbookError,
    WorkbookFullError,
    WorkbookNotFoundError,
    WorkbookReadOnlyError,
)
from .files import connect, damaged_error
from .mirror import Mirror
from .record import Cell, Row, Scalar
from .structure import COLUMNS, ROWS, Json, Sheet, Structure

_WRITER_PATIENCE = 60.0  # seconds to wait for other writers
_CHANGES_KEPT = 14 * 86400.0  # seconds
_TRIM_EVERY = 5000  # revisions

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@dataclass(slots=True)
class ChangeSet:
    """What one batch leaves to be written."""

    rows: list[Row] = field(default_factory=list)
    removed_rows: list[tuple[int, int, int]] = field(default_factory=list)  # sheet, first, size
    removed_sheets: list[int] = field(default_factory=list)
    structure: Structure | None = None  # if anything but cells changed
    metadata: list[Json] = field(default_factory=list)
    removed_metadata: list[int] = field(default_factory=list)
    styles: list[tuple[int, str]] = field(default_factory=list)
    effects: list[Json] = field(default_factory=list)


class Snapshot:
    """A workbook as of one revision, inside a transaction."""

    def __init__(self, store: Store, cursor: Any, revision: int, structure: Structure) -> None:
        self.store = store
        self.revision = revision
        self.structure = structure
        self._cursor = cursor

    def row(self, sheet_id: int, row_id: int) -> Row:
        """One row; an empty one where nothing is stored."""
        found = sql.ROW(self._cursor, sheet_id=sheet_id, row_id=row_id).fetchone()
        return Row(sheet_id, row_id, found)

    def rows(self, sheet_id: int, axis: Axis, start: int, stop: int) -> list[Row]:
        """The rows at [start, stop) of an axis; those with nothing in them are empty."""
        if stop - start == 1:
            return [self.row(sheet_id, axis.id_at(start))]
        out = []
        for first, size in axis.spans_between(start, stop):
            last = first + size - 1
            found = {
                row[0]: row[1:]
                for row in sql.ROWS(self._cursor, sheet_id=sheet_id, first=first, last=last)
            }
            get = found.get
            out += [Row(sheet_id, row_id, get(row_id)) for row_id in range(first, last + 1)]
        return out

    def cells(self, sheet_id: int, axis: Axis, start: int, stop: int) -> list[list[Cell]]:
        """Only the cells of rows, as lists by column id: what reading much wants."""
        out: list[list[Cell]] = []
        for first, size in axis.spans_between(start, stop):
            found = sql.CELLS(
                self._cursor, sheet_id=sheet_id, first=first, last=first + size - 1
            ).fetchall()
            lines: list[list[Cell]] = json.loads("[" + ",".join([text for _, text in found]) + "]")
            if len(found) == size:
                out += lines
            else:
                by_id = {row_id: line for (row_id, _), line in zip(found, lines)}
                out += [by_id.get(row_id) or [] for row_id in range(first, first + size)]
        return out

    def stored_ids(self, sheet_id: int, axis: Axis, start: int, stop: int) -> list[int]:
        """The ids of those rows at [start, stop) that hold anything."""
        out: list[int] = []
        for first, size in axis.spans_between(start, stop):
            found = sql.ROW_IDS(self._cursor, sheet_id=sheet_id, first=first, last=first + size - 1)
            out += [row_id for (row_id,) in found]
        return out

    def cells_upwards(self, sheet_id: int, axis: Axis) -> Iterator[tuple[int, list[Cell]]]:
        """The stored rows from the last one up: index and cells."""
        stop = axis.count
        for first, size in reversed(axis.spans):
            start = stop - size
            for row_id, text in sql.CELLS_DOWN(
                self._cursor, sheet_id=sheet_id, first=first, last=first + size - 1
            ):
                yield start + row_id - first, json.loads(text)
            stop = start

    def column(self, sheet: Sheet, column_id: int, start: int, stop: int) -> list[Scalar] | None:
        """A column's values as they render unformatted, "" where nothing is.

        None where the mirror doesn't serve (formulas, an overtaken snapshot): read the cells.
        """
        rows = sheet.rows

        def load() -> list[tuple[int, Cell]]:
            ids = rows.ids()
            lines = self.cells(sheet.sheet_id, rows, 0, rows.count)
            return [
                (row_id, line[column_id])
                for row_id, line in zip(ids, lines)
                if column_id < len(line)
            ]

        key = (sheet.sheet_id, column_id)
        between = (start, stop)
        return self.store.mirror.read(key, rows, between, self.revision, self.changes, load)

    def changes(self, since: int) -> list[tuple[int, str]] | None:
        """Revision and effects of every batch after a revision; None if the log was trimmed."""
        found: list[tuple[int, str]] = sql.CHANGES_SINCE(self._cursor, since=since).fetchall()
        return found if len(found) == self.revision - since else None

    def all_metadata(self) -> list[Json]:
        """Every developer metadata of the workbook, as stored."""
        return [_metadata(found) for found in sql.METADATA(self._cursor)]

    def metadata(self, metadata_id: int) -> Json | None:
        """One developer metadata, as stored."""
        found = sql.METADATA_BY_ID(self._cursor, by_id=metadata_id).fetchone()
        return _metadata(found) if found else None

    def style(self, style_id: int) -> Json:
        """The CellFormat with an id. Not to be changed."""
        styles = self.store.styles
        if style_id not in styles:
            self._read_styles()
        return styles[style_id]

    def has_date_formats(self) -> bool:
        """Whether any cell may show its number as a date or a time."""
        self._read_styles()
        return self.store.date_styles

    def _read_styles(self) -> None:
        """Take in the styles that other processes added; they are never changed or removed."""
        styles = self.store.styles
        if self.store.styles_revision != self.revision:
            for found, body in sql.STYLES_AFTER(self._cursor, known=max(styles, default=0)):
                self.store.keep_style(found, json.loads(body))
            self.store.styles_revision = self.revision


class Store:
    """An open workbook file. Safe to use from several threads, and after a fork."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.mirror = Mirror()
        self.styles: dict[int, Json] = {}
        self.styles_revision = -1
        self.date_styles = False
        self._idle: list[sqlite3.Connection] = []
        self._relaxed: set[int] = set()  # connections that don't sync, by identity
        self._writer = threading.Lock()
        self._known: tuple[int, Structure] | None = None
        self._pid = os.getpid()
        self._inode = path.stat().st_ino

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """A snapshot to read; others' later batches don't show in it.

        Raises:
            WorkbookError: the file is gone, damaged or can't be read.
        """
        with self._connection() as connection:
            cursor = connection.cursor()
            yield self._begin(cursor, "BEGIN")

    @contextmanager
    def writing(self, *, relaxed: bool = False) -> Iterator[Writer]:
        """The writer's transaction; it ends without a trace unless `commit` was called.

        Raises:
            WorkbookReadOnlyError: the file may not be written.
            WorkbookError: as for reading; the disk is full; others wrote for a minute.
        """
        if self.read_only:
            raise WorkbookReadOnlyError(
                f"{self.path} is read-only: nothing was written. Make the file writable "
                f"(chmod u+w) or work on a copy."
            )
        with self._writer, self._connection() as connection:
            cursor = connection.cursor()
            if relaxed != (id(connection) in self._relaxed):
                cursor.execute(f"PRAGMA synchronous={'NORMAL' if relaxed else 'FULL'}")
                (self._relaxed.add if relaxed else self._relaxed.discard)(id(connection))
            snapshot = self._begin(cursor, "BEGIN IMMEDIATE")
            yield Writer(self, cursor, snapshot.revision, snapshot.structure)

    def close(self) -> None:
        """Close the file's connections."""
        while self._idle:
            self._idle.pop().close()

    def committed(self, revision: int, changes: ChangeSet) -> None:
        """A batch of ours was written: what is kept in memory follows."""
        if changes.structure is not None:
            self._known = (revision, changes.structure)
        patches = (
            (row.sheet_id, row.row_id, column_id, row.cell(column_id))
            for row in changes.rows
            for column_id in row.changed_cells
        )
        self.mirror.applied(revision, patches)

    def keep_style(self, style_id: int, style: Json) -> None:
        """Remember a style for all later snapshots."""
        self.styles[style_id] = style
        kind = style.get("numberFormat", {}).get("type")
        self.date_styles = self.date_styles or kind in ("DATE", "TIME", "DATE_TIME")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        if self._pid != os.getpid():  # a fork's child: SQLite's connections don't survive it
            self._idle, self._pid, self._relaxed = [], os.getpid(), set()
            self._writer, self.mirror = threading.Lock(), Mirror()
        self._require_file()
        connection = self._idle.pop() if self._idle else connect(self.path, self.read_only)
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            raise self._translated(error) from error
        finally:
            if connection.in_transaction:
                connection.rollback()
            self._idle.append(connection)

    def _require_file(self) -> None:
        try:
            inode = self.path.stat().st_ino
        except OSError as error:
            raise WorkbookNotFoundError(
                f"{self.path} is gone: it was moved or deleted while it was open. Put it back, "
                "or open it where it is now."
            ) from error
        if inode != self._inode:
            raise WorkbookNotFoundError(
                f"{self.path} is another file than the one that was opened: it was replaced. "
                "Open it again."
            )

    def _begin(self, cursor: sqlite3.Cursor, statement: str) -> Snapshot:
        deadline = time.monotonic() + _WRITER_PATIENCE
        pause = 0.0002
        while True:
            try:
                cursor.execute(statement)
                revision, structure = sql.REVISION(cursor).fetchone()
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                if cursor.connection.in_transaction:
                    cursor.connection.rollback()
                if time.monotonic() > deadline:
                    raise WorkbookBusyError(
                        f"{self.path}: another process has been writing for "
                        f"{_WRITER_PATIENCE:.0f} seconds; nothing was written. Try again."
                    ) from error
            # Random pauses let every waiting process get its turn; SQLite's own waiting starves.
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311
            pause = min(pause * 1.5, 0.003)
        known = self._known
        if known is None or not structure <= known[0] <= revision:
            known = (revision, _load_structure(cursor))
            self._known = known
        return Snapshot(self, cursor, revision, known[1])

    def _translated(self, error: sqlite3.DatabaseError) -> WorkbookError:
        text = str(error)
        if "disk is full" in text or "disk I/O error" in text:
            return WorkbookFullError(
                f"{self.path}: the disk is full or failing ({text}); nothing was written. "
                "Make room and try again."
            )
        if "readonly" in text:
            return WorkbookReadOnlyError(f"{self.path} can't be written ({text}).")
        return damaged_error(self.path, error)


class Writer(Snapshot):
    """A snapshot that nobody else can change, and the way to change it."""

    def commit(self, author: str, changes: ChangeSet) -> int:
        """Write a batch and log it; the new revision."""
        cursor, revision, now = self._cursor, self.revision + 1, time.time()
        for style_id, body in changes.styles:
            sql.ADD_STYLE(cursor, style_id=style_id, body=body)
        for sheet_id, first, size in changes.removed_rows:
            sql.DELETE_ROWS(cursor, sheet_id=sheet_id, first=first, last=first + size - 1)
        for row in changes.rows:
            cells, formats, extras = row.dump()
            sql.PUT_ROW(
                cursor,
                sheet_id=row.sheet_id,
                row_id=row.row_id,
                cells=cells,
                formats=formats,
                extras=extras,
            )
        for entry in changes.metadata:
            sql.PUT_METADATA(cursor, **entry)
        for gone in changes.removed_metadata:
            sql.DELETE_METADATA(cursor, gone=gone)
        if changes.structure is not None:
            self._put_structure(changes.structure, changes.removed_sheets, revision)
        sql.SET_REVISION(cursor, new_revision=revision, new_modified=now)
        sql.ADD_CHANGE(
            cursor, revision=revision, time=now, author=author, effects=_encode(changes.effects)
        )
        if revision % _TRIM_EVERY == 0:
            sql.TRIM_CHANGES(cursor, before=now - _CHANGES_KEPT)
        cursor.execute("COMMIT")
        self.store.committed(revision, changes)
        self.revision = revision
        return revision

    def next_style_id(self) -> int:
        """An id for a new style."""
        found = self._cursor.execute("SELECT max(style_id) FROM styles").fetchone()[0]
        return (found or 0) + 1

    def find_style(self, body: str) -> int | None:
        """The id of a style with this body."""
        found = self._cursor.execute("SELECT style_id FROM styles WHERE body = ?", (body,))
        row = found.fetchone()
        return row[0] if row else None

    def _put_structure(self, new: Structure, removed: Iterable[int], revision: int) -> None:
        """Write what differs from the structure that this transaction began with."""
        cursor, old = self._cursor, self.structure
        for gone in removed:
            sql.DELETE_SHEET(cursor, gone=gone)
            sql.DELETE_AXES(cursor, gone=gone)
            sql.DELETE_SHEET_ROWS(cursor, sheet_id=gone)
        for position, sheet in enumerate(new.sheets):
            before = old.sheet(sheet.sheet_id)
            same_place = before is not None and before in old.sheets[position : position + 1]
            if before is None or not same_place or before.properties != sheet.properties:
                sql.PUT_SHEET(
                    cursor,
                    sheet_id=sheet.sheet_id,
                    position=position,
                    properties=_encode(sheet.properties),
                )
            for dimension in (ROWS, COLUMNS):
                axis, properties = sheet.axis(dimension), sheet.line_properties(dimension)
                if (
                    before is None
                    or axis is not before.axis(dimension)
                    or properties != before.line_properties(dimension)
                ):
                    sql.PUT_AXIS(
                        cursor,
                        sheet_id=sheet.sheet_id,
                        dimension=dimension,
                        spans=axis.dump(),
                        next_id=axis.next_id,
                        properties=_encode(properties),
                    )
        self._put_objects(old.objects, new.objects)
        sql.SET_STRUCTURE(cursor, new_structure=revision, new_properties=_encode(new.properties))

    def _put_objects(
        self, old: dict[str, dict[str, Json]], new: dict[str, dict[str, Json]]
    ) -> None:
        for kind in old.keys() | new.keys():
            before, after = old.get(kind, {}), new.get(kind, {})
            if before == after and list(before) == list(after):
                continue
            for object_id in before.keys() - after.keys():
                sql.DELETE_OBJECT(self._cursor, of_kind=kind, gone=object_id)
            for position, (object_id, body) in enumerate(after.items()):
                sql.PUT_OBJECT(
                    self._cursor,
                    kind=kind,
                    object_id=object_id,
                    sheet_id=body.get("range", {}).get("sheetId"),
                    position=position,
                    body=_encode(body),
                )


def _load_structure(cursor: Any) -> Structure:
    book = sql.WORKBOOK(cursor).fetchone()
    axes = {(found[0], found[1]): found[2:] for found in sql.AXES(cursor)}
    sheets = []
    for sheet_id, _, properties in sql.SHEETS(cursor).fetchall():
        rows, columns = axes[sheet_id, ROWS], axes[sheet_id, COLUMNS]
        sheets.append(
            Sheet(
                sheet_id,
                json.loads(properties),
                Axis.load(rows[0], rows[1]),
                Axis.load(columns[0], columns[1]),
                {int(line): said for line, said in json.loads(rows[2]).items()},
                {int(line): said for line, said in json.loads(columns[2]).items()},
            )
        )
    objects: dict[str, dict[str, Json]] = {}
    for kind, object_id, _, _, body in sql.OBJECTS(cursor):
        objects.setdefault(kind, {})[object_id] = json.loads(body)
    return Structure(book[1], json.loads(book[5]), sheets, objects, book[6])


def _metadata(found: tuple[Any, ...]) -> Json:
    names = ("metadata_id", "key", "value", "visibility", "sheet_id", "dimension", "line_id")
    return dict(zip(names, found))
