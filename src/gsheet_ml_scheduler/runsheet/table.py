"""The whole sheet, downloaded once: every column's values and every run's config.

Decided here: how many run rows there are, what a column's list holds, and what the public names
that look at the sheet give. Elsewhere: cells (`values.py`), configs (`columns.py`), when what was
downloaded is old (`scheduler.py`).
"""

from collections.abc import Sequence

from gsheet_ml_scheduler.errors import NoSuchRunError
from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, MANDATORY, Columns, Row
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM, Pacing
from gsheet_ml_scheduler.runsheet.values import Scalar, from_cell, text_of
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet


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


class SheetView:
    """The names of the original by which a script looks at the sheet."""

    def __init__(self, sheet: RunSheet, pacing: Pacing) -> None:
        """Nothing is downloaded yet."""
        self._sheet = sheet
        self._pacing = pacing
        self._table: Table | None = None

    def download_data(self) -> None:
        """Reads the whole sheet again; one read."""
        self._table = self._pacing.until_done(
            lambda: Table(*self._sheet.read_runs()), FOR_A_CLAIM, what="download the sheet"
        )

    @property
    def nb_runs(self) -> int:
        """How many run rows there are, up to the last that holds anything."""
        return len(self._data.rows)

    @property
    def keys(self) -> list[str]:
        """The columns' names, in order."""
        return list(self._sheet.header.columns.ids)

    @property
    def key_ids(self) -> dict[str, int]:
        """The columns' indices by name; 0 is column A."""
        return dict(self._sheet.header.columns.ids)

    @property
    def config_keys(self) -> list[str]:
        """The names of the columns that are config keys."""
        return [column.key for column in self._sheet.header.columns.config]

    @property
    def config_defaults(self) -> dict[str, Scalar]:
        """Line 2's value of every config key; a blank one is `""`."""
        return self._sheet.header.columns.defaults

    @property
    def values(self) -> dict[str, list[Scalar]]:
        """Every column's run rows, by name; run_name, status and worker_name are text."""
        return self._data.values

    def get_run_config(self, i: int) -> dict[str, Scalar]:
        """A run row's config: its own values, else line 2's (0 is line 3).

        Raises:
            NoSuchRunError: the sheet has no run row with that number.
            CellError: a cell holds an error, or a date for a number.
        """
        if not 0 <= i < self.nb_runs:
            raise self._no_such_run(i)
        return dict(self._data.config_of(i))

    def _forget_table(self) -> None:
        """What was downloaded is old."""
        self._table = None

    @property
    def _data(self) -> Table:
        if self._table is None:
            self.download_data()
        assert self._table is not None  # noqa: S101 - download_data has set it
        return self._table

    def _no_such_run(self, run_id: int) -> NoSuchRunError:
        return NoSuchRunError(
            f"{self._sheet.label} has no run row number {run_id}: it has {self.nb_runs}, and 0 is "
            "line 3."
        )
