"""A worker whose blocking code stands still before each of its requests, until it is let go on.

Decided here: how code that blocks is stepped from outside. It runs in a thread of its own, but
never at the same time as anybody else: whoever lets it go on waits until it stands still again. So
a story is the same each time it is told, and what happens between two requests is up to the teller.
Elsewhere: what happens to a request (`network.py`), who goes on when (`world.py`).

A worker that was killed does nothing more, as after SIGKILL: `Killed` is no `Exception`, and every
request that it still tries on its way out raises it again.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import gspread
from requests import Response
from requests.structures import CaseInsensitiveDict

_PATIENCE = 60.0
"""Seconds in which code between two requests must get anywhere; else the test hangs."""

_READS = ("values:batchGetByDataFilter", "developerMetadata:search", ":getByDataFilter")


class Killed(BaseException):
    """The worker's process is gone."""


@dataclass(frozen=True)
class Letter:
    """A request on its way."""

    sender: str
    method: str
    endpoint: str
    params: Any
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def is_read(self) -> bool:
        """Whether it can change nothing."""
        return self.method == "get" or self.endpoint.endswith(_READS)

    @property
    def shows_cells(self) -> bool:
        """Whether its answer shows what cells hold."""
        return self.is_read or bool(self.body.get("includeSpreadsheetInResponse"))

    @property
    def gist(self) -> str:
        """What it asks for, in a few words."""
        if self.is_read:
            kinds = ["row" if "developerMetadataLookup" in f else "range" for f in self._filters]
            return f"read of {' + '.join(kinds) or 'the spreadsheet'}"
        parts = [_in_words(request) for request in self.body.get("requests", ())]
        if parts:
            return f"batch ({', '.join(parts)})"
        cells = [v for entry in self.body.get("data", ()) for line in entry["values"] for v in line]
        return f"write of {[value for value in cells if value is not None]!r}"

    @property
    def _filters(self) -> list[Any]:
        return list(self.body.get("dataFilters", ()))


@dataclass(frozen=True)
class Nap:
    """The worker waits before it tries again."""

    seconds: float


@dataclass(frozen=True)
class Idle:
    """The worker waits for an order; `answer` is what came of the last one."""

    answer: Any = None


@dataclass(frozen=True)
class Blocked:
    """Another thread of the same worker holds a lock."""

    lock: PuppetLock


Stop = Letter | Nap | Idle | Blocked


@dataclass
class Session:
    """Where gspread and its users put headers that go with every request."""

    headers: MutableMapping[str, str] = field(
        default_factory=lambda: CaseInsensitiveDict({"User-Agent": "starting"})
    )


class Puppet:
    """One worker's thread; `at` is where it stands still, None once it has ended."""

    def __init__(self, body: Callable[[Puppet], None]) -> None:
        self.at: Stop | None = None
        self.failed: BaseException | None = None
        self._answer: Any = None
        self._go = threading.Semaphore(0)
        self._still = threading.Semaphore(0)
        self._body = body
        self._is_killed = False
        self._thread = threading.Thread(target=self._live, daemon=True)
        _puppets[self._thread] = self

    def start(self) -> None:
        """Go as far as the first stop."""
        self._thread.start()
        self._wait()

    def go_on(self, answer: Any = None) -> None:
        """Go as far as the next stop; an exception as the answer is raised where it stands."""
        assert self.at is not None
        self._answer = answer
        self._go.release()
        self._wait()

    def kill(self) -> None:
        """Nothing of it happens any more."""
        if self.at is not None:
            self._is_killed = True
            self.go_on()

    def stop(self, at: Stop) -> Any:
        """Called by the worker's own code: stand still here; returns what it is then given."""
        if self._is_killed:
            raise Killed
        self.at = at
        self._still.release()
        self._go.acquire()
        if self._is_killed:
            raise Killed
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer

    def _wait(self) -> None:
        assert self._still.acquire(timeout=_PATIENCE), f"it hangs somewhere after {self.at}"

    def _live(self) -> None:
        try:
            self._body(self)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - the teller raises it, in the test's thread
            self.failed = error
        del _puppets[self._thread]
        self.at = None
        self._still.release()


class PuppetLock:
    """A reentrant lock for which puppets wait standing still, so that nobody hangs."""

    def __init__(self) -> None:
        self._owner: threading.Thread | None = None
        self._depth = 0

    @property
    def is_free(self) -> bool:
        """Whether whoever waits may go on."""
        return self._owner is None

    def acquire(self, blocking: bool = True) -> bool:
        """As threading.RLock."""
        me = threading.current_thread()
        while self._owner not in (None, me):
            if not blocking:
                return False
            current_puppet().stop(Blocked(self))
        self._owner, self._depth = me, self._depth + 1
        return True

    def release(self) -> None:
        """As threading.RLock."""
        self._depth -= 1
        if not self._depth:
            self._owner = None

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


_puppets: dict[threading.Thread, Puppet] = {}


def current_puppet() -> Puppet:
    """The one whose thread this is."""
    return _puppets[threading.current_thread()]


class PuppetClient(gspread.HTTPClient):
    """A gspread client whose every request is a stop of the puppet that makes it."""

    def __init__(self) -> None:
        self.session: Any = Session()
        self.timeout = None

    def request(
        self,
        method: str,
        endpoint: str,
        params: Any = None,
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: Any = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> Response:
        """Hand the request to whoever pulls the strings."""
        sender = self.session.headers["User-Agent"]
        body = copy.deepcopy(json or {})
        letter = Letter(sender, method.lower(), endpoint, params, body, dict(headers or {}))
        answer = current_puppet().stop(letter)
        assert isinstance(answer, Response)
        return answer


def _in_words(request: Mapping[str, Any]) -> str:
    kind, body = next(iter(request.items()))
    if kind == "findReplace":
        return f"{body['find']!r} becomes {body['replacement']!r}"
    return {
        "createDeveloperMetadata": "pin",
        "deleteDeveloperMetadata": "unpin",
        "repeatCell": "paint",
    }.get(kind, str(kind))
