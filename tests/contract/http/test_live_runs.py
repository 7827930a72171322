"""What the bar and the drawer of the grid show of the runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import gspread
import pytest

from gsheet_ml_scheduler.runsheet.overview import Overview, look_over
from tests.contract.http.plain import Plain
from tests.served import Served

Json = dict[str, Any]
HEADER = [
    "run_name", "status", "worker_name", "lr", "epochs",
    "loss", "lease", "started", "duration", "error",
]  # fmt: skip
DEFAULTS = ["N/A", "N/A", "N/A", 0.1, 10, "N/A", "N/A", "N/A", "N/A", "N/A"]


def text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


@pytest.fixture
def now() -> datetime:
    return datetime.now(timezone.utc)


@pytest.fixture
def queue(plain: Plain, now: datetime) -> Plain:
    """A queue in the middle of its work."""
    hour = text(now - timedelta(minutes=30))
    rows = [
        HEADER, DEFAULTS,
        ["1", "done", "", 0.1, "", 0.5, "", hour, "0:10:00"],
        ["2", "done", "", 0.2, "", 0.4, "", hour, "0:10:00"],
        ["3", "failed: ValueError: x", "", 0.3, "", "", "", "", "", "ValueError: x"],
        ["4", "5/10", "dF53M7", 0.4, "", 0.6,
         f"dF53M7 until {text(now + timedelta(minutes=9))}", text(now - timedelta(minutes=5))],
        ["5", "running", "gone99", 0.5, "", "",
         f"gone99 until {text(now - timedelta(minutes=9))}", text(now - timedelta(minutes=19))],
        [], ["6", "ready"], ["7", "ready"], ["", "a thought"],
    ]  # fmt: skip
    assert plain.write(rows, "A1:J11").status == 200
    return plain


def ask(plain: Plain, path: str) -> Json:
    """A GET beside the API."""
    answer = plain.ask("GET", f"/live/{plain.server.key}/{path}")
    assert answer.status == 200, answer.body
    found: Json = answer.json()
    return found


def test_the_bar_tells_how_far_a_queue_is(queue: Plain, now: datetime) -> None:
    found = ask(queue, "runs?sheet=0")
    assert found["isQueue"] is True
    assert found["counts"] == {"draft": 1, "ready": 2, "running": 2, "done": 2, "failed": 1}
    assert found["total"] == 8
    assert found["alive"] == 1
    first, second = found["workers"]
    assert first == {
        "name": "dF53M7", "run": "4", "row": 5, "status": "5/10", "alive": True,
        "until": first["until"],
    }  # fmt: skip
    assert abs(first["until"] - (now + timedelta(minutes=9)).timestamp()) < 2
    assert (second["name"], second["row"], second["alive"]) == ("gone99", 6, False)
    assert found["perHour"] == pytest.approx(4, abs=0.1)
    # one worker: five minutes are left of its run, then two of ten minutes each
    assert found["secondsLeft"] == pytest.approx(25 * 60, abs=10)
    assert abs(found["time"] - time.time()) < 60
    assert found["columns"] == {
        "keys": ["lr", "epochs"],
        "metrics": ["loss"],
        "special": ["lease", "started", "duration", "error"],
    }


def test_a_worker_is_shown_at_its_row_wherever_that_stands(queue: Plain) -> None:
    rows = {"sheetId": 0, "dimension": "ROWS", "startIndex": 5, "endIndex": 6}
    body = {"requests": [{"moveDimension": {"source": rows, "destinationIndex": 11}}]}
    assert queue.ask("POST", f"{queue.root}:batchUpdate", body).status == 200
    workers = {one["name"]: one["row"] for one in ask(queue, "runs?sheet=0")["workers"]}
    assert workers == {"gone99": 6, "dF53M7": 5}


def test_without_leases_nobody_knows_who_is_alive(plain: Plain) -> None:
    plain.write([HEADER[:4], DEFAULTS[:4], ["1", "running", "dF53M7", 0.1]], "A1:D3")
    found = ask(plain, "runs?sheet=0")
    assert [one["alive"] for one in found["workers"]] == [None]
    assert (found["perHour"], found["secondsLeft"]) == (None, None)


def test_a_tab_that_is_no_queue_says_why(plain: Plain) -> None:
    found = ask(plain, "runs?sheet=0")
    assert found["isQueue"] is False
    assert "line 1 has no column 'run_name'" in found["why"]


def test_a_queue_without_runs_is_one(plain: Plain) -> None:
    plain.write([HEADER, DEFAULTS], "A1:J2")
    found = ask(plain, "runs?sheet=0")
    assert (found["counts"], found["total"], found["workers"]) == ({}, 0, [])


def test_a_tab_or_a_workbook_that_is_not_there_is_not_found(plain: Plain) -> None:
    for path in (f"/live/{plain.server.key}/runs?sheet=77", "/live/nothing/runs?sheet=0"):
        assert plain.ask("GET", path).error()[:2] == (404, "NOT_FOUND")


def test_ten_pages_that_ask_cost_as_much_as_one(
    queue: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[gspread.Worksheet] = []

    def counted(tab: gspread.Worksheet) -> Overview:
        asked.append(tab)
        return look_over(tab)

    monkeypatch.setattr("gsheet_ml_scheduler.server.runs.SECONDS_KEPT", 60.0)
    monkeypatch.setattr("gsheet_ml_scheduler.server.runs.look_over", counted)
    answers = [ask(queue, "runs?sheet=0") for _ in range(10)]
    assert len(asked) == 1
    assert answers == answers[:1] * 10


# ---------------------------------------------------------------- curves and output


def record(plain: Plain, **more: Any) -> None:
    """What a worker sends."""
    one = {"subject": "run-1", "part": 1, **more}
    answer = plain.ask("POST", f"/live/{plain.server.key}/tracks", {"records": [one]})
    assert (answer.status, answer.json()) == (200, {})


@pytest.fixture
def pinned(plain: Plain) -> Plain:
    """Row 5 (by its id: 4) carries the pin 9."""
    mark = {"metadataId": 9, "metadataKey": "gsheet-ml-run", "visibility": "DOCUMENT",
            "location": {"dimensionRange": {"sheetId": 0, "dimension": "ROWS",
                                            "startIndex": 4, "endIndex": 5}}}  # fmt: skip
    body = {"requests": [{"createDeveloperMetadata": {"developerMetadata": mark}}]}
    assert plain.ask("POST", f"{plain.root}:batchUpdate", body).status == 200
    return plain


def test_the_curves_of_several_runs_come_in_one_answer(pinned: Plain) -> None:
    record(pinned, mark=9, points={"loss": [[1, 100.0, 0.9], [2, 101.0, 0.7]]})
    assert ask(pinned, "runs/metrics?sheet=0&row=4&row=5") == {
        "runs": {"4": {"run": "run-1", "attempt": 1, "metrics": {
            "loss": {"steps": [1, 2], "times": [100.0, 101.0], "values": [0.9, 0.7]}}}}
    }  # fmt: skip
    later = ask(pinned, "runs/metrics?sheet=0&row=4&since=100.5")
    assert later["runs"]["4"]["metrics"]["loss"]["steps"] == [2]


def test_the_end_of_a_runs_output_comes_as_it_grows(pinned: Plain) -> None:
    script = "<script>alert(1)</script>\n"
    record(pinned, mark=9, text={"start": 0, "text": script})
    record(pinned, text={"start": len(script), "text": "epoch 2\n"})
    whole = ask(pinned, "runs/log?sheet=0&row=4")
    assert whole == {
        "run": "run-1", "attempt": 1, "start": 0, "end": len(script) + 8,
        "text": f"{script}epoch 2\n",
    }  # fmt: skip
    rest = ask(pinned, f"runs/log?sheet=0&row=4&after={len(script)}")
    assert rest["text"] == "epoch 2\n"
    assert ask(pinned, f"runs/log?sheet=0&row=4&after={whole['end']}")["text"] == ""


def test_a_script_in_a_log_or_a_cell_is_answered_as_json_and_nothing_else(pinned: Plain) -> None:
    pinned.write([["<img src=x onerror=alert(1)>"]], "A1")
    record(pinned, mark=9, text={"start": 0, "text": "<script>alert(1)</script>"})
    for path in ("runs/log?sheet=0&row=4", "history?sheet=0&row=0&column=0", "snapshot"):
        answer = pinned.ask("GET", f"/live/{pinned.server.key}/{path}")
        assert answer.headers["Content-Type"].split(";")[0] in (
            "application/json", "application/x-ndjson"
        )  # fmt: skip
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_run_of_which_nothing_is_known_has_no_output(plain: Plain) -> None:
    assert ask(plain, "runs/log?sheet=0&row=4") == {}
    assert ask(plain, "runs/metrics?sheet=0&row=4") == {"runs": {}}


@pytest.mark.parametrize(
    "path",
    [
        "runs?sheet=x",
        "runs/log?sheet=0",
        "runs/log?sheet=0&row=-1",
        "runs/log?sheet=0&row=4&after=1.5",
        "runs/metrics?sheet=0&row=4&since=nan",
        "runs/metrics?sheet=0&row=4" + "&row=4" * 200,
        "history?sheet=0&row=1",
    ],
)
def test_parameters_that_mean_nothing_are_refused(plain: Plain, path: str) -> None:
    assert plain.ask("GET", f"/live/{plain.server.key}/{path}").error()[0] == 400


def test_records_that_mean_nothing_are_refused_whole(pinned: Plain) -> None:
    good = {"subject": "run-1", "mark": 9, "points": {"loss": [[1, 1.0, 0.5]]}}
    body = {"records": [good, {"subject": "run-2", "points": {"loss": [[1]]}}]}
    code, _, message = pinned.ask("POST", f"/live/{pinned.server.key}/tracks", body).error()
    assert code == 400
    assert "records[1].points.loss" in message
    assert ask(pinned, "runs/metrics?sheet=0&row=4") == {"runs": {}}


# ---------------------------------------------------------------- a cell's history


def test_a_cells_history_goes_with_its_row(server: Served, plain: Plain) -> None:
    for value in (0.25, 0.25, 0.125):
        plain.write([[value]], "A2")
    rows = {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    move = {"moveDimension": {"source": rows, "destinationIndex": 9}}
    plain.ask("POST", f"{plain.root}:batchUpdate", {"requests": [move]})
    plain.write([["=1/0"]], "A9", "USER_ENTERED")
    plain.write([[""]], "A9")
    found = ask(plain, "history?sheet=0&row=1&column=0")
    changes = [(entry["from"], entry["to"]) for entry in found["entries"]]
    wrong = {"v": "#DIV/0!", "f": "=1/0", "e": changes[1][1]["e"]}
    assert changes == [
        (wrong, None), ({"v": 0.125}, wrong), ({"v": 0.25}, {"v": 0.125}),
        ({"v": 0.5}, {"v": 0.25}), (None, {"v": 0.5}),
    ]  # fmt: skip
    assert found["complete"] is True
    assert [entry["revision"] for entry in found["entries"]] == [7, 6, 4, 2, 1]


def test_a_long_history_is_cut_and_says_so(plain: Plain) -> None:
    data = [{"range": "A2", "values": [[at]]} for at in range(105)]
    for one in data:
        body = {"valueInputOption": "RAW", "data": [one]}
        assert plain.ask("POST", f"{plain.root}/values:batchUpdate", body).status == 200
    found = ask(plain, "history?sheet=0&row=1&column=0")
    assert len(found["entries"]) == 100
    assert found["entries"][-1]["from"] == {"v": 4}
    assert found["complete"] is False


def test_a_cell_that_was_never_written_has_no_history(plain: Plain) -> None:
    found = ask(plain, "history?sheet=0&row=500&column=7")
    assert found == {"entries": [], "complete": True}


def test_a_queue_that_does_not_write_times_down_is_timed_by_what_was_seen(plain: Plain) -> None:
    rows = [HEADER[:5], DEFAULTS[:5], *([str(at), "ready"] for at in range(6))]
    assert plain.write(rows, "A1:E8").status == 200
    assert ask(plain, "runs?sheet=0")["perHour"] is None
    for line in (3, 4):
        plain.write([["running", "dF53M7"]], f"B{line}:C{line}")
        plain.write([["done"]], f"B{line}")
    plain.write([["running", "dF53M7"]], "B5:C5")
    found = until(lambda: ask(plain, "runs?sheet=0"), lambda one: one["counts"].get("done") == 2)
    assert found["counts"] == {"ready": 3, "running": 1, "done": 2}
    assert found["perHour"] > 100
    assert 0 <= found["secondsLeft"] < 60


def until(ask_again: Callable[[], Json], holds: Callable[[Json], bool]) -> Json:
    """An answer for which something holds; it comes soon, or the test fails."""
    deadline = time.monotonic() + 20
    while True:
        found = ask_again()
        if holds(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
