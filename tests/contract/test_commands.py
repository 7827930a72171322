"""What people type into the `command` column is obeyed at the next sync, and acknowledged."""

from collections.abc import Callable

import pytest

from gsheet_ml_scheduler.errors import RunInterrupted, RunLost
from gsheet_ml_scheduler.runsheet.commands import Command, parse_command
from tests.contract.watching import DEFAULTS, HEADER, Asked, Queue, Watched, lose_answers, same

RED = (1.0, 0.85, 0.85)


@pytest.fixture
def commanded(queue: Queue) -> Queue:
    """Two runs, in a sheet with commands."""
    return queue.fill(
        ["1", "ready"], ["2", "ready"], header=[*HEADER, "command"], defaults=[*DEFAULTS, "N/A"]
    )


def test_stop_ends_the_loop_after_its_step_and_the_run_is_stopped(commanded: Queue) -> None:
    scheduler, _ = commanded.scheduler()
    steps: list[tuple[str, int]] = []
    for run in scheduler.runs(sync_seconds=0):
        with run:
            for step in run.track(range(5)):
                steps.append((run.name, step))
                if (run.name, step) == ("1", 1):
                    commanded.set("1", "command", " Stop ")
            if run.name == "1":
                assert run.stop_requested
                assert commanded.runs()["1"]["status"] == "stopping"
                assert commanded.runs()["1"].get("command", "") == ""
    assert [step for step in steps if step[0] == "1"] == [("1", 0), ("1", 1)]
    assert commanded.statuses() == {"1": "stopped", "2": "done"}
    assert same(commanded.backgrounds()["1"], RED)


def test_while_a_run_is_stopping_its_own_text_does_not_hide_that(commanded: Queue) -> None:
    scheduler, _ = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    assert not scheduler.stop_requested
    commanded.set("1", "command", "stop")
    scheduler.sync_config_and_status("1/9")
    assert scheduler.stop_requested
    scheduler.sync_config_and_status("2/9")
    assert commanded.statuses()["1"] == "stopping"
    scheduler.run_done()
    assert commanded.statuses()["1"] == "stopped"


def test_a_stopped_run_may_have_its_scripts_own_last_word(commanded: Queue) -> None:
    scheduler, _ = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "stop")
    scheduler.sync_config_and_status()
    scheduler.run_done("good enough")
    assert commanded.statuses()["1"] == "good enough"


def test_kill_interrupts_the_training_and_the_next_run_comes(commanded: Queue) -> None:
    scheduler, _ = commanded.scheduler()
    reached = []
    for run in scheduler.runs(sync_seconds=0):
        with run:
            if run.name == "1":
                commanded.set("1", "command", "kill")
            run.sync()
            reached.append(run.name)
    assert reached == ["2"]
    assert commanded.statuses() == {"1": "killed", "2": "done"}
    assert same(commanded.backgrounds()["1"], RED)
    assert commanded.runs()["1"].get("command", "") == ""


def test_kill_interrupts_the_calls_of_the_original_too(commanded: Queue) -> None:
    scheduler, _ = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "kill")
    with pytest.raises(RunInterrupted, match="somebody commanded 'kill', so run 1 ends here"):
        scheduler.sync_config_and_status()
    assert scheduler.currently_running_run_id is None
    assert scheduler.find_claim_and_start_run()[0] == "2"


def test_requeue_puts_the_run_back_for_anybody(commanded: Queue) -> None:
    scheduler, _ = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "requeue")
    with pytest.raises(RunInterrupted, match="'requeue'"):
        scheduler.sync_config_and_status("half")
    run = commanded.runs()["1"]
    assert (run["status"], run["worker_name"], run.get("command", "")) == ("ready", "", "")
    assert scheduler.find_claim_and_start_run()[0] == "1"


def while_paused(queue: Queue, wire: Watched, *acts: Callable[[], None]) -> list[str]:
    """Somebody acts at each look of a worker whose run is paused; what the status was each time."""
    seen: list[str] = []

    def look(asked: Asked) -> None:
        status = queue.statuses()["1"]
        if asked.is_read and status in ("pausing", "paused"):
            if status == "paused" and len([s for s in seen if s == "paused"]) < len(acts):
                acts[len([s for s in seen if s == "paused"])]()
            seen.append(status)

    wire.before = look
    return seen


def test_a_paused_run_waits_in_its_sync_until_it_is_resumed_and_sees_what_was_edited(
    commanded: Queue,
) -> None:
    scheduler, wire = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "pause")

    def resume() -> None:
        commanded.set("1", "learning_rate", 0.25)
        commanded.set("1", "command", "resume")

    seen = while_paused(commanded, wire, lambda: None, lambda: None, resume)
    config, changed = scheduler.sync_config_and_status("3/9")
    assert seen == ["pausing", "paused", "paused", "paused"]
    assert config["learning_rate"] == 0.25
    assert changed == ["learning_rate"]
    assert commanded.statuses()["1"] == "running"
    scheduler.sync_config_and_status("4/9")
    assert commanded.statuses()["1"] == "4/9"
    assert commanded.runs()["1"].get("command", "") == ""


