"""A person edits the sheet between any two requests; nothing of anybody's gets lost or mixed up."""

from collections.abc import Callable
from typing import Any

import pytest

from gsheet_ml_scheduler.errors import RunLost
from tests.contract.watching import BLUE, HEADER, Asked, Queue, same

Edit = Callable[[Queue], None]

RUNS = [
    ["a", "done", "old1", 1, 0.1, "mine"],
    ["b", "ready", "", 2, "", "note b"],
    ["c", "ready", "", 3, 0.3, ""],
    ["d", "", "", 4, 0.4, "draft"],
    ["e", "3/10", "other", 5, 0.5, ""],
]


def rows(queue: Queue, start: int, count: int = 1) -> dict[str, Any]:
    return queue.lines_range("ROWS", start, start + count)


def insert_rows_above(queue: Queue) -> None:
    queue.batch({"insertDimension": {"range": rows(queue, 2, 2), "inheritFromBefore": False}})


def move_the_row_to_the_end(queue: Queue) -> None:
    at = queue.row_of("b")
    queue.batch({"moveDimension": {"source": rows(queue, at), "destinationIndex": 9}})


def delete_a_row_above(queue: Queue) -> None:
    if "a" in queue.column("run_name"):
        queue.batch({"deleteDimension": {"range": rows(queue, queue.row_of("a"))}})


def sort_upside_down(queue: Queue) -> None:
    area = {"sheetId": queue.sheet.id, "startRowIndex": 2, "startColumnIndex": 0}
    spec = {"dimensionIndex": 0, "sortOrder": "DESCENDING"}
    queue.batch({"sortRange": {"range": area, "sortSpecs": [spec]}})


def insert_a_column_at_the_left(queue: Queue) -> None:
    where = queue.lines_range("COLUMNS", 0)
    queue.batch({"insertDimension": {"range": where, "inheritFromBefore": False}})


def insert_a_column_before_the_status(queue: Queue) -> None:
    at = queue.lines()[0].index("status")
    where = queue.lines_range("COLUMNS", at)
    queue.batch({"insertDimension": {"range": where, "inheritFromBefore": True}})


def move_the_status_to_the_right(queue: Queue) -> None:
    at = queue.lines()[0].index("status")
    queue.batch(
        {"moveDimension": {"source": queue.lines_range("COLUMNS", at), "destinationIndex": 6}}
    )


def swap_name_and_rate(queue: Queue) -> None:
    at = queue.lines()[0].index("learning_rate")
    queue.batch(
        {"moveDimension": {"source": queue.lines_range("COLUMNS", at), "destinationIndex": 0}}
    )


def rename_the_tab(queue: Queue) -> None:
    properties = {"sheetId": queue.sheet.id, "title": "It's [renamed]!"}
    queue.batch({"updateSheetProperties": {"properties": properties, "fields": "title"}})


EDITS: list[Edit] = [
    insert_rows_above,
    move_the_row_to_the_end,
    delete_a_row_above,
    sort_upside_down,
    insert_a_column_at_the_left,
    insert_a_column_before_the_status,
    move_the_status_to_the_right,
    swap_name_and_rate,
    rename_the_tab,
]

REQUESTS_OF_A_LIFE = 9


def live(queue: Queue, act: Callable[[Asked, int], None]) -> tuple[str, dict[str, Any]]:
    """One run from claim to done, with somebody acting before each request."""
    scheduler, wire = queue.scheduler()
    wire.before = lambda asked: act(asked, len(wire.seen) - 1)
    name, config = scheduler.find_claim_and_start_run()
    assert name is not None
    assert config is not None
    scheduler.sync_config_and_status("1/2")
    scheduler.run_done()
    cells = queue.runs()[name]
    assert (cells["status"], cells["worker_name"]) == ("done", scheduler.worker_name)
    return name, config


def start(queue: Queue) -> dict[str, dict[str, Any]]:
    queue.fill(*RUNS, header=[*HEADER, "note"], defaults=["", "N/A", "N/A", 10, 0.05, "N/A"])
    queue.sheet.update_acell("D6", "=2+2")
    return queue.runs()


def check(
    queue: Queue, before: dict[str, dict[str, Any]], name: str, config: dict[str, Any]
) -> None:
    """P2, P3 and P4 after a life."""
    after = queue.runs()
    ours = before.pop(name)
    rate = ours["learning_rate"]
    assert config == {
        "n_epoch": ours["n_epoch"],
        "learning_rate": 0.05 if rate == "" else rate,
    }
    kept = {n: c for n, c in before.items() if n in after}
    assert set(before) - set(kept) <= {"a"}
    for other, cells in kept.items():
        assert {k: after[other].get(k, "") for k in cells} == cells
    mine = {k: after[name].get(k, "") for k in ours}
    assert mine | {"status": 0, "worker_name": 0} == ours | config | {"status": 0, "worker_name": 0}
    assert set(after) == set(kept) | {name}
    colors = queue.backgrounds()
    assert same(colors[name], BLUE)
    assert [
        other for other in kept if other not in "ae" and colors[other] not in (None, (1, 1, 1))
    ] == []
    assert queue.pins() == []
    lines = queue.lines()
    used = {i for i, title in enumerate(lines[0]) if title}
    assert [c for line in lines for i, c in enumerate(line) if i not in used and c != ""] == []


