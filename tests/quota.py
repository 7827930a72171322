"""A quota in front of a served workbook, as Google has one: so many reads and writes a minute.

Counted for whoever shares an account, here a token's holder. What is too much gets Google's own
refusal (its body as recorded, without a Retry-After). `minute` may be shorter than a minute, for
tests whose workers' clocks run faster.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from gsheet_ml_scheduler import server
from gsheet_ml_scheduler.runsheet.budget import Kind
from gsheet_ml_scheduler.runsheet.rationed import kind_of
from tests.served import TOKEN, Served

NAMES = {Kind.READ: "Read", Kind.WRITE: "Write"}


class Quota:
    """An ASGI app that lets so many requests a minute of each kind through to another."""

    def __init__(self, app: ASGIApp, *, per_minute: int, minute: float) -> None:
        self._app = app
        self._per_minute = per_minute
        self._minute = minute
        self._lock = threading.Lock()
        self._times: dict[Kind, deque[float]] = defaultdict(deque)
        self.accepted: dict[Kind, list[float]] = defaultdict(list)
        self.refused: dict[Kind, int] = defaultdict(int)
        self.is_away = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not str(scope["path"]).startswith("/v4/"):
            await self._app(scope, receive, send)
            return
        kind = kind_of(scope["method"], scope["path"])
        if self.is_away:
            await _answer(send, 503, {"code": 503, "message": "away", "status": "UNAVAILABLE"})
        elif self._admits(kind):
            await self._app(scope, receive, send)
        else:
            await _answer(send, 429, self._refusal(kind))

    def _admits(self, kind: Kind) -> bool:
        with self._lock:
            now, times = time.monotonic(), self._times[kind]
            while times and times[0] <= now - self._minute:
                times.popleft()
            if len(times) >= self._per_minute:
                self.refused[kind] += 1
                return False
            times.append(now)
            self.accepted[kind].append(now)
            return True

    def _refusal(self, kind: Kind) -> dict[str, object]:
        name = NAMES[kind]
        metadata = {
            "quota_metric": f"sheets.googleapis.com/{name.lower()}_requests",
            "quota_limit": f"{name}RequestsPerMinutePerUser",
            "quota_unit": "1/min/{project}/{user}",
            "quota_limit_value": str(self._per_minute),
            "service": "sheets.googleapis.com",
        }
        return {
            "code": 429,
            "message": f"Quota exceeded for quota metric '{name} requests' and limit '{name} "
            "requests per minute per user' of service 'sheets.googleapis.com'.",
            "status": "RESOURCE_EXHAUSTED",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "RATE_LIMIT_EXCEEDED",
                    "domain": "googleapis.com",
                    "metadata": metadata,
                }
            ],
        }


async def _answer(send: Send, status: int, error: dict[str, object]) -> None:
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served_with_a_quota(
    path: Path, *, per_minute: int, minute: float
) -> Iterator[tuple[Served, Quota]]:
    """A workbook behind a quota, while the block runs."""
    shelf = server.Shelf(path)
    listener = server.listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = server.build_app(shelf, server.door_for("127.0.0.1", (), TOKEN))
    quota = Quota(app, per_minute=per_minute, minute=minute)
    running = server.Server(quota)
    thread = threading.Thread(target=lambda: running.run(sockets=[listener]))
    thread.start()
    try:
        yield Served(base, TOKEN, tuple(shelf.titles())), quota
    finally:
        running.should_exit = True
        thread.join()
