"""Cells with formulas: how they are entered, shown, copied and sorted, and who has any.

Decided here: which sheets are known to hold formulas, and that every change of lines and sheets
rewrites the formulas of all of them. Decided elsewhere: what becomes of a reference
(`references`), how a locale writes a formula (`grammar`), what it comes to (`recalculation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..model.record import Cell, Row
from ..model.structure import Json, Sheet, Structure
from ..text.locales import conventions
from . import grammar, references

if TYPE_CHECKING:
    from ..book import Book

KIND = "formulas"  # objects of a workbook's structure: the sheets that hold formulas


def entered(text: str, *, decimal_comma: bool = False) -> Json:
    """The cell of a formula as somebody entered it, yet to be computed."""
    return {"f": grammar.canonical(text, decimal_comma=decimal_comma), "e": "#NAME?"}


def written(cell: Json, *, decimal_comma: bool) -> str:
    """A formula's text as a reader in a locale sees it."""
    return grammar.localized(cell["f"], decimal_comma=decimal_comma)


def copied(cell: Cell, by: tuple[int, int]) -> Cell:
    """A cell as it is when it is copied so many rows down and columns to the right."""
    if not isinstance(cell, dict) or by == (0, 0):
        return cell
    text = references.relative(cell["f"], *by)
    return cell if text is cell["f"] else {"f": text, "e": "#NAME?"}


def decimal_comma(book: Book) -> bool:
    """Whether the book's locale writes decimals with a comma, and so `;` between arguments."""
    return conventions(book.structure.properties.get("locale", "en_US")).decimal == ","


def sheets_with_formulas(structure: Structure) -> list[Sheet]:
    """The sheets that may hold formulas."""
    flagged = structure.objects.get(KIND)
    if not flagged:
        return []
    return [sheet for sheet in structure.sheets if str(sheet.sheet_id) in flagged]


def rewrite(book: Book, change: Callable[[str, Sheet], str]) -> None:
    """Give every formula of the book the text that `change(text, sheet)` answers."""
    for sheet in sheets_with_formulas(book.structure):
        for index, _, cells in list(book.filled(sheet)):
            for column, cell in enumerate(cells):
                if isinstance(cell, dict):
                    text = change(cell["f"], sheet)
                    if text is not cell["f"]:
                        row = book.rows(sheet, index, index + 1)[0]
                        row.set_cell(column, {**cell, "f": text})


def sorted_by(cell: Cell, down: int) -> Cell:
    """A cell that sorting brought so many rows down: a formula goes on looking beside itself."""
    if not isinstance(cell, dict):
        return cell
    text = references.relative(cell["f"], down, 0, own_sheet_only=True)
    return cell if text is cell["f"] else {**cell, "f": text}


def follow_sort(book: Book, sheet: Sheet, start: int, before: list[int]) -> None:
    """Rows from `start` on changed places; their formulas go on looking beside themselves.

    Args:
        book: the batch, its rows in the new order.
        sheet: the sheet they are on.
        start: the index of the first.
        before: their ids in the old order.
    """
    if sheet not in sheets_with_formulas(book.structure):
        return
    old = {row_id: start + at for at, row_id in enumerate(before)}
    for index, row_id, cells in list(book.filled(sheet, start, start + len(before))):
        for column, cell in enumerate(cells):
            after = sorted_by(cell, index - old[row_id])
            if after is not cell:
                book.rows(sheet, index, index + 1)[0].set_cell(column, after)


def flag(book: Book, changed: Iterable[Row]) -> None:
    """Remember the sheets on which this batch entered formulas."""
    for row in changed:
        known = book.structure.objects.get(KIND, {})
        if str(row.sheet_id) not in known and any(
            isinstance(row.cell(column), dict) for column in row.changed_cells
        ):
            objects = book.edit().objects
            objects[KIND] = {**known, str(row.sheet_id): {"range": {"sheetId": row.sheet_id}}}
