"""How a workbook's structure lies in its tables: sheets, the order of lines, objects.

Decided here: what is read and, of a changed structure, what is written. What a structure is stands
in `structure.py`, when it is read and written in `store.py`.
"""

from __future__ import annotations

import json
from typing import Any

from . import sql
from .axis import Axis
from .structure import COLUMNS, ROWS, Json, Sheet, Structure

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def load(cursor: Any) -> Structure:
    """The structure as of a transaction."""
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
    _, spreadsheet_id, _, _, properties, created = book
    return Structure(spreadsheet_id, json.loads(properties), sheets, objects, created)


def put(cursor: Any, old: Structure, new: Structure, removed: list[int], revision: int) -> None:
    """Write what differs from the structure that the transaction began with.

    Args:
        cursor: of the transaction that writes.
        old: what is stored.
        new: what is to be.
        removed: ids of the sheets that were taken away; one of them may have been made anew.
        revision: the one that is being written.
    """
    for position, sheet in enumerate(new.sheets):
        before = None if sheet.sheet_id in removed else old.sheet(sheet.sheet_id)
        moved = position >= len(old.sheets) or old.sheets[position] is not before
        if before is None or moved or before.properties != sheet.properties:
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
    _put_objects(cursor, old.objects, new.objects)
    sql.SET_STRUCTURE(cursor, new_structure=revision, new_properties=_encode(new.properties))


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
                body=_encode(body),
            )
