"""Methods that need more than one workbook: spreadsheets.create and sheets.copyTo.

Decided here: in which order a new spreadsheet is filled, and what a copy is called. What of a sheet
goes along: `sheet_copies.py`.
"""

from __future__ import annotations

from typing import Any

from .. import sheet_copies
from ..book import Book
from ..drive.drive import Drive
from ..errors import ApiError, invalid_argument
from ..model.structure import Json
from ..sheet_copies import Contents
from ..workbook import Workbook
from . import resources, schemas
from . import spreadsheets as spreadsheets_api
from .call import Call
from .replies import Reply


def create(drive: Drive, call: Call, author: str) -> Reply:
    """spreadsheets.create: with properties, sheets, their cells, and named ranges."""
    wanted: Json = schemas.checked("Spreadsheet", call.body, "")
    properties = wanted.get("properties") or {}
    workbook = drive.create(properties.get("title") or "Untitled spreadsheet")
    try:
        found = workbook.write(
            lambda book, _: _filled(book, wanted, workbook), Call(), author=author
        )
    except ApiError:
        drive.remove(workbook)
        raise
    mask = call.mask()
    return Reply(200, mask.select(found) if mask else found, shared=True)


def _filled(book: Book, wanted: Json, workbook: Workbook) -> Json:
    requests: list[Json] = []
    properties = {n: v for n, v in (wanted.get("properties") or {}).items() if n != "title"}
    if properties:
        fields = ",".join(properties)
        requests.append(
            {"updateSpreadsheetProperties": {"properties": properties, "fields": fields}}
        )
    sheets = wanted.get("sheets") or []
    own = [_own_id(sheet) for sheet in sheets]
    ids = [sheet_copies.new_sheet_id(book) if one is None else one for one in own]
    if sheets:
        # Under another title at first: a wanted sheet may be called as the new file's own is.
        aside = {"title": "\u0000", "sheetId": 0}
        requests.append({"updateSheetProperties": {"properties": aside, "fields": "title"}})
    for at, (sheet, sheet_id) in enumerate(zip(sheets, ids)):
        said = {**(sheet.get("properties") or {}), "sheetId": sheet_id}
        if sheet_id:
            requests.append({"addSheet": {"properties": {**said, "index": at + (0 not in ids)}}})
        else:
            said.setdefault("title", f"Sheet{at + 1}")
            fields = ",".join(name for name in said if name != "sheetId")
            requests.append({"updateSheetProperties": {"properties": said, "fields": fields}})
    if sheets and 0 not in ids:
        requests.append({"deleteSheet": {"sheetId": 0}})
    for sheet, sheet_id in zip(sheets, ids):
        requests += _contents(sheet, sheet_id)
    requests += [{"addNamedRange": {"namedRange": n}} for n in wanted.get("namedRanges") or []]
    if requests:
        batch = Call(body={"requests": requests}, switches=workbook.switches)
        spreadsheets_api.batch_update(book, batch)
    return resources.spreadsheet(book, None, None, grid_data=False)


def _own_id(sheet: Json) -> int | None:
    """The id that a sheet asks for."""
    found: int | None = (sheet.get("properties") or {}).get("sheetId")
    return found


def _contents(sheet: Json, sheet_id: int) -> list[Json]:
    requests: list[Json] = []
    for data in sheet.get("data") or []:
        rows = data.get("rowData") or []
        start = {
            "sheetId": sheet_id,
            "rowIndex": data.get("startRow", 0),
            "columnIndex": data.get("startColumn", 0),
        }
        if rows:
            requests.append({"updateCells": {"start": start, "rows": rows, "fields": "*"}})
    for merge in sheet.get("merges") or []:
        area = {**merge, "sheetId": sheet_id}
        requests.append({"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}})
    return requests


def copy_sheet(drive: Drive, call: Call, author: str) -> Reply:
    """sheets.copyTo."""
    source = drive.workbook(call.path[0])
    if not call.path[1].isdigit():
        raise invalid_argument(f"Invalid value at 'sheet_id' (TYPE_INT32), \"{call.path[1]}\"")
    sheet_id = int(call.path[1])
    target_id = call.body.get("destinationSpreadsheetId")
    if not isinstance(target_id, str) or not target_id:
        raise invalid_argument("destinationSpreadsheetId is required.")
    target = drive.workbook(target_id)
    taken: list[Contents] = []

    def take(book: Book, _: Call) -> Json:
        taken.append(sheet_copies.taken(book, book.sheet(sheet_id)))
        return {}

    def put(book: Book, _: Call) -> Json:
        title = sheet_copies.free_title(book, f"Copy of {taken[0].properties['title']}")
        last = len(book.structure.sheets)
        sheet = sheet_copies.put(book, taken[0], title, sheet_copies.new_sheet_id(book), last)
        return resources.sheet_properties(sheet, last)

    source.read(take, Call())
    found: Any = target.write(put, Call(), author=author)
    mask = call.mask()
    return Reply(200, mask.select(found) if mask else found, shared=True)
