"""What several keys can be -> the configs of runs: every combination, pairs, or a sample.

Decided here: in which order the runs come (the last key changes fastest), what goes with what, and
that a sample has no run twice. Elsewhere: what a key's text means (`grammar`), where the points of
a sample come from (`drawing`).
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from random import Random

from gsheet_ml_scheduler.errors import SweepError
from gsheet_ml_scheduler.runsheet.values import Scalar
from gsheet_ml_scheduler.sweep.drawing import RANDOM, points
from gsheet_ml_scheduler.sweep.grammar import parse_values
from gsheet_ml_scheduler.sweep.space import Choices, Interval, Values

Config = dict[str, Scalar]
Spec = str | bool | int | float | Sequence[Scalar] | Choices | Interval
"""A key's values: a text of the grammar, one value, a list of values, or what they parse to."""

SEED = "seed"
MOST_RUNS = 50_000
"""More runs than a sheet is good for."""

_TRIES = 1000
_Found = dict[tuple[tuple[bool, Scalar], ...], tuple[Scalar, ...]]
"""The different rows so far, by what tells them apart."""


def grid(spec: Mapping[str, Spec]) -> list[Config]:
    """Every combination of the keys' values.

    >>> grid({"lr": "0.1,0.01", "hidden": "range(32,97,32)"})[:2]
    [{'lr': 0.1, 'hidden': 32}, {'lr': 0.1, 'hidden': 64}]

    Raises:
        SweepError: a text can't be understood, a key is an interval, or there are too many runs.
    """
    listed = _listed(understood(spec))
    _refuse_too_many(math.prod(len(values) for values in listed.values()))
    return [dict(zip(listed, values)) for values in product(*listed.values())]


def paired(spec: Mapping[str, Spec]) -> list[Config]:
    """The first values of all keys together, then the second ones; a single value goes with all.

    Raises:
        SweepError: a text can't be understood, a key is an interval, or the numbers of values
            differ.
    """
    listed = _listed(understood(spec))
    counts = {key: len(values) for key, values in listed.items() if len(values) > 1}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{key} has {count}" for key, count in counts.items())
        raise SweepError(
            f"keys are paired value by value, so each has as many values as the others: {said}. "
            "A key with a single value goes with all."
        )
    count = next(iter(counts.values()), 1)
    _refuse_too_many(count)
    return [
        {key: values[at if len(values) > 1 else 0] for key, values in listed.items()}
        for at in range(count)
    ]


def sampled(
    spec: Mapping[str, Spec],
    number: int,
    *,
    method: str = RANDOM,
    random_seed: int | None = None,
) -> list[Config]:
    """So many different runs, drawn from all that there could be.

    Args:
        spec: what the keys can be.
        number: how many runs.
        method: `random`, or one that leaves smaller gaps: `sobol` or `lhs` (Latin hypercube); both
            need SciPy.
        random_seed: the same number gives the same runs; None gives others each time.

    Raises:
        SweepError: a text can't be understood, there aren't so many different runs, there is no
            such method, or SciPy isn't installed.
    """
    values = understood(spec)
    if number < 1:
        raise SweepError(f"a sample has 1 run at least, not {number}")
    _refuse_too_many(number)
    size = _size(values)
    if size is not None and number > size:
        raise SweepError(
            f"there are only {size} different runs, so a sample can't have {number}. Leave the "
            "sample away to get all of them."
        )
    drawn = {key: it for key, it in values.items() if _count(it) != 1}
    rng = Random(random_seed)  # noqa: S311 - hyperparameters are no secret
    found: _Found = {}
    for point in points(number, len(drawn), method, rng):
        _note(found, _at(drawn, point))
    if len(found) < number:
        _fill_up(found, drawn, number, size, rng)
    single = {key: it.at(0.0) for key, it in values.items()}
    return [{**single, **dict(zip(drawn, row))} for row in found.values()]


def with_seeds(configs: Sequence[Mapping[str, Scalar]], number: int) -> list[Config]:
    """Each config so many times, with `seed` from 0 on: the spread of a result.

    Raises:
        SweepError: a config has a seed already, or there are too many runs.
    """
    if number < 1:
        raise SweepError(f"a run has 1 seed at least, not {number}")
    if any(SEED in config for config in configs):
        raise SweepError(
            f"the key {SEED} has values already; give either these or the number of seeds"
        )
    _refuse_too_many(number * len(configs))
    return [{**config, SEED: seed} for config in configs for seed in range(number)]


def understood(spec: Mapping[str, Spec]) -> dict[str, Values]:
    """What each key can be.

    Raises:
        SweepError: a text can't be understood; the key is named.
    """
    found: dict[str, Values] = {}
    for key, it in spec.items():
        try:
            found[key] = _values(it)
        except SweepError as error:
            raise SweepError(f"{key}: {error}") from error
    return found


def _values(it: Spec) -> Values:
    if isinstance(it, str):
        return parse_values(it)
    if isinstance(it, Choices | Interval):
        return it
    return Choices((it,)) if isinstance(it, bool | int | float) else Choices(tuple(it))


def _listed(values: Mapping[str, Values]) -> dict[str, tuple[Scalar, ...]]:
    listed: dict[str, tuple[Scalar, ...]] = {}
    for key, it in values.items():
        if isinstance(it, Interval):
            raise SweepError(
                f"{key}: there is no end to the numbers from {it.low:g} to {it.high:g}. Draw a "
                "sample of so many runs, or list the values."
            )
        listed[key] = it.values
    return listed


def _count(it: Values) -> int | None:
    """How many different values there are; None: as good as any number."""
    if isinstance(it, Choices):
        return len(set(map(_identity, it.values)))
    return int(it.high - it.low) + 1 if it.whole else None


def _size(values: Mapping[str, Values]) -> int | None:
    counts = [_count(it) for it in values.values()]
    known = [count for count in counts if count is not None]
    return math.prod(known) if len(known) == len(counts) else None


def _identity(value: Scalar) -> tuple[bool, Scalar]:
    return (isinstance(value, bool), value)  # True isn't 1, but 1.0 is


def _note(found: _Found, row: tuple[Scalar, ...]) -> None:
    found.setdefault(tuple(map(_identity, row)), row)


def _at(drawn: Mapping[str, Values], point: Sequence[float]) -> tuple[Scalar, ...]:
    return tuple(it.at(share) for it, share in zip(drawn.values(), point, strict=True))


def _fill_up(
    found: _Found,
    drawn: Mapping[str, Values],
    number: int,
    size: int | None,
    rng: Random,
) -> None:
    """Draws at random what is missing because something came twice."""
    tries = _TRIES * number if size is None else 4 * number
    for _ in range(tries):
        if len(found) == number:
            return
        _note(found, _at(drawn, [rng.random() for _ in drawn]))
    if size is None or size > MOST_RUNS * 20:
        raise SweepError(
            f"only {len(found)} different runs were found, not {number}; the intervals are too "
            "narrow"
        )
    every = product(*(_distinct(it) for it in drawn.values()))
    rest = [row for row in every if tuple(map(_identity, row)) not in found]
    for row in rng.sample(rest, number - len(found)):
        _note(found, row)


def _distinct(it: Values) -> list[Scalar]:
    if isinstance(it, Interval):
        return list(range(int(it.low), int(it.high) + 1))
    return list({_identity(value): value for value in it.values}.values())


def _refuse_too_many(count: int) -> None:
    if count > MOST_RUNS:
        raise SweepError(
            f"that would be {count:,} runs, more than the {MOST_RUNS:,} that are added at once"
        )
