"""What is recorded beside a row: bounded, never doubled, and part of the file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets import workbook_client
from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.localsheets.live.tracks import Tracks, parse_records
from gsheet_ml_scheduler.localsheets.model import thinning
from gsheet_ml_scheduler.localsheets.model.thinning import Point
from gsheet_ml_scheduler.localsheets.storage import files
from gsheet_ml_scheduler.localsheets.storage import tracks as tables
from gsheet_ml_scheduler.localsheets.storage.store import Store
from gsheet_ml_scheduler.localsheets.storage.tracks import Record, Text
from tests.unit.localsheets.calls import close, open_calls, pin, row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "runs.sheet"
    files.create(made)
    return made


@pytest.fixture
def kept(path: Path) -> Iterator[Tracks]:
    store = Store(path)
    yield Tracks(store)
    store.close()


def line(*values: float, first: int = 1) -> list[Point]:
    """Points one step apart."""
    return [Point(first + at, 100.0 + first + at, value) for at, value in enumerate(values)]


def losses(kept: Tracks, subject: str = "r") -> list[tuple[int, float]]:
    """Steps and values of the series `loss`."""
    found = kept.of_subject(subject)
    assert found is not None
    series = found["series"]["loss"]
    return list(zip(series["steps"], series["values"]))


def text_of(kept: Tracks, subject: str = "r", after: int = 0) -> tuple[int, int, str]:
    """Start, end and text."""
    found = kept.text_of_subject(subject, after=after)
    assert found is not None
    return found["start"], found["end"], found["text"]


def test_points_come_together_in_the_order_of_their_steps(kept: Tracks) -> None:
    kept.record([Record("r", 1, points={"loss": line(0.9, 0.8)})])
    kept.record([Record("r", 1, points={"loss": line(0.7, first=3), "acc": line(0.1)})])
    assert losses(kept) == [(1, 0.9), (2, 0.8), (3, 0.7)]
    found = kept.of_subject("r")
    assert found is not None
    assert found["series"]["acc"] == {"steps": [1], "times": [101.0], "values": [0.1]}
    assert kept.of_subject("another") is None


def test_a_record_that_is_sent_twice_is_kept_once(kept: Tracks) -> None:
    one = Record("r", 1, points={"loss": line(0.9, 0.8)}, text=Text(0, "first\n"))
    for _ in range(3):
        kept.record([one])
    assert losses(kept) == [(1, 0.9), (2, 0.8)]
    assert text_of(kept) == (0, 6, "first\n")


def test_text_that_overlaps_what_is_kept_is_cut(kept: Tracks) -> None:
    kept.record([Record("r", 1, text=Text(0, "one two "))])
    kept.record([Record("r", 1, text=Text(4, "two three"))])
    assert text_of(kept) == (0, 13, "one two three")
    assert text_of(kept, after=8) == (8, 13, "three")
    assert text_of(kept, after=99) == (13, 13, "")


def test_text_with_a_gap_begins_anew_after_it(kept: Tracks) -> None:
    kept.record([Record("r", 1, text=Text(0, "one"))])
    kept.record([Record("r", 1, text=Text(100, "much later"))])
    assert text_of(kept) == (100, 110, "much later")


def test_only_the_end_of_a_long_text_is_kept(kept: Tracks) -> None:
    whole = ""
    for at in range(400):
        piece = f"line {at}: {'x' * 500}\n"
        kept.record([Record("r", 1, text=Text(len(whole), piece))])
        whole += piece
    start, end, text = text_of(kept)
    assert end == len(whole)
    assert text == whole[start:]
    assert tables.TEXT_KEPT <= len(text) < tables.TEXT_KEPT + 5_000
    huge = "y" * 300_000
    kept.record([Record("r", 1, text=Text(len(whole), huge))])
    assert text_of(kept)[2] == "y" * tables.TEXT_KEPT


def test_a_new_part_is_what_is_answered_and_the_old_one_stays(kept: Tracks, path: Path) -> None:
    kept.record([Record("r", 1, points={"loss": line(0.9, 0.8)}, text=Text(0, "old"))])
    kept.record([Record("r", 2, points={"loss": line(0.5)})])
    found = kept.of_subject("r")
    assert found is not None
    assert (found["part"], losses(kept)) == (2, [(1, 0.5)])
    assert kept.text_of_subject("r") is None
    assert _count(path, "points") == 3


def test_a_part_that_begins_again_replaces_what_was_there(kept: Tracks, path: Path) -> None:
    kept.record([Record("r", 1, points={"loss": line(0.9, 0.8)}, text=Text(0, "old"))])
    begins = Record("r", 1, begins=True, points={"loss": line(0.5)}, text=Text(0, "new"))
    kept.record([begins])
    kept.record([begins])
    assert losses(kept) == [(1, 0.5)]
    assert text_of(kept) == (0, 3, "new")
    assert (_count(path, "points"), _count(path, "texts")) == (1, 1)


def test_a_track_is_found_by_the_row_that_carries_its_mark(path: Path, kept: Tracks) -> None:
    calls = open_calls(path)
    calls.batch(pin(5, row(3)))
    kept.record([Record("r", 1, mark=5, points={"loss": line(0.9)}, text=Text(0, "out"))])
    moved = {"sheetId": 0, "dimension": "ROWS", "startIndex": 3, "endIndex": 4}
    calls.batch({"moveDimension": {"source": moved, "destinationIndex": 9}})
    assert kept.of_rows(0, [3, 4])["3"]["subject"] == "r"
    assert list(kept.of_rows(0, [3, 4])) == ["3"]
    found = kept.text_of_row(0, 3)
    assert found is not None
    assert found["text"] == "out"
    delete = {"dataFilter": {"developerMetadataLookup": {"metadataId": 5}}}
    calls.batch({"deleteDeveloperMetadata": delete})
    kept.record([Record("r", 1, mark=5, points={"loss": line(0.8, first=2)})])
    assert kept.of_rows(0, [3])["3"]["series"]["loss"]["values"] == [0.9, 0.8]
    close(calls)


def test_of_two_subjects_on_a_row_the_later_one_is_shown(path: Path, kept: Tracks) -> None:
    calls = open_calls(path)
    calls.batch(pin(5, row(3)), pin(6, row(3)))
    kept.record([Record("a", 3, mark=5, points={"loss": line(0.9)})])
    kept.record([Record("b", 1, mark=6, points={"loss": line(0.1)})])
    assert kept.of_rows(0, [3])["3"]["subject"] == "b"
    close(calls)


def test_tracks_survive_a_copy_of_the_file_and_a_copy_in_the_drive(
    path: Path, kept: Tracks, tmp_path: Path
) -> None:
    kept.record([Record("r", 1, points={"loss": line(0.9)}, text=Text(0, "out"))])
    kept._store.close()
    other = tmp_path / "elsewhere"
    other.mkdir()
    shutil.copy(path, other / "copy.sheet")
    client = workbook_client(other / "copy.sheet")
    found = client.workbook.live.tracks.of_subject("r")
    assert found is not None
    assert found["series"]["loss"]["values"] == [0.9]
    client.workbook.close()


def test_reading_makes_no_tables_and_a_read_only_file_has_no_tracks(path: Path) -> None:
    store = Store(path, read_only=True)
    tracks = Tracks(store)
    assert tracks.of_subject("r") is None
    assert tracks.of_rows(0, [1]) == {}
    assert tracks.text_of_row(0, 1) is None
    store.close()
    with sqlite3.connect(path) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "tracks" not in names


def test_recording_leaves_the_workbook_as_it_is(path: Path, kept: Tracks) -> None:
    calls = open_calls(path)
    calls.put("A1", [["x"]])
    with kept._store.reading() as before:
        revision = before.revision
    kept.record([Record("r", 1, points={"loss": line(0.9)})])
    with kept._store.reading() as after:
        assert after.revision == revision
    assert calls.get("A1") == [["x"]]
    close(calls)


# ---------------------------------------------------------------- bounds

CUTS = st.lists(st.integers(1, 400), min_size=1, max_size=12)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CUTS)
def test_a_long_series_keeps_its_shape_and_both_ends(kept: Tracks, cuts: list[int]) -> None:
    subject, at = f"r{cuts}", 0
    for size in cuts:
        points = line(*[float(n) for n in range(at + 1, at + size + 1)], first=at + 1)
        kept.record([Record(subject, 1, points={"loss": points})])
        at += size
    found = losses(kept, subject)
    assert len(found) <= thinning.POINTS + 1
    assert all(step == value for step, value in found)
    assert found[0] == (1, 1.0)
    assert found[-1] == (at, float(at))
    gaps = {b - a for a, b in pairwise(step for step, _ in found[:-1])}
    assert len(gaps) <= 1
    assert max(gaps, default=1) <= max(1, 2 * (at // thinning.POINTS + 1))


@given(st.lists(st.integers(1, 60), min_size=1), st.sampled_from([1, 2, 4, 8]))
def test_which_points_stay(steps: list[int], stride: int) -> None:
    points = [Point(step, float(at), float(at)) for at, step in enumerate(steps)]
    found = thinning.kept(points, stride)
    assert [one.step for one in found] == sorted({one.step for one in found})
    assert found[-1].step == max(steps)
    assert all(thinning.stays(one.step, stride) for one in found[:-1])
    for one in found:
        assert one.value == max(p.value for p in points if p.step == one.step)


def test_all_tracks_together_stay_within_bounds_and_the_newest_stay_whole(
    kept: Tracks, path: Path
) -> None:
    for number in range(6):
        points = line(*[float(n) for n in range(500)])
        text = Text(0, "z" * 5_000)
        kept.record([Record(f"r{number}", 1, points={"loss": points}, text=text)])
    with kept._store.writing() as writer:
        tables.make_room(writer.cursor, points_allowed=2_000, text_allowed=12_000)
        writer.cursor.execute("COMMIT")
    sizes = [len(losses(kept, f"r{number}")) for number in range(6)]
    assert sum(sizes) <= 2_000
    assert sizes[-1] == 500
    assert sizes[0] >= thinning.FEWEST // 2
    assert sizes == sorted(sizes)
    texts = [text_of(kept, f"r{number}")[2] for number in range(6)]
    assert [len(text) for text in texts] == [0, 0, 0, 0, 5_000, 5_000]
    kept.record([Record("r0", 1, text=Text(5_000, "more"))])
    assert text_of(kept, "r0") == (5_000, 5_004, "more")


# ---------------------------------------------------------------- what comes in JSON


def test_a_record_is_read_from_json() -> None:
    found = parse_records(
        [{"subject": "r", "part": 2, "begins": True, "mark": 7,
          "points": {"loss": [[1, 5, 0.5]]}, "text": {"start": 3, "text": "x"}}]
    )  # fmt: skip
    assert found == [Record("r", 2, True, 7, {"loss": [Point(1, 5.0, 0.5)]}, Text(3, "x"))]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (None, "must be a list"),
        ([{}] * 1001, "at most 1000"),
        ([1], "records[0]': an object"),
        ([{"subject": ""}], "records[0].subject"),
        ([{"subject": "r" * 201}], "1 to 200 characters"),
        ([{"subject": "r", "part": -1}], "records[0].part"),
        ([{"subject": "r", "part": True}], "records[0].part"),
        ([{"subject": "r", "mark": "7"}], "records[0].mark"),
        ([{"subject": "r", "points": []}], "records[0].points"),
        ([{"subject": "r", "points": {"": []}}], "records[0].points"),
        ([{"subject": "r", "points": {"a": [[1, 2]]}}], "a point is a list of step, time"),
        ([{"subject": "r", "points": {"a": [[1.5, 2, 3]]}}], "whole number"),
        ([{"subject": "r", "points": {"a": [[1, 2, 10**400]]}}], "a point is a list of step"),
        ([{"subject": "r", "points": {"a": [[1, 2, "x"]]}}], "a point is a list of step"),
        ([{"subject": "r", "points": {"a": [[1, 2, 3]] * 100_001}}], "More than 100000 points"),
        ([{"subject": "r", "text": "x"}], "records[0].text"),
        ([{"subject": "r", "text": {"start": 0}}], "records[0].text"),
    ],
)
def test_what_is_no_record_is_refused_with_the_place(wrong: Any, words: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_records(wrong)
    assert caught.value.code == 400
    assert words in caught.value.message


def _count(path: Path, table: str) -> int:
    connection = sqlite3.connect(path)
    try:
        found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return found
    finally:
        connection.close()
