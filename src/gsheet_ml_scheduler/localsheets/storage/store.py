"""A workbook in one SQLite file: snapshots to read, one transaction to write.

Decided here: who may write when, what survives, what of the file is kept in memory. A write takes
the writer's lock first and is applied whole or not at all; readers are never blocked. Several
processes may open the same file; each sees the others' batches at its next request, because every
transaction begins by reading the revision. What a batch means is decided in `book.py`.

Durability: a commit is synced to the disk before it is answered, by `log.py`, when the next writer
has its turn already. A client that lives and dies with this machine may relax that for a step of
its own (`relaxed`): the batch is then in the log at once, in order, and synced with the next
ordinary one. It survives kill -9 either way.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import WorkbookBusyError, WorkbookFullError, WorkbookReadOnlyError
from ..formulas.recalculation import Formulas
from ..model.axis import Axis
from ..model.chunk import Span
from ..model.record import EMPTY, Cell, Kept, Row, Scalar
from ..model.stored import decode, encode
from ..model.structure import Json, Sheet, Structure
from . import batches, columns, sql, structure_tables
from .connections import Connections
from .files import Connection
from .mirror import Mirror

_WRITER_PATIENCE = 60.0  # seconds to wait for other writers
_FIRST_PAUSE, _LONGEST_PAUSE = 0.0002, 0.004  # seconds between tries
_CHANGES_KEPT = 14 * 86400.0  # seconds
_TRIM_EVERY = 5000  # revisions
_CHECKPOINT_EVERY = 400  # revisions: a claim's writes make some 2,000 pages of log of them
_FEW_ROWS = 8  # up to here each is looked for in the mirror


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
    applied: batches.Applied | None = None  # the batch by its name, if it has one


class Snapshot:
    """A workbook as of one revision, inside a transaction."""

    def __init__(self, store: Store, cursor: Any, revision: int, structure: Structure) -> None:
        self.store = store
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
        mirror = self.store.mirror
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
        styles = self.store.styles
        if style_id not in styles:
            self._read_styles()
        return styles[style_id]

    def all_styles(self) -> dict[int, Json]:
        """Every style there is, by its id. Not to be changed."""
        self._read_styles()
        return dict(self.store.styles)

    def filled_rows(self, sheet_id: int) -> int:
        """In how many rows of a sheet anything is stored."""
        found: int = sql.FILLED_ROWS(self.cursor, sheet_id=sheet_id).fetchone()[0]
        return found

    def has_date_formats(self) -> bool:
        """Whether any cell may show its number as a date or a time."""
        self._read_styles()
        return self.store.date_styles

    def _read_styles(self) -> None:
        """Take in the styles that other processes added; they are never changed or removed."""
        styles = self.store.styles
        if self.store.styles_revision < self.mirror().styles_changed:
            for found, body in sql.STYLES_AFTER(self.cursor, known=max(styles, default=0)):
                self.store.keep_style(found, decode(body))
            self.store.styles_revision = self.revision


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


class Store:
    """An open workbook file. Safe to use from several threads, and after a fork."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.mirror = Mirror()
        self.formulas = Formulas()
        self.styles: dict[int, Json] = {}
        self.style_ids: dict[str, int] = {}  # by body; styles are never changed or removed
        self.styles_revision = -1
        self.date_styles = False
        self._columns_to_keep: dict[tuple[int, int], tuple[int, str]] = {}
        self._connections = Connections(path, read_only=read_only)
        self._writer = threading.Lock()
        self._known: tuple[int, Structure] | None = None
        self._pid = os.getpid()

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """A snapshot to read; others' later batches don't show in it.

        Raises:
            WorkbookError: the file is gone, damaged or can't be read.
        """
        self._notice_fork()
        with self._connections.lent() as connection:
            yield self._begin(connection, "BEGIN")
            if self._columns_to_keep:
                connection.rollback()
                self._keep_columns(connection)

    @contextmanager
    def writing(self, *, relaxed: bool = False) -> Iterator[Writer]:
        """The writer's transaction; it ends without a trace unless `commit` was called.

        Raises:
            WorkbookReadOnlyError: the file may not be written.
            WorkbookError: as for reading; the disk is full; others wrote for a minute.
        """
        if self.read_only:
            raise WorkbookReadOnlyError(
                f"{self.path} is read-only: nothing was written. Make the file and its folder "
                "writable (chmod u+w) or work on a copy."
            )
        self._notice_fork()
        with self._connections.lent() as connection:
            with self._writer:
                snapshot = self._begin(connection, "BEGIN IMMEDIATE")
                try:
                    # Again, now that nobody else writes: a file deleted while we waited must not
                    # be the one that takes the write.
                    self._connections.require_file()
                    yield Writer(self, snapshot.cursor, snapshot.revision, snapshot.structure)
                    written = not connection.in_transaction
                finally:
                    if connection.in_transaction:
                        connection.rollback()
            if written and not relaxed:
                self._sync(connection)

    def require_file(self) -> None:
        """See that the file is there and is the one that was opened; WorkbookNotFoundError."""
        self._connections.require_file()

    def close(self) -> None:
        """Close the file's connections; a later request opens one for itself."""
        if self._writer.acquire(blocking=False):  # else a writer is at work, and will end it
            try:
                self.formulas.close()
            finally:
                self._writer.release()
        self._connections.close()

    def committed(self, revision: int, changes: ChangeSet) -> None:
        """A batch of ours was written: what is kept in memory follows."""
        if changes.structure is not None:
            self._known = (revision, changes.structure)
        kept = {(row.sheet_id, row.row_id): row.kept() for row in changes.rows}
        self.mirror.applied(revision, changes.effects, kept)
        self.formulas.committed(revision)

    def keep_column(self, key: tuple[int, int], revision: int, held: str) -> None:
        """Have a column written, by sheet id and column id, when its reader is done."""
        if not self.read_only:
            self._columns_to_keep[key] = (revision, held)

    def _keep_columns(self, connection: Connection) -> None:
        """Write what columns held, if nobody else is writing: it only saves time."""
        found, self._columns_to_keep = self._columns_to_keep, {}
        try:
            cursor = connection.cursor()
            connection.open_log(self.path)
            cursor.execute("BEGIN IMMEDIATE")
            for (sheet_id, column_id), (revision, held) in found.items():
                sql.KEEP_COLUMN(
                    cursor, sheet_id=sheet_id, column_id=column_id, revision=revision, held=held
                )
            cursor.execute("COMMIT")
        except sqlite3.OperationalError:  # another writer, or a full disk
            connection.rollback()

    def keep_style(self, style_id: int, style: Json) -> None:
        """Remember a style for all later snapshots."""
        self.styles[style_id] = style
        kind = style.get("numberFormat", {}).get("type")
        self.date_styles = self.date_styles or kind in ("DATE", "TIME", "DATE_TIME")

    def _notice_fork(self) -> None:
        """In a fork's child, locks may be held by threads that aren't there any more."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._writer, self.mirror = threading.Lock(), Mirror()
            self.formulas = Formulas()

    def _sync(self, connection: Connection) -> None:
        try:
            connection.sync()
        except OSError as error:
            raise WorkbookFullError(
                f"{self.path}: the disk is full or failing ({error}); what was written is in the "
                "file, but may not survive a power cut. Make room and write it again."
            ) from error

    def _begin(self, connection: Connection, statement: str) -> Snapshot:
        """A transaction, when nobody else holds the file.

        The pauses are short at first, because a turn is over in 0.2 ms, and soon longer: with
        many writers, whoever is at work had better stay there for a few turns than have everybody
        wake up all the time. They are random, so that nobody starves; SQLite's own grow so long
        that some do.
        """
        deadline = time.monotonic() + _WRITER_PATIENCE
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._begun(connection, statement)
            except sqlite3.OperationalError as error:
                if "lock" not in str(error):  # "database is locked", "locking protocol"
                    raise
                if connection.in_transaction:
                    connection.rollback()
                if time.monotonic() > deadline:
                    raise WorkbookBusyError(
                        f"{self.path}: another process has been writing for "
                        f"{_WRITER_PATIENCE:.0f} seconds; nothing was written. Try again."
                    ) from error
            if statement != "BEGIN":
                self._catch_up(connection)
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _begun(self, connection: Connection, statement: str) -> Snapshot:
        cursor = connection.cursor()
        if statement != "BEGIN":
            connection.open_log(self.path)
        cursor.execute(statement)
        newest, structure = sql.REVISION(cursor).fetchone()
        revision = newest or 0
        known = self._known
        if known is None or not structure <= known[0] <= revision:
            known = (revision, structure_tables.load(cursor, known and known[1]))
            self._known = known
        return Snapshot(self, cursor, revision, known[1])

    def _catch_up(self, connection: Connection) -> None:
        """While another process writes: read what was written, to hold the lock for less."""
        if self._known is None:
            return
        try:
            self._begun(connection, "BEGIN").mirror()
        except sqlite3.OperationalError as error:
            if "lock" not in str(error):
                raise
        finally:
            if connection.in_transaction:
                connection.rollback()


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
        self.store.committed(revision, changes)
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
        known = self.store.style_ids
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


def _metadata(found: tuple[Any, ...]) -> Json:
    names = ("metadata_id", "key", "value", "visibility", "sheet_id", "dimension", "line_id")
    return dict(zip(names, found))
