"""Tracks: what is recorded of a line over time, beside its cells: series of numbers, and a text.

A track belongs to a subject (text of the recorder's choice) and one of its parts (a number, for
when it starts again), has a name, and is tied to the row that carried the subject's mark when it
was last written. Decided here: how it lies in the tables, and that writing it twice is like writing
it once. Which points stay when there are too many is decided in `model/thinning.py`.

A track is no part of the workbook: it has no revision and is in no change log. It may lag behind
in a power cut, never in a crash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ..model import thinning
from ..model.thinning import Point
from . import schema, sql

TEXT_KEPT = 64_000  # characters of a part's text
_CHUNK = 4_000  # characters; a tail is cut by whole chunks
POINTS_IN_ALL = 2_000_000  # about 80 MB
TEXT_IN_ALL = 64_000_000  # characters
_TEXT = ""  # the name of a part's text

_t, _p, _c = schema.tracks.c, schema.points.c, schema.texts.c
_of_track = _p.track_id == sa.bindparam("of_track")
_chunk_of = _c.track_id == sa.bindparam("of_track")
_LOOKED_AT = (_t.track_id, _t.subject, _t.part, _t.name, _t.stride, _t.last, _t.size)

_FIND = sql.Statement(
    sa.select(_t.track_id, _t.stride, _t.last, _t.size).where(
        _t.subject == sa.bindparam("of_subject"),
        _t.part == sa.bindparam("of_part"),
        _t.name == sa.bindparam("of_name"),
    )
)
_OF_SUBJECT = sql.Statement(
    sa.select(*_LOOKED_AT)
    .where(_t.subject == sa.bindparam("of_subject"))
    .order_by(_t.part, _t.track_id)
)
_OF_ROW = sql.Statement(
    sa.select(*_LOOKED_AT)
    .where(_t.sheet_id == sa.bindparam("of_sheet"), _t.row_id == sa.bindparam("of_row"))
    .order_by(_t.updated, _t.part, _t.track_id)
)
_NEXT_ID = sql.Statement(sa.select(sa.func.max(_t.track_id)))
_ADD = sql.Statement(sql.insert_into(schema.tracks))
_SET = sql.Statement(
    sa.update(schema.tracks)
    .where(_t.track_id == sa.bindparam("of_track"))
    .values({n: sa.bindparam(f"new_{n}") for n in ("stride", "last", "size", "updated")})
)
_RESIZE = sql.Statement(
    sa.update(schema.tracks)
    .where(_t.track_id == sa.bindparam("of_track"))
    .values(stride=sa.bindparam("new_stride"), size=sa.bindparam("new_size"))
)
_DROP_TRACK = sql.Statement(sa.delete(schema.tracks).where(_t.track_id == sa.bindparam("of_track")))
_DROP_POINTS = sql.Statement(sa.delete(schema.points).where(_of_track))
_DROP_CHUNKS = sql.Statement(sa.delete(schema.texts).where(_chunk_of))
_TIE = sql.Statement(
    sa.update(schema.tracks)
    .where(_t.subject == sa.bindparam("of_subject"))
    .values(sheet_id=sa.bindparam("on_sheet"), row_id=sa.bindparam("on_row"))
)
_POINTS = sql.Statement(
    sa.select(_p.step, _p.time, _p.value)
    .where(_of_track, _p.time > sa.bindparam("after"))
    .order_by(_p.step)
)
_PUT_POINT = sql.Statement(sql.upsert(schema.points))
_DROP_POINT = sql.Statement(
    sa.delete(schema.points).where(_of_track, _p.step == sa.bindparam("at_step"))
)
_THIN = sql.Statement(
    sa.delete(schema.points).where(
        _of_track,
        (_p.step - sa.text("1")) % sa.bindparam("by") != sa.text("0"),
        _p.step != sa.bindparam("last"),
    )
)
_COUNT = sql.Statement(sa.select(sa.func.count()).select_from(schema.points).where(_of_track))
_CHUNKS = sql.Statement(sa.select(_c.start, _c.text).where(_chunk_of).order_by(_c.start))
_CHUNKS_BACK = sql.Statement(
    sa.select(_c.start, _c.text).where(_chunk_of).order_by(_c.start.desc())
)
_PUT_CHUNK = sql.Statement(sql.upsert(schema.texts))
_CUT = sql.Statement(
    sa.delete(schema.texts).where(
        _chunk_of, _c.start + sa.func.length(_c.text) <= sa.bindparam("before")
    )
)
_IS_TEXT = _t.name == sa.bindparam("text_name")
_TOTALS = sql.Statement(
    sa.select(
        sa.func.sum(sa.case((_IS_TEXT, sa.text("0")), else_=_t.size)),
        sa.func.sum(sa.case((_IS_TEXT, _t.size), else_=sa.text("0"))),
    )
)
_OLDEST = sql.Statement(
    sa.select(*_LOOKED_AT).where(_t.size > sa.bindparam("over")).order_by(_t.updated)
)


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a part's text, and how many characters came before it."""

    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be kept of a subject.

    With `begins` it is the first of its part: whatever was kept under its name before goes.
    """

    subject: str
    part: int
    begins: bool = False
    mark: int | None = None  # id of a developer metadata on the subject's row
    points: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    text: Text | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One track as it is stored; `last` and `size` as in the schema."""

    track_id: int
    subject: str
    part: int
    name: str
    stride: int
    last: int
    size: int

    @property
    def is_text(self) -> bool:
        """Whether it is the text of its part rather than a series."""
        return self.name == _TEXT


