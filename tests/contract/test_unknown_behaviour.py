"""Where nobody could establish what Google does, the queue works either way."""

from pathlib import Path

import gspread
import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.errors import RunLost, SheetUnreachableError
from gsheet_ml_scheduler.localsheets import Switches
from gsheet_ml_scheduler.runsheet.syncing import Wish, sync_runs
from tests.contract.test_bad_network import insert_a_column_at_the_left, refuse, writes
from tests.contract.test_human_editor import EDITS, Edit, check, live, rows, start
from tests.contract.watching import (
    BLUE,
    DEFAULTS,
    HEADER,
    Asked,
    Clock,
    Queue,
    lose_answers,
    same,
)

EACH = [
    Switches(unmatched_filter_is_an_error=True),
    Switches(find_replace_skips_hidden_rows=True),
    Switches(find_replace_keeps_text=True),
    Switches(strict_validation_refuses=True),
    Switches(sort_leaves_metadata=True),
]


def switched(tmp_path: Path, switches: Switches) -> Queue:
    path = tmp_path / "switched.sheet"
    client = localsheets.workbook_client(path, create=True, switches=switches)
    return Queue(str(path), gspread.Spreadsheet(client, {"id": client.spreadsheet_id}))


@pytest.mark.parametrize("switches", EACH)
def test_a_life_goes_well_either_way(tmp_path: Path, switches: Switches) -> None:
    queue = switched(tmp_path, switches)
    before = start(queue)
    name, config = live(queue, lambda asked, at: None)
    check(queue, before, name, config)


@pytest.mark.parametrize("number", range(10))
@pytest.mark.parametrize("edit", EDITS)
def test_edits_are_met_where_a_filter_without_a_match_is_an_error(
    tmp_path: Path, edit: Edit, number: int
) -> None:
    queue = switched(tmp_path, Switches(unmatched_filter_is_an_error=True))
    before = start(queue)

    def act(asked: Asked, at: int) -> None:
        if at == number:
            edit(queue)

    name, config = live(queue, act)
    check(queue, before, name, config)


@pytest.mark.parametrize("number", range(3))
def test_a_row_deleted_during_the_claim_is_met_where_no_match_is_an_error(
    tmp_path: Path, number: int
) -> None:
    queue = switched(tmp_path, Switches(unmatched_filter_is_an_error=True))
    start(queue)
    scheduler, wire = queue.scheduler()

    def act(asked: Asked) -> None:
        if len(wire.seen) - 1 == number and "b" in queue.column("run_name"):
            queue.batch({"deleteDimension": {"range": rows(queue, queue.row_of("b"))}})

    wire.before = act
    assert scheduler.find_claim_and_start_run()[0] == "c"
    scheduler.run_done()
    assert scheduler.find_claim_and_start_run() == (None, None)
    assert queue.pins() == []


def test_a_hidden_row_that_cannot_be_claimed_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = switched(tmp_path, Switches(find_replace_skips_hidden_rows=True))
    start(queue)
    properties = {"range": rows(queue, 3), "properties": {"hiddenByUser": True}}
    queue.batch({"updateDimensionProperties": {**properties, "fields": "hiddenByUser"}})
    scheduler, _ = queue.scheduler()
    assert scheduler.find_claim_and_start_run()[0] == "c"
    scheduler.run_done()
    assert scheduler.find_claim_and_start_run() == (None, None)
    assert "cell B4: it shows 'ready', but can't be changed" in capsys.readouterr().err
    assert queue.statuses()["b"] == "ready"


def test_a_strict_dropdown_that_refuses_the_token_leaves_the_run_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = switched(tmp_path, Switches(strict_validation_refuses=True))
    start(queue)
    condition = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "ready"}]}
    area = {"sheetId": queue.sheet.id, "startRowIndex": 3, "endRowIndex": 4}
    area |= {"startColumnIndex": 1, "endColumnIndex": 2}
    queue.batch(
        {"setDataValidation": {"range": area, "rule": {"condition": condition, "strict": True}}}
    )
    scheduler, _ = queue.scheduler()
    assert scheduler.find_claim_and_start_run()[0] == "c"
    assert "cell B4: it shows 'ready', but can't be changed" in capsys.readouterr().err


@pytest.mark.parametrize("edit", EDITS)
def test_colours_come_right_where_an_id_cannot_be_made_again_in_its_batch(
    queue: Queue, edit: Edit
) -> None:
    before = start(queue)
    scheduler, wire = queue.scheduler()
    scheduler._sheet.can_repin = False

    def act(asked: Asked) -> None:
        if asked.asks("repeatCell"):
            edit(queue)
            wire.before = None

    wire.before = act
    name, config = scheduler.find_claim_and_start_run()
    assert name is not None
    assert config is not None
    wire.before = act
    scheduler.run_done()
    assert same(queue.backgrounds()[name], BLUE)
    check(queue, before, name, config)


