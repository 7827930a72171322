"""What somebody types for a run: names, patterns, lines, statuses; never the wrong run."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.errors import NoSuchRunError
from gsheet_ml_scheduler.runsheet.columns import Columns, parse
from gsheet_ml_scheduler.runsheet.lifecycle import State
from gsheet_ml_scheduler.runsheet.selecting import select, select_one

COLUMNS: Columns = parse(
    ["run_name", "status", "worker_name", "lr"], ["", "N/A", "N/A", 0.1], sheet="sheet 'Runs'"
)
ROWS: list[list[Any]] = [
    ["big", "done", "aaaaaa"],
    ["big-2", "running", "bbbbbb"],
    [7, "failed: ValueError: x", "cccccc"],
    ["twin", "ready"],
    ["twin", "ready"],
    ["", "ready", "", 0.3],
    ["", "", "", ""],
    ["an idea", "try this?"],
    ["lr[1]", "lost"],
]


def chosen(*words: str, states: tuple[State, ...] = ()) -> list[int]:
    return [it.run_id for it in select(COLUMNS, ROWS, words, states)]


@pytest.mark.parametrize(
    ("words", "run_ids"),
    [
        (("big",), [0]),
        (("7",), [2]),
        (("big*",), [0, 1]),
        (("b?g", "7"), [0, 2]),
        (("big-[0-9]",), [1]),
        (("lr[1]",), [8]),
        (("#5",), [2]),
        (("#8",), [5]),
        (("#6", "#7"), [3, 4]),
        (("7", "big", "big"), [0, 2]),
        (("an idea",), [7]),
        ((), [0, 1, 2, 3, 4, 5, 7, 8]),
    ],
)
def test_words_mean_runs_from_the_top_each_once(words: tuple[str, ...], run_ids: list[int]) -> None:
    assert chosen(*words) == run_ids


def test_a_status_chooses_among_the_runs_that_words_mean() -> None:
    assert chosen(states=(State.FAILED, State.LOST)) == [2, 8]
    assert chosen("big*", states=(State.RUNNING,)) == [1]
    assert chosen("7", states=(State.READY,)) == []


def test_a_run_that_is_named_is_told_from_one_that_fits_a_pattern() -> None:
    found = {it.run_id: it.by_name for it in select(COLUMNS, ROWS, ["big*", "big", "#8"])}
    assert found == {0: True, 1: False, 5: True}


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("twin", "2 runs are named 'twin'. Say which by its line (#6 and #7, in quotation marks)"),
        ("bgi", "no run is named 'bgi'. Did you mean big? Its 7 runs: big, big-2, 7, twin,"),
        ("x*", "no run's name fits 'x*'. Its 7 runs: big,"),
        ("#2", "line 2 is no run's. Its runs are on lines 3 to 11."),
        ("#9", "line 9 is no run's"),
        ("#99", "line 99 is no run's"),
        ("", "no run is named ''"),
    ],
)
def test_what_means_no_run_or_several_is_an_error_that_helps(word: str, sentence: str) -> None:
    with pytest.raises(NoSuchRunError) as caught:
        chosen(word)
    assert str(caught.value).startswith("sheet 'Runs': ")
    assert sentence in str(caught.value)


def test_a_sheet_without_runs_says_so() -> None:
    for word in ("1", "#3"):
        with pytest.raises(NoSuchRunError, match="It has no runs yet"):
            select(COLUMNS, [], [word])
    assert select(COLUMNS, [], []) == []


def test_one_run_is_meant_or_it_is_an_error() -> None:
    assert select_one(COLUMNS, ROWS, "big").run_id == 0
    with pytest.raises(NoSuchRunError, match=r"'big\*' means 2 runs \(big, big-2\), but this is"):
        select_one(COLUMNS, ROWS, "big*")


def test_a_run_without_a_name_is_called_by_its_line() -> None:
    found = select(COLUMNS, ROWS, ["big", "#8"])
    assert [it.label for it in found] == ["run big", "the run in line 8"]


@given(st.lists(st.text("ab*[", max_size=3), max_size=8), st.text("ab*[", max_size=3))
def test_a_name_that_stands_once_always_means_that_run(names: list[str], word: str) -> None:
    rows = [[name, "ready"] for name in names]
    if word and names.count(word) == 1:
        assert [it.run_id for it in select(COLUMNS, rows, [word])] == [names.index(word)]
