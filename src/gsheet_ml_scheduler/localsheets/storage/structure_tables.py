"""How a workbook's structure lies in its tables: sheets, the order of lines, objects.

Decided here: what is read and, of a changed structure, what is written. What a structure is stands
in `model`, when it is read and written in `store.py`.
"""

from __future__ import annotations

from typing import Any

from ..model.axis import Axis
from ..model.chunk import Chunk
from ..model.stored import decode, encode
from ..model.structure import COLUMNS, ROWS, Json, Sheet, Structure
from . import sql

StoredChunks = list[tuple[Chunk, int]]  # with the ids under which they are stored

_FEW_CHUNKS = 4  # up to here an order is stored as one text


def load(cursor: Any, known: Structure | None = None) -> Structure:
    """The structure as of a transaction.

    Args:
        cursor: of the transaction.
        known: an older or newer structure of the same file: chunks are not read again.
    """
    book = sql.WORKBOOK(cursor).fetchone()
    axes = {(found[0], found[1]): found[2:] for found in sql.AXES(cursor)}
    sheets = []
    for sheet_id, _, properties in sql.SHEETS(cursor).fetchall():
        rows, columns = axes[sheet_id, ROWS], axes[sheet_id, COLUMNS]
        before = known.sheet(sheet_id) if known else None
        sheets.append(
            Sheet(
                sheet_id,
                decode(properties),
                _axis(cursor, rows[0], rows[1], before.rows if before else None),
                _axis(cursor, columns[0], columns[1], before.columns if before else None),
                {int(line): said for line, said in decode(rows[2]).items()},
                {int(line): said for line, said in decode(columns[2]).items()},
            )
        )
    objects: dict[str, dict[str, Json]] = {}
    for kind, object_id, _, _, body in sql.OBJECTS(cursor):
        objects.setdefault(kind, {})[object_id] = decode(body)
    _, spreadsheet_id, _, _, properties, created = book
    return Structure(spreadsheet_id, decode(properties), sheets, objects, created)


def _axis(cursor: Any, text: str, next_id: int, before: Axis | None) -> Axis:
    """An order: its spans, or `{"chunks": […]}` that lie in a table of their own."""
    found = decode(text)
    if isinstance(found, list):
        return Axis([(first, size) for first, size in found], next_id)
    known = {chunk.stored: chunk for chunk in before.chunks} if before else {}
    missing = [chunk_id for chunk_id in found["chunks"] if chunk_id not in known]
    if len(missing) > _FEW_CHUNKS:
        wanted = set(missing)
        texts = {
            chunk_id: spans for chunk_id, spans in sql.ORDER_CHUNKS(cursor) if chunk_id in wanted
        }
    else:
        texts = {at: sql.ORDER_CHUNK(cursor, chunk_id=at).fetchone()[0] for at in missing}
    for chunk_id, spans in texts.items():
        known[chunk_id] = Chunk([(first, size) for first, size in decode(spans)], chunk_id)
    return Axis.of_chunks([known[chunk_id] for chunk_id in found["chunks"]], next_id)


def _put_axis(cursor: Any, sheet: Sheet, dimension: str, before: Axis | None) -> StoredChunks:
    """Write an order; the new ids of its chunks, to be noted once they are in the file."""
    axis = sheet.axis(dimension)
    kept = {} if before is None else {id(chunk): chunk.stored for chunk in before.chunks}
    ids: list[int] = []
    new: StoredChunks = []
    if len(axis.chunks) < _FEW_CHUNKS:
        text = axis.dump()
    else:
        for chunk in axis.chunks:
            chunk_id = kept.get(id(chunk))
            if chunk_id is None:
                spans = encode(chunk.spans)
                sql.ADD_ORDER_CHUNK(
                    cursor, sheet_id=sheet.sheet_id, dimension=dimension, spans=spans
                )
                chunk_id = cursor.lastrowid
                new.append((chunk, chunk_id))
            ids.append(chunk_id)
        text = encode({"chunks": ids})
    for gone in {at for at in kept.values() if at is not None}.difference(ids):
        sql.DELETE_ORDER_CHUNK(cursor, gone=gone)
    sql.PUT_AXIS(
        cursor,
        sheet_id=sheet.sheet_id,
        dimension=dimension,
        spans=text,
        next_id=axis.next_id,
        properties=encode(sheet.line_properties(dimension)),
    )
    return new


def put(
    cursor: Any, old: Structure, new: Structure, removed: list[int], revision: int
) -> StoredChunks:
    """Write what differs from the structure that the transaction began with.

    Chunks know under which id they are stored. What is answered here must be told them when the
    transaction has ended well.

    Args:
        cursor: of the transaction that writes.
        old: what is stored.
        new: what is to be.
        removed: ids of the sheets that were taken away; one of them may have been made anew.
        revision: the one that is being written.
    """
    stored: StoredChunks = []
    for position, sheet in enumerate(new.sheets):
        before = None if sheet.sheet_id in removed else old.sheet(sheet.sheet_id)
        moved = position >= len(old.sheets) or old.sheets[position] is not before
        if before is None or moved or before.properties != sheet.properties:
            sql.PUT_SHEET(
                cursor,
                sheet_id=sheet.sheet_id,
                position=position,
                properties=encode(sheet.properties),
            )
        for dimension in (ROWS, COLUMNS):
            if (
                before is None
                or sheet.axis(dimension) is not before.axis(dimension)
                or sheet.line_properties(dimension) != before.line_properties(dimension)
            ):
                was = before.axis(dimension) if before else None
                stored += _put_axis(cursor, sheet, dimension, was)
    _put_objects(cursor, old.objects, new.objects)
    sql.SET_STRUCTURE(cursor, new_structure=revision, new_properties=encode(new.properties))
    return stored


def _put_objects(
    cursor: Any, old: dict[str, dict[str, Json]], new: dict[str, dict[str, Json]]
) -> None:
    for kind in old.keys() | new.keys():
        before, after = old.get(kind, {}), new.get(kind, {})
        if before == after and list(before) == list(after):
            continue
        for object_id in before.keys() - after.keys():
            sql.DELETE_OBJECT(cursor, of_kind=kind, gone=object_id)
        for position, (object_id, body) in enumerate(after.items()):
            sql.PUT_OBJECT(
                cursor,
                kind=kind,
                object_id=object_id,
                sheet_id=body.get("range", {}).get("sheetId"),
                position=position,
                body=encode(body),
            )
