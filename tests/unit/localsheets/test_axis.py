"""The order of lines: an Axis is a plain list of ids, only smaller."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gsheet_ml_scheduler.localsheets.model import axis as axis_module
from gsheet_ml_scheduler.localsheets.model.axis import Axis

SHARES = st.floats(0, 1)  # of a length, so that an index is always on the axis


def _at(share: float, count: int) -> int:
    return min(int(share * (count + 1)), count)


class AxisAgainstAList(RuleBasedStateMachine):
    """Every operation on an axis does to its ids what slicing does to a list."""

    def __init__(self) -> None:
        super().__init__()
        self.axis = Axis.of(5)
        self.ids = [0, 1, 2, 3, 4]
        self.seen = set(self.ids)

    def _span(self, one: float, other: float) -> tuple[int, int]:
        start, stop = sorted((_at(one, len(self.ids)), _at(other, len(self.ids))))
        return start, stop

    @rule(share=SHARES, count=st.integers(1, 30))
    def insert(self, share: float, count: int) -> None:
        at = _at(share, len(self.ids))
        before = self.axis
        self.axis = before.inserted(at, count)
        new = list(range(before.next_id, before.next_id + count))
        assert self.seen.isdisjoint(new), "an id was given twice"
        self.seen.update(new)
        self.ids[at:at] = new

    @rule(one=SHARES, other=SHARES)
    def remove(self, one: float, other: float) -> None:
        start, stop = self._span(one, other)
        self.axis = self.axis.removed(start, stop)
        del self.ids[start:stop]

    @rule(one=SHARES, other=SHARES, to=SHARES)
    def move(self, one: float, other: float, to: float) -> None:
        start, stop = self._span(one, other)
        destination = _at(to, len(self.ids))
        self.axis = self.axis.moved(start, stop, destination)
        if start <= destination <= stop:
            return
        block = self.ids[start:stop]
        anchor = self.ids[destination] if destination < len(self.ids) else None
        del self.ids[start:stop]
        at = len(self.ids) if anchor is None else self.ids.index(anchor)
        self.ids[at:at] = block

    @rule(one=SHARES, other=SHARES, random=st.randoms(use_true_random=False))
    def reorder(self, one: float, other: float, random: object) -> None:
        start, stop = self._span(one, other)
        part = self.ids[start:stop]
        random.shuffle(part)  # type: ignore[attr-defined]
        self.axis = self.axis.reordered(start, part)
        self.ids[start:stop] = part

    @rule()
    def store(self) -> None:
        self.axis = Axis.load(self.axis.dump(), self.axis.next_id)

    @rule(one=SHARES, other=SHARES)
    def read_a_part(self, one: float, other: float) -> None:
        start, stop = self._span(one, other)
        assert self.axis.ids(start, stop) == self.ids[start:stop]
        assert self.axis.ids(start, stop + 100) == self.ids[start : stop + 100]
        spans = list(self.axis.spans_between(start, stop))
        assert [i for first, size in spans for i in range(first, first + size)] == (
            self.ids[start:stop]
        )

    @invariant()
    def it_is_the_list(self) -> None:
        assert len(self.axis) == len(self.ids)
        assert self.axis.ids() == self.ids
        assert [self.axis.id_at(at) for at in range(len(self.ids))] == self.ids
        for at, line_id in enumerate(self.ids):
            assert self.axis.index_of(line_id) == at
        for gone in self.seen.difference(self.ids):
            assert self.axis.index_of(gone) is None
        assert self.axis.index_of(self.axis.next_id) is None

    @invariant()
    def neighbours_are_one_span(self) -> None:
        spans = self.axis.spans
        assert all(size > 0 for _, size in spans)
        assert all(a[0] + a[1] != b[0] for a, b in pairwise(spans))


class AxisOfSmallChunksAgainstAList(AxisAgainstAList):
    """The same, with so few spans in a chunk that there are always many chunks."""

    def __init__(self) -> None:
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(axis_module, "CHUNK_SPANS", 4)
        super().__init__()

    def teardown(self) -> None:
        self._patch.undo()

    @invariant()
    def chunks_are_small(self) -> None:
        assert all(1 <= len(chunk.spans) <= 4 for chunk in self.axis.chunks)


TestAxisAgainstAList = AxisAgainstAList.TestCase
TestAxisOfSmallChunksAgainstAList = AxisOfSmallChunksAgainstAList.TestCase


def test_a_change_of_a_sorted_order_leaves_nearly_all_of_its_chunks_as_they_were() -> None:
    scattered = [*range(0, 20_000, 2), *range(1, 20_000, 2)]
    axis = Axis.of(20_000).reordered(0, scattered)
    for changed in (axis.inserted(7_000, 1), axis.removed(7_000, 7_001), axis.moved(5, 6, 9_000)):
        kept = set(map(id, axis.chunks)) & set(map(id, changed.chunks))
        assert len(kept) >= len(axis.chunks) - 3
    assert axis.inserted(7_000, 1).index_of(20_000) == 7_000


def test_an_operation_leaves_the_axis_that_a_reader_holds() -> None:
    axis = Axis.of(10)
    axis.inserted(3, 2), axis.removed(0, 5), axis.moved(0, 2, 9), axis.reordered(0, [2, 1, 0])
    assert axis.ids() == list(range(10))
    assert axis.next_id == 10


def test_appending_to_an_axis_that_nobody_sorted_keeps_it_one_span() -> None:
    axis = Axis.of(1000)
    for _ in range(100):
        axis = axis.inserted(len(axis), 1)
    assert axis.dump() == "[[0,1100]]"


def test_an_id_is_never_given_again_after_its_line_is_removed() -> None:
    axis = Axis.of(3).removed(2, 3).inserted(2, 1)
    assert axis.ids() == [0, 1, 3]


def test_a_line_is_found_the_same_way_on_few_and_on_many_spans() -> None:
    few = Axis.of(40)
    many = few.reordered(0, [*range(39, -1, -1)])
    assert [few.index_of(i) for i in range(41)] == [*range(40), None]
    assert [many.index_of(i) for i in range(41)] == [*range(39, -1, -1), None]


@given(st.integers(-5, 5), st.integers(0, 3))
def test_an_index_off_the_axis_is_an_index_error(beyond: int, count: int) -> None:
    axis = Axis.of(count)
    at = beyond if beyond < 0 else count + beyond
    with pytest.raises(IndexError):
        axis.id_at(at)


def test_axes_with_the_same_order_are_equal() -> None:
    assert Axis([(0, 2), (2, 3)], 5) == Axis.of(5)
    assert hash(Axis([(0, 2), (2, 3)], 5)) == hash(Axis.of(5))
    assert Axis.of(5) != Axis.of(5).moved(0, 1, 3)
    assert Axis.of(5) != [(0, 5)]


def test_an_axis_of_nothing_has_no_lines() -> None:
    axis = Axis.of(0)
    assert axis.ids() == []
    assert axis.inserted(0, 2).ids() == [0, 1]
