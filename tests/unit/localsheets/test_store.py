"""Several users of one file: each sees the others' batches, whole, at its next request.

P2 and P6 rest on this: a batch is there or it isn't, for everybody, and in the log.
"""

from __future__ import annotations

import copy
import gc
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from gspread.exceptions import APIError

from gsheet_ml_scheduler.localsheets.book import Book
from gsheet_ml_scheduler.localsheets.storage import connections, files
from gsheet_ml_scheduler.localsheets.storage.store import Store
from tests.unit.localsheets.calls import (
    Calls,
    Json,
    cells,
    close,
    grid_range,
    line,
    open_calls,
    paint,
    pin,
    row,
    tables_of,
)

ORANGE = {"red": 1, "green": 0.93, "blue": 0.8}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "runs.sheet"
    files.create(made)
    return made


@pytest.fixture
def here(path: Path) -> Iterator[Calls]:
    calls = open_calls(path)
    yield calls
    close(calls)


@pytest.fixture
def there(path: Path) -> Iterator[Calls]:
    """The same file, opened a second time as another process would."""
    calls = open_calls(path)
    yield calls
    close(calls)


# ---------------------------------------------------------------- two at one file


def test_cells_formats_and_marks_of_the_one_are_seen_by_the_other(
    here: Calls, there: Calls
) -> None:
    for at in range(3):  # each time from what was kept in memory
        writer, reader = (here, there) if at % 2 else (there, here)
        writer.put("A1:B1", [[f"round {at}", at]])
        writer.batch(paint((0, 1, 0, 1), {"red": at / 3}), pin(at + 1, row(at)))
        assert reader.get("A1:B1") == [[f"round {at}", at]]
        assert reader.column("A1:A1000") == [f"round {at}"]
        shown = reader.spreadsheet(ranges="A1", fields="sheets.data.rowData.values")
        cell = shown["sheets"][0]["data"][0]["rowData"][0]["values"][0]
        assert (
            cell["userEnteredFormat"]
            == (writer.spreadsheet(ranges="A1", fields="sheets.data.rowData.values"))["sheets"][0][
                "data"
            ][0]["rowData"][0]["values"][0]["userEnteredFormat"]
        )
        assert [m["metadataId"] for m in reader.marks()] == list(range(1, at + 2))


def test_rows_that_one_inserts_moves_and_sorts_stand_there_for_the_other(
    here: Calls, there: Calls
) -> None:
    here.put("A1:B4", [["c", 3], ["a", 1], ["d", 4], ["b", 2]])
    assert there.column("A1:A1000") == ["c", "a", "d", "b"]
    here.batch({"insertDimension": {"range": row(0, 2)}})
    assert there.column("A1:A1000") == ["", "", "c", "a", "d", "b"]
    here.batch({"moveDimension": {"source": row(5), "destinationIndex": 0}})
    assert there.column("A1:A1000") == ["b", "", "", "c", "a", "d"]
    sort = {"range": grid_range((0, 6, 0, 26)), "sortSpecs": [{"dimensionIndex": 0}]}
    here.batch({"sortRange": sort})
    assert there.column("A1:A1000") == ["a", "b", "c", "d"]
    there.put("A3", [["seen"]])
    assert here.get("A1:B4") == [["a", 1], ["b", 2], ["seen", 3], ["d", 4]]
    here.batch({"deleteDimension": {"range": row(0, 2)}})
    assert there.get("A1:B4") == [["seen", 3], ["d", 4]]


def test_sheets_that_one_adds_renames_and_removes_are_there_or_gone_for_the_other(
    here: Calls, there: Calls
) -> None:
    here.batch({"addSheet": {"properties": {"sheetId": 7, "title": "Other"}}})
    there.put("Other!A1", [["x"]])
    assert here.column("Other!A1:A1000") == ["x"]
    there.batch(
        {"updateSheetProperties": {"properties": {"sheetId": 7, "title": "New"}, "fields": "title"}}
    )
    assert here.get("New!A1") == [["x"]]
    here.batch({"deleteSheet": {"sheetId": 7}})
    with pytest.raises(APIError, match="Unable to parse range: New!A1"):
        there.get("New!A1")


