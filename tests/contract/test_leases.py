"""A run whose worker vanished comes back, and the vanished worker can do nothing to it any more."""

import pytest
from requests.exceptions import ReadTimeout

from gsheet_ml_scheduler.errors import RunLost
from gsheet_ml_scheduler.runsheet.heartbeat import beat_when_due
from gsheet_ml_scheduler.runsheet.leases import Terms
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.contract.test_bad_network import insert_a_column_at_the_left, writes
from tests.contract.watching import (
    DEFAULTS,
    HEADER,
    Asked,
    Clock,
    Queue,
    Watched,
    lose_answers,
    same,
)

NO_COLOUR = (None, (1, 1, 1))
TERMS = Terms(seconds=600, attempts=3, in_background=False)


@pytest.fixture
def leased(queue: Queue) -> Queue:
    """One run, in a sheet with leases."""
    header = [*HEADER, "lease", "attempt", "started", "duration", "host"]
    return queue.fill(["1", "ready"], header=header, defaults=[*DEFAULTS, *["N/A"] * 5])


def worker(queue: Queue, clock: Clock) -> tuple[GSheetMLScheduler, Watched]:
    return queue.scheduler(terms=TERMS, clock=clock)


def test_a_claim_writes_a_lease_the_attempt_and_what_a_reader_wants(leased: Queue) -> None:
    clock = Clock()
    scheduler, _ = worker(leased, clock)
    scheduler.find_claim_and_start_run()
    run = leased.runs()["1"]
    assert run["lease"] == f"{scheduler.worker_name} until 2027-01-15 08:10:00Z"
    assert run["attempt"] == "1/3"
    assert run["started"] == "2027-01-15 08:00:00Z"
    assert run["duration"] == ""
    assert run["host"]
    clock.forward(100)
    scheduler.run_done()
    run = leased.runs()["1"]
    assert (run["lease"], run["duration"]) == ("", "0:01:40")


def test_a_worker_that_gives_signs_of_life_keeps_its_run(leased: Queue) -> None:
    clock = Clock()
    scheduler, _ = worker(leased, clock)
    scheduler.find_claim_and_start_run()
    other, _ = worker(leased, clock)
    for _ in range(40):
        clock.forward(100)
        beat_when_due(scheduler._desk)
        assert other.find_claim_and_start_run() == (None, None)
    scheduler.run_done()
    assert leased.statuses() == {"1": "done"}


def test_a_sync_is_a_sign_of_life_too(leased: Queue) -> None:
    clock = Clock()
    scheduler, _ = worker(leased, clock)
    scheduler.find_claim_and_start_run()
    before = leased.runs()["1"]["lease"]
    clock.forward(400)
    scheduler.sync_config_and_status("1/2")
    assert leased.runs()["1"]["lease"] > before


