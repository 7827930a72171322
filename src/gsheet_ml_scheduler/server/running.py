"""How the server starts and ends.

Decided here: the socket, what happens on SIGINT and SIGTERM (requests under way are finished, then
the process ends), how long connections are kept. Decided elsewhere: what is served.
"""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from gsheet_ml_scheduler.errors import ServeError
from gsheet_ml_scheduler.server.wire import Protocol

SECONDS_KEPT_ALIVE = 300
"""Longer than workers pause between two requests: a connection that closes just as a request is
sent leaves its sender in doubt whether it was carried out."""
SECONDS_TO_FINISH = 30
_BACKLOG = 512
_LONGEST_MESSAGE = 16 * 1024  # bytes that a page may send on a WebSocket; ours send nothing
_ENDING = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """A socket that accepts connections from now on; port 0 is any free one.

    Raises:
        ServeError: the address can't be had.
    """
    try:
        found = socket.getaddrinfo(
            host.strip("[]") or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError, OverflowError) as error:
        raise ServeError(f"{host!r} is no address of this machine ({error}).") from error
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise ServeError(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError | OverflowError) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use by another program, perhaps by another "
            "gsheet-ml serve. Choose another with --port, or a free one with --port 0."
        )
    if number == errno.EACCES:
        return f"Port {port} is for the system's own services. Choose one above 1023 with --port."
    if number == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine. --host 0.0.0.0 means all that it has."
    return f"Port {port} of {host} can't be used: {error}."


class Server(uvicorn.Server):
    """uvicorn, ending by our rules."""

    def __init__(self, app: ASGIApp, ready: Callable[[], None] | None = None) -> None:
        self._ready = ready
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                ws="wsproto",
                ws_max_size=_LONGEST_MESSAGE,
                ws_per_message_deflate=False,  # messages are short
                ws_ping_interval=None,  # the feed says now and then that it lives: pages see that
                lifespan="on",
                log_config=None,
                access_log=False,  # a query may hold the token
                proxy_headers=False,  # anybody could write another's address into them
                server_header=False,
                date_header=False,  # replies.py reads the clock when an answer is ready
                timeout_keep_alive=SECONDS_KEPT_ALIVE,
                timeout_graceful_shutdown=SECONDS_TO_FINISH,
            )
        )
        self.ended_by: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so: from then on signals are heard and requests are answered."""
        await super().startup(sockets)
        if self._ready is not None:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM, without raising them again when all is done."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread hears signals
            return
        before = {one: signal.signal(one, self.handle_exit) for one in _ENDING}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal ends the server when requests are answered, a second SIGINT at once."""
        self.ended_by = self.ended_by or sig
        super().handle_exit(sig, frame)


def run(app: ASGIApp, listener: socket.socket, ready: Callable[[], None]) -> int:
    """Serve until a signal ends it.

    Args:
        app: what answers.
        listener: where; see `listen`.
        ready: called once, when the server has started.

    Returns:
        An exit code: 0 after SIGTERM, 130 after SIGINT (Ctrl-C).
    """
    server = Server(app, ready)
    server.run(sockets=[listener])
    return 130 if server.ended_by == signal.SIGINT else 0