def record(cursor: Any, wanted: Record, row: tuple[int, int] | None, now: float) -> None:
    """Keep what is new of a record.

    Args:
        cursor: of a transaction that writes, in a workbook that has the tables.
        wanted: what to keep; what is kept already isn't kept twice.
        row: sheet id and row id of the subject's line; None leaves it as it was.
        now: in seconds since 1970.
    """
    if wanted.begins:
        for track in of_subject(cursor, wanted.subject):
            if track.part == wanted.part:
                _drop(cursor, track)
    for name, points in wanted.points.items():
        if name != _TEXT and points:
            _add_points(cursor, _track(cursor, wanted, name), points, now)
    if wanted.text is not None and wanted.text.text:
        _add_text(cursor, _track(cursor, wanted, _TEXT), wanted.text, now)
    if row is not None:
        _TIE(cursor, of_subject=wanted.subject, on_sheet=row[0], on_row=row[1])


def of_subject(cursor: Any, subject: str) -> list[Track]:
    """The tracks of a subject, of earlier parts first."""
    return [Track(*found) for found in _OF_SUBJECT(cursor, of_subject=subject)]


def of_row(cursor: Any, sheet_id: int, row_id: int) -> list[Track]:
    """The tracks that are tied to a row, those last written at the end."""
    return [Track(*found) for found in _OF_ROW(cursor, of_sheet=sheet_id, of_row=row_id)]


def points(cursor: Any, track: Track, after: float = 0.0) -> list[Point]:
    """The points of a series that were recorded after a time."""
    return [Point(*found) for found in _POINTS(cursor, of_track=track.track_id, after=after)]


def text(cursor: Any, track: Track, after: int = 0) -> Text:
    """The text that is kept, or what of it comes after so many characters."""
    found = _CHUNKS(cursor, of_track=track.track_id).fetchall()
    whole = "".join(piece for _, piece in found)
    start = found[0][0] if found else track.last
    skip = min(max(after - start, 0), len(whole))
    return Text(start + skip, whole[skip:])


def _track(cursor: Any, wanted: Record, name: str) -> Track:
    key = {"of_subject": wanted.subject, "of_part": wanted.part, "of_name": name}
    found = _FIND(cursor, **key).fetchone()
    if found is not None:
        track_id, stride, last, size = found
        return Track(track_id, wanted.subject, wanted.part, name, stride, last, size)
    track_id = (_NEXT_ID(cursor).fetchone()[0] or 0) + 1
    new = Track(track_id, wanted.subject, wanted.part, name, 1, 0, 0)
    _ADD(
        cursor,
        track_id=track_id,
        subject=wanted.subject,
        part=wanted.part,
        name=name,
        sheet_id=None,
        row_id=None,
        stride=new.stride,
        last=new.last,
        size=new.size,
        updated=0.0,
    )
    return new


