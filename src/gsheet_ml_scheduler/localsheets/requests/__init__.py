"""The kinds of requests that spreadsheets.batchUpdate serves, by name.

Each kind is a function of the book and the request's body that answers its reply, or None. What a
kind leaves to be recomputed or shifted is the book's business. A kind that isn't listed here is
refused by name.
"""

from __future__ import annotations

from collections.abc import Callable

from ..book import Book
from ..call import Call
from ..structure import Json
from . import cells, dimensions, find_replace, metadata, sheets, sorting

Kind = Callable[[Book, Json, Call], "Json | None"]

KINDS: dict[str, Kind] = {
    **cells.KINDS,
    **dimensions.KINDS,
    **find_replace.KINDS,
    **metadata.KINDS,
    **sheets.KINDS,
    **sorting.KINDS,
}
