"""What lies on a range of a sheet and is no cell: how its kinds of requests keep and find it.

Decided here: ids, and how an object's ranges are kept (with their sheet, so that they shift with
its lines) and shown (without sheet 0, as recorded). A kind's own rules stand in its room.
"""

from __future__ import annotations

from .. import ranges
from ..book import Book
from ..errors import invalid_argument
from ..model.structure import Json
from ..ranges import Area
from ..sheet_copies import new_object_id


def kept_range(book: Book, grid_range: Json) -> Json:
    """A GridRange as it is kept: on the grid, what it leaves unbounded left so.

    Raises:
        ApiError: 400, no such sheet, or it isn't on the grid.
    """
    area = ranges.from_grid_range(book, grid_range)
    found = {"sheetId": area.sheet.sheet_id}
    for name, at in (
        ("startRowIndex", area.start_row),
        ("endRowIndex", area.end_row),
        ("startColumnIndex", area.start_column),
        ("endColumnIndex", area.end_column),
    ):
        if name in grid_range:
            found[name] = at
    return found


def whole_range(area: Area) -> Json:
    """An area as the range of an object, all four sides said."""
    return {
        "sheetId": area.sheet.sheet_id,
        "startRowIndex": area.start_row,
        "endRowIndex": area.end_row,
        "startColumnIndex": area.start_column,
        "endColumnIndex": area.end_column,
    }


def put(book: Book, kind: str, body: Json, object_id: str | None = None) -> str:
    """Keep a body under its id, or under a new one; the id."""
    found = object_id or new_object_id(book, kind)
    book.edit().objects.setdefault(kind, {})[found] = body
    return found


def find(book: Book, kind: str, object_id: str, name: str) -> Json:
    """The body of an object.

    Raises:
        ApiError: 400, there is none; `name` is what Google calls the kind.
    """
    found = book.structure.objects.get(kind, {}).get(object_id)
    if found is None:
        raise invalid_argument(f"No {name} with id: {object_id}")
    return found


def remove(book: Book, kind: str, object_id: str, name: str) -> None:
    """Take an object away; ApiError 400 if it isn't there."""
    find(book, kind, object_id, name)
    del book.edit().objects[kind][object_id]


def overlapping(book: Book, kind: str, area: Area) -> list[tuple[str, Json, Area]]:
    """The objects of a kind that share a cell with an area: id, body and where they are."""
    found = []
    for object_id, body in book.structure.objects_on(kind, area.sheet.sheet_id):
        other = ranges.from_grid_range(book, body["range"])
        if _overlap(area, other):
            found.append((object_id, body, other))
    return found


def _overlap(one: Area, other: Area) -> bool:
    return (
        one.start_row < other.end_row
        and other.start_row < one.end_row
        and one.start_column < other.end_column
        and other.start_column < one.end_column
    )


def contains(outer: Area, inner: Area) -> bool:
    """Whether an area lies in another."""
    return (
        outer.start_row <= inner.start_row
        and inner.end_row <= outer.end_row
        and outer.start_column <= inner.start_column
        and inner.end_column <= outer.end_column
    )
