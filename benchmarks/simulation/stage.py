"""Real client code in a simulated hour: workers are threads, time is a number.

Simulated are the clock, the network's latency and Google's limits. Real are the clients, every
request that they make, and the workbook that answers. A worker's thread stands still at each
request and each pause (see `tests/contract/adversary/puppet.py`); whoever's time comes next goes
on, and meanwhile nobody else does, so an hour of a hundred workers takes about a minute and comes
out the same every time.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import gspread
from gspread.exceptions import APIError
from requests import Response

from benchmarks.simulation import quota
from benchmarks.simulation.quota import Quota, Weather
from tests.contract.adversary.network import Clock
from tests.contract.adversary.puppet import Blocked, Letter, Nap, Puppet, current_puppet

ACCOUNT = "the only account"


@dataclass
class Stage:
    """A workbook behind Google's limits, and everybody who asks it."""

    line: gspread.HTTPClient
    weather: Weather
    rng: Random
    clock: Clock = field(default_factory=Clock)
    quota: Quota = field(default_factory=Quota)
    watchers: list[Callable[[Letter, Any], None]] = field(default_factory=list)
    served: Counter[str] = field(default_factory=Counter)
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _blocked: list[Puppet] = field(default_factory=list)
    _cast: list[Puppet] = field(default_factory=list)
    _endings: list[Callable[[], None]] = field(default_factory=list)
    _numbers: Any = field(default_factory=count)

    def add(self, body: Callable[[], None]) -> None:
        """Somebody begins, at this moment."""
        puppet = Puppet(lambda _: body())
        self._cast.append(puppet)
        puppet.start()
        self._arrange(puppet)

    def at_the_end(self, act: Callable[[], None]) -> None:
        """Something to be done when nobody does anything more."""
        self._endings.append(act)

    def run(self, until: float) -> None:
        """Everything that happens until then."""
        while self._agenda and self._agenda[0][0] <= until:
            self.clock.now, _, act = heapq.heappop(self._agenda)
            act()
        self.clock.now = until

    def close(self) -> None:
        """Nobody does anything more."""
        for puppet in self._cast:
            puppet.kill()
        for act in self._endings:
            act()

    @staticmethod
    def sleep(seconds: float) -> None:
        """For the code on stage: time passes."""
        current_puppet().stop(Nap(seconds))

    def now(self) -> float:
        """For the code on stage: the clock."""
        return self.clock.now

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.clock.now + seconds, next(self._numbers), act))

    def _go_on(self, puppet: Puppet, answer: Any = None) -> None:
        puppet.go_on(answer)
        self._arrange(puppet)
        waiting, self._blocked = self._blocked, []
        for other in waiting:
            assert isinstance(other.at, Blocked)
            if other.at.lock.is_free:
                other.go_on()
            self._arrange(other)

    def _arrange(self, puppet: Puppet) -> None:
        """Puts down when somebody who stands still goes on."""
        if puppet.failed is not None:
            raise puppet.failed
        at = puppet.at
        if isinstance(at, Nap):
            self._later(at.seconds, lambda: self._go_on(puppet))
        elif isinstance(at, Letter):
            letter, latency = at, self.weather.latency(self.rng)
            self._later(latency / 2, lambda: self._serve(puppet, letter, latency / 2))
        elif isinstance(at, Blocked):
            self._blocked.append(puppet)

    def _serve(self, puppet: Puppet, letter: Letter, way_back: float) -> None:
        answer = self._answer(letter)
        for watch in self.watchers:
            watch(letter, answer)
        self._later(way_back, lambda: self._go_on(puppet, answer))

    def _answer(self, letter: Letter) -> Any:
        kind = quota.kind_of(letter.method, letter.endpoint)
        if self.weather.is_out(self.clock.now):
            return _error(503, quota.unavailable())
        over = self.quota.ask(ACCOUNT, kind, self.clock.now)
        if over is not None:
            return _error(429, quota.refusal(kind, over))
        self.served[kind] += 1
        headers = {**letter.headers, "User-Agent": letter.sender}
        try:
            response = self.line.request(
                letter.method, letter.endpoint, letter.params, None, letter.body or None, None,
                headers,
            )  # fmt: skip
        except APIError as error:
            return error
        response.headers["Date"] = self.clock.header
        return response


def _error(code: int, body: dict[str, Any]) -> APIError:
    response = Response()
    response.status_code = code
    response._content = quota.as_bytes(body)
    return APIError(response)
