"""Runs changed from outside while others edit: the right rows and columns get it, or none.

Over every kind of location; a person edits, or a worker claims, between any two requests.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any

import gspread
import pytest

from gsheet_ml_scheduler.errors import NoSuchRunError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet.changes import Decide, cancelling, commanding, retrying, setting
from gsheet_ml_scheduler.runsheet.commands import Command
from gsheet_ml_scheduler.runsheet.editing import MOVED, Choose, Edited, Editor
from gsheet_ml_scheduler.runsheet.lifecycle import State, default_colors
from gsheet_ml_scheduler.runsheet.selecting import select
from gsheet_ml_scheduler.runsheet.values import PLAIN_TEXT
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet
from tests.contract.test_human_editor import EDITS, ON_A_FILE, Edit, rows
from tests.contract.watching import Asked, Queue, Watched, at_once, lose_answers, same

HEADER = ["run_name", "status", "worker_name", "n_epoch", "learning_rate", "command", "loss"]
DEFAULTS = ["", "N/A", "N/A", 10, 0.1, "N/A", "N/A"]
RUNS: list[list[Any]] = [
    ["a", "done", "old111", 1, 0.1, "", 0.5],
    ["b", "3/10", "bbbbbb", 2, 0.2, "", 0.6],
    ["c", "ready", "", 3, 0.3],
    ["d", "an idea", "", 4, 0.4],
    ["e", "failed: ValueError: x", "eeeeee", 5, "", "stop", 0.7],
    ["f", "running", "ffffff", 6, 0.6],
    ["g", "ready", "", 7, 0.7],
]
RED = (1.0, 0.85, 0.85)


@pytest.fixture
def sheet(queue: Queue) -> Queue:
    return fresh(queue)


def fresh(queue: Queue) -> Queue:
    """The runs as they were, without a colour."""
    plain = {"range": {"sheetId": queue.sheet.id}, "cell": {}, "fields": "userEnteredFormat"}
    queue.batch({"repeatCell": plain})
    return queue.fill(*RUNS, header=HEADER, defaults=DEFAULTS)


def editor_of(queue: Queue, said: list[str] | None = None) -> tuple[Editor, Watched]:
    """An editor whose wire is watched."""
    wire = Watched(queue.editor.client)
    worksheet = gspread.Spreadsheet(wire, {"id": queue.editor.id}).get_worksheet(0)
    notice = (lambda _: None) if said is None else said.append
    editor = Editor(
        RunSheet(worksheet, PLAIN_TEXT), "eDiTor", at_once(), default_colors(), Random(7), notice
    )
    wire.seen.clear()
    return editor, wire


def named(*words: str) -> Choose:
    return lambda columns, rows: select(columns, rows, words)


def carry_out(queue: Queue, decide: Decide, *words: str) -> list[Edited]:
    editor, _ = editor_of(queue)
    return editor.carry_out(named(*words), decide, features=["command"])


STOP = commanding(Command.STOP)

CASES: list[tuple[str, Decide, dict[str, dict[str, Any]]]] = [
    ("b", STOP, {"b": {"command": "stop"}}),
    ("b,f", commanding(Command.KILL), {"b": {"command": "kill"}, "f": {"command": "kill"}}),
    ("e", retrying, {"e": {"status": "ready", "worker_name": "", "command": ""}}),
    ("c,g", cancelling, {"c": {"status": "stopped"}, "g": {"status": "stopped"}}),
    ("b", setting({"learning_rate": 0.9, "n_epoch": ""}), {
        "b": {"learning_rate": 0.9, "n_epoch": ""},
    }),
]  # fmt: skip
IDS = ["stop", "kill", "retry", "cancel", "set"]
MOST_REQUESTS = 6


def check(queue: Queue, wanted: dict[str, dict[str, Any]], edited: Sequence[Edited]) -> None:
    """Each run has what was meant for it and nothing else, wherever it is now."""
    lost = {it.run.name for it in edited if it.is_lost}
    after = queue.runs()
    for row in RUNS:
        name = str(row[0])
        if name == "a" and name not in after:
            continue  # somebody deleted it
        before = dict(zip(HEADER, [*row, *[""] * len(HEADER)], strict=False))
        meant = {} if name in lost else wanted.get(name, {})
        found = {key: after[name].get(key, "") for key in before}
        assert found == before | meant, name
    assert queue.pins() == []
    lines = queue.lines()
    nameless = {i for i, title in enumerate(lines[0]) if not title}
    assert [c for line in lines for i, c in enumerate(line) if i in nameless and c != ""] == []
    colors = queue.backgrounds()
    assert [n for n in after if n not in wanted and colors[n] not in (None, (1, 1, 1))] == []


@pytest.mark.parametrize(("names", "decide", "wanted"), CASES, ids=IDS)
def test_the_runs_that_are_meant_are_changed_and_no_others(
    sheet: Queue, names: str, decide: Decide, wanted: dict[str, dict[str, Any]]
) -> None:
    edited = carry_out(sheet, decide, *names.split(","))
    assert [it.run.name for it in edited if it.change] == names.split(",")
    check(sheet, wanted, edited)


@ON_A_FILE
@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize(("names", "decide", "wanted"), CASES[1:4], ids=IDS[1:4])
def test_an_edit_before_any_request_mixes_nothing_up(
    sheet: Queue, names: str, decide: Decide, wanted: dict[str, dict[str, Any]], edit: Edit
) -> None:
    for number in range(MOST_REQUESTS):
        fresh(sheet)
        editor, wire = editor_of(sheet)

        def act(asked: Asked, number: int = number, wire: Watched = wire) -> None:
            if len(wire.seen) - 1 == number:
                edit(sheet)

        wire.before = act
        edited = editor.carry_out(named(*names.split(",")), decide, features=["command"])
        assert not any(it.is_lost for it in edited)
        check(sheet, wanted, edited)


@pytest.mark.parametrize(("names", "decide", "wanted"), CASES, ids=IDS)
def test_an_answer_that_is_lost_changes_nothing_twice(
    sheet: Queue, names: str, decide: Decide, wanted: dict[str, dict[str, Any]]
) -> None:
    for number in range(MOST_REQUESTS):
        for when in ("before", "after"):
            fresh(sheet)
            editor, wire = editor_of(sheet)
            lose = lose_answers(
                lambda asked, number=number, wire=wire: len(wire.seen) - 1 == number  # type: ignore[misc]
            )
            setattr(wire, when, lose)
            edited = editor.carry_out(named(*names.split(",")), decide, features=["command"])
            check(sheet, wanted, edited)


@pytest.mark.parametrize("number", range(1, 4))
def test_a_run_that_is_deleted_meanwhile_is_said_to_be_gone(sheet: Queue, number: int) -> None:
    editor, wire = editor_of(sheet)

    def act(asked: Asked) -> None:
        if len(wire.seen) - 1 == number and "b" in sheet.column("run_name"):
            sheet.batch({"deleteDimension": {"range": rows(sheet, sheet.row_of("b"))}})

    wire.before = act
    edited = editor.carry_out(named("b", "f"), STOP, features=["command"])
    assert [(it.run.name, it.is_lost) for it in edited] == [("b", True), ("f", False)]
    assert edited[0].says == MOVED
    assert sheet.runs()["f"]["command"] == "stop"
    assert [n for n, cells in sheet.runs().items() if cells.get("command") == "stop"] == ["e", "f"]
    assert sheet.pins() == []


def test_a_run_that_is_renamed_meanwhile_is_left_alone(sheet: Queue) -> None:
    editor, wire = editor_of(sheet)

    def act(asked: Asked) -> None:
        if len(wire.seen) == 2:
            sheet.set("b", "run_name", "z")

    wire.before = act
    (edited,) = editor.carry_out(named("b"), setting({"learning_rate": 9}))
    assert edited.is_lost
    assert sheet.runs()["z"]["learning_rate"] == 0.2


@pytest.mark.parametrize("number", range(1, 4))
def test_of_a_cancel_and_a_claim_one_wins(sheet: Queue, number: int) -> None:
    """The other finds a stopped run, or asks the new worker to kill it; never half of both."""
    editor, wire = editor_of(sheet)
    scheduler, _ = sheet.scheduler()
    claimed: list[str | None] = []

    def act(asked: Asked) -> None:
        if len(wire.seen) - 1 == number:
            claimed.append(scheduler.find_claim_and_start_run()[0])

    wire.before = act
    (edited,) = editor.carry_out(named("c"), cancelling, features=["command"])
    run = sheet.runs()["c"]
    assert edited.change is not None
    if claimed == ["c"]:
        assert (run["status"], run["worker_name"]) == ("running", scheduler.worker_name)
        assert run["command"] == "kill"
    else:
        assert claimed == ["g"]
        assert (run["status"], run["worker_name"]) == ("stopped", "")
    scheduler.run_done()
    assert sheet.pins() == []


def test_a_run_that_ends_before_the_command_gets_there_gets_none(sheet: Queue) -> None:
    editor, wire = editor_of(sheet)

    def act(asked: Asked) -> None:
        if len(wire.seen) == 3:
            sheet.set("b", "status", "done")

    wire.before = act
    (edited,) = editor.carry_out(named("b"), STOP, features=["command"])
    assert edited.says == "is done, so there is nothing to stop"
    assert sheet.runs()["b"]["command"] == ""


def test_what_a_row_may_do_decides_also_within_a_pattern(sheet: Queue) -> None:
    edited = carry_out(sheet, STOP, "*")
    assert [it.run.name for it in edited if it.change] == ["b", "f"]
    assert {it.run.state for it in edited if not it.change} == {
        *(State.DONE, State.READY, State.DRAFT, State.FAILED),
    }


def test_runs_without_a_name_are_told_apart_by_what_they_train(queue: Queue) -> None:
    lines = [["", "ready", "", n] for n in (1, 2, 2, 3)]
    queue.fill(*lines, header=HEADER, defaults=DEFAULTS)
    editor, wire = editor_of(queue)

    def act(asked: Asked) -> None:
        if len(wire.seen) == 2:
            queue.batch({"insertDimension": {"range": rows(queue, 2, 2)}})

    wire.before = act
    edited = editor.carry_out(named("#4", "#6"), cancelling)
    assert [it.is_lost for it in edited] == [False, False]
    found = [(line[1], line[3]) for line in queue.lines()[2:] if any(line)]
    assert sorted(found) == [("ready", 1), ("ready", 2), ("stopped", 2), ("stopped", 3)]


def test_a_retried_run_loses_its_colour_and_a_cancelled_one_turns_red(sheet: Queue) -> None:
    for name in "eg":
        at = sheet.row_of(name)
        sheet.sheet.format(f"A{at + 1}:G{at + 1}", {"backgroundColor": {"red": 0.5}})
    carry_out(sheet, retrying, "e")
    carry_out(sheet, cancelling, "g")
    colors = sheet.backgrounds()
    assert colors["e"] in (None, (1.0, 1.0, 1.0))
    assert same(colors["g"], RED)


def test_a_retried_run_is_claimed_again(sheet: Queue) -> None:
    carry_out(sheet, retrying, "e")
    for name in "cg":
        sheet.set(name, "status", "later")
    scheduler, _ = sheet.scheduler()
    assert scheduler.find_claim_and_start_run()[0] == "e"


def test_a_missing_column_for_commands_is_added_and_that_is_said(queue: Queue) -> None:
    queue.fill(["a", "running", "aaaaaa", 1], ["b", "ready"])
    said: list[str] = []
    editor, _ = editor_of(queue, said)
    edited = editor.carry_out(named("b"), STOP, features=["command"])
    assert not edited[0].change
    assert "command" not in queue.lines()[0]
    editor.carry_out(named("a"), STOP, features=["command"])
    assert "has no column 'command' yet. It is added, with N/A in line 2." in said[0]
    lines = queue.lines()
    assert lines[1][lines[0].index("command")] == "N/A"
    assert queue.runs()["a"]["command"] == "stop"


def test_a_preview_writes_nothing(sheet: Queue) -> None:
    before = sheet.lines()
    editor, wire = editor_of(sheet)
    edited = editor.preview(named("b", "c"), STOP)
    assert [bool(it.change) for it in edited] == [True, False]
    assert wire.costs() == (1, 0)
    assert sheet.lines() == before


@pytest.mark.parametrize(
    ("decide", "words", "costs"),
    [
        (STOP, ["b", "f"], (2, 3)),
        (retrying, ["a", "e"], (2, 3)),
        (cancelling, ["c", "g"], (2, 3)),
        (setting({"loss": 1}), ["b"], (2, 3)),
    ],
    ids=["stop", "retry", "cancel", "set"],
)
def test_however_many_runs_it_costs_two_reads_and_three_writes(
    sheet: Queue, decide: Decide, words: list[str], costs: tuple[int, int]
) -> None:
    editor, wire = editor_of(sheet)
    editor.carry_out(named(*words), decide, features=["command"])
    assert wire.costs() == costs


def test_hundreds_of_runs_are_changed_in_pieces(queue: Queue) -> None:
    queue.fill(*([str(n), "ready", "", n] for n in range(450)), header=HEADER, defaults=DEFAULTS)
    editor, wire = editor_of(queue)
    edited = editor.carry_out(named("*"), cancelling)
    assert sum(bool(it.change) for it in edited) == 450
    assert set(queue.statuses().values()) == {"stopped"}
    reads, writes = wire.costs()
    assert reads + writes < 20
    assert queue.pins() == []


def test_a_run_that_is_not_there_is_an_error_before_anything_is_written(sheet: Queue) -> None:
    editor, wire = editor_of(sheet)
    with pytest.raises(NoSuchRunError, match="no run is named 'x'"):
        editor.carry_out(named("b", "x"), STOP)
    assert wire.costs() == (1, 0)


def test_a_ctrl_c_half_way_leaves_no_run_taken(sheet: Queue) -> None:
    for number in range(1, 5):
        fresh(sheet)
        editor, wire = editor_of(sheet)
        act: Callable[[Asked], None] = interrupting(wire, number)
        wire.after = act
        with suppress(KeyboardInterrupt):
            editor.carry_out(named("c", "g"), cancelling)
        assert {sheet.runs()[name]["status"] for name in "cg"} <= {"ready", "stopped"}
        assert sheet.pins() == []


def interrupting(wire: Watched, number: int) -> Callable[[Asked], None]:
    def act(asked: Asked) -> None:
        if len(wire.seen) - 1 == number:
            raise KeyboardInterrupt

    return act


def test_a_sheet_that_goes_away_is_an_error(sheet: Queue) -> None:
    editor, wire = editor_of(sheet)

    def act(asked: Asked) -> None:
        if len(wire.seen) > 2:
            raise gspread.exceptions.APIError(refused())

    wire.before = act
    with pytest.raises(SheetUnreachableError, match="Nothing was decided"):
        editor.carry_out(named("b"), STOP)


def refused() -> Any:
    from requests import Response

    response = Response()
    response.status_code = 503
    response._content = b'{"error": {"code": 503, "message": "away", "status": "UNAVAILABLE"}}'
    return response
