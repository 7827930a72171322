"""FORMATTED_VALUE: what a cell shows, with a pattern and without."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.localsheets.text.number_format import default_pattern, display

MOMENT = 43831.43767361111  # 2020-01-01 10:30:15


def shown(value: float | str, pattern: str, locale: str = "en_US") -> str:
    return display(value, {"type": "NUMBER", "pattern": pattern}, locale)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2, "2"),
        (1.5, "1.5"),
        (0.12, "0.12"),
        (-2.5, "-2.5"),
        (0, "0"),
        (-0.0, "0"),
        (3.0, "3"),
        (1 / 1024, "0.0009765625"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.3333333333"),
        (100 / 3, "33.33333333"),
        (0.00001, "0.00001"),
        (0.0000903, "0.0000903"),
        (123456789012345, "123456789012345"),
        (12345678901.5, "12345678902"),
        (1e15, "1E+15"),
        (1705971932369780, "1.70597E+15"),
        (-1e-15, "-1E-15"),
        (1e300, "1E+300"),
    ],
)
def test_a_number_without_a_format_is_shown_short(value: float, text: str) -> None:
    assert display(value, None, "en_US") == text
    assert display(value, {"type": "TEXT"}, "en_US") == text
    assert display(value, None, "de_DE") == text.replace(".", ",")


def test_booleans_and_text_are_shown_as_they_are() -> None:
    assert display(True, None, "en_US") == "TRUE"
    assert display(False, {"type": "NUMBER", "pattern": "0.00"}, "de_DE") == "FALSE"
    assert display("ready", None, "en_US") == "ready"
    assert display("ready", {"type": "DATE"}, "en_US") == "ready"


@pytest.mark.parametrize(
    ("value", "pattern", "text"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (1234567, "#,##0", "1,234,567"),
        (1234.5, "0", "1235"),
        (2.5, "0", "3"),
        (-2.5, "0", "-3"),
        (1.005, "0.00", "1.01"),
        (0.5, "#.##", ".5"),
        (0, "#", ""),
        (5, "000", "005"),
        (5, "0,000", "0,005"),
        (1.5, "0.0?", "1.5 "),
        (5, "???", "  5"),
        (12.3, ".00", "12.30"),
        (12345678, '#,##0,,"M"', "12M"),
        (12345678, "0.0,,", "12.3"),
        (0.125, "0.00%", "12.50%"),
        (0.125, "0%", "13%"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (0.00012345, "0.00E+00", "1.23E-04"),
        (12345, "0.00E-00", "1.23E04"),
        (99999, "0.0E+0", "1.0E+5"),
        (12345, "##0.0E+0", "12.3E+3"),
        (999999, "##0.0E+0", "1.0E+6"),
        (0, "0.00E+00", "0.00E+00"),
        (3.14159, "# ?/?", "3 1/7"),
        (3.14159, "# ??/??", "3 14/99"),
        (0.5, "?/?", "1/2"),
        (1.999, "# ?/?", "2    "),
        (0, "# ?/?", "0    "),
        (0.26, "# ?/8", " 2/8"),
        (1234567890, "(000) 000-0000", "(123) 456-7890"),
        (1.2, "\\x0.0_)", "x1.2 "),
        (1.2, "* 0.0", "1.2"),
        (5, '"only"', "only"),
        (5, "General", "5"),
        (5, 'General "epochs"', "5 epochs"),
        (1234.5, "[$€-407]#,##0.00", "€1,234.50"),
        (5, "@", "5"),
    ],
)
def test_a_pattern_says_how_digits_are_shown(value: float, pattern: str, text: str) -> None:
    assert shown(value, pattern) == text


@pytest.mark.parametrize(
    ("value", "pattern", "text"),
    [
        (-5, "0.00", "-5.00"),
        (-5, "0;(0)", "(5)"),
        (5, "0;(0)", "5"),
        (0, '0;-0;"zero"', "zero"),
        (-5, "0;;", ""),
        (-3, "[Red]0.0", "-3.0"),
        (-3, "0;[Red]0", "3"),
        (50, '[<100]"Low";[>=100]"High"', "Low"),
        (150, '[<100]"Low";[>=100]"High"', "High"),
        (-1, '[<0]"minus "0;0', "minus 1"),
        (-1, '[<=10]0;"more"', "-1"),
        (7, "[>10]0", "7"),
    ],
)
def test_a_section_holds_for_a_sign_or_a_condition(value: float, pattern: str, text: str) -> None:
    assert shown(value, pattern) == text


def test_text_goes_through_the_section_with_an_at_sign_or_the_fourth() -> None:
    assert shown("abc", '@"!"') == "abc!"
    assert shown("abc", '0;0;0;"text: "@') == "text: abc"
    assert shown("abc", '0;0;0;"hidden"') == "hidden"
    assert shown("abc", "0.00") == "abc"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-mm-dd", "2020-01-01"),
        ("M/d/yyyy H:mm:ss", "1/1/2020 10:30:15"),
        ("m/d/yy h:mm", "1/1/20 10:30"),
        ("h:mm am/pm", "10:30 AM"),
        ("h a/p", "10 a"),
        ("h A/P", "10 A"),
        ("hh:mm:ss.000", "10:30:15.000"),
        ("mm:ss", "30:15"),
        ("hh.mm.yyyy", "10.30.2020"),
        ("hh.MM.yyyy", "10.01.2020"),
        ("dddd, mmmm d", "Wednesday, January 1"),
        ("ddd dd mmm", "Wed 01 Jan"),
        ("mmmmm", "J"),
        ('yyyy"y" m"m"', "2020y 1m"),
        ("d\\d", "1d"),
        ("[h]:mm:ss", "1051954:30:15"),
        ("[mm]:ss", "63117270:15"),
        ("[h]:[mm]", "1051954:30"),
    ],
)
def test_a_date_pattern_shows_a_serial(pattern: str, text: str) -> None:
    assert shown(MOMENT, pattern) == text


def test_an_hour_after_noon_counts_to_twelve_only_beside_am_or_pm() -> None:
    assert [shown(hour / 24, "h am/pm") for hour in (0, 11, 12, 13)] == [
        "12 AM",
        "11 AM",
        "12 PM",
        "1 PM",
    ]
    assert shown(13 / 24, "h") == "13"


def test_a_date_speaks_the_spreadsheets_language() -> None:
    assert shown(MOMENT, "dddd, d. mmmm", "de_DE") == "Mittwoch, 1. Januar"
    assert shown(MOMENT, "d mmmm yyyy", "fr_FR") == "1 janvier 2020"


def test_a_negative_duration_has_a_minus_and_a_serial_beyond_the_calendar_is_a_number() -> None:
    assert shown(-0.5, "[h]:mm") == "-12:00"
    assert shown(1.5, "[h]:mm:ss") == "36:00:00"
    assert shown(1e9, "yyyy-mm-dd") == "1000000000"


@pytest.mark.parametrize(
    ("kind", "locale", "text"),
    [
        ("NUMBER", "en_US", "43,831.44"),
        ("NUMBER", "de_DE", "43.831,44"),
        ("CURRENCY", "en_US", "$43,831.44"),
        ("CURRENCY", "de_DE", "43.831,44 €"),
        ("CURRENCY", "en_GB", "£43,831.44"),
        ("PERCENT", "en_US", "4383143.77%"),
        ("SCIENTIFIC", "en_US", "4.38E+04"),
        ("DATE", "en_US", "1/1/2020"),
        ("DATE", "de_DE", "01.01.2020"),
        ("DATE", "fr_FR", "01/01/2020"),
        ("TIME", "en_US", "10:30:15 AM"),
        ("TIME", "de_DE", "10:30:15"),
        ("DATE_TIME", "en_US", "1/1/2020 10:30:15"),
        ("DATE_TIME", "de_DE", "01.01.2020 10:30:15"),
    ],
)
def test_a_type_alone_has_the_locales_default_pattern(kind: str, locale: str, text: str) -> None:
    assert display(MOMENT, {"type": kind}, locale) == text
    assert display(MOMENT, {"type": kind, "pattern": default_pattern(kind, locale)}, locale) == text


def test_a_locale_that_there_isnt_is_refused() -> None:
    with pytest.raises(ApiError, match="Unsupported locale: nowhere_XX"):
        display(1.5, None, "nowhere_XX")


@given(st.floats(allow_nan=False, allow_infinity=False), st.text('0#?.,%E+-/@yMdhms[]"\\; ab*_'))
def test_any_pattern_shows_something_for_any_number(value: float, pattern: str) -> None:
    assert isinstance(shown(value, pattern), str)


@given(st.floats(-1e12, 1e12), st.integers(0, 6))
def test_fixed_decimals_are_the_nearest(value: float, places: int) -> None:
    pattern = "0." + "0" * places if places else "0"
    text = shown(value, pattern)
    tolerance = 0.5 * 10.0**-places + abs(value) * 1e-14 + 1e-12
    assert float(text) == pytest.approx(value, abs=tolerance)
    assert len(text.partition(".")[2]) == places


@given(st.integers(0, 86_399))
def test_a_time_of_day_is_shown_to_the_second(second: int) -> None:
    hours, minutes = divmod(second // 60, 60)
    assert shown(43831 + second / 86400, "hh:mm:ss") == (
        f"{hours:02d}:{minutes:02d}:{second % 60:02d}"
    )
