"""Strict data validation, for the test switch `strict_validation_refuses`.

From the API Google lets values through that a person couldn't type (as far as anybody knows). With
the switch on, a batch that leaves such a value in a cell it wrote is refused.
"""

from __future__ import annotations

from . import conditions
from .a1 import format_a1
from .book import Book
from .errors import invalid_argument
from .model.record import Row, effective
from .values import formatted


def require_valid(book: Book) -> None:
    """See that every cell which the batch wrote holds what its strict validation allows.

    Raises:
        ApiError: 400, it names the first that doesn't.
    """
    for row in book.changed_rows():
        for column in sorted(row.changed_cells):
            _require_valid_cell(book, row, column)


def _require_valid_cell(book: Book, row: Row, column: int) -> None:
    rule = row.extra(column).get("dataValidation") or {}
    value = effective(row.cell(column))
    if not rule.get("strict") or value is None:
        return
    shown = formatted(book, row, column)
    if conditions.holds(book, rule.get("condition") or {}, value, shown) is False:
        sheet = book.sheet(row.sheet_id)
        line, place = sheet.rows.index_of(row.row_id), sheet.columns.index_of(column)
        if line is None or place is None:
            return  # its row or column was deleted later in the batch
        name = format_a1(sheet.title, line, line + 1, place, place + 1)
        raise invalid_argument(
            f"The data that you entered in cell {name} violates the data validation rules set on "
            f"this cell: {shown}"
        )
