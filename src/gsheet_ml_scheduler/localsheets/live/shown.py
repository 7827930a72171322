"""A cell as a page gets it: value, shown text, what an editor begins with, style, what hangs on it.

Decided here: which of these a page can't know by itself and therefore is sent. A page shows a value
as JavaScript's `String(v)` writes it, so a text is only sent where it differs: most cells of a
sheet have none. The keys of a cell are explained in docs/reference/live-grid-protocol.md. Decided
elsewhere: how a number is shown (`text/number_format.py`), what typed text means
(`text/user_entered.py`).
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date
from functools import lru_cache
from typing import TypeAlias

from ..book import Book
from ..formulas import cells as formula_cells
from ..model.record import Cell, Row, Scalar, effective
from ..model.structure import Json
from ..text import number_format, user_entered
from ..text.locales import conventions
from .conditional import Conditional

_DAY = date(2000, 1, 1)  # typed without a year or not: only whether it is a date is asked
_MOMENTS = ("DATE", "TIME", "DATE_TIME")
_ISO = {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm:ss"}


Constant: TypeAlias = "Scalar | None"
"""A cell that is no formula."""


class Showing:
    """How the cells of one snapshot are shown."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._locale: str = book.structure.properties.get("locale", "en_US")
        self._settings = conventions(self._locale)
        self._decimal_comma = formula_cells.decimal_comma(book)
        self._shapes: dict[int | None, Json | None] = {None: None}
        self.conditional = Conditional(book)

    def cell(self, row: Row, column: int) -> Json | None:
        """The cell in a column; None where nothing is."""
        cell, style = row.cell(column), row.style(column)
        found = self.content(cell, style) or {}
        if style is not None:
            found["s"] = style
        extra = row.extra(column) if row.extras else None
        if extra:
            found["x"] = extra
        look = self._conditional_style(row, column, found)
        if look is not None:
            found["c"] = look
        return found or None

    def _conditional_style(self, row: Row, column: int, shown: Json) -> int | None:
        sheet = self._book.structure.sheet(row.sheet_id)
        at = None if sheet is None else sheet.columns.index_of(column)
        if sheet is None or at is None:
            return None
        rules = self.conditional.rules_on(sheet, at)
        place = sheet.rows.index_of(row.row_id) if rules else None
        if place is None:
            return None
        text = shown.get("t", as_text(shown.get("v")))
        return self.conditional.style(rules, (place, at), row.cell(column), text, row.style(column))

    def content(self, cell: Cell, style: int | None) -> Json | None:
        """What stands in a cell with a style; None for a blank one."""
        if cell is None:
            return None
        found: Json = {}
        shape = self.shape(style)
        if isinstance(cell, dict):
            found["f"] = formula_cells.written(cell, decimal_comma=self._decimal_comma)
            if "e" in cell:
                found["e"] = cell.get("m", "")
            shape = shape or cell.get("n")
        value = effective(cell)
        if value is None:
            return found
        found["v"] = value
        text = self.text(value, shape)
        if text is not None:
            found["t"] = text
        begun = None if "f" in found else self.begun(value, shape, text)
        if begun is not None:
            found["i"] = begun
        return found

    def shape(self, style: int | None) -> Json | None:
        """The number format of a style."""
        if style not in self._shapes:
            self._shapes[style] = self._book.style(style).get("numberFormat")
        return self._shapes[style]

    def text(self, value: Scalar, shape: Json | None) -> str | None:
        """What is shown of a value, None where it is the value as JavaScript writes it."""
        if isinstance(value, bool):
            return None
        if isinstance(value, str):
            shown = number_format.display(value, shape, self._locale) if shape else value
            return None if shown == value else shown
        if shape is None:
            if type(value) is int and -(10**15) < value < 10**15:
                return None
            shown = number_format.automatic(value, self._settings)
        else:
            shown = number_format.display(value, shape, self._locale)
        return None if shown == plain(value) else shown

    def texts(self, cells: Sequence[Constant]) -> list[str | None]:
        """`text` of constants without a number format; most of a queue's are such numbers."""
        distinct = set(cells)
        if 2 * len(distinct) < len(cells):
            known = {cell: self._plain_text(cell) for cell in distinct}
            return [None if isinstance(cell, bool) else known[cell] for cell in cells]
        if self._settings.decimal != ".":
            return [self._plain_text(cell) for cell in cells]
        # What `automatic` does, said again: a call for each of a million numbers takes a second.
        return [
            (None if float(text := f"{cell:.10g}") == cell else text)
            if type(cell) is float and (1e-4 <= cell < 1e9 or -1e9 < cell <= -1e-4)
            else self._plain_text(cell)
            for cell in cells
        ]

    def _plain_text(self, cell: Cell) -> str | None:
        if type(cell) is float or type(cell) is int:
            return self.text(cell, None)
        return None

    def begun_otherwise(
        self, cells: Sequence[Constant], kinds: Container[type]
    ) -> list[str | None]:
        """`begun` of cells without a number format; empty if it tells nothing of any.

        Args:
            cells: a column's.
            kinds: the types of the cells.
        """
        wanted = {str, float} if self._settings.decimal != "." else {str}
        if not any(kind in kinds for kind in wanted):
            return []
        odd: dict[Constant, str] = {}
        for cell in {one for one in cells if type(one) in wanted}:
            begun = self.begun(cell, None, None) if isinstance(cell, (str, float)) else None
            if begun is not None:
                odd[cell] = begun
        return [odd.get(one) if type(one) in wanted else None for one in cells] if odd else []

    def begun(self, value: Scalar, shape: Json | None, text: str | None) -> str | None:
        """What an editor begins with, None where it is the value as JavaScript writes it.

        Typed in again, it gives the same cell.
        """
        if isinstance(value, bool):
            return None
        kind = shape.get("type") if shape else None
        if isinstance(value, str):
            is_safe = kind == "TEXT" or not reads_otherwise(value, self._locale)
            return None if is_safe else f"'{value}"
        if kind in _MOMENTS or kind == "PERCENT":
            formatted = self._formatted_begun(value, text, is_moment=kind in _MOMENTS)
            if formatted is not None:
                return formatted
        if self._settings.decimal != "." and isinstance(value, float):
            return plain(value).replace(".", self._settings.decimal)
        return None

    def _formatted_begun(self, value: float, text: str | None, *, is_moment: bool) -> str | None:
        tried = [text] if text is not None else []
        if is_moment:
            tried.append(number_format.display(value, _ISO, self._locale))
        for one in tried:
            if user_entered.parse(one, self._locale, _DAY).value == value:
                return one
        return None


@lru_cache(maxsize=4096)
def reads_otherwise(text: str, locale: str) -> bool:
    """Whether a text, typed into a cell, would become something else."""
    return user_entered.parse(text, locale, _DAY).value != text or text.startswith("=")


def as_text(value: Scalar | None) -> str:
    """What a page shows of a value that comes without a text."""
    if value is None or isinstance(value, str):
        return value or ""
    return str(value).upper() if isinstance(value, bool) else plain(value)


def plain(value: int | float) -> str:
    """A number as JavaScript writes it; where the two languages differ, as Python does."""
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text
