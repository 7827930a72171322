"""What Google Sheets allows one account and one project, and how it says no.

Decided here: the limits (60 reads and 60 writes a minute for one user, 300 for a project), how a
minute is counted, the body of a refusal, how long an answer takes, and when nobody answers at all.
Source of the limits: developers.google.com/workspace/sheets/api/limits. The refusal is a recorded
one. What isn't known is taken the harder way: a refused request counts, and a batch counts once.
Pure but for its own counters: the time is an argument.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

PER_USER, PER_PROJECT = 60, 300
MINUTE = 60.0
READ, WRITE = "Read", "Write"
_READS = ("values:batchGetByDataFilter", "developerMetadata:search", ":getByDataFilter")


def kind_of(method: str, path: str) -> str:
    """Which of the two budgets a request takes from."""
    return READ if method.upper() == "GET" or path.endswith(_READS) else WRITE


@dataclass
class Quota:
    """The requests of this minute; a minute begins with the first request after the last one."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    _began: float = -MINUTE

    def ask(self, user: str, kind: str, now: float) -> str | None:
        """Counts a request; what limit it is over, `user` or `project`, or None.

        Args:
            user: the account; all its workers share it.
            kind: `READ` or `WRITE`.
            now: seconds, on any clock.
        """
        if now - self._began >= MINUTE:
            self.counts.clear()
            self._began = now
        self.asked[kind] += 1
        self.counts[user, kind] += 1
        self.counts["", kind] += 1
        over = None
        if self.counts[user, kind] > PER_USER:
            over = "user"
        elif self.counts["", kind] > PER_PROJECT:
            over = "project"
        self.refused[kind] += over is not None
        return over


def refusal(kind: str, over: str) -> dict[str, Any]:
    """The body of Google's 429."""
    per = "per user" if over == "user" else ""
    limit = f"{kind} requests per minute {per}".strip()
    unit = "1/min/{project}/{user}" if over == "user" else "1/min/{project}"
    metadata = {
        "quota_metric": f"sheets.googleapis.com/{kind.lower()}_requests",
        "quota_limit": f"{kind}RequestsPerMinutePer{'User' if over == 'user' else 'Project'}",
        "quota_unit": unit,
        "quota_limit_value": str(PER_USER if over == "user" else PER_PROJECT),
        "quota_location": "global",
        "service": "sheets.googleapis.com",
        "consumer": "projects/1",
    }
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": metadata,
    }
    message = (
        f"Quota exceeded for quota metric '{kind} requests' and limit '{limit}' of service "
        "'sheets.googleapis.com' for consumer 'project_number:1'."
    )
    error = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": [info]}
    return {"error": error}


def unavailable() -> dict[str, Any]:
    """The body of an answer during an outage."""
    message = "The service is currently unavailable."
    return {"error": {"code": 503, "message": message, "status": "UNAVAILABLE"}}


@dataclass(frozen=True)
class Weather:
    """How long an answer takes, and when the service is away: seconds, on the quota's clock."""

    fastest: float = 0.3
    slowest: float = 0.8
    outages: tuple[tuple[float, float], ...] = ()

    def latency(self, rng: Random) -> float:
        """How long the next answer takes."""
        return rng.uniform(self.fastest, self.slowest)

    def is_out(self, now: float) -> bool:
        """Whether nobody is at home."""
        return any(begin <= now < end for begin, end in self.outages)


def as_bytes(body: dict[str, Any]) -> bytes:
    """A body as it goes over the wire."""
    return json.dumps(body).encode()
