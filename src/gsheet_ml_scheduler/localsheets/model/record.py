"""One stored row: its cells, their formats, and what else hangs on them.

A cell is what JSON can say about it. A constant stands as itself (number, text, true, false); a
formula is an object: `{"f": "=A1+1", "v": 15}`, or `{"f": "=1/0", "e": "#DIV/0!", "m": message}`
when it ends in an error; `n` is a number format that the result brings along, `x` says that it was
set aside (`formulas`). Text is that of an en_US spreadsheet. Nothing entered is null. Cells
stand in a list at their column's id; formats likewise, as ids of styles; notes and data validations
are rare and stand in an object.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from .stored import decode, encode

Scalar: TypeAlias = "str | int | float | bool"
Cell: TypeAlias = "Scalar | dict[str, Any] | None"


class Kept(NamedTuple):
    """A row's content as it is shared in memory; never changed in place."""

    cells: list[Cell]
    formats: list[int | None]
    extras: dict[str, dict[str, Any]]

    @classmethod
    def load(cls, cells: str, formats: str, extras: str) -> Kept:
        """The content that was stored."""
        return cls(
            decode(cells),
            [] if formats == "[]" else decode(formats),
            {} if extras == "{}" else decode(extras),
        )


EMPTY = Kept([], [], {})


class Row:
    """A row as a batch sees it: read once, changed in memory, written when the batch is whole."""

    __slots__ = (
        "cells",
        "changed_cells",
        "changed_extras",
        "changed_formats",
        "extras",
        "formats",
        "row_id",
        "sheet_id",
    )

    def __init__(self, sheet_id: int, row_id: int, kept: Kept) -> None:
        self.sheet_id = sheet_id
        self.row_id = row_id
        self.cells, self.formats, self.extras = kept
        self.changed_cells: set[int] = set()
        self.changed_formats: set[int] = set()
        self.changed_extras: set[int] = set()

    def cell(self, column_id: int) -> Cell:
        """The cell in a column, None if nothing was entered."""
        return self.cells[column_id] if column_id < len(self.cells) else None

    def style(self, column_id: int) -> int | None:
        """The id of the cell's style, None for the default."""
        return self.formats[column_id] if column_id < len(self.formats) else None

    def extra(self, column_id: int) -> dict[str, Any]:
        """Note, data validation and their like; empty for most cells. Not to be changed."""
        return self.extras.get(str(column_id), {})

    def set_cell(self, column_id: int, cell: Cell) -> None:
        """Enter a cell; None empties it."""
        if not self.changed_cells:
            self.cells = self.cells.copy()
        _put(self.cells, column_id, cell)
        self.changed_cells.add(column_id)

    def set_style(self, column_id: int, style_id: int | None) -> None:
        """Give the cell a style; None is the default format."""
        if not self.changed_formats:
            self.formats = self.formats.copy()
        _put(self.formats, column_id, style_id)
        self.changed_formats.add(column_id)

    def set_extra(self, column_id: int, extra: dict[str, Any]) -> None:
        """Replace what else hangs on the cell."""
        if not self.changed_extras:
            self.extras = self.extras.copy()
        if extra:
            self.extras[str(column_id)] = extra
        else:
            self.extras.pop(str(column_id), None)
        self.changed_extras.add(column_id)

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.changed_cells or self.changed_formats or self.changed_extras)

    def kept(self) -> Kept:
        """Its content, once the batch is written and the row is changed no more."""
        return Kept(self.cells, self.formats, self.extras)

    def dump(self) -> tuple[str, str, str]:
        """What is stored of it."""
        return (
            encode(self.cells),
            encode(self.formats) if self.formats else "[]",
            encode(self.extras) if self.extras else "{}",
        )


def _put(line: list[Any], at: int, what: Any) -> None:
    """Set one place of a list that ends at its last place in use."""
    if at < len(line):
        line[at] = what
        if what is None:
            while line and line[-1] is None:
                line.pop()
    elif what is not None:
        line.extend([None] * (at - len(line)))
        line.append(what)


def effective(cell: Cell) -> Scalar | None:
    """The value of a cell: a constant itself, a formula's result, an error's name as text."""
    if isinstance(cell, dict):
        value: Scalar | None = cell.get("e", cell.get("v"))
        return value
    return cell


def is_error(cell: Cell) -> bool:
    """Whether the cell shows an error."""
    return isinstance(cell, dict) and "e" in cell