# A moment and an edit at a time on a file; an edit at every moment over HTTP, too.
ON_A_FILE = pytest.mark.parametrize("place", ["file"], indirect=True)


@ON_A_FILE
@pytest.mark.parametrize("number", range(REQUESTS_OF_A_LIFE))
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_before_any_request_mixes_nothing_up(queue: Queue, edit: Edit, number: int) -> None:
    before = start(queue)

    def act(asked: Asked, at: int) -> None:
        if at == number:
            edit(queue)

    name, config = live(queue, act)
    check(queue, before, name, config)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_before_every_request_mixes_nothing_up(queue: Queue, edit: Edit) -> None:
    before = start(queue)
    budget = [12]

    def act(asked: Asked, at: int) -> None:
        if budget[0]:
            budget[0] -= 1
            edit(queue)

    name, config = live(queue, act)
    check(queue, before, name, config)


@pytest.mark.parametrize("number", range(4))
def test_a_row_deleted_during_the_claim_makes_the_next_one_come(queue: Queue, number: int) -> None:
    start(queue)
    scheduler, wire = queue.scheduler()

    def act(asked: Asked) -> None:
        if len(wire.seen) - 1 == number and "b" in queue.column("run_name"):
            queue.batch({"deleteDimension": {"range": rows(queue, queue.row_of("b"))}})

    wire.before = act
    name, config = scheduler.find_claim_and_start_run()
    if number < 3:
        assert (name, config) == ("c", {"n_epoch": 3, "learning_rate": 0.3})
    else:  # it was claimed already; the row goes before it is painted
        assert name == "b"
        with pytest.raises(RunLost, match="its row was deleted"):
            scheduler.sync_config_and_status()
    after = queue.runs()
    assert set(after) == set("acde")
    for other in "ade":
        assert list(after[other].values())[:3] == RUNS["abcde".index(other)][:3]


@pytest.mark.parametrize("number", range(1, 3))
def test_a_row_taken_back_during_the_claim_is_left_alone(queue: Queue, number: int) -> None:
    start(queue)
    scheduler, wire = queue.scheduler()

    def act(asked: Asked) -> None:
        if len(wire.seen) - 1 == number:
            queue.set("b", "status", "not now")

    wire.before = act
    name, _ = scheduler.find_claim_and_start_run()
    if number == 1:
        assert name == "c"
        assert queue.runs()["b"]["status"] == "not now"
    assert queue.runs()["d"]["status"] == ""


@ON_A_FILE
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_during_the_end_of_a_lost_run_harms_nobody(
    queue: Queue, edit: Edit, number: int
) -> None:
    start(queue)
    scheduler, wire = queue.scheduler()
    scheduler.find_claim_and_start_run()
    queue.set("b", "worker_name", "another")
    wire.seen.clear()
    before = queue.runs()

    def act(asked: Asked) -> None:
        if len(wire.seen) - 1 == number:
            edit(queue)

    wire.before = act
    with pytest.raises(RunLost, match="its row names worker 'another'"):
        scheduler.run_done()
    after = queue.runs()
    for name in after:
        assert {k: after[name].get(k, "") for k in before[name]} == before[name]


def test_the_edited_value_of_a_claimed_row_is_the_one_that_arrives(queue: Queue) -> None:
    start(queue)
    scheduler, wire = queue.scheduler()

    def act(asked: Asked) -> None:
        if len(wire.seen) == 2:  # it was looked at, and is about to be compared
            queue.set("b", "n_epoch", 1234)

    wire.before = act
    assert scheduler.find_claim_and_start_run()[1] == {"n_epoch": 1234, "learning_rate": 0.05}


def test_while_something_is_claimable_a_worker_gets_it_however_often_it_loses(
    queue: Queue,
) -> None:
    queue.fill(*([str(number), "ready"] for number in range(40)))
    scheduler, wire = queue.scheduler()
    fast, _ = queue.scheduler()
    lost: list[int] = []

    def be_faster(asked: Asked) -> None:
        if asked.asks("findReplace") and asked.asks("createDeveloperMetadata") and len(lost) < 25:
            where = asked.body["requests"][1]["findReplace"]["range"]["startRowIndex"] - 2
            lost.append(where)
            assert fast.claim_and_start_run(where)

    wire.before = be_faster
    name, _ = scheduler.find_claim_and_start_run()
    assert name is not None
    assert len(lost) == 25
    assert queue.runs()[name]["worker_name"] == scheduler.worker_name


def test_a_token_of_a_worker_that_died_is_turned_back_after_two_minutes(queue: Queue) -> None:
    old = "claimed by dF53M7 2020-01-01 10:15:03Z 3f9a"
    queue.fill(["1", old], ["2", "claimed by dF53M7 2999-01-01 10:15:03Z 3f9a"])
    scheduler, _ = queue.scheduler()
    assert scheduler.find_claim_and_start_run()[0] == "1"
    assert queue.runs()["2"]["status"].startswith("claimed by")
    scheduler.run_done()
    assert scheduler.find_claim_and_start_run() == (None, None)
