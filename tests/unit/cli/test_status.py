"""gsheet-ml status: how far a queue is, in words, as a table and as JSON."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from gspread.utils import ValueInputOption

from gsheet_ml_scheduler.cli.table import span_in_words
from tests.unit.cli.typed import gsheet_ml, queue_of, sheet_of


def time_of(minutes: float) -> str:
    """So many minutes from now, as cells have it."""
    return f"{datetime.now(timezone.utc) + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}Z"


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    path = queue_of(tmp_path / "runs.sheet", ["lr=0.1", "started=N/A", "duration=N/A"], [])
    runs: list[list[Any]] = [
        ["1", "done", "aaaaaa", 0.1, time_of(-30), "0:10:00"],
        ["2", "running", "aaaaaa", 0.2, time_of(-5), "", f"aaaaaa until {time_of(8)}"],
        ["3", "4/8", "bbbbbb", 0.3, time_of(-5), "", f"bbbbbb until {time_of(-2)}"],
        ["4", "ready"],
        ["an idea"],
    ]
    sheet_of(path).append_rows(runs, ValueInputOption.raw)
    return path


def test_the_heading_says_how_far_it_is_and_who_is_alive(queue: Path) -> None:
    lines = gsheet_ml("status", queue).stdout.splitlines()
    assert lines[0] == str(queue)
    text = " ".join(" ".join(lines[1:4]).split())
    assert text.startswith(
        "1 ready · 2 running · 1 done · 1 worker alive · 1 silent (bbbbbb) · "
        "2.0 runs an hour · done in about 15 min"
    )


def test_a_lease_is_for_machines_and_not_in_the_table(queue: Path) -> None:
    assert "until" not in gsheet_ml("status", queue).stdout


def test_json_has_the_summary_and_every_run(queue: Path) -> None:
    found = json.loads(gsheet_ml("status", queue, "--json").stdout)
    assert found["counts"] == {"draft": 1, "ready": 1, "running": 2, "done": 1}
    assert (found["workers_alive"], found["workers_silent"]) == (["aaaaaa"], ["bbbbbb"])
    assert found["workers_without_lease"] == []
    assert found["runs_per_hour"] == pytest.approx(2, rel=0.1)
    left = datetime.fromisoformat(found["estimated_end"]) - datetime.fromisoformat(found["time"])
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert [run["state"] for run in found["runs"]] == [
        *("done", "running", "running", "ready", "draft"),
    ]
    assert found["runs"][1]["line"] == 4
    assert found["runs"][1]["cells"]["lr"] == "0.2"


def test_a_queue_without_leases_counts_its_workers_all_the_same(tmp_path: Path) -> None:
    path = queue_of(tmp_path / "runs.sheet", [], [["1", "running", "aaaaaa"], ["2", "ready"]])
    assert "1 ready · 1 running · 1 worker without a lease" in gsheet_ml("status", path).stdout


def test_a_queue_without_runs_says_so(tmp_path: Path) -> None:
    path = queue_of(tmp_path / "runs.sheet", ["lr=1"], [])
    assert gsheet_ml("status", path).stdout.splitlines()[1] == "no runs"
    found = json.loads(gsheet_ml("status", path, "--json").stdout)
    assert (found["runs"], found["counts"], found["estimated_end"]) == ([], {}, None)


def test_watch_and_json_exclude_each_other(queue: Path) -> None:
    assert gsheet_ml("status", queue, "--watch", "--json").exit_code == 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 min"),
        (100, "2 min"),
        (3540, "59 min"),
        (3600, "1 h"),
        (12000, "3 h 20 min"),
        (86400, "1 d"),
        (187200, "2 d 4 h"),
    ],
)
def test_a_span_is_said_as_a_person_says_it(seconds: float, words: str) -> None:
    assert span_in_words(seconds) == words
