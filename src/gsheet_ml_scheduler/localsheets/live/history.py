"""What a cell was before: who changed it, when, from what to what.

Decided here: what of the change log is a cell's history. The log keeps what each batch wrote, so
what a cell was changed from is what the entry before wrote; of the oldest entry that is kept it
isn't known. Undone and redone, sorted and moved: the history is the cell's own, by the ids of its
row and column.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from ..book import Book
from ..model.record import Cell, Scalar, effective
from ..model.structure import Json
from ..storage import entries as log
from ..storage.entries import Entry
from ..storage.snapshot import Snapshot
from .shown import Showing

MOST = 100  # entries of an answer
MOST_SETTINGS = 50_000


def of_cell(snapshot: Snapshot, sheet_id: int, row_id: int, column_id: int) -> Json:
    """The history of a cell, newest first; see docs/reference/live-grid-protocol.md."""
    found: list[tuple[Entry, Cell]] = []
    for entry, cell, is_birth in _settings(snapshot, sheet_id, row_id, column_id):
        if is_birth or len(found) > MOST:
            is_whole = is_birth
            break
        if found and found[-1][1] == cell:
            found[-1] = (entry, cell)  # written again, the same: the first time counts
        else:
            found.append((entry, cell))
    else:
        is_whole = log.reach_back_to_the_first(snapshot)
    showing = Showing(Book(snapshot))
    entries = []
    for at, (entry, cell) in enumerate(found[:MOST]):
        said: Json = {"revision": entry.revision, "time": entry.time, "author": entry.author}
        if at + 1 < len(found):
            said["from"] = showing.content(found[at + 1][1], None)
        elif is_whole:
            said["from"] = None
        entries.append({**said, "to": showing.content(cell, None)})
    return {"entries": entries, "complete": is_whole}


class Setting(NamedTuple):
    """That a cell was set: when, in which row and column, and what it shows since."""

    time: float
    row_id: int
    column_id: int
    value: Scalar | None


def of_columns(
    snapshot: Snapshot, sheet_id: int, columns: Collection[int], since: int, after: float
) -> list[Setting]:
    """How the cells of some columns were set, in order; of very many, the last.

    Args:
        snapshot: the workbook.
        sheet_id: the sheet of the columns.
        columns: their ids.
        since: only what was written after this revision.
        after: and after this time, in seconds since 1970.
    """
    found: list[Setting] = []
    for when, effects in log.setting_cells(snapshot, since, after):
        if len(found) > MOST_SETTINGS:
            break
        for effect in reversed(effects):
            if effect["type"] != "cells" or effect["sheetId"] != sheet_id:
                continue
            for row_id, cells in effect["rows"].items():
                found += [
                    Setting(when, int(row_id), column, effective(cells[str(column)]))
                    for column in columns
                    if str(column) in cells
                ]
    found.reverse()
    return found


def _settings(
    snapshot: Snapshot, sheet_id: int, row_id: int, column_id: int
) -> Iterator[tuple[Entry, Cell, bool]]:
    """What the log says of a cell, newest first; with True, that its sheet was made then."""
    row, column = str(row_id), str(column_id)
    for entry in log.holding(snapshot, f'"{row}":{{', f'"sheetAdded","sheetId":{sheet_id},'):
        for effect in reversed(entry.effects):
            if effect.get("sheetId") != sheet_id:
                continue
            if effect["type"] == "cells" and column in effect["rows"].get(row, {}):
                yield entry, effect["rows"][row][column], False
            elif effect["type"] == "sheetAdded":
                yield entry, None, True
                return
