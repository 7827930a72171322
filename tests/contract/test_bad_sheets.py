"""What a wrong sheet is told: where, what was found, what to do."""

import pytest

from gsheet_ml_scheduler.errors import CellError, LocationError, SheetLayoutError
from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.contract.watching import HEADER, Queue


@pytest.mark.parametrize("kind", [GSheetMLScheduler, GSheetMLRunWriter])
@pytest.mark.parametrize("name", ["run_name", "status", "worker_name"])
def test_a_missing_mandatory_column_is_named_when_connecting(
    queue: Queue, name: str, kind: type[GSheetMLScheduler] | type[GSheetMLRunWriter]
) -> None:
    queue.fill(header=[cell for cell in HEADER if cell != name])
    with pytest.raises(SheetLayoutError, match=f"line 1 has no column '{name}'"):
        kind(queue.location)


def test_a_column_that_stands_twice_is_named_when_connecting(queue: Queue) -> None:
    queue.fill(header=[*HEADER, "status"])
    with pytest.raises(SheetLayoutError, match="names 'status' twice, in B1 and F1"):
        GSheetMLScheduler(queue.location)


def test_a_sheet_without_defaults_is_refused(queue: Queue) -> None:
    queue.fill(["1", "ready"], defaults=[""])
    with pytest.raises(SheetLayoutError, match="line 2 is blank"):
        GSheetMLScheduler(queue.location)


def test_an_empty_sheet_is_refused(queue: Queue) -> None:
    queue.sheet.clear()
    with pytest.raises(SheetLayoutError, match=r"no column 'run_name'.*it names nothing"):
        GSheetMLScheduler(queue.location)


@pytest.mark.parametrize("index", [1, 7])
def test_a_tab_that_is_not_there_is_an_error(queue: Queue, index: int) -> None:
    with pytest.raises(LocationError, match=str(index)):
        GSheetMLScheduler(queue.location, index)


def test_an_error_cell_is_an_error_that_names_it_and_the_queue_goes_on(queue: Queue) -> None:
    queue.sheet.update_acell("E3", "=1/0")
    scheduler, _ = queue.scheduler()
    with pytest.raises(CellError, match=r"cell E3 \(learning_rate\) shows the error #DIV/0!"):
        scheduler.find_ready_run()
    assert queue.statuses()["1"] == "ready"
    with pytest.raises(CellError, match=r"cell E3 \(learning_rate\) shows the error #DIV/0!"):
        scheduler.find_claim_and_start_run()
    assert queue.statuses()["1"].startswith("failed: CellError: sheet")
    assert queue.pins() == []
    assert scheduler.currently_running_run_id is None
    assert scheduler.find_claim_and_start_run()[0] == "2"


def test_a_date_under_a_numeric_default_is_an_error(queue: Queue) -> None:
    queue.sheet.update_acell("E3", "2026-05-01")
    scheduler, _ = queue.scheduler()
    with pytest.raises(CellError, match=r"E3 .*looks like a date"):
        scheduler.find_claim_and_start_run()


def test_an_error_that_comes_up_while_a_run_is_running_keeps_the_last_value(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler, _ = queue.scheduler()
    scheduler.find_claim_and_start_run()
    queue.sheet.update_acell("E3", "=1/0")
    queue.sheet.update_acell("D3", 4)
    for _ in range(2):
        config, _ = scheduler.sync_config_and_status("1/4")
        assert config == {"n_epoch": 4, "learning_rate": 0.0005}
    assert capsys.readouterr().err.count("cell E3 (learning_rate) shows the error #DIV/0!") == 1


def test_a_header_under_repair_counts_as_out_of_reach(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler, _ = queue.scheduler()
    _, config = scheduler.find_claim_and_start_run()
    queue.sheet.update_acell("B1", "state")
    assert scheduler.sync_config_and_status("1/10") == (config, [])
    assert "has no column 'status'" in capsys.readouterr().err
    assert queue.lines()[2][1] == "running"
    queue.sheet.update_acell("B1", "status")
    assert scheduler.sync_config_and_status() == (config, [])
    assert queue.runs()["1"]["status"] == "1/10"


def test_lines_that_break_after_connecting_are_an_error_of_the_next_claim(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    queue.sheet.update_acell("A1", "title")
    with pytest.raises(SheetLayoutError, match="has no column 'run_name'"):
        scheduler.find_claim_and_start_run()


def test_a_ready_that_cannot_be_changed_is_left_out_with_one_warning(
    queue: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.sheet.update_acell("B3", '="ready"')
    scheduler, _ = queue.scheduler()
    names = set()
    for _ in range(2):
        names.add(scheduler.find_claim_and_start_run()[0])
        scheduler.run_done()
    assert names == {"2", "3"}
    assert scheduler.find_claim_and_start_run() == (None, None)
    assert scheduler.find_claim_and_start_run() == (None, None)
    assert capsys.readouterr().err.count("cell B3: it shows 'ready', but can't be changed") == 1
    assert queue.pins() == []
