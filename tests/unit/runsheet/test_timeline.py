"""When runs began and ended, by what was seen of them."""

from gsheet_ml_scheduler.runsheet.summary import RunFacts
from gsheet_ml_scheduler.runsheet.timeline import Timeline

NOON = 1_795_694_400.0  # 2026-11-26 12:00:00Z


def told(timeline: Timeline, status: str = "", worker: str = "") -> tuple[str, str]:
    facts = timeline.told("row", RunFacts(status, worker))
    return facts.started, facts.duration


def test_a_run_begins_with_its_claim_and_ends_with_its_outcome() -> None:
    timeline = Timeline()
    timeline.see("row", NOON - 60, status="ready")
    assert told(timeline) == ("", "")
    timeline.see("row", NOON, status="claimed by dF53M7 at …")
    timeline.see("row", NOON + 1, status="running", worker="dF53M7")
    timeline.see("row", NOON + 30, status="3/20")
    assert told(timeline) == ("2026-11-26 12:00:00Z", "")
    timeline.see("row", NOON + 90, status="done")
    timeline.see("row", NOON + 95, worker="")
    assert told(timeline) == ("2026-11-26 12:00:00Z", "0:01:30")


def test_another_attempt_begins_anew() -> None:
    timeline = Timeline()
    timeline.see("row", NOON, status="running", worker="dF53M7")
    timeline.see("row", NOON + 10, status="failed: x")
    timeline.see("row", NOON + 20, status="ready", worker="")
    assert told(timeline) == ("", "")
    timeline.see("row", NOON + 60, status="running", worker="aaaaaa")
    timeline.see("row", NOON + 65, status="done")
    assert told(timeline) == ("2026-11-26 12:01:00Z", "0:00:05")


def test_a_run_that_is_claimed_anew_without_being_put_back_begins_anew() -> None:
    timeline = Timeline()
    timeline.see("row", NOON, status="running", worker="dF53M7")
    timeline.see("row", NOON + 10, status="done")
    timeline.see("row", NOON + 60, status="running")
    assert told(timeline) == ("2026-11-26 12:01:00Z", "")


def test_of_a_run_whose_beginning_was_not_seen_nothing_is_told() -> None:
    timeline = Timeline()
    timeline.see("row", NOON, status="done")
    assert told(timeline) == ("", "")
    assert told(Timeline()) == ("", "")


def test_a_persons_note_is_no_beginning() -> None:
    timeline = Timeline()
    timeline.see("row", NOON, status="perhaps later")
    assert told(timeline) == ("", "")


def test_what_a_row_says_itself_is_believed() -> None:
    timeline = Timeline()
    timeline.see("row", NOON, status="running", worker="dF53M7")
    facts = RunFacts("running", "dF53M7", "", "2026-11-26 11:00:00Z", "")
    assert timeline.told("row", facts) is facts
