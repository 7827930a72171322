"""References follow the cells they point at, whatever becomes of rows, columns and sheets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets import ranges
from gsheet_ml_scheduler.localsheets.a1 import column_letters
from gsheet_ml_scheduler.localsheets.formulas.grammar import REFERENCE, tokens
from gsheet_ml_scheduler.localsheets.formulas.references import (
    follow,
    read,
    relative,
    renamed,
    without_sheet,
)
from gsheet_ml_scheduler.localsheets.model.axis import Axis
from gsheet_ml_scheduler.localsheets.model.structure import Json

SIZE = 12


class Lines:
    """A sheet's rows or columns, and the operations on them with what they do to ranges."""

    def __init__(self, dimension: str) -> None:
        self.dimension = dimension
        self.axis = Axis.of(SIZE)

    def apply(self, step: tuple[str, int, int, int], formula: str) -> str:
        kind, start, count, to = step
        start = start % self.axis.count
        stop = min(start + count, self.axis.count)
        if kind == "insert":
            self.axis = self.axis.inserted(start, count)
            return self._follow(
                formula, lambda r: ranges.after_insert(r, self.dimension, start, count)
            )
        if kind == "remove":
            if stop - start == self.axis.count:
                return formula
            self.axis = self.axis.removed(start, stop)
            return self._follow(
                formula, lambda r: ranges.after_remove(r, self.dimension, start, stop)
            )
        to %= self.axis.count + 1
        if start <= to <= stop:
            return formula
        self.axis = self.axis.moved(start, stop, to)
        at = to if to < start else to - (stop - start)
        return self._follow(
            formula, lambda r: ranges.after_move(r, self.dimension, (start, stop), at)
        )

    @staticmethod
    def _follow(formula: str, shifted: object) -> str:
        return follow(formula, "S", "S", shifted)  # type: ignore[arg-type]


steps = st.lists(
    st.tuples(
        st.sampled_from(["insert", "remove", "move"]),
        st.integers(0, 30),
        st.integers(1, 3),
        st.integers(0, 30),
    ),
    max_size=6,
)


def _cell(dimension: str, at: int, *, fixed: bool) -> str:
    sign = "$" if fixed else ""
    if dimension == "ROWS":
        return f"B{sign}{at + 1}"
    return f"{sign}{column_letters(at)}2"


@given(
    dimension=st.sampled_from(["ROWS", "COLUMNS"]),
    at=st.integers(0, SIZE - 1),
    fixed=st.booleans(),
    done=steps,
)
def test_a_reference_points_at_the_same_line_until_that_is_deleted(
    dimension: str, at: int, fixed: bool, done: list[tuple[str, int, int, int]]
) -> None:
    lines, formula = Lines(dimension), f"={_cell(dimension, at, fixed=fixed)}*2"
    for step in done:
        formula = lines.apply(step, formula)
    now = lines.axis.index_of(at)
    if now is None:
        assert formula == "=#REF!*2"
    else:
        assert formula == f"={_cell(dimension, now, fixed=fixed)}*2"


@given(start=st.integers(0, SIZE - 1), size=st.integers(1, 6), done=steps)
def test_a_range_spans_what_is_left_of_it_and_what_was_inserted_inside(
    start: int, size: int, done: list[tuple[str, int, int, int]]
) -> None:
    lines = Lines("ROWS")
    stop = min(start + size, SIZE)
    formula = f"=SUM(A{start + 1}:A{stop})"
    done = [step for step in done if step[0] != "move"]
    for step in done:
        formula = lines.apply(step, formula)
    left = [at for row in range(start, stop) if (at := lines.axis.index_of(row)) is not None]
    found = [read(piece.text) for piece in tokens(formula) if piece.kind == REFERENCE]
    if not found:
        assert formula == "=SUM(#REF!)"
        return
    assert found[0] is not None
    place = found[0].grid_range()
    inside = range(place["startRowIndex"], place["endRowIndex"])
    assert set(left) <= set(inside)
    old = {at for row in range(SIZE) if (at := lines.axis.index_of(row)) is not None}
    assert not (old - set(left)) & set(inside)


