"""The order of a sheet's rows, or of its columns.

A line (a row or a column) has an id for life; cells, formats and developer metadata hang on ids. So
inserting, deleting, moving or sorting lines changes this order and nothing else, however large the
sheet is. The order is kept as spans of consecutive ids: a sheet that nobody has sorted is one span.
After a sort each line may be a span of its own; so the spans lie in chunks (`chunk.py`), of which a
change makes one or two anew.

An Axis never changes: an operation answers a new one, so a batch that fails leaves nothing behind
and readers of an older revision keep theirs. Indexes are 0-based, `stop` is exclusive.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain

from .chunk import Chunk, Span, expanded, joined
from .stored import decode, encode

CHUNK_SPANS = 512  # at most


class Axis:
    """An immutable sequence of line ids."""

    __slots__ = ("_starts", "chunks", "count", "next_id")

    def __init__(self, spans: Iterable[Span], next_id: int) -> None:
        self._set(_cut(joined(spans)), next_id)

    def _set(self, chunks: list[Chunk], next_id: int) -> None:
        self.chunks = chunks
        self.next_id = next_id
        counts = (chunk.count for chunk in chunks)
        self._starts = list(accumulate(counts, initial=0))
        self.count = self._starts.pop()

    @classmethod
    def of(cls, count: int) -> Axis:
        """A new axis of `count` lines."""
        return cls([(0, count)] if count else [], count)

    @classmethod
    def of_chunks(cls, chunks: list[Chunk], next_id: int) -> Axis:
        """The axis that is made of these."""
        made = cls.__new__(cls)
        made._set(chunks, next_id)
        return made

    @classmethod
    def load(cls, text: str, next_id: int) -> Axis:
        """The axis that `dump` wrote."""
        return cls([(first, size) for first, size in decode(text)], next_id)

    def dump(self) -> str:
        """The spans as JSON, to be stored."""
        return encode(self.spans)

    @property
    def spans(self) -> list[Span]:
        """All of it as spans."""
        if len(self.chunks) == 1:
            return self.chunks[0].spans
        return joined(chain.from_iterable(chunk.spans for chunk in self.chunks))

    def has_few_spans(self) -> bool:
        """Whether it is much as it was made."""
        return len(self.chunks) < 2 and all(len(chunk.spans) <= 16 for chunk in self.chunks)

    def id_at(self, index: int) -> int:
        """The id of the line at an index."""
        if not 0 <= index < self.count:
            raise IndexError(index)
        at = bisect_right(self._starts, index) - 1
        return self.chunks[at].id_at(index - self._starts[at])

    def index_of(self, line_id: int) -> int | None:
        """Where the line with this id stands, or None if it is gone."""
        for chunk, start in zip(self.chunks, self._starts):
            at = chunk.index_of(line_id)
            if at is not None:
                return start + at
        return None

    def spans_between(self, start: int, stop: int) -> Iterator[Span]:
        """The spans that lie in [start, stop), cut to it."""
        return chain.from_iterable(
            piece.spans if isinstance(piece, Chunk) else piece
            for piece in self._pieces(start, stop)
        )

    def ids(self, start: int = 0, stop: int | None = None) -> list[int]:
        """The ids in [start, stop), in order."""
        stop = self.count if stop is None else min(stop, self.count)
        if len(self.chunks) == 1 and len(self.chunks[0].spans) == 1:
            first = self.chunks[0].spans[0][0]
            return list(range(first + start, first + stop))
        out: list[int] = []
        for piece in self._pieces(start, stop):
            out += piece.ids() if isinstance(piece, Chunk) else expanded(piece)
        return out

    def inserted(self, at: int, count: int) -> Axis:
        """With `count` new lines before index `at`."""
        new = [(self.next_id, count)]
        return _assembled(self._before(at), [new], self._from(at), next_id=self.next_id + count)

    def removed(self, start: int, stop: int) -> Axis:
        """Without the lines in [start, stop)."""
        return _assembled(self._before(start), self._from(stop), next_id=self.next_id)

    def moved(self, start: int, stop: int, destination: int) -> Axis:
        """With the lines in [start, stop) put before the line that is at `destination` now."""
        if start <= destination <= stop:
            return self
        block = self._pieces(start, stop)
        rest = self.removed(start, stop)
        at = destination if destination < start else destination - (stop - start)
        return _assembled(rest._before(at), block, rest._from(at), next_id=self.next_id)

    def reordered(self, start: int, ids: Sequence[int]) -> Axis:
        """With the lines from `start` on, as many as `ids`, in the order of `ids`."""
        sorted_lines: list[Piece] = [[(line, 1) for line in ids]]
        after = self._from(start + len(ids))
        return _assembled(self._before(start), sorted_lines, after, next_id=self.next_id)

    def _before(self, at: int) -> list[Piece]:
        return self._pieces(0, at)

    def _from(self, at: int) -> list[Piece]:
        return self._pieces(at, self.count)

    def _pieces(self, start: int, stop: int) -> list[Piece]:
        """What lies in [start, stop): whole chunks as they are, and parts of those that are cut."""
        stop = min(stop, self.count)
        if start >= stop:
            return []
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, stop - 1)
        pieces: list[Piece] = list(self.chunks[first:last])
        if stop < self._starts[last - 1] + self.chunks[last - 1].count:
            begin = max(start - self._starts[last - 1], 0)
            pieces[-1] = self.chunks[last - 1].part(begin, stop - self._starts[last - 1])
        if start > self._starts[first] and (len(pieces) > 1 or isinstance(pieces[0], Chunk)):
            chunk = self.chunks[first]
            pieces[0] = chunk.part(start - self._starts[first], chunk.count)
        return pieces

    def __len__(self) -> int:
        return self.count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Axis) and self.spans == other.spans

    def __hash__(self) -> int:
        return hash(tuple(self.spans))


Piece = Chunk | list[Span]


def _assembled(*parts: Iterable[Piece], next_id: int) -> Axis:
    """An axis of pieces. Chunks stay what they are, but for small ones beside what is new."""
    chunks: list[Chunk] = []
    loose: list[Span] = []
    for piece in chain.from_iterable(parts):
        if isinstance(piece, Chunk) and len(piece.spans) * 4 > CHUNK_SPANS:
            chunks += _cut(joined(loose))
            chunks.append(piece)
            loose = []
        else:
            loose += piece.spans if isinstance(piece, Chunk) else piece
    return Axis.of_chunks(chunks + _cut(joined(loose)), next_id)


def _cut(spans: list[Span]) -> list[Chunk]:
    """Chunks of about the same length."""
    if not spans:
        return []
    step = -(-len(spans) // -(-len(spans) // CHUNK_SPANS))
    return [Chunk(spans[at : at + step]) for at in range(0, len(spans), step)]
