"""A page that follows has what a page that begins anew gets: rules of the live side, in process."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gspread.exceptions import APIError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets import workbook_client
from gsheet_ml_scheduler.localsheets.book import Book
from gsheet_ml_scheduler.localsheets.live import changes, cursor, snapshot
from gsheet_ml_scheduler.localsheets.live.following import Follower, Message
from gsheet_ml_scheduler.localsheets.live.shown import Showing, plain
from gsheet_ml_scheduler.localsheets.model.record import Cell
from gsheet_ml_scheduler.localsheets.storage import files
from gsheet_ml_scheduler.localsheets.storage.store import Store
from gsheet_ml_scheduler.localsheets.text import number_format, user_entered
from gsheet_ml_scheduler.localsheets.text.locales import conventions
from tests.live import Grid
from tests.unit.localsheets.calls import Json, cells, close, line, open_calls
from tests.unit.localsheets.test_changelog import REQUESTS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "runs.sheet"
    files.create(made)
    return made


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path)
    yield opened
    opened.close()


def grid_of(store: Store) -> Grid:
    """What a page that begins now gets."""
    with store.reading() as found:
        return Grid([json.loads(piece) for piece in snapshot.pieces(found, store.path)])


def message_since(store: Store, revision: int) -> Json | None:
    """What a page is told that knows a revision."""
    with store.reading() as found:
        told = changes.since(found, store.path, revision)
        return None if told is None else json.loads(json.dumps(told))


MARKED = {
    "ranges": [
        {
            "sheetId": 0,
            "startRowIndex": 3,
            "endRowIndex": 7,
            "startColumnIndex": 2,
            "endColumnIndex": 5,
        }
    ],
    "booleanRule": {
        "condition": {"type": "NOT_BLANK"},
        "format": {"backgroundColor": {"red": 1}},
    },
}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.lists(REQUESTS, min_size=1, max_size=3), st.booleans()), max_size=12))
def test_who_follows_has_what_a_new_snapshot_has(batches: list[tuple[list[Any], bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.sheet"
        calls = open_calls(path, create=True)
        shrink = {"gridProperties": {"rowCount": 12, "columnCount": 9}}
        fields = "gridProperties(rowCount,columnCount)"
        calls.batch(
            {"updateSheetProperties": {"properties": shrink, "fields": fields}},
            {"addSheet": {"properties": {"sheetId": 7, **shrink}}},
            {"addConditionalFormatRule": {"rule": MARKED, "index": 0}},
        )
        store = Store(path)
        grid, before = grid_of(store), grid_of(store)
        for batch, tells in batches:
            try:
                calls.batch(*batch)
            except APIError:
                continue
            if tells:
                told = message_since(store, grid.revision)
                if told is None:  # a tab's title may be the workbook's, which only a snapshot tells
                    grid = grid_of(store)
                else:
                    grid.apply(told)
                    assert grid.picture() == grid_of(store).picture()
        told = message_since(store, before.revision)
        if told is not None:
            before.apply(told)
            assert before.picture() == grid_of(store).picture()
        store.close()
        close(calls)


@pytest.mark.parametrize(
    ("dimension", "start", "end", "to"),
    [
        ("ROWS", 0, 1, 6),  # in, and another one out at the upper edge
        ("ROWS", 5, 6, 0),
        ("ROWS", 4, 6, 12),
        ("COLUMNS", 0, 1, 4),
        ("COLUMNS", 3, 4, 0),
    ],
)
def test_lines_that_move_into_a_conditional_format_are_told_how_they_look(
    path: Path, store: Store, dimension: str, start: int, end: int, to: int
) -> None:
    calls = open_calls(path)
    lines = [[f"{row} {column}" for column in range(8)] for row in range(12)]
    calls.batch(cells(lines, 0), {"addConditionalFormatRule": {"rule": MARKED, "index": 0}})
    grid = grid_of(store)
    calls.batch({"moveDimension": {"source": line(dimension, start, end), "destinationIndex": to}})
    told = message_since(store, grid.revision)
    assert told is not None
    grid.apply(told)
    assert grid.picture() == grid_of(store).picture()
    assert sum("c" in cell for cell in grid.cells.values()) > 0
    close(calls)


def test_a_message_that_comes_twice_or_overlaps_changes_nothing(path: Path, store: Store) -> None:
    calls = open_calls(path)
    grid = grid_of(store)
    rows = {"sheetId": 0, "dimension": "ROWS"}
    for at in range(3):
        calls.batch({"insertDimension": {"range": {**rows, "startIndex": at, "endIndex": at + 1}}})
        calls.put(f"A{at + 1}", [[at]])
    for since in (0, 0, 2, 4, 6, 3):
        told = message_since(store, since)
        assert told is not None
        grid.apply(told)
    assert grid.picture() == grid_of(store).picture()
    close(calls)


def test_a_message_is_not_made_of_a_log_that_was_cut(path: Path, store: Store) -> None:
    calls = open_calls(path)
    for at in range(4):
        calls.put("A1", [[at]])
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM changes WHERE revision < 3")
    connection.close()
    assert message_since(store, 2) is not None
    assert message_since(store, 1) is None
    close(calls)


def test_metadata_is_not_told(path: Path, store: Store) -> None:
    calls = open_calls(path)
    calls.batch({"createDeveloperMetadata": {"developerMetadata": {
        "metadataId": 5, "metadataKey": "k", "visibility": "DOCUMENT",
        "location": {"spreadsheet": True}}}})  # fmt: skip
    told = message_since(store, 0)
    assert told is not None
    assert (told["effects"], told["cells"]) == ([], {})
    assert len(told["batches"]) == 1
    close(calls)


# ---------------------------------------------------------------- who is told


def told_by(follower: Follower, since: str) -> tuple[list[Message], threading.Event]:
    """Join; what is told, and a sign that something was."""
    found: list[Message] = []
    sign = threading.Event()

    def listener(message: Message) -> None:
        found.append(message)
        sign.set()

    follower.join(since, listener)
    return found, sign


def test_all_who_follow_are_told_the_same_in_order(path: Path, store: Store) -> None:
    calls = open_calls(path)
    follower = Follower(store)
    grids = [grid_of(store) for _ in range(3)]
    told = [told_by(follower, grid.cursor) for grid in grids]
    for at in range(50):
        calls.put(f"A{at + 1}", [[at]])
    for grid, (messages, sign) in zip(grids, told):
        while grid.revision < 50:
            assert sign.wait(10)
            sign.clear()
            while messages:
                grid.apply(json.loads(messages.pop(0).text))
    assert [grid.picture() for grid in grids] == [grid_of(store).picture()] * 3
    follower.close()
    close(calls)


def test_who_left_is_told_nothing_more(path: Path, store: Store) -> None:
    calls = open_calls(path)
    follower = Follower(store)
    gone: list[Message] = []
    follower.join(grid_of(store).cursor, gone.append)
    stays, sign = told_by(follower, grid_of(store).cursor)
    follower.leave(gone.append)  # another method object, equal to the one that joined
    calls.put("A1", [[1]])
    assert sign.wait(10)
    assert (len(stays), len(gone)) == (1, 0)
    follower.close()
    close(calls)


def test_following_begins_again_after_everybody_left(path: Path, store: Store) -> None:
    calls = open_calls(path)
    follower = Follower(store)
    for at in range(3):
        found, sign = told_by(follower, grid_of(store).cursor)
        calls.put("A1", [[at]])
        assert sign.wait(10)
        follower.leave(follower._listeners[0])
        assert json.loads(found[0].text)["revision"] == at + 1
    follower.close()
    close(calls)


def test_a_closed_workbook_tells_to_connect_again(store: Store) -> None:
    follower = Follower(store)
    found, _ = told_by(follower, grid_of(store).cursor)
    follower.close()
    assert [message.kind for message in found] == ["gone"]
    assert "Connect again" in found[0].text


def test_a_read_only_file_can_be_followed(path: Path) -> None:
    client = workbook_client(path)
    cursor_now = json.loads(next(client.workbook.live.snapshot()))["cursor"]
    client.workbook.close()
    path.chmod(0o444)
    store = Store(path, read_only=True)
    follower = Follower(store)
    found, _ = told_by(follower, cursor_now)
    follower.close()
    assert [message.kind for message in found] == ["gone"]


# ---------------------------------------------------------------- places in a history


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "a.-1.c", "a.1.", ".1.c", "a.٣.c"])
def test_what_is_no_cursor_is_known_as_none(text: str) -> None:
    assert cursor.parse(text) is None


def test_a_cursor_is_read_as_it_was_written(path: Path, store: Store) -> None:
    calls = open_calls(path)
    calls.put("A1", [[1]])
    with store.reading() as found:
        place = cursor.of_snapshot(found, path)
        assert cursor.parse(str(place)) == place
        assert cursor.is_of_its_history(place, found, path)
        for other in (
            cursor.Cursor("0000000000", place.revision, place.stamp),
            cursor.Cursor(place.file, place.revision + 1, place.stamp),
            cursor.Cursor(place.file, place.revision, "1"),
        ):
            assert not cursor.is_of_its_history(other, found, path)
        assert cursor.is_of_its_history(cursor.at_revision(found, path, 0), found, path)
    close(calls)


# ---------------------------------------------------------------- what is shown

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
PATTERNS = st.sampled_from(
    [
        None,
        {"type": "DATE"},
        {"type": "DATE_TIME"},
        {"type": "TIME"},
        {"type": "DATE", "pattern": "d mmm"},
        {"type": "PERCENT", "pattern": "0%"},
        {"type": "NUMBER", "pattern": "#,##0.00"},
        {"type": "TEXT"},
    ]
)
LOCALES = st.sampled_from(["en_US", "de_DE", "fr_FR", "ja_JP"])
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["1", "1/2", "TRUE", "'x", "=1", "=", "+a", "12%", "2026-11-22", "$3", "1e3", "", " 5", "0042"]
)


def showing_in(store: Store, locale: str) -> Iterator[Showing]:
    with store.reading() as found:
        book = Book(found)
        properties = found.structure.properties
        found.structure.properties = {**properties, "locale": locale}
        yield Showing(book)
        found.structure.properties = properties


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=NUMBERS | st.booleans() | TEXTS, shape=PATTERNS, locale=LOCALES)
@example(value=46348.5, shape={"type": "DATE_TIME"}, locale="de_DE")
@example(value="=1/0", shape=None, locale="en_US")
def test_what_an_editor_begins_with_typed_again_gives_the_same_cell(
    store: Store, value: Cell, shape: Any, locale: str
) -> None:
    for showing in showing_in(store, locale):
        assert not isinstance(value, dict)
        assert value is not None
        if value == "":
            return
        text = showing.text(value, shape)
        begun = showing.begun(value, shape, text)
        typed = begun if begun is not None else as_javascript(value)
        if typed is None:
            return  # the two languages write this number differently
        if isinstance(value, str) and shape == {"type": "TEXT"}:
            assert typed == value  # such a cell takes any text as it is
            return
        found = user_entered.parse(typed, locale)
        assert found.value == value
        assert not found.is_formula


def as_javascript(value: Any) -> str | None:
    """`String(value)`, for what Python writes alike."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    text = plain(value)
    return None if "e" in text else text


@settings(max_examples=500)
@given(st.floats(min_value=-1e9, max_value=1e9).filter(lambda v: abs(v) >= 1e-4))
@example(0.99999999999)
@example(999999999.99)
@example(123456.7890123)
def test_the_quick_way_to_show_a_number_is_the_exact_one(value: float) -> None:
    from decimal import Decimal

    exact = format(Decimal(f"{value:.9e}"), "f")
    exact = exact.rstrip("0").rstrip(".") if "." in exact else exact
    if value != int(value):
        assert number_format.automatic(value, conventions("en_US")) == exact
