"""What a page asks beside the Sheets API: a cell's history, what is recorded of runs, the bar.

Decided here: the addresses under `/live/` that are answered like any other request, and their
parameters. The two that aren't have rooms of their own: `snapshots` and `feed`. Decided elsewhere:
every answer's content. docs/reference/live-grid-protocol.md explains all of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from gsheet_ml_scheduler.localsheets.api.replies import Reply
from gsheet_ml_scheduler.localsheets.errors import invalid_argument, not_found
from gsheet_ml_scheduler.localsheets.live.tracks import parse_records
from gsheet_ml_scheduler.server.runs import RunsAnswers
from gsheet_ml_scheduler.server.shelf import MethodError, Shelf

Query = Mapping[str, Sequence[str]]
_PATH = re.compile(r"/live/([^/]+)/([a-z/]+)")
_MOST_ROWS = 200  # whose curves one request asks for


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """A request to one of these addresses."""

    key: str
    query: Query
    body: Mapping[str, Any] | None

    def number(self, name: str, default: int | None = None) -> int:
        """A parameter that is a whole number; ApiError 400 if it isn't."""
        given = self.query.get(name, ())
        if not given and default is not None:
            return default
        return _number(given[-1] if given else "", name)

    def numbers(self, name: str) -> list[int]:
        """A parameter that may be given again; ApiError 400 if one is no whole number."""
        given = self.query.get(name, ())
        if len(given) > _MOST_ROWS:
            raise invalid_argument(f"'{name}' is given more than {_MOST_ROWS} times.")
        return [_number(one, name) for one in given]

    def time(self, name: str) -> float:
        """A parameter that is a time in seconds since 1970; 0 if it is missing."""
        given = self.query.get(name, ("0",))[-1]
        try:
            found = float(given)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            raise invalid_argument(f"Invalid value at '{name}' (TYPE_DOUBLE), \"{given[:100]}\"")
        return found


class LiveAnswers:
    """Answers for a shelf of workbooks; each method is one address."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._bar = RunsAnswers(shelf)
        self._methods: dict[str, tuple[str, Callable[[LiveRequest], Any]]] = {
            "runs": ("GET", self._runs),
            "history": ("GET", self._history),
            "runs/metrics": ("GET", self._metrics),
            "runs/log": ("GET", self._log),
            "tracks": ("POST", self._record),
        }

    def owns(self, path: str) -> bool:
        """Whether an address is one of these."""
        return path.startswith("/live/")

    def writes(self, verb: str, path: str) -> bool:
        """Whether a request may change something; ApiError 404 or 405 if there is no such."""
        return self._found(verb, path)[1] == "POST"

    def answer(self, verb: str, path: str, query: Query, body: Any) -> Reply:
        """Do what is asked.

        Raises:
            ApiError: the answer is an error.
            WorkbookError: a file can't be read or written.
        """
        key, _, method = self._found(verb, path)
        return Reply(200, method(LiveRequest(key, query, body)))

    def _found(self, verb: str, path: str) -> tuple[str, str, Callable[[LiveRequest], Any]]:
        match = _PATH.fullmatch(path)
        known = self._methods.get(match[2]) if match else None
        if match is None or known is None:
            raise not_found(f"The requested URL {path[:200]} was not found on this server.")
        if known[0] != verb:
            raise MethodError(verb, [known[0]])
        return unquote(match[1]), *known

    def _runs(self, request: LiveRequest) -> Any:
        return self._bar.answer(request.key, request.number("sheet", 0))

    def _history(self, request: LiveRequest) -> Any:
        sheet, row, column = (request.number(name) for name in ("sheet", "row", "column"))
        return self._shelf.live(request.key, lambda live: live.history(sheet, row, column))

    def _metrics(self, request: LiveRequest) -> Any:
        sheet, rows, since = request.number("sheet"), request.numbers("row"), request.time("since")
        found = self._shelf.live(
            request.key, lambda live: live.tracks.of_rows(sheet, rows, after=since)
        )
        return {"runs": {row: _run(track, metrics="series") for row, track in found.items()}}

    def _log(self, request: LiveRequest) -> Any:
        sheet, row, after = (
            request.number("sheet"),
            request.number("row"),
            request.number("after", 0),
        )
        found = self._shelf.live(
            request.key, lambda live: live.tracks.text_of_row(sheet, row, after=after)
        )
        return {} if found is None else _run(found)  # no worker has recorded any

    def _record(self, request: LiveRequest) -> Any:
        records = parse_records((request.body or {}).get("records"))
        self._shelf.live(request.key, lambda live: live.tracks.record(records))
        return {}


def _run(track: Mapping[str, Any], **renamed: str) -> dict[str, Any]:
    """A track in the words of runs: its subject is a run, its part an attempt."""
    words = {"subject": "run", "part": "attempt", **{old: new for new, old in renamed.items()}}
    return {words.get(name, name): said for name, said in track.items()}


def _number(given: str, name: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise invalid_argument(f"Invalid value at '{name}' (TYPE_INT64), \"{given[:100]}\"")
    return int(given)
