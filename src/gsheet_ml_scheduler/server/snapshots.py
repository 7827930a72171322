"""A snapshot on its way to a page: made by a thread, sent while it is being made.

Decided here: that the workbook's transaction never waits for a slow network (what is made is kept
until it is sent; compressed, it is small), and that an answer which breaks off is seen to be
incomplete. Decided elsewhere: what a snapshot says (`localsheets.live.snapshot`).
"""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gsheet_ml_scheduler.localsheets import WorkbookError
from gsheet_ml_scheduler.localsheets.errors import ApiError, invalid_argument
from gsheet_ml_scheduler.server.api import head_of
from gsheet_ml_scheduler.server.replies import ALWAYS, accepts_gzip, of_the_file, refusal
from gsheet_ml_scheduler.server.shelf import Shelf

_GZIP_LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say that a gzip header goes in front
_AT_ONCE = 2  # they are a thread's full work each; whoever comes third waits

Piece = bytes | Exception | None
"""Bytes to send, an error that ends the snapshot, or its end."""


class Snapshots:
    """Answers those who want a whole workbook."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="snapshot")

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        head = head_of(request.scope)
        packs = accepts_gzip(head.headers.get("accept-encoding", ()))
        try:
            first = _first(request.query_params.get("first"))
            making = _Making(lambda: self._shelf.snapshot(request.path_params["key"], first), packs)
            beginning = await making.begin(self._threads)
        except ApiError as error:
            return refusal(error)
        except WorkbookError as error:
            return refusal(of_the_file(error))
        headers = {**ALWAYS, "Content-Type": "application/x-ndjson", "Vary": "Accept-Encoding"}
        if packs:
            headers["Content-Encoding"] = "gzip"
        return StreamingResponse(making.rest(beginning), headers=headers)

    def close(self) -> None:
        """Wait for what is under way."""
        self._threads.shutdown()


class _Making:
    """One snapshot: its pieces go from a thread to the event loop."""

    def __init__(self, pieces: Callable[[], Iterable[str]], packs: bool) -> None:  # noqa: FBT001
        self._pieces = pieces
        self._packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP) if packs else None
        self._loop = asyncio.get_running_loop()
        self._made: asyncio.Queue[Piece] = asyncio.Queue()
        self._is_unwanted = threading.Event()

    async def begin(self, threads: ThreadPoolExecutor) -> bytes:
        """Start, and wait for the first piece; raises what keeps it from being made."""
        self._done = self._loop.run_in_executor(threads, self._make)
        return await self._next() or b""

    async def rest(self, beginning: bytes) -> AsyncIterator[bytes]:
        """All pieces."""
        try:
            piece: bytes | None = beginning
            while piece is not None:
                yield piece
                piece = await self._next()
        finally:
            self._is_unwanted.set()

    async def _next(self) -> bytes | None:
        piece = await self._made.get()
        if isinstance(piece, Exception):
            raise piece
        if piece is None:
            await self._done  # which raises where the thread did
        return piece

    def _make(self) -> None:
        try:
            for text in self._pieces():
                if self._is_unwanted.is_set():
                    return
                self._put(self._packed(f"{text}\n".encode()))
            if self._packer is not None:
                self._put(self._packer.flush())
        except (ApiError, WorkbookError) as error:
            self._put(error)
        finally:
            self._put(None)

    def _packed(self, data: bytes) -> bytes:
        if self._packer is None:
            return data
        return self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)

    def _put(self, piece: Piece) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._made.put_nowait, piece)


def _first(given: str | None) -> int | None:
    if given is None:
        return None
    if not (given.isascii() and given.isdigit()):
        raise invalid_argument(f"Invalid value at 'first' (TYPE_INT32), \"{given[:100]}\"")
    return int(given)
