"""References in formulas: what they point at, and how they follow rows, columns and sheets.

Decided here, as pure functions of the formula's text: what inserted, removed and moved lines, a
renamed or deleted sheet, a sorted row and a copied cell do to the references in a formula. What
moves where is said in the words of `ranges`, so that a formula's range, a named range and a merge
never differ in what a deleted row does to them. A reference that changes nothing keeps its text to
the letter; one whose cells are gone becomes `#REF!`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ..a1 import MAX_COLUMNS, column_index, column_letters, quote_title
from ..model.structure import Json
from . import grammar as text
from .grammar import tokens

GONE = "#REF!"

_PARTS = re.compile(r"(?:(\$?)([A-Za-z]{1,3}))?(?:(\$?)([0-9]{1,8}))?")


class Corner(NamedTuple):
    """One end of a reference, 0-based; a side is None where the reference is open (`A:A`)."""

    row: int | None
    column: int | None
    row_fixed: bool = False  # by a $
    column_fixed: bool = False

    def __str__(self) -> str:
        letters = "" if self.column is None else column_letters(self.column)
        digits = "" if self.row is None else str(self.row + 1)
        return f"{'$' * self.column_fixed}{letters}{'$' * self.row_fixed}{digits}"


class Reference(NamedTuple):
    """A cell or a range in a formula. `title` is None where the text names no sheet."""

    title: str | None
    prefix: str  # the title as it was written, with its !
    start: Corner
    stop: Corner | None

    def __str__(self) -> str:
        end = "" if self.stop is None else f":{self.stop}"
        return f"{self.prefix}{self.start}{end}"

    def grid_range(self) -> Json:
        """Where it points, as a GridRange without its sheet; open sides are left out."""
        stop = self.stop or self.start
        found: Json = {}
        for first, last, one, other in (
            ("startRowIndex", "endRowIndex", self.start.row, stop.row),
            ("startColumnIndex", "endColumnIndex", self.start.column, stop.column),
        ):
            ends = [end for end in (one, other) if end is not None]
            if ends:
                found[first] = min(ends)
            if len(ends) == 2:
                found[last] = max(ends) + 1
        return found

    def placed(self, grid_range: Json) -> Reference:
        """The same reference at another place."""
        ordered = self.upright()
        start = ordered.start._replace(
            row=_at(ordered.start.row, grid_range.get("startRowIndex")),
            column=_at(ordered.start.column, grid_range.get("startColumnIndex")),
        )
        if ordered.stop is None:
            return ordered._replace(start=start)
        rows, columns = grid_range.get("endRowIndex"), grid_range.get("endColumnIndex")
        stop = ordered.stop._replace(
            row=_at(ordered.stop.row, None if rows is None else rows - 1),
            column=_at(ordered.stop.column, None if columns is None else columns - 1),
        )
        return ordered._replace(start=start, stop=stop)

    def upright(self) -> Reference:
        """The same range with its upper left corner first, an open side last."""
        if self.stop is None:
            return self
        a, b = self.start, self.stop
        if a.row is None or (b.row is not None and b.row < a.row):
            a, b = (
                a._replace(row=b.row, row_fixed=b.row_fixed),
                b._replace(row=a.row, row_fixed=a.row_fixed),
            )
        if a.column is None or (b.column is not None and b.column < a.column):
            a, b = (
                a._replace(column=b.column, column_fixed=b.column_fixed),
                b._replace(column=a.column, column_fixed=a.column_fixed),
            )
        return self._replace(start=a, stop=b)


def _at(before: int | None, now: int | None) -> int | None:
    return before if now is None else now


def read(token: str) -> Reference | None:
    """The reference that a token is; None if it only looks like one (`A0`, `A:3`)."""
    bang = token.rfind("!") + 1
    prefix, rest = token[:bang], token[bang:]
    first, _, last = rest.partition(":")
    start, stop = _corner(first), _corner(last) if last else None
    if start is None or (last and stop is None):
        return None
    if stop is not None and _open_on_both(start, stop):
        return None
    return Reference(_title(prefix) if prefix else None, prefix, start, stop)


def _corner(written: str) -> Corner | None:
    match = _PARTS.fullmatch(written)
    if match is None:
        return None
    column_fixed, letters, row_fixed, digits = match.groups()
    if digits and int(digits) < 1:
        return None
    column = column_index(letters) if letters else None
    if column is not None and column >= MAX_COLUMNS:
        return None
    row = int(digits) - 1 if digits else None
    return Corner(row, column, bool(row_fixed), bool(column_fixed))


def _open_on_both(start: Corner, stop: Corner) -> bool:
    rows = start.row is None or stop.row is None
    return rows and (start.column is None or stop.column is None)


def _title(prefix: str) -> str:
    title = prefix[:-1]
    return title[1:-1].replace("''", "'") if title.startswith("'") else title


def same_title(one: str, other: str) -> bool:
    """Whether two titles name the same sheet; Google compares without regard to case."""
    return one == other or one.casefold() == other.casefold()


def _rewritten(formula: str, change: Callable[[Reference], Reference | None]) -> str:
    """The formula with every reference as `change` answers it; None is #REF!."""
    out, touched = ["="], False
    for token in tokens(formula):
        new = token.text
        if token.kind == text.REFERENCE:
            found = read(new)
            if found is not None:
                changed = change(found)
                if changed is not found:
                    new, touched = GONE if changed is None else str(changed), True
        out.append(new)
    return "".join(out) if touched else formula


