"""Titles, strings and number formats, to Excel's files and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.transfer.xlsx_text import (
    escaped,
    formula_from,
    formula_to,
    number_format_from,
    number_format_to,
    titles_for,
    unescaped,
)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_escaped_text_is_the_same_when_it_is_read(value: str) -> None:
    assert unescaped(escaped(value)) == value


def test_an_emoji_that_was_escaped_in_halves_is_whole_again() -> None:
    assert unescaped("_xD83D__xDE00_!") == "😀!"
    assert unescaped("_xD83D_!") == "\ufffd!"


@given(st.text(st.sampled_from("_x0041F5")))
def test_a_text_that_looks_escaped_stays_what_it_is(value: str) -> None:
    assert unescaped(escaped(value)) == value


@given(st.lists(st.text(st.sampled_from("aA:/'*[😀 "), min_size=1), unique=True))
def test_titles_become_what_excel_allows_and_stay_different(titles: list[str]) -> None:
    new = titles_for(titles)
    assert list(new) == titles
    allowed = [title for title in titles if new[title] == title]
    others = [new[title].casefold() for title in titles if new[title] != title]
    assert len({*others}) == len(others)
    assert not {*others} & {title.casefold() for title in allowed}
    for title in new.values():
        assert 0 < len(title.encode("utf-16-le")) // 2 <= 31
        assert not set(title) & set("[]:*?/\\")
        assert not title.startswith("'")
        assert not title.endswith("'")


def test_titles_that_would_become_the_same_are_numbered() -> None:
    assert titles_for(["a/b", "a-b", "a:b", "History"]) == {
        "a/b": "a-b 2",
        "a-b": "a-b",
        "a:b": "a-b 3",
        "History": "History-",
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("0.00", "NUMBER"),
        ("0%", "PERCENT"),
        ("0.00E+00", "SCIENTIFIC"),
        ("yyyy-mm-dd", "DATE"),
        ("h:mm", "TIME"),
        ("[h]:mm:ss", "TIME"),
        ("yyyy-mm-dd h:mm", "DATE_TIME"),
        ('#,##0.00 "€"', "CURRENCY"),
        ('0" days"', "NUMBER"),
    ],
)
def test_what_a_number_format_of_excel_is(code: str, kind: str) -> None:
    found = number_format_from(code)
    assert found == {"type": kind, "pattern": code}
    assert number_format_to(found) == code


def test_excels_own_signs_for_a_country_are_left_out() -> None:
    assert number_format_from("[$-409]d mmm yy") == {"type": "DATE", "pattern": "d mmm yy"}
    euro = {"type": "CURRENCY", "pattern": '#,##0.00 "€"'}
    assert number_format_from("#,##0.00 [$€-407]") == euro


def test_general_is_no_format() -> None:
    assert number_format_from("General") is None


@pytest.mark.parametrize(
    ("kind", "code"),
    [("PERCENT", "0.00%"), ("DATE", "mm-dd-yy"), ("TEXT", "@"), ("NUMBER", "#,##0.00")],
)
def test_a_kind_without_a_pattern_gets_excels_own(kind: str, code: str) -> None:
    assert number_format_to({"type": kind}) == code


def test_functions_younger_than_the_format_get_their_prefix() -> None:
    written, unknown = formula_to('=XLOOKUP(A1,SORT(B1:B3),C1)&"XLOOKUP("')
    assert written == '=_xlfn.XLOOKUP(A1,_xlfn._xlws.SORT(B1:B3),C1)&"XLOOKUP("'
    assert unknown == []
    assert formula_from(written) == '=XLOOKUP(A1,SORT(B1:B3),C1)&"XLOOKUP("'
