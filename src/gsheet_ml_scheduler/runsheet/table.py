"""The whole sheet, downloaded once: every column's values and every run's config.

Decided here: how many run rows there are and what a column's list holds. Elsewhere: cells
(`values.py`), configs (`columns.py`), when to download again (`scheduler.py`).
"""

from collections.abc import Sequence

from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, MANDATORY, Columns, Row
from gsheet_ml_scheduler.runsheet.values import Scalar, from_cell, text_of


class Table:
    """Lines 1 and 2 and all run rows of one answer."""

    def __init__(self, columns: Columns, rows: Sequence[Row]) -> None:
        """`rows` ends with the last row that holds anything."""
        self.columns = columns
        self.rows = rows
        self._values: dict[str, list[Scalar]] | None = None

    @property
    def values(self) -> dict[str, list[Scalar]]:
        """Every column's run rows, by name; blank cells are `""`."""
        if self._values is None:
            self._values = {
                name: self._column(index, is_text=name in MANDATORY)
                for name, index in self.columns.ids.items()
            }
        return self._values

    def config_of(self, run_id: int) -> dict[str, Scalar]:
        """The config of a run row; see `Columns.config_of`."""
        return self.columns.config_of(self.rows[run_id], run_id + FIRST_RUN_ROW)

    def _column(self, index: int, *, is_text: bool) -> list[Scalar]:
        cells = (row[index] if index < len(row) else "" for row in self.rows)
        if is_text:
            return [text_of(cell) for cell in cells]
        return [from_cell(cell, self.columns.rules) for cell in cells]
