"""What happened since a revision, as one message for those who have the workbook as of then.

Decided here: what of the change log a page is told, and how. Structure is told step by step, as it
was logged. Cells are told once, as they are at the end, whole and shown: who is a few batches
behind needn't know what stood there in between. Developer metadata isn't told: no page shows it.

A message can't say that every cell looks different (another locale, another default format, other
conditional formats): then there is none, and whoever asks takes a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..book import Book
from ..filtered import hidden_by_filter
from ..model.axis import Axis
from ..model.record import Row
from ..model.structure import Json
from ..storage import entries as log
from ..storage.entries import Entry
from ..storage.snapshot import Snapshot
from . import cursor
from . import snapshot as snapshots
from .shown import Showing

MOST_BATCHES = 20_000  # that one message sums up
MOST_CELLS = 200_000  # from here on a snapshot is hardly larger
_CELLS = ("cells", "formats", "extras")
_UNTOLD = ("metadata", "metadataRemoved")
_MOVES = ("lines", "sheetAdded", "sheetRemoved")

Touched = dict[int, dict[int, set[int]]]  # sheet id -> row id -> column ids


def look_of(snapshot: Snapshot) -> object:
    """What decides how all cells are shown; two snapshots in which it is equal show them alike."""
    properties = snapshot.structure.properties
    return (properties.get("locale"), properties.get("defaultFormat"))


def since(snapshot: Snapshot, path: Path, revision: int, look: object | None = None) -> Json | None:
    """The message from a revision to a snapshot; None where only a snapshot helps.

    Args:
        snapshot: the workbook as it is.
        path: its file.
        revision: where the message begins.
        look: `look_of` as of that revision, if that is known.
    """
    if snapshot.revision - revision > MOST_BATCHES:
        return None
    entries = log.since(snapshot, revision)
    if entries is None:
        return None
    is_unknown = look is None and any(kind == "spreadsheet" for kind in _kinds(entries))
    if is_unknown or (look is not None and look != look_of(snapshot)):
        return None
    if any(map(_restyles, entries)):
        return None
    book = Book(snapshot)
    showing = Showing(book)
    touched = touched_by(entries)
    told = touched_by(entries)
    _add_relooked(told, book, entries, showing)
    if sum(len(columns) for rows in told.values() for columns in rows.values()) > MOST_CELLS:
        return None
    cells, looks = _cells(snapshot, showing, told)
    message: Json = {
        "type": "changes",
        "from": revision,
        "revision": snapshot.revision,
        "cursor": str(cursor.of_snapshot(snapshot, path)),
        "batches": [_batch(entry) for entry in entries],
        "effects": [
            {"revision": entry.revision, **effect}
            for entry in entries
            for effect in entry.effects
            if _is_told(effect)
        ],
        "cells": cells,
    }
    if looks:
        new = {"revision": snapshot.revision, "type": "styles", "styles": looks}
        message["effects"].append(new)
    hidden = _hidden(book, entries, touched)
    return {**message, "hiddenByFilter": hidden} if hidden else message


def _restyles(entry: Entry) -> bool:
    """Whether rules of conditional formats came, went or changed, rather than moved with lines."""
    kinds = {effect["type"] for effect in entry.effects}
    return not kinds & set(_MOVES) and any(
        effect["type"] == "objects" and effect["kind"] == "conditionalFormat"
        for effect in entry.effects
    )


def _is_told(effect: Json) -> bool:
    """Whether a page is told of an effect as it was logged."""
    kind = effect["type"]
    if kind in _CELLS or kind in _UNTOLD:
        return False
    return kind != "objects" or effect["kind"] not in snapshots.UNTOLD


def touched_by(entries: Iterable[Entry]) -> Touched:
    """The cells whose value, format or extras the entries set."""
    touched: Touched = {}
    for entry in entries:
        for effect in entry.effects:
            if effect["type"] in _CELLS:
                rows = touched.setdefault(effect["sheetId"], {})
                for row_id, said in effect["rows"].items():
                    rows.setdefault(int(row_id), set()).update(map(int, said))
    return touched


def moves_lines(entries: Iterable[Entry]) -> bool:
    """Whether an index may mean another line, or another tab, than it did before."""
    return any(kind in _MOVES for kind in _kinds(entries))


def touches(entries: Sequence[Entry], rows: Iterable[Row]) -> bool:
    """Whether any cell that was changed in these rows had been set by an entry."""
    touched = touched_by(entries)
    return any(
        not (row.changed_cells | row.changed_formats | row.changed_extras).isdisjoint(
            touched.get(row.sheet_id, {}).get(row.row_id, ())
        )
        for row in rows
    )


def _kinds(entries: Iterable[Entry]) -> Iterator[str]:
    return (effect["type"] for entry in entries for effect in entry.effects)


def _batch(entry: Entry) -> Json:
    found: Json = {"revision": entry.revision, "time": entry.time, "author": entry.author}
    if entry.client is not None:
        found |= {"client": entry.client, "batch": entry.batch}
    return found


def _add_relooked(told: Touched, book: Book, entries: Sequence[Entry], showing: Showing) -> None:
    """Adds the cells that lines may have brought into a conditional format's range, or out of it.

    Those are on the lines that came, and near the range's edges: where `count` lines came or went,
    the others have moved past an edge by so many at the most.
    """
    moves = [effect for entry in entries for effect in entry.effects if effect["type"] == "lines"]
    for sheet_id in {effect["sheetId"] for effect in moves}:
        sheet = book.structure.sheet(sheet_id)
        if sheet is None:
            continue
        own = [effect for effect in moves if effect["sheetId"] == sheet_id]
        for area in showing.conditional.areas_on(sheet):
            rows = _moved(own, "ROWS", sheet.rows, (area.start_row, area.end_row))
            columns = _moved(own, "COLUMNS", sheet.columns, (area.start_column, area.end_column))
            inside = sheet.columns.ids(area.start_column, area.end_column)
            for row_id in rows:
                told.setdefault(sheet_id, {}).setdefault(row_id, set()).update(inside)
            for row_id in sheet.rows.ids(area.start_row, area.end_row) if columns else ():
                told.setdefault(sheet_id, {}).setdefault(row_id, set()).update(columns)


def _moved(moves: Iterable[Json], dimension: str, axis: Axis, edges: tuple[int, int]) -> set[int]:
    """The ids of the lines that came, and of those that may have moved past an edge."""
    own = [effect for effect in moves if effect["dimension"] == dimension]
    came = {
        one
        for effect in own
        for start, size in effect["inserted"]
        for one in range(start, start + size)
    }
    count = sum(effect["removed"] for effect in own) + len(came)
    there = {one for one in came if axis.index_of(one) is not None}
    for edge in edges if count else ():
        there.update(axis.ids(max(edge - count, 0), min(edge + count, axis.count)))
    return there


def _cells(snapshot: Snapshot, showing: Showing, touched: Touched) -> tuple[Json, dict[int, Json]]:
    """The cells as they are now, and the styles that conditional formats have made for them."""
    found: Json = {}
    for sheet_id, rows in touched.items():
        if snapshot.structure.sheet(sheet_id) is None:
            continue
        found[str(sheet_id)] = {
            str(row_id): _row_cells(snapshot.row(sheet_id, row_id), columns, showing)
            for row_id, columns in rows.items()
        }
    return found, showing.conditional.made


def _row_cells(row: Row, columns: Iterable[int], showing: Showing) -> Json:
    return {str(column): showing.cell(row, column) for column in sorted(columns)}


def _hidden(book: Book, entries: Sequence[Entry], touched: Touched) -> Json:
    """The rows that filters hide, of sheets on which that may have changed."""
    kinds = set(_kinds(entries))
    all_may = bool(kinds & {"objects", "lines"})
    return {
        str(sheet.sheet_id): sorted(hidden_by_filter(book, sheet))
        for sheet in book.structure.sheets
        if (sheet.sheet_id in touched or all_may)
        and _filter_may_matter(book, sheet.sheet_id, entries)
    }


def _filter_may_matter(book: Book, sheet_id: int, entries: Sequence[Entry]) -> bool:
    """Whether a sheet has a filter, or may have lost one."""
    if any(book.structure.objects_on("basicFilter", sheet_id)):
        return True
    return any(
        effect["type"] == "objects" and effect["kind"] == "basicFilter"
        for entry in entries
        for effect in entry.effects
    )
