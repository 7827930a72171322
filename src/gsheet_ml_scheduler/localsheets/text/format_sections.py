"""The grammar of a number format pattern: sections, literals, conditions, brackets.

Decided here: what in a pattern is text to show and what is an instruction. Decided elsewhere: how
numbers (`number_pattern`) and dates (`date_pattern`) follow the instructions, and which section
holds for a value (`number_format`).

Google documents (Sheets API, "Date and number formats"): up to four sections separated by `;`,
literals after a backslash or in quotes, `_x` a blank as wide as x, `*x` a filler, and in brackets
a condition, a colour, an elapsed time, or a currency with its locale (`[$€-407]`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_PIECE = re.compile(
    r'"(?P<quoted>[^"]*)"?'
    r"|\\(?P<escaped>.)"
    r"|(?P<blank>_.)"
    r"|(?P<filler>\*.)"
    r"|\[(?P<bracket>[^\]]*)\]"
    r"|(?P<general>[Gg]eneral)"
    r"|(?P<code>.)",
    re.DOTALL,
)

LITERAL, CODE, ELAPSED, GENERAL = "literal", "code", "elapsed", "general"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a section: a `literal` to show, one `code` character, `elapsed`, `general`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One section's tokens, and the condition that it states, as operator and number."""

    tokens: tuple[Token, ...]
    condition: tuple[str, float] | None = None

    def codes(self) -> str:
        """The instructions alone, in order."""
        return "".join(token.text for token in self.tokens if token.kind == CODE)

    def is_text(self) -> bool:
        return "@" in self.codes()

    def is_date(self) -> bool:
        """Whether it has a date's or time's letter; `E+00` and `General` have none."""
        return any(
            token.kind == ELAPSED or (token.kind == CODE and token.text in "yYmMdDhHsS")
            for token in self.tokens
        )


def split(pattern: str) -> tuple[Section, ...]:
    """The sections of a pattern; at least one. Every text is a pattern, so nothing is refused."""
    sections: list[Section] = []
    tokens: list[Token] = []
    condition: tuple[str, float] | None = None
    for piece in _PIECE.finditer(pattern):
        kind, text = piece.lastgroup, piece[piece.lastgroup or 0]
        if kind == "code" and text == ";":
            sections.append(Section(tuple(tokens), condition))
            tokens, condition = [], None
        elif kind == "code":
            tokens.append(Token(CODE, text))
        elif kind == "bracket":
            found = _CONDITION.fullmatch(text)
            if found:
                condition = (found[1], float(found[2]))
            else:
                tokens.extend(_bracket(text))
        elif kind == "general":
            tokens.append(Token(GENERAL, text))
        elif kind == "blank":
            tokens.append(Token(LITERAL, " "))
        elif kind != "filler":
            tokens.append(Token(LITERAL, text))
    sections.append(Section(tuple(tokens), condition))
    return tuple(sections)


def _bracket(text: str) -> list[Token]:
    """An elapsed time or a currency; a colour shows nothing in a text."""
    if _ELAPSED.fullmatch(text):
        return [Token(ELAPSED, text.lower())]
    if text.startswith("$"):
        return [Token(LITERAL, text[1:].partition("-")[0])]
    return []


def holds(condition: tuple[str, float], value: float) -> bool:
    """Whether a section's condition is true of a value."""
    operator, number = condition
    return {
        "<": value < number,
        "<=": value <= number,
        ">": value > number,
        ">=": value >= number,
        "=": value == number,
        "<>": value != number,
    }[operator]
