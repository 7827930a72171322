"""The text of formulas: its grammar, and how locales write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets.formulas.grammar import (
    MAX_NESTING,
    canonical,
    fault,
    localized,
    tokens,
)

_LEAVES = st.sampled_from(
    ["A1", "$B$2:C9", "'My ''tab'!A:A", "2:5", "A2:A", "1.5", "1E-3", "12", "TRUE", "rate", "50%"]
) | st.sampled_from(["#REF!", "-A1", "LOG10(3)", '"a,b;c"'])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/^&=<>"), inner).map("".join),
        inner.map(lambda one: f"({one})"),
        st.lists(inner, max_size=3).map(lambda many: f"SUM({','.join(many)})"),
        st.tuples(inner, inner).map(lambda two: f"IF({two[0]},,{two[1]})"),
        st.just("SUM({1.5,2;3,4})"),
    )


formulas = st.recursive(_LEAVES, _grown, max_leaves=12).map(lambda body: f"={body}")


@given(formulas)
def test_what_is_built_by_the_grammar_has_no_fault(formula: str) -> None:
    assert fault(tokens(formula)) is None


@given(st.text(max_size=60).map(lambda text: f"={text}"))
def test_no_character_of_any_text_is_lost_by_splitting(formula: str) -> None:
    assert "".join(token.text for token in tokens(formula)) == formula[1:]


@given(formulas)
def test_a_stored_formula_comes_back_from_a_locale_with_a_decimal_comma(formula: str) -> None:
    shown = localized(formula, decimal_comma=True)
    assert canonical(shown, decimal_comma=True) == formula


@given(formulas)
def test_a_locale_with_a_decimal_point_shows_what_is_stored(formula: str) -> None:
    assert localized(formula, decimal_comma=False) == formula
    assert canonical(formula, decimal_comma=False) == formula


@pytest.mark.parametrize(
    ("entered", "stored"),
    [
        ("=SUM(1,5;A1)", "=SUM(1.5,A1)"),
        ("=SUM({1\\2;3\\4,5})", "=SUM({1,2;3,4.5})"),
        ('=SUMME(A1;"1,5;2")', '=SUMME(A1,"1,5;2")'),
        ("=SUM(A1,A2)", "=SUM(A1,A2)"),
        ("=1.5+1,5", "=1.5+1.5"),
    ],
)
def test_what_somebody_types_in_a_german_spreadsheet(entered: str, stored: str) -> None:
    assert canonical(entered, decimal_comma=True) == stored


def test_a_semicolon_separates_arguments_in_every_locale_but_rows_in_braces() -> None:
    assert canonical("=SUM(A1;{1,2;3,4})", decimal_comma=False) == "=SUM(A1,{1,2;3,4})"


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("=SUM(A1:A5", "a bracket isn't closed"),
        ("=1)", "nothing is open that ')' could close"),
        ("={1)", "nothing is open that ')' could close"),
        ("=1+", "ends where a value is expected"),
        ("=", "ends where a value is expected"),
        ("=()", "a value is missing before ')'"),
        ("=*2", "a value is missing before '*'"),
        ("=A1 A2", "an operator is missing before 'A2'"),
        ("=1,2", "an operator is missing before ','"),
        ("=(A1,A2)", "an operator is missing before ','"),
        ("=LAMBDA(x,x)(1)", "an operator is missing before '('"),
        ('="open', "can't be read"),
        ("=$1", "can't be read"),
        ("=A1#", "can't be read"),
    ],
)
def test_what_is_no_formula_is_told_apart(formula: str, said: str) -> None:
    assert said in (fault(tokens(formula)) or "")


def test_brackets_nest_so_deep_and_no_deeper() -> None:
    deep = "(" * MAX_NESTING + "1" + ")" * MAX_NESTING
    assert fault(tokens(f"={deep}")) is None
    assert fault(tokens(f"=({deep})")) == f"Brackets are nested deeper than {MAX_NESTING}."