def test_a_sheet_that_comes_again_under_an_old_id_comes_empty(here: Calls, there: Calls) -> None:
    add: Json = {"addSheet": {"properties": {"sheetId": 7, "title": "Other"}}}
    remove: Json = {"deleteSheet": {"sheetId": 7}}
    here.batch(add, cells([["old"], ["old"]], 0, sheet=7))
    for calls in (here, there):
        assert calls.column("Other!A1:A1000") == ["old", "old"]
        assert calls.get("Other!A1:A2") == [["old"], ["old"]]
    here.batch(remove)
    here.batch(add, cells([["new"]], 1, sheet=7))
    for calls in (here, there):
        assert calls.column("Other!A1:A1000") == ["", "new"]
        assert calls.get("Other!A1:A2") == [[], ["new"]]


def test_a_sheet_that_is_removed_and_made_anew_in_one_batch_comes_empty(
    here: Calls, there: Calls, path: Path
) -> None:
    add: Json = {"addSheet": {"properties": {"sheetId": 7, "title": "Other"}}}
    here.batch(add, cells([["old", "old"]] * 20, 0, sheet=7), pin(1, row(3, sheet_id=7)))
    append = {
        "sheetId": 7,
        "rows": [{"values": [{"userEnteredValue": {"stringValue": "new"}}]}],
        "fields": "userEnteredValue",
    }
    here.batch({"deleteSheet": {"sheetId": 7}}, add, {"appendCells": append})
    for calls in (here, there, open_calls(path)):
        assert calls.get("Other!A1:B1000") == [["new"]]
        assert calls.marks() == []


def test_a_reader_keeps_its_snapshot_while_another_writes(here: Calls, path: Path) -> None:
    here.put("A1:A100", [[at] for at in range(100)])
    store = Store(path)
    with store.reading() as snapshot:
        sheet = snapshot.structure.sheets[0]
        here.put("A1:A100", [["later"]] * 100)
        here.batch({"deleteDimension": {"range": row(0, 50)}}, pin(1, row(0)))
        rows = snapshot.rows(0, sheet.rows, 0, 100)
        assert [one.cell(0) for one in rows] == list(range(100))
        assert snapshot.cells(0, sheet.rows, 0, 100) == [[at] for at in range(100)]
        assert snapshot.column(sheet, 0, 0, 100) in (None, list(range(100)))
        assert [snapshot.row(0, at).cell(0) for at in range(100)] == list(range(100))
        assert snapshot.all_metadata() == []
    with store.reading() as snapshot:
        sheet = snapshot.structure.sheets[0]
        assert snapshot.column(sheet, 0, 0, 50) == ["later"] * 50
        assert len(snapshot.all_metadata()) == 1
    store.close()


def test_an_old_snapshot_is_not_answered_from_what_a_newer_one_brought_into_memory(
    here: Calls, path: Path
) -> None:
    here.put("A1:A100", [["old"]] * 100)
    store = Store(path)
    with store.reading() as older:
        sheet = older.structure.sheets[0]
        here.put("A1:A100", [["new"]] * 100)
        with store.reading() as newer:
            assert newer.column(sheet, 0, 0, 100) == ["new"] * 100
            assert newer.row(0, 0).cell(0) == "new"
        assert older.row(0, 0).cell(0) == "old"
        assert older.column(sheet, 0, 0, 100) is None
        assert older.cells(0, sheet.rows, 0, 2) == [["old"], ["old"]]
    with store.reading() as now:
        assert now.row(0, 0).cell(0) == "new"
        assert now.column(sheet, 0, 0, 100) == ["new"] * 100
    store.close()


# ---------------------------------------------------------------- a batch that fails

