"""What a run logs is sent now and then, kept while it can't be, and never disturbs training."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler import recording
from gsheet_ml_scheduler.connect.keeping import Json, NeverKeptError, NotKeptNowError
from gsheet_ml_scheduler.recording import Recorder, Tape


class Place:
    """Somewhere that keeps records, when it can."""

    def __init__(self) -> None:
        self.kept: list[list[Json]] = []
        self.asked = 0
        self.error: Exception | None = None

    def keep(self, records: Sequence[Json]) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error
        self.kept.append(copy.deepcopy(list(records)))

    def steps(self, name: str = "loss") -> list[int]:
        """The steps of a metric that were kept, in the order in which they came."""
        return [
            point[0]
            for records in self.kept
            for one in records
            for point in one.get("points", {}).get(name, [])
        ]


class Clock:
    """A time that only moves when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorder(place: Place, clock: Clock) -> Recorder:
    return Recorder(place, clock, clock)


def begin(recorder: Recorder, run: str = "r") -> Tape:
    return recorder.begin(run, 1, lambda: 77)


def test_every_step_is_sent_once_with_its_time_and_the_runs_pin(
    recorder: Recorder, place: Place, clock: Clock
) -> None:
    tape = begin(recorder)
    recorder.log(tape, {"loss": 0.9, "acc": 0.1})
    clock.seconds += 1
    recorder.log(tape, {"loss": 0.8})
    recorder.send()
    recorder.log(tape, {"loss": 0.7})
    recorder.end(tape)
    first, second = (records[0] for records in place.kept)
    assert first == {
        "subject": "r", "part": 1, "mark": 77, "begins": True,
        "points": {"loss": [[1, 1000.0, 0.9], [2, 1001.0, 0.8]], "acc": [[1, 1000.0, 0.1]]},
    }  # fmt: skip
    assert second == {
        "subject": "r", "part": 1, "mark": 77, "points": {"loss": [[3, 1001.0, 0.7]]},
    }  # fmt: skip


def test_many_syncs_in_a_second_send_once(recorder: Recorder, place: Place, clock: Clock) -> None:
    tape = begin(recorder)
    for _ in range(100):
        recorder.log(tape, {"loss": 0.5})
        recorder.send()
        clock.seconds += 0.05
    assert place.asked == 5
    recorder.end(tape)
    assert place.steps() == list(range(1, 101))


def test_nothing_to_send_is_not_sent(recorder: Recorder, place: Place) -> None:
    tape = begin(recorder)
    recorder.send()
    recorder.log(tape, {"note": "text", "flag": True, "nan": float("nan"), "big": 10**400})
    recorder.send()
    recorder.end(tape)
    assert place.asked == 0


def test_all_runs_of_a_process_are_sent_together(recorder: Recorder, place: Place) -> None:
    tapes = [begin(recorder, f"r{number}") for number in range(4)]
    for tape in tapes:
        recorder.log(tape, {"loss": 0.5})
        recorder.write(tape, "out\n")
    recorder.send()
    assert [one["subject"] for one in place.kept[0]] == ["r0", "r1", "r2", "r3"]
    assert place.kept[0][3]["text"] == {"start": 0, "text": "out\n"}
    assert place.asked == 1


def test_what_cannot_be_kept_now_is_sent_later_and_not_asked_about_all_the_time(
    recorder: Recorder, place: Place, clock: Clock
) -> None:
    tape = begin(recorder)
    place.error = NotKeptNowError("away")
    for _ in range(200):
        recorder.log(tape, {"loss": 0.5})
        recorder.send()
        clock.seconds += 0.5
    assert place.asked <= 100 / recording.SECONDS_OFF + 1
    place.error = None
    clock.seconds += recording.SECONDS_OFF
    recorder.send()
    assert place.steps() == list(range(1, 201))
    assert place.kept[0][0]["begins"] is True


def test_a_run_that_ended_during_an_outage_is_sent_after_it(
    recorder: Recorder, place: Place, clock: Clock
) -> None:
    place.error = NotKeptNowError("away")
    for number in range(recording.MOST_WAITING + 10):
        tape = begin(recorder, f"r{number}")
        recorder.log(tape, {"loss": 0.5})
        recorder.end(tape)
    assert place.asked == 1
    place.error = None
    clock.seconds += recording.SECONDS_OFF
    recorder.send()
    assert [one["subject"] for one in place.kept[0]] == [
        f"r{number}" for number in range(10, recording.MOST_WAITING + 10)
    ]
    clock.seconds += 2
    recorder.send()
    assert len(place.kept) == 1


def test_a_place_that_never_keeps_is_not_asked_again(
    recorder: Recorder, place: Place, clock: Clock
) -> None:
    tape = begin(recorder)
    place.error = NeverKeptError("an older server")
    for _ in range(10):
        recorder.log(tape, {"loss": 0.5})
        recorder.send()
        clock.seconds += 100
    recorder.end(tape)
    assert place.asked == 1
    assert tape.is_empty


def test_without_a_place_nothing_is_remembered() -> None:
    recorder = Recorder(None)
    tape = begin(recorder)
    recorder.log(tape, {"loss": 0.5})
    recorder.write(tape, "out")
    recorder.send()
    assert tape.is_empty
    recorder.end(tape)


def test_a_tape_ends_once(recorder: Recorder, place: Place) -> None:
    tape = begin(recorder)
    recorder.log(tape, {"loss": 0.5})
    recorder.end(tape)
    recorder.log(tape, {"loss": 0.4})
    recorder.end(tape)
    assert place.asked == 1


@given(st.lists(st.integers(1, 900), min_size=1, max_size=12))
def test_during_an_outage_a_curve_keeps_its_shape_within_bounds(sizes: list[int]) -> None:
    tape = Tape("r", 1, lambda: 77)
    for _ in range(sum(sizes)):
        tape.log({"loss": float(tape.steps + 1)}, 0.0)
    points: list[Any] = tape.record()["points"]["loss"]
    assert len(points) <= recording.MOST_POINTS
    assert points[0][0] == 1
    assert points[-1][0] == sum(sizes)
    assert all(step == value for step, _, value in points)
    assert [step for step, _, _ in points] == sorted({step for step, _, _ in points})


@given(st.lists(st.text(max_size=40_000), max_size=6), st.integers(0, 5))
def test_the_end_of_the_output_is_kept_and_its_place_is_right(
    pieces: list[str], sent_after: int
) -> None:
    tape = Tape("r", 1, lambda: 77)
    whole, begins = "", 0
    for at, piece in enumerate(pieces):
        tape.write(piece)
        whole += piece
        if at == sent_after:
            tape.kept()
            begins = len(whole)
    found = tape.record().get("text", {"start": len(whole), "text": ""})
    assert found["start"] == max(begins, len(whole) - recording.MOST_TEXT)
    assert found["text"] == whole[found["start"] :]
