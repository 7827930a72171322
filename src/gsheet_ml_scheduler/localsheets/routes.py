"""Which function answers which verb and path.

The table is the API as this package serves it; in process and over HTTP the same one. A path that
isn't in it answers 404 as Google does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from . import spreadsheets_api as spreadsheets
from . import values_api as values
from .book import Book
from .call import Call
from .errors import not_found
from .structure import Json

Method = Callable[[Book, Call], Json]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of the API."""

    answer: Method
    writes: bool
    spreadsheet_id: str
    path: tuple[str, ...]


_ROUTES: list[tuple[str, str, Method, bool]] = [
    ("GET", r"", spreadsheets.get, False),
    ("POST", r":getByDataFilter", spreadsheets.get_by_data_filter, False),
    ("POST", r":batchUpdate", spreadsheets.batch_update, True),
    ("GET", r"/developerMetadata/([^/:]+)", spreadsheets.metadata_get, False),
    ("POST", r"/developerMetadata:search", spreadsheets.metadata_search, False),
    ("GET", r"/values:batchGet", values.batch_get, False),
    ("POST", r"/values:batchGetByDataFilter", values.batch_get_by_data_filter, False),
    ("POST", r"/values:batchUpdate", values.batch_update, True),
    ("POST", r"/values:batchUpdateByDataFilter", values.batch_update_by_data_filter, True),
    ("POST", r"/values:batchClear", values.batch_clear, True),
    ("POST", r"/values:batchClearByDataFilter", values.batch_clear_by_data_filter, True),
    ("POST", r"/values/([^/]+):append", values.append, True),
    ("POST", r"/values/([^/]+):clear", values.clear_values, True),
    ("GET", r"/values/([^/]+)", values.get, False),
    ("PUT", r"/values/([^/]+)", values.update, True),
]
_COMPILED = [
    (verb, re.compile(rf"/v4/spreadsheets/([^/:]+){rest}"), answer, writes)
    for verb, rest, answer, writes in _ROUTES
]


@lru_cache(maxsize=4096)
def find(verb: str, path: str) -> Route:
    """The method behind a verb and a path (still percent-encoded).

    Raises:
        ApiError: 404, there is none.
    """
    for known, pattern, answer, writes in _COMPILED:
        if known == verb:
            match = pattern.fullmatch(path)
            if match:
                spreadsheet_id, *parts = (unquote(part) for part in match.groups())
                return Route(answer, writes, spreadsheet_id, tuple(parts))
    raise not_found(f"The requested URL {path} was not found on this server.")