GOOD: list[Json] = [
    cells([["changed", 1.5, True]], 0),
    paint((0, 5, 0, 3), {"red": 0.3}),
    pin(50, row(4)),
    {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": {"metadataId": 1}}}},
    {"insertDimension": {"range": row(1, 4)}},
    {"deleteDimension": {"range": row(6, 8)}},
    {"insertDimension": {"range": line("COLUMNS", 0, 2)}},
    {"moveDimension": {"source": row(2), "destinationIndex": 9}},
    {"sortRange": {"range": grid_range((0, 9, 0, 28)), "sortSpecs": [{"dimensionIndex": 2}]}},
    {"appendCells": {"rows": [{"values": [{"userEnteredValue": {"stringValue": "end"}}]}],
                     "fields": "*"}},
    {"findReplace": {"find": "one", "replacement": "two", "allSheets": True}},
    {"addSheet": {"properties": {"sheetId": 9, "title": "Nine"}}},
    {"deleteSheet": {"sheetId": 7}},
    {"updateSheetProperties": {"properties": {"title": "Renamed"}, "fields": "title"}},
    {"updateSpreadsheetProperties": {"properties": {"title": "T"}, "fields": "title"}},
    {"updateDimensionProperties": {"range": row(0, 3), "properties": {"pixelSize": 40},
                                   "fields": "pixelSize"}},
    {"repeatCell": {"range": grid_range((0, 2, 0, 2)), "cell": {"note": "a note"},
                    "fields": "note"}},
]  # fmt: skip
BAD: list[Json] = [
    cells([["x"]], 0, sheet=999999),
    pin(2, row(0)),
    {"noSuchKind": {}},
    {"deleteDimension": {"range": row(0, 5000)}},
    {"addSheet": {"properties": {"title": "Renamed"}}},
]


@pytest.mark.parametrize("at", [0, 5, len(GOOD)])
@pytest.mark.parametrize("bad", BAD)
def test_a_batch_with_a_wrong_request_anywhere_leaves_nothing(
    at: int, bad: Json, here: Calls, there: Calls, path: Path
) -> None:
    here.batch({"addSheet": {"properties": {"sheetId": 7, "title": "Other"}}})
    here.batch(cells([["one", 2], ["three", 4]], 0), pin(1, row(1)), pin(2, row(2)))
    if bad == BAD[4]:
        at = len(GOOD)
    before = tables_of(path), _picture(here)
    requests = [*GOOD[:at], bad, *GOOD[at:]]
    with pytest.raises(APIError, match=rf"requests\[{at}\]"):
        here.batch(*requests)
    assert tables_of(path) == before[0]
    assert _picture(here) == before[1]
    assert _picture(there) == before[1]
    here.batch(*GOOD)  # which the failed one didn't make impossible
    assert tables_of(path) != before[0]
    assert _picture(here) == _picture(there) != before[1]


def _picture(calls: Calls) -> tuple[Json, list[Json]]:
    """All that a client can see of a small spreadsheet."""
    sheets = calls.spreadsheet(fields="sheets.properties.title")["sheets"]
    ranges = [f"'{sheet['properties']['title']}'!A1:AB20" for sheet in sheets]
    return calls.spreadsheet(ranges=ranges, includeGridData="true"), calls.marks()


def test_a_program_that_breaks_off_in_the_middle_of_a_batch_leaves_nothing(path: Path) -> None:
    before = tables_of(path)
    store = Store(path)
    with pytest.raises(RuntimeError, match="broke off"), store.writing() as writer:
        writer.cursor.execute("UPDATE workbook SET spreadsheet_id = 'x'")
        raise RuntimeError("broke off")
    assert tables_of(path) == before
    with store.writing() as writer:
        writer.cursor.execute("UPDATE workbook SET spreadsheet_id = 'x'")
    assert tables_of(path) == before, "what was never committed was kept"
    store.close()


# ---------------------------------------------------------------- what is kept in memory is ours


def test_what_the_caller_does_with_an_answer_changes_nothing(here: Calls) -> None:
    here.batch(*_everything())
    before = copy.deepcopy(_picture(here))
    _spoil(_picture(here))
    _spoil(here.get("A1:Z10"))
    _spoil(here.get("A1:A1000", majorDimension="COLUMNS"))
    _spoil(here.spreadsheet(fields="*", ranges="A1:C3"))
    assert _picture(here) == before


def test_what_the_caller_does_with_a_request_afterwards_changes_nothing(
    here: Calls, path: Path
) -> None:
    requests = _everything()
    replies = here.batch(*requests, includeSpreadsheetInResponse=True)
    _spoil(replies)
    before = _picture(open_calls(path))
    _spoil(requests)
    assert _picture(here) == before


def _everything() -> list[Json]:
    rule = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "a"}]}}
    return [
        cells([["a", 1, True], ["b", 2, False]], 0),
        paint((0, 3, 0, 3), ORANGE),
        pin(1, row(1)),
        {"repeatCell": {"range": grid_range((0, 2, 0, 1)),
                        "cell": {"note": "n", "dataValidation": rule},
                        "fields": "note,dataValidation"}},
        {"addSheet": {"properties": {"sheetId": 7, "title": "Other",
                                     "gridProperties": {"frozenRowCount": 2},
                                     "tabColor": {"red": 1}}}},
        {"updateSheetProperties": {"properties": {"gridProperties": {"frozenRowCount": 1}},
                                   "fields": "gridProperties.frozenRowCount"}},
        {"updateDimensionProperties": {"range": row(0, 3), "properties": {"pixelSize": 40},
                                       "fields": "pixelSize"}},
    ]  # fmt: skip


