"""One request to the API, from its head to its answer.

Decided here: the order of the steps, which thread does which, what is asked of a request's head.
The event loop only moves bytes; JSON, the workbook and compression are a thread's work. Reads,
writes and large requests have threads of their own, so that a writer who waits for the file's lock,
or somebody's ten megabytes, holds up no reader. Decided elsewhere: who gets in (`access`), limits
of bodies (`bodies`), the answer's content (`localsheets`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets import front
from gsheet_ml_scheduler.localsheets.errors import ApiError, invalid_argument
from gsheet_ml_scheduler.server.bodies import (
    Allowance,
    BodyReader,
    ClientGoneError,
    parse_json,
)
from gsheet_ml_scheduler.server.guarded import CURSOR, REVISION, author_of, guard_of
from gsheet_ml_scheduler.server.live import LiveAnswers
from gsheet_ml_scheduler.server.replies import accepts_gzip, api_reply, of_the_file, refusal
from gsheet_ml_scheduler.server.shelf import Shelf

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_LARGE = 1024 * 1024  # bytes of a body
_AUTHOR_LENGTH = 200
_DRIVE, _UPLOADS = "/drive/", "/upload/"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Head:
    """What a request says before its body."""

    method: str
    path: str  # percent-encoded
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, Sequence[str]]  # names in lower case
    client: str

    def header(self, name: str) -> str | None:
        """A header that is given once; the last of several."""
        found = self.headers.get(name)
        return found[-1] if found else None

    @property
    def content_type(self) -> str:
        """The body's type without parameters, in lower case; "" if the request names none."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def author(self) -> str:
        """Who asks, for the change log."""
        agent = self.header("user-agent") or "somebody"
        name = (author_of(self.header) or agent)[:_AUTHOR_LENGTH]
        return f"{name} ({self.client})"


def head_of(scope: Scope) -> Head:
    """The head of an ASGI request."""
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    query = scope["query_string"].decode("latin-1")
    return Head(
        scope.get("method", "GET"),  # of a WebSocket, too
        scope.get("raw_path", scope["path"].encode()).decode("latin-1"),
        parse_qs(query, keep_blank_values=True) if query else {},
        headers,
        scope["client"][0] if scope.get("client") else "?",
    )


class Api:
    """The ASGI application that answers for a shelf of workbooks."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._live = LiveAnswers(shelf)
        self._allowance = Allowance()
        self._reads = ThreadPoolExecutor(8, thread_name_prefix="read")
        self._writes = ThreadPoolExecutor(8, thread_name_prefix="write")
        self._large = ThreadPoolExecutor(1, thread_name_prefix="large")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        reader = BodyReader(receive, self._allowance)
        try:
            response = await self._respond(head_of(scope), reader)
        except ApiError as error:
            response = refusal(error)
        except localsheets.WorkbookError as error:
            response = refusal(of_the_file(error))
        except ClientGoneError:
            return
        finally:
            reader.release()
        await response(scope, receive, send)

    def close(self) -> None:
        """Wait for what is under way."""
        for pool in (self._reads, self._writes, self._large):
            pool.shutdown()

    async def _respond(self, head: Head, reader: BodyReader) -> Response:
        body = b""
        if head.method not in _BODILESS:
            body = await reader.read(head.header("content-length"))
        head, body = _without_override(_without_slash(head), body)
        _require_readable(head, body)
        known = self._live if self._live.owns(head.path) else self._shelf
        pool = self._writes if known.writes(head.method, head.path) else self._reads
        if len(body) > _LARGE:
            pool = self._large
        work = partial(self._work, head, body)
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def _work(self, head: Head, body: bytes) -> Response:
        query = {name: found for name, found in head.query.items() if name != "token"}
        given = parse_json(body) if head.content_type == "application/json" else body or None
        gzip_accepted = accepts_gzip(head.headers.get("accept-encoding", ()))
        if self._live.owns(head.path):
            answered = self._live.answer(head.method, head.path, query, given)
            return api_reply(answered, gzip_accepted=gzip_accepted)
        guard = guard_of(head.header)
        request = front.Request(head.method, head.path, query, given, head.author, guard=guard)
        response = api_reply(self._shelf.answer(request), gzip_accepted=gzip_accepted)
        if guard is not None and guard.reached is not None:
            response.headers[CURSOR] = guard.reached
            response.headers[REVISION] = str(guard.reached_revision)
        return response


def _without_slash(head: Head) -> Head:
    """Google minds no "/" before a ":" or at the end, and google-spreadsheet of npm sends both."""
    path = head.path.replace("/:", ":")
    return replace(head, path=path[:-1] if path.endswith("/") else path)


def _without_override(head: Head, body: bytes) -> tuple[Head, bytes]:
    """A long GET may come as a POST whose body is the query: Google's own clients send it so.

    No page of another origin can: the header that says so isn't one that a browser lets it set.
    """
    override = head.header("x-http-method-override")
    if override is None or head.method != "POST":
        return head, body
    if override.upper() != "GET" or head.content_type not in (_FORM, ""):
        raise invalid_argument("X-HTTP-Method-Override: only GET is known, with a form as body.")
    query = {**head.query, **parse_qs(body.decode("latin-1"), keep_blank_values=True)}
    return replace(head, method="GET", query=query), b""


def _require_readable(head: Head, body: bytes) -> None:
    if body and not (head.content_type == "application/json" or head.path.startswith(_UPLOADS)):
        raise ApiError(
            415,
            "INVALID_ARGUMENT",
            f'A body must be JSON (Content-Type: application/json), not "{head.content_type}".',
        )
    if body and (head.header("content-encoding") or "identity").lower() != "identity":
        raise ApiError(415, "INVALID_ARGUMENT", "A compressed body can't be read; send it plain.")
    alt = head.query.get("alt", ("json",))[-1]
    if alt != "json" and not (alt == "media" and head.path.startswith(_DRIVE)):
        raise invalid_argument(f"Invalid value at 'alt', \"{alt[:100]}\": only json is served.")
