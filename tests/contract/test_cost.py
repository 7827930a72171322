"""Requests are the price of this product: what each step may cost."""

import pytest

from gsheet_ml_scheduler.runsheet.heartbeat import beat_when_due
from gsheet_ml_scheduler.runsheet.leases import Terms
from gsheet_ml_scheduler.runsheet.names import new_worker_name
from gsheet_ml_scheduler.runsheet.syncing import Synced, Wish, sync_runs
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.contract.watching import (
    BLUE,
    DEFAULTS,
    HEADER,
    ORANGE,
    Asked,
    Clock,
    Queue,
    at_once,
    same,
)


def test_connecting_to_a_worksheet_reads_once_and_writes_nothing(queue: Queue) -> None:
    wire = queue.wire()
    worksheet = queue.sheet
    worksheet.client = wire
    GSheetMLScheduler.on_worksheet(worksheet, pacing=at_once())
    assert wire.costs() == (1, 0)


def test_a_claim_costs_one_read_and_two_writes(queue: Queue) -> None:
    queue.fill(["1", "ready", "", 3, 0.5])
    scheduler, wire = queue.scheduler()
    assert scheduler.find_claim_and_start_run()[0] == "1"
    assert wire.costs() == (1, 2)


@pytest.mark.parametrize("defaults", [0, 1, 12])
def test_defaults_that_are_copied_cost_one_write_more_however_many(
    queue: Queue, defaults: int
) -> None:
    extra = [f"key{number}" for number in range(defaults)]
    queue.fill(["1", "ready"], header=[*HEADER, *extra], defaults=[*DEFAULTS, *range(defaults)])
    scheduler, wire = queue.scheduler()
    assert scheduler.find_claim_and_start_run()[0] == "1"
    assert wire.costs() == (1, 3)


def test_a_lease_and_its_features_cost_nothing_more(queue: Queue) -> None:
    features = ["lease", "attempt", "command", "error", "started", "duration", "host"]
    queue.fill(["1", "ready", "", 3, 0.5], header=[*HEADER, *features],
               defaults=[*DEFAULTS, *["N/A"] * len(features)])  # fmt: skip
    scheduler, wire = queue.scheduler(terms=Terms(in_background=False))
    scheduler.find_claim_and_start_run()
    assert wire.costs() == (1, 2)
    scheduler.sync_config_and_status("1/10")
    assert wire.costs() == (1, 1)
    scheduler.run_done()
    assert wire.costs() == (1, 2)


def test_a_heartbeat_costs_one_write(queue: Queue) -> None:
    queue.fill(["1", "ready", "", 3, 0.5], header=[*HEADER, "lease"], defaults=[*DEFAULTS, "N/A"])
    clock = Clock()
    scheduler, wire = queue.scheduler(terms=Terms(in_background=False), clock=clock)
    scheduler.find_claim_and_start_run()
    before = queue.runs()["1"]["lease"]
    wire.seen.clear()
    clock.forward(150)
    beat_when_due(scheduler._desk)
    assert wire.costs() == (0, 1)
    assert queue.runs()["1"]["lease"] > before
    beat_when_due(scheduler._desk)
    assert wire.costs() == (0, 0)


def test_a_command_costs_one_write_more_than_its_sync(queue: Queue) -> None:
    queue.fill(["1", "ready", "", 3, 0.5], header=[*HEADER, "command"], defaults=[*DEFAULTS, "N/A"])
    scheduler, wire = queue.scheduler()
    scheduler.find_claim_and_start_run()
    queue.set("1", "command", "stop")
    wire.seen.clear()
    scheduler.sync_config_and_status("1/10")
    assert wire.costs() == (1, 2)


