"""Developer metadata and data filters: marks that stay with their row, and finding by them.

Decided here: where a mark may sit, its limits, what a lookup matches, the areas a filter means.
That a mark travels with its row needs no code: it hangs on the row's id (`model`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from . import ranges
from .api import schemas
from .book import Book
from .errors import invalid_argument
from .model.structure import COLUMNS, ROWS, Json
from .ranges import Area

_BUDGET = 30_000  # characters of keys and values, for the spreadsheet and for each sheet (Google)
_TYPES = {ROWS: "ROW", COLUMNS: "COLUMN"}
_SIDES = {"sheetId", "startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex"}
_VISIBILITIES = ("DOCUMENT", "PROJECT")


def resource(book: Book, entry: Json) -> Json:
    """The DeveloperMetadata of a stored entry."""
    found = {"metadataId": entry["metadata_id"], "metadataKey": entry["key"]}
    if entry["value"] is not None:
        found["metadataValue"] = entry["value"]
    return {**found, "location": _location(book, entry), "visibility": entry["visibility"]}


def _location(book: Book, entry: Json) -> Json:
    if entry["sheet_id"] is None:
        return {"locationType": "SPREADSHEET", "spreadsheet": True}
    if entry["dimension"] is None:
        return {"locationType": "SHEET", "sheetId": entry["sheet_id"]}
    at = line_index(book, entry)
    line = {
        "sheetId": entry["sheet_id"],
        "dimension": entry["dimension"],
        "startIndex": at,
        "endIndex": at + 1,
    }
    return {"locationType": _TYPES[entry["dimension"]], "dimensionRange": line}


def line_index(book: Book, entry: Json) -> int:
    """Where the row or column of an entry stands now."""
    at = book.sheet(entry["sheet_id"]).axis(entry["dimension"]).index_of(entry["line_id"])
    if at is None:
        raise LookupError(f"developer metadata {entry['metadata_id']} outlived its line")
    return at


def create(book: Book, wanted: Json) -> Json:
    """Store a DeveloperMetadata; the resource as created.

    Raises:
        ApiError: 400, no key, an id in use, no such place, or over the limit.
    """
    metadata_id = wanted.get("metadataId")
    if not wanted.get("metadataKey"):
        raise invalid_argument("Developer metadata must have a key.")
    if metadata_id is None:
        metadata_id = secrets.randbelow(2**31 - 1) + 1
        while book.metadata(metadata_id) is not None:
            metadata_id = secrets.randbelow(2**31 - 1) + 1
    elif book.metadata(metadata_id) is not None:
        raise invalid_argument(
            f"Cannot add developer metadata with ID [{metadata_id}] because developer metadata "
            "with that ID already exists."
        )
    visibility = wanted.get("visibility")
    if visibility not in _VISIBILITIES:
        raise invalid_argument("Developer metadata must have a visibility: DOCUMENT or PROJECT.")
    entry = {
        "metadata_id": metadata_id,
        "key": wanted["metadataKey"],
        "value": wanted.get("metadataValue"),
        "visibility": visibility,
        **_place(book, wanted.get("location") or {}),
    }
    _require_budget(book, entry)
    book.put_metadata(entry)
    return resource(book, entry)


def _place(book: Book, location: Json) -> Json:
    if "dimensionRange" in location:
        found = location["dimensionRange"]
        sheet = book.sheet(found.get("sheetId", 0))
        dimension, start = found.get("dimension"), found.get("startIndex", 0)
        if dimension not in _TYPES or found.get("endIndex") != start + 1:
            raise invalid_argument(
                "Developer metadata can only be on a single row or a single column."
            )
        axis = sheet.axis(dimension)
        if not 0 <= start < axis.count:
            raise invalid_argument(
                f"dimensionRange.startIndex[{start}] is off the grid: it has {axis.count} "
                f"{dimension.lower()}."
            )
        line_id = axis.id_at(start)
        return {"sheet_id": sheet.sheet_id, "dimension": dimension, "line_id": line_id}
    if "sheetId" in location:
        sheet_id = book.sheet(location["sheetId"]).sheet_id
        return {"sheet_id": sheet_id, "dimension": None, "line_id": None}
    if location.get("spreadsheet"):
        return {"sheet_id": None, "dimension": None, "line_id": None}
    raise invalid_argument("Developer metadata must have a location.")


def _require_budget(book: Book, entry: Json) -> None:
    used = book.metadata_size(entry["sheet_id"])
    before = book.metadata(entry["metadata_id"])
    if before is not None and before["sheet_id"] == entry["sheet_id"]:
        used -= len(before["key"]) + len(before["value"] or "")
    if used + len(entry["key"]) + len(entry["value"] or "") > _BUDGET:
        raise invalid_argument(
            f"Developer metadata would exceed the limit of {_BUDGET} characters of keys and "
            "values in one place. Delete what isn't needed any more."
        )


def update(book: Book, entry: Json, wanted: Json, paths: set[str]) -> Json:
    """Change a stored entry in the named fields; the resource as it is then."""
    changed = dict(entry)
    for path, name in (("metadataKey", "key"), ("metadataValue", "value")):
        if path in paths or "*" in paths:
            changed[name] = wanted.get(path)
    if "visibility" in paths or ("*" in paths and "visibility" in wanted):
        changed["visibility"] = wanted.get("visibility")
    if any(path.split(".")[0] == "location" for path in paths) or "location" in wanted:
        changed |= _place(book, wanted.get("location") or {})
    if not changed["key"]:
        raise invalid_argument("Developer metadata must have a key.")
    if changed["visibility"] not in _VISIBILITIES:
        raise invalid_argument("Developer metadata must have a visibility: DOCUMENT or PROJECT.")
    _require_budget(book, changed)
    book.put_metadata(changed)
    return resource(book, changed)


# ---------------------------------------------------------------- data filters


def matching(book: Book, data_filter: Json) -> list[Json]:
    """The stored entries that a data filter finds: by lookup, or those inside its range."""
    if "developerMetadataLookup" in data_filter:
        return list(_looked_up(book, data_filter["developerMetadataLookup"]))
    area = _filter_range(book, data_filter)
    return [entry for entry in book.all_metadata() if _inside(book, entry, area)]


def areas(book: Book, data_filter: Json) -> list[Area]:
    """The areas that a data filter means: a marked row is the whole row.

    Raises:
        ApiError: 400, it isn't a filter, or its range isn't there.
    """
    if "developerMetadataLookup" not in data_filter:
        return [_filter_range(book, data_filter)]
    return [
        _area(book, entry)
        for entry in _looked_up(book, data_filter["developerMetadataLookup"])
        if entry["sheet_id"] is not None
    ]


def checked(data_filter: Json) -> Json:
    """See that a filter is one; a copy, or the filter itself where there is nothing to put right.

    The two kinds that workers send all the time are seen at a glance.

    Raises:
        ApiError: 400, it names or holds what a DataFilter doesn't.
    """
    if len(data_filter) == 1:
        ((kind, said),) = data_filter.items()
        if kind == "developerMetadataLookup" and isinstance(said, dict) and len(said) == 1:
            if type(said.get("metadataId")) is int:
                return data_filter
        elif kind == "gridRange" and isinstance(said, dict) and said.keys() <= _SIDES:
            return data_filter
    found: Json = schemas.checked("DataFilter", data_filter, "data_filters")
    return found


def _area(book: Book, entry: Json) -> Area:
    sheet = book.sheet(entry["sheet_id"])
    rows, columns = (0, sheet.rows.count), (0, sheet.columns.count)
    if entry["dimension"] is not None:
        at = line_index(book, entry)
        if entry["dimension"] == ROWS:
            rows = (at, at + 1)
        else:
            columns = (at, at + 1)
    return Area(sheet, *rows, *columns)


def _filter_range(book: Book, data_filter: Json) -> Area:
    if "gridRange" in data_filter:
        return ranges.from_grid_range(book, data_filter["gridRange"])
    if "a1Range" in data_filter:
        return ranges.from_a1(book, data_filter["a1Range"])
    raise invalid_argument(
        "A data filter must have one of developerMetadataLookup, a1Range or gridRange."
    )


def _looked_up(book: Book, lookup: Json) -> Iterator[Json]:
    metadata_id = lookup.get("metadataId")
    if metadata_id is not None:
        found = book.metadata(metadata_id)
        candidates = iter([found] if found else [])
    else:
        candidates = book.all_metadata()
    fields = (("metadataKey", "key"), ("metadataValue", "value"), ("visibility", "visibility"))
    for entry in candidates:
        if any(name in lookup and lookup[name] != entry[stored] for name, stored in fields):
            continue
        if "locationType" in lookup and lookup["locationType"] != _type(entry):
            continue
        if "metadataLocation" in lookup and not _at(book, entry, lookup):
            continue
        yield entry


def _type(entry: Json) -> str:
    if entry["sheet_id"] is None:
        return "SPREADSHEET"
    return "SHEET" if entry["dimension"] is None else _TYPES[entry["dimension"]]


def _at(book: Book, entry: Json, lookup: Json) -> bool:
    """Whether an entry is at the lookup's location, or, if it asks so, meets it."""
    location = lookup["metadataLocation"]
    if lookup.get("locationMatchingStrategy") != "INTERSECTING_LOCATION":
        wanted = _place(book, location)
        return all(entry[name] == value for name, value in wanted.items())
    if location.get("spreadsheet"):
        return True
    if "sheetId" in location:
        return bool(entry["sheet_id"] == location["sheetId"])
    found = location.get("dimensionRange", {})
    if entry["sheet_id"] != found.get("sheetId", 0):
        return False
    if entry["dimension"] != found.get("dimension"):
        return True  # the whole sheet, or a line across it
    at = line_index(book, entry)
    return bool(found.get("startIndex", 0) <= at < found.get("endIndex", at + 1))


def _inside(book: Book, entry: Json, area: Area) -> bool:
    if entry["sheet_id"] != area.sheet.sheet_id:
        return False
    own = _area(book, entry)
    return (
        area.start_row <= own.start_row
        and own.end_row <= area.end_row
        and area.start_column <= own.start_column
        and own.end_column <= area.end_column
    )
