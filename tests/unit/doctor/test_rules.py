"""What lines 1 and 2, the rows and the clock tell: each trouble with its cell and what to do."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from gsheet_ml_scheduler.doctor import rules
from gsheet_ml_scheduler.doctor.findings import Finding, Verdict
from gsheet_ml_scheduler.doctor.probes import MEANINGS
from gsheet_ml_scheduler.runsheet.columns import Columns, parse
from gsheet_ml_scheduler.runsheet.leases import lease_text

NOW = datetime(2026, 11, 22, 10, 15, 3, tzinfo=timezone.utc)
HEADER = ["run_name", "status", "worker_name", "lease", "command", "lr"]
DEFAULTS = ["", "N/A", "N/A", "N/A", "N/A", 0.1]
LATER = lease_text("dF53M7", NOW, 600)
EARLIER = lease_text("dF53M7", NOW - timedelta(hours=1), 600)


def columns(header: Sequence[Any] = HEADER, defaults: Sequence[Any] = DEFAULTS) -> Columns:
    return parse(header, defaults, sheet="sheet 'runs'")


def rows_found(*rows: Sequence[Any]) -> list[Finding]:
    """All but the first finding, which counts the runs."""
    counted, *found = rules.rows_found(columns(), rows, NOW)
    assert counted.topic == "runs"
    assert counted.verdict is Verdict.GOOD
    return found


def only(found: list[Finding], verdict: Verdict) -> Finding:
    (one,) = found
    assert one.verdict is verdict
    return one


def test_a_queue_that_is_well_has_nothing_to_do() -> None:
    found = [*rules.columns_found(columns()), rules.lease_found(columns())]
    found += rules.rows_found(
        columns(),
        [["1", "done", "dF53M7"], ["2", "ready"], ["3", "1/9", "dF53M7", LATER], [], ["", "note"]],
        NOW,
    )
    assert {it.verdict for it in found} == {Verdict.GOOD}
    assert "Hyperparameters: lr." in found[0].sentence
    assert found[-1].sentence == "Runs: 1 draft, 1 ready, 1 running, 1 done."


def test_a_feature_without_its_mark_in_line_2_is_named_with_its_cell() -> None:
    found = rules.columns_found(columns(defaults=["", "N/A", "N/A", "", "N/A", 0.1]))
    problem = next(it for it in found if it.verdict is Verdict.PROBLEM)
    assert problem.text == (
        "The column 'lease' is taken for a hyperparameter, because D2 doesn't say N/A. Write N/A "
        "into D2, or rename the column if it is a hyperparameter."
    )


def test_a_missing_default_is_worth_a_note() -> None:
    found = rules.columns_found(columns(defaults=["", "N/A", "N/A", "N/A", "N/A", ""]))
    assert found[1].verdict is Verdict.NOTE
    assert found[1].sentence.startswith("No default for lr (F2): a run with a blank cell")


def test_a_queue_without_leases_is_told_what_that_means() -> None:
    found = rules.lease_found(columns(["run_name", "status", "worker_name"], ["", "N/A", "N/A"]))
    assert found.verdict is Verdict.NOTE
    assert "says 'running' until somebody writes 'ready' again" in found.sentence
    assert found.remedy == "Add the columns lease and attempt, with N/A in line 2."


@pytest.mark.parametrize("status", ["Ready", " ready", "READY "])
def test_a_status_that_is_nearly_ready_is_named(status: str) -> None:
    found = only(rows_found(["1", "ready"], ["2", status]), Verdict.PROBLEM)
    assert found.sentence == "B4: nearly 'ready', but not exactly, so no worker takes it."


def test_a_ready_run_with_a_worker_is_named() -> None:
    found = only(rows_found(["1", "ready", "me"]), Verdict.PROBLEM)
    assert found.text == (
        "C3: names a worker beside 'ready', so no worker takes the run. Empty worker_name."
    )


def test_cells_that_no_training_could_use_are_named_and_many_are_counted() -> None:
    bad = ["1", "ready", "", "", "", "#REF!"]
    found = rows_found(bad)
    assert found[0].text.startswith("Sheet 'runs', cell F3 (lr) shows the error #REF!")
    assert found[0].text.endswith("type the value in.")
    many = rows_found(*[["x", "ready", "", "", "", "#N/A"]] * 9)
    assert "… and 4 cells more." in [it.sentence for it in many]
    assert rows_found(["1", "done", "w", "", "", "#REF!"]) == []


def test_names_that_stand_twice_are_worth_a_note() -> None:
    found = only(rows_found(["a", "ready"], ["a", "done", "w"], ["", "x"], ["", "y"]), Verdict.NOTE)
    assert found.sentence.startswith("Several runs have the same name: 'a'.")


def test_a_lease_that_is_over_is_told_and_one_that_is_missing_is_a_problem() -> None:
    lapsed = only(rows_found(["1", "running", "dF53M7", EARLIER]), Verdict.NOTE)
    assert lapsed.sentence.startswith("D3: the lease is over. The next worker")
    missing = only(rows_found(["1", "running", "dF53M7", ""]), Verdict.PROBLEM)
    assert missing.sentence.startswith("D3: a running run without a lease")
    assert rows_found(["1", "done", "dF53M7", ""]) == []


def test_an_unknown_command_is_told_with_those_there_are() -> None:
    found = only(rows_found(["1", "running", "dF53M7", LATER, "halt"]), Verdict.PROBLEM)
    assert found.sentence == "No command: E3 ('halt')."
    assert "stop" in found.remedy
    assert rows_found(["1", "running", "dF53M7", LATER, "stop"]) == []


def test_long_lists_of_cells_are_cut() -> None:
    found = only(rows_found(*[[str(at), "ready", "w"] for at in range(8)]), Verdict.PROBLEM)
    assert found.sentence.startswith("C3, C4, C5, C6, C7 and 3 more: names")


@pytest.mark.parametrize(
    ("offset", "needs_login", "verdict", "words"),
    [
        (0, True, Verdict.GOOD, "agrees"),
        (-20, True, Verdict.GOOD, "agrees"),
        (90, True, Verdict.NOTE, "90 s behind the sheet's. No run depends on it"),
        (-4000, False, Verdict.NOTE, "4000 s ahead of the sheet's. No run depends on it"),
        (4000, True, Verdict.PROBLEM, "4000 s behind the sheet's. Set it: Google refuses"),
    ],
)
def test_a_wrong_clock_matters_only_to_googles_logins(
    offset: float, needs_login: bool, verdict: Verdict, words: str
) -> None:
    found = rules.clock_found(timedelta(seconds=offset), needs_login=needs_login)
    assert found.verdict is verdict
    assert words in found.text


def test_the_quota_is_told_in_workers() -> None:
    assert "enough for about 21 workers that sync every 30 s" in rules.quota_found(60, 0.4).sentence
    assert "An answer takes 400 ms." in rules.quota_found(60, 0.4).sentence
    assert rules.quota_found(None, 1.25).sentence == (
        "An answer takes 1.2 s. This location counts no requests."
    )


def test_a_tab_that_a_doctor_left_is_found() -> None:
    found = rules.tabs_left(["runs", "gsheet-ml doctor 3f9a"], "gsheet-ml doctor ")
    assert only(found, Verdict.PROBLEM).sentence.startswith("The tab 'gsheet-ml doctor 3f9a' was")


def test_findings_for_programs_have_the_same_words() -> None:
    finding = Finding("live: race", Verdict.GOOD, "All is well.", answer="one")
    assert rules.as_json([finding, Finding("runs", Verdict.NOTE, "A.", "B.")]) == [
        {"topic": "live: race", "verdict": "ok", "finding": "All is well.", "remedy": "",
         "answer": "one"},
        {"topic": "runs", "verdict": "note", "finding": "A.", "remedy": "B."},
    ]  # fmt: skip


def test_every_meaning_is_a_sentence_and_every_problem_says_what_to_do() -> None:
    for meaning in MEANINGS.values():
        assert meaning.sentence.endswith(".")
        assert meaning.remedy or meaning.verdict is not Verdict.PROBLEM
