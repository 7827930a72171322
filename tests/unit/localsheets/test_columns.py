"""Long columns are kept in the file, and a new process reads them as they are now."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler.localsheets.storage import columns
from tests.unit.localsheets.calls import Calls, cells, close, open_calls

ROWS = 300


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbook of 300 rows, which count as many here."""
    monkeypatch.setattr(columns, "_LONG", 100)
    made = tmp_path / "runs.sheet"
    calls = open_calls(made, create=True)
    calls.put("A1:C300", [[f"run {at}", at, at % 2 == 0] for at in range(ROWS)])
    close(calls)
    return made


def kept(path: Path) -> list[tuple[int, int, int]]:
    """Sheet, column and revision of what is kept."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT sheet_id, column_id, revision FROM columns").fetchall()
    finally:
        connection.close()


def cold(path: Path, where: str = "B1:B300") -> list[Any]:
    """A column as somebody reads it who has read nothing before."""
    calls = open_calls(path)
    try:
        return calls.column(where)
    finally:
        close(calls)


def never(*_: object) -> None:
    raise AssertionError("the rows were read")


def test_who_reads_a_long_column_first_keeps_it_for_the_next(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cold(path)
    assert first == list(range(ROWS))
    assert kept(path) == [(0, 1, 1)]
    monkeypatch.setattr(columns, "_read_rows", never)
    assert cold(path) == first
    assert cold(path, "B5:B7") == [4, 5, 6]


def test_a_short_column_is_not_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_LONG", 2000)
    cold(path)
    assert kept(path) == []


CHANGES: dict[str, Callable[[Calls], object]] = {
    "a cell": lambda calls: calls.put("B7", [["seven"]]),
    "a blank": lambda calls: calls.put("B7:B9", [[""], [""], [""]]),
    "more rows": lambda calls: calls.put("B900", [[900]]),
    "the last row": lambda calls: calls.put("B300", [[""]]),
    "an insertion": lambda calls: calls.batch(
        {
            "insertDimension": {
                "range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 4, "endIndex": 6}
            }
        },
        cells([["new"]], 4, 1),
    ),
    "a deletion": lambda calls: calls.batch(
        {
            "deleteDimension": {
                "range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 4, "endIndex": 60}
            }
        }
    ),
    "a sort": lambda calls: calls.batch(
        {
            "sortRange": {
                "range": {"sheetId": 0, "endRowIndex": ROWS},
                "sortSpecs": [{"dimensionIndex": 0}],
            }
        }
    ),
    "a moved column": lambda calls: calls.batch(
        {
            "moveDimension": {
                "source": {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 2},
                "destinationIndex": 0,
            }
        }
    ),
    "a formula": lambda calls: calls.batch(
        {
            "updateCells": {
                "rows": [{"values": [{"userEnteredValue": {"formulaValue": "=1+1"}}]}],
                "fields": "userEnteredValue",
                "start": {"sheetId": 0, "rowIndex": 2, "columnIndex": 1},
            }
        }
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_kept_column_shows_what_was_changed_since(path: Path, change: str) -> None:
    cold(path)
    calls = open_calls(path)
    CHANGES[change](calls)
    rows = [row[:3] + [""] * (3 - len(row)) for row in calls.get("A1:C1000")]
    for at, letter in enumerate("ABC"):
        found = cold(path, f"{letter}1:{letter}1000")
        expected = [row[at] for row in rows]
        while expected and expected[-1] == "":
            expected.pop()
        assert found == expected


def test_a_column_of_a_sheet_that_was_made_anew_is_not_the_old_ones(path: Path) -> None:
    cold(path)
    calls = open_calls(path)
    calls.batch({"addSheet": {"properties": {"sheetId": 5, "title": "other"}}})
    calls.batch({"deleteSheet": {"sheetId": 0}})
    assert kept(path) == []
    calls.batch({"addSheet": {"properties": {"sheetId": 0, "title": "again"}}})
    calls.put("again!B2", [["new"]])
    assert cold(path, "again!B1:B300") == ["", "new"]


def test_a_column_that_is_far_behind_is_kept_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_OLD", 5)
    cold(path)
    calls = open_calls(path)
    for at in range(8):
        calls.put("B7", [[at]])
    assert cold(path)[6] == 7
    assert kept(path) == [(0, 1, 9)]


@pytest.mark.parametrize("trimmed", [False, True])
def test_a_column_whose_changes_are_too_many_or_forgotten_is_read_out_of_the_rows(
    path: Path, monkeypatch: pytest.MonkeyPatch, trimmed: bool
) -> None:
    cold(path)
    calls = open_calls(path)
    draw = random.Random(1)
    values = [[draw.random()] for _ in range(ROWS)]
    calls.put("B1:B300", values)
    close(calls)
    if trimmed:
        connection = sqlite3.connect(path)
        connection.execute("DELETE FROM changes WHERE revision < 2")
        connection.execute("UPDATE columns SET revision = 0")
        connection.commit()
        connection.close()
    else:
        monkeypatch.setattr(columns, "_FOLLOWED", 1000)
    assert cold(path) == [value for (value,) in values]
    assert kept(path) == [(0, 1, 2)]


def test_while_somebody_writes_a_column_is_read_and_not_kept(path: Path) -> None:
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert cold(path) == list(range(ROWS))
        assert kept(path) == []
    finally:
        writer.execute("ROLLBACK")
        writer.close()


def test_reading_a_read_only_file_keeps_nothing(path: Path) -> None:
    path.chmod(0o444)
    before = path.read_bytes()
    assert cold(path) == list(range(ROWS))
    assert path.read_bytes() == before
