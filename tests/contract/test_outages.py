"""The sheet goes away: no run and no result is lost, whoever ends meanwhile (P7)."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from requests.exceptions import ReadTimeout

from gsheet_ml_scheduler.errors import RunLost, SheetUnreachableError
from gsheet_ml_scheduler.runsheet.journal import STATE_DIR
from gsheet_ml_scheduler.runsheet.leases import lease_text
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.contract.test_bad_network import insert_a_column_at_the_left, refuse, writes
from tests.contract.watching import Asked, Clock, Queue, lose_answers, no_more

LEASED = ["run_name", "status", "worker_name", "lease", "loss", "n_epoch"]
DEFAULTS = ["", "N/A", "N/A", "N/A", "N/A", 10]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this test's processes keep things for their user."""
    folder = tmp_path / "state"
    monkeypatch.setenv(STATE_DIR, str(folder))
    yield folder


@pytest.fixture
def leased(queue: Queue) -> Queue:
    return queue.fill(["1", "ready"], ["2", "ready"], header=LEASED, defaults=DEFAULTS)


def kept(state: Path) -> list[Path]:
    return [path for path in state.rglob("*.json") if path.is_file()]


def test_an_outcome_that_one_process_could_not_write_the_next_one_writes(
    leased: Queue, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler, wire = leased.scheduler()
    with pytest.raises(SheetUnreachableError, match="write the outcome of run 1 within 7200 s"):
        for run in scheduler.runs():
            with run:
                run.log(loss=0.31)
                wire.before = refuse(503)
    assert len(kept(state)) == 1
    assert "The outcome of run 1 (done) can't be written now. It is kept in " in (
        capsys.readouterr().err
    )
    assert leased.statuses() == {"1": "running", "2": "ready"}
    forget(scheduler)
    later, _ = leased.scheduler()
    assert later.find_claim_and_start_run()[0] == "2"
    first = leased.runs()["1"]
    assert (first["status"], first["worker_name"], first["loss"], first["lease"]) == (
        "done", scheduler.worker_name, 0.31, "",
    )  # fmt: skip
    assert "Run 1: what couldn't be written at" in capsys.readouterr().err
    assert kept(state) == []
    assert leased.pins() == [] or len(leased.pins()) == 1  # of run 2 alone


def test_an_outage_of_an_hour_at_the_end_of_a_run_is_waited_for(leased: Queue, state: Path) -> None:
    scheduler, wire = leased.scheduler()
    hour = scheduler._desk.pacing.clock() + 3600

    def away(asked: object) -> None:
        if scheduler._desk.pacing.clock() < hour:
            refuse(503)(asked)  # type: ignore[arg-type]

    for run in scheduler.runs():
        with run:
            run.log(loss=1)
            wire.before = away
    assert leased.statuses() == {"1": "done", "2": "done"}
    assert kept(state) == []


def test_what_is_kept_is_found_also_after_its_row_was_pinned_anew(
    leased: Queue, state: Path
) -> None:
    """A write without an answer is fenced off by another pin; the process may be killed then."""
    scheduler, wire = leased.scheduler()
    scheduler.find_claim_and_start_run()
    named: list[tuple[int, int]] = []

    def lose(asked: Asked) -> None:
        if asked.endpoint.endswith("values:batchUpdateByDataFilter") and not kept(state):
            raise ReadTimeout("the answer got lost")

    def look(asked: Asked) -> None:
        for path in kept(state):
            (pin,) = leased.pins()
            told = json.loads(path.read_text(encoding="utf-8"))["claim"]["pin"]
            named.append((told, pin["developerMetadata"]["metadataId"]))

    wire.before, wire.after = lose, look
    (first,) = leased.pins()
    scheduler.run_done()
    last_told, last_pin = named[-2]
    assert last_told == last_pin != first["developerMetadata"]["metadataId"]
    assert leased.statuses()["1"] == "done"
    assert kept(state) == []


def test_what_an_unanswered_write_hit_is_put_back_by_the_process_that_writes_what_was_kept(
    leased: Queue, state: Path
) -> None:
    scheduler, wire = leased.scheduler()
    scheduler.find_claim_and_start_run()
    before = leased.runs()
    lose = lose_answers(writes("done"))

    def move_columns(asked: Asked) -> None:
        if writes("done")(asked):
            insert_a_column_at_the_left(leased)
            insert_a_column_at_the_left(leased)
            wire.before = refuse(503)

    wire.before, wire.after = move_columns, lose
    with pytest.raises(SheetUnreachableError):
        scheduler.run_done()
    assert leased.runs() != before
    forget(scheduler)
    later, _ = leased.scheduler()
    later.find_claim_and_start_run()
    assert leased.runs()["1"] == before["1"] | {"status": "done", "lease": ""}
    assert [cell for line in leased.lines() for cell in line[:2] if cell] == []
    assert kept(state) == []


def test_what_an_unanswered_write_hit_is_put_back_by_whoever_takes_the_run_back(
    leased: Queue, state: Path
) -> None:
    """Its process still cares for what is kept, but doesn't come to it: it was frozen, say."""
    clock = Clock()
    frozen, wire = leased.scheduler(clock=clock)
    frozen.find_claim_and_start_run()
    before = leased.runs()

    def move_columns(asked: Asked) -> None:
        if writes("done")(asked):
            insert_a_column_at_the_left(leased)
            insert_a_column_at_the_left(leased)
            wire.before = refuse(503)

    wire.before, wire.after = move_columns, lose_answers(writes("done"))
    with pytest.raises(SheetUnreachableError):
        frozen.run_done()
    later, _ = leased.scheduler(clock=clock)
    assert later.find_claim_and_start_run()[0] == "2"
    later.run_done()
    assert later.find_claim_and_start_run()[0] == "1"
    assert [cell for line in leased.lines() for cell in line[:2] if cell] == []
    own = {"worker_name": later.worker_name, "lease": leased.runs()["1"]["lease"]}
    assert leased.runs()["1"] == before["1"] | own


def test_results_of_failed_syncs_survive_a_process_that_is_killed(
    leased: Queue, state: Path
) -> None:
    scheduler, wire = leased.scheduler()
    run = next(scheduler.runs())
    wire.before = refuse(503)
    run.log(loss=0.5)
    run.sync("1/2")
    run.log(loss=0.4)
    run.sync("2/2")
    assert len(kept(state)) == 1
    assert leased.runs()["1"]["loss"] == ""
    forget(scheduler)
    later, _ = leased.scheduler()
    assert later.find_claim_and_start_run()[0] == "2"
    first = leased.runs()["1"]
    assert (first["loss"], first["status"]) == (0.4, "running")  # nobody knows how it ended
    assert kept(state) == []


def test_results_that_come_through_at_last_are_kept_no_longer(leased: Queue, state: Path) -> None:
    scheduler, wire = leased.scheduler()
    for run in scheduler.runs():
        with run:
            wire.before = refuse(503)
            run.log(loss=0.5)
            run.sync()
            assert len(kept(state)) == 1
            wire.before = None
            run.sync()
            assert kept(state) == []
            assert leased.runs()[run.name]["loss"] == 0.5


@pytest.mark.parametrize("how", ["taken back", "another worker's", "claimed anew", "deleted"])
def test_what_is_no_longer_that_claims_is_not_written_and_lies_where_it_is_told(
    leased: Queue, state: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler, wire = leased.scheduler()
    scheduler.find_claim_and_start_run()
    wire.before = refuse(503)
    with pytest.raises(SheetUnreachableError):
        scheduler.run_done()
    soon = lease_text("Nobody", datetime.now(timezone.utc) + timedelta(hours=1), 1)
    if how == "deleted":
        at = leased.row_of("1")
        leased.batch({"deleteDimension": {"range": leased.lines_range("ROWS", at)}})
    elif how == "taken back":
        leased.set("1", "worker_name", "")
        leased.set("1", "status", "a note")
    elif how == "another worker's":
        leased.set("1", "worker_name", "Nobody")
        leased.set("1", "lease", soon)
    else:
        leased.set("1", "worker_name", "")
        leased.set("1", "status", "ready")
    before = without_lease(leased)
    forget(scheduler)
    later, _ = leased.scheduler()
    assert later.find_claim_and_start_run()[0] == ("1" if how == "claimed anew" else "2")
    err = capsys.readouterr().err
    (dropped,) = kept(state)
    assert dropped.parent.name == "dropped"
    assert f"its outcome (done) came too late and stays in {dropped}" in err
    after = without_lease(leased)
    if how == "claimed anew":
        assert after is not None
        assert after["worker_name"] == later.worker_name
    else:
        assert after == before


def without_lease(queue: Queue) -> dict[str, Any] | None:
    """Run 1; where its row was looked for by the lease that stands there, that was renewed."""
    cells = queue.runs().get("1")
    return None if cells is None else {k: v for k, v in cells.items() if k != "lease"}


@pytest.mark.parametrize("lives_on", [False, True])  # as a notebook's process does
def test_a_run_that_was_to_go_back_when_the_sheet_was_away_goes_back_later(
    leased: Queue, state: Path, lives_on: bool
) -> None:
    scheduler, wire = leased.scheduler()
    with pytest.raises(KeyboardInterrupt):
        for run in scheduler.runs():
            with run:
                wire.before = refuse(503)
                raise KeyboardInterrupt
    assert leased.statuses()["1"] == "running"
    assert scheduler._desk.held == []  # nothing prolongs the lease
    if not lives_on:
        forget(scheduler)
    later, _ = leased.scheduler()
    assert later.find_claim_and_start_run()[0] in ("1", "2")
    assert leased.statuses()["1"] in ("ready", "running")
    assert leased.runs()["1"]["worker_name"] in ("", later.worker_name)
    assert kept(state) == []


def test_ctrl_c_while_an_outcome_waits_ends_soon_and_the_outcome_is_kept(
    leased: Queue, state: Path
) -> None:
    scheduler, wire = leased.scheduler()
    attempts = [0]

    def interrupted(asked: object) -> None:
        attempts[0] += 1
        if attempts[0] == 3:
            raise KeyboardInterrupt
        refuse(503)(asked)  # type: ignore[arg-type]

    began = scheduler._desk.pacing.clock()
    with pytest.raises(KeyboardInterrupt):
        for run in scheduler.runs():
            with run:
                wire.before = interrupted
    assert scheduler._desk.pacing.clock() - began < 15
    assert len(kept(state)) == 1
    forget(scheduler)
    later, _ = leased.scheduler()
    later.find_claim_and_start_run()
    assert leased.statuses()["1"] == "done"


def test_a_sheet_that_is_away_still_makes_what_is_kept_wait_on(
    leased: Queue, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler, wire = leased.scheduler()
    scheduler.find_claim_and_start_run()
    wire.before = refuse(503)
    with pytest.raises(SheetUnreachableError):
        scheduler.run_done()
    forget(scheduler)
    later, later_wire = leased.scheduler()
    later_wire.before = refuse(503)
    with pytest.raises(SheetUnreachableError, match="couldn't look for a run within 7200 s"):
        later.find_claim_and_start_run()
    assert "Results of an earlier process go on waiting" in capsys.readouterr().err
    assert len(kept(state)) == 1
    later_wire.before = None
    later.find_claim_and_start_run()
    assert leased.statuses()["1"] == "done"


def test_a_header_that_is_being_edited_is_waited_for_at_the_end_of_a_run(leased: Queue) -> None:
    scheduler, wire = leased.scheduler()
    scheduler.find_claim_and_start_run()
    leased.sheet.update_acell("B1", "state")
    left = [5]

    def repair(asked: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            leased.sheet.update_acell("B1", "status")

    wire.after = repair
    scheduler.run_done()
    assert leased.statuses()["1"] == "done"


def test_a_run_lost_while_its_outcome_waited_tells_where_the_outcome_is(
    leased: Queue, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler, wire = leased.scheduler()
    scheduler.find_claim_and_start_run()
    left = [3]

    def away(asked: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            wire.before = None
            leased.set("1", "worker_name", "")
        else:
            refuse(503)(asked)  # type: ignore[arg-type]

    wire.before = away
    with pytest.raises(RunLost):
        scheduler.run_done()
    (dropped,) = kept(state)
    assert f"stays in {dropped}" in capsys.readouterr().err


def test_a_process_that_goes_on_trying_is_left_to_it(leased: Queue, state: Path) -> None:
    scheduler, wire = leased.scheduler()
    scheduler.find_claim_and_start_run()
    wire.before = refuse(503)
    with pytest.raises(SheetUnreachableError):
        scheduler.run_done()
    other, _ = leased.scheduler()
    assert other.find_claim_and_start_run()[0] == "2"
    assert leased.statuses()["1"] == "running"
    wire.before = None
    scheduler.run_done()
    assert leased.statuses()["1"] == "done"
    assert kept(state) == []


def test_a_process_that_claims_again_has_left_its_last_run_and_writes_what_was_kept(
    leased: Queue, state: Path
) -> None:
    scheduler, wire = leased.scheduler()
    with pytest.raises(SheetUnreachableError):
        for run in scheduler.runs():
            with run:
                run.log(loss=0.5)
                wire.before = refuse(503)
    wire.before = None
    assert scheduler.find_claim_and_start_run()[0] == "2"
    assert (leased.runs()["1"]["status"], leased.runs()["1"]["loss"]) == ("done", 0.5)
    assert kept(state) == []


def test_nothing_that_gives_access_is_kept(leased: Queue, state: Path) -> None:
    scheduler, wire = leased.scheduler()
    scheduler.find_claim_and_start_run()
    wire.before = refuse(503)
    with pytest.raises(SheetUnreachableError):
        scheduler.run_done()
    token = leased.location.partition("?token=")[2] or leased.location
    assert [path for path in kept(state) if token in path.read_text()] == []


def forget(scheduler: GSheetMLScheduler) -> None:
    """The process is gone: its locks with it, and nothing more is written by it."""
    desk = scheduler._desk
    assert desk.journal is not None
    for claim in list(desk.journal._mine):
        desk.journal.leave(claim)
    no_more(scheduler)