def _spoil(found: Any) -> None:
    """Change every object and list in place, innermost first."""
    if isinstance(found, (list, tuple)):
        for one in found:
            _spoil(one)
    if isinstance(found, list):
        found.append("spoiled")
    if isinstance(found, dict):
        for one in found.values():
            _spoil(one)
        for name, one in found.items():
            if not isinstance(one, (dict, list)):
                found[name] = "spoiled"
        found["spoiled"] = "spoiled"


# ---------------------------------------------------------------- threads


def test_a_snapshot_may_be_let_go_in_another_thread_than_it_was_taken_in(path: Path) -> None:
    """As the collector does it, in whatever thread it comes to it."""
    store, stack = Store(path), ExitStack()
    stack.enter_context(store.reading())
    with ThreadPoolExecutor(1) as other:
        other.submit(stack.close).result()
    assert threading.get_ident() not in connections._gate._inside  # a fork waits for nobody
    store.close()


def test_eight_threads_read_and_write_one_workbook(here: Calls, path: Path) -> None:
    """Each batch writes one number into ten cells of two rows; nobody ever sees two of them."""
    here.put("A1:E2", [[0] * 5, [0] * 5])
    seen: list[Any] = []
    errors: list[BaseException] = []
    rounds = 40

    def write(thread: int) -> None:
        for at in range(rounds):
            number = thread * 1000 + at
            here.batch(cells([[number] * 5, [number] * 5], 0), cells([[number]], 10 + thread))
            if at % 10 == 0:
                here.batch({"insertDimension": {"range": row(500)}})

    def read(_: int) -> None:
        for at in range(rounds):
            found = here.get("A1:E2") if at % 2 else here.get("A1:E999", majorDimension="COLUMNS")
            seen.append({value for part in found for value in part[:2]})

    def guarded(job: Any, number: int) -> None:
        try:
            job(number)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [
        threading.Thread(target=guarded, args=(job, number))
        for number in range(4)
        for job in (write, read)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert not [values for values in seen if len(values) > 1], "a batch was seen in part"
    assert here.column("A11:A14") == [1000 * thread + rounds - 1 for thread in range(4)]
    assert len(tables_of(path)["changes"]) == 1 + 4 * (rounds + 4)


# ---------------------------------------------------------------- fork


def _append_as(calls: Calls, name: str, count: int) -> None:
    for at in range(count):
        append = {
            "rows": [{"values": [{"userEnteredValue": {"stringValue": f"{name} {at}"}}]}],
            "fields": "userEnteredValue",
        }
        calls.batch({"appendCells": append})


needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this platform doesn't fork"
)


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_parent_and_children_of_a_fork_both_write(here: Calls, path: Path) -> None:
    here.put("A1", [["begin"]])
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_append_as, args=(here, f"child {at}", 20)) for at in range(3)]
    for child in children:
        child.start()
    _append_as(here, "parent", 20)
    close(here)  # the last one that the parent has; the log must stay for the children
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0]
    column = open_calls(path).column("A1:A1000")
    names = ("parent", "child 0", "child 1", "child 2")
    assert sorted(column) == sorted(["begin", *(f"{n} {at}" for n in names for at in range(20))])


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_fork_while_other_threads_write_leaves_the_child_a_workbook_that_works(
    here: Calls, path: Path
) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            here.put("B1:B50", [["busy"]] * 50)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    fork = multiprocessing.get_context("fork")
    try:
        for at in range(10):
            child = fork.Process(target=_append_as, args=(here, f"child {at}", 3))
            child.start()
            child.join(30)
            assert child.exitcode == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    children = [value for value in here.column("A1:A1000") if value]
    assert children == [f"child {at} {n}" for at in range(10) for n in range(3)]


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_child_keeps_the_log_when_everybody_else_has_closed_the_file(
    here: Calls, path: Path
) -> None:
    """SQLite removes the log with the last user; a forked child must count as one."""
    here.put("A1", [["begin"]])
    fork = multiprocessing.get_context("fork")
    goes_on, wrote = fork.Event(), fork.Event()

    def child() -> None:
        here.put("A2", [["child"]])
        wrote.set()
        goes_on.wait(30)
        here.put("A3", [["child again"]])

    process = fork.Process(target=child)
    process.start()
    assert wrote.wait(30)
    close(here)
    close(other := open_calls(path))
    other.put("B1", [["between"]])
    goes_on.set()
    process.join(60)
    assert process.exitcode == 0
    found = open_calls(path).get("A1:B3")
    assert found == [["begin", "between"], ["child"], ["child again"]]


