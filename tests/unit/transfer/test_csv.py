"""What the fields of a CSV file become, and what cells become in one."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.errors import LocationError
from gsheet_ml_scheduler.transfer.csv_files import (
    AS_TEXT,
    AS_TYPED,
    PLAIN,
    CsvSource,
    Dialect,
    number_pattern,
    plain_number,
    write_csv,
)
from gsheet_ml_scheduler.transfer.stream import Report, cells_of
from tests.unit.transfer.made import Made

TODAY = date(2026, 11, 22)


def read(path: Path, dialect: Dialect | None = None) -> tuple[list[list[Any]], list[str]]:
    """The values of a file's cells (None for a blank one), and what was said."""
    report = Report()
    source = CsvSource(path, dialect or Dialect(), report, TODAY)
    rows = [
        [next(iter(cell.get("userEnteredValue", {"": None}).values())) for cell in cells_of(row)]
        for row in source.rows(0)
    ]
    return rows, report.notes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.csv"


def test_numbers_and_booleans_are_read_and_all_else_is_text(path: Path) -> None:
    path.write_text("1,-0.5,1e-3,TRUE,ready,007,1 000,2026-01-02,5%,=1+1,+1,,.5\r\n")
    (row,), _ = read(path)
    texts = ["ready", "007", "1 000", "2026-01-02", "5%", "=1+1", "+1"]
    assert row == [1, -0.5, 0.001, True, *texts, None, 0.5]
    assert type(row[0]) is int


@pytest.mark.parametrize(
    "text", ["12345678901234567890", "8085807e40000000", "1e999", "-0", "nan", "Infinity", "1e-999"]
)
def test_a_number_that_would_lose_something_stays_text(text: str) -> None:
    assert plain_number(text, number_pattern(decimal_comma=False)) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_back_exactly(value: float) -> None:
    found = plain_number(repr(value), number_pattern(decimal_comma=False))
    assert found == value


@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("http://x")', "@SUM(A1)", "-1+cmd|'x'!A1"])
def test_a_formula_in_a_file_is_text_unless_asked_for(formula: str, path: Path) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerow([formula])
    assert read(path) == ([[formula]], [])


def test_typed_reads_fields_as_if_typed(path: Path) -> None:
    path.write_text("=1+1;5%;22.11.2026;1,5;TRUE;x\n")
    dialect = Dialect(decimal_comma=True, reading=AS_TYPED)
    source = CsvSource(path, dialect, Report(), TODAY)
    (row,) = (cells_of(row) for row in source.rows(0))
    values = [cell["userEnteredValue"] for cell in row]
    assert values == [
        {"formulaValue": "=1+1"},
        {"numberValue": 0.05},
        {"numberValue": 46348},
        {"numberValue": 1.5},
        {"boolValue": True},
        {"stringValue": "x"},
    ]
    kinds = [cell.get("userEnteredFormat", {}).get("numberFormat", {}).get("type") for cell in row]
    assert kinds == [None, "PERCENT", "DATE", None, None, None]


def test_text_leaves_everything_as_it_is(path: Path) -> None:
    path.write_text("1,TRUE,=1+1,0042\n")
    assert read(path, Dialect(reading=AS_TEXT)) == ([["1", "TRUE", "=1+1", "0042"]], [])


def test_with_a_decimal_comma_cells_are_separated_by_semicolons_or_tabs(path: Path) -> None:
    comma = Dialect(decimal_comma=True)
    path.write_text("a;b\n1,5;-2,5e-3\n")
    assert read(path, comma)[0] == [["a", "b"], [1.5, -0.0025]]
    path.write_text("a\tb\n1,5\t1.5\n")
    assert read(path, comma)[0] == [["a", "b"], [1.5, "1.5"]]


def test_a_tsv_file_has_tabs(tmp_path: Path) -> None:
    path = tmp_path / "runs.tsv"
    path.write_text("a,b\tc\n")
    assert read(path) == ([["a,b", "c"]], [])


