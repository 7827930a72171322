"""USER_ENTERED: what typing a text into a cell makes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.localsheets.text import user_entered
from gsheet_ml_scheduler.localsheets.text.locales import conventions
from gsheet_ml_scheduler.localsheets.text.number_format import display
from gsheet_ml_scheduler.localsheets.text.user_entered import Entered, parse

TODAY = date(2026, 11, 22)
LOCALES = ["en_US", "en_GB", "de_DE", "fr_FR"]


def entered(text: str, locale: str = "en_US") -> tuple[Any, str | None, str | None]:
    found = parse(text, locale, TODAY)
    assert not found.is_formula
    number_format = found.number_format or {}
    return found.value, number_format.get("type"), number_format.get("pattern")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("0042", 42),
        ("-42", -42),
        ("+1", 1),
        (".01", 0.01),
        ("5.", 5),
        ("1.50", 1.5),
        ("3.0", 3),
        (" 42 ", 42),
        ("12345678901234567890", 12345678901234567890.0),
    ],
)
def test_a_plain_number_brings_no_format(text: str, value: float) -> None:
    assert entered(text) == (value, None, None)
    assert isinstance(entered(text)[0], type(value))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2,000,000.01", (2000000.01, "NUMBER", "#,##0.00")),
        ("1,000", (1000, "NUMBER", "#,##0")),
        ("5%", (0.05, "PERCENT", "0%")),
        ("12.5%", (0.125, "PERCENT", "0.00%")),
        ("-$5.50", (-5.5, "CURRENCY", '"$"#,##0.00')),
        ("$-1,000", (-1000, "CURRENCY", '"$"#,##0')),
        ("1e-5", (1e-5, "SCIENTIFIC", "0.00E+00")),
        ("-2E-4", (-0.0002, "SCIENTIFIC", "0.00E+00")),
    ],
)
def test_a_number_keeps_the_way_it_was_typed_as_its_format(text: str, expected: object) -> None:
    assert entered(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ready",
        "3_1_0",
        "1e400",
        "8085807e40000000",
        "nan",
        "inf",
        "(5)",
        "1 1/2",
        "1,5",
        "1,234,5",
        "1.2.3.4",
        "-",
        "+",
        "=",
        ".",
        "%",
        "$",
        "--5",
        "-$-5",
        "1e",
        "e5",
        "٣",
        "²",
        "2020-01-01T10:30:00",
        "2020-02-31",
        "13/1/2020",
        "12:60",
        "13 PM",
        "claimed by dF53M7 10:15:03Z 3f9a",
        "dF53M7 until 2026-11-22 10:25:03Z",
        "1\n2",
    ],
)
def test_what_is_nothing_else_stays_text(text: str) -> None:
    assert entered(text) == (text, None, None)


def test_true_and_false_are_booleans_in_any_case() -> None:
    assert entered("TRUE") == (True, None, None)
    assert entered("false") == (False, None, None)
    assert entered("truer") == ("truer", None, None)


@pytest.mark.parametrize(
    ("text", "formula"),
    [("=1+1", "=1+1"), ("= 1 / 1024", "= 1 / 1024"), ("+1+1", "=+1+1"), ("+Dri7", "=+Dri7")],
)
def test_an_equals_or_plus_sign_begins_a_formula(text: str, formula: str) -> None:
    assert parse(text, "en_US") == Entered(formula, is_formula=True)


@pytest.mark.parametrize("text", ["007", "=1+1", "TRUE", "", "+49 30"])
def test_an_apostrophe_makes_anything_text_and_goes(text: str) -> None:
    assert parse("'" + text, "en_US") == Entered(text, forced_text=True)


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        ("2020-01-01", "en_US", (43831, "DATE", "yyyy-mm-dd")),
        ("2020-01-01", "de_DE", (43831, "DATE", "yyyy-mm-dd")),
        ("1/2/2020", "en_US", (43832, "DATE", "m/d/yyyy")),
        ("1/2/2020", "en_GB", (43862, "DATE", "d/m/yyyy")),
        ("01/02/2020", "fr_FR", (43862, "DATE", "dd/mm/yyyy")),
        ("1.2.2020", "de_DE", (43862, "DATE", "d.m.yyyy")),
        ("1.2.20", "de_DE", (43862, "DATE", "d.m.yy")),
        ("1.5", "de_DE", (46143, "DATE", "d.m")),
        ("24.12.", "de_DE", (46380, "DATE", "dd.mm.")),
        ("1/2", "en_US", (46024, "DATE", "m/d")),
        ("1/2/40", "en_US", (14612, "DATE", "m/d/yy")),
        ("Jan 2, 2020", "en_US", (43832, "DATE", "mmm d, yyyy")),
        ("2 January 2020", "en_GB", (43832, "DATE", "d mmmm yyyy")),
        ("2-Jan-2020", "en_US", (43832, "DATE", "d-mmm-yyyy")),
        ("3. Oktober 2020", "de_DE", (44107, "DATE", "d. mmmm yyyy")),
        ("3 févr. 2020", "fr_FR", (43864, "DATE", "d mmm yyyy")),
        ("10:30", "en_US", (0.4375, "TIME", "hh:mm")),
        ("9:05 pm", "en_US", (0.878472222222222, "TIME", "h:mm am/pm")),
        ("12 AM", "en_US", (0, "TIME", "h am/pm")),
        ("36:00:00", "en_US", (1.5, "TIME", "[h]:mm:ss")),
        ("2020-01-01 12:00:00", "en_US", (43831.5, "DATE_TIME", "yyyy-mm-dd hh:mm:ss")),
        ("Jan 2, 2020 6:00", "en_US", (43832.25, "DATE_TIME", "mmm d, yyyy h:mm")),
    ],
)
def test_dates_and_times_become_serials(
    text: str, locale: str, expected: tuple[float, str, str]
) -> None:
    value, kind, pattern = entered(text, locale)
    assert value == pytest.approx(expected[0], abs=1e-12)
    assert (kind, pattern) == expected[1:]


def test_a_date_without_a_year_needs_to_know_the_year() -> None:
    assert parse("1/2", "en_US").value == "1/2"
    assert parse("1.5", "de_DE").value == "1.5"


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        ("1,5", "de_DE", (1.5, None, None)),
        ("1.234,56", "de_DE", (1234.56, "NUMBER", "#,##0.00")),
        ("5,5%", "de_DE", (0.055, "PERCENT", "0.00%")),
        ("1,0E-3", "de_DE", (0.001, "SCIENTIFIC", "0.00E+00")),
        ("5 €", "de_DE", (5, "CURRENCY", '#,##0 "€"')),
        ("5,00€", "fr_FR", (5, "CURRENCY", '#,##0.00 "€"')),
        ("1 234,5", "fr_FR", (1234.5, "NUMBER", "#,##0.00")),
        ("1.5", "fr_FR", ("1.5", None, None)),
    ],
)
def test_a_locale_has_its_own_signs(text: str, locale: str, expected: object) -> None:
    assert entered(text, locale) == expected


def test_a_locale_that_there_isnt_is_refused() -> None:
    with pytest.raises(ApiError, match="Unsupported locale: xx_YY"):
        parse("1.5", "xx_YY")


@given(st.text(max_size=20), st.sampled_from(LOCALES))
def test_any_text_is_read_as_something(text: str, locale: str) -> None:
    found = parse(text, locale, TODAY)
    if isinstance(found.value, str) and not found.is_formula:
        assert found.value == text.removeprefix("'")


cents = st.integers(-(10**11), 10**11).map(lambda number: number / 100)


@given(cents, st.sampled_from(LOCALES))
def test_a_number_that_is_shown_is_read_back(value: float, locale: str) -> None:
    assert parse(display(value, {"type": "NUMBER"}, locale), locale).value == value


@given(st.integers(-(10**9), 10**9), st.sampled_from(LOCALES))
def test_a_percentage_that_is_shown_is_read_back(hundredths: int, locale: str) -> None:
    value = float(f"{hundredths}e-4")
    found = parse(display(value, {"type": "PERCENT"}, locale), locale)
    assert found.value == value
    assert found.number_format == {"type": "PERCENT", "pattern": "0.00%"}


@given(cents.filter(bool), st.sampled_from(LOCALES))
def test_money_that_is_shown_is_read_back(value: float, locale: str) -> None:
    found = parse(display(value, {"type": "CURRENCY"}, locale), locale)
    assert found.value == value
    assert display(value, found.number_format, locale) == display(
        value, {"type": "CURRENCY"}, locale
    )


@given(st.floats(-1e14, 1e14).map(lambda value: float(f"{value:.9e}")), st.sampled_from(LOCALES))
def test_an_automatic_number_is_read_back(value: float, locale: str) -> None:
    if abs(value) >= 1e-10:
        shown = display(value, None, locale)
        assert parse(shown, locale).value == value


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(LOCALES))
def test_a_date_that_is_shown_is_read_back(day: date, locale: str) -> None:
    serial = (day - date(1899, 12, 30)).days
    for number_format in ({"type": "DATE"}, {"type": "DATE", "pattern": "d mmmm yyyy"}):
        shown = display(serial, number_format, locale)
        found = parse(shown, locale)
        assert found.value == serial
        assert display(serial, found.number_format, locale) == shown


@given(
    st.sampled_from(["en_US", "de_DE", "fr_FR", "tr_TR", "pl_PL", "ja_JP", "da_DK"]),
    st.integers(0, 11),
    st.booleans(),
    st.sampled_from(["{m} 5, 2026", "{m}. 5 2026", "{m} 5", "{money} 5", "{money}5", "x{m} 5"]),
    st.sampled_from([str.lower, str.upper, str.title, str]),
)
def test_what_begins_with_a_letter_is_looked_at_as_closely_as_it_needs(
    locale: str, month: int, is_short: bool, shape: str, spelled: Callable[[str], str]
) -> None:
    known = conventions(locale)
    name = (known.months_short if is_short else known.months)[month]
    text = spelled(shape.format(m=name, money=known.currency))
    closely = user_entered._number(text, locale) or user_entered._moment(text, locale, TODAY)
    assert parse(text, locale, TODAY) == (closely or Entered(text))
