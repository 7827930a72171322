"""The functions of the sweep grammar: `range`, `choice`, `interval`, `tag`, `sort` and the casts.

Decided here: what a written value is worth in a cell, and what each function makes of its
arguments. Ranges are counted in decimal numbers, so that `range(0,1,0.1)` has a 0.7 in it.
Elsewhere: how the text is taken apart (`grammar`).
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from gsheet_ml_scheduler.errors import SweepError
from gsheet_ml_scheduler.runsheet.values import Scalar, from_text
from gsheet_ml_scheduler.sweep.space import Choices, Interval, Values

MOST_VALUES = 100_000
"""A range that is longer is a slip of the keyboard."""

_NUMBER = re.compile(
    r"[+-]?(?:(?:0|[1-9](?:_?[0-9])*)(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)"
    r"(?:[eE][+-]?[0-9]+)?\Z"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A value as it was written."""

    text: str
    quoted: bool = False

    @property
    def value(self) -> Scalar:
        """What a cell gets: a number or bool where it looks like one, and isn't quoted."""
        if self.quoted:
            return self.text
        if self.text.lower() in ("true", "false"):
            return self.text.lower() == "true"
        return from_text(self.text.replace("_", "").lstrip("+")) if self.is_number else self.text

    @property
    def is_number(self) -> bool:
        """Whether it is a number of Hydra's; 007 and 20-digit ids aren't, and stay text."""
        if self.quoted or _NUMBER.match(self.text) is None:
            return False
        return not isinstance(from_text(self.text.replace("_", "").lstrip("+")), str)


Argument = Word | Values
Arguments = list[tuple[str, Argument]]  # each with its name, "" if it has none


def choices(found: list[Argument]) -> Choices:
    values: list[Scalar] = []
    for it in found:
        if isinstance(it, Interval):
            raise SweepError("an interval stands alone; it can't be one of several values")
        values += it.values if isinstance(it, Choices) else [it.value]
    return Choices(tuple(values))


def _choice(arguments: Arguments) -> Values:
    return choices(_unnamed(arguments))


def _range(arguments: Arguments) -> Values:
    names = ("start", "stop", "step")
    only_stop = len(arguments) == 1 and not arguments[0][0]
    numbers = _numbers(arguments, ("stop",) if only_stop else names)
    if "stop" not in numbers:
        raise SweepError("where it stops is missing; it is range(start,stop,step) or range(stop)")
    start = numbers.get("start", Decimal(0))
    stop, step = numbers["stop"], numbers.get("step", Decimal(1))
    if not step:
        raise SweepError("a step of 0 never gets to the end")
    steps = (stop - start) / step
    if steps <= 0:
        raise SweepError(f"there is nothing from {start} up to {stop} in steps of {step}")
    if steps > MOST_VALUES:
        raise SweepError(f"that is more than {MOST_VALUES:,} values")
    values = [start + number * step for number in range(math.ceil(steps))]
    whole = all(it == it.to_integral_value() for it in (start, step))
    return Choices(tuple(int(it) if whole else float(it) for it in values))


def _interval(arguments: Arguments) -> Values:
    numbers = _numbers(arguments, ("start", "end"))
    if len(numbers) < 2:
        raise SweepError("it has two bounds: interval(1e-5,1e-2)")
    return Interval(float(numbers["start"]), float(numbers["end"]))


def _tag(arguments: Arguments) -> Values:
    *tags, (_, last) = arguments or [("", Word(""))]
    names = [it.text for _, it in tags if isinstance(it, Word)]
    if isinstance(last, Word) or len(names) < len(tags):
        raise SweepError("the last argument is what is tagged: tag(log, interval(1e-5,1e-2))")
    if not isinstance(last, Interval):
        return last
    return replace(last, log=last.log or "log" in names, whole=last.whole or "int" in names)


def _sort(arguments: Arguments) -> Values:
    backwards = [it for name, it in arguments if name == "reverse"]
    values = choices([it for name, it in arguments if name != "reverse"]).values
    reverse = bool(backwards) and isinstance(backwards[0], Word) and backwards[0].value is True
    kinds = {isinstance(value, str) for value in values}
    if len(kinds) > 1:
        raise SweepError("numbers and texts can't be sorted together")
    return Choices(tuple(sorted(values, reverse=reverse)))


def _cast(kind: Callable[[Scalar], Scalar]) -> Callable[[Arguments], Values]:
    def cast(arguments: Arguments) -> Values:
        found = _unnamed(arguments)
        if len(found) == 1 and isinstance(found[0], Interval):
            if kind not in (_to_int, _to_float):
                raise SweepError("the numbers of an interval stay numbers")
            return replace(found[0], whole=kind is _to_int)
        return Choices(tuple(map(kind, choices(found).values)))

    return cast


def _to_int(value: Scalar) -> Scalar:
    try:
        return int(value)
    except ValueError as error:
        raise SweepError(f"{value!r} is no whole number") from error


def _to_float(value: Scalar) -> Scalar:
    try:
        return float(value)
    except ValueError as error:
        raise SweepError(f"{value!r} is no number") from error


def _to_bool(value: Scalar) -> Scalar:
    if isinstance(value, str):
        raise SweepError(f"{value!r} is neither true nor false")
    return bool(value)


def _to_text(value: Scalar) -> Scalar:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unnamed(arguments: Arguments) -> list[Argument]:
    for name, _ in arguments:
        if name:
            raise SweepError(f"it has no argument {name}")
    return [it for _, it in arguments]


def _numbers(arguments: Arguments, names: tuple[str, ...]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for at, (name, it) in enumerate(arguments):
        if at >= len(names):
            raise SweepError(f"it has no more than {len(names)} arguments")
        name = name or names[at]
        if name not in names or name in found:
            raise SweepError(f"it has no argument {name}, or has it twice")
        if not isinstance(it, Word) or not it.is_number:
            shown = it.text if isinstance(it, Word) else "a function"
            raise SweepError(f"{shown} is no number")
        found[name] = Decimal(it.text.replace("_", ""))
    return found


FUNCTIONS: dict[str, Callable[[Arguments], Values]] = {
    "choice": _choice,
    "range": _range,
    "interval": _interval,
    "tag": _tag,
    "sort": _sort,
    "int": _cast(_to_int),
    "float": _cast(_to_float),
    "bool": _cast(_to_bool),
    "str": _cast(_to_text),
}
