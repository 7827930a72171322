"""HTTP on the wire: uvicorn's protocol with three things changed.

1. An answer leaves in one send. uvicorn writes head and body apart, and a client that waits for
   the whole would be woken twice.
2. What isn't HTTP is refused in Google's shape, like everything else.
3. There is an upper limit of connections, and whoever comes on top of it is told so.

Decided elsewhere: everything that an answer says.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from gsheet_ml_scheduler.localsheets.api.replies import JSON
from gsheet_ml_scheduler.localsheets.errors import ApiError, invalid_argument

MAX_CONNECTIONS = 800  # below the 1,024 open files that most systems allow a process
_COPIED = 256 * 1024  # bytes; a larger answer is not copied for being sent in one piece


class OneSend(asyncio.Transport):
    """A transport that collects what is written in one step of the loop and sends it together."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._held: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send soon."""
        if data:
            if not self._held:
                self._loop.call_soon(self._flush)
            self._held.append(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview[Any]]) -> None:
        """Send several soon."""
        for data in list_of_data:
            self.write(data)

    def _flush(self) -> None:
        held, self._held = self._held, []
        if sum(map(len, held)) > _COPIED:  # it takes many sends anyway
            for data in held:
                self._transport.write(data)
        elif held:
            self._transport.write(b"".join(held))

    def close(self) -> None:
        """Send what is held, then close."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close without sending."""
        self._held.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is being closed."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Receive nothing more for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Receive again."""
        self._transport.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Another protocol has the connection from now on: a WebSocket."""
        self._transport.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who has the connection."""
        return self._transport.get_protocol()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the socket."""
        return self._transport.get_extra_info(name, default)


class Protocol(H11Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or refuse it."""
        super().connection_made(OneSend(transport))
        if len(self.connections) > MAX_CONNECTIONS:
            self._end_with(
                "503 Service Unavailable",
                ApiError(503, "UNAVAILABLE", "Too many connections. Try again later."),
            )

    def send_400_response(self, msg: str) -> None:
        """Refuse what isn't HTTP."""
        self._end_with("400 Bad Request", invalid_argument(msg))

    def _end_with(self, status: str, error: ApiError) -> None:
        body = json.dumps(error.body()).encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: {JSON}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