def test_a_vanished_workers_run_is_claimed_after_a_lease_and_a_heartbeat(
    leased: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    gone, _ = worker(leased, clock)
    gone.find_claim_and_start_run()
    gone.update_status("3/10")
    other, _ = worker(leased, clock)
    clock.forward(599)
    assert other.find_claim_and_start_run() == (None, None)
    clock.forward(2)
    began = clock()
    assert other.find_claim_and_start_run()[0] == "1"
    assert 120 <= clock() - began <= 130
    run = leased.runs()["1"]
    assert (run["worker_name"], run["attempt"]) == (other.worker_name, "2/3")
    assert "run 1 had lost its worker" in capsys.readouterr().err
    assert len(leased.pins()) == 1


def test_one_look_at_a_lapsed_lease_takes_nothing_away(leased: Queue) -> None:
    """The sheet may have been away itself: its worker gets the time of a heartbeat."""
    clock = Clock()
    scheduler, _ = worker(leased, clock)
    scheduler.find_claim_and_start_run()
    other, wire = worker(leased, clock)
    clock.forward(3600)

    def come_back(asked: Asked) -> None:
        if len(wire.seen) == 2:
            beat_when_due(scheduler._desk)

    wire.before = come_back
    assert other.find_claim_and_start_run() == (None, None)
    assert leased.runs()["1"]["worker_name"] == scheduler.worker_name
    scheduler.run_done()


def test_a_run_without_attempts_left_says_lost(leased: Queue) -> None:
    clock = Clock()
    for attempt in (1, 2, 3):
        scheduler, _ = worker(leased, clock)
        assert scheduler.find_claim_and_start_run()[0] == "1"
        assert leased.runs()["1"]["attempt"] == f"{attempt}/3"
        clock.forward(601)
    other, _ = worker(leased, clock)
    assert other.find_claim_and_start_run() == (None, None)
    run = leased.runs()["1"]
    assert (run["status"], run["worker_name"]) == ("lost", scheduler.worker_name)
    assert (run["lease"], run["attempt"]) == ("", "3/3")
    assert same(leased.backgrounds()["1"], (1.0, 0.85, 0.85))
    assert leased.pins() == []


def test_a_worker_that_was_only_asleep_wakes_up_and_writes_nothing(leased: Queue) -> None:
    clock = Clock()
    sleeper, wire = worker(leased, clock)
    sleeper.find_claim_and_start_run()
    clock.forward(601)
    other, _ = worker(leased, clock)
    other.find_claim_and_start_run()
    other.update_status("1/2")
    before = leased.lines()
    wire.seen.clear()
    beat_when_due(sleeper._desk)
    assert sleeper.stop_requested
    with pytest.raises(RunLost, match="run 1 isn't this worker's"):
        sleeper.sync_config_and_status("9/10")
    assert leased.lines() == before
    other.run_done()
    assert leased.statuses() == {"1": "done"}


@pytest.mark.parametrize("number", range(2))
def test_a_worker_that_falls_asleep_between_its_proof_and_its_write_writes_nothing(
    leased: Queue, number: int
) -> None:
    clock = Clock()
    sleeper, wire = worker(leased, clock)
    sleeper.find_claim_and_start_run()
    wire.seen.clear()
    seen: list[object] = []

    def sleep(asked: Asked) -> None:
        if len(wire.seen) == 1 + number and not seen:
            clock.forward(601)
            other, _ = worker(leased, clock)
            other.find_claim_and_start_run()
            other.update_status("1/2")
            seen.extend([other, leased.lines()])

    wire.before = sleep
    with pytest.raises(RunLost):
        sleeper.sync_config_and_status("9/10")
    assert leased.lines() == seen[1]


def test_a_put_back_run_keeps_what_names_it(leased: Queue) -> None:
    clock = Clock()
    one, _ = worker(leased, clock)
    run = next(one.runs())
    with pytest.raises(KeyboardInterrupt), run:
        raise KeyboardInterrupt
    assert leased.runs()["1"]["status"] == "ready"
    assert leased.backgrounds()["1"] in NO_COLOUR
    two, _ = worker(leased, clock)
    again = next(two.runs())
    assert (again.run_id, again.attempt) == (run.run_id, 1)
    clock.forward(601)
    three, _ = worker(leased, clock)
    third = next(three.runs())
    assert (third.run_id, third.attempt) == (run.run_id, 2)
    with third:
        pass
    assert leased.pins() + leased.pins("gsheet-ml-run-id") == []


def test_a_vanished_workers_run_keeps_what_names_it(leased: Queue) -> None:
    clock = Clock()
    one, _ = worker(leased, clock)
    run = next(one.runs())
    clock.forward(601)
    two, _ = worker(leased, clock)
    assert next(two.runs()).run_id == run.run_id


def lose_the_pin(queue: Queue) -> None:
    """The run's row is elsewhere, and its pin is gone."""
    (pin,) = queue.pins()
    mark = {"metadataId": pin["developerMetadata"]["metadataId"]}
    queue.batch({"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": mark}}})
    queue.sheet.insert_rows([[], []], 3)


def test_a_run_whose_pin_was_deleted_is_found_by_its_lease(leased: Queue) -> None:
    clock = Clock()
    scheduler, _ = worker(leased, clock)
    scheduler.find_claim_and_start_run()
    lose_the_pin(leased)
    scheduler.sync_config_and_status("1/2")
    assert leased.statuses() == {"1": "1/2"}
    scheduler.run_done()
    assert leased.statuses() == {"1": "done"}
    assert leased.pins() == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("text", ["1/2", "done"])
@pytest.mark.parametrize("number", range(2))
def test_a_heartbeat_that_finds_the_run_by_its_lease_does_not_disturb_a_write(
    leased: Queue, moment: str, text: str, number: int
) -> None:
    """The heart beats in a thread of its own, and gives the row another pin meanwhile."""
    clock = Clock()
    scheduler, wire = worker(leased, clock)
    scheduler.find_claim_and_start_run()
    clock.forward(400)
    left = [number]

    def disturb(asked: Asked) -> None:
        left[0] -= 1
        if left[0] == -1:
            setattr(wire, moment, None)
            lose_the_pin(leased)
            beat_when_due(scheduler._desk)

    setattr(wire, moment, disturb)
    if text == "done":
        scheduler.run_done()
    else:
        scheduler.sync_config_and_status(text)
    assert left[0] < 0
    assert leased.statuses() == {"1": text}


