"""What lines 1 and 2 say."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.errors import CellError, SheetLayoutError
from gsheet_ml_scheduler.runsheet.columns import (
    Columns,
    Header,
    StillLoadingError,
    cell_name,
    column_letters,
    parse,
)
from gsheet_ml_scheduler.runsheet.values import text_rules

HEADER = ["run_name", "status", "worker_name", "n_epoch", "learning_rate"]
DEFAULTS = ["", "N/A", "N/A", 10, 0.0005]


def columns_of(header: Sequence[object], defaults: Sequence[object]) -> Columns:
    return parse(header, defaults, sheet="sheet 'Runs'")


def test_a_column_is_a_config_key_unless_it_is_mandatory_or_says_n_a() -> None:
    columns = columns_of([*HEADER, "loss", "note"], [*DEFAULTS, " n/a ", ""])
    assert [column.key for column in columns.config] == ["n_epoch", "learning_rate", "note"]
    assert columns.defaults == {"n_epoch": 10, "learning_rate": 0.0005, "note": ""}
    assert "loss" in columns.not_keys


@given(st.permutations(range(5)))
def test_the_order_of_the_columns_is_free(order: list[int]) -> None:
    columns = columns_of([HEADER[i] for i in order], [DEFAULTS[i] for i in order])
    values = ["a", "ready", "", 3, 0.5]
    row = [values[i] for i in order]
    assert columns.config_of(row, 2) == {"n_epoch": 3, "learning_rate": 0.5}
    assert columns.text(row, columns.status) == "ready"


def test_a_blank_cell_takes_the_default_and_a_missing_default_is_empty_text() -> None:
    columns = columns_of([*HEADER, "optimizer"], DEFAULTS)
    assert columns.config_of(["1", "ready", "", "", 0.1], 2) == {
        "n_epoch": 10,
        "learning_rate": 0.1,
        "optimizer": "",
    }
    assert columns.config_of(["1"], 2)["learning_rate"] == 0.0005


def test_zero_and_false_are_values_not_blanks() -> None:
    columns = columns_of(HEADER, DEFAULTS)
    assert columns.config_of(["1", "ready", "", 0, False], 2) == {
        "n_epoch": 0,
        "learning_rate": False,
    }


@pytest.mark.parametrize("name", ["run_name", "status", "worker_name"])
def test_a_missing_mandatory_column_is_named(name: str) -> None:
    header: list[object] = [cell for cell in HEADER if cell != name]
    with pytest.raises(SheetLayoutError, match=f"sheet 'Runs': line 1 has no column '{name}'"):
        columns_of(header, DEFAULTS)


def test_a_name_that_stands_twice_is_named_with_both_cells() -> None:
    with pytest.raises(SheetLayoutError, match=r"names 'n_epoch' twice, in D1 and F1"):
        columns_of([*HEADER, "n_epoch"], DEFAULTS)


def test_columns_without_a_name_are_ignored() -> None:
    columns = columns_of(["", *HEADER, "", ""], ["", *DEFAULTS, 3, 4])
    assert list(columns.ids) == HEADER
    assert columns.status == 2


@pytest.mark.parametrize("defaults", [[], ["", ""], ["", "", "", "", "", ""]])
def test_a_sheet_without_line_2_is_refused(defaults: list[object]) -> None:
    with pytest.raises(SheetLayoutError, match="line 2 is blank"):
        columns_of(list(HEADER), defaults)


def test_an_error_cell_is_named_with_its_remedy() -> None:
    columns = columns_of(list(HEADER), DEFAULTS)
    with pytest.raises(
        CellError, match=r"sheet 'Runs', cell E7 \(learning_rate\) shows the error #REF!.*Correct"
    ):
        columns.config_of(["1", "ready", "", 3, "#REF!"], 6)


def test_an_error_in_line_2_counts_only_where_it_is_used() -> None:
    columns = columns_of(list(HEADER), ["", "N/A", "N/A", "#DIV/0!", 0.1])
    assert columns.config_of(["1", "ready", "", 3], 6)["n_epoch"] == 3
    with pytest.raises(CellError, match="cell D2 "):
        columns.config_of(["1", "ready"], 6)


def test_a_date_under_a_numeric_default_is_refused_with_the_right_decimal_sign() -> None:
    columns = parse(
        HEADER,
        DEFAULTS,
        sheet="sheet 'Läufe'",
        rules=text_rules("de_DE", comma_number_format=False),
    )
    with pytest.raises(CellError, match=r"E3 .*'01.05.2026'.*number 0.0005.*with ',' as"):
        columns.config_of(["1", "ready", "", 3, "01.05.2026"], 2)


def test_text_under_a_numeric_default_and_a_date_elsewhere_pass() -> None:
    columns = columns_of([*HEADER, "since"], [*DEFAULTS, "2020-01-01"])
    config = columns.config_of(["1", "ready", "", "auto", 0.1, "2026-05-01"], 2)
    assert config["n_epoch"] == "auto"
    assert config["since"] == "2026-05-01"


def test_a_cell_that_is_still_loading_is_to_be_read_again() -> None:
    columns = columns_of(list(HEADER), DEFAULTS)
    with pytest.raises(StillLoadingError, match="cell D3"):
        columns.config_of(["1", "ready", "", "Loading...", 0.1], 2)


def test_a_run_under_way_keeps_the_last_value_of_a_cell_that_went_bad() -> None:
    columns = columns_of(list(HEADER), DEFAULTS)
    config, errors = columns.usable_config_of(
        ["1", "running", "w", "#REF!", 0.1], 2, {"n_epoch": 7, "learning_rate": 0.5}
    )
    assert config == {"n_epoch": 7, "learning_rate": 0.1}
    assert next(str(error) for error in errors).startswith("sheet 'Runs', cell D3")


def test_once_a_column_said_n_a_it_is_no_config_key_for_good() -> None:
    header = Header()
    assert header.seen_rows([[*HEADER, "loss"], [*DEFAULTS, "N/A"]], "s").config[-1].key != "loss"
    assert header.seen_rows([[*HEADER, "loss"], [*DEFAULTS, 0.3]], "s").config[-1].key != "loss"


def test_lines_read_as_rows_or_as_columns_say_the_same() -> None:
    by_rows = Header().seen_rows([HEADER, DEFAULTS], "s")
    pairs = [list(pair) for pair in zip(HEADER, DEFAULTS, strict=True)]
    pairs[0] = ["run_name"]
    assert Header().seen_columns(pairs, "s") == by_rows


def test_a_header_that_did_not_change_is_not_parsed_again() -> None:
    header = Header()
    first = header.seen_rows([HEADER, DEFAULTS], "s")
    assert header.seen_rows([list(HEADER), list(DEFAULTS)], "s") is first
    assert header.seen_rows([[*HEADER, "x"], DEFAULTS], "s") is not first


def test_a_header_that_is_broken_for_a_while_is_refused_and_then_read_again() -> None:
    header = Header()
    header.seen_rows([HEADER, DEFAULTS], "s")
    for _ in range(2):
        with pytest.raises(SheetLayoutError):
            header.seen_rows([HEADER[1:], DEFAULTS], "s")
    assert header.seen_rows([HEADER, DEFAULTS], "s").status == 1


@given(st.integers(min_value=0, max_value=20_000))
def test_column_letters_count_without_a_zero(index: int) -> None:
    number = 0
    for letter in column_letters(index):
        number = number * 26 + ord(letter) - ord("A") + 1
    assert number == index + 1


def test_cells_are_named_as_people_see_them() -> None:
    assert cell_name(6, 4) == "E7"
    assert cell_name(0, 26) == "AA1"