def test_another_delimiter_is_not_guessed_but_pointed_out(path: Path) -> None:
    path.write_text("a;b\n1;2\n")
    rows, notes = read(path)
    assert rows == [["a;b"], ["1;2"]]
    assert notes == [
        "every line is one cell, but line 1 contains ';'; if that stands between the cells, use "
        "--delimiter ';'"
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_cell(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbflr,x\r\n")
    assert read(path) == ([["lr", "x"]], [])


def test_quoted_fields_hold_anything(path: Path) -> None:
    path.write_bytes(b'"a ""b""","1,5","two\r\nlines"\r\n')
    assert read(path) == ([['a "b"', "1,5", "two\r\nlines"]], [])


def test_ragged_lines_are_read_and_pointed_out(path: Path) -> None:
    path.write_text("a,b,c\n1,2\n1,2,3,4\n1,2,3\n\n")
    rows, notes = read(path)
    assert rows == [["a", "b", "c"], [1, 2], [1, 2, 3, 4], [1, 2, 3], []]
    assert notes == ["line 2, line 3: has not as many cells as line 1, which has 3"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            b"a,b\n\xff\xfe\n",
            "line 2: the byte 0xff isn't UTF-8. Save the file as CSV UTF-8 first.",
        ),
        (b"a\nb\0c\n", "line 2: there is a NUL byte, so it isn't text. Nothing was imported."),
        (b"\xff\xfea\0,\0", "is UTF-16, not CSV in UTF-8. Save it as CSV UTF-8 first."),
        (b"PK\x03\x04...", "is a zip file (.xlsx?), not CSV in UTF-8."),
        (b'a,b\n"x,y\n', "can't be read: unexpected end of data. Nothing was imported."),
        (b'a\n"x"y\n', "line 2: can't be read: ',' expected after '\"'. Nothing was imported."),
        (b"x" * 50_001, "line 1: a field has 50001 characters; a cell takes 50000."),
    ],
)
def test_what_is_no_csv_is_refused_with_its_line(data: bytes, said: str, path: Path) -> None:
    path.write_bytes(data)
    with pytest.raises(LocationError) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}")
    assert said in str(refused.value)


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(LocationError, match=r"There is no file .*runs\.csv\."):
        read(path)


def test_an_empty_file_is_an_empty_tab(path: Path) -> None:
    path.write_text("")
    assert read(path) == ([], [])


def written(*rows: list[dict[str, Any]], dialect: Dialect | None = None) -> str:
    """What a CSV file of one tab holds."""
    text = io.StringIO(newline="")
    dialect = dialect or Dialect()
    write_csv(Made({"a": rows}), text, dialect.delimiter_of(None), dialect, Report())
    return text.getvalue()


def shown(value: dict[str, Any], formatted: str, kind: str | None = None) -> dict[str, Any]:
    """A cell as it is read for CSV."""
    look = {"effectiveFormat": {"numberFormat": {"type": kind}}} if kind else {}
    return {"effectiveValue": value, "formattedValue": formatted, **look}


def test_numbers_go_out_exact_and_dates_as_shown() -> None:
    row = [
        shown({"numberValue": 0.0001}, "0.00", "NUMBER"),
        shown({"numberValue": 0.05}, "5%", "PERCENT"),
        shown({"numberValue": 45000.5}, "2023-03-15", "DATE"),
        shown({"numberValue": 3.0}, "3"),
        shown({"boolValue": False}, "FALSE"),
        shown({"errorValue": {"type": "REF"}}, "#REF!"),
        shown({"stringValue": "=1+1"}, "=1+1"),
    ]
    assert written(row) == "0.0001,0.05,2023-03-15,3,FALSE,#REF!,=1+1\r\n"
    comma = Dialect(decimal_comma=True)
    assert written(row, dialect=comma) == "0,0001;0,05;2023-03-15;3;FALSE;#REF!;=1+1\r\n"


def test_lines_are_a_rectangle_without_what_is_blank_at_its_ends() -> None:
    one = shown({"numberValue": 1}, "1")
    assert written([one, {}], [], [one, one], [{}], []) == "1,\r\n,\r\n1,1\r\n"


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"))


@given(rows=st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=4))
def test_text_survives_a_csv_file(
    rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    cells = [[shown({"stringValue": field}, field) if field else {} for field in r] for r in rows]
    path.write_bytes(written(*cells).encode())
    found, _ = read(path, Dialect(reading=AS_TEXT))
    expected = [[field or None for field in row] for row in rows]
    assert _trimmed(found) == _trimmed(expected)


def _trimmed(rows: list[list[Any]]) -> list[list[Any]]:
    out = [list(row) for row in rows]
    for row in out:
        while row and row[-1] is None:
            row.pop()
    while out and not out[-1]:
        out.pop()
    return out


def test_plain_is_what_one_gets_unasked() -> None:
    assert Dialect().reading == PLAIN
