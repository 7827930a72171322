"""A formula of Google's as the calculator is given it, and what it looks at.

Decided here: open ranges end at the grid's edge, named ranges are written out, functions that
Google calls otherwise get the calculator's name, Google's optional arguments their defaults, and a
formula has one result: `@` keeps arrays from spilling into the cells around. What isn't a formula
at all gets its error here, so the calculator never sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..model.structure import Json, Sheet
from . import grammar
from .grammar import Token
from .references import Reference, read

VOLATILE = frozenset({"NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY"})
ANYWHERE = frozenset({"INDIRECT", "OFFSET", "CELL"})  # what they look at isn't in their text

_RENAMED = {"REGEXMATCH": "REGEXTEST", "JOIN": "TEXTJOIN"}
_WITHOUT = frozenset({"ARRAYFORMULA", "TO_DATE", "TO_PERCENT", "TO_DOLLARS", "TO_PURE_NUMBER"})
_SECOND = {"JOIN": "FALSE"}  # arguments that go after the first
_DEFAULTS = {
    "IFERROR": '""',
    "IFNA": '""',
    "ROUND": "0",
    "ROUNDUP": "0",
    "ROUNDDOWN": "0",
    "CEILING": "1",
    "FLOOR": "1",
}
_NO_NAMES = frozenset("[]:*?/\\")


class Box(NamedTuple):
    """A rectangle of cells of the sheet at a position; half-open, 0-based, on the grid."""

    sheet: int
    start_row: int
    end_row: int
    start_column: int
    end_column: int


@dataclass(slots=True)
class Translated:
    """A formula for the calculator."""

    text: str
    boxes: list[Box] = field(default_factory=list)
    repeats: tuple[int, int, int] | None = None  # of =A1: sheet, row, column, 1-based
    volatile: bool = False
    anywhere: bool = False
    sized: bool = False  # reads otherwise when the grid is of another size
    fault: tuple[str, str] | None = None  # error and message, if it isn't worth computing


class Layout:
    """The sheets and named ranges that references may name."""

    def __init__(self, sheets: Sequence[Sheet], named: Sequence[Json]) -> None:
        self.sizes = [(sheet.rows.count, sheet.columns.count) for sheet in sheets]
        self.names = calculator_names([(sheet.sheet_id, sheet.title) for sheet in sheets])
        self._by_title = {sheet.title.casefold(): at for at, sheet in enumerate(sheets)}
        ids = {sheet.sheet_id: at for at, sheet in enumerate(sheets)}
        self._named = {
            body["name"].casefold(): self.box(at, body["range"])
            for body in named
            if (at := ids.get(body["range"].get("sheetId", 0))) is not None
        }

    def sheet(self, title: str) -> int | None:
        """The position of the sheet with a title."""
        return self._by_title.get(title.casefold())

    def named(self, name: str) -> Box | None:
        """The named range with a name."""
        return self._named.get(name.casefold())

    def box(self, at: int, found: Json) -> Box | None:
        """The part of a GridRange that is on the grid; None if it begins off it."""
        rows, columns = self.sizes[at]
        top, left = found.get("startRowIndex", 0), found.get("startColumnIndex", 0)
        bottom = min(found.get("endRowIndex", rows), rows)
        right = min(found.get("endColumnIndex", columns), columns)
        return Box(at, top, bottom, left, right) if top < bottom and left < right else None

    def written(self, box: Box, own: int) -> str:
        """A box as the calculator reads it in a formula on the sheet at `own`."""
        from ..a1 import column_letters

        first = f"{column_letters(box.start_column)}{box.start_row + 1}"
        last = f"{column_letters(box.end_column - 1)}{box.end_row}"
        prefix = "" if box.sheet == own else "'" + self.names[box.sheet].replace("'", "''") + "'!"
        return f"{prefix}{first}" if first == last else f"{prefix}{first}:{last}"


def calculator_names(sheets: Sequence[tuple[int, str]]) -> list[str]:
    """What the calculator calls sheets: their titles, where Excel allows such a name."""
    names: list[str] = []
    taken = {title.casefold() for _, title in sheets}
    for sheet_id, title in sheets:
        fits = 0 < len(title) <= 31 and not _NO_NAMES & set(title) and title.isprintable()
        if not fits or title.startswith("'") or title.endswith("'"):
            title = f"sheet {sheet_id}"
            while title.casefold() in taken:
                title += "_"
            taken.add(title.casefold())
        names.append(title)
    return names


def translate(formula: str, own: int, layout: Layout) -> Translated:
    """A stored formula on the sheet at position `own`, for the calculator."""
    pieces = grammar.tokens(formula)
    problem = grammar.fault(pieces)
    if problem is not None:
        return Translated("=#ERROR!", fault=("#ERROR!", problem))
    return _Translation(own, layout).of(pieces)


class _Translation:
    def __init__(self, own: int, layout: Layout) -> None:
        self._own = own
        self._layout = layout
        self._out: list[str] = []
        self._calls: list[tuple[str, int]] = []  # open brackets: function, separators so far
        self._found = Translated("")

    def of(self, pieces: Sequence[Token]) -> Translated:
        for piece in pieces:
            self._out.append(self._piece(piece))
        found = self._found
        found.text = f"=@({''.join(self._out)})"
        bare = [piece for piece in pieces if piece.kind != grammar.SPACE]
        if len(bare) == 1 and bare[0].kind == grammar.REFERENCE and len(found.boxes) == 1:
            box = found.boxes[0]
            if box.end_row - box.start_row == box.end_column - box.start_column == 1:
                found.repeats = (box.sheet, box.start_row + 1, box.start_column + 1)
        return found

    def _piece(self, piece: Token) -> str:
        kind, text = piece.kind, piece.text
        if kind == grammar.REFERENCE:
            found = read(text)
            return text if found is None else self._reference(found)
        if kind == grammar.NAME:
            box = self._layout.named(text)
            self._found.sized |= box is not None
            return text if box is None else self._look(box)
        if kind == grammar.FUNCTION:
            return self._function(text)
        if kind == grammar.OPEN:
            self._calls.append(("", 0))
        elif kind == grammar.CLOSE:
            name, separators = self._calls.pop()
            if name in _DEFAULTS and not separators:
                return f",{_DEFAULTS[name]})"
        elif kind == grammar.SEPARATOR:
            name, separators = self._calls.pop()
            self._calls.append((name, separators + 1))
            if name in _SECOND and not separators:
                return f",{_SECOND[name]},"
        return text

    def _function(self, text: str) -> str:
        name = text[:-1].upper()
        self._calls.append((name, 0))
        self._found.volatile |= name in VOLATILE
        self._found.anywhere |= name in ANYWHERE
        if name in _WITHOUT:
            return "("
        return f"{_RENAMED[name]}(" if name in _RENAMED else text

    def _reference(self, found: Reference) -> str:
        at = self._own if found.title is None else self._layout.sheet(found.title)
        place = found.grid_range()
        box = None if at is None else self._layout.box(at, place)
        ends = place.get("endRowIndex"), place.get("endColumnIndex")
        self._found.sized |= box is None or ends != (box.end_row, box.end_column)
        return "#REF!" if box is None else self._look(box)

    def _look(self, box: Box) -> str:
        self._found.boxes.append(box)
        return self._layout.written(box, self._own)
