"""The change log: whoever follows it has the workbook, and re-implements nothing."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from gspread.exceptions import APIError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets.storage import files
from gsheet_ml_scheduler.localsheets.storage.store import Store
from tests.unit.localsheets.calls import (
    Json,
    cells,
    close,
    grid_range,
    line,
    open_calls,
    paint,
    pin,
    row,
)
from tests.unit.localsheets.follower import followed, stored

SMALL = st.integers(0, 6)
SIZES = st.integers(1, 3)
SHEETS = st.sampled_from([0, 0, 0, 7, 8])
DIMENSIONS = st.sampled_from(["ROWS", "COLUMNS"])
VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "b", "ab", ""])
COLOURS = st.builds(lambda red: {"red": red}, st.sampled_from([0.0, 0.2, 0.5, 1.0]))
AREAS = st.builds(lambda r, h, c, w: (r, r + h, c, c + w), SMALL, SIZES, SMALL, SIZES)
GRIDS = st.lists(st.lists(VALUES, min_size=1, max_size=3), min_size=1, max_size=3)


def _sized(name: str, dimension: str, at: int, size: int, sheet: int) -> Json:
    found: Json = {"range": line(dimension, at, at + size, sheet)}
    if name == "updateDimensionProperties":
        found |= {"properties": {"pixelSize": 20 + at}, "fields": "pixelSize"}
    return {name: found}


def _sheet_request(kind: int, sheet: int, at: int) -> Json:
    properties = {"sheetId": sheet, "index": at, "title": f"Sheet {sheet}.{at}"}
    if kind == 0:
        small = {"rowCount": 12, "columnCount": 9}
        return {"addSheet": {"properties": {**properties, "gridProperties": small}}}
    if kind == 1:
        return {"deleteSheet": {"sheetId": sheet}}
    return {"updateSheetProperties": {"properties": properties, "fields": "index,title"}}


REQUESTS: st.SearchStrategy[Json] = st.one_of(
    st.builds(cells, GRIDS, SMALL, SMALL, SHEETS),
    st.builds(paint, AREAS, COLOURS, SHEETS),
    st.builds(
        _sized,
        st.sampled_from(["insertDimension", "deleteDimension", "updateDimensionProperties"]),
        DIMENSIONS, SMALL, SIZES, SHEETS,
    ),
    st.builds(
        lambda d, at, size, to, sheet: {
            "moveDimension": {"source": line(d, at, at + size, sheet), "destinationIndex": to}
        },
        DIMENSIONS, SMALL, SIZES, SMALL, SHEETS,
    ),
    st.builds(
        lambda area, sheet, down: {
            "sortRange": {
                "range": grid_range((area[0], area[1] + 4, area[2], area[3] + 20), sheet),
                "sortSpecs": [
                    {"dimensionIndex": area[2], "sortOrder": "DESCENDING" if down else "ASCENDING"}
                ],
            }
        },
        AREAS, SHEETS, st.booleans(),
    ),
    st.builds(lambda i, d, at, sheet: pin(i, line(d, at, None, sheet)),
              st.integers(1, 4), DIMENSIONS, SMALL, SHEETS),
    st.builds(
        lambda i: {
            "deleteDeveloperMetadata": {
                "dataFilter": {"developerMetadataLookup": {"metadataId": i}}
            }
        },
        st.integers(1, 4),
    ),
    st.builds(
        lambda a, b: {"findReplace": {"find": a, "replacement": b, "allSheets": True}},
        st.sampled_from(["a", "b"]), st.sampled_from(["b", "c", ""]),
    ),
    st.builds(
        lambda area, note, sheet: {
            "repeatCell": {"range": grid_range(area, sheet), "cell": {"note": note},
                           "fields": "note"}
        },
        AREAS, st.sampled_from(["", "note", "other"]), SHEETS,
    ),
    st.builds(
        lambda area, name, sheet: {
            "addNamedRange": {
                "namedRange": {"name": name, "namedRangeId": name, "range": grid_range(area, sheet)}
            }
        },
        AREAS, st.sampled_from(["one", "two"]), SHEETS,
    ),
    st.builds(lambda area, sheet: {"mergeCells": {"range": grid_range(area, sheet),
                                                  "mergeType": "MERGE_ALL"}}, AREAS, SHEETS),
    st.builds(_sheet_request, st.integers(0, 2), st.sampled_from([7, 8]), st.integers(0, 3)),
    st.builds(
        lambda title: {
            "updateSpreadsheetProperties": {"properties": {"title": title}, "fields": "title"}
        },
        st.sampled_from(["T", "U"]),
    ),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(REQUESTS, min_size=1, max_size=4), min_size=1, max_size=12))
def test_the_log_from_the_start_makes_the_workbook_that_is_there(batches: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.sheet"
        calls = open_calls(path, create=True)
        shrink = {"gridProperties": {"rowCount": 12, "columnCount": 9}}
        fields = "gridProperties(rowCount,columnCount)"
        add: Json = {"addSheet": {"properties": {"sheetId": 7, **shrink}}}
        calls.batch({"updateSheetProperties": {"properties": shrink, "fields": fields}}, add)
        applied = 1
        for batch in batches:
            try:
                calls.batch(*batch)
            except APIError:
                continue
            applied += 1
        close(calls)
        follower, workbook = followed(path), stored(path)
        if "properties" not in follower:
            del workbook["properties"]
        assert follower == workbook
        assert len(_log(path)) <= applied, "a refused batch was logged"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "runs.sheet"
    files.create(made)
    return made


def _log(path: Path) -> list[tuple[int, str]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT revision, author FROM changes ORDER BY 1").fetchall()
    finally:
        connection.close()


def test_every_batch_has_one_entry_with_its_author(path: Path) -> None:
    calls = open_calls(path)
    calls.client.session.headers["User-Agent"] = "anna"
    calls.put("A1", [["x"]])
    calls.batch(cells([["y"]], 0), pin(1, row(0)))
    calls.put("A1", [["z"]], {"User-Agent": "worker dF53M7"})
    calls.get("A1")
    with pytest.raises(APIError):
        calls.batch(cells([["y"]], 0), pin(1, row(0)))
    close(calls)
    assert _log(path) == [(1, "anna"), (2, "anna"), (3, "worker dF53M7")]


def test_a_reader_that_is_a_little_behind_gets_what_it_missed(path: Path) -> None:
    calls = open_calls(path)
    for at in range(5):
        calls.put("A1", [[at]])
    store = Store(path)
    with store.reading() as snapshot:
        missed = snapshot.changes(3)
        assert missed is not None
        assert [effects[0]["rows"]["0"]["0"] for effects in missed] == [3, 4]
        assert snapshot.changes(snapshot.revision) == []
    store.close()
    close(calls)


def _make_older(path: Path, days: float, revision: int) -> None:
    """Let the newest entry be of this revision, and all as many days old."""
    connection = sqlite3.connect(path)
    connection.execute(
        "UPDATE changes SET time = time - ?, "
        "revision = revision - (SELECT max(revision) FROM changes) + ?",
        (days * 86400, revision),
    )
    connection.commit()
    connection.close()


def test_entries_older_than_two_weeks_are_trimmed_and_who_is_behind_is_told(path: Path) -> None:
    behind = open_calls(path)
    calls = open_calls(path)
    calls.put("A1:A70", [["old"]] * 70)
    assert behind.column("A1:A1000") == ["old"] * 70
    calls.put("A2", [["missed"]])
    _make_older(path, days=15, revision=4998)
    close(calls)
    calls = open_calls(path)
    for at in range(4):
        calls.put(f"A{at + 3}", [[f"new {at}"]])
    close(calls)
    assert [revision for revision, _ in _log(path)] == [4999, 5000, 5001, 5002]
    store = Store(path)
    with store.reading() as snapshot:
        assert snapshot.revision == 5002
        assert len(snapshot.changes(4998) or []) == 4
        assert snapshot.changes(4997) is None
        assert snapshot.changes(1) is None
    store.close()
    expected = ["old", "missed", "new 0", "new 1", "new 2", "new 3", *["old"] * 64]
    assert behind.column("A1:A1000") == expected
    close(behind)


def test_entries_younger_than_two_weeks_stay(path: Path) -> None:
    calls = open_calls(path)
    calls.put("A1", [[1]])
    _make_older(path, days=13, revision=4998)
    calls.put("A1", [[2]])
    calls.put("A1", [[3]])
    close(calls)
    assert [revision for revision, _ in _log(path)] == [4998, 4999, 5000]


def test_a_log_of_which_all_is_old_keeps_its_revision(path: Path) -> None:
    calls = open_calls(path)
    calls.put("A1", [[1]])
    _make_older(path, days=15, revision=4999)
    calls.put("A1", [[2]])
    assert _log(path)[-1][0] == 5000
    calls.put("A1", [[3]])
    assert [revision for revision, _ in _log(path)] == [5000, 5001]
    assert calls.get("A1") == [[3]]
    close(calls)
