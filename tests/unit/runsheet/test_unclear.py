"""What a write hit whose answer never came: told from the row before and after."""

from typing import Any

import pytest

from gsheet_ml_scheduler.runsheet.answers import FoundRow
from gsheet_ml_scheduler.runsheet.claims import earlier_names
from gsheet_ml_scheduler.runsheet.columns import parse
from gsheet_ml_scheduler.runsheet.unclear import misplaced
from gsheet_ml_scheduler.runsheet.values import PLAIN_TEXT
from gsheet_ml_scheduler.runsheet.writing import Unclear

NAMES = ("run_name", "status", "worker_name", "lr", "loss")
NOT_KEYS = frozenset(["status", "worker_name", "loss"])


def row(names: tuple[str, ...], *cells: Any) -> FoundRow:
    columns = parse(names, ["N/A"] * len(names), sheet="s", rules=PLAIN_TEXT)
    return FoundRow(columns, list(cells), 5)


BEFORE = row(NAMES, "b", "running", "dF53M7", 0.5, 0.1)
WRITE = Unclear.of(BEFORE, NAMES, {1: "done", 4: 0.25})


def test_nothing_was_hit_where_the_write_landed_or_not() -> None:
    assert misplaced(WRITE, BEFORE) == {}
    assert misplaced(WRITE, row(NAMES, "b", "done", "dF53M7", 0.5, 0.25)) == {}


def test_what_a_write_hit_after_a_column_was_inserted_is_put_back() -> None:
    now = row(("", *NAMES), "", "done", "running", "dF53M7", 0.25, 0.1)
    assert misplaced(WRITE, now) == {1: "b", 4: 0.5}


def test_what_a_write_left_in_a_new_column_without_a_name_goes() -> None:
    now = row(("", "", *NAMES), "", "done", "b", "running", 0.25, 0.5, 0.1)
    assert misplaced(WRITE, now) == {1: "", 4: "dF53M7"}


@pytest.mark.parametrize(
    "names",
    [
        (
            "",
            "run_name",
            "status",
            "worker_name",
            "lr",
            "loss",
            "",
        ),  # a note has moved
        ("", "", "run_name", "status", "worker_name", "loss"),  # one has lost its name
    ],
)
def test_a_column_without_a_name_that_may_be_another_one_is_left_alone(
    names: tuple[str, ...],
) -> None:
    held = {"run_name": "b", "status": "running", "worker_name": "dF53M7", "lr": 0.5, "loss": 0.1}
    before = row((*NAMES, "", ""), *held.values(), "", "a note")
    write = Unclear.of(before, before.columns.names, {1: "done"})
    assert misplaced(write, row(names, *(held.get(name, "done") for name in names))) == {}


def test_a_write_that_landed_before_the_columns_moved_hit_nothing() -> None:
    now = row(("", *NAMES), "", "b", "done", "dF53M7", 0.5, 0.25)
    assert misplaced(WRITE, now) == {}


def test_columns_that_moved_there_and_back_are_seen_by_the_text() -> None:
    now = row(NAMES, "b", "running", "done", 0.5, 0.1)
    assert misplaced(WRITE, now) == {2: "dF53M7"}


def test_a_blank_that_a_person_left_stays_where_no_text_tells_that_the_write_has_landed() -> None:
    write = Unclear.of(BEFORE, NAMES, {1: "ready", 2: ""})
    moved = ("run_name", "worker_name", "lr", "status", "loss")
    assert misplaced(write, row(moved, "b", "", 0.5, "", 0.1)) == {}
    landed = row(moved, "b", "ready", "", "running", 0.1)
    assert misplaced(write, landed) == {1: "dF53M7", 2: 0.5}


def test_a_number_that_a_person_typed_meanwhile_stays() -> None:
    now = row(NAMES, "b", "done", "dF53M7", 0.25, 0.25)
    assert misplaced(WRITE, now) == {}


def test_a_renamed_column_gets_its_old_value() -> None:
    renamed = ("", "run_name", "status", "worker_name", "rate", "loss")
    now = row(renamed, "", "b", "done", "dF53M7", 0.25, 0.1)
    assert misplaced(WRITE, now) == {4: 0.5}


@pytest.mark.parametrize(
    "came",
    [
        ("", "done", "running", "dF53M7", 0.25, 0.1),  # the run, with its columns moved
        ("", "done", "running", "dF53M7", 0.25, 77),  # and a value typed meanwhile
    ],
)
def test_what_was_hit_in_the_runs_own_row_is_put_back(came: tuple[Any, ...]) -> None:
    assert misplaced(WRITE, row(("", *NAMES), *came)) == {1: "b", 4: 0.5}


@pytest.mark.parametrize(
    "came",
    [
        ("", "done", "", "", 0.25, ""),  # a blank row
        ("", "done", "ready", "", 0.25, 0.7),  # another run
    ],
)
def test_nothing_is_put_back_into_a_row_that_came_in_its_place(came: tuple[Any, ...]) -> None:
    assert misplaced(WRITE, row(("", *NAMES), *came)) == {}


@pytest.mark.parametrize(
    ("now", "called"),
    [
        (NAMES, {}),
        (("run_name", "status", "worker_name", "rate", "loss"), {"rate": "lr"}),
        (("", "run_name", "status", "worker_name", "loss"), {}),
        (("run_name", "status", "worker_name", "lr", "loss", "new"), {}),
    ],
)
def test_names_that_came_and_went_one_for_one_are_a_renaming(
    now: tuple[str, ...], called: dict[str, str]
) -> None:
    assert earlier_names(NAMES, now) == called
