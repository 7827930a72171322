"""What one key of a sweep can be: some values, or anything between two numbers.

Decided here: which bounds make sense, and which value belongs to a point between 0 and 1. Drawn
numbers are rounded to what a person can read in a cell, never beyond the bounds. Elsewhere: the
text form (`grammar`), where points come from (`drawing`).
"""

import math
from dataclasses import dataclass

from gsheet_ml_scheduler.errors import SweepError
from gsheet_ml_scheduler.runsheet.values import EXACT_INTEGERS, Scalar

_DIGITS = 6
"""An interval has about a million steps from end to end."""


@dataclass(frozen=True, slots=True)
class Choices:
    """One of these values."""

    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        """There is something to choose from."""
        if not self.values:
            raise SweepError("there is no value to choose from; give one at least")

    def at(self, point: float) -> Scalar:
        """The value at a point from 0 up to, but not including, 1: each has an equal share."""
        return self.values[min(int(point * len(self.values)), len(self.values) - 1)]


@dataclass(frozen=True, slots=True)
class Interval:
    """Any number from `low` to `high`, both included.

    Args:
        low: the smallest value.
        high: the largest value.
        log: whether every power of ten gets the same share, as learning rates need it.
        whole: whether only whole numbers are meant.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        """The bounds make sense."""
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise SweepError(f"the interval from {self.low:g} to {self.high:g} has no end")
        if self.low >= self.high:
            raise SweepError(
                f"the interval begins at {self.low:g} and ends at {self.high:g}; the smaller "
                "number comes first"
            )
        if self.log and self.low <= 0:
            raise SweepError(
                f"an interval with a logarithmic scale begins above 0, not at {self.low:g}"
            )
        if self.whole and not (_is_whole(self.low) and _is_whole(self.high)):
            raise SweepError(
                f"an interval of whole numbers has whole bounds, not {self.low:g} and {self.high:g}"
            )

    def at(self, point: float) -> int | float:
        """The value at a point from 0 up to, but not including, 1."""
        half = 0.5 if self.whole else 0.0  # so that the ends are drawn as often as the others
        low, high = self.low - half, self.high + half
        if self.log:
            value = math.exp(math.log(low) + point * (math.log(high) - math.log(low)))
        else:
            value = low + point * (high - low)
        rounded = round(value) if self.whole else self._readable(value)
        bounded = min(max(rounded, self.low), self.high)
        return int(bounded) if self.whole else bounded

    def _readable(self, value: float) -> float:
        """Rounded to what a person can read, with about a million steps left."""
        size = value if self.log else self.high - self.low
        digits = _DIGITS - math.ceil(math.log10(size))
        if self.log and self.high < 2 * self.low:  # a narrow one needs finer steps
            digits -= math.floor(math.log10((self.high - self.low) / self.low))
        return round(value, min(digits, 300))


Values = Choices | Interval


def _is_whole(number: float) -> bool:
    return float(number).is_integer() and abs(number) < EXACT_INTEGERS
