"""The order of a sheet's rows, or of its columns.

A line (a row or a column) has an id for life; cells, formats and developer metadata hang on ids. So
inserting, deleting, moving or sorting lines changes this order and nothing else, however large the
sheet is. The order is kept as spans of consecutive ids: a sheet that nobody has sorted is one span.

An Axis never changes: an operation answers a new one, so a batch that fails leaves nothing behind
and readers of an older revision keep theirs. Indexes are 0-based, `stop` is exclusive.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int]  # first id, how many

_FEW_SPANS = 16  # up to here, going through them is as fast as anything


class Axis:
    """An immutable sequence of line ids."""

    __slots__ = ("_ids", "_index", "_starts", "count", "next_id", "spans")

    def __init__(self, spans: Iterable[Span], next_id: int) -> None:
        self.spans = _joined(spans)
        self.next_id = next_id
        self._starts: list[int] = []
        start = 0
        for _, size in self.spans:
            self._starts.append(start)
            start += size
        self.count = start
        self._ids: list[int] | None = None  # these two are made when they are first asked for
        self._index: dict[int, int] | None = None

    @classmethod
    def of(cls, count: int) -> Axis:
        """A new axis of `count` lines."""
        return cls([(0, count)] if count else [], count)

    @classmethod
    def load(cls, text: str, next_id: int) -> Axis:
        """The axis that `dump` wrote."""
        return cls([(first, size) for first, size in json.loads(text)], next_id)

    def dump(self) -> str:
        """The spans as JSON, to be stored."""
        return json.dumps(self.spans, separators=(",", ":"))

    def id_at(self, index: int) -> int:
        """The id of the line at an index."""
        if not 0 <= index < self.count:
            raise IndexError(index)
        at = bisect_right(self._starts, index) - 1
        return self.spans[at][0] + index - self._starts[at]

    def index_of(self, line_id: int) -> int | None:
        """Where the line with this id stands, or None if it is gone."""
        if len(self.spans) > _FEW_SPANS:
            if self._index is None:
                self._index = {line: at for at, line in enumerate(self.ids())}
            return self._index.get(line_id)
        for (first, size), start in zip(self.spans, self._starts):
            if first <= line_id < first + size:
                return start + line_id - first
        return None

    def spans_between(self, start: int, stop: int) -> Iterator[Span]:
        """The spans that lie in [start, stop), cut to it."""
        stop = min(stop, self.count)
        if start >= stop:
            return
        at = bisect_right(self._starts, start) - 1
        while start < stop:
            first, size = self.spans[at]
            skip = start - self._starts[at]
            take = min(size - skip, stop - start)
            yield first + skip, take
            start += take
            at += 1

    def ids(self, start: int = 0, stop: int | None = None) -> list[int]:
        """The ids in [start, stop), in order."""
        stop = self.count if stop is None else stop
        if len(self.spans) > _FEW_SPANS and stop - start > _FEW_SPANS:
            if self._ids is None:
                self._ids = _expanded(self.spans)
            return self._ids[start:stop]
        return _expanded(self.spans_between(start, stop))

    def inserted(self, at: int, count: int) -> Axis:
        """With `count` new lines before index `at`."""
        new = (self.next_id, count)
        return Axis([*self._before(at), new, *self._from(at)], self.next_id + count)

    def removed(self, start: int, stop: int) -> Axis:
        """Without the lines in [start, stop)."""
        return Axis([*self._before(start), *self._from(stop)], self.next_id)

    def moved(self, start: int, stop: int, destination: int) -> Axis:
        """With the lines in [start, stop) put before the line that is at `destination` now."""
        if start <= destination <= stop:
            return self
        block = list(self.spans_between(start, stop))
        rest = self.removed(start, stop)
        at = destination if destination < start else destination - (stop - start)
        return Axis([*rest._before(at), *block, *rest._from(at)], self.next_id)

    def reordered(self, start: int, ids: Sequence[int]) -> Axis:
        """With the lines from `start` on, as many as `ids`, in the order of `ids`."""
        spans = [*self._before(start), *((line, 1) for line in ids)]
        return Axis([*spans, *self._from(start + len(ids))], self.next_id)

    def _before(self, at: int) -> Iterator[Span]:
        return self.spans_between(0, at)

    def _from(self, at: int) -> Iterator[Span]:
        return self.spans_between(at, self.count)

    def __len__(self) -> int:
        return self.count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Axis) and self.spans == other.spans

    def __hash__(self) -> int:
        return hash(tuple(self.spans))


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Neighbours that continue each other become one span."""
    out: list[Span] = []
    for first, size in spans:
        if not size:
            continue
        if out and out[-1][0] + out[-1][1] == first:
            out[-1] = (out[-1][0], out[-1][1] + size)
        else:
            out.append((first, size))
    return out


def _expanded(spans: Iterable[Span]) -> list[int]:
    """The ids in spans."""
    out: list[int] = []
    for first, size in spans:
        if size == 1:
            out.append(first)
        else:
            out.extend(range(first, first + size))
    return out
