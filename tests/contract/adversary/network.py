"""A network that loses, delays and refuses, and a server whose clock is set by hand.

Decided here: what can become of one request, from the worker's point of view and from the sheet's.
The requests that arrive are answered by the real thing, a workbook file or a server on a socket.
Elsewhere: which fate meets which request (`test_adversary.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from enum import Enum
from typing import Any

import gspread
from gspread.exceptions import APIError
from requests import Response
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout

from tests.contract.adversary.puppet import Letter

DAWN = datetime(2026, 1, 5, 8, 0, 0, tzinfo=timezone.utc)


class Fate(Enum):
    """What becomes of a request: the words of the story."""

    ANSWERED = "is answered"
    REFUSED_429 = "is refused with 429"
    FAILED_500 = "gets a 500 and has changed nothing"
    FAILED_503_AFTER = "gets a 503, but has been carried out"
    DROPPED_BEFORE = "doesn't arrive: the connection drops"
    DROPPED_AFTER = "is carried out, but the connection drops before the answer"
    LATE = "times out and is still on its way"


BAD_FATES = [fate for fate in Fate if fate is not Fate.ANSWERED]
_LANDS_AT_ONCE = (Fate.ANSWERED, Fate.FAILED_503_AFTER, Fate.DROPPED_AFTER)


@dataclass
class Clock:
    """The server's clock, which is also that of all workers; seconds since dawn."""

    now: float = 0.0

    @property
    def date(self) -> datetime:
        """The time of day."""
        return DAWN + timedelta(seconds=self.now)

    @property
    def header(self) -> str:
        """As an answer's head says it."""
        return format_datetime(self.date, usegmt=True)

    def pass_by(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds


@dataclass
class Network:
    """The line to the sheet, and what is still on its way."""

    line: gspread.HTTPClient
    clock: Clock
    late: list[Letter] = field(default_factory=list)

    def carry(self, letter: Letter, fate: Fate) -> Any:
        """What the sender gets: the answer, or an exception to be raised."""
        answer = self._carry_out(letter) if fate in _LANDS_AT_ONCE else None
        if fate is Fate.ANSWERED:
            return answer
        if fate is Fate.REFUSED_429:
            return _refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded for 'Write requests'.")
        if fate is Fate.FAILED_500:
            return _refusal(500, "INTERNAL", "Internal error encountered.")
        if fate is Fate.FAILED_503_AFTER:
            return _refusal(503, "UNAVAILABLE", "The service is currently unavailable.")
        if fate is Fate.LATE:
            self.late.append(letter)
            return ReadTimeout("the answer didn't come in time")
        return NoConnection("the connection was lost")

    def deliver_late(self, number: int) -> Letter:
        """One of the requests that are still on their way arrives; nobody waits for its answer."""
        letter = self.late.pop(number % len(self.late))
        self._carry_out(letter)
        return letter

    def _carry_out(self, letter: Letter) -> Any:
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


def _refusal(code: int, status: str, message: str) -> APIError:
    response = Response()
    response.status_code = code
    body = {"error": {"code": code, "message": message, "status": status}}
    response._content = json.dumps(body).encode()
    return APIError(response)