@pytest.mark.parametrize(
    ("command", "status"), [("kill", "killed"), ("requeue", "ready"), ("stop", "stopping")]
)
def test_a_paused_run_obeys_other_commands_too(commanded: Queue, command: str, status: str) -> None:
    scheduler, wire = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "pause")
    while_paused(commanded, wire, lambda: commanded.set("1", "command", command))
    if command == "stop":
        scheduler.sync_config_and_status()
        assert scheduler.stop_requested
    else:
        with pytest.raises(RunInterrupted):
            scheduler.sync_config_and_status()
    assert commanded.statuses()["1"] == status


def test_a_paused_run_whose_row_is_deleted_is_lost(commanded: Queue) -> None:
    scheduler, wire = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "pause")

    def delete(asked: Asked) -> None:
        if commanded.statuses().get("1") == "paused":
            commanded.sheet.delete_rows(3)

    wire.before = delete
    with pytest.raises(RunLost, match="its row was deleted"):
        scheduler.sync_config_and_status()


def test_resume_of_a_run_that_is_not_paused_is_only_acknowledged(commanded: Queue) -> None:
    scheduler, _ = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "resume")
    scheduler.sync_config_and_status("1/2")
    run = commanded.runs()["1"]
    assert (run["status"], run.get("command", "")) == ("1/2", "")


def test_a_command_that_nobody_knows_stays_and_is_said_once(
    commanded: Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler, _ = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "faster!")
    scheduler.sync_config_and_status("1/3")
    scheduler.sync_config_and_status("2/3")
    assert commanded.runs()["1"]["command"] == "faster!"
    said = capsys.readouterr().err
    assert said.count("cell F3: 'faster!' is no command. The commands are stop, kill,") == 1


def test_a_command_that_was_changed_meanwhile_is_not_wiped_away(commanded: Queue) -> None:
    scheduler, wire = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "stop")

    def change(asked: Asked) -> None:
        if asked.asks("findReplace"):
            wire.before = None
            commanded.set("1", "command", "kill")

    wire.before = change
    scheduler.sync_config_and_status()
    assert commanded.runs()["1"]["command"] == "kill"
    with pytest.raises(RunInterrupted):
        scheduler.sync_config_and_status()


def test_another_rows_command_is_not_wiped_away_when_the_row_moves(commanded: Queue) -> None:
    scheduler, wire = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "stop")
    commanded.set("2", "command", "stop")

    def move(asked: Asked) -> None:
        if asked.asks("findReplace"):
            wire.before = None
            where = commanded.lines_range("ROWS", commanded.row_of("1"))
            commanded.batch({"moveDimension": {"source": where, "destinationIndex": 4}})

    wire.before = move
    scheduler.sync_config_and_status()
    runs = commanded.runs()
    assert (runs["1"].get("command", ""), runs["2"]["command"]) == ("", "stop")


def test_another_rows_command_comes_back_when_the_row_is_deleted_in_that_moment(
    commanded: Queue,
) -> None:
    scheduler, wire = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", "stop")
    commanded.set("2", "command", "stop")

    def delete(asked: Asked) -> None:
        if asked.asks("findReplace"):
            wire.before = None
            commanded.sheet.delete_rows(3)

    wire.before = delete
    scheduler.sync_config_and_status()
    assert commanded.runs()["2"]["command"] == "stop"
    assert commanded.pins() == []


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("command", ["stop", "kill", "requeue"])
def test_a_command_is_obeyed_although_an_answer_is_lost(
    commanded: Queue, number: int, moment: str, command: str
) -> None:
    scheduler, wire = commanded.scheduler()
    scheduler.find_claim_and_start_run()
    commanded.set("1", "command", command)
    begun = len(wire.seen)
    setattr(wire, moment, lose_answers(lambda asked: len(wire.seen) - 1 - begun == number))
    if command == "stop":
        scheduler.sync_config_and_status("1/2")
        assert scheduler.stop_requested
    else:
        with pytest.raises(RunInterrupted):
            scheduler.sync_config_and_status("1/2")
    statuses = {"stop": "stopping", "kill": "killed", "requeue": "ready"}
    run = commanded.runs()["1"]
    assert (run["status"], run.get("command", "")) == (statuses[command], "")


def test_a_command_column_without_na_is_a_hyperparameter(queue: Queue) -> None:
    queue.fill(["1", "ready", "", 1, 1, "stop"], header=[*HEADER, "command"],
               defaults=[*DEFAULTS, "go"])  # fmt: skip
    scheduler, _ = queue.scheduler()
    assert scheduler.find_claim_and_start_run()[1]["command"] == "stop"  # type: ignore[index]
    scheduler.sync_config_and_status()
    assert not scheduler.stop_requested


@pytest.mark.parametrize("text", ["KILL", " kill", "kill ", "Kill"])
def test_spaces_and_case_of_a_command_do_not_matter(text: str) -> None:
    assert parse_command(text) is Command.KILL
