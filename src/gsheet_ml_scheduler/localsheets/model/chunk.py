"""A piece of the order of lines: some hundred spans of consecutive ids.

An order is cut into such pieces (`axis.py`), so that a change of a long one makes one or two of
them anew, in memory and in the file, and leaves the others as they are. A Chunk never changes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

Span = tuple[int, int]  # first id, how many

_FEW_SPANS = 16  # up to here, going through them is as fast as anything


class Chunk:
    """An immutable sequence of line ids, as spans that don't continue each other."""

    __slots__ = ("_by_id", "_ids", "_starts", "count", "spans", "stored")

    def __init__(self, spans: list[Span], stored: int | None = None) -> None:
        self.spans = spans
        self.stored = stored  # the id under which it lies in the file; see `storage`
        self._starts = list(accumulate((size for _, size in spans[:-1]), initial=0))
        self.count = self._starts[-1] + spans[-1][1]
        self._ids: list[int] | None = None  # these two are made when they are first asked for
        self._by_id: tuple[list[int], list[int]] | None = None

    def id_at(self, index: int) -> int:
        """The id of the line at an index inside the chunk."""
        at = bisect_right(self._starts, index) - 1
        return self.spans[at][0] + index - self._starts[at]

    def index_of(self, line_id: int) -> int | None:
        """Where in the chunk the line with this id stands, or None if it doesn't."""
        if len(self.spans) <= _FEW_SPANS:
            for (first, size), start in zip(self.spans, self._starts):
                if first <= line_id < first + size:
                    return start + line_id - first
            return None
        if self._by_id is None:
            order = sorted(range(len(self.spans)), key=self.spans.__getitem__)
            self._by_id = [self.spans[at][0] for at in order], order
        firsts, places = self._by_id
        found = bisect_right(firsts, line_id) - 1
        if found < 0:
            return None
        first, size = self.spans[places[found]]
        return self._starts[places[found]] + line_id - first if line_id < first + size else None

    def part(self, start: int, stop: int) -> list[Span]:
        """The spans at [start, stop), which isn't empty, cut to it."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, stop - 1)
        cut = self.spans[first:last]
        skip, left = start - self._starts[first], stop - self._starts[last - 1]
        cut[-1] = (cut[-1][0], left)
        cut[0] = (cut[0][0] + skip, cut[0][1] - skip)
        return cut

    def ids(self) -> list[int]:
        """All ids, in order. Not to be changed."""
        if self._ids is None:
            self._ids = expanded(self.spans)
        return self._ids


def joined(spans: Iterable[Span]) -> list[Span]:
    """Without empty ones; neighbours that continue each other become one span."""
    out: list[Span] = []
    for first, size in spans:
        if not size:
            continue
        if out and out[-1][0] + out[-1][1] == first:
            out[-1] = (out[-1][0], out[-1][1] + size)
        else:
            out.append((first, size))
    return out


def expanded(spans: Iterable[Span]) -> list[int]:
    """The ids in spans."""
    out: list[int] = []
    for first, size in spans:
        if size == 1:
            out.append(first)
        else:
            out.extend(range(first, first + size))
    return out
