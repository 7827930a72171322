"""Number patterns: digits, thousands, percent, exponents and fractions to text.

Decided here: how a magnitude follows the digit marks of one section. Decided elsewhere: which
section holds and where the minus sign goes (`number_format`).

Google documents the marks (Sheets API, "Number format tokens"): `0` always a digit, `#` only a
significant one, `?` a blank instead, `,` between digits for thousands and after them for division
by 1000, `%` for times 100, `E+`/`E-` for an exponent, `/` for a fraction. Halves are rounded away
from zero, on the 15 digits that a cell's number has.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from .format_sections import CODE, GENERAL, Section
from .locales import Conventions

_EXACT = Context(prec=700, rounding=ROUND_HALF_UP)
_MARKS = "0#?"


@dataclass(slots=True)
class NumberPattern:
    """A compiled section.

    `parts` are `(kind, text)`: `literal`, `general`, `percent`, and the marks, one each: `whole`,
    `point`, `decimal`, `exponent` (all of it), `fraction` (all of it).
    """

    parts: list[tuple[str, str]]
    whole: str = ""
    decimals: str = ""
    exponent: str = ""
    plus: bool = False
    numerator: str = ""
    denominator: str = ""
    percents: int = 0
    thousands: int = 0
    grouped: bool = False

    def count(self, kind: str) -> int:
        return sum(1 for part in self.parts if part[0] == kind)


def compile_section(section: Section) -> NumberPattern:
    """Compile a section without a date's letters."""
    pattern = NumberPattern([])
    reader = _Reader(pattern, section)
    while reader.at < len(section.tokens):
        reader.read()
    pattern.thousands = reader.commas
    return pattern


class _Reader:
    """Reads one section's tokens into a pattern; `commas` are those after the last digit mark."""

    def __init__(self, pattern: NumberPattern, section: Section) -> None:
        self.pattern = pattern
        self.tokens = section.tokens
        self.at = 0
        self.commas = 0
        self.pointed = False

    def read(self) -> None:
        token = self.tokens[self.at]
        self.at += 1
        if token.kind != CODE:
            kind = "general" if token.kind == GENERAL else "literal"
            self.pattern.parts.append((kind, token.text))
        elif token.text in _MARKS:
            self._mark(token.text)
        elif token.text == "." and not self.pointed:
            self.pointed = True
            self.pattern.parts.append(("point", "."))
        elif token.text == "," and (self.pattern.whole or self.pointed):
            self.commas += 1
        elif token.text == "%":
            self.pattern.percents += 1
            self.pattern.parts.append(("percent", "%"))
        elif token.text in "eE" and self._code(self.at) in "+-":
            self._exponent(token.text)
        elif token.text == "/" and self._numerator():
            self._denominator()
        else:
            self.pattern.parts.append(("literal", token.text))

    def _code(self, place: int) -> str:
        """The code at a place; a blank if something else stands there."""
        if place < len(self.tokens) and self.tokens[place].kind == CODE:
            return self.tokens[place].text
        return " "

    def _mark(self, mark: str) -> None:
        if self.pointed:
            self.pattern.decimals += mark
            self.pattern.parts.append(("decimal", mark))
            return
        if self.commas:
            self.pattern.grouped, self.commas = True, 0
        self.pattern.whole += mark
        self.pattern.parts.append(("whole", mark))

    def _run(self, allowed: str) -> str:
        run = ""
        while self._code(self.at) in allowed:
            run += self._code(self.at)
            self.at += 1
        return run

    def _exponent(self, letter: str) -> None:
        self.pattern.plus = self._code(self.at) == "+"
        self.at += 1
        self.pattern.exponent = self._run(_MARKS) or "0"
        self.pattern.parts.append(("exponent", letter))

    def _numerator(self) -> bool:
        """Take the marks just before the `/` for the numerator."""
        parts = self.pattern.parts
        while parts and parts[-1][0] == "whole":
            self.pattern.numerator = parts.pop()[1] + self.pattern.numerator
        taken = len(self.pattern.numerator)
        self.pattern.whole = self.pattern.whole[: len(self.pattern.whole) - taken]
        return taken > 0

    def _denominator(self) -> None:
        self.pattern.denominator = self._run(_MARKS + "123456789") or "?"
        self.pattern.parts.append(("fraction", "/"))