@given(
    st.lists(
        st.sampled_from(["A1", "$B3", "C$4", "$D$5:E9", "A:B", "$3:4", "Tab!C3", "'a b'!D9"]),
        min_size=1,
        max_size=5,
    ),
    st.integers(0, 50),
    st.integers(0, 50),
)
def test_a_formula_copied_there_and_back_reads_as_it_did(
    parts: list[str], rows: int, columns: int
) -> None:
    formula = "=" + "+".join(parts)
    assert relative(relative(formula, rows, columns), -rows, -columns) == formula


@pytest.mark.parametrize(
    ("formula", "down", "right", "expected"),
    [
        ("=A1+$A1+A$1+$A$1", 1, 1, "=B2+$A2+B$1+$A$1"),
        ("=SUM(A:A)+SUM(1:1)", 2, 3, "=SUM(D:D)+SUM(3:3)"),
        ("=A1", -1, 0, "=#REF!"),
        ("=SUM(B2:B9)", 0, -2, "=SUM(#REF!)"),
        ('="A1"&LOG10(A1)', 1, 0, '="A1"&LOG10(A2)'),
        ("=Tab!A1", 1, 0, "=Tab!A2"),
        ("=ZZZ1", 0, 1, "=#REF!"),
    ],
)
def test_a_copied_formula_looks_at_cells_as_far_away_as_before(
    formula: str, down: int, right: int, expected: str
) -> None:
    assert relative(formula, down, right) == expected


def test_sorting_leaves_references_to_other_sheets_alone() -> None:
    assert relative("=B2+Tab!B2", 3, 0, own_sheet_only=True) == "=B5+Tab!B2"


def _insert_at_row_two(grid_range: Json) -> Json | None:
    return ranges.after_insert(grid_range, "ROWS", 1, 1)


@pytest.mark.parametrize(
    ("formula", "own", "expected"),
    [
        ("=A1+A2", "Tab", "=A1+A3"),
        ("=A2", "Other", "=A2"),
        ("=Tab!A2", "Other", "=Tab!A3"),
        ("='tab'!A2", "Other", "='tab'!A3"),
        ("=Other!A2", "Tab", "=Other!A2"),
        ("=SUM(A:A)", "Tab", "=SUM(A:A)"),
        ("=SUM(A2:A)", "Tab", "=SUM(A3:A)"),
        ("=SUM(B9:A1)", "Tab", "=SUM(A1:B10)"),
        ("= A2 + 1", "Tab", "= A3 + 1"),
        ('="A2"&A2(1)&A2.x', "Tab", '="A2"&A2(1)&A2.x'),
        ("=A1:INDEX(A2,1)", "Tab", "=A1:INDEX(A3,1)"),
        ("=(((A2", "Tab", "=(((A3"),
    ],
)
def test_only_references_to_the_sheet_that_changed_follow(
    formula: str, own: str, expected: str
) -> None:
    assert follow(formula, own, "Tab", _insert_at_row_two) == expected


def test_a_formula_that_nothing_changes_in_is_the_same_text() -> None:
    formula = "=sum( a1 , $B$1 )"
    assert follow(formula, "Tab", "Tab", _insert_at_row_two) is formula


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("=Tab!A1+'Tab'!B2+tab!C3", "='New name'!A1+'New name'!B2+'New name'!C3"),
        ('=Table!A1&"Tab!A1"', '=Table!A1&"Tab!A1"'),
        ("=A1", "=A1"),
    ],
)
def test_a_renamed_sheet_is_named_anew(formula: str, expected: str) -> None:
    assert renamed(formula, "Tab", "New name") == expected


def test_references_to_a_deleted_sheet_are_gone() -> None:
    assert without_sheet("=Tab!A1+Other!A1+A1", "TAB") == "=#REF!+Other!A1+A1"
