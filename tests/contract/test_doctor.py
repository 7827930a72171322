"""gsheet-ml doctor: every trouble is found, every question about the location gets its answer."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import gspread
import pytest
from typer.testing import CliRunner

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli import app
from gsheet_ml_scheduler.doctor import Finding, Verdict, try_out
from gsheet_ml_scheduler.doctor.probes import MEANINGS, PROBES
from gsheet_ml_scheduler.doctor.scratch import TITLE
from gsheet_ml_scheduler.localsheets import Switches
from gsheet_ml_scheduler.runsheet.pacing import Pacing
from tests.contract.watching import Asked, Queue, Watched, lose_answers
from tests.served import PROGRAM

AS_GOOGLE_MIGHT_BE = {
    "taken id": "refused",
    "id made again": "accepted",
    "no match": "empty",
    "hidden row": "replaced",
    "filtered row": "replaced",
    "number": "number",
    "strict dropdown": "accepted",
    "moved row": "follows",
    "sorted rows": "follows",
    "copied tab": "not copied",
    "old answers": "fresh",
    "race": "one",
}
"""The answers of a workbook whose switches are all off."""

SWITCHED: list[tuple[Switches, dict[str, str]]] = [
    (Switches(), {}),
    (Switches(unmatched_filter_is_an_error=True), {"no match": "error"}),
    (
        Switches(find_replace_skips_hidden_rows=True),
        {"hidden row": "skipped", "filtered row": "skipped"},
    ),
    (Switches(find_replace_keeps_text=True), {"number": "text"}),
    (Switches(strict_validation_refuses=True), {"strict dropdown": "refused"}),
    (Switches(sort_leaves_metadata=True), {"sorted rows": "stays"}),
    (Switches(reads_lag_one_write=True), {"old answers": "old"}),
]


def titles(spreadsheet: gspread.Spreadsheet) -> list[str]:
    spreadsheet.worksheets()  # where the first answer may be old
    return [tab.title for tab in spreadsheet.worksheets()]


def answers(findings: list[Finding]) -> dict[str, str]:
    return {it.topic.removeprefix("live: "): it.answer for it in findings if it.answer}


@pytest.mark.parametrize(("switches", "differs"), SWITCHED)
def test_the_probes_tell_what_a_location_does_whichever_way_it_does_it(
    tmp_path: Path, switches: Switches, differs: dict[str, str]
) -> None:
    client = localsheets.workbook_client(tmp_path / "a.sheet", create=True, switches=switches)
    spreadsheet = gspread.Spreadsheet(client, {"id": client.spreadsheet_id})
    sheet = spreadsheet.sheet1
    found = try_out(sheet, Pacing(), lambda: sheet)
    assert answers(found) == {**AS_GOOGLE_MIGHT_BE, **differs}
    assert [it for it in found if it.verdict is Verdict.PROBLEM] == []
    assert titles(spreadsheet) == ["Sheet1"]


def test_the_probes_answer_the_same_over_http_and_leave_nothing(queue: Queue) -> None:
    before = queue.lines()
    found = try_out(queue.sheet, Pacing(), lambda: queue.sheet)
    assert answers(found) == AS_GOOGLE_MIGHT_BE
    assert len(titles(queue.editor)) == 1
    assert queue.lines() == before
    assert queue.pins() == []


def test_the_queue_stays_the_first_tab_all_the_time(queue: Queue) -> None:
    """Another worker may open it by its number at any moment."""
    wire = queue.wire()
    worksheet = gspread.Spreadsheet(wire, {"id": queue.editor.id}).get_worksheet(0)
    first: set[str] = set()
    wire.after = lambda asked: first.add(titles(queue.editor)[0])
    try_out(worksheet, Pacing(), lambda: worksheet)
    assert first == {queue.sheet.title}


def test_every_probe_has_a_meaning_for_its_answers() -> None:
    asked = {name for name, _ in MEANINGS}
    assert asked == {*PROBES, "race"} == set(AS_GOOGLE_MIGHT_BE)


def test_a_lost_answer_makes_a_probe_untold_and_never_wrong(queue: Queue) -> None:
    def is_replacing(asked: Asked) -> bool:
        return asked.asks("findReplace")

    wire = Watched(queue.editor.client)
    wire.after = lose_answers(is_replacing)
    sheet = gspread.Spreadsheet(wire, {"id": queue.editor.id}).get_worksheet(0)
    found = {it.topic: it for it in try_out(sheet, Pacing(), lambda: queue.sheet)}
    assert found["live: hidden row"].verdict is Verdict.NOTE
    assert "It couldn't be tried: no answer came (ReadTimeout" in found["live: hidden row"].sentence
    assert found["live: number"].answer == "number"
    assert len(titles(queue.editor)) == 1


@pytest.mark.parametrize("kind", ["addSheet", "deleteSheet"])
def test_a_lost_answer_leaves_no_tab_behind(queue: Queue, kind: str) -> None:
    wire = Watched(queue.editor.client)
    wire.after = lose_answers(lambda asked: asked.asks(kind))
    sheet = gspread.Spreadsheet(wire, {"id": queue.editor.id}).get_worksheet(0)
    try:
        try_out(sheet, Pacing(), lambda: queue.sheet)
    except Exception as error:  # noqa: BLE001 - the tab is what counts
        assert kind == "addSheet", error
    assert len(titles(queue.editor)) == 1


# ------------------------------------------------------------ the command


def doctor(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["doctor", *arguments])
    return done.exit_code, done.output


def findings(*arguments: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """What the command says as JSON, by topic."""
    code, output = doctor(*arguments, "--json")
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(output):
        found.setdefault(finding["topic"], []).append(finding)
    return code, found


def test_a_queue_that_is_well_is_told_so(queue: Queue) -> None:
    code, found = findings(queue.location)
    assert code == 0
    verdicts = {topic: [it["verdict"] for it in them] for topic, them in found.items()}
    assert verdicts == {
        "access": ["ok"], "columns": ["ok"], "lease": ["note"], "runs": ["ok"], "clock": ["ok"],
        "sharing": ["ok"], "quota": ["ok"],
    }  # fmt: skip
    assert found["runs"][0]["finding"] == "Runs: 3 ready."
    assert "token" not in json.dumps(found)


def test_a_trouble_is_told_with_its_cell_and_ends_with_1(queue: Queue) -> None:
    queue.set("2", "status", "Ready ")
    queue.sheet.update_acell("E3", "=1/0")
    before = queue.lines()
    code, output = doctor(queue.location)
    assert code == 1
    lines = output.splitlines()
    assert (
        "problem  runs: B4: nearly 'ready', but not exactly, so no worker takes it. Write ready, "
        "in small letters and without spaces."
    ) in lines
    assert any("cell E3 (learning_rate) shows the error #DIV/0!" in line for line in lines)
    assert queue.lines() == before


def test_a_sheet_that_is_no_queue_is_told_what_is_missing(queue: Queue) -> None:
    queue.sheet.update_acell("B1", "state")
    code, found = findings(queue.location)
    assert code == 1
    assert "line 1 has no column 'status'" in found["columns"][0]["finding"]
    assert found["sharing"][0]["verdict"] == "ok"  # one trouble doesn't hide the rest


def test_a_location_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    code, found = findings(str(tmp_path / "none.sheet"))
    assert code == 1
    assert found.keys() == {"location"}
    assert "gsheet-ml init" in found["location"][0]["finding"]


def test_a_wrong_token_is_a_finding_about_access(queue: Queue) -> None:
    base, sign, _ = queue.location.partition("?token=")
    if not sign:
        pytest.skip("a file has no token")
    code, found = findings(f"{base}?token=wrong")
    assert code == 1
    assert "doesn't accept this token" in found["access"][0]["finding"]


def test_live_adds_the_probes(queue: Queue) -> None:
    code, found = findings(queue.location, "--live")
    assert code == 0
    assert {topic for topic in found if topic.startswith("live: ")} == {
        *(f"live: {name}" for name in AS_GOOGLE_MIGHT_BE), "live: by hand",
    }  # fmt: skip
    assert found["live: race"][0]["answer"] == "one"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_doctor_that_is_interrupted_removes_its_tab(queue: Queue, number: int) -> None:
    with subprocess.Popen(
        [str(PROGRAM), "doctor", queue.location, "--live"], stdout=subprocess.PIPE
    ) as process:
        deadline = time.monotonic() + 30
        while not any(title.startswith(TITLE) for title in titles(queue.editor)):
            assert process.poll() is None, "it ended before it could be interrupted"
            assert time.monotonic() < deadline
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert len(titles(queue.editor)) == 1
    assert findings(queue.location)[0] == 0


def test_a_doctor_that_is_killed_is_found_by_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "a.sheet"
    spreadsheet = localsheets.open_workbook(path, create=True)
    spreadsheet.add_worksheet(f"{TITLE}3f9a", 10, 5)
    code, found = findings(str(path))
    assert code == 1
    assert "'gsheet-ml doctor 3f9a' was left behind" in found["tabs"][0]["finding"]
