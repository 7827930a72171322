"""An answer as it goes on the wire: compact JSON, compressed where that pays, Google's error shape.

Decided here: headers of every answer, and what an error of the workbook's file is in HTTP. Decided
elsewhere: the words (`localsheets.errors` and whoever raises them).
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Sequence
from email.utils import formatdate

from starlette.responses import Response

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets.api import replies
from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.server.shelf import MethodError

GZIP_FROM = 16 * 1024  # bytes; below, it costs more time than it saves
_GZIP_LEVEL = 1  # a sheet's JSON shrinks to a tenth already
ALWAYS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def api_reply(found: replies.Reply, *, gzip_accepted: bool) -> Response:
    """An answer of the API."""
    if found.body is None:
        return reply(b"", "", status=found.status)
    body = found.body if isinstance(found.body, bytes) else _encode(found.body).encode()
    return reply(body, found.media_type, gzip_accepted=gzip_accepted, status=found.status)


def reply(
    body: bytes, content_type: str, *, gzip_accepted: bool = False, status: int = 200
) -> Response:
    """Any answer, with the headers that all have.

    The time is read when the answer is ready: clients take it as the server's clock.
    """
    headers = {**ALWAYS, "Date": formatdate(time.time(), usegmt=True)}
    if content_type:
        headers["Content-Type"] = content_type
    if len(body) >= GZIP_FROM:
        headers["Vary"] = "Accept-Encoding"
        if gzip_accepted:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return Response(body, status, headers)


def refusal(error: ApiError) -> Response:
    """An error, in Google's shape."""
    found = reply(_encode(error.body()).encode(), replies.JSON, status=error.code)
    if error.code == 401:
        found.headers["WWW-Authenticate"] = 'Bearer realm="gsheet-ml"'
    if isinstance(error, MethodError):
        found.headers["Allow"] = ", ".join(error.allowed)
    return found


def internal_error() -> ApiError:
    """What a client learns of a mistake in this program; the rest is in the server's log."""
    return ApiError(
        500,
        "INTERNAL",
        "Internal error encountered. The server's log says more about it.",
    )


_FILE_ERRORS: list[tuple[type[localsheets.WorkbookError], int, str]] = [
    (localsheets.WorkbookBusyError, 503, "UNAVAILABLE"),
    (localsheets.WorkbookFullError, 503, "UNAVAILABLE"),
    (localsheets.WorkbookNotFoundError, 404, "NOT_FOUND"),
    (localsheets.WorkbookReadOnlyError, 403, "PERMISSION_DENIED"),
    (localsheets.WorkbookDamagedError, 500, "DATA_LOSS"),
]


def of_the_file(error: localsheets.WorkbookError) -> ApiError:
    """Trouble with the file, as an answer. 503 is for what passes by itself."""
    for kind, code, status in _FILE_ERRORS:
        if isinstance(error, kind):
            return ApiError(code, status, str(error))
    return ApiError(500, "INTERNAL", str(error))


def accepts_gzip(headers: Sequence[str]) -> bool:
    """Whether an Accept-Encoding header names gzip (RFC 9110, 12.5.3)."""
    for one in ",".join(headers).lower().split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        if name in ("gzip", "x-gzip", "*"):
            return not any(_is_zero(parameter) for parameter in parameters)
    return False


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name == "q" and value.strip("0.") == ""
