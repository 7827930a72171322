"""All that a workbook holds, to be compared with what another one holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gspread

Contents = dict[str, Any]

_CELL = "userEnteredValue,userEnteredFormat,effectiveValue,note,dataValidation"
_DATA = f"data(rowData(values({_CELL})),rowMetadata,columnMetadata)"
_FIELDS = (
    "properties(locale,timeZone),namedRanges(name,range),developerMetadata,"
    f"sheets(properties,merges,conditionalFormats,basicFilter,{_DATA})"
)


def contents_of(spreadsheet: gspread.Spreadsheet) -> Contents:
    """Everything that is copied; ids of named ranges aside."""
    return dict(spreadsheet.fetch_sheet_metadata({"fields": _FIELDS}))


def tab(contents: Contents, index: int = 0) -> Contents:
    """One tab."""
    found: Contents = contents["sheets"][index]
    return found


def cells(contents: Contents, index: int = 0) -> list[list[Contents]]:
    """The CellData of a tab."""
    rows = tab(contents, index)["data"][0].get("rowData", [])
    return [row.get("values", []) for row in rows]


def values(contents: Contents, index: int = 0) -> list[list[Any]]:
    """What the cells of a tab come to; None for a blank one."""
    return [
        [next(iter(cell.get("effectiveValue", {"": None}).values())) for cell in row]
        for row in cells(contents, index)
    ]


def names_in(folder: Path) -> list[str]:
    """The files in a folder, also those that hide."""
    return sorted(path.name for path in folder.iterdir())
