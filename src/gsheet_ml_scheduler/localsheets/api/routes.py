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

from ..book import Book
from ..drive import api as drive
from ..drive.drive import Drive
from ..errors import not_found
from ..model.structure import Json
from . import spreadsheets, transfers, values
from .call import Call
from .replies import Reply

Method = Callable[[Book, Call], Json]
DriveMethod = Callable[[Drive, Call, str], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """A method on one workbook."""

    answer: Method
    writes: bool
    spreadsheet_id: str
    path: tuple[str, ...]
    message: str  # what Google calls the answer


@dataclass(frozen=True, slots=True)
class DriveRoute:
    """A method on the Drive, or on more than one workbook."""

    answer: DriveMethod
    path: tuple[str, ...]


_ROUTES: list[tuple[str, str, Method, bool, str]] = [
    ("GET", r"", spreadsheets.get, False, "Spreadsheet"),
    ("POST", r":getByDataFilter", spreadsheets.get_by_data_filter, False, "Spreadsheet"),
    ("POST", r":batchUpdate", spreadsheets.batch_update, True, "BatchUpdateSpreadsheetResponse"),
    (
        "GET",
        r"/developerMetadata/([^/:]+)",
        spreadsheets.metadata_get,
        False,
        "DeveloperMetadata",
    ),
    (
        "POST",
        r"/developerMetadata:search",
        spreadsheets.metadata_search,
        False,
        "SearchDeveloperMetadataResponse",
    ),
    ("GET", r"/values:batchGet", values.batch_get, False, "BatchGetValuesResponse"),
    (
        "POST",
        r"/values:batchGetByDataFilter",
        values.batch_get_by_data_filter,
        False,
        "BatchGetValuesByDataFilterResponse",
    ),
    ("POST", r"/values:batchUpdate", values.batch_update, True, "BatchUpdateValuesResponse"),
    (
        "POST",
        r"/values:batchUpdateByDataFilter",
        values.batch_update_by_data_filter,
        True,
        "BatchUpdateValuesByDataFilterResponse",
    ),
    ("POST", r"/values:batchClear", values.batch_clear, True, "BatchClearValuesResponse"),
    (
        "POST",
        r"/values:batchClearByDataFilter",
        values.batch_clear_by_data_filter,
        True,
        "BatchClearValuesByDataFilterResponse",
    ),
    ("POST", r"/values/([^/]+):append", values.append, True, "AppendValuesResponse"),
    ("POST", r"/values/([^/]+):clear", values.clear_values, True, "ClearValuesResponse"),
    ("GET", r"/values/([^/]+)", values.get, False, "ValueRange"),
    ("PUT", r"/values/([^/]+)", values.update, True, "UpdateValuesResponse"),
]
_FILES = "/drive/v3/files"
_DRIVE_ROUTES: list[tuple[str, str, DriveMethod]] = [
    ("POST", "/v4/spreadsheets", transfers.create),
    ("POST", "/v4/spreadsheets/([^/:]+)/sheets/([^/:]+):copyTo", transfers.copy_sheet),
    ("GET", "/drive/v3/about", drive.about),
    ("GET", _FILES, drive.list_files),
    ("POST", _FILES, drive.create),
    ("GET", f"{_FILES}/([^/:]+)", drive.get),
    ("PATCH", f"{_FILES}/([^/:]+)", drive.update),
    ("DELETE", f"{_FILES}/([^/:]+)", drive.delete),
    ("POST", f"{_FILES}/([^/:]+)/copy", drive.copy),
    ("GET", f"{_FILES}/([^/:]+)/export", drive.export),
    ("GET", f"{_FILES}/([^/:]+)/comments", drive.list_comments),
    ("POST", f"{_FILES}/([^/:]+)/comments", drive.create_comment),
    ("GET", f"{_FILES}/([^/:]+)/permissions", drive.list_permissions),
    ("POST", f"{_FILES}/([^/:]+)/permissions", drive.create_permission),
    ("DELETE", f"{_FILES}/([^/:]+)/permissions/([^/:]+)", drive.delete_permission),
    ("PUT", "/upload/drive/v2/files/([^/:]+)", drive.import_csv),
]
_COMPILED = [
    (verb, re.compile(rf"/v4/spreadsheets/([^/:]+){rest}"), answer, writes, message)
    for verb, rest, answer, writes, message in _ROUTES
]
_DRIVE_COMPILED = [(verb, re.compile(path), answer) for verb, path, answer in _DRIVE_ROUTES]


@lru_cache(maxsize=4096)
def find(verb: str, path: str) -> Route | DriveRoute:
    """The method behind a verb and a path (still percent-encoded).

    Raises:
        ApiError: 404, there is none.
    """
    for known, pattern, answer, writes, message in _COMPILED:
        match = pattern.fullmatch(path) if known == verb else None
        if match:
            spreadsheet_id, *parts = (unquote(part) for part in match.groups())
            return Route(answer, writes, spreadsheet_id, tuple(parts), message)
    for known, pattern, method in _DRIVE_COMPILED:
        match = pattern.fullmatch(path) if known == verb else None
        if match:
            return DriveRoute(method, tuple(unquote(part) for part in match.groups()))
    raise not_found(f"The requested URL {path} was not found on this server.")
