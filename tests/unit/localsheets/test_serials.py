"""Serial dates: days since 1899-12-30."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets.text.serials import moment, serial_of, serial_of_date


def test_the_documented_serials_hold() -> None:
    assert serial_of(datetime(1900, 1, 1, 12)) == 2.5
    assert serial_of(datetime(1900, 2, 1, 15)) == 33.625
    assert serial_of_date(date(2020, 1, 1)) == 43831
    assert serial_of_date(date(1899, 12, 30)) == 0
    assert serial_of_date(date(1900, 3, 1)) - serial_of_date(date(1900, 2, 28)) == 1


def test_a_serial_outside_the_calendar_is_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="no date of the years 1 to 9999"):
        moment(3e6)
    with pytest.raises(ValueError, match="no date of the years 1 to 9999"):
        moment(-1e6)
    with pytest.raises(ValueError, match="no date of the years 1 to 9999"):
        moment(2958465.9999999999)


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)))
def test_a_moment_comes_back_to_the_millisecond(when: datetime) -> None:
    assert abs(moment(serial_of(when)) - when) <= timedelta(milliseconds=1)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))
def test_a_moment_of_whole_seconds_comes_back_exactly(when: datetime) -> None:
    whole = when.replace(microsecond=0)
    assert moment(serial_of(whole)) == whole
