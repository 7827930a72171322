"""A row in a batch: what is read, what is noted as changed; what others hold stays as it was."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets.model.record import EMPTY, Kept, Row, effective, is_error

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)  # what JSON can say
SCALARS = st.none() | st.booleans() | NUMBERS | st.text()
FORMULAS = st.builds(lambda v: {"f": "=A1", "v": v}, SCALARS)
CELLS = SCALARS | FORMULAS
EDITS: st.SearchStrategy[list[Any]] = st.lists(
    st.one_of(
        st.tuples(st.just("cells"), st.integers(0, 12), CELLS),
        st.tuples(st.just("formats"), st.integers(0, 12), st.none() | st.integers(1, 5)),
        st.tuples(
            st.just("extras"), st.integers(0, 12), st.just({}) | st.builds(dict, note=st.text())
        ),
    ),
    max_size=30,
)


def _edit(row: Row, edits: list[tuple[str, int, Any]]) -> dict[tuple[str, int], Any]:
    model: dict[tuple[str, int], Any] = {}
    for kind, column, what in edits:
        if kind == "cells":
            row.set_cell(column, what)
        elif kind == "formats":
            row.set_style(column, what)
        else:
            row.set_extra(column, what)
        model[kind, column] = what
    return model


@given(EDITS, EDITS)
def test_a_row_is_what_was_last_entered_in_it(
    first: list[tuple[str, int, Any]], second: list[tuple[str, int, Any]]
) -> None:
    row = Row(0, 3, EMPTY)
    model = _edit(row, first)
    held = row.kept()
    before = copy.deepcopy(held)
    again = Row(0, 3, Kept.load(*row.dump()))
    later = Row(0, 3, held)
    assert not again.changed
    written = _edit(again, second)
    assert _edit(later, second) == written
    model.update(written)
    for each in (again, later, Row(0, 3, Kept.load(*again.dump()))):
        for column in range(14):
            assert each.cell(column) == model.get(("cells", column))
            assert each.style(column) == model.get(("formats", column))
            assert each.extra(column) == model.get(("extras", column), {})
    assert held == before, "a row that others hold was changed in place"
    assert EMPTY == ([], [], {})
    assert again.changed == bool(second)
    assert again.changed_cells == {column for kind, column, _ in second if kind == "cells"}
    assert again.changed_formats == {column for kind, column, _ in second if kind == "formats"}
    assert again.changed_extras == {column for kind, column, _ in second if kind == "extras"}


@given(EDITS)
def test_a_row_that_was_emptied_again_stores_no_trailing_blanks(
    edits: list[tuple[str, int, Any]],
) -> None:
    row = Row(0, 0, EMPTY)
    _edit(row, edits)
    cells, formats, _ = row.kept()
    assert not cells or cells[-1] is not None
    assert not formats or formats[-1] is not None
    for column in range(13):
        row.set_cell(column, None)
        row.set_style(column, None)
        row.set_extra(column, {})
    assert row.dump() == ("[]", "[]", "{}")


def test_booleans_numbers_and_text_stay_what_they_are() -> None:
    row = Row(0, 0, EMPTY)
    for column, value in enumerate([True, False, 1, 0, 1.0, "1", "", "TRUE", None, "é🌵\x00"]):
        row.set_cell(column, value)
    cells = Kept.load(*row.dump()).cells
    assert [(type(c), c) for c in cells] == [(type(c), c) for c in row.cells]


def test_the_value_of_a_formula_is_its_result_or_the_name_of_its_error() -> None:
    assert effective({"f": "=1+1", "v": 2}) == 2
    assert effective({"f": "=1/0", "e": "#DIV/0!"}) == "#DIV/0!"
    assert effective({"f": "=A1", "v": None}) is None
    assert [effective(cell) for cell in (None, "x", 0, False)] == [None, "x", 0, False]
    assert is_error({"f": "=1/0", "e": "#DIV/0!"})
    assert not is_error("#DIV/0!")