def test_an_answer_that_is_one_write_old_is_read_again(tmp_path: Path) -> None:
    queue = switched(tmp_path, Switches(reads_lag_one_write=True))
    queue.fill(["1", "ready"], ["2", "ready"])
    queue.sheet.update_acell("A9", "so that nothing of the queue is one write old")
    scheduler, _ = queue.scheduler()
    name, config = scheduler.find_claim_and_start_run()
    assert (name, config) == ("1", {"n_epoch": 10, "learning_rate": 0.0005})
    scheduler.sync_config_and_status("1/2")
    scheduler.run_done()
    queue.sheet.update_acell("A9", "")
    assert queue.statuses() == {"1": "done", "2": "ready"}


@pytest.mark.parametrize("can_repin", [True, False])
@pytest.mark.parametrize("text", ["running", "1/2", "done"])
def test_a_misplaced_write_is_repaired_where_the_answer_after_it_is_one_write_old(
    tmp_path: Path, text: str, can_repin: bool
) -> None:
    queue = switched(tmp_path, Switches(reads_lag_one_write=True))
    queue.fill(["1", "ready"], ["2", "ready"])
    before = queue.runs()
    scheduler, wire = queue.scheduler()
    scheduler._sheet.can_repin = can_repin
    moved: list[Asked] = []

    def move(asked: Asked) -> None:
        if writes(text)(asked) and not moved:
            moved.append(asked)
            insert_a_column_at_the_left(queue)

    wire.before, wire.after = move, lose_answers(writes(text))
    assert scheduler.find_claim_and_start_run()[0] == "1"
    scheduler.sync_config_and_status("1/2")
    scheduler.run_done()
    assert moved
    queue.runs()  # which may be one write old
    cells = {"status": "done", "worker_name": scheduler.worker_name}
    filled = {"n_epoch": 10, "learning_rate": 0.0005}
    assert queue.runs() == before | {"1": before["1"] | filled | cells}


def test_a_run_is_found_by_its_lease_where_the_answer_after_it_is_one_write_old(
    tmp_path: Path,
) -> None:
    queue = switched(tmp_path, Switches(reads_lag_one_write=True))
    queue.fill(["1", "ready"], header=[*HEADER, "lease"], defaults=[*DEFAULTS, "N/A"])
    queue.sheet.update_acell("A9", "so that nothing of the queue is one write old")
    scheduler, _ = queue.scheduler()
    assert scheduler.find_claim_and_start_run()[0] == "1"
    mark = {"metadataId": scheduler._desk.held[0].pin}
    queue.batch({"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": mark}}})
    queue.sheet.insert_rows([[], []], 3)
    scheduler.sync_config_and_status("1/2")
    scheduler.run_done()
    queue.sheet.update_acell("A12", "")
    assert queue.statuses()["1"] == "done"


def test_a_write_of_several_runs_that_is_refused_half_way_is_put_right(tmp_path: Path) -> None:
    queue = switched(tmp_path, Switches(unmatched_filter_is_an_error=True))
    queue.fill(["1", "ready"], ["2", "ready"], ["3", "ready"])
    clock = Clock()
    scheduler, wire = queue.scheduler(clock=clock)
    claimed = [scheduler._claimer.claim_next(scheduler.worker_name) for _ in range(3)]
    held = sorted((run for run in claimed if run), key=lambda run: run.run_name)
    before = queue.runs()
    written: list[Asked] = []

    def edit(asked: Asked) -> None:
        if not writes("1/2")(asked):
            return
        written.append(asked)
        if len(written) == 1:
            insert_a_column_at_the_left(queue)
            queue.sheet.delete_rows(queue.row_of("3") + 1)  # so that the whole write is refused
        if len(written) == 3:  # and, one by one, the second run's
            refuse(429)(asked)

    wire.before = edit
    with pytest.raises(SheetUnreachableError):
        sync_runs(scheduler._desk, [Wish(run, "1/2") for run in held])
    assert queue.runs() != before
    wire.before = None
    clock.forward(120)
    *_, last = sync_runs(scheduler._desk, [Wish(run, "2/2") for run in held])
    assert isinstance(last, RunLost)
    assert queue.runs() == {name: before[name] | {"status": "2/2"} for name in ("1", "2")}
