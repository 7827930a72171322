"""What is recorded beside a row: series of numbers and a text, by the row or by their subject.

Decided here: what a record may hold, and what is answered of the tracks of a row: those of the
newest part only. Decided elsewhere: how tracks lie in the file (`storage/tracks.py`), how long a
series may be (`model/thinning.py`).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import invalid_argument
from ..model.structure import ROWS, Json
from ..model.thinning import Point
from ..storage import sql, tracks
from ..storage.snapshot import Snapshot
from ..storage.store import Store
from ..storage.tracks import Record, Text, Track

MOST_RECORDS = 1_000  # of one request
MOST_POINTS = 100_000
_LONGEST_NAME = 200
_LOOK_EVERY = 200  # writes of this process, for whether all tracks take too much


class Tracks:
    """The tracks of one workbook. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._writes = 0

    def record(self, records: Sequence[Record]) -> None:
        """Keep what is new of some records; together or not at all.

        Raises:
            WorkbookError: the file can't be written.
        """
        if not records:
            return
        with self._lock:
            self._writes += 1
            looks = self._writes % _LOOK_EVERY == 1
        now = time.time()
        with self._store.writing(relaxed=True) as writer:
            sql.make_beside(writer.cursor)
            for one in records:
                tracks.record(writer.cursor, one, _row_of(writer, one.mark), now)
            if looks:
                tracks.make_room(writer.cursor)
            writer.cursor.execute("COMMIT")

    def of_subject(self, subject: str, *, after: float = 0.0) -> Json | None:
        """The series of a subject's newest part; None if nothing is known of it."""
        with self._store.reading() as snapshot:
            return _series(snapshot, _newest(_found(snapshot, subject)), after)

    def text_of_subject(self, subject: str, *, after: int = 0) -> Json | None:
        """The text of a subject's newest part; None if nothing is known of it."""
        with self._store.reading() as snapshot:
            return _text(snapshot, _newest(_found(snapshot, subject)), after)

    def of_rows(self, sheet_id: int, row_ids: Iterable[int], *, after: float = 0.0) -> Json:
        """The series of rows, by row id; those of which nothing is known are missing."""
        with self._store.reading() as snapshot:
            found = {
                str(row_id): _series(snapshot, _newest(_found(snapshot, (sheet_id, row_id))), after)
                for row_id in row_ids
            }
        return {row_id: series for row_id, series in found.items() if series is not None}

    def text_of_row(self, sheet_id: int, row_id: int, *, after: int = 0) -> Json | None:
        """The text of a row; None if nothing is known of it."""
        with self._store.reading() as snapshot:
            return _text(snapshot, _newest(_found(snapshot, (sheet_id, row_id))), after)


def _row_of(snapshot: Snapshot, mark: int | None) -> tuple[int, int] | None:
    entry = None if mark is None else snapshot.metadata(mark)
    if entry is None or entry["dimension"] != ROWS:
        return None
    return entry["sheet_id"], entry["line_id"]


def _found(snapshot: Snapshot, of: str | tuple[int, int]) -> list[Track]:
    if not sql.has_beside(snapshot.cursor):
        return []
    if isinstance(of, str):
        return tracks.of_subject(snapshot.cursor, of)
    return tracks.of_row(snapshot.cursor, *of)


def _newest(found: list[Track]) -> list[Track]:
    """The tracks of the last part of the subject that was written to last."""
    if not found:
        return []
    subject = found[-1].subject
    part = max(one.part for one in found if one.subject == subject)
    return [one for one in found if one.subject == subject and one.part == part]


def _series(snapshot: Snapshot, found: list[Track], after: float) -> Json | None:
    if not found:
        return None
    series = {}
    for track in found:
        if not track.is_text:
            points = tracks.points(snapshot.cursor, track, after)
            series[track.name] = {
                "steps": [one.step for one in points],
                "times": [one.time for one in points],
                "values": [one.value for one in points],
            }
    return {"subject": found[0].subject, "part": found[0].part, "series": series}


def _text(snapshot: Snapshot, found: list[Track], after: int) -> Json | None:
    for track in found:
        if track.is_text:
            kept = tracks.text(snapshot.cursor, track, after)
            return {
                "subject": track.subject,
                "part": track.part,
                "start": kept.start,
                "end": kept.start + len(kept.text),
                "text": kept.text,
            }
    return None


def parse_records(found: Any) -> list[Record]:
    """Records as they come in JSON.

    Raises:
        ApiError: 400, it is something else; the message says where.
    """
    if not isinstance(found, list) or len(found) > MOST_RECORDS:
        raise invalid_argument(f"'records' must be a list of at most {MOST_RECORDS} objects.")
    records = [_record(one, f"records[{at}]") for at, one in enumerate(found)]
    if sum(len(line) for one in records for line in one.points.values()) > MOST_POINTS:
        raise invalid_argument(f"More than {MOST_POINTS} points at once. Send them in parts.")
    return records


def _record(found: Any, where: str) -> Record:
    if not isinstance(found, dict):
        raise invalid_argument(f"Invalid value at '{where}': an object is expected.")
    series = found.get("points", {})
    if not isinstance(series, dict):
        raise invalid_argument(f"Invalid value at '{where}.points': an object is expected.")
    mark = found.get("mark")
    return Record(
        _name(found.get("subject"), f"{where}.subject"),
        _count(found.get("part", 1), f"{where}.part"),
        found.get("begins") is True,
        None if mark is None else _count(mark, f"{where}.mark"),
        {
            _name(name, f"{where}.points"): _points(line, f"{where}.points.{name:.40}")
            for name, line in series.items()
        },
        _text_piece(found.get("text"), f"{where}.text"),
    )


def _points(found: Any, where: str) -> list[Point]:
    if not isinstance(found, list):
        raise invalid_argument(f"Invalid value at '{where}': a list of points is expected.")
    points = []
    for one in found:
        if not (isinstance(one, list) and len(one) == 3 and all(map(_is_number, one))):
            raise invalid_argument(
                f"Invalid value at '{where}': a point is a list of step, time and number."
            )
        points.append(Point(_count(one[0], where), float(one[1]), float(one[2])))
    return points


def _text_piece(found: Any, where: str) -> Text | None:
    if found is None:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        raise invalid_argument(f"Invalid value at '{where}': start and text are expected.")
    return Text(_count(found.get("start", 0), f"{where}.start"), found["text"])


def _name(found: Any, where: str) -> str:
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_NAME:
        raise invalid_argument(
            f"Invalid value at '{where}': a text of 1 to {_LONGEST_NAME} characters is expected."
        )
    return found


def _count(found: Any, where: str) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < 2**53:
        raise invalid_argument(f"Invalid value at '{where}': a whole number from 0 on is expected.")
    return found


def _is_number(found: Any) -> bool:
    return (
        isinstance(found, (int, float))
        and not isinstance(found, bool)
        and abs(found) < 1e308 * 1.7
        and math.isfinite(found)
    )
