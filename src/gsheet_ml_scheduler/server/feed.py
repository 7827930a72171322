"""The change feed: one WebSocket for each page, told of every batch whichever process wrote it.

Decided here: what becomes of a page that is slow (nothing is kept for it beyond a bound: it is told
to take a snapshot), how often a silent feed says that it lives, when a connection is given up.
Decided elsewhere: what a message says and when (`localsheets.live.following`), who gets in
(`access`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from functools import partial

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from gsheet_ml_scheduler.localsheets import WorkbookError
from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.localsheets.live.following import (
    CHANGES,
    GONE,
    Message,
    snapshot_hint,
)
from gsheet_ml_scheduler.server.replies import of_the_file, refusal
from gsheet_ml_scheduler.server.shelf import Shelf

SECONDS_SILENT = 5.0
SECONDS_TO_SEND = 20.0
"""Until then a page must have taken a message; it is given up after that."""
MOST_WAITING = 4 * 1024 * 1024
"""Characters of messages that wait for one page."""
CODE_SNAPSHOT, CODE_GONE = 4000, 4001
_TOO_SLOW = "This page couldn't keep up with the changes. Take a snapshot."


class Outbox:
    """Messages on their way to one page, in order and within bounds."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Message] = deque()
        self._size = 0
        self._is_closed = False
        self._filled = asyncio.Event()

    def offer(self, message: Message) -> None:
        """Put a message in, from any thread."""
        # A loop that has ended, with its server, wants nothing any more.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, message)

    def _put(self, message: Message) -> None:
        if self._is_closed:
            return
        self._size += len(message.text)
        if self._waiting and self._size > MOST_WAITING:
            self._waiting.clear()
            message = snapshot_hint(_TOO_SLOW)
        self._waiting.append(message)
        self._is_closed = message.kind != CHANGES  # nothing that comes later would be of use
        self._filled.set()

    async def next(self, seconds: float) -> Message | None:
        """The next message; None if none comes in that time."""
        with anyio.move_on_after(seconds):
            await self._filled.wait()
        if not self._waiting:
            return None
        message = self._waiting.popleft()
        self._size -= len(message.text)
        if not self._waiting:
            self._filled.clear()
        return message


class Feed:
    """Answers those who follow a workbook."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def __call__(self, websocket: WebSocket) -> None:
        """Serve one page until it leaves."""
        key = websocket.path_params["key"]
        since = websocket.query_params.get("cursor", "")
        loop = asyncio.get_running_loop()
        outbox = Outbox(loop)
        try:
            join = partial(self._shelf.join, key, since, outbox.offer)
            leave = await loop.run_in_executor(None, join)
        except ApiError as error:
            await websocket.send_denial_response(refusal(error))
            return
        except WorkbookError as error:
            await websocket.send_denial_response(refusal(of_the_file(error)))
            return
        try:
            await websocket.accept()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_left, websocket, tasks.cancel_scope)
                await _send_all(websocket, outbox)
                tasks.cancel_scope.cancel()
        except WebSocketDisconnect:
            return
        finally:
            loop.run_in_executor(None, leave)


async def _until_left(websocket: WebSocket, scope: anyio.CancelScope) -> None:
    """Wait until the page closes; what it says meanwhile isn't heard."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
    scope.cancel()


async def _send_all(websocket: WebSocket, outbox: Outbox) -> None:
    while True:
        message = await outbox.next(SECONDS_SILENT)
        text = _alive() if message is None else message.text
        with anyio.move_on_after(SECONDS_TO_SEND) as limit:
            await websocket.send_text(text)
        if limit.cancelled_caught:
            return
        if message is not None and message.kind != CHANGES:
            await websocket.close(CODE_GONE if message.kind == GONE else CODE_SNAPSHOT)
            return


def _alive() -> str:
    return json.dumps({"type": "alive", "time": round(time.time(), 3)})
