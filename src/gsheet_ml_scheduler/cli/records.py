"""The runs of a sheet as records, for programs: JSON and Parquet.

Decided here: what a record holds. It has the sheet's columns, with the config resolved: a blank
cell is its default, and what is blank still is null. A copy of the sheet as it looks is CSV or
Excel (`transfer`). Elsewhere: what a cell means (`runsheet`).
"""

import io
import json
from collections.abc import Sequence
from typing import Any

from gsheet_ml_scheduler.errors import GSheetMLError
from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, MANDATORY, Columns, Row
from gsheet_ml_scheduler.runsheet.values import Scalar, from_cell, is_blank

Record = dict[str, Scalar | None]


def records_of(columns: Columns, rows: Sequence[Row]) -> list[Record]:
    """A record for every run row that holds anything, from the top.

    A config cell with an error such as `#REF!` is that text.
    """
    return [
        _record(columns, row, run_id)
        for run_id, row in enumerate(rows)
        if not all(is_blank(cell) for cell in row)
    ]


def as_json(records: Sequence[Record]) -> str:
    """The records as a JSON array, one object for each run."""
    return json.dumps(list(records), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def as_parquet(columns: Columns, records: Sequence[Record]) -> bytes:
    """The records as a Parquet file; a column of texts and numbers is text.

    Raises:
        GSheetMLError: pyarrow isn't installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise GSheetMLError(
            "A Parquet file needs pyarrow, which isn't installed. This installs it: "
            "pip install 'gsheet-ml-scheduler[parquet]'"
        ) from error
    table = pyarrow.table(
        {name: _uniform([record[name] for record in records]) for name in columns.ids}
    )
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)
    return file.getvalue()


def _record(columns: Columns, row: Row, run_id: int) -> Record:
    cells: dict[str, Any] = {
        name: row[at] if at < len(row) else "" for name, at in columns.ids.items()
    }
    record: Record = {
        name: columns.text(row, columns.ids[name])
        if name in MANDATORY
        else from_cell(cell, columns.rules)
        for name, cell in cells.items()
    }
    config, errors = columns.usable_config_of(row, run_id + FIRST_RUN_ROW, {})
    record.update(config)
    if errors:
        record.update({k: str(cells[k]) for k in columns.defaults if k not in config})
    return {name: None if value == "" else value for name, value in record.items()}


def _uniform(values: Sequence[Scalar | None]) -> list[Scalar | None]:
    """Values of one kind: all numbers, all bools, or else all texts."""
    there = [value for value in values if value is not None]
    bools = sum(isinstance(value, bool) for value in there)
    texts = sum(isinstance(value, str) for value in there)
    if (bools == 0 and texts == 0) or bools == len(there):
        if any(isinstance(value, float) for value in there):
            return [None if value is None else float(value) for value in values]
        return list(values)
    return [None if value is None else _text(value) for value in values]


def _text(value: Scalar) -> str:
    return str(value).upper() if isinstance(value, bool) else str(value)
