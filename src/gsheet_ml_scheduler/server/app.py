"""The application: its routes, and the door that every request goes through first.

Decided here: which paths there are besides the API, and that nothing of a mistake in this program
goes to a client but the fact. Decided elsewhere: who gets in (`access`), all answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from gsheet_ml_scheduler.localsheets.errors import ApiError, not_found
from gsheet_ml_scheduler.server.access import Door
from gsheet_ml_scheduler.server.api import Api, head_of
from gsheet_ml_scheduler.server.bodies import ClientGoneError, discard
from gsheet_ml_scheduler.server.feed import Feed
from gsheet_ml_scheduler.server.pages import Pages, refusal_page, wants_page
from gsheet_ml_scheduler.server.replies import internal_error, refusal
from gsheet_ml_scheduler.server.shelf import MethodError, Shelf
from gsheet_ml_scheduler.server.snapshots import Snapshots


def build_app(shelf: Shelf, door: Door) -> ASGIApp:
    """The ASGI application that serves a shelf of workbooks behind a door."""
    api, pages = Api(shelf), Pages(shelf, door.token)
    snapshots = Snapshots(shelf)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        for room in (snapshots, api):
            await asyncio.get_running_loop().run_in_executor(None, room.close)
        shelf.close()

    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/static/assets/{name}", pages.asset),
            Route("/spreadsheets/d/{key}", pages.workbook),
            Route("/spreadsheets/d/{key}/{rest:path}", pages.workbook),
            Route("/live/{key}/snapshot", snapshots.__call__),
            WebSocketRoute("/live/{key}/feed", Feed(shelf).__call__),
        ],
        middleware=[Middleware(Gate, door=door)],
        exception_handlers={Exception: _internal_error, HTTPException: _wrong_method},
        lifespan=lifespan,
    )
    app.router.default = _Elsewhere(api)
    app.router.redirect_slashes = False
    return app


class _Elsewhere:
    """All other addresses are the API's; a WebSocket leads nowhere there."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            nowhere = not_found("There is no feed at this address.")
            await refusal(nowhere)(scope, receive, send)
            return
        await self._api(scope, receive, send)


async def _wrong_method(request: Request, error: Exception) -> Response:
    """Starlette's own refusals are of one kind: a page that was asked to change."""
    assert isinstance(error, HTTPException)  # noqa: S101 - by the table above
    return refusal(MethodError(request.method, ["GET"]))


async def _internal_error(_request: Request, _error: Exception) -> Response:
    """The answer; Starlette raises the error again afterwards, and uvicorn logs it."""
    return refusal(internal_error())


class Gate:
    """Lets in whom the door lets in; nothing of anybody else's request is looked at further."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request and pass it on."""
        is_socket = scope["type"] == "websocket"
        if scope["type"] != "http" and not is_socket:
            await self._app(scope, receive, send)
            return
        head = head_of(scope)
        try:
            self._door.check(head.method, head.headers, head.query, is_socket=is_socket)
        except ApiError as error:
            if is_socket:
                await refusal(error)(scope, receive, send)
                return
            response = refusal_page(error) if wants_page(head) else refusal(error)
            try:
                await discard(receive)
            except ClientGoneError:
                return
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)
