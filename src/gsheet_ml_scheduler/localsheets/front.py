"""The front desk: every request comes by here, from gspread in this process as from a socket.

Decided here: which spreadsheet a request is for, and what happens if its file moved. Decided
elsewhere: which method it is and what it answers (`api`, `drive`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .api import routes
from .api.call import Call
from .api.replies import Reply
from .drive.drive import Drive
from .errors import WorkbookNotFoundError, invalid_argument
from .live.guards import Guard

# Answers that hold parts of what a workbook keeps in memory.
_SHARING = ("Spreadsheet", "BatchUpdateSpreadsheetResponse")


@dataclass(slots=True)
class Request:
    """A request, however it arrived."""

    verb: str  # in capitals
    path: str  # percent-encoded, from its first "/" to before the "?"
    query: Mapping[str, Any] = field(default_factory=dict)  # values are text, or lists of it
    body: Any = None  # JSON, or bytes where a method takes those
    author: str = ""
    relaxed: bool = False  # see `storage`
    guard: Guard | None = None  # of a write: see `live`


def answer(drive: Drive, request: Request) -> Reply:
    """Do what a request says.

    Raises:
        ApiError: the answer is an error; nothing was changed.
        WorkbookError: a file can't be read or written.
    """
    route = routes.find(request.verb, request.path)
    body = _body(request)
    if isinstance(route, routes.DriveRoute):
        call = Call(route.path, request.query, body)
        return route.answer(drive, call, request.author)
    workbook = drive.workbook(route.spreadsheet_id)
    said: Any = {"author": request.author, "relaxed": request.relaxed, "guard": request.guard}
    try:
        found = workbook.answer(route, request.query, body, **said)
    except WorkbookNotFoundError as error:  # nothing has been done yet
        workbook = drive.reopened(workbook, error)
        found = workbook.answer(route, request.query, body, **said)
    return Reply(200, found, shared=route.message in _SHARING)


def _body(request: Request) -> Any:
    """The request's body: an object; bytes only where something is uploaded."""
    if request.body is None:
        return {}
    uploads = request.path.startswith("/upload/")
    if not isinstance(request.body, bytes if uploads else dict):  # JSON can be a list, too
        raise invalid_argument(
            "Invalid JSON payload received. The body of a request must be an object."
        )
    return request.body
