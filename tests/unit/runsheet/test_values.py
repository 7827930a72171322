"""What a cell means to a training script."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.runsheet import values
from gsheet_ml_scheduler.runsheet.values import TextRules, from_cell, from_text, text_rules

GERMAN = text_rules("de_DE", comma_number_format=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("TRUE", True),
        ("FALSE", False),
        ("-42", -42),
        ("0", 0),
        (".01", 0.01),
        ("-2E-4", -0.0002),
        ("5.0", 5.0),
        ("5.0E-3", 0.005),
        ("1e5", 100000.0),
        ("9007199254740991", 2**53 - 1),
    ],
)
def test_text_that_looks_like_a_value_is_one(text: str, value: values.Scalar) -> None:
    result = from_text(text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("007", "00.5", "-007", "+49123", "12345678901234567890", "9007199254740992"),
        *("8085807e40000000", "1e-400", "0.123456789012345678", "-0", ".", "-", "1_000"),
        *("", " 5", "5 ", "adam", "nan", "inf", "Infinity", "true", "0x10", "1,5", "٣", "1.2.3"),
    ],
)
def test_text_that_would_lose_information_stays_text(text: str) -> None:
    assert from_text(text) == text
    assert isinstance(from_text(text), str)


@given(st.text(alphabet="0123456789.,eE+-", max_size=30))
def test_converted_text_never_loses_a_digit(text: str) -> None:
    value = from_text(text)
    if isinstance(value, bool | str):
        assert value == text
    elif isinstance(value, int):
        assert str(value) == text
    else:
        assert math.isfinite(value)
        digits = text.lower().partition("e")[0].replace(".", "").lstrip("-0")
        assert len(digits) <= 17
        assert (value == 0) == (digits == "")


@given(st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1))
def test_whole_numbers_below_2_to_the_53_arrive_as_int(number: int) -> None:
    for raw in (number, float(number), str(number)):
        assert from_cell(raw) == number
        assert type(from_cell(raw)) is int


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_arrives_within_a_millionth_and_never_becomes_zero(number: float) -> None:
    value = from_cell(number)
    assert isinstance(value, int | float)
    assert value == pytest.approx(number, abs=1e-6)
    assert (value == 0) == (number == 0)


def test_a_formula_that_misses_a_whole_number_by_a_hair_arrives_as_int() -> None:
    assert type(from_cell(15.000000000002)) is int
    assert from_cell(15.000000000002) == 15
    assert from_cell(0.9999999999999999) == 1
    assert from_cell(15.00002) == 15.00002
    assert from_cell(1700000000000.5) == 1700000000000.5
    assert from_cell(1e-20) == 1e-20


def test_numbers_that_a_double_cannot_hold_exactly_are_floats() -> None:
    assert from_cell(2**53) == float(2**53)
    assert type(from_cell(2**53)) is float
    assert type(from_cell(1e300)) is float


def test_booleans_and_blanks_stay_what_they_are() -> None:
    assert from_cell(True) is True
    assert from_cell(False) is False
    assert from_cell("") == ""
    assert from_cell(None) == ""


def test_the_locale_decides_the_decimal_sign_of_text() -> None:
    assert from_text("1,5", GERMAN) == 1.5
    assert from_text("-2,0E-3", GERMAN) == -0.002
    assert from_text("1.5", GERMAN) == "1.5"
    assert from_text("42", GERMAN) == 42


def test_comma_number_format_swaps_the_decimal_sign_of_text() -> None:
    comma = text_rules("en_US", comma_number_format=True)
    assert from_text("5,0E-3", comma) == 0.005
    assert from_text("5.0", comma) == "5.0"
    assert from_cell(0.5, comma) == 0.5


@pytest.mark.parametrize("locale", ["de", "zh_CN", "xx_YY", "", "en_DE", "sr_Latn_RS", "nonsense"])
def test_every_locale_that_a_sheet_may_have_gives_rules(locale: str) -> None:
    assert text_rules(locale, comma_number_format=False).decimal in ".,"


@pytest.mark.parametrize(
    "text",
    ["01.05.2026", "1.5.", "1.5", "5/1/2026", "2026-05-01", "1-May", "1. Mai 2026", "10:30",
     "2026-05-01 10:30:00", "10:30 PM", "Mai 26", "5月1日"],
)  # fmt: skip
def test_a_date_is_told_by_its_looks(text: str) -> None:
    assert values.looks_like_date(text, GERMAN)


@pytest.mark.parametrize(
    "text", ["adam", "64-32", "64,32", "3x3", "v1.2", "-1.5", "relu/gelu", "may be", "", "#REF!"]
)
def test_other_text_is_no_date(text: str) -> None:
    assert not values.looks_like_date(text, GERMAN)


@pytest.mark.parametrize(
    "text",
    ["#REF!", "#DIV/0!", "#N/A", "#NAME?", "#VALUE!", "#NUM!", "#NULL!", "#ERROR!", "#WERT!"],
)
def test_error_cells_are_recognised(text: str) -> None:
    assert values.is_error(text)


@pytest.mark.parametrize("text", ["N/A", "#1", "#best", "# notes!", "", "#"])
def test_other_text_is_no_error(text: str) -> None:
    assert not values.is_error(text)


@pytest.mark.parametrize(
    ("raw", "text"),
    [(3, "3"), (3.0, "3"), (0.5, "0.5"), (True, "TRUE"), ("007", "007"), ("", ""), ("12", "12")],
)
def test_run_name_status_and_worker_name_are_always_text(raw: object, text: str) -> None:
    assert values.text_of(raw) == text


class OneNumber:
    """What a Torch scalar looks like."""

    def item(self) -> float:
        return 0.25


def test_metrics_become_what_a_cell_can_hold() -> None:
    assert values.metric_cell(0.5) == 0.5
    assert values.metric_cell(np.float32(0.5)) == 0.5
    assert type(values.metric_cell(np.float64(0.5))) is float
    assert type(values.metric_cell(np.int64(3))) is int
    assert values.metric_cell(np.bool_(True)) is True
    assert values.metric_cell(np.array([7])) == 7
    assert values.metric_cell(OneNumber()) == 0.25
    assert values.metric_cell(float("nan")) == "NaN"
    assert values.metric_cell(float("-inf")) == "-inf"
    assert values.metric_cell(np.float32("inf")) == "inf"
    assert values.metric_cell(2**60) == str(2**60)
    assert values.metric_cell("best") == "best"


@pytest.mark.parametrize("value", [[1], {"a": 1}, None, np.zeros(3)])
def test_a_metric_that_no_cell_can_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="neither a number, a bool nor text"):
        values.metric_cell(value)


def test_text_rules_are_plain_values() -> None:
    assert TextRules() == values.PLAIN_TEXT
