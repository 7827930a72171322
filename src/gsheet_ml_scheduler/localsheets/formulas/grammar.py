"""The text of a formula: its tokens, whether they make a formula, and how a locale writes it.

Decided here: the grammar that is accepted, and that a formula is stored as an en_US spreadsheet
writes it and shown as its own locale does, so that a changed locale changes no formula. Decided
elsewhere: what references do (`references`), what a formula comes to (`recalculation`).

Google takes `;` between arguments in every locale and shows `,` where the decimal sign is a point
(observed). In a locale with a decimal comma `;` separates arguments and rows, `\\` columns in
braces, and a comma between two digits is the decimal sign; a comma anywhere else is read as a
separator, so that formulas written for en_US mostly mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

MAX_NESTING = 1000  # brackets inside each other; the parser behind us recurses

STRING = "string"
REFERENCE = "reference"
NUMBER = "number"
ERROR = "error"
FUNCTION = "function"  # a name with the bracket that opens its arguments
NAME = "name"
OPERATOR = "operator"
OPEN = "open"
CLOSE = "close"
SEPARATOR = "separator"
SPACE = "space"
UNKNOWN = "unknown"

_CELL = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,8}"
_CORNER = rf"(?:{_CELL}|\$?[A-Za-z]{{1,3}}|\$?[0-9]{{1,8}})"
_SHEET = r"(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!"
_WORD = r"[^\W\d][\w.]*"


def _pattern(digits: str) -> re.Pattern[str]:
    return re.compile(
        rf"""
          (?P<space>\s+)
        | (?P<string>"(?:[^"]|"")*")
        | (?P<reference>(?:{_SHEET})?(?:{_CORNER}:{_CORNER}|{_CELL})(?![\w(!.:]))
        | (?P<reference2>(?:{_SHEET})?{_CELL}(?![\w(!.]))
        | (?P<error>\#(?:REF!|DIV/0!|N/A|NAME\?|VALUE!|NUM!|NULL!|ERROR!))
        | (?P<number>{digits}(?:[eE][+-]?[0-9]+)?)
        | (?P<function>{_WORD}\()
        | (?P<name>(?:{_SHEET})?{_WORD})
        | (?P<operator><=|>=|<>|[-+*/^&=<>%@:])
        | (?P<open>[({{])
        | (?P<close>[)}}])
        | (?P<separator>[,;\\])
        | (?P<unknown>.)
        """,
        re.VERBOSE | re.DOTALL,
    )


_POINT = _pattern(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_COMMA = _pattern(r"(?:[0-9]+(?:[.,][0-9]*(?<=[0-9]))?|[.,][0-9]+)")


class Token(NamedTuple):
    """A piece of a formula; the pieces' texts joined are the formula without its `=`."""

    kind: str
    text: str


def tokens(formula: str) -> list[Token]:
    """The pieces of a stored formula, without its `=`."""
    return _split(formula, _POINT)


def _split(formula: str, pattern: re.Pattern[str]) -> list[Token]:
    found = []
    for match in pattern.finditer(formula, 1):
        kind = str(match.lastgroup)
        found.append(Token(REFERENCE if kind == "reference2" else kind, match[0]))
        if kind == UNKNOWN:  # nothing behind it can be read for certain
            found.append(Token(UNKNOWN, formula[match.end() :]))
            break
    return found


def fault(pieces: Sequence[Token]) -> str | None:
    """What is wrong with a formula's grammar, as a sentence; None if nothing is.

    Google's parser is stricter than those that close brackets for the user: whatever isn't a
    formula ends in `#ERROR!`.
    """
    open_brackets: list[str] = []
    wants_operand, may_be_empty = True, False
    for piece in pieces:
        kind, text = piece.kind, piece.text
        if kind == SPACE:
            continue
        if kind == UNKNOWN:
            return f"Formula parse error: {text[:20]!r} can't be read."
        if wants_operand:
            if kind in (FUNCTION, OPEN):
                open_brackets.append("(" if kind == OPEN and text == "(" else text[:-1] or text)
                if len(open_brackets) > MAX_NESTING:
                    return f"Brackets are nested deeper than {MAX_NESTING}."
                may_be_empty = kind == FUNCTION
                continue
            if kind == OPERATOR and text in "+-@":
                may_be_empty = False
                continue
            if kind in (CLOSE, SEPARATOR) and may_be_empty:
                wants_operand = False
            elif kind in (STRING, REFERENCE, NUMBER, ERROR, NAME):
                wants_operand = False
                continue
            else:
                return f"Formula parse error: a value is missing before {text!r}."
        if kind == OPERATOR and text != "@":
            wants_operand, may_be_empty = text != "%", False
        elif kind == CLOSE:
            if not open_brackets or (open_brackets.pop() == "{") != (text == "}"):
                return f"Formula parse error: nothing is open that {text!r} could close."
        elif kind == SEPARATOR and open_brackets and open_brackets[-1] != "(":
            wants_operand, may_be_empty = True, open_brackets[-1] != "{"
        else:
            return f"Formula parse error: an operator is missing before {text[:20]!r}."
    if open_brackets:
        return "Formula parse error: a bracket isn't closed."
    return "Formula parse error: it ends where a value is expected." if wants_operand else None


def canonical(formula: str, *, decimal_comma: bool) -> str:
    """A formula as it is stored, from how somebody entered it in a locale."""
    if ";" not in formula and not decimal_comma:
        return formula
    out, braces = ["="], 0
    for piece in _split(formula, _COMMA if decimal_comma else _POINT):
        text = piece.text
        if piece.kind in (OPEN, CLOSE):
            braces += (text == "{") - (text == "}")
        elif piece.kind == SEPARATOR:
            text = ";" if braces and text == ";" else ","
        elif piece.kind == NUMBER:
            text = text.replace(",", ".")
        out.append(text)
    return "".join(out)


def localized(formula: str, *, decimal_comma: bool) -> str:
    """A stored formula as a reader in a locale sees it."""
    if not decimal_comma or ("," not in formula and "." not in formula):
        return formula
    out, braces = ["="], 0
    for piece in _split(formula, _POINT):
        text = piece.text
        if piece.kind in (OPEN, CLOSE):
            braces += (text == "{") - (text == "}")
        elif piece.kind == SEPARATOR:
            text = "\\" if braces and text == "," else ";"
        elif piece.kind == NUMBER:
            text = text.replace(".", ",")
        out.append(text)
    return "".join(out)
