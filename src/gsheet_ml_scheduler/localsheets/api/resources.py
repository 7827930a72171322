"""What spreadsheets.get shows: a Spreadsheet with its sheets and, where asked for, their cells.

Decided here: which parts there are, and that nothing is worked out that a `fields` mask leaves out.
What is shown of one cell: `cell_data`.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import cell_data, styles
from ..book import Book
from ..filtered import hidden_by_filter
from ..metadata import resource as metadata_resource
from ..model.record import Row
from ..model.structure import COLUMNS, ROWS, Json, Sheet
from ..ranges import Area
from .fields import Mask

_DEFAULT_PIXELS = {ROWS: 21, COLUMNS: 100}  # recorded
_CELL_WEIGHT = 7  # a CellData beside a value
_TALL = 2_000  # rows of an area, from which on it is worth to look where its cells end
_ON_SHEETS = {  # kind of object -> where a Sheet shows it
    "protectedRange": "protectedRanges",
    "conditionalFormat": "conditionalFormats",
    "filterView": "filterViews",
    "bandedRange": "bandedRanges",
    "rowGroup": "rowGroups",
    "columnGroup": "columnGroups",
}


def spreadsheet(
    book: Book, areas: Sequence[Area] | None, mask: Mask | None, *, grid_data: bool
) -> Json:
    """A Spreadsheet.

    Args:
        book: what to show.
        areas: show only sheets with one of these, and of their cells only these; None is all.
        mask: the `fields` asked for; None is all. It decides alone whether cells are shown. What
            it leaves out may be there all the same: the caller selects by it in the end.
        grid_data: show cells, where there is no mask.
    """
    structure = book.structure
    cells = grid_data if mask is None else mask.wants("sheets", "data")

    def wants(*path: str) -> bool:
        return mask is None or mask.wants(*path)

    found: Json = {}
    if wants("spreadsheetId"):
        found["spreadsheetId"] = structure.spreadsheet_id
    if wants("properties"):
        found["properties"] = _properties(structure.properties)
    if wants("sheets"):
        found["sheets"] = [
            _sheet(book, sheet, position, _on(sheet, areas), mask, cells)
            for position, sheet in enumerate(structure.sheets)
            if areas is None or _on(sheet, areas)
        ]
    if wants("namedRanges"):
        named = [shown_object(body) for body in structure.objects.get("namedRange", {}).values()]
        if named:
            found["namedRanges"] = named
    if wants("spreadsheetUrl"):
        found["spreadsheetUrl"] = (
            f"https://docs.google.com/spreadsheets/d/{structure.spreadsheet_id}/edit"
        )
    if wants("developerMetadata"):
        marks = [m for m in book.all_metadata() if m["sheet_id"] is None]
        if marks:
            found["developerMetadata"] = [metadata_resource(book, m) for m in marks]
    return found


def _properties(properties: Json) -> Json:
    default = styles.merged(styles.DEFAULT, properties.get("defaultFormat", {}))
    return {**properties, "defaultFormat": default, "spreadsheetTheme": THEME}


def sheet_properties(sheet: Sheet, position: int) -> Json:
    """The SheetProperties of a sheet; 0 as id and index is said (recorded)."""
    kept = {n: v for n, v in sheet.properties.items() if n not in ("title", "gridProperties")}
    counts = {"rowCount": sheet.rows.count, "columnCount": sheet.columns.count}
    grid = {**counts, **sheet.properties.get("gridProperties", {})}
    return {
        "sheetId": sheet.sheet_id,
        "title": sheet.title,
        "index": position,
        **{n: v for n, v in kept.items() if v not in (False, None)},
        "gridProperties": grid,
    }


def _on(sheet: Sheet, areas: Sequence[Area] | None) -> list[Area] | None:
    if areas is None:
        return None
    return [area for area in areas if area.sheet.sheet_id == sheet.sheet_id]


def _sheet(
    book: Book,
    sheet: Sheet,
    position: int,
    areas: list[Area] | None,
    mask: Mask | None,
    cells: bool,  # noqa: FBT001
) -> Json:
    def wants(name: str) -> bool:
        return mask is None or mask.wants("sheets", name)

    found: Json = {}
    if wants("properties"):
        found["properties"] = sheet_properties(sheet, position)
    if cells:
        whole = [Area(sheet, 0, sheet.rows.count, 0, sheet.columns.count)]
        found["data"] = [grid_data(book, area, mask) for area in areas or whole]
    if wants("merges"):
        on = book.structure.objects_on("merge", sheet.sheet_id)
        merges = [shown_object(body)["range"] for _, body in on]
        if merges:
            found["merges"] = merges
    for kind, name in _ON_SHEETS.items():
        if wants(name):
            on = book.structure.objects_on(kind, sheet.sheet_id)
            shown = [shown_object(body) for _, body in on]
            if shown:
                found[name] = shown
    if wants("basicFilter"):
        for _, body in book.structure.objects_on("basicFilter", sheet.sheet_id):
            found["basicFilter"] = shown_object(body)
    if wants("developerMetadata"):
        marks = [
            metadata_resource(book, entry)
            for entry in book.all_metadata()
            if entry["sheet_id"] == sheet.sheet_id and entry["dimension"] is None
        ]
        if marks:
            found["developerMetadata"] = marks
    return found


def grid_data(book: Book, area: Area, mask: Mask | None) -> Json:
    """The GridData of an area: rows without trailing cells and rows that have nothing."""

    def wants(name: str) -> bool:
        return mask is None or mask.wants("sheets", "data", name)

    found: Json = {}
    if area.start_row and wants("startRow"):
        found["startRow"] = area.start_row
    if area.start_column and wants("startColumn"):
        found["startColumn"] = area.start_column
    if wants("rowData"):
        rows = _row_data(book, area, mask)
        if rows:
            found["rowData"] = rows
    for dimension, name in ((ROWS, "rowMetadata"), (COLUMNS, "columnMetadata")):
        if wants(name):
            found[name] = _line_metadata(book, area, dimension)
    return found


def _row_data(book: Book, area: Area, mask: Mask | None) -> list[Json]:
    below = None if mask is None else mask.below("sheets", "data", "rowData", "values")
    wanted = cell_data.shown(below)
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    shown: list[Json] = []
    for row in _rows(book, area):
        used = max(len(row.cells), len(row.formats))  # nothing is said of columns behind
        cells = [
            cell_data.resource(book, row, column, wanted) if column < used or row.extras else {}
            for column in columns
        ]
        while cells and not cells[-1]:
            cells.pop()
        shown.append({"values": cells} if cells else {})
    while shown and not shown[-1]:
        shown.pop()
    return shown


def _rows(book: Book, area: Area) -> list[Row]:
    """The rows of an area; of a tall one only down to the last in which anything is stored."""
    sheet, stop = area.sheet, area.end_row
    if area.height >= _TALL:
        stored = book.stored_rows(sheet, area.start_row, stop)
        indexes = (sheet.rows.index_of(row.row_id) for row in stored)
        last = max((at for at in indexes if at is not None), default=area.start_row - 1)
        stop = min(stop, last + 1)
    book.take(sheet, stop - area.start_row, weight=_CELL_WEIGHT)
    return book.rows(sheet, area.start_row, stop)


def _line_metadata(book: Book, area: Area, dimension: str) -> list[Json]:
    sheet = area.sheet
    between = (
        (area.start_row, area.end_row)
        if dimension == ROWS
        else (area.start_column, area.end_column)
    )
    marks: dict[int, list[Json]] = {}
    for entry in book.all_metadata():
        if entry["sheet_id"] == sheet.sheet_id and entry["dimension"] == dimension:
            marks.setdefault(entry["line_id"], []).append(metadata_resource(book, entry))
    said = sheet.line_properties(dimension)
    filtered = hidden_by_filter(book, sheet) if dimension == ROWS else set()
    default = {"pixelSize": _DEFAULT_PIXELS[dimension]}
    found = []
    for line in sheet.axis(dimension).ids(*between):
        shown = {**default, **said.get(line, {})}
        if line in filtered:
            shown["hiddenByFilter"] = True
        if line in marks:
            shown["developerMetadata"] = marks[line]
        found.append(shown)
    return found


def shown_object(body: Json) -> Json:
    """What lies on ranges, as Google shows it: sheet 0 isn't said (recorded)."""
    found = dict(body)
    if "range" in body:
        found["range"] = _without_zero_sheet(body["range"])
    for name in ("ranges", "unprotectedRanges"):
        if name in body:
            found[name] = [_without_zero_sheet(one) for one in body[name]]
    return found


def _without_zero_sheet(grid_range: Json) -> Json:
    return {n: v for n, v in grid_range.items() if n != "sheetId" or v}


def _theme_colour(kind: str, red: int, green: int, blue: int) -> Json:
    shares = {"red": red / 255, "green": green / 255, "blue": blue / 255}
    return {"colorType": kind, "color": {"rgbColor": styles.colour(shares)}}


THEME: Json = {  # recorded: a new spreadsheet's
    "primaryFontFamily": "Arial",
    "themeColors": [
        _theme_colour("TEXT", 0, 0, 0),
        _theme_colour("BACKGROUND", 255, 255, 255),
        _theme_colour("ACCENT1", 66, 133, 244),
        _theme_colour("ACCENT2", 234, 67, 53),
        _theme_colour("ACCENT3", 251, 188, 4),
        _theme_colour("ACCENT4", 52, 168, 83),
        _theme_colour("ACCENT5", 255, 109, 1),
        _theme_colour("ACCENT6", 70, 189, 198),
        _theme_colour("LINK", 17, 85, 204),
    ],
}
