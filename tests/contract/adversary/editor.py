"""A person who edits the queue's tab at any moment, and takes edits back.

Decided here: what people do to a sheet, as requests of the API, and the sentence that the story
tells of it. Each edit is one batch, as it is for Google's own page. An edit that makes no sense at
the moment (there is no such row) does nothing and has no sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import gspread

from tests.contract.adversary.picture import TAB, Snapshot

Json = dict[str, Any]
MANDATORY = ("run_name", "status", "worker_name")


@dataclass
class Editor:
    """Knows the tab as it is at this moment, like somebody who looks at it."""

    spreadsheet: gspread.Spreadsheet
    look: Callable[[], Snapshot]
    _undo: list[tuple[str, Callable[[], list[Json]]]] = field(default_factory=list)
    _count: int = 0

    # ------------------------------------------------------------ rows

    def insert_row(self, at: int) -> str:
        """A blank row."""
        index = 2 + at % (len(self.look().run_rows) + 1)
        self._batch(_insert("ROWS", index))
        row = self.look().rows[index]
        self._can_undo("the new row", lambda: _delete("ROWS", self._index(row)))
        return f"inserts a row at line {index + 1}"

    def delete_row(self, at: int) -> str | None:
        """A row goes."""
        index = self._pick(at)
        if index is None:
            return None
        row = self.look().rows[index]
        name, kept = self._name(row), self._line(row)
        self._batch(_delete("ROWS", index))
        self._can_undo(
            f"the deletion of {name}", lambda: [*_insert("ROWS", index), *_put(index, kept)]
        )
        return f"deletes line {index + 1}, {name}"

    def move_row(self, at: int, to: int) -> str | None:
        """A row is dragged."""
        index = self._pick(at)
        target = 2 + to % (len(self.look().run_rows) + 1)
        if index is None or target in (index, index + 1):
            return None
        row = self.look().rows[index]
        self._batch(_move("ROWS", index, target))
        self._can_undo(f"the move of {self._name(row)}", lambda: self._back("ROWS", row, index))
        return f"moves line {index + 1}, {self._name(row)}, before line {target + 1}"

    def sort(self, by: int, descending: bool) -> str:
        """All runs are sorted by a column."""
        snapshot = self.look()
        titled = [at for at, column in enumerate(snapshot.columns) if column in snapshot.names]
        index = titled[by % len(titled)]
        order = {"dimensionIndex": index, "sortOrder": "DESCENDING" if descending else "ASCENDING"}
        area = {"sheetId": TAB, "startRowIndex": 2}
        self._batch([{"sortRange": {"range": area, "sortSpecs": [order]}}])
        title = snapshot.names[snapshot.columns[index]]
        return f"sorts by {title!r}, {'down' if descending else 'up'}"

    def paste_row(self, at: int, to: int, cut: bool) -> str | None:
        """A row's cells are copied or cut, and pasted over another row."""
        source, target = self._pick(at), 2 + to % len(self.look().run_rows)
        if source is None or source == target:
            return None
        rows = self.look().rows
        names = self._name(rows[source]), self._name(rows[target])
        kept = [(rows[index], self._line(rows[index])) for index in (source, target)]
        area = {"sheetId": TAB, "startRowIndex": source, "endRowIndex": source + 1}
        if cut:
            where: Json = {"destination": {"sheetId": TAB, "rowIndex": target, "columnIndex": 0}}
        else:
            where = {"destination": {"sheetId": TAB, "startRowIndex": target,
                                     "endRowIndex": target + 1}}  # fmt: skip
        kind = "cutPaste" if cut else "copyPaste"
        self._batch([{kind: {"source": area, **where, "pasteType": "PASTE_NORMAL"}}])
        self._can_undo("the pasting", lambda: self._refill(kept))
        done = "cuts" if cut else "copies"
        return f"{done} {names[0]} and pastes it over line {target + 1}, {names[1]}"

    def hide_row(self, at: int) -> str | None:
        """A row is hidden."""
        index = self._pick(at)
        if index is None:
            return None
        line = {"range": _lines("ROWS", index), "properties": {"hiddenByUser": True}}
        self._batch([{"updateDimensionProperties": {**line, "fields": "hiddenByUser"}}])
        return f"hides line {index + 1}, {self._name(self.look().rows[index])}"

    def show_all_rows(self) -> None:
        """No row is hidden."""
        rows = {"sheetId": TAB, "dimension": "ROWS", "startIndex": 0}
        line = {"range": rows, "properties": {"hiddenByUser": False}}
        self._batch([{"updateDimensionProperties": {**line, "fields": "hiddenByUser"}}])

    # ------------------------------------------------------------ columns

    def insert_column(self, at: int) -> str:
        """A blank column."""
        index = at % (len(self.look().names) + 1)
        self._batch(_insert("COLUMNS", index))
        column = self.look().columns[index]
        self._can_undo("the new column", lambda: self._drop_column(column))
        return f"inserts a column before column {index + 1}"

    def move_column(self, at: int, to: int) -> str | None:
        """A column is dragged."""
        snapshot = self.look()
        titled = [i for i, column in enumerate(snapshot.columns) if column in snapshot.names]
        index, target = titled[at % len(titled)], to % (max(titled) + 2)
        if target in (index, index + 1):
            return None
        column = snapshot.columns[index]
        self._batch(_move("COLUMNS", index, target))
        title = snapshot.names[column]
        self._can_undo(f"the move of {title!r}", lambda: self._back("COLUMNS", column, index))
        return f"moves the column {title!r} before column {target + 1}"

    def rename_column(self, at: int) -> str | None:
        """A column gets a name that no column has had; a mandatory one gets it back later."""
        snapshot = self.look()
        titled = list(snapshot.names)
        column = titled[at % len(titled)]
        old = snapshot.names[column]
        self._count += 1
        new = f"{old.partition('#')[0]}#{self._count}"
        self._batch(self._write(snapshot.rows[0], column, new))
        self._can_undo(f"the name {new!r}", lambda: self._write(self.look().rows[0], column, old))
        return f"renames the column {old!r} to {new!r}"

    def restore_names(self) -> None:
        """All columns have the names that they began with, but where a worker made another one."""
        snapshot = self.look()
        taken = set(snapshot.names.values())
        for column, title in snapshot.names.items():
            first = title.partition("#")[0]
            if first not in taken:
                taken.add(first)
                self._batch(self._write(snapshot.rows[0], column, first))

    def let_all_go_on(self) -> str:
        """Nobody waits for a command any more."""
        snapshot = self.look()
        column = snapshot.columns_by_name.get("command")
        for row in snapshot.run_rows:
            if column is not None and snapshot.at(row, "worker_name") != "":
                self._batch(self._write(row, column, "resume"))
        return "commands 'resume' to all"

    # ------------------------------------------------------------ cells

    def type_value(self, at: int, key: str) -> str | None:
        """A hyperparameter is typed into a cell; each value is one of a kind."""
        index, column = self._pick(at), self.look().columns_by_name.get(key)
        if index is None or column is None:
            return None
        row = self.look().rows[index]
        old = self.look().cell(row, column)
        self._count += 1
        value = 1000 + self._count
        self._batch(self._write(row, column, value))
        self._can_undo(f"the value {value}", lambda: self._write(row, column, old))
        return f"types {value} into {key!r} of {self._name(row)}, which held {old!r}"

    def say_status(self, at: int, text: str) -> str | None:
        """A status is typed and the worker's name emptied."""
        index, names = self._pick(at), self.look().columns_by_name
        if index is None or not {"status", "worker_name"} <= names.keys():
            return None
        row = self.look().rows[index]
        kept = self._line(row)
        cells = self._write(row, names["status"], text) + self._write(row, names["worker_name"], "")
        self._batch(cells)
        self._can_undo(f"that {self._name(row)} was {text!r}", lambda: self._refill([(row, kept)]))
        return f"writes {text!r} into the status of {self._name(row)}, and empties worker_name"

    def command(self, at: int, text: str) -> str | None:
        """A command is typed."""
        index, column = self._pick(at), self.look().columns_by_name.get("command")
        if index is None or column is None:
            return None
        row = self.look().rows[index]
        self._batch(self._write(row, column, text))
        return f"commands {text!r} to {self._name(row)}"

    def undo(self) -> str | None:
        """The last edit is taken back."""
        while self._undo:
            what, make = self._undo.pop()
            requests = make()
            if requests:
                self._batch(requests)
                return f"takes back {what}"
        return None

    # ------------------------------------------------------------ how

    def _pick(self, at: int) -> int | None:
        """The index of one of the rows that hold something."""
        snapshot = self.look()
        there = [
            index
            for index, row in enumerate(snapshot.rows)
            if index >= 2 and any(snapshot.cell(row, column) != "" for column in snapshot.columns)
        ]
        return there[at % len(there)] if there else None

    def _name(self, row: int) -> str:
        return f"run {self.look().at(row, 'run_name')!s}" if row in self.look().rows else "a row"

    def _line(self, row: int) -> dict[int, Any]:
        snapshot = self.look()
        return {column: snapshot.cell(row, column) for column in snapshot.columns}

    def _index(self, row: int) -> int | None:
        rows = self.look().rows
        return rows.index(row) if row in rows else None

    def _write(self, row: int, column: int, value: Any) -> list[Json]:
        snapshot = self.look()
        if row not in snapshot.rows or column not in snapshot.columns:
            return []
        return _put(snapshot.rows.index(row), [value], snapshot.columns.index(column))

    def _refill(self, lines: Sequence[tuple[int, dict[int, Any]]]) -> list[Json]:
        return [
            request
            for row, line in lines
            for column, value in line.items()
            if self.look().cell(row, column) != value
            for request in self._write(row, column, value)
        ]

    def _back(self, dimension: str, line: int, index: int) -> list[Json]:
        lines = self.look().rows if dimension == "ROWS" else self.look().columns
        if line not in lines or index >= len(lines):
            return []
        now = lines.index(line)
        target = index if index < now else index + 1
        return [] if now == index else _move(dimension, now, target)

    def _drop_column(self, column: int) -> list[Json]:
        snapshot = self.look()
        is_blank = all(snapshot.cell(row, column) == "" for row in snapshot.rows)
        if column not in snapshot.columns or not is_blank:
            return []
        return _delete("COLUMNS", snapshot.columns.index(column))

    def _can_undo(self, what: str, make: Callable[[], list[Json]]) -> None:
        self._undo.append((what, make))

    def _batch(self, requests: list[Json]) -> None:
        if requests:
            self.spreadsheet.batch_update({"requests": requests})


def _lines(dimension: str, index: int) -> Json:
    return {"sheetId": TAB, "dimension": dimension, "startIndex": index, "endIndex": index + 1}


def _insert(dimension: str, index: int) -> list[Json]:
    where = {"range": _lines(dimension, index), "inheritFromBefore": False}
    return [{"insertDimension": where}]


def _delete(dimension: str, index: int | None) -> list[Json]:
    if index is None:
        return []
    return [{"deleteDimension": {"range": _lines(dimension, index)}}]


def _move(dimension: str, index: int, target: int) -> list[Json]:
    return [{"moveDimension": {"source": _lines(dimension, index), "destinationIndex": target}}]


def _put(row_index: int, values: Any, column: int = 0) -> list[Json]:
    line = list(values.values()) if isinstance(values, dict) else list(values)
    start = {"sheetId": TAB, "rowIndex": row_index, "columnIndex": column}
    cells = [{"userEnteredValue": _typed(value)} if value != "" else {} for value in line]
    body = {"start": start, "rows": [{"values": cells}], "fields": "userEnteredValue"}
    return [{"updateCells": body}]


def _typed(value: Any) -> Json:
    return {"stringValue" if isinstance(value, str) else "numberValue": value}
