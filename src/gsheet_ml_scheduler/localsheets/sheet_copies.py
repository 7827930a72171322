"""A sheet taken whole out of a workbook, and put into the same or another one as a new sheet.

Decided here: what goes along (cells, formats, notes, sizes, merges, filters, conditional formats,
protected ranges, groups) and what doesn't: named ranges, which would be there twice, and developer
metadata, whose ids are unique.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from .api.replies import copied
from .book import Book
from .model.axis import Axis
from .model.record import Cell
from .model.structure import Json, Sheet

_KINDS = {  # kind of object -> where its body holds its own id, if it does
    "merge": None,
    "conditionalFormat": None,
    "basicFilter": None,
    "protectedRange": "protectedRangeId",
    "rowGroup": None,
    "columnGroup": None,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row's content; formats as they are, for their ids mean nothing elsewhere."""

    row_id: int
    cells: list[Cell]
    formats: list[Json | None]
    extras: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Contents:
    """All that is on a sheet."""

    properties: Json
    rows: Axis
    columns: Axis
    row_properties: dict[int, Json]
    column_properties: dict[int, Json]
    lines: list[Line]
    objects: list[tuple[str, Json]]


def taken(book: Book, sheet: Sheet) -> Contents:
    """What is on a sheet now."""
    lines = [
        Line(
            row.row_id,
            list(row.cells),
            [None if style is None else book.style(style) for style in row.formats],
            copied(row.extras),
        )
        for row in book.stored_rows(sheet, 0, sheet.rows.count)
    ]
    objects = [
        (kind, copied(body))
        for kind in _KINDS
        for _, body in book.structure.objects_on(kind, sheet.sheet_id)
    ]
    return Contents(
        copied(sheet.properties),
        _order(sheet.rows),
        _order(sheet.columns),
        copied(sheet.row_properties),
        copied(sheet.column_properties),
        lines,
        objects,
    )


def _order(axis: Axis) -> Axis:
    """The same order of its own: a chunk of one is stored for one sheet."""
    return Axis(axis.spans, axis.next_id)


def put(book: Book, contents: Contents, title: str, sheet_id: int, position: int) -> Sheet:
    """A new sheet with these contents."""
    sheet = Sheet(
        sheet_id,
        {**contents.properties, "title": title},
        contents.rows,
        contents.columns,
        dict(contents.row_properties),
        dict(contents.column_properties),
    )
    book.add_sheet(sheet, position)
    for line in contents.lines:
        at = sheet.rows.index_of(line.row_id)
        if at is None:
            continue  # a deleted row's record
        row = book.rows(sheet, at, at + 1)[0]
        for column, cell in enumerate(line.cells):
            if cell is not None:
                row.set_cell(column, cell)
        for column, style in enumerate(line.formats):
            if style is not None:
                row.set_style(column, book.style_id(style))
        for name, extra in line.extras.items():
            row.set_extra(int(name), extra)
    objects = book.edit().objects
    for kind, body in contents.objects:
        moved, object_id = _on(body, sheet_id), new_object_id(book, kind)
        own = _KINDS[kind]
        objects.setdefault(kind, {})[object_id] = {**moved, own: int(object_id)} if own else moved
    return sheet


def _on(body: Json, sheet_id: int) -> Json:
    out = dict(body)
    if "range" in body:
        out["range"] = {**body["range"], "sheetId": sheet_id}
    if "ranges" in body:
        out["ranges"] = [{**one, "sheetId": sheet_id} for one in body["ranges"]]
    return out


def new_sheet_id(book: Book) -> int:
    """An id that no sheet has."""
    while True:
        sheet_id = secrets.randbelow(2**31 - 1) + 1
        if book.structure.sheet(sheet_id) is None:
            return sheet_id


def new_object_id(book: Book, kind: str) -> str:
    """An id that no object of this kind has."""
    known = book.structure.objects.get(kind, {})
    while True:
        object_id = str(secrets.randbelow(2**31 - 1) + 1)
        if object_id not in known:
            return object_id


def free_title(book: Book, wanted: str) -> str:
    """The title, or the first of `title 2`, `title 3` … that no sheet has."""
    title, number = wanted, 2
    while book.structure.titled(title) is not None:
        title, number = f"{wanted} {number}", number + 1
    return title
