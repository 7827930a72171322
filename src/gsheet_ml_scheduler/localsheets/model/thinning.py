"""Which points of a long series are kept: every so many-th, and always the last.

Decided here: how many there may be, and which of new ones stay. When there are too many, the stride
doubles and every second point goes; a curve keeps its shape, and both its ends. Steps count from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

POINTS = 1_000  # of one series
FEWEST = 64  # down to which the oldest series are thinned where all of them take too much


class Point(NamedTuple):
    """A value at a step, and when it was recorded (seconds since 1970)."""

    step: int
    time: float
    value: float


def kept(points: Sequence[Point], stride: int) -> list[Point]:
    """Those of new points, in the order of their steps, that a series with a stride takes.

    Of two with the same step the later one counts.
    """
    by_step = {one.step: one for one in points}
    steps = sorted(by_step)
    return [by_step[step] for step in steps if stays(step, stride) or step == steps[-1]]


def stays(step: int, stride: int) -> bool:
    """Whether a step is kept also when later ones come."""
    return (step - 1) % stride == 0


def thinned(points: Sequence[Point], limit: int = POINTS) -> tuple[int, list[Point]]:
    """A whole series within a limit: the stride that it takes, and the points that stay."""
    stride, found = 1, kept(points, 1)
    while len(found) > limit:
        stride *= 2
        found = kept(found, stride)
    return stride, found