def follow(formula: str, own: str, title: str, shifted: Callable[[Json], Json | None]) -> str:
    """The formula after lines of a sheet went elsewhere.

    Args:
        formula: with its `=`.
        own: the title of the sheet that the formula stands on.
        title: the title of the sheet whose lines moved.
        shifted: where a GridRange is now; None if all of it is gone.
    """
    here = same_title(own, title)
    if not here and "!" not in formula:
        return formula

    def change(found: Reference) -> Reference | None:
        if not (here if found.title is None else same_title(found.title, title)):
            return found
        before = found.grid_range()
        after = shifted(before)
        if after is None:
            return None
        return found if after == before else found.placed(after)

    return _rewritten(formula, change)


def relative(formula: str, rows: int, columns: int, *, own_sheet_only: bool = False) -> str:
    """The formula as it reads when it is copied so many rows down and columns to the right.

    What a `$` fixes stays; a reference that would leave the grid is `#REF!`. With `own_sheet_only`
    references that name a sheet stay, too: so does sorting.
    """
    if not rows and not columns:
        return formula

    def moved(corner: Corner) -> Corner | None:
        row, column = corner.row, corner.column
        if row is not None and not corner.row_fixed:
            row += rows
        if column is not None and not corner.column_fixed:
            column += columns
        if (row or 0) < 0 or not 0 <= (column or 0) < MAX_COLUMNS:
            return None
        same = row == corner.row and column == corner.column
        return corner if same else corner._replace(row=row, column=column)

    def change(found: Reference) -> Reference | None:
        if own_sheet_only and found.title is not None:
            return found
        start = moved(found.start)
        stop = None if found.stop is None else moved(found.stop)
        if start is None or (stop is None) != (found.stop is None):
            return None
        if start is found.start and stop is found.stop:
            return found
        return found._replace(start=start, stop=stop)

    return _rewritten(formula, change)


def renamed(formula: str, old: str, new: str) -> str:
    """The formula after a sheet got another title."""
    if "!" not in formula:
        return formula
    prefix = f"{quote_title(new)}!"

    def change(found: Reference) -> Reference:
        if found.title is None or not same_title(found.title, old):
            return found
        return found._replace(title=new, prefix=prefix)

    return _rewritten(formula, change)


def without_sheet(formula: str, title: str) -> str:
    """The formula after a sheet was deleted."""
    if "!" not in formula:
        return formula

    def change(found: Reference) -> Reference | None:
        return None if found.title is not None and same_title(found.title, title) else found

    return _rewritten(formula, change)
