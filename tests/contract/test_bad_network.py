"""Answers get lost, and the sheet asks to slow down: what happened is found out, never guessed."""

import json
from collections.abc import Callable
from contextlib import suppress

import gspread
import pytest
from gspread.exceptions import APIError
from requests import Response
from requests.exceptions import ReadTimeout

from gsheet_ml_scheduler.errors import AccessError, SheetLayoutError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet.budget import Kind
from gsheet_ml_scheduler.runsheet.wire import APPEND_MARK
from tests.contract.watching import GREEN_TEXT, Asked, Clock, Queue, lose_answers, same


def nth(number: int) -> Callable[[Asked], bool]:
    """The request with that number, from 0."""
    left = [number]

    def is_it(asked: Asked) -> bool:
        left[0] -= 1
        return left[0] == -1

    return is_it


def refuse(code: int, *, times: int = 10**9) -> Callable[[Asked], None]:
    left = [times]

    def act(asked: Asked) -> None:
        if left[0]:
            left[0] -= 1
            response = Response()
            response.status_code = code
            response._content = json.dumps(
                {"error": {"code": code, "message": "Quota exceeded", "status": "X"}}
            ).encode()
            raise APIError(response)

    return act


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(11))
def test_one_lost_answer_anywhere_changes_nothing_in_the_end(
    queue: Queue, number: int, moment: str
) -> None:
    scheduler, wire = queue.scheduler()
    act = lose_answers(nth(number))
    if moment == "before":
        wire.before = act
    else:
        wire.after = act
    assert scheduler.find_claim_and_start_run() == ("1", {"n_epoch": 10, "learning_rate": 0.0005})
    assert scheduler.sync_config_and_status("1/2")[1] == []
    assert queue.runs()["1"]["status"] == "1/2"
    scheduler.run_done()
    assert queue.statuses() == {"1": "done", "2": "ready", "3": "ready"}
    assert queue.runs()["1"]["worker_name"] == scheduler.worker_name
    assert queue.pins() == []


@pytest.mark.parametrize("number", range(6))
def test_a_lost_answer_never_appends_twice(queue: Queue, number: int) -> None:
    writer, wire = queue.writer()
    wire.after = lose_answers(nth(number))
    writer.write_runs([{"n_epoch": 4, "optimizer": "adam"}, {"n_epoch": 5}])
    assert list(queue.runs()) == ["1", "2", "3", "4", "5"]
    assert queue.statuses()["5"] == "ready"
    assert queue.lines()[0].count("optimizer") == 1
    assert queue.pins(APPEND_MARK) == []


