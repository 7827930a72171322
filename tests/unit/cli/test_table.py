"""How a picture is laid out: what is shown, what goes when there is no room, what is legible."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gsheet_ml_scheduler.cli.picture import Cell, Color, Line, Picture
from gsheet_ml_scheduler.cli.table import (
    _contrast,
    lay_out,
    legible,
    sheet_table,
    summary,
    window,
)

ORANGE, BLUE, GREY = (1.0, 0.93, 0.8), (0.8, 0.9, 1.0), (0.8, 0.8, 0.8)
COLUMNS = ("run_name", "status", "worker_name", "learning_rate", "hidden", "seed", "error", "loss")
OUTCOMES = frozenset({"status", "worker_name", "error", "loss"})


def run(number: int, status: str, color: Color | None = None, **values: str) -> Line:
    texts = {"run_name": str(number), "status": status, "seed": "0", **values}
    if status not in ("ready", ""):
        texts.setdefault("worker_name", "dF53M7")
    return Line(number + 2, {name: Cell(text, color) for name, text in texts.items()})


def picture(*runs: Line) -> Picture:
    return Picture(COLUMNS, OUTCOMES, runs)


def text_of(shown: Picture, width: int, height: int | None = None, *, color: bool = False) -> str:
    console = Console(
        width=width, force_terminal=color, color_system="truecolor" if color else None
    )
    with console.capture() as capture:
        console.print(sheet_table(shown, width, height))
    return capture.get()


SEARCH = picture(
    run(1, "done", BLUE, learning_rate="0.1", hidden="64", loss="0.11"),
    run(2, "running 5/10", ORANGE, learning_rate="0.01", hidden="64", loss="0.5"),
    run(3, "ready", learning_rate="0.001", hidden="64"),
)


def test_every_filled_column_is_shown_when_there_is_room() -> None:
    shown = text_of(SEARCH, 140)
    for word in ("name", "status", "progress", "worker_", "learning_", "hidden", "seed", "loss"):
        assert word in shown


def test_a_column_that_no_run_fills_is_not_shown() -> None:
    assert "error" not in text_of(SEARCH, 140)


def test_the_bar_is_half_full_for_five_of_ten() -> None:
    line = next(line for line in text_of(SEARCH, 140).splitlines() if "5/10" in line)
    assert line.count("━") == line.count("─") > 0


def test_a_run_that_ended_has_no_bar() -> None:
    ended = picture(run(1, "failed: 5/10 of it"), run(2, "running 1/2"))
    line = next(line for line in text_of(ended, 140).splitlines() if "failed" in line)
    assert "━" not in line and "─" not in line


def test_the_worker_goes_first_then_what_is_the_same_for_all_runs() -> None:
    left_out = [lay_out(SEARCH, width).left_out for width in range(100, 20, -1)]
    longest = max(left_out, key=len)
    assert longest[:3] == ("worker_name", "seed", "hidden")
    assert all(longest[: len(some)] == some for some in left_out)  # always in the same order


def test_what_is_left_out_is_said() -> None:
    assert "no room for worker_name" in text_of(SEARCH, 50)


@given(st.integers(min_value=40, max_value=200))
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in text_of(SEARCH, width).splitlines()) <= width


def test_a_long_status_is_cut_not_wrapped() -> None:
    failed = picture(run(1, "failed: " + "a long story " * 20))
    lines = text_of(failed, 80).splitlines()
    assert sum("failed" in line for line in lines) == 1
    assert any("…" in line for line in lines)
    assert not any(line.strip().startswith("story") for line in lines)


def test_a_claims_token_is_shown_without_its_technical_part() -> None:
    claimed = picture(run(1, "claimed by dF53M7 2026-11-22 10:15:03Z 3f9a", worker_name=""))
    assert "claimed by dF53M7 " in text_of(claimed, 80)
    assert "3f9a" not in text_of(claimed, 80)


def test_rows_have_the_colours_of_the_sheet() -> None:
    shown = text_of(SEARCH, 140, color=True).splitlines()
    done, running, ready = shown[-3:]
    assert "48;2;204;230;255" in done
    assert "48;2;255;237;204" in running
    assert "48;2" not in ready


def test_a_cell_that_was_not_painted_is_legible_on_its_rows_colour() -> None:
    fresh = Line(3, {"run_name": Cell("1", BLUE), "status": Cell("done", BLUE), "loss": Cell("7")})
    shown = text_of(picture(fresh), 80, color=True).splitlines()[-1]
    assert re.search(r"\x1b\[30;48;2;204;230;255m *7", shown)


def test_markup_in_a_cell_is_only_text() -> None:
    assert "[red]x[/nope]" in text_of(picture(run(1, "[red]x[/nope]")), 80)


def test_counts_follow_the_life_of_a_run_and_leave_drafts_out() -> None:
    runs = [run(1, "done"), run(2, "epoch 3"), run(3, "ready"), run(4, "failed: ValueError: no")]
    runs += [run(5, "my idea", worker_name=""), run(6, "done")]
    assert summary(picture(*runs)) == "1 ready · 1 running · 2 done · 1 failed"


def test_a_sheet_without_runs_says_so() -> None:
    assert summary(picture()) == "no runs"
    assert "error" not in text_of(picture(), 80)


@given(st.lists(st.sampled_from(["done", "running", "ready"]), max_size=40), st.integers(1, 50))
def test_a_window_shows_the_first_run_that_is_not_finished(statuses: list[str], high: int) -> None:
    runs = [run(number, status) for number, status in enumerate(statuses)]
    shown = window(runs, high)
    assert len(shown) == min(high, len(runs))
    unfinished = [it for it in runs if it.text("status") != "done"]
    if unfinished and shown:
        assert unfinished[0] in shown


def test_runs_that_do_not_fit_are_counted() -> None:
    runs = [run(number, "ready") for number in range(1, 41)]
    shown = text_of(picture(*runs), 80, 12)
    assert len(shown.splitlines()) <= 12
    hidden = re.search(r"(\d+) more runs", shown)
    assert hidden is not None
    assert int(hidden[1]) + shown.count("ready") == 40


@pytest.mark.parametrize("background", [BLUE, ORANGE])
def test_a_default_grey_becomes_legible_on_a_coloured_row(background: Color) -> None:
    assert _contrast(GREY, background) < 1.5  # as the sheet has it
    assert _contrast(legible(GREY, background), background) >= 2.6
    assert legible(GREY, None) == GREY


@given(st.tuples(*[st.floats(0, 1)] * 3), st.tuples(*[st.floats(0, 1)] * 3))
def test_making_a_colour_legible_only_darkens_it(color: Color, background: Color) -> None:
    assert all(new <= old for new, old in zip(legible(color, background), color, strict=True))
