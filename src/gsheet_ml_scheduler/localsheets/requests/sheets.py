"""addSheet, deleteSheet, duplicateSheet, updateSheetProperties, updateSpreadsheetProperties."""

from __future__ import annotations

from .. import sheet_copies, styles
from ..api import fields, resources, schemas
from ..api.call import Call
from ..book import Book
from ..errors import invalid_argument
from ..model.axis import Axis
from ..model.structure import COLUMNS, ROWS, Json, Sheet
from ..storage.files import NEW_PROPERTIES, NEW_SIZE
from ..text.locales import conventions

_GRID = "gridProperties"
_COUNTS = {"rowCount": ROWS, "columnCount": COLUMNS}


def add(book: Book, body: Json, _call: Call) -> Json:
    """A new sheet; what its properties leave out is as in a new file."""
    wanted = styles.normal(body.get("properties") or {})
    structure = book.edit()
    title = wanted.get("title") or _new_title(book)
    require_free_title(book, title, None)
    sheet_id = wanted.get("sheetId")
    if sheet_id is None:
        sheet_id = sheet_copies.new_sheet_id(book)
    elif structure.sheet(sheet_id) is not None:
        raise invalid_argument(f"A sheet with the ID {sheet_id} already exists.")
    grid = dict(wanted.get(_GRID) or {})
    rows = _count(grid.pop("rowCount", NEW_SIZE[0]), "rowCount")
    columns = _count(grid.pop("columnCount", NEW_SIZE[1]), "columnCount")
    position = _position(wanted.get("index", len(structure.sheets)), len(structure.sheets))
    kept = {n: v for n, v in wanted.items() if n not in ("sheetId", "index", _GRID)}
    properties = {"sheetType": "GRID", **kept, "title": title}
    if grid:
        properties[_GRID] = grid
    sheet = Sheet(sheet_id, properties, Axis.of(rows), Axis.of(columns))
    book.add_sheet(sheet, position)
    return {"addSheet": {"properties": resources.sheet_properties(sheet, position)}}


def _new_title(book: Book) -> str:
    number = len(book.structure.sheets) + 1
    while book.structure.titled(f"Sheet{number}") is not None:
        number += 1
    return f"Sheet{number}"


def require_free_title(book: Book, title: str, own: int | None) -> None:
    """See that no other sheet has a title; Google compares without regard to case."""
    found = book.structure.titled(title)
    if found is not None and found.sheet_id != own:
        raise invalid_argument(
            f'A sheet with the name "{title}" already exists. Please enter another name.'
        )


def _count(found: object, name: str) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise invalid_argument(f"Invalid value at '{_GRID}.{name}': {found!r} is not 1 or more.")
    return found


def _position(found: object, last: int) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise invalid_argument(f"Invalid value at 'index': {found!r} is no place of a sheet.")
    return min(found, last)


def delete(book: Book, body: Json, _call: Call) -> None:
    """A sheet with all that is on it; the last one stays."""
    sheet_id = body.get("sheetId", 0)
    if book.structure.sheet(sheet_id) is None:
        raise invalid_argument(f"No sheet with id: {sheet_id}")
    if len(book.structure.sheets) == 1:
        raise invalid_argument("You can't remove all the sheets in a document.")
    book.remove_sheet(sheet_id)


def duplicate(book: Book, body: Json, _call: Call) -> Json:
    """A sheet once more, before the sheet at `insertSheetIndex`."""
    source = book.sheet(body.get("sourceSheetId", 0))
    sheet_id = body.get("newSheetId")
    if sheet_id is None:
        sheet_id = sheet_copies.new_sheet_id(book)
    elif book.structure.sheet(sheet_id) is not None:
        raise invalid_argument(f"A sheet with the ID {sheet_id} already exists.")
    title = body.get("newSheetName")
    if title:
        require_free_title(book, title, None)
    else:
        title = sheet_copies.free_title(book, f"Copy of {source.title}")
    position = _position(body.get("insertSheetIndex", 0), len(book.structure.sheets))
    made = sheet_copies.put(book, sheet_copies.taken(book, source), title, sheet_id, position)
    return {"duplicateSheet": {"properties": resources.sheet_properties(made, position)}}


def update(book: Book, body: Json, _call: Call) -> None:
    """The named properties of a sheet: title, place, size, frozen lines, colour, hidden."""
    wanted = styles.normal(body.get("properties") or {})
    mask = schemas.update_mask("SheetProperties", body.get("fields"))
    sheet_id = wanted.get("sheetId", 0)
    if book.structure.sheet(sheet_id) is None:
        raise invalid_argument(f"No sheet with id: {sheet_id}")
    sheet = book.edit_sheet(sheet_id)
    if mask.wants("title") and "title" in wanted:
        require_free_title(book, wanted["title"], sheet_id)
    for name, dimension in _COUNTS.items():
        if mask.wants(_GRID, name) and name in (wanted.get(_GRID) or {}):
            _resize(book, sheet_id, dimension, _count(wanted[_GRID][name], name))
    sheet = book.edit_sheet(sheet_id)
    merged = fields.merge(sheet.properties, wanted, mask)
    grid = {n: v for n, v in (merged.pop(_GRID, None) or {}).items() if n not in _COUNTS}
    kept = {n: v for n, v in merged.items() if n not in ("sheetId", "index")}
    before, title = sheet.title, merged.get("title") or sheet.title
    sheet.properties = {**kept, "title": title, "sheetType": "GRID"}
    if title != before:
        book.sheet_renamed(before, title)
    if grid := {n: v for n, v in grid.items() if v}:
        _require_frozen_fit(sheet, grid)
        sheet.properties[_GRID] = grid
    if mask.wants("index") and "index" in wanted:
        _move(book, sheet, wanted["index"])


def _require_frozen_fit(sheet: Sheet, grid: Json) -> None:
    for name, axis in (("frozenRowCount", sheet.rows), ("frozenColumnCount", sheet.columns)):
        if grid.get(name, 0) >= axis.count:
            what = "rows" if axis is sheet.rows else "columns"
            raise invalid_argument(f"You can't freeze all visible {what} on the sheet.")


def _resize(book: Book, sheet_id: int, dimension: str, count: int) -> None:
    sheet = book.sheet(sheet_id)
    now = sheet.axis(dimension).count
    if count > now:
        book.insert_lines(sheet, dimension, now, count - now)
    elif count < now:
        book.remove_lines(sheet, dimension, count, now)


def _move(book: Book, sheet: Sheet, index: object) -> None:
    """To a place counted before the move: one to the right of its own is where it stands."""
    sheets = book.edit().sheets
    now, place = sheets.index(sheet), _position(index, len(sheets))
    sheets.pop(now)
    sheets.insert(place if place <= now else place - 1, sheet)


def update_spreadsheet(book: Book, body: Json, _call: Call) -> None:
    """Title, locale, time zone and their like."""
    mask = schemas.update_mask("SpreadsheetProperties", body.get("fields"))
    wanted = styles.normal(body.get("properties") or {})
    structure = book.edit()
    merged = fields.merge(structure.properties, wanted, mask)
    if not merged.get("title"):
        raise invalid_argument("A spreadsheet must have a title.")
    merged.setdefault("locale", NEW_PROPERTIES["locale"])  # it is never without one
    conventions(merged["locale"])
    structure.properties = merged


KINDS = {
    "addSheet": add,
    "deleteSheet": delete,
    "duplicateSheet": duplicate,
    "updateSheetProperties": update,
    "updateSpreadsheetProperties": update_spreadsheet,
}
