"""createDeveloperMetadata, updateDeveloperMetadata, deleteDeveloperMetadata."""

from __future__ import annotations

from .. import metadata
from ..api import schemas
from ..api.call import Call, object_list
from ..book import Book
from ..model.structure import Json


def create(book: Book, body: Json, _call: Call) -> Json:
    """One mark; a given id that is in use refuses the whole batch."""
    made = metadata.create(book, body.get("developerMetadata") or {})
    return {"createDeveloperMetadata": {"developerMetadata": made}}


def update(book: Book, body: Json, _call: Call) -> Json:
    """Every mark that a filter finds, in the named fields."""
    filters = object_list(body.get("dataFilters") or [], "dataFilters")
    mask = schemas.update_mask("DeveloperMetadata", body.get("fields"))
    paths = {".".join(path) for path in mask.paths()}
    wanted = body.get("developerMetadata") or {}
    found = [
        metadata.update(book, entry, wanted, paths)
        for data_filter in filters
        for entry in metadata.matching(book, data_filter)
    ]
    reply = {"developerMetadata": found} if found else {}
    return {"updateDeveloperMetadata": reply}


def delete(book: Book, body: Json, _call: Call) -> Json:
    """Every mark that a filter finds."""
    gone = []
    for entry in metadata.matching(book, body.get("dataFilter") or {}):
        gone.append(metadata.resource(book, entry))
        book.remove_metadata(entry["metadata_id"])
    reply = {"deletedDeveloperMetadata": gone} if gone else {}
    return {"deleteDeveloperMetadata": reply}


KINDS = {
    "createDeveloperMetadata": create,
    "updateDeveloperMetadata": update,
    "deleteDeveloperMetadata": delete,
}