def test_a_row_that_was_cut_and_pasted_elsewhere_is_found_by_its_lease(leased: Queue) -> None:
    clock = Clock()
    scheduler, _ = worker(leased, clock)
    scheduler.find_claim_and_start_run()
    area = {"sheetId": leased.sheet.id, "startRowIndex": 2, "endRowIndex": 3}
    corner = {"sheetId": leased.sheet.id, "rowIndex": 7, "columnIndex": 0}
    leased.batch({"cutPaste": {"source": area, "destination": corner, "pasteType": "PASTE_NORMAL"}})
    scheduler.sync_config_and_status("1/2")
    scheduler.run_done()
    assert leased.runs()["1"]["status"] == "done"
    assert leased.row_of("1") == 7


def test_a_copied_row_does_not_confuse_its_worker(leased: Queue) -> None:
    clock = Clock()
    scheduler, _ = worker(leased, clock)
    scheduler.find_claim_and_start_run()
    area = {"sheetId": leased.sheet.id, "startRowIndex": 2, "endRowIndex": 3}
    target = {"sheetId": leased.sheet.id, "startRowIndex": 5, "endRowIndex": 6}
    leased.batch({"copyPaste": {"source": area, "destination": target}})
    leased.sheet.update_acell("A6", "copy")
    scheduler.sync_config_and_status("1/2")
    assert leased.statuses() == {"1": "1/2", "copy": "running"}
    scheduler.run_done()
    assert leased.statuses() == {"1": "done", "copy": "running"}


def test_a_lease_that_somebody_wrote_over_means_that_the_run_is_taken_back(leased: Queue) -> None:
    clock = Clock()
    scheduler, _ = worker(leased, clock)
    scheduler.find_claim_and_start_run()
    leased.set("1", "lease", "mine now")
    with pytest.raises(RunLost, match="its lease is 'mine now'"):
        scheduler.sync_config_and_status("1/2")


def test_without_the_column_nobody_is_taken_anything(queue: Queue) -> None:
    clock = Clock()
    queue.fill(["1", "ready"])
    scheduler, _ = worker(queue, clock)
    scheduler.find_claim_and_start_run()
    clock.forward(10**6)
    other, _ = worker(queue, clock)
    assert other.find_claim_and_start_run() == (None, None)
    scheduler.run_done()
    assert queue.statuses() == {"1": "done"}


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_lost_answer_while_a_run_is_taken_over_changes_nothing_in_the_end(
    leased: Queue, number: int, moment: str
) -> None:
    clock = Clock()
    gone, _ = worker(leased, clock)
    gone.find_claim_and_start_run()
    other, wire = worker(leased, clock)
    clock.forward(601)
    lost: list[int] = []

    def lose(asked: Asked) -> None:
        if len(wire.seen) - 1 == number and not lost:
            lost.append(number)
            raise ReadTimeout("the answer got lost")

    setattr(wire, moment, lose)
    assert other.find_claim_and_start_run()[0] == "1"
    run = leased.runs()["1"]
    assert (run["worker_name"], run["attempt"], run["status"]) == (
        other.worker_name,
        "2/3",
        "running",
    )
    other.run_done()
    assert leased.pins() + leased.pins("gsheet-ml-run-id") == []


def test_what_a_take_over_hit_in_moved_columns_is_put_back_though_its_answer_was_lost(
    leased: Queue,
) -> None:
    clock = Clock()
    gone, _ = worker(leased, clock)
    gone.find_claim_and_start_run()
    other, wire = worker(leased, clock)
    clock.forward(601)
    before = leased.runs()["1"]

    def move_columns(asked: Asked) -> None:
        if writes("2/3")(asked):
            insert_a_column_at_the_left(leased)
            wire.before = None

    wire.before, wire.after = move_columns, lose_answers(writes("2/3"))
    assert other.find_claim_and_start_run()[0] == "1"
    assert wire.before is None
    after = leased.runs()["1"]
    own = {key: after[key] for key in ("worker_name", "lease", "started")}
    assert after == before | {"attempt": "2/3"} | own
    assert [line[0] for line in leased.lines() if line and line[0]] == []
    assert len(leased.pins()) == 1
