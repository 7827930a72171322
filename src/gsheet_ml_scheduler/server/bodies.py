"""The body of a request: how much of it is read, for how long, and what counts as JSON.

Decided here: the limits, and the words for a body beyond them. Whoever isn't let in never gets
here, so these limits are against accidents and slow networks rather than enemies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NoReturn

import anyio

from gsheet_ml_scheduler.localsheets.errors import ApiError, invalid_argument

MAX_BYTES = 10 * 1024 * 1024
"""Of one body. The limit that other Google APIs document; for Sheets they advise 2 MB."""
MAX_BYTES_AT_ONCE = 128 * 1024 * 1024
"""Of all bodies that are being read or answered."""
SECONDS_TO_ARRIVE = 60.0
MAX_DEPTH = 100
"""Of lists and objects inside one another, as in Google's own parser."""
_MAX_DISCARDED, _SECONDS_TO_DISCARD = 64 * 1024 * 1024, 10.0

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


class Allowance:
    """The memory that bodies may take together; used from the event loop's thread only."""

    def __init__(self, total: int = MAX_BYTES_AT_ONCE) -> None:
        self.free = total

    def take(self, size: int) -> None:
        """Set some aside.

        Raises:
            ApiError: 503, there isn't enough left.
        """
        if size > self.free:
            raise ApiError(
                503,
                "UNAVAILABLE",
                "Too many large requests at once. Try again in a few seconds.",
            )
        self.free -= size

    def give_back(self, size: int) -> None:
        """Return what was taken."""
        self.free += size


class BodyReader:
    """Reads one request's body within the limits, and keeps account of it until `release`."""

    def __init__(self, receive: Receive, allowance: Allowance) -> None:
        self._receive = receive
        self._allowance = allowance
        self._taken = 0

    async def read(self, announced: str | None) -> bytes:
        """The whole body.

        Args:
            announced: the Content-Length header, if there is one.

        Raises:
            ApiError: it is too large (400), too slow (408), or one too many (503).
            ClientGoneError: nobody waits for an answer any more.
        """
        if announced is not None and announced.isdigit() and int(announced) > MAX_BYTES:
            await self._refuse_size()
        parts: list[bytes] = []
        with anyio.move_on_after(SECONDS_TO_ARRIVE):
            while True:
                part, more = await _next_part(self._receive)
                self._allowance.take(len(part))
                self._taken += len(part)
                if self._taken > MAX_BYTES:
                    await self._refuse_size()
                parts.append(part)
                if not more:
                    return parts[0] if len(parts) == 1 else b"".join(parts)
        raise ApiError(
            408,
            "DEADLINE_EXCEEDED",
            f"The request's body didn't arrive within {SECONDS_TO_ARRIVE:.0f} seconds.",
        )

    def release(self) -> None:
        """The body isn't needed any more."""
        self._allowance.give_back(self._taken)
        self._taken = 0

    async def _refuse_size(self) -> NoReturn:
        self.release()
        await discard(self._receive)
        raise invalid_argument(
            f"Request payload size exceeds the limit: {MAX_BYTES} bytes. Send it in parts."
        )


async def discard(receive: Receive) -> None:
    """Read what a client still sends and forget it: most only look for an answer when they're done.

    Within bounds; whoever sends more finds the connection closed.
    """
    left = _MAX_DISCARDED
    with anyio.move_on_after(_SECONDS_TO_DISCARD):
        while left > 0:
            part, more = await _next_part(receive)
            left -= len(part)
            if not more:
                return


async def _next_part(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message.get("body", b""), message.get("more_body", False)


def parse_json(body: bytes) -> dict[str, Any] | None:
    """A body as an object; None if there is none.

    Raises:
        ApiError: 400, it isn't JSON, or no object, or nested beyond reason.
    """
    if not body:
        return None
    try:
        text = body.decode("utf-8-sig")
        found = json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise _bad(f"It isn't UTF-8 (byte {error.start}).") from error
    except json.JSONDecodeError as error:
        raise _bad(f"{error.msg}, line {error.lineno} column {error.colno}.") from error
    except ValueError as error:  # an integer of thousands of digits
        raise _bad(f"{error}.") from error
    except RecursionError as error:
        raise _too_deep() from error
    if not isinstance(found, dict):
        raise _bad(f"An object is expected, not {_KINDS.get(type(found), 'a number')}.")
    _require_shallow(found)
    if _SURROGATE.search(body):
        _require_whole_characters(found)
    return found


_KINDS = {list: "a list", str: "text", bool: "a boolean", type(None): "null"}
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _require_shallow(found: dict[str, Any]) -> None:
    """Deep nesting is refused before anything recursive sees it, or worse, stores it."""
    level: list[Any] = [found]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise _too_deep()


def _require_whole_characters(found: dict[str, Any]) -> None:
    r"""`"\ud83d"` alone is half a character, which no file and no answer can hold."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _bad("It has half of a surrogate pair (\\ud800 to \\udfff) alone.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise _bad(f"{name} is not a JSON number.")


def _too_deep() -> ApiError:
    return _bad(f"Lists and objects stand inside one another more than {MAX_DEPTH} deep.")


def _bad(what: str) -> ApiError:
    return invalid_argument(f"Invalid JSON payload received. {what}")