def test_a_quota_that_is_used_up_slows_down_and_goes_on(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    wire.before = refuse(429, times=4)
    assert scheduler.find_claim_and_start_run()[0] == "1"


def test_training_goes_on_without_the_sheet_and_the_status_is_written_later(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler, wire = queue.scheduler()
    _, config = scheduler.find_claim_and_start_run()
    wire.before = refuse(503)
    assert scheduler.sync_config_and_status("1/2") == (config, [])
    assert "answered 503: Quota exceeded" in capsys.readouterr().err
    wire.before = None
    scheduler.sync_config_and_status()
    assert queue.runs()["1"]["status"] == "1/2"


def test_an_outcome_that_cannot_be_written_is_an_error_and_can_be_written_later(
    queue: Queue,
) -> None:
    scheduler, wire = queue.scheduler()
    scheduler.find_claim_and_start_run()
    wire.before = refuse(503)
    with pytest.raises(SheetUnreachableError, match="couldn't write the outcome of run 1 within"):
        scheduler.run_done()
    wire.before = None
    scheduler.run_done()
    assert queue.statuses()["1"] == "done"


def test_a_sheet_that_may_not_be_written_is_said_at_once(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()

    def read_only(asked: Asked) -> None:
        if not asked.is_read:
            refuse(403)(asked)

    wire.before = read_only
    with pytest.raises(AccessError, match="Share the sheet as an editor"):
        scheduler.find_claim_and_start_run()
    assert queue.statuses()["1"] == "ready"


def test_a_worker_that_is_cut_off_half_way_leaves_a_token_and_no_name(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()

    def cut_off(asked: Asked) -> None:
        if len(wire.seen) > 2:
            refuse(503)(asked)

    wire.before = cut_off
    with pytest.raises(SheetUnreachableError):
        scheduler.find_claim_and_start_run()
    assert queue.runs()["1"]["status"].startswith(f"claimed by {scheduler.worker_name} ")
    assert queue.runs()["1"]["worker_name"] == ""


def insert_a_column_at_the_left(queue: Queue) -> None:
    where = queue.lines_range("COLUMNS", 0)
    queue.batch({"insertDimension": {"range": where, "inheritFromBefore": False}})


def writes(text: str) -> Callable[[Asked], bool]:
    """The write that puts a text into some cell."""

    def is_it(asked: Asked) -> bool:
        lines = [line for entry in asked.body.get("data", ()) for line in entry["values"]]
        return any(text in line for line in lines)

    return is_it


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("text", ["running", "1/2", "done"])
def test_a_write_that_met_moved_columns_is_repaired_though_its_answer_was_lost(
    queue: Queue, text: str, count: int
) -> None:
    scheduler, wire = queue.scheduler()
    before = queue.runs()
    moved: list[Asked] = []

    def move(asked: Asked) -> None:
        if writes(text)(asked) and not moved:
            moved.append(asked)
            for _ in range(count):
                insert_a_column_at_the_left(queue)

    wire.before, wire.after = move, lose_answers(writes(text))
    scheduler.find_claim_and_start_run()
    scheduler.sync_config_and_status("1/2")
    scheduler.run_done()
    assert moved
    cells = {"status": "done", "worker_name": scheduler.worker_name}
    filled = {"n_epoch": 10, "learning_rate": 0.0005}
    assert queue.runs() == before | {"1": before["1"] | filled | cells}
    assert [cell for line in queue.lines() for cell in line[:count] if cell] == []
    assert queue.pins() == []


def interrupt(asked: Asked) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("broken", [refuse(429), interrupt])
def test_a_repair_that_could_not_be_made_is_made_with_the_next_sync(
    queue: Queue, broken: Callable[[Asked], None]
) -> None:
    clock = Clock()
    scheduler, wire = queue.scheduler(clock=clock)
    scheduler.find_claim_and_start_run()
    wire.seen.clear()

    def move_a_column(asked: Asked) -> None:
        if writes("1/2")(asked) and wire.before is move_a_column:
            where = queue.lines_range("COLUMNS", 0, 1)
            queue.batch({"moveDimension": {"source": where, "destinationIndex": 5}})
            wire.before = broken

    wire.before = move_a_column
    with suppress(KeyboardInterrupt):
        scheduler.sync_config_and_status("1/2")
    assert queue.runs()["1"]["worker_name"] == "1/2"
    wire.before = None
    clock.forward(120)
    scheduler.sync_config_and_status("2/2")
    run = queue.runs()["1"]
    assert (run["status"], run["worker_name"]) == ("2/2", scheduler.worker_name)
    assert (run["run_name"], run["n_epoch"]) == ("1", 10)


def test_a_repair_that_failed_at_the_end_does_not_wait_for_the_budget(queue: Queue) -> None:
    """A worker that ends has ten seconds; what it hit by mistake must not stay for that."""
    clock = Clock()
    scheduler, wire = queue.scheduler(clock=clock)
    before = queue.runs()["1"]

    def move_a_column(asked: Asked) -> None:
        if not writes("ready")(asked):
            return
        where = queue.lines_range("COLUMNS", 0, 1)
        queue.batch({"moveDimension": {"source": where, "destinationIndex": 5}})
        wire.before = None
        for kind in Kind:
            scheduler._desk.pacing.was_refused(kind, 1)
        wire.after = fail_the_next

    def fail_the_next(_: Asked) -> None:
        wire.before, wire.after = refuse(500, times=1), None

    with pytest.raises(KeyboardInterrupt):
        for run in scheduler.runs():
            with run:
                wire.before = move_a_column
                raise KeyboardInterrupt
    own = {"worker_name": scheduler.worker_name, "n_epoch": 10, "learning_rate": 0.0005}
    assert queue.runs()["1"] == before | own | {"status": "running"}


def test_what_a_claim_hit_is_put_back_once_somebody_has_done_with_line_1(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    before = queue.runs()
    seen: list[Asked] = []

    def edit(asked: Asked) -> None:
        if seen or writes("running")(asked):
            seen.append(asked)
        if len(seen) == 1:
            insert_a_column_at_the_left(queue)
            queue.sheet.update_acell("B1", "run name")
        if len(seen) == 4:
            queue.sheet.update_acell("B1", "run_name")

    wire.before, wire.after = edit, lose_answers(writes("running"))
    assert scheduler.find_claim_and_start_run()[0] == "1"
    scheduler.run_done()
    cells = {"status": "done", "worker_name": scheduler.worker_name}
    filled = {"n_epoch": 10, "learning_rate": 0.0005}
    assert queue.runs() == before | {"1": before["1"] | filled | cells}


@pytest.mark.parametrize("text", ["running", "1/2"])
def test_a_write_that_lands_after_its_retry_changes_nothing(queue: Queue, text: str) -> None:
    scheduler, wire = queue.scheduler()
    late: list[Asked] = []

    def hold_back(asked: Asked) -> None:
        if writes(text)(asked) and not late:
            late.append(asked)
            raise ReadTimeout("it is still on its way")

    wire.before = hold_back
    scheduler.find_claim_and_start_run()
    scheduler.sync_config_and_status("1/2")
    scheduler.sync_config_and_status("2/2")
    queue.set("1", "n_epoch", "")
    insert_a_column_at_the_left(queue)
    before = queue.runs()
    (request,) = late
    with suppress(APIError):  # its pin may be gone
        wire.inner.request("post", request.endpoint, json=request.body)
    assert queue.runs() == before
    scheduler.run_done()
    assert queue.statuses()["1"] == "done"


def test_a_claim_that_is_written_again_leaves_what_a_person_typed_meanwhile(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    typed: list[Asked] = []

    def type_and_refuse(asked: Asked) -> None:
        if writes("running")(asked) and not typed:
            typed.append(asked)
            queue.set("1", "n_epoch", 77)
            refuse(503)(asked)

    wire.before = type_and_refuse
    assert scheduler.find_claim_and_start_run()[0] == "1"
    assert queue.runs()["1"]["n_epoch"] == 77
    assert scheduler.sync_config_and_status()[0]["n_epoch"] == 77


def test_an_outcome_waits_while_somebody_edits_line_1(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    scheduler.find_claim_and_start_run()
    queue.sheet.update_acell("A1", "run name")
    seen: list[Asked] = []

    def put_right(asked: Asked) -> None:
        seen.append(asked)
        if len(seen) == 3:
            queue.sheet.update_acell("A1", "run_name")

    wire.before = put_right
    scheduler.run_done()
    assert queue.statuses()["1"] == "done"


def test_a_claim_that_a_quota_holds_up_for_too_long_is_begun_anew(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    left = [12]

    def a_minute_used_up(asked: Asked) -> None:
        if asked.asks("createDeveloperMetadata") and left[0]:
            left[0] -= 1
            refuse(429)(asked)

    wire.before = a_minute_used_up
    assert scheduler.find_claim_and_start_run()[0] is not None
    assert list(queue.statuses().values()).count("running") == 1


def test_a_run_that_nobody_knows_to_be_started_is_put_back_by_a_later_claim(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    status = gspread.utils.rowcol_to_a1(1, queue.lines()[0].index("status") + 1)
    lose = lose_answers(writes("running"))

    def edit_line_1(asked: Asked) -> None:
        if writes("running")(asked):
            queue.sheet.update_acell(status, "the status")
        lose(asked)

    wire.after = edit_line_1
    with pytest.raises(SheetLayoutError, match="'status'"):
        scheduler.find_claim_and_start_run()
    wire.after = None
    queue.sheet.update_acell(status, "status")
    assert queue.statuses()["1"] == "running"
    assert scheduler.find_claim_and_start_run()[0] is not None
    assert sorted(queue.statuses().values()) == ["ready", "ready", "running"]
    scheduler.run_done()
    assert queue.pins() == []


def test_a_claim_that_meets_an_edited_line_1_before_it_is_written_is_turned_back(
    queue: Queue,
) -> None:
    scheduler, wire = queue.scheduler()
    status = gspread.utils.rowcol_to_a1(1, queue.lines()[0].index("status") + 1)

    def edit_line_1(asked: Asked) -> None:
        if writes("running")(asked):
            queue.sheet.update_acell(status, "the status")
            refuse(429)(asked)

    wire.before = edit_line_1
    with pytest.raises(SheetLayoutError, match="'status'"):
        scheduler.find_claim_and_start_run()
    queue.sheet.update_acell(status, "status")
    assert set(queue.statuses().values()) == {"ready"}


def test_a_changed_value_that_could_not_be_coloured_is_coloured_with_a_later_sync(
    queue: Queue,
) -> None:
    scheduler, wire = queue.scheduler()
    scheduler.find_claim_and_start_run()
    queue.set("1", "learning_rate", 0.5)
    wire.before = lambda asked: refuse(503)(asked) if asked.asks("repeatCell") else None
    assert scheduler.sync_config_and_status("1/3")[1] == ["learning_rate"]
    wire.before = None
    assert not same(queue.text_colors("1")[4], GREEN_TEXT)
    scheduler.sync_config_and_status("2/3")
    assert same(queue.text_colors("1")[4], GREEN_TEXT)


def test_a_claim_that_cannot_be_given_back_is_left_to_turn_back_by_itself(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler, wire = queue.scheduler()

    def interrupt(asked: Asked) -> None:
        if asked.asks("findReplace"):
            wire.after, wire.before = None, refuse(503)
            raise KeyboardInterrupt

    wire.after = interrupt
    with pytest.raises(KeyboardInterrupt):
        scheduler.find_claim_and_start_run()
    assert queue.statuses()["1"].startswith(f"claimed by {scheduler.worker_name} ")
    assert "It is turned back by itself, after two minutes." in capsys.readouterr().err
