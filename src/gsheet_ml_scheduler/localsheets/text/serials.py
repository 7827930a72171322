"""Dates and times as Sheets stores them: days since 1899-12-30, the time of day as a fraction.

Decided here: the arithmetic, both ways. Decided elsewhere: how a date is typed (`typed_dates`) and
shown (`date_pattern`). Google documents the epoch, and that 1900 is a common year (Sheets API,
"Date and number formats").
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

_EPOCH = date(1899, 12, 30).toordinal()
_MILLISECONDS = 86_400_000
FIRST = date.min.toordinal() - _EPOCH
LAST = date.max.toordinal() - _EPOCH


def serial_of_date(day: date) -> int:
    """The serial of midnight at the beginning of that day."""
    return day.toordinal() - _EPOCH


def serial_of_time(hours: float, minutes: float = 0, seconds: float = 0) -> float:
    """The fraction of a day; hours may be more than 24, which is a duration."""
    return (hours * 3600 + minutes * 60 + seconds) / 86400


def serial_of(moment: datetime) -> float:
    """The serial of a date and time; Sheets keeps no time zone."""
    since_midnight = moment.hour * 3600 + moment.minute * 60 + moment.second
    return serial_of_date(moment.date()) + (since_midnight + moment.microsecond / 1e6) / 86400


def milliseconds(serial: float) -> int:
    """The whole serial in milliseconds, rounded: floats don't hit a second exactly.

    Raises `ValueError` beyond what is a duration to anybody (three million centuries).
    """
    if abs(serial) > 1e11:
        raise ValueError(f"{serial} days are too many for a duration")
    return round(serial * _MILLISECONDS)


def moment(serial: float) -> datetime:
    """The date and time of a serial, to the millisecond.

    Raises `ValueError` outside the years 1 to 9999.
    """
    if not FIRST <= serial < LAST + 1:
        raise ValueError(f"{serial} days from 1899-12-30 is no date of the years 1 to 9999")
    days, rest = divmod(milliseconds(serial), _MILLISECONDS)
    if days > LAST:
        raise ValueError(f"{serial} days from 1899-12-30 is no date of the years 1 to 9999")
    midnight = datetime.combine(date.fromordinal(_EPOCH + days), datetime.min.time())
    return midnight + timedelta(milliseconds=rest)
