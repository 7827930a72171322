"""Metrics as lines: `gsheet-ml: {"loss": 0.3}` in what a script prints, JSON objects in a file.

Decided here: what counts as a metric line, how much of one is read, and what happens to half a
line, to bytes that are no text, and to more lines than anybody can read: the last value of each
name is what a sheet wants, so old ones may be passed over, but never the last. Names that begin
with `_` are not metrics: `_time` is when a line was written, `_status` a text for the status cell.
Only Python's own library, because supervisors use it, too. Elsewhere: who writes the values to the
sheet (`working`, `runsheet`).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gsheet_ml_scheduler.agent.tails import Tail

MARK = b"gsheet-ml: {"
TIME = "_time"
STATUS = "_status"
LONGEST_LINE = 64 * 1024
MOST_NAMES = 200
_LONGEST_NAME = 100
_LONGEST_TEXT = 1000

Value = bool | int | float | str


def parse(line: bytes) -> dict[str, Value]:
    """The metrics of one JSON line; none for a line that isn't an object of plain values."""
    return parse_step(line)[0]


def parse_step(line: bytes) -> tuple[dict[str, Value], float | None]:
    """The metrics of one JSON line, and when it was written, if it says so."""
    if len(line) > LONGEST_LINE:
        return {}, None
    try:
        found = json.loads(line.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return {}, None
    if not isinstance(found, dict):
        return {}, None
    at = found.get(TIME)
    if isinstance(at, bool) or not isinstance(at, int | float):
        return plain_values(found), None
    return plain_values(found), float(at)


def plain_values(found: Mapping[str, Any]) -> dict[str, Value]:
    """Those values that a cell can hold, by name."""
    values: dict[str, Value] = {}
    for name, value in list(found.items())[:MOST_NAMES]:
        if not name.strip() or len(name) > _LONGEST_NAME:
            continue
        if name.startswith("_") and name != STATUS:
            continue
        if isinstance(value, str):
            values[name.strip()] = value[:_LONGEST_TEXT]
        elif isinstance(value, bool | int | float):
            values[name.strip()] = value
    return values


def merge(into: dict[str, Value], more: Mapping[str, Value]) -> None:
    """Newer values over older ones; a script that makes names up without end is cut off."""
    for name, value in more.items():
        if name in into or len(into) < MOST_NAMES:
            into[name] = value


class PrintedMetrics:
    """Finds the metric lines in output that comes in pieces."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The JSON of the metric lines that the piece completes.

        A mark may stand anywhere in a line, because progress bars and logging write before it.
        """
        whole, newline, rest = (self._rest + piece).rpartition(b"\n")
        self._rest = rest[-LONGEST_LINE:]
        if not newline or MARK not in whole:
            return []
        return [json_of(line) for line in whole.split(b"\n") if MARK in line]

    def end(self) -> list[bytes]:
        """The last line, if it ended without a newline."""
        last, self._rest = self._rest, b""
        return [json_of(last)] if MARK in last else []


def json_of(line: bytes) -> bytes:
    """What stands behind the last mark of a line."""
    return line[line.rindex(MARK) + len(MARK) - 1 :].strip()


class MetricsFile:
    """The lines that have been appended to a file since the last look."""

    def __init__(self, path: Path) -> None:
        """What is in the file by now was another attempt's."""
        self._tail = Tail(path)
        self._rest = b""

    def read(self) -> list[bytes]:
        """The whole lines that have come; of very many, the last.

        Raises:
            OSError: the file is there but can't be read.
        """
        piece = self._tail.read()
        before = self._rest if piece.is_gapless else b""
        whole, newline, rest = (before + piece.data).rpartition(b"\n")
        self._rest = rest[-LONGEST_LINE:]
        return whole.split(b"\n") if newline else []

    def end(self) -> list[bytes]:
        """The last lines, also one without a newline at its end: nothing more will come."""
        lines = self.read()
        last, self._rest = self._rest, b""
        return [*lines, last] if last.strip() else lines
