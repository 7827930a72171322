"""What is kept in memory is what is in the file, at every revision that somebody looks at."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gsheet_ml_scheduler.localsheets.book import Book
from gsheet_ml_scheduler.localsheets.model.record import effective
from gsheet_ml_scheduler.localsheets.storage import files
from gsheet_ml_scheduler.localsheets.storage.snapshot import Snapshot
from gsheet_ml_scheduler.localsheets.storage.store import Store
from tests.unit.localsheets.calls import cells, close, grid_range, open_calls

ROWS = 40
CELLS = st.sampled_from(
    [None, "ready", "running", "", 1, 2.5, True, {"f": "=1+1", "v": 2}, {"f": "=x", "e": "#NAME?"}]
)
PLACES = st.lists(
    st.tuples(st.integers(0, ROWS - 1), st.integers(0, 2), CELLS), min_size=1, max_size=6
)
WHO = st.integers(0, 1)
AT = st.integers(0, ROWS - 5)


class MirrorAgainstCells(RuleBasedStateMachine):
    """Two processes' stores of one file, and snapshots of any age."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "runs.sheet"
        files.create(path)
        self.stores = [Store(path), Store(path)]
        self.held: list[tuple[Snapshot, ExitStack]] = []
        self._write(0, lambda book: book.remove_lines(book.sheet(0), "ROWS", ROWS, 1000))

    def _write(self, who: int, change: Any) -> None:
        with self.stores[who].writing() as writer:
            book = Book(writer)
            change(book)
            book.commit("a test")

    @rule(who=WHO, places=PLACES)
    def enter(self, who: int, places: list[tuple[int, int, Any]]) -> None:
        def change(book: Book) -> None:
            for row, column, cell in places:
                sheet = book.sheet(0)
                book.rows(sheet, row, row + 1)[0].set_cell(sheet.columns.id_at(column), cell)

        self._write(who, change)

    @rule(who=WHO, at=AT, count=st.integers(1, 3))
    def insert_and_remove_as_many(self, who: int, at: int, count: int) -> None:
        def change(book: Book) -> None:
            book.insert_lines(book.sheet(0), "ROWS", at, count)
            book.remove_lines(book.sheet(0), "ROWS", ROWS - count, ROWS)

        self._write(who, change)

    @rule(who=WHO, at=AT, destination=AT)
    def move(self, who: int, at: int, destination: int) -> None:
        if not at <= destination <= at + 4:
            self._write(
                who, lambda book: book.move_lines(book.sheet(0), "ROWS", at, at + 4, destination)
            )

    @rule(who=WHO, at=AT, ids=st.permutations(range(5)))
    def sort(self, who: int, at: int, ids: list[int]) -> None:
        def change(book: Book) -> None:
            rows = book.sheet(0).rows.ids(at, at + 5)
            book.reorder_rows(book.sheet(0), at, [rows[i] for i in ids])

        self._write(who, change)

    @rule(who=WHO)
    def hold_a_snapshot(self, who: int) -> None:
        stack = ExitStack()
        self.held.append((stack.enter_context(self.stores[who].reading()), stack))
        if len(self.held) > 3:
            self.held.pop(0)[1].close()

    @invariant()
    def columns_and_rows_are_those_of_the_file(self) -> None:
        for snapshot, _ in self.held:
            _compare(snapshot)
        for store in self.stores:
            with store.reading() as snapshot:
                _compare(snapshot)

    def teardown(self) -> None:
        for _, stack in self.held:
            stack.close()
        for store in self.stores:
            store.close()
        self.folder.cleanup()


def _compare(snapshot: Snapshot) -> None:
    sheet = snapshot.structure.sheets[0]
    truth = _by_sql(snapshot)
    lines = [truth.get(row_id, []) for row_id in sheet.rows.ids()]
    assert snapshot.cells(0, sheet.rows, 0, ROWS) == lines
    assert [row.cells for row in snapshot.rows(0, sheet.rows, 0, ROWS)] == lines
    assert [snapshot.row(0, row_id).cells for row_id in sheet.rows.ids(3, 9)] == lines[3:9]
    for column in range(3):
        found = [line[column] if column < len(line) else None for line in lines]
        for start, stop in ((0, ROWS), (5, 20)):
            kept = snapshot.column(sheet, column, start, stop)
            if kept is not None:
                assert kept == ["" if c is None else effective(c) for c in found[start:stop]]
                assert [type(v) for v in kept] == [
                    str if c is None else type(effective(c)) for c in found[start:stop]
                ]


def _by_sql(snapshot: Snapshot) -> dict[int, list[Any]]:
    """The cells by row id, straight from the file."""
    found = snapshot.cursor.execute("SELECT row_id, cells FROM rows WHERE sheet_id = 0")
    return {row_id: json.loads(text) for row_id, text in found.fetchall()}


MirrorAgainstCells.TestCase.settings = settings(
    max_examples=40, stateful_step_count=15, deadline=None
)
TestMirrorAgainstCells = MirrorAgainstCells.TestCase


def test_a_column_with_a_formula_is_read_whole_like_any_other(tmp_path: Path) -> None:
    calls = open_calls(tmp_path / "runs.sheet", create=True)
    values = [[f"run {at}", at] for at in range(100)]
    calls.put("A1:B100", values)
    assert calls.column("B1:B1000") == list(range(100))
    enter = {"userEnteredValue": {"formulaValue": "=B1+41"}}
    start = {"rowIndex": 1, "columnIndex": 1}
    request = {"rows": [{"values": [enter]}], "fields": "userEnteredValue", "start": start}
    calls.batch({"updateCells": request})
    by_rows = [line[1] for line in calls.get("A1:B100")]
    assert calls.column("B1:B1000") == by_rows
    assert calls.get("A1:C1000", majorDimension="COLUMNS") == [
        [name for name, _ in values],
        by_rows,
    ]
    calls.put("B2", [[7]])
    assert calls.column("B1:B1000") == [0, 7, *range(2, 100)]
    close(calls)


def test_one_column_of_a_sheet_of_few_rows_is_searched(tmp_path: Path) -> None:
    calls = open_calls(tmp_path / "runs.sheet", create=True)
    few = {"properties": {"gridProperties": {"rowCount": 4}}}
    calls.batch({"updateSheetProperties": {**few, "fields": "gridProperties.rowCount"}})
    calls.batch(cells([["ready"], ["done"], ["ready"]], 0))
    body = {"find": "ready", "replacement": "claimed", "matchEntireCell": True, "matchCase": True}
    replies = calls.batch({"findReplace": {**body, "range": grid_range((0, 4, 0, 1))}})
    assert replies[0]["findReplace"]["rowsChanged"] == 2
    assert calls.get("A1:A4") == [["claimed"], ["done"], ["claimed"]]
    close(calls)
