"""What a batch did, for those who follow: the effects that one entry of the change log holds.

Decided here: what an effect looks like, and that the effects are complete. Whoever starts from a
snapshot and applies every later entry has the workbook, without knowing what any request means.
Decided elsewhere: how long the log reaches back, and who wrote an entry (`storage`).

Rows, columns, styles and metadata are named by their ids, which never change; keys of JSON objects
are text. In the order in which they are to be applied:

    sheetAdded       sheetId, position, properties, rows and columns (spans: first id, how many)
    sheetRemoved     sheetId; with its cells, objects and metadata
    lines            sheetId, dimension, at, removed (how many lines go there), inserted (spans that
                     come there instead; ids known before are lines that moved)
    metadata         entry; replaces one with the same id
    metadataRemoved  metadataId
    spreadsheet      properties, all of them
    sheets           order: the ids of the tabs from left to right
    sheet            sheetId, properties, all of them
    lineProperties   sheetId, dimension, lines: {line id: properties, all of them}
    objects          kind, changed: {object id: body}, order: the ids of all there are now
    styles           styles: {style id: CellFormat}; a style is never changed or removed
    cells            sheetId, rows: {row id: {column id: cell}}; see record.py
    formats          sheetId, rows: {row id: {column id: style id, null for none}}
    extras           sheetId, rows: {row id: {column id: notes and their like, {} for none}}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .record import Row
from .stored import decode
from .structure import COLUMNS, ROWS, Json, Sheet, Structure


def of_batch(
    logged: list[Json],
    before: Structure,
    after: Structure | None,
    styles: Iterable[tuple[int, str]],
    rows: Iterable[Row],
) -> list[Json]:
    """The effects of a batch.

    Args:
        logged: what happened to sheets, lines and metadata, in the order in which it happened.
        before: the structure that the batch began with.
        after: the structure that it leaves, None if that is the same.
        styles: ids and bodies of new styles.
        rows: the rows whose cells changed.
    """
    effects = list(logged)
    if after is not None:
        effects += _structure_effects(before, after)
    bodies = {style_id: decode(body) for style_id, body in styles}
    if bodies:
        effects.append({"type": "styles", "styles": bodies})
    return effects + _cell_effects(rows)


def _structure_effects(before: Structure, after: Structure) -> list[Json]:
    """What the batch left different in all but the order of lines, which is logged as it goes."""
    effects: list[Json] = []
    if after.properties != before.properties:
        effects.append({"type": "spreadsheet", "properties": after.properties})
    order = [sheet.sheet_id for sheet in after.sheets]
    if order != [sheet.sheet_id for sheet in before.sheets]:
        effects.append({"type": "sheets", "order": order})
    for sheet in after.sheets:
        effects += _sheet_effects(before.sheet(sheet.sheet_id), sheet)
    for kind in sorted(before.objects.keys() | after.objects.keys()):
        old, new = before.objects.get(kind, {}), after.objects.get(kind, {})
        if old != new or list(old) != list(new):
            changed = {name: body for name, body in new.items() if old.get(name) != body}
            effect = {"type": "objects", "kind": kind, "changed": changed, "order": list(new)}
            effects.append(effect)
    return effects


def _sheet_effects(before: Sheet | None, after: Sheet) -> list[Json]:
    effects: list[Json] = []
    name = {"sheetId": after.sheet_id}
    if before is None or after.properties != before.properties:
        effects.append({"type": "sheet", **name, "properties": after.properties})
    for dimension in (ROWS, COLUMNS):
        old = before.line_properties(dimension) if before else {}
        new = after.line_properties(dimension)
        lines = {line: said for line, said in new.items() if old.get(line) != said}
        lines |= {line: {} for line in old.keys() - new.keys()}
        if lines:
            effect = {"type": "lineProperties", **name, "dimension": dimension, "lines": lines}
            effects.append(effect)
    return effects


def _cell_effects(rows: Iterable[Row]) -> list[Json]:
    effects: dict[tuple[str, int], Json] = {}

    def note(kind: str, row: Row, said: dict[int, Any]) -> None:
        key = (kind, row.sheet_id)
        if key not in effects:
            effects[key] = {"type": kind, "sheetId": row.sheet_id, "rows": {}}
        effects[key]["rows"][row.row_id] = said

    for row in rows:
        if row.changed_cells:
            note("cells", row, {column: row.cell(column) for column in row.changed_cells})
        if row.changed_formats:
            note("formats", row, {column: row.style(column) for column in row.changed_formats})
        if row.changed_extras:
            note("extras", row, {column: row.extra(column) for column in row.changed_extras})
    return list(effects.values())
