"""The queue's tab as its change log draws it: who wrote which cell of which row when.

Decided here: how the log of a workbook file is followed entry by entry, and how a tab reads by
names: rows and columns by their ids, which never change, wherever people move them. Elsewhere: what
may be written by whom (`referee.py`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gsheet_ml_scheduler.localsheets.model.structure import COLUMNS, ROWS
from tests.unit.localsheets.follower import Follower

Json = dict[str, Any]
TAB = 0
"""The queue is on a new file's only tab."""


@dataclass(frozen=True)
class Change:
    """One cell that an entry of the log changed."""

    row: int
    column: int
    old: Any
    new: Any


@dataclass(frozen=True)
class Entry:
    """One entry of the log."""

    revision: int
    time: float
    author: str
    effects: list[Json]


@dataclass(frozen=True)
class Snapshot:
    """The tab at one moment: rows from line 1 on, columns from A on, cells by both ids."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    cells: Mapping[tuple[int, int], Any]

    @property
    def run_rows(self) -> tuple[int, ...]:
        """The rows from line 3 on."""
        return self.rows[2:]

    @property
    def names(self) -> dict[int, str]:
        """Columns with a name in line 1."""
        found = {column: self.cell(self.rows[0], column) for column in self.columns}
        return {column: str(name) for column, name in found.items() if name != ""}

    @property
    def columns_by_name(self) -> dict[str, int]:
        """The same the other way round; of two columns with one name, the first."""
        return {name: column for column, name in reversed(self.names.items())}

    def cell(self, row: int, column: int | None) -> Any:
        """What a cell holds; "" for nothing."""
        found = None if column is None else self.cells.get((row, column))
        return "" if found is None else found

    def at(self, row: int, name: str) -> Any:
        """What a row holds in the column of that name; "" if there is no such column."""
        return self.cell(row, self.columns_by_name.get(name))

    def default(self, column: int) -> Any:
        """What line 2 holds."""
        return self.cell(self.rows[1], column)

    def config(self, row: int, not_keys: frozenset[str]) -> dict[str, Any]:
        """What the row's config must be: its own value, else line 2's.

        Args:
            row: the row's id.
            not_keys: columns that said `N/A` at any time, beside those that say so now.
        """
        aside = {"run_name", "status", "worker_name"} | not_keys
        return {
            name: found if found != "" else self.default(column)
            for column, name in self.names.items()
            if name not in aside and self.default(column) != "N/A"
            for found in [self.cell(row, column)]
        }


class Picture(Follower):
    """A workbook as its log makes it, and what the last entry changed."""

    def snapshot(self) -> Snapshot:
        """The tab as it is now."""
        rows, columns = (tuple(self.lines[TAB, dimension]) for dimension in (ROWS, COLUMNS))
        there = set(rows)
        cells = {
            (row, column): what
            for (tab, row, column), what in self.kept["cells"].items()
            if tab == TAB and row in there and what is not None
        }
        return Snapshot(rows, columns, cells)

    def live(self) -> Snapshot:
        """The tab as it is whenever one looks."""
        rows, columns = (tuple(self.lines[TAB, dimension]) for dimension in (ROWS, COLUMNS))
        return Snapshot(rows, columns, _Live(self.kept["cells"]))

    def changes(self, entry: Entry) -> list[Change]:
        """The cells that an entry is going to change."""
        return [
            Change(int(row), int(column), old, new)
            for effect in entry.effects
            if effect["type"] == "cells" and effect["sheetId"] == TAB
            for row, said in effect["rows"].items()
            for column, new in said.items()
            for old in [self.kept["cells"].get((TAB, int(row), int(column)))]
            if old != new
        ]

    def draw(self, entry: Entry) -> list[Change]:
        """Take in an entry; the cells that it changed."""
        changes = self.changes(entry)
        for effect in entry.effects:
            self.apply(effect)
        return changes

    @property
    def hidden_rows(self) -> set[int]:
        """The rows that a person has hidden."""
        said = self.line_properties.get((TAB, ROWS), {})
        return {line for line, properties in said.items() if properties.get("hiddenByUser")}


class _Live(Mapping[tuple[int, int], Any]):
    """Cells of the tab by row and column, as they are now."""

    def __init__(self, cells: Mapping[tuple[int, int, int], Any]) -> None:
        self._cells = cells

    def __getitem__(self, key: tuple[int, int]) -> Any:
        row, column = key
        return self._cells[TAB, row, column]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return (key[1:] for key in self._cells if key[0] == TAB)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class ChangeLog:
    """The log of a workbook file, as it grows."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self.revision = 0

    def new_entries(self) -> Iterator[Entry]:
        """What was written since the last time."""
        found = self._connection.execute(
            "SELECT revision, time, author, effects FROM changes WHERE revision > ? "
            "ORDER BY revision",
            (self.revision,),
        ).fetchall()
        for revision, time, author, effects in found:
            self.revision = revision
            yield Entry(revision, time, author.partition(" (")[0], json.loads(effects))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
