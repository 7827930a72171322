"""Answers get lost, and the sheet asks to slow down: what happened is found out, never guessed."""

import json
from collections.abc import Callable

import pytest
from gspread.exceptions import APIError
from requests import Response

from gsheet_ml_scheduler.errors import AccessError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet.wire import APPEND_MARK
from tests.contract.watching import Asked, Queue, lose_answers


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
