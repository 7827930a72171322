"""The spreadsheets and spreadsheets.developerMetadata methods.

Each function takes a Book and a Call and answers the method's JSON. A batch is applied in order,
whole or not at all: an error says which request it was, and nothing of the batch stays.
"""

from __future__ import annotations

from .. import metadata, ranges
from ..book import Book, located
from ..errors import ApiError, invalid_argument, not_found
from ..model.structure import Json
from ..ranges import Area
from ..requests import KINDS
from . import resources, schemas
from .call import Call


def get(book: Book, call: Call) -> Json:
    """spreadsheets.get."""
    areas = [ranges.from_a1(book, text) for text in call.texts("ranges")] or None
    mask = call.mask()
    return resources.spreadsheet(book, areas, mask, grid_data=call.flag("includeGridData"))


def get_by_data_filter(book: Book, call: Call) -> Json:
    """spreadsheets.getByDataFilter."""
    filters = [metadata.checked(one) for one in call.objects("dataFilters")]
    areas: list[Area] | None = None
    if filters:
        areas = [area for one in filters for area in metadata.areas(book, one)]
    mask = call.mask()
    return resources.spreadsheet(book, areas, mask, grid_data=call.flag("includeGridData"))


def batch_update(book: Book, call: Call) -> Json:
    """spreadsheets.batchUpdate."""
    requests = call.objects("requests")
    if not requests:
        raise invalid_argument("Must specify at least one request.")
    _require_known_options(call.body)
    # All are looked at before any is applied, as Google reads a request before it obeys it.
    checked = [_checked(request, f"requests[{at}]") for at, request in enumerate(requests)]
    replies = []
    for at, (kind, body) in enumerate(checked):
        try:
            replies.append(KINDS[kind](book, body, call) or {})
        except ApiError as error:
            raise located(error, f"requests[{at}].{kind}") from error
    answer: Json = {"spreadsheetId": book.structure.spreadsheet_id, "replies": replies}
    mask = call.mask()
    wanted = mask is None or mask.wants("updatedSpreadsheet")
    if wanted and call.flag("includeSpreadsheetInResponse"):
        call.later(lambda: answer.update(updatedSpreadsheet=_updated(book, call)))
    return answer


def _checked(request: Json, where: str) -> tuple[str, Json]:
    """The kind of a request and a copy of its body, which nobody else will change."""
    found = schemas.checked("Request", request, where)
    if len(found) != 1:
        raise invalid_argument(
            f"Invalid {where}: a request must set exactly one kind, not "
            f"{', '.join(found) or 'none'}."
        )
    kind, body = next(iter(found.items()))
    if kind not in KINDS:
        raise invalid_argument(
            f"Invalid {where}.{kind}: a local workbook doesn't serve this kind of request."
        )
    return kind, body


def _require_known_options(body: Json) -> None:
    if len(body) > 1:
        options = {name: value for name, value in body.items() if name != "requests"}
        schemas.checked("BatchUpdateSpreadsheetRequest", options, "")


def _updated(book: Book, call: Call) -> Json:
    texts = call.body.get("responseRanges") or []
    areas = [ranges.from_a1(book, text) for text in texts] or None
    mask = call.mask()
    below = mask.below("updatedSpreadsheet") if mask else None
    return resources.spreadsheet(book, areas, below, grid_data=call.flag("responseIncludeGridData"))


def metadata_get(book: Book, call: Call) -> Json:
    """spreadsheets.developerMetadata.get."""
    text = call.path[0]
    entry = book.metadata(int(text)) if text.isdigit() else None
    if entry is None:
        raise not_found()
    return metadata.resource(book, entry)


def metadata_search(book: Book, call: Call) -> Json:
    """spreadsheets.developerMetadata.search."""
    found: dict[int, tuple[Json, list[Json]]] = {}
    for data_filter in map(metadata.checked, call.objects("dataFilters")):
        for entry in metadata.matching(book, data_filter):
            found.setdefault(entry["metadata_id"], (entry, []))[1].append(data_filter)
    matched = [
        {"developerMetadata": metadata.resource(book, entry), "dataFilters": filters}
        for entry, filters in found.values()
    ]
    return {"matchedDeveloperMetadata": matched} if matched else {}
