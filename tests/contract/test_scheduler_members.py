"""Every member of the scheduler does what scripts of the original rely on."""

import pytest

from gsheet_ml_scheduler.errors import NoRunningRunError, NoSuchRunError, RunLost
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.contract.watching import (
    BLUE,
    DEFAULTS,
    GREEN_TEXT,
    GREY_TEXT,
    HEADER,
    ORANGE,
    Queue,
    same,
)


def test_the_first_ready_run_is_claimed_and_its_row_says_so(queue: Queue) -> None:
    queue.fill(["0", "done"], ["1", "ready", "someone"], ["2", "ready", "", 3])
    scheduler, _ = queue.scheduler()
    assert scheduler.find_claim_and_start_run() == ("2", {"n_epoch": 3, "learning_rate": 0.0005})
    assert scheduler.currently_running_run_id == 2
    assert queue.lines()[4] == ["2", "running", scheduler.worker_name, 3, 0.0005]
    assert queue.lines()[2:4] == [["0", "done", "", "", ""], ["1", "ready", "someone", "", ""]]


def test_nothing_claimable_is_none_twice(queue: Queue) -> None:
    queue.fill(["1", "done"], ["2", "Ready"], ["3", "ready", "someone"], ["4", ""])
    scheduler, _ = queue.scheduler()
    assert scheduler.find_claim_and_start_run() == (None, None)
    assert scheduler.find_ready_run() == (None, None)
    assert scheduler.currently_running_run_id is None


def test_an_empty_queue_has_nothing_to_claim(queue: Queue) -> None:
    queue.fill()
    scheduler, _ = queue.scheduler()
    assert scheduler.find_claim_and_start_run() == (None, None)
    assert scheduler.nb_runs == 0
    assert scheduler.values["run_name"] == []


def test_a_sheet_without_a_third_line_has_nothing_to_claim(queue: Queue) -> None:
    queue.fill()
    queue.sheet.resize(rows=2)
    scheduler, _ = queue.scheduler()
    assert scheduler.find_claim_and_start_run() == (None, None)
    assert scheduler.nb_runs == 0


def test_a_claim_in_three_functions(queue: Queue) -> None:
    scheduler, _ = queue.scheduler({"seed": 7, "n_epoch": 99})
    run_id, config = scheduler.find_ready_run()
    assert (run_id, config) == (0, {"n_epoch": 10, "learning_rate": 0.0005})
    assert run_id is not None
    assert config is not None
    assert scheduler.claim_and_start_run(run_id) is True
    assert scheduler.complete_missing_config_params(config, {"seed": 7, "n_epoch": 99}) == {
        "n_epoch": 10,
        "learning_rate": 0.0005,
        "seed": 7,
    }


