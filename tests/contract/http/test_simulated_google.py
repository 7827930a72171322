"""The simulated Google of the benchmarks says no as Google does, and our clients live with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import gspread
import pytest
from gspread.exceptions import APIError

from benchmarks.simulation.middleware import SimulatedGoogle
from benchmarks.simulation.quota import PER_PROJECT, PER_USER, Quota, Weather
from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.runsheet.pacing import Pacing
from gsheet_ml_scheduler.runsheet.rationed import limit_of
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler
from tests.contract.watching import DEFAULTS, HEADER, Clock
from tests.served import Served, served

AT_ONCE = Weather(fastest=0.0, slowest=0.001, outages=((10_000.0, 10_600.0),))
"""Answers as fast as they come; an outage of ten minutes on the test's own clock."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def google(tmp_path: Path, clock: Clock) -> Iterator[Served]:
    path = tmp_path / "runs.sheet"
    sheet = localsheets.open_workbook(path, create=True).sheet1
    sheet.update([HEADER, DEFAULTS, ["1", "ready"], ["2", "ready"]], raw=True)
    simulated = lambda app: SimulatedGoogle(app, AT_ONCE, clock=clock, rng=Random(1))  # noqa: E731
    with served(path, behind=simulated) as server:
        yield server


def account(google: Served, name: str) -> gspread.Spreadsheet:
    client = google.client()
    client.session.headers["X-Account"] = name
    return gspread.Spreadsheet(client, {"id": google.key})


def use_up(sheet: gspread.Worksheet) -> APIError:
    """Reads until it is refused."""
    with pytest.raises(APIError) as refused:
        for _ in range(PER_USER + 1):
            sheet.acell("A1")
    return refused.value


def test_the_61st_read_of_a_minute_is_refused_in_googles_words(
    google: Served, clock: Clock
) -> None:
    sheet = account(google, "one").sheet1
    error = use_up(sheet)
    assert error.response.status_code == 429
    assert error.error["status"] == "RESOURCE_EXHAUSTED"
    assert error.error["message"].startswith(
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per "
        "user' of service 'sheets.googleapis.com'"
    )
    assert limit_of(error) == 60.0
    sheet.update_acell("A9", "writes have a budget of their own")
    assert account(google, "another").sheet1.acell("A9").value is not None
    clock.forward(61)
    assert sheet.acell("A1").value == "run_name"


def test_a_project_has_its_own_limit() -> None:
    quota = Quota()
    users = [f"user {number}" for number in range(7)]
    over = [quota.ask(user, "Read", 5.0) for _ in range(PER_USER) for user in users]
    assert over[:PER_PROJECT] == [None] * PER_PROJECT
    assert set(over[PER_PROJECT:]) == {"project"}
    assert quota.ask("user 1", "Read", 65.0) is None


def test_a_worker_waits_until_the_minute_is_over(google: Served, clock: Clock) -> None:
    sheet = account(google, "one").sheet1
    scheduler = GSheetMLScheduler.on_worksheet(sheet, pacing=Pacing(clock.forward, clock))
    use_up(sheet)
    assert scheduler.find_claim_and_start_run()[0] == "1"
    assert clock() >= 30
    scheduler.run_done()
    assert sheet.acell("B3").value == "done"


def test_training_outlives_an_outage(
    google: Served, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = account(google, "one").sheet1
    scheduler = GSheetMLScheduler.on_worksheet(sheet, pacing=Pacing(clock.forward, clock))
    _, config = scheduler.find_claim_and_start_run()
    clock.forward(10_000)
    assert scheduler.sync_config_and_status("1/2") == (config, [])
    assert "The run goes on with its last config." in capsys.readouterr().err
    scheduler.run_done()
    assert clock() > 10_600
    assert sheet.acell("B3").value == "done"
