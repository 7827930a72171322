"""addDimensionGroup, deleteDimensionGroup, updateDimensionGroup: lines that fold away together.

What overlapping groups become is documented case by case; all the cases are one rule: a group adds
one to the depth of its lines, and the groups of a depth are the runs of lines at least that deep.
"""

from __future__ import annotations

from ..api import fields, schemas
from ..api.call import Call
from ..api.resources import shown_object
from ..book import Book
from ..errors import invalid_argument
from ..model.structure import COLUMNS, ROWS, Json, Sheet
from . import objects
from .dimensions import dimension_range

_MAX_DEPTH = 8  # documented: "an error if the depth would exceed 8"
_KIND = {ROWS: "rowGroup", COLUMNS: "columnGroup"}


def add(book: Book, body: Json, _call: Call) -> Json:
    """One more level over some lines; the reply lists all groups of the dimension."""
    sheet, dimension, start, stop = dimension_range(book, body.get("range"))
    depths = _depths(book, sheet, dimension)
    depths[start:stop] = [depth + 1 for depth in depths[start:stop]]
    _put_control_after(book, sheet, dimension)
    if max(depths) > _MAX_DEPTH:
        raise invalid_argument(f"A dimension group can't be deeper than {_MAX_DEPTH}.")
    return {"addDimensionGroup": _rebuilt(book, sheet, dimension, depths)}


def _put_control_after(book: Book, sheet: Sheet, dimension: str) -> None:
    """The first group brings this along, and it stays when the group goes (recorded)."""
    name = "rowGroupControlAfter" if dimension == ROWS else "columnGroupControlAfter"
    edited = book.edit_sheet(sheet.sheet_id)
    grid = {**edited.properties.get("gridProperties", {}), name: True}
    edited.properties = {**edited.properties, "gridProperties": grid}


def delete(book: Book, body: Json, _call: Call) -> Json:
    """One level less over some lines."""
    sheet, dimension, start, stop = dimension_range(book, body.get("range"))
    depths = _depths(book, sheet, dimension)
    if not any(depths[start:stop]):
        raise invalid_argument("Cannot delete a dimension group where there is none.")
    depths[start:stop] = [max(depth - 1, 0) for depth in depths[start:stop]]
    return {"deleteDimensionGroup": _rebuilt(book, sheet, dimension, depths)}


def update(book: Book, body: Json, _call: Call) -> None:
    """Fold or unfold a group: its lines are hidden or shown."""
    wanted = body.get("dimensionGroup") or {}
    mask = schemas.update_mask("DimensionGroup", body.get("fields"))
    sheet, dimension, start, stop = dimension_range(book, wanted.get("range"))
    object_id, group = _at(book, sheet, wanted, dimension, (start, stop))
    if not mask.wants("collapsed"):
        return
    folded = bool(wanted.get("collapsed"))
    kept = {n: v for n, v in group.items() if n != "collapsed"}
    kept |= {"collapsed": True} if folded else {}
    objects.put(book, _KIND[dimension], kept, object_id)
    sheet = book.edit_sheet(sheet.sheet_id)
    properties = sheet.line_properties(dimension)
    for line in sheet.axis(dimension).ids(start, stop):
        said = fields.merge(
            properties.get(line, {}),
            {"hiddenByUser": True} if folded else {},
            fields.parse("hiddenByUser"),
        )
        properties[line] = said


def _at(
    book: Book, sheet: Sheet, wanted: Json, dimension: str, between: tuple[int, int]
) -> tuple[str, Json]:
    depth = wanted.get("depth", 0)
    for object_id, group in book.structure.objects_on(_KIND[dimension], sheet.sheet_id):
        where = (group["range"]["startIndex"], group["range"]["endIndex"])
        if where == between and group["depth"] == depth:
            return object_id, group
    raise invalid_argument(f"There is no dimension group of depth {depth} over the range.")


def _depths(book: Book, sheet: Sheet, dimension: str) -> list[int]:
    depths = [0] * sheet.axis(dimension).count
    for _, group in book.structure.objects_on(_KIND[dimension], sheet.sheet_id):
        for at in range(group["range"]["startIndex"], group["range"]["endIndex"]):
            depths[at] = max(depths[at], group["depth"])
    return depths


def _rebuilt(book: Book, sheet: Sheet, dimension: str, depths: list[int]) -> Json:
    kind = _KIND[dimension]
    kept = book.edit().objects.setdefault(kind, {})
    folded = set()
    for object_id, group in list(book.structure.objects_on(kind, sheet.sheet_id)):
        if group.get("collapsed"):
            folded.add((group["depth"], group["range"]["startIndex"]))
        del kept[object_id]
    found = []
    for depth in range(1, max(depths) + 1):
        for start, stop in _runs(depths, depth):
            where = {"sheetId": sheet.sheet_id, "dimension": dimension}
            group = {"range": {**where, "startIndex": start, "endIndex": stop}, "depth": depth}
            if (depth, start) in folded:
                group["collapsed"] = True
            objects.put(book, kind, group)
            found.append(shown_object(group))
    return {"dimensionGroups": found} if found else {}


def _runs(depths: list[int], least: int) -> list[tuple[int, int]]:
    runs, start = [], None
    for at, depth in enumerate([*depths, 0]):
        if depth >= least and start is None:
            start = at
        elif depth < least and start is not None:
            runs.append((start, at))
            start = None
    return runs


KINDS = {
    "addDimensionGroup": add,
    "deleteDimensionGroup": delete,
    "updateDimensionGroup": update,
}
