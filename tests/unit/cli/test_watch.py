"""A sheet followed as it changes: news as plain lines, a live table only in a terminal."""

import io

from rich.console import Console

from gsheet_ml_scheduler.cli.picture import Cell, Line, Picture
from gsheet_ml_scheduler.cli.watch import LiveTable, PlainLines, display_for, news

COLUMNS = ("run_name", "status", "worker_name", "lr", "loss")


def picture(*runs: tuple[str, str, str, str]) -> Picture:
    """Runs as (run_name, status, lr, loss)."""
    lines = []
    for number, (name, status, lr, loss) in enumerate(runs, start=3):
        worker = "" if status in ("ready", "") else "dF53M7"
        texts = dict(zip(COLUMNS, (name, status, worker, lr, loss), strict=True))
        lines.append(Line(number, {key: Cell(text) for key, text in texts.items()}))
    return Picture(COLUMNS, frozenset({"status", "worker_name", "loss"}), lines)


def test_a_run_that_starts_and_one_that_ends_are_news() -> None:
    before = picture(("1", "running 9/9", "0.1", "0.5"), ("2", "ready", "", ""))
    after = picture(("1", "done", "0.1", "0.4"), ("2", "running", "0.1", ""))
    assert news(before, after) == ["run 1: done, loss 0.4", "run 2: running"]


def test_progress_and_metrics_are_no_news() -> None:
    before = picture(("1", "running 1/9", "0.1", "0.5"))
    assert news(before, picture(("1", "running 2/9", "0.1", "0.4"))) == []


def test_an_edited_value_is_news_but_a_filled_in_default_is_not() -> None:
    before = picture(("1", "running", "0.1", ""), ("2", "ready", "", ""))
    after = picture(("1", "running", "0.2", ""), ("2", "ready", "0.1", ""))
    assert news(before, after) == ["run 1: lr 0.1 → 0.2"]


def test_a_failure_is_told_with_its_reason() -> None:
    before = picture(("1", "running", "0.1", ""))
    after = picture(("1", "failed: ValueError: bad shape", "0.1", ""))
    assert news(before, after) == ["run 1: failed: ValueError: bad shape"]


def test_runs_that_moved_are_no_news_and_new_ones_are() -> None:
    before = picture(("1", "ready", "0.1", ""), ("2", "done", "0.2", ""))
    after = picture(("2", "done", "0.2", ""), ("3", "ready", "0.5", ""), ("1", "ready", "0.1", ""))
    assert news(before, after) == ["run 3: ready"]


def test_a_pipe_gets_lines_without_control_codes_and_each_event_once() -> None:
    console = Console(file=io.StringIO(), width=80)
    display = display_for(console, "runs.sheet")
    assert isinstance(display, PlainLines)
    with display:
        display.show(picture(("1", "ready", "0.1", "")), ["2 workers"], [])
        display.show(picture(("1", "running", "0.1", "")), ["2 workers"], ["worker 2 died"])
        display.show(picture(("1", "done", "0.1", "0.3")), ["2 workers"], ["worker 2 died"])
    assert isinstance(console.file, io.StringIO)
    written = console.file.getvalue()
    assert "\x1b" not in written
    lines = written.splitlines()
    assert lines[:2] == ["runs.sheet: 1 ready", "2 workers"]
    assert [line.split("s  ")[-1] for line in lines[2:]] == [
        "run 1: running",
        "worker 2 died",
        "run 1: done, loss 0.3",
    ]


def test_a_terminal_gets_the_table_and_its_own_screen_back() -> None:
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    display = display_for(console, "runs.sheet")
    assert isinstance(display, LiveTable)
    with display:
        display.show(picture(("1", "running 1/2", "0.1", "0.5")), ["2 workers"], ["worker 1 died"])
    assert isinstance(console.file, io.StringIO)
    written = console.file.getvalue()
    for words in ("runs.sheet", "1 running", "0.5", "2 workers", "worker 1 died"):
        assert words in written
    assert written.index("\x1b[?1049h") < written.index("runs.sheet")
    assert written.rindex("\x1b[?1049l") > written.rindex("2 workers")
