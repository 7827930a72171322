"""setBasicFilter, clearBasicFilter: a sheet's one filter, which hides rows and may sort them."""

from __future__ import annotations

from .. import ranges
from ..api.call import Call
from ..book import Book
from ..model.structure import Json
from . import objects
from .sorting import sort_range

_KIND = "basicFilter"


def put(book: Book, body: Json, call: Call) -> None:
    """The filter of a sheet, in place of the one it had; its rows are sorted by its sortSpecs."""
    wanted = body.get("filter") or {}
    where = objects.whole_range(ranges.from_grid_range(book, wanted.get("range") or {}))
    sheet = book.sheet(where["sheetId"])
    objects.put(book, _KIND, {**wanted, "range": where}, str(sheet.sheet_id))
    if wanted.get("sortSpecs"):
        below = {**where, "startRowIndex": where["startRowIndex"] + 1}
        if below["startRowIndex"] < where["endRowIndex"]:
            sort_range(book, {"range": below, "sortSpecs": wanted["sortSpecs"]}, call)


def clear(book: Book, body: Json, _call: Call) -> None:
    """The filter goes, if there is one; all its rows show again."""
    sheet = book.sheet(body.get("sheetId", 0))
    book.edit().objects.get(_KIND, {}).pop(str(sheet.sheet_id), None)


KINDS = {"setBasicFilter": put, "clearBasicFilter": clear}
