"""The set of cells that formulas look at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets.formulas.dialect import Box
from gsheet_ml_scheduler.localsheets.formulas.watch import Watch

sides = st.tuples(st.integers(0, 12), st.integers(1, 5))


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    row, height = draw(sides)
    column, width = draw(sides)
    return Box(draw(st.integers(0, 1)), row, row + height, column, column + width)


def _cells(box: Box) -> set[tuple[int, int, int]]:
    return {
        (box.sheet, row, column)
        for row in range(box.start_row, box.end_row)
        for column in range(box.start_column, box.end_column)
    }


@given(st.lists(boxes(), max_size=12), boxes())
def test_it_holds_the_cells_of_its_boxes_and_no_others(added: list[Box], asked: Box) -> None:
    watch = Watch()
    for box in added:
        watch.add(box)
    expected = set().union(*map(_cells, added))
    for cell in _cells(asked):
        assert (cell in watch) == (cell in expected)
    assert watch.covers(asked) == (_cells(asked) <= expected)
    assert watch.looks_at(1) == any(box.sheet == 1 for box in added)


def test_a_formula_that_may_look_anywhere_looks_everywhere() -> None:
    watch = Watch()
    watch.everything = True
    assert (3, 1000, 7) in watch
    assert watch.covers(Box(9, 0, 10, 0, 10))
