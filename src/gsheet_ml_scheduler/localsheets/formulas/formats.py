"""The number format that a formula's result brings along: `=TODAY()` is shown as a date.

Google documents that a result is shown with the format that the formula implies. Which one that is
isn't documented in full; observed by users: date and time functions are dates, a sum with a date is
a date, the difference of two isn't; a percent sign makes a percentage; what repeats or adds to a
formatted cell looks like that cell. All else is automatic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..model.structure import Json, Sheet
from . import grammar
from .grammar import Token
from .references import read

if TYPE_CHECKING:
    from ..book import Book

_FUNCTIONS = {
    "TODAY": "DATE",
    "DATE": "DATE",
    "DATEVALUE": "DATE",
    "EDATE": "DATE",
    "EOMONTH": "DATE",
    "WORKDAY": "DATE",
    "TO_DATE": "DATE",
    "NOW": "DATE_TIME",
    "TIME": "TIME",
    "TIMEVALUE": "TIME",
    "TO_PERCENT": "PERCENT",
    "TO_DOLLARS": "CURRENCY",
}
_LIKE_ARGUMENTS = frozenset({"SUM", "MIN", "MAX", "AVERAGE", "MEDIAN", "ABS", "ROUND"})
_DATES = ("DATE", "DATE_TIME", "TIME")


def brought(book: Book, sheet: Sheet, formula: str) -> Json | None:
    """The NumberFormat that the result of a formula on a sheet is shown with; None is automatic."""
    pieces = [piece for piece in grammar.tokens(formula) if piece.kind != grammar.SPACE]
    terms = list(_terms(pieces))
    if not terms:
        return None
    shapes = [_of_term(book, sheet, term) for _, term in terms]
    found = next((shape for shape in shapes if shape), None)
    dates = sum(1 for shape in shapes if shape and shape.get("type") in _DATES)
    if dates > 1 and any(sign == "-" for sign, _ in terms):
        return None
    return found


def _terms(pieces: Sequence[Token]) -> Iterator[tuple[str, list[Token]]]:
    """The operands of a sum, with the sign before each; nothing if it is no mere sum."""
    depth, sign = 0, "+"
    term: list[Token] = []
    found: list[tuple[str, list[Token]]] = []
    for piece in pieces:
        if piece.kind in (grammar.FUNCTION, grammar.OPEN):
            depth += 1
        elif piece.kind == grammar.CLOSE:
            depth -= 1
        elif piece.kind == grammar.OPERATOR and not depth and piece.text != "%":
            if piece.text not in "+-":
                return
            if term:
                found.append((sign, term))
            sign, term = piece.text, []
            continue
        term.append(piece)
    if term:
        yield from (*found, (sign, term))


def _of_term(book: Book, sheet: Sheet, term: list[Token]) -> Json | None:
    first = term[0]
    if term[-1].text == "%" and len(term) == 2 and first.kind == grammar.NUMBER:
        return {"type": "PERCENT", "pattern": "0.00%" if "." in first.text else "0%"}
    if first.kind == grammar.REFERENCE and len(term) == 1:
        return _of_cell(book, sheet, first.text)
    if first.kind == grammar.FUNCTION and term[-1].kind == grammar.CLOSE:
        name = first.text[:-1].upper()
        if name in _LIKE_ARGUMENTS and len(term) > 2 and term[1].kind == grammar.REFERENCE:
            return _of_cell(book, sheet, term[1].text)
        if name in _FUNCTIONS:
            return {"type": _FUNCTIONS[name]}
    return None


def _of_cell(book: Book, sheet: Sheet, text: str) -> Json | None:
    """The format of the first cell that a reference points at."""
    from ..values import number_shape

    found = read(text)
    if found is None:
        return None
    at = sheet if found.title is None else book.structure.titled(found.title)
    place = found.grid_range()
    row, column = place.get("startRowIndex", 0), place.get("startColumnIndex", 0)
    if at is None or row >= at.rows.count or column >= at.columns.count:
        return None
    return number_shape(book, book.rows(at, row, row + 1)[0], at.columns.id_at(column))
