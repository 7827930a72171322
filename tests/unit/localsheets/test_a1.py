"""A1 notation: recorded and documented ranges, and that writing and reading are inverse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets.a1 import (
    A1Range,
    column_index,
    column_letters,
    format_a1,
    parse_a1,
    quote_title,
)
from gsheet_ml_scheduler.localsheets.errors import ApiError

TITLES = {"Sheet1", "D3", "My 'sheet", "Jon's_Data", "🌵 cactus 1", "a!b", "It's! fine"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sheet1!A1:B2", A1Range("Sheet1", 0, 2, 0, 2)),
        ("'Sheet1'!A1", A1Range("Sheet1", 0, 1, 0, 1)),
        ("A1", A1Range(None, 0, 1, 0, 1)),
        ("a1:b2", A1Range(None, 0, 2, 0, 2)),
        ("A:A", A1Range(None, None, None, 0, 1)),
        ("1:2", A1Range(None, 0, 2, None, None)),
        ("A1:A", A1Range(None, 0, None, 0, 1)),
        ("A5:B", A1Range(None, 4, None, 0, 2)),
        ("'Sheet1'!A2:2", A1Range("Sheet1", 1, 2, 0, None)),
        ("D4:A1", A1Range(None, 0, 4, 0, 4)),
        ("Sheet1!$A$1:$B2", A1Range("Sheet1", 0, 2, 0, 2)),
        ("R1C1:R2C2", A1Range(None, 0, 2, 0, 2)),
        ("Sheet1!R3C2", A1Range("Sheet1", 2, 3, 1, 2)),
        ("Sheet1", A1Range("Sheet1")),
        ("'Sheet1'", A1Range("Sheet1")),
        ("'My ''sheet'!A1", A1Range("My 'sheet", 0, 1, 0, 1)),
        ("🌵 cactus 1!A:A", A1Range("🌵 cactus 1", None, None, 0, 1)),
        ("a!b", A1Range("a!b")),
        ("a!b!A1", A1Range("a!b", 0, 1, 0, 1)),
        ("'It''s! fine'!B2", A1Range("It's! fine", 1, 2, 1, 2)),
    ],
)
def test_a_range_is_read_half_open_and_from_zero(text: str, expected: A1Range) -> None:
    assert parse_a1(text, TITLES) == expected


def test_an_apostrophe_that_nobody_doubled_is_read_as_in_googles_own_example() -> None:
    assert parse_a1("'Jon's_Data'!A1:D5", TITLES) == A1Range("Jon's_Data", 0, 5, 0, 4)


def test_a_cell_wins_over_a_sheet_of_that_name_unless_the_name_is_quoted() -> None:
    assert parse_a1("D3", TITLES) == A1Range(None, 2, 3, 3, 4)
    assert parse_a1("'D3'", TITLES) == A1Range("D3")
    assert parse_a1("'D3'!A1:D4", TITLES) == A1Range("D3", 0, 4, 0, 4)


def test_a_named_range_wins_over_a_sheet_of_that_name_unless_the_name_is_quoted() -> None:
    named = {"Sheet1": A1Range("D3", 4, 6, 0, 1)}
    assert parse_a1("Sheet1", TITLES, named) == A1Range("D3", 4, 6, 0, 1)
    assert parse_a1("'Sheet1'", TITLES, named) == A1Range("Sheet1")
    assert parse_a1("Sheet1!A1", TITLES, named) == A1Range("Sheet1", 0, 1, 0, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A1:",
        "A:",
        ":B2",
        "A:1",
        "A0",
        "R0C1",
        "R1C99999",
        "ZZZZ1",
        "Sheet1!",
        "Sheet1!word",
        "Nope!A1",
        "'A1'",
        "'Nope'!A1",
        "not a range",
        "Sheet1!A2:A0",
        "'Sheet1'!A1:[5",
    ],
)
def test_what_is_no_range_is_refused_in_googles_words_with_the_whole_text(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_a1(text, TITLES)
    assert caught.value.body() == {
        "error": {
            "code": 400,
            "message": f"Unable to parse range: {text}",
            "status": "INVALID_ARGUMENT",
        }
    }


@pytest.mark.parametrize(
    ("title", "quoted"),
    [
        ("Sheet1", "Sheet1"),
        ("my_runs", "my_runs"),
        ("D3", "'D3'"),
        ("run1", "'run1'"),
        ("R1C1", "'R1C1'"),
        ("worksheet 2", "'worksheet 2'"),
        ("🌵", "'🌵'"),
        ("Лист1", "'Лист1'"),
        ("2026", "'2026'"),
        ("it's", "'it''s'"),
        ("a-b", "'a-b'"),
    ],
)
def test_a_title_is_quoted_where_google_quotes_it(title: str, quoted: str) -> None:
    assert quote_title(title) == quoted


def test_a_concrete_range_is_written_as_google_echoes_it() -> None:
    assert format_a1("Sheet1", 0, 2, 0, 2) == "Sheet1!A1:B2"
    assert format_a1("Sheet1", 0, 1, 0, 1) == "Sheet1!A1"
    assert format_a1("D3", 0, 4, 0, 4) == "'D3'!A1:D4"
    assert format_a1("Sheet1", 0, 1000, 0, 26) == "Sheet1!A1:Z1000"


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_are_counted_in_letters(index: int, letters: str) -> None:
    assert column_letters(index) == letters
    assert column_index(letters.lower()) == index


def test_no_column_is_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="counts from 0, so -1 is none"):
        column_letters(-1)
    with pytest.raises(ValueError, match="letters A to Z, not 'Ä'"):
        column_index("Ä")


titles = st.text(min_size=1, max_size=12).filter(lambda title: title.strip() == title)


@given(
    titles,
    st.integers(0, 5000),
    st.integers(1, 5000),
    st.integers(0, 18_000),
    st.integers(1, 200),
)
def test_what_is_written_is_read_back(
    title: str, row: int, rows: int, column: int, columns: int
) -> None:
    text = format_a1(title, row, row + rows, column, column + columns)
    assert parse_a1(text, {title}) == A1Range(title, row, row + rows, column, column + columns)


@given(titles)
def test_a_quoted_title_alone_is_that_sheet(title: str) -> None:
    assert parse_a1(quote_title(title), {title}) == A1Range(title)


@given(st.integers(0, 10**9))
def test_column_letters_and_indexes_are_inverse(index: int) -> None:
    assert column_index(column_letters(index)) == index