def test_all_the_runs_of_a_process_share_one_read_and_two_writes(queue: Queue) -> None:
    queue.fill(
        *([str(number), "ready", "", number, 0.5] for number in range(8)),
        header=[*HEADER, "lease", "loss"],
        defaults=[*DEFAULTS, "N/A", "N/A"],
    )
    clock = Clock()
    scheduler, wire = queue.scheduler(terms=Terms(in_background=False), clock=clock)
    desk, claimer = scheduler._desk, scheduler._claimer
    runs = [claimer.claim_next(new_worker_name()) for _ in range(8)]
    clock.forward(150)
    queue.set("3", "n_epoch", 33)
    wire.seen.clear()
    done = sync_runs(desk, [Wish(run, "1/2", {"loss": 1.0}) for run in runs if run is not None])
    assert wire.costs() == (1, 2)
    assert [one.changed_keys for one in done if isinstance(one, Synced)][3] == ["n_epoch"]
    assert set(queue.statuses().values()) == {"1/2"}
    leases = [cells["lease"] for cells in queue.runs().values()]
    assert len(set(leases)) == 8
    assert [run.lease for run in runs if run is not None] == leases


def test_a_claim_by_number_costs_the_same(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    assert scheduler.claim_and_start_run(1)
    assert wire.costs() == (1, 3)
    assert scheduler.find_ready_run()[0] == 0
    assert wire.costs() == (2, 0)


def test_nothing_claimable_costs_one_read(queue: Queue) -> None:
    queue.fill(["1", "done"])
    scheduler, wire = queue.scheduler()
    assert scheduler.find_claim_and_start_run() == (None, None)
    assert wire.costs() == (1, 0)


@pytest.mark.parametrize(("is_over", "more"), [(False, 1), (True, 2)])
def test_a_lost_race_costs_a_write_and_one_more_where_the_run_is_over_by_then(
    queue: Queue, is_over: bool, more: int
) -> None:
    queue.fill(["1", "ready", "", 3, 0.5], ["2", "ready", "", 3, 0.5])
    scheduler, wire = queue.scheduler()
    other, _ = queue.scheduler()

    def be_first(asked: Asked) -> None:
        if asked.asks("findReplace"):
            wire.before = None
            other.find_claim_and_start_run()
            if is_over:
                other.run_done()

    wire.before = be_first
    assert scheduler.find_claim_and_start_run()[0] == "2"
    assert wire.costs() == (1, 2 + more)
    assert same(queue.backgrounds()["1"], BLUE if is_over else ORANGE)
    scheduler.run_done()
    if not is_over:
        other.run_done()
    scheduler.find_claim_and_start_run()
    assert queue.pins() == []


def test_a_sync_costs_one_read_one_write_and_one_more_for_colour(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    scheduler.find_claim_and_start_run()
    wire.seen.clear()
    scheduler.sync_config_and_status()
    assert wire.costs() == (1, 0)
    scheduler.sync_config_and_status("1/10")
    assert wire.costs() == (1, 1)
    scheduler.update_status("2/10")
    assert wire.costs() == (1, 1)
    queue.set("1", "n_epoch", 4)
    queue.set("1", "learning_rate", 0.4)
    scheduler.sync_config_and_status("3/10")
    assert wire.costs() == (1, 2)


def test_done_costs_one_read_and_two_writes(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    scheduler.find_claim_and_start_run()
    wire.seen.clear()
    scheduler.run_done()
    assert wire.costs() == (1, 2)


def test_a_thousand_runs_are_written_with_two_reads_and_three_writes_at_most(queue: Queue) -> None:
    writer, wire = queue.writer()
    keys = [f"key{number}" for number in range(12)]
    writer.write_runs([dict.fromkeys(keys, number / 8) for number in range(1000)])
    reads, writes = wire.costs()
    assert reads <= 3
    assert writes <= 3
    assert len(queue.lines()) == 1005


def test_only_what_a_power_cut_may_take_is_written_relaxed(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    scheduler.find_claim_and_start_run()
    scheduler.update_status("1/10")
    assert {asked.is_relaxed for asked in wire.seen if not asked.is_read} == {True}
    wire.seen.clear()
    scheduler.run_done()
    assert [asked.is_relaxed for asked in wire.seen if not asked.is_read] == [False, True]


def test_the_cost_of_a_claim_does_not_grow_with_the_sheet(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    scheduler.find_claim_and_start_run()
    (look,) = [a for a in wire.seen if a.is_read]
    ranges = [f["gridRange"] for f in look.body["dataFilters"]]
    assert [r for r in ranges if "endRowIndex" not in r and "endColumnIndex" not in r] == []
    assert [a.body["responseRanges"] for a in wire.seen if "responseRanges" in a.body] == [
        ["Sheet1!1:2", "Sheet1!3:3"]
    ]