def render(pattern: NumberPattern, magnitude: float, settings: Conventions, general: str) -> str:
    """Show a magnitude, which isn't negative; `general` is how it looks without a pattern."""
    number = _decimal(magnitude).scaleb(2 * pattern.percents - 3 * pattern.thousands)
    exponent = fraction = ""
    if pattern.denominator:
        number, fraction = _fraction(pattern, number)
    elif pattern.exponent:
        number, exponent = _scientific(pattern, number)
    places = Decimal(1).scaleb(-len(pattern.decimals))
    digits, _, decimals = format(_EXACT.quantize(number, places), "f").partition(".")
    digits = digits.lstrip("0") or ("0" if pattern.denominator and not fraction.strip() else "")
    whole = _whole(pattern, digits, settings.group)
    shown = {
        "whole": iter(whole),
        "decimal": iter(_decimals(pattern.decimals, decimals)),
        "exponent": iter([exponent]),
        "fraction": iter([fraction]),
        "general": iter([general] * pattern.count("general")),
    }
    out = []
    for kind, text in pattern.parts:
        if kind == "point":
            out.append((digits if not pattern.whole else "") + settings.decimal)
        elif kind == "exponent":
            out.append(text + exponent)
        else:
            out.append(next(shown[kind]) if kind in shown else text)
    return "".join(out)


def _decimal(magnitude: float) -> Decimal:
    return Decimal(magnitude) if isinstance(magnitude, int) else Decimal(f"{magnitude:.15g}")


def _whole(pattern: NumberPattern, digits: str, group: str) -> list[str]:
    """What each mark before the point shows; the first takes all digits that are too many."""
    shown = []
    marks = len(pattern.whole)
    for order, mark in enumerate(pattern.whole):
        place = marks - 1 - order
        if order == 0 and len(digits) > marks:
            own = digits[: len(digits) - place]
            first = len(digits) - 1
            text = "".join(
                digit + _separator(pattern, first - at, group) for at, digit in enumerate(own)
            )
        elif place < len(digits):
            text = digits[len(digits) - 1 - place] + _separator(pattern, place, group)
        else:
            text = {"0": "0", "#": "", "?": " "}[mark]
            text += _separator(pattern, place, group) if text == "0" else ""
        shown.append(text)
    return shown


def _separator(pattern: NumberPattern, place: int, group: str) -> str:
    return group if pattern.grouped and place and place % 3 == 0 else ""


def _decimals(marks: str, digits: str) -> list[str]:
    shown = list(digits)
    for place in reversed(range(len(marks))):
        if marks[place] == "0" or shown[place] != "0":
            break
        shown[place] = " " if marks[place] == "?" else ""
    return shown


def _scientific(pattern: NumberPattern, number: Decimal) -> tuple[Decimal, str]:
    """The mantissa and the exponent's text, which goes in steps of the marks before the point."""
    step = max(1, len(pattern.whole))
    power = 0
    if number:
        power = (number.adjusted() if pattern.whole else number.adjusted() + 1) // step * step
        rounded = _EXACT.quantize(number.scaleb(-power), Decimal(1).scaleb(-len(pattern.decimals)))
        if rounded.adjusted() >= (step if pattern.whole else 0):
            power += step
    sign = "-" if power < 0 else "+" if pattern.plus else ""
    return number.scaleb(-power), sign + str(abs(power)).zfill(len(pattern.exponent))


def _fraction(pattern: NumberPattern, number: Decimal) -> tuple[Decimal, str]:
    """What is left for the marks of the whole, and the fraction's text."""
    marks = pattern.denominator
    whole = int(number) if pattern.whole else 0
    rest = Fraction(number) - whole
    if marks.isdigit() and marks.strip("0"):
        numerator, denominator = int(rest * int(marks) + Fraction(1, 2)), int(marks)
    else:
        best = rest.limit_denominator(10 ** len(marks) - 1)
        numerator, denominator = best.numerator, best.denominator
    if pattern.whole and numerator == denominator:
        whole, numerator = whole + 1, 0
    if pattern.whole and not numerator:
        return Decimal(whole), " " * (len(pattern.numerator) + 1 + len(marks))
    over = _padded(str(numerator), pattern.numerator, left=True)
    under = _padded(str(denominator), marks, left=False)
    return Decimal(whole), f"{over}/{under}"


def _padded(digits: str, marks: str, *, left: bool) -> str:
    if "?" in marks:
        return digits.rjust(len(marks)) if left else digits.ljust(len(marks))
    return digits.zfill(marks.count("0")) if left else digits