def _add_points(cursor: Any, track: Track, points: Sequence[Point], now: float) -> None:
    new = thinning.kept([one for one in points if one.step >= track.last], track.stride)
    if not new:
        return
    last = new[-1].step
    stride, size = track.stride, track.size + len(new)
    if track.size and new[0].step == track.last:  # sent again
        size -= 1
    elif track.size and not thinning.stays(track.last, stride):  # it was there for being the last
        _DROP_POINT(cursor, of_track=track.track_id, at_step=track.last)
        size -= 1
    _PUT_POINT.many(
        cursor,
        [
            {"track_id": track.track_id, "step": one.step, "time": one.time, "value": one.value}
            for one in new
        ],
    )
    while size > thinning.POINTS:
        stride *= 2
        _THIN(cursor, of_track=track.track_id, by=stride, last=last)
        size = _count(cursor, track)
    _set(cursor, track, stride, last, size, now)


def _add_text(cursor: Any, track: Track, piece: Text, now: float) -> None:
    start, fresh = piece.start, piece.text
    if start < track.last:  # sent before, in whole or in part
        fresh = fresh[track.last - start :]
        start = track.last
    if not fresh:
        return
    end = start + len(fresh)
    if len(fresh) > TEXT_KEPT:
        fresh = fresh[-TEXT_KEPT:]
        start = end - TEXT_KEPT
    if start > track.last:  # something in between was left out: what is before it goes, too
        _CUT(cursor, of_track=track.track_id, before=start)
    before = _CHUNKS_BACK(cursor, of_track=track.track_id).fetchone()
    if before is not None and len(before[1]) < _CHUNK:
        start, fresh = before[0], before[1] + fresh
    for at in range(0, len(fresh), _CHUNK):
        part = fresh[at : at + _CHUNK]
        _PUT_CHUNK(cursor, track_id=track.track_id, start=start + at, text=part)
    _CUT(cursor, of_track=track.track_id, before=end - TEXT_KEPT)
    size = sum(len(kept) for _, kept in _CHUNKS(cursor, of_track=track.track_id))
    _set(cursor, track, track.stride, end, size, now)


def _set(cursor: Any, track: Track, stride: int, last: int, size: int, now: float) -> None:
    _SET(
        cursor,
        of_track=track.track_id,
        new_stride=stride,
        new_last=last,
        new_size=size,
        new_updated=now,
    )


def _count(cursor: Any, track: Track) -> int:
    found: int = _COUNT(cursor, of_track=track.track_id).fetchone()[0]
    return found


def _drop(cursor: Any, track: Track) -> None:
    for statement in (_DROP_TRACK, _DROP_POINTS, _DROP_CHUNKS):
        statement(cursor, of_track=track.track_id)


def make_room(
    cursor: Any, points_allowed: int = POINTS_IN_ALL, text_allowed: int = TEXT_IN_ALL
) -> None:
    """See that all tracks together stay within bounds.

    Of those that were written to the longest ago, series lose every second point and texts go.
    """
    totals = _TOTALS(cursor, text_name=_TEXT).fetchone()
    points_kept, text_kept = (found or 0 for found in totals)
    if points_kept <= points_allowed and text_kept <= text_allowed:
        return
    for found in _OLDEST(cursor, over=thinning.FEWEST).fetchall():
        track = Track(*found)
        if track.is_text and text_kept > text_allowed:
            _DROP_CHUNKS(cursor, of_track=track.track_id)
            _RESIZE(cursor, of_track=track.track_id, new_stride=1, new_size=0)
            text_kept -= track.size
        elif not track.is_text and points_kept > points_allowed:
            stride = track.stride * 2
            _THIN(cursor, of_track=track.track_id, by=stride, last=track.last)
            size = _count(cursor, track)
            _RESIZE(cursor, of_track=track.track_id, new_stride=stride, new_size=size)
            points_kept -= track.size - size