def test_a_row_that_is_not_claimable_any_more_is_not_claimed(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    other, _ = queue.scheduler()
    assert other.claim_and_start_run(1) is True
    assert scheduler.claim_and_start_run(1) is False
    assert scheduler.currently_running_run_id is None
    assert queue.runs()["2"]["worker_name"] == other.worker_name


@pytest.mark.parametrize("run_id", [-1, 3, 1000])
def test_a_run_number_out_of_range_is_an_error(queue: Queue, run_id: int) -> None:
    scheduler, _ = queue.scheduler()
    with pytest.raises(NoSuchRunError, match=rf"no run row number {run_id}: it has 3, and 0 is"):
        scheduler.claim_and_start_run(run_id)
    with pytest.raises(IndexError):
        scheduler.get_run_config(run_id)


def test_hard_coded_values_fill_what_the_sheet_has_no_column_for(queue: Queue) -> None:
    scheduler, _ = queue.scheduler({"seed": 7, "n_epoch": 99})
    _, config = scheduler.find_claim_and_start_run()
    assert config == {"n_epoch": 10, "learning_rate": 0.0005, "seed": 7}
    config, _ = scheduler.sync_config_and_status()
    assert config["seed"] == 7


def test_a_sync_writes_the_status_and_tells_which_keys_changed(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    scheduler.find_claim_and_start_run()
    queue.set("1", "learning_rate", 0.1)
    config, changed = scheduler.sync_config_and_status("1/10")
    assert (config["learning_rate"], changed) == (0.1, ["learning_rate"])
    assert queue.runs()["1"]["status"] == "1/10"
    assert scheduler.sync_config_and_status() == (config, [])
    assert queue.runs()["1"]["status"] == "1/10"


def test_a_status_update_leaves_changes_to_the_next_check(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    scheduler.find_claim_and_start_run()
    queue.set("1", "n_epoch", 20)
    scheduler.update_status("1/10")
    config, changed = scheduler.check_for_config_updates()
    assert (config, changed) == ({"n_epoch": 20, "learning_rate": 0.0005}, ["n_epoch"])
    assert queue.runs()["1"]["status"] == "1/10"


def test_a_changed_default_changes_a_run_whose_cell_is_blank_again(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    scheduler.find_claim_and_start_run()
    queue.set("1", "n_epoch", "")
    queue.sheet.update_acell("D2", 77)
    assert scheduler.check_for_config_updates() == (
        {"n_epoch": 77, "learning_rate": 0.0005},
        ["n_epoch"],
    )


def test_done_writes_the_final_text_and_ends_the_run(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    scheduler.find_claim_and_start_run()
    scheduler.run_done("finished well")
    assert queue.runs()["1"]["status"] == "finished well"
    assert queue.runs()["1"]["worker_name"] == scheduler.worker_name
    assert scheduler.currently_running_run_id is None
    assert queue.pins() == []


def test_colours_tell_running_done_copied_and_changed(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    scheduler.find_claim_and_start_run()
    assert all(same(color, ORANGE) for color in queue.formats("backgroundColor")[2][:5])
    assert [same(color, GREY_TEXT) for color in queue.text_colors("1")[:5]] == (
        [False, False, False, True, True]
    )
    queue.set("1", "learning_rate", 0.1)
    scheduler.sync_config_and_status("1/10")
    assert same(queue.text_colors("1")[3], GREY_TEXT)
    assert same(queue.text_colors("1")[4], GREEN_TEXT)
    scheduler.run_done()
    assert all(same(color, BLUE) for color in queue.formats("backgroundColor")[2][:5])
    assert queue.backgrounds()["2"] is None


def test_the_colours_may_be_changed(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    scheduler.colors["running"] = (0.0, 1.0, 0.0)
    scheduler.find_claim_and_start_run()
    assert same(queue.backgrounds()["1"], (0.0, 1.0, 0.0))


def test_only_blank_config_cells_get_a_default(queue: Queue) -> None:
    queue.fill(
        ["1", "ready", "", "", "", "", ""],
        header=[*HEADER, "note", "loss"],
        defaults=[*DEFAULTS, "", "N/A"],
    )
    queue.sheet.update_acell("E3", '=""')
    scheduler, _ = queue.scheduler()
    _, config = scheduler.find_claim_and_start_run()
    assert config == {"n_epoch": 10, "learning_rate": 0.0005, "note": ""}
    formula = queue.sheet.acell("E3", value_render_option="FORMULA").value  # type: ignore[arg-type]
    assert formula == '=""'
    assert queue.runs()["1"]["n_epoch"] == 10


def test_the_table_is_what_the_sheet_shows(queue: Queue) -> None:
    queue.fill(
        [7, "ready", "", 3, ".01"], ["", "", "", True], ["c", "note"],
        header=[*HEADER, "", "loss"], defaults=[*DEFAULTS, "", "N/A"],
    )  # fmt: skip
    scheduler, _ = queue.scheduler()
    assert scheduler.nb_runs == 3
    assert scheduler.keys == [*HEADER, "loss"]
    assert scheduler.key_ids == {name: i for i, name in enumerate(HEADER)} | {"loss": 6}
    assert scheduler.config_keys == ["n_epoch", "learning_rate"]
    assert scheduler.config_defaults == {"n_epoch": 10, "learning_rate": 0.0005}
    assert scheduler.values == {
        "run_name": ["7", "", "c"],
        "status": ["ready", "", "note"],
        "worker_name": ["", "", ""],
        "n_epoch": [3, True, ""],
        "learning_rate": [0.01, "", ""],
        "loss": ["", "", ""],
    }
    assert scheduler.get_run_config(0) == {"n_epoch": 3, "learning_rate": 0.01}
    assert scheduler.get_run_config(2) == {"n_epoch": 10, "learning_rate": 0.0005}


def test_the_table_is_downloaded_once_and_never_older_than_the_last_claim(queue: Queue) -> None:
    scheduler, wire = queue.scheduler()
    assert scheduler.values["status"] == ["ready", "ready", "ready"]
    assert scheduler.get_run_config(1)["learning_rate"] == 0.0001
    assert wire.costs() == (1, 0)
    scheduler.find_claim_and_start_run()
    wire.seen.clear()
    assert scheduler.values["status"] == ["running", "ready", "ready"]
    assert wire.costs() == (1, 0)
    queue.set("3", "status", "later")
    assert scheduler.values["status"][2] == "ready"
    scheduler.download_data()
    assert scheduler.values["status"][2] == "later"


def test_names_statuses_and_workers_are_always_text(queue: Queue) -> None:
    queue.fill([12, 3, 4], ["13", "ready", ""], [14, True, 0.5])
    scheduler, _ = queue.scheduler()
    assert scheduler.values["run_name"] == ["12", "13", "14"]
    assert scheduler.values["status"] == ["3", "ready", "TRUE"]
    assert scheduler.values["worker_name"] == ["4", "", "0.5"]
    name, _ = scheduler.find_claim_and_start_run()
    assert name == "13"


def test_the_sheet_and_its_spreadsheet_are_gspreads_own(queue: Queue) -> None:
    scheduler = GSheetMLScheduler(queue.location)
    scheduler.sheet.update_cell(9, 1, "a note")
    assert queue.sheet.acell("A9").value == "a note"
    assert [tab.title for tab in scheduler.all_sheets.worksheets()] == [queue.sheet.title]


def test_another_tab_is_chosen_by_its_index(queue: Queue) -> None:
    tab = queue.editor.add_worksheet("more runs", 10, 10)
    tab.update([HEADER, DEFAULTS, ["b", "ready"]], raw=True)
    scheduler = GSheetMLScheduler(queue.location, 1)
    name, _ = scheduler.find_claim_and_start_run()
    assert name == "b"
    assert queue.statuses() == {"1": "ready", "2": "ready", "3": "ready"}


def test_text_is_converted_as_the_original_did() -> None:
    convert = GSheetMLScheduler.convert_str_to_bool_int_float_str
    assert [convert(text) for text in ("TRUE", "-42", ".01", "-2E-4", "adam", "007")] == [
        True,
        -42,
        0.01,
        -0.0002,
        "adam",
        "007",
    ]


def test_the_comma_is_the_decimal_sign_of_text_when_asked_for(queue: Queue) -> None:
    queue.fill(["1", "ready", "", "2,5", "5,0E-3"])
    scheduler = GSheetMLScheduler(queue.location, 0, None, True)
    assert scheduler.get_run_config(0) == {"n_epoch": 2.5, "learning_rate": 0.005}


def test_calls_that_need_a_running_run_say_so(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    for call in (
        scheduler.sync_config_and_status,
        scheduler.check_for_config_updates,
        scheduler.run_done,
        lambda: scheduler.update_status("x"),
    ):
        with pytest.raises(NoRunningRunError, match=r"no running run\. Claim one first"):
            call()


def test_a_new_claim_leaves_the_previous_run_as_it_is(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    scheduler.find_claim_and_start_run()
    assert scheduler.find_claim_and_start_run()[0] == "2"
    assert queue.statuses() == {"1": "running", "2": "running", "3": "ready"}
    assert len(queue.pins()) == 1


def test_a_row_that_was_taken_back_is_left_alone(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    scheduler.find_claim_and_start_run()
    queue.set("1", "worker_name", "")
    with pytest.raises(RunLost, match=r"run 1 isn't this worker's .* its worker_name was emptied"):
        scheduler.sync_config_and_status("1/10")
    assert queue.runs()["1"]["status"] == "running"
    with pytest.raises(NoRunningRunError):
        scheduler.run_done()


def test_a_row_that_was_deleted_is_lost(queue: Queue) -> None:
    scheduler, _ = queue.scheduler()
    scheduler.find_claim_and_start_run()
    queue.sheet.delete_rows(3)
    before = queue.lines()
    with pytest.raises(RunLost, match="its row was deleted"):
        scheduler.run_done()
    assert queue.lines() == before
