"""The kinds of requests that spreadsheets.batchUpdate serves, by name.

Each kind is a function of the book and the request's body that answers its reply, or None. What a
kind leaves to be recomputed or shifted is the book's business. A kind that isn't listed here is
refused by name.
"""

from __future__ import annotations

from collections.abc import Callable

from ..api.call import Call
from ..book import Book
from ..model.structure import Json
from . import (
    cells,
    conditional_formats,
    dimensions,
    filters,
    find_replace,
    groups,
    merges,
    metadata,
    named_ranges,
    pasting,
    protected_ranges,
    sheets,
    sorting,
    tidying,
    validations,
)

Kind = Callable[[Book, Json, Call], "Json | None"]

KINDS: dict[str, Kind] = {
    **cells.KINDS,
    **conditional_formats.KINDS,
    **dimensions.KINDS,
    **filters.KINDS,
    **find_replace.KINDS,
    **groups.KINDS,
    **merges.KINDS,
    **metadata.KINDS,
    **named_ranges.KINDS,
    **pasting.KINDS,
    **protected_ranges.KINDS,
    **sheets.KINDS,
    **sorting.KINDS,
    **tidying.KINDS,
    **validations.KINDS,
}
