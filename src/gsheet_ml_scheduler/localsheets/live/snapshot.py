"""The whole workbook at one revision, in pieces: what a page begins with.

Decided here: what a page is sent, and its form: column by column, because columns compress and are
written far faster than cells one by one. Everything is sent that a page can show, find, sort or
copy; lines and columns in which nothing is stored aren't. What a cell consists of: `shown.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

from .. import styles
from ..book import Book
from ..filtered import hidden_by_filter
from ..model.record import Cell, Kept
from ..model.stored import encode
from ..model.structure import Json, Sheet
from ..storage.snapshot import Snapshot
from . import cursor
from .shown import Showing, as_text

UNTOLD = ("formulas",)  # kinds of objects that only this program itself knows
_FIRST_ROWS = 200  # of a sheet's first piece: what a window shows is there at once
_ROWS = 1_000  # of the others
_NOTHING = type(None)


def pieces(snapshot: Snapshot, path: Path, first: int | None = None) -> Iterator[str]:
    """The lines of a snapshot, each a JSON text.

    Args:
        snapshot: the workbook, inside a transaction that lasts until the last piece was taken.
        path: its file.
        first: the id of the sheet whose rows come first.
    """
    book = Book(snapshot)
    yield encode(_head(snapshot, book, path))
    showing = Showing(book)
    sheets = sorted(book.structure.sheets, key=lambda sheet: sheet.sheet_id != first)
    for sheet in sheets:
        bounds = [0, *range(_FIRST_ROWS, sheet.rows.count, _ROWS), sheet.rows.count]
        for start, end in pairwise(bounds):
            stored = snapshot.stored(sheet.sheet_id, sheet.rows, start, end)
            if stored:
                yield encode(_piece(sheet, stored, showing))
    yield '{"type":"end"}'


def default_style(book: Book) -> Json:
    """The format of cells that have none of their own."""
    return styles.merged(styles.DEFAULT, book.structure.properties.get("defaultFormat", {}))


def _head(snapshot: Snapshot, book: Book, path: Path) -> Json:
    structure = book.structure
    return {
        "type": "workbook",
        "cursor": str(cursor.of_snapshot(snapshot, path)),
        "revision": snapshot.revision,
        "spreadsheetId": structure.spreadsheet_id,
        "properties": structure.properties,
        "defaultStyle": default_style(book),
        "styles": snapshot.all_styles(),
        "sheets": [_sheet(snapshot, book, sheet) for sheet in structure.sheets],
        "objects": {n: found for n, found in structure.objects.items() if n not in UNTOLD},
    }


def _sheet(snapshot: Snapshot, book: Book, sheet: Sheet) -> Json:
    found: Json = {
        "sheetId": sheet.sheet_id,
        "properties": sheet.properties,
        "rows": {"spans": sheet.rows.spans, "properties": sheet.row_properties},
        "columns": {"spans": sheet.columns.spans, "properties": sheet.column_properties},
        "filled": snapshot.filled_rows(sheet.sheet_id),
    }
    hidden = hidden_by_filter(book, sheet)
    if hidden:
        found["hiddenByFilter"] = sorted(hidden)
    return found


def _piece(sheet: Sheet, rows: Sequence[tuple[int, Kept]], showing: Showing) -> Json:
    extras: list[Json] = []
    places: dict[str, int] = {}

    def place(extra: Json) -> int:
        key = encode(extra)
        if key not in places:
            places[key] = len(extras)
            extras.append(extra)
        return places[key]

    cells = _columns_of([kept.cells for _, kept in rows])
    formats = _columns_of([kept.formats for _, kept in rows])
    hung = _extras_of([kept.extras for _, kept in rows], place)
    blank: list[Cell] = [None] * len(rows)
    columns = []
    for index, column in enumerate(sheet.columns.ids()):
        styles_here = formats.get(column, [None] * len(rows))
        found = _contents(cells.get(column, blank), styles_here, showing)
        if column in formats and any(style is not None for style in styles_here):
            found["s"] = styles_here
        if column in hung:
            found["x"] = hung[column]
        looks = _looks(sheet, index, [row_id for row_id, _ in rows], found, showing)
        if looks:
            found["c"] = looks
        if found:
            columns.append({"id": column, **found})
    piece: Json = {
        "type": "rows",
        "sheetId": sheet.sheet_id,
        "rows": _spans([row_id for row_id, _ in rows]),
        "columns": columns,
    }
    if extras:
        piece["extras"] = extras
    if showing.conditional.made:
        piece["styles"] = dict(showing.conditional.made)
        showing.conditional.made.clear()
    return piece


def _looks(
    sheet: Sheet, index: int, row_ids: Sequence[int], found: Json, showing: Showing
) -> list[int | None]:
    """The styles that conditional formats give to a column's cells; empty if they give none."""
    rules = showing.conditional.rules_on(sheet, index)
    if not rules:
        return []
    values, texts, own = (found.get(name) or [None] * len(row_ids) for name in "vts")
    looks: list[int | None] = []
    for row_id, value, text, style in zip(row_ids, values, texts, own):
        place = sheet.rows.index_of(row_id)
        shown = as_text(value) if text is None else text
        looks.append(
            None
            if place is None
            else showing.conditional.style(rules, (place, index), value, shown, style)
        )
    return looks if any(look is not None for look in looks) else []


def _columns_of(rows: Sequence[Sequence[Any]]) -> dict[int, Sequence[Any]]:
    """Rows turned into columns, by column id."""
    return dict(enumerate(zip_longest(*rows)))


def _extras_of(
    rows: Sequence[Mapping[str, Json]], place: Callable[[Json], int]
) -> dict[int, list[int | None]]:
    """Where what hangs on cells is found, by column id; most pieces have nothing of the kind."""
    columns: dict[int, list[int | None]] = {}
    for at, row in enumerate(rows):
        for column, extra in row.items():
            columns.setdefault(int(column), [None] * len(rows))[at] = place(extra)
    return columns


def _contents(cells: Sequence[Cell], formats: Sequence[int | None], showing: Showing) -> Json:
    """The lists of a column's values; those of nothing but null are left out."""
    kinds = set(map(type, cells))
    if kinds == {_NOTHING}:
        return {}
    shapeless = all(showing.shape(style) is None for style in set(formats))
    if shapeless and dict not in kinds:
        return _constants(cells, kinds, showing)
    lines: dict[str, list[Any]] = {name: [None] * len(cells) for name in "vtife"}
    for at, (cell, style) in enumerate(zip(cells, formats)):
        for name, said in (showing.content(cell, style) or {}).items():
            lines[name][at] = said
    return {name: line for name, line in lines.items() if any(one is not None for one in line)}


def _constants(cells: Sequence[Any], kinds: set[type], showing: Showing) -> Json:
    """As `_contents`, for cells without number formats and formulas: nearly all of a queue's."""
    found: Json = {"v": cells}
    if float in kinds or int in kinds:
        texts = showing.texts(cells)
        if any(one is not None for one in texts):
            found["t"] = texts
    begun = showing.begun_otherwise(cells, kinds)
    if begun:
        found["i"] = begun
    return found


def _spans(ids: list[int]) -> list[list[int]]:
    spans: list[list[int]] = []
    for one in ids:
        if spans and spans[-1][0] + spans[-1][1] == one:
            spans[-1][1] += 1
        else:
            spans.append([one, 1])
    return spans