# ---------------------------------------------------------------- nothing is left open


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - iterdir() has it open itself


def test_workbooks_that_are_opened_and_closed_leave_no_file_open(path: Path) -> None:
    open_calls(path).put("A1", [[1]])
    gc.collect()
    before = _open_files()
    for at in range(100):
        calls = open_calls(path)
        calls.put("A1", [[at]])
        close(calls)
    assert _open_files() <= before


def test_workbooks_that_are_only_forgotten_leave_no_file_open(path: Path) -> None:
    open_calls(path).put("A1", [[1]])
    gc.collect()
    before = _open_files()
    for at in range(100):
        open_calls(path).put("A1", [[at]])
    gc.collect()
    assert _open_files() <= before


def test_a_workbook_that_is_closed_still_answers_and_keeps_nothing_open(path: Path) -> None:
    calls = open_calls(path)
    gc.collect()
    close(calls)
    before = _open_files()
    calls.put("A1", [["after"]])
    assert calls.get("A1") == [["after"]]
    assert _open_files() == before
    assert [found.name for found in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)", "calls.close()", "del calls"])
def test_a_program_that_ends_leaves_one_file(path: Path, ending: str) -> None:
    program = f"""
from pathlib import Path
from gsheet_ml_scheduler import localsheets
calls = localsheets.workbook_client(Path({str(path)!r})).workbook
from gsheet_ml_scheduler.localsheets.api import routes
put = routes.find("PUT", f"/v4/spreadsheets/{{calls.spreadsheet_id}}/values/A1")
calls.answer(put, {{"valueInputOption": "RAW"}}, {{"values": [[1]]}}, author="a program")
{ending}
"""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    assert open_calls(path).get("A1") == [[1]]


def test_the_log_beside_the_file_stays_short_while_others_read(tmp_path: Path) -> None:
    path = tmp_path / "book.sheet"
    files.create(path)
    writer, reader = Store(path), Store(path)
    for number in range(900):
        with reader.reading() as snapshot:
            assert snapshot.revision == number
        with writer.writing(relaxed=True) as batch:
            book = Book(batch)
            book.rows(book.sheet(0), 0, 1)[0].set_cell(0, number)
            book.commit("writer")
    assert path.with_name("book.sheet-wal").stat().st_size < 500 * 3 * 4200
    writer.close()
    reader.close()
