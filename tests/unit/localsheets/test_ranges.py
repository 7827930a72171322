"""Ranges move with their lines: a range is the set of lines that it marks."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets import ranges

COUNT = 12
NAMES = {
    "ROWS": ("startRowIndex", "endRowIndex"),
    "COLUMNS": ("startColumnIndex", "endColumnIndex"),
}
OTHER = {"ROWS": "COLUMNS", "COLUMNS": "ROWS"}
DIMENSIONS = st.sampled_from(["ROWS", "COLUMNS"])


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int]:
    start = draw(st.integers(0, COUNT - 1))
    return start, draw(st.integers(start + 1, COUNT))


def _grid_range(dimension: str, start: int | None, stop: int | None) -> dict[str, Any]:
    """A range with these ends in one dimension and fixed ones in the other."""
    first, last = NAMES[dimension]
    other_first, other_last = NAMES[OTHER[dimension]]
    found: dict[str, Any] = {"sheetId": 7, other_first: 2, other_last: 4}
    if start is not None:
        found[first] = start
    if stop is not None:
        found[last] = stop
    return found


def _marked(
    found: dict[str, Any] | None, dimension: str, lines: list[int], whole: tuple[int, int] = (2, 4)
) -> list[int]:
    """The lines that a range marks, out of the lines as they stand."""
    if found is None:
        return []
    first, last = NAMES[dimension]
    other_first, other_last = NAMES[OTHER[dimension]]
    assert (found["sheetId"], found[other_first], found[other_last]) == (7, *whole)
    start, stop = found.get(first, 0), found.get(last, len(lines))
    assert 0 <= start < stop
    return lines[start:stop]


@given(DIMENSIONS, spans(), st.integers(0, COUNT), st.integers(1, 5))
def test_inserted_lines_push_a_range_or_widen_it(
    dimension: str, span: tuple[int, int], at: int, count: int
) -> None:
    lines = list(range(COUNT))
    before = lines[slice(*span)]
    new = list(range(100, 100 + count))
    lines[at:at] = new
    after = ranges.after_insert(_grid_range(dimension, *span), dimension, at, count)
    inside = span[0] < at < span[1]
    assert sorted(_marked(after, dimension, lines)) == before + (new if inside else [])


@given(DIMENSIONS, spans(), spans())
def test_a_range_keeps_what_is_left_of_it_and_vanishes_with_its_last_line(
    dimension: str, span: tuple[int, int], gone: tuple[int, int]
) -> None:
    lines = list(range(COUNT))
    before = lines[slice(*span)]
    removed = lines[slice(*gone)]
    del lines[slice(*gone)]
    after = ranges.after_remove(_grid_range(dimension, *span), dimension, *gone)
    left = [line for line in before if line not in removed]
    assert (after is None) == (not left)
    assert _marked(after, dimension, lines) == left


@given(DIMENSIONS, spans(), spans(), st.integers(0, COUNT))
def test_a_range_goes_along_when_all_of_it_moves(
    dimension: str, span: tuple[int, int], block: tuple[int, int], destination: int
) -> None:
    lines = list(range(COUNT))
    before, moved = lines[slice(*span)], lines[slice(*block)]
    if block[0] <= destination <= block[1]:
        return
    del lines[slice(*block)]
    at = destination if destination < block[0] else destination - len(moved)
    lines[at:at] = moved
    after = ranges.after_move(_grid_range(dimension, *span), dimension, block, at)
    marked = _marked(after, dimension, lines)
    if set(before) <= set(moved):
        assert marked == before
    elif not set(before) & set(moved):
        inside = [line for line in moved if marked and line in marked]
        assert [line for line in marked if line not in moved] == before
        assert inside in ([], moved), "a block that moves into a range isn't torn"
    else:
        assert [line for line in marked if line in before and line not in moved] == [
            line for line in before if line not in moved
        ], "what didn't move stays marked"


@given(DIMENSIONS, spans(), st.integers(0, COUNT), st.integers(1, 5))
def test_a_change_in_one_dimension_leaves_the_other(
    dimension: str, span: tuple[int, int], at: int, count: int
) -> None:
    other = OTHER[dimension]
    found = {"sheetId": 7, NAMES[other][0]: span[0], NAMES[other][1]: span[1]}
    assert ranges.after_insert(found, dimension, at, count) == found
    assert ranges.after_remove(found, dimension, at, at + count) == found
    assert ranges.after_move(found, dimension, (at, at + count), 0) == found


@given(DIMENSIONS, st.integers(0, COUNT), st.integers(1, 5))
def test_a_range_without_an_end_stays_without_one(dimension: str, at: int, count: int) -> None:
    found = _grid_range(dimension, 3, None)
    after = ranges.after_insert(found, dimension, at, count)
    assert after is not None
    assert NAMES[dimension][1] not in after
    assert after[NAMES[dimension][0]] == (3 + count if at <= 3 else 3)
    removed = ranges.after_remove(found, dimension, at, at + count)
    assert removed is not None
    assert NAMES[dimension][1] not in removed


def test_a_group_of_rows_moves_with_its_rows_and_not_with_columns() -> None:
    group = {"sheetId": 7, "dimension": "ROWS", "startIndex": 3, "endIndex": 6}
    assert ranges.after_insert(group, "ROWS", 0, 2) == {**group, "startIndex": 5, "endIndex": 8}
    assert ranges.after_insert(group, "COLUMNS", 0, 2) == group
    assert ranges.after_remove(group, "ROWS", 4, 5) == {**group, "endIndex": 5}
    assert ranges.after_remove(group, "ROWS", 2, 7) is None
    assert ranges.after_move(group, "ROWS", (3, 6), 0) == {**group, "startIndex": 0, "endIndex": 3}


def test_of_several_ranges_those_with_nothing_left_go_and_the_last_takes_the_object_along() -> None:
    def gone(grid_range: dict[str, Any]) -> dict[str, Any] | None:
        return ranges.after_remove(grid_range, "ROWS", 0, 2)

    here = {"sheetId": 7, "startRowIndex": 0, "endRowIndex": 2}
    there = {"sheetId": 8, "startRowIndex": 0, "endRowIndex": 2}
    both: dict[str, Any] = {"ranges": [here, there], "rule": 1}
    assert ranges.map_ranges(both, 7, gone) == {"ranges": [there], "rule": 1}
    assert ranges.map_ranges({"ranges": [here]}, 7, gone) is None
    assert ranges.map_ranges({"range": there}, 7, gone) == {"range": there}
    assert ranges.map_ranges({"range": here}, 7, gone) is None
