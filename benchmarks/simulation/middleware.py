"""A served workbook that behaves as Google does: slow, rationed, and away at times.

ASGI middleware around the real application, in real time. It is a tool for tests and benchmarks and
no part of the product: nobody wants their own server to refuse requests. Elsewhere: the rules
(`quota.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from random import Random

from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.simulation import quota
from benchmarks.simulation.quota import Quota, Weather


class SimulatedGoogle:
    """Every request comes by here first; the account is what the request says in `X-Account`."""

    def __init__(
        self,
        app: ASGIApp,
        weather: Weather,
        *,
        clock: Callable[[], float] = time.monotonic,
        rng: Random | None = None,
    ) -> None:
        self.quota = Quota()
        self._app = app
        self._weather = weather
        self._clock = clock
        self._rng = rng or Random()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait as long as an answer takes, count the request, pass it on or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(self._weather.latency(self._rng))
        headers = dict(scope["headers"])
        user = headers.get(b"x-account", b"somebody").decode("latin-1")
        kind = quota.kind_of(scope["method"], scope["path"])
        if self._weather.is_out(self._clock()):
            await _answer(send, 503, quota.as_bytes(quota.unavailable()))
            return
        over = self.quota.ask(user, kind, self._clock())
        if over is not None:
            await _answer(send, 429, quota.as_bytes(quota.refusal(kind, over)))
            return
        await self._app(scope, receive, send)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json; charset=UTF-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
