"""Files of older versions, made by the code of their time, become current when they are opened.

`files/version_1.sheet.gz` holds 2,200 rows, sorted by a column from high to low; a formula, a date,
colours, a pin, a named range and a second tab.
"""

from __future__ import annotations

import gzip
import multiprocessing
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets.storage import schema
from tests.unit.localsheets.calls import Calls, close, open_calls

OLD = Path(__file__).with_name("files") / "version_1.sheet.gz"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.sheet"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    assert asked(path, "PRAGMA user_version") == [(1,)]
    return path


def asked(path: Path, question: str) -> list[Any]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def shape(path: Path) -> dict[str, Any]:
    """Every table with its columns, their types, what may be null and what is the key."""
    names = asked(path, "SELECT name, sql LIKE '%WITHOUT ROWID%' FROM sqlite_master WHERE sql > ''")
    return {name: (kind, asked(path, f"PRAGMA table_info({name})")) for name, kind in names}


def all_that_it_held(calls: Calls) -> None:
    runs = calls.get("A3:C2200")
    assert [row[0] for row in runs] == [f"run {at}" for at in range(2197, -1, -1)]
    assert runs[0] == ["run 2197", "ready", 2.198]
    assert calls.get("C2:D2") == [[0.1]]
    assert calls.get("D2200") == [[0.002]]
    assert calls.get("D2200", valueRenderOption="FORMULA") == [["=C2200*2"]]
    assert calls.get("D2199", valueRenderOption="FORMATTED_VALUE") == [["1. Feb 2026"]]
    (pin,) = calls.marks()
    assert pin["metadataId"] == 77
    assert calls.get("A1:A2200")[pin["location"]["dimensionRange"]["startIndex"]] == ["run 2"]
    assert calls.get("rates")[-1] == [0.001]
    assert calls.get("Notes!B2") == [["kept"]]
    data = calls.spreadsheet(ranges="Sheet1!B2200", fields="sheets.data.rowData.values")
    (cell,) = data["sheets"][0]["data"][0]["rowData"][0]["values"]
    assert cell["userEnteredFormat"]["backgroundColor"] == {"red": 0.49803922, "green": 1}


def test_a_file_of_version_1_holds_what_it_held(old: Path) -> None:
    calls = open_calls(old)
    all_that_it_held(calls)
    assert asked(old, "PRAGMA user_version") == [(schema.VERSION,)]
    assert asked(old, "PRAGMA integrity_check") == [("ok",)]


def test_a_migrated_file_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    close(open_calls(old))
    new = tmp_path / "new.sheet"
    close(open_calls(new, create=True))
    assert shape(old) == shape(new)


def test_a_sorted_order_of_version_1_goes_on_as_one_of_today(old: Path) -> None:
    calls, other = open_calls(old), open_calls(old)
    other.get("A1")
    row = {"sheetId": 0, "dimension": "ROWS", "startIndex": 1000, "endIndex": 1001}
    calls.batch({"insertDimension": {"range": row}})
    assert len(asked(old, "SELECT * FROM order_chunks")) > 1
    for reader in (calls, other, open_calls(old)):
        assert reader.get("A1000:A1002") == [["run 1200"], [], ["run 1199"]]
        assert reader.get("A2201") == [["run 0"]]
    calls.batch({"deleteDimension": {"range": row}})
    for reader in (calls, other, open_calls(old)):
        all_that_it_held(reader)


def test_a_read_only_file_of_version_1_is_read_and_left_as_it_is(old: Path) -> None:
    old.chmod(0o444)
    before = old.read_bytes()
    all_that_it_held(open_calls(old))
    with pytest.raises(localsheets.WorkbookReadOnlyError):
        open_calls(old).put("A1", [["x"]])
    assert old.read_bytes() == before


def _opened(path: Path, gate: Any, out: Any) -> None:
    gate.wait(60)
    out.put(open_calls(path).get("Notes!B2"))


def test_processes_that_open_an_old_file_at_once_migrate_it_once(old: Path) -> None:
    context = multiprocessing.get_context("spawn")
    gate, out = context.Barrier(4), context.Queue()
    processes = [context.Process(target=_opened, args=(old, gate, out)) for _ in range(4)]
    for process in processes:
        process.start()
    assert [out.get(timeout=60) for _ in processes] == [[["kept"]]] * 4
    for process in processes:
        process.join()
        assert process.exitcode == 0
