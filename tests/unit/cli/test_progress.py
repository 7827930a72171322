"""How long work tells how far it is."""

import io

import pytest
from rich.console import Console

from gsheet_ml_scheduler.cli.progress import EVERY, progress


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_plain_lines_come_now_and_then() -> None:
    text, clock = io.StringIO(), Clock()
    with progress("Importing [b].csv", Console(file=text), clock) as tell:
        tell("Sheet1", 1, 3000)
        clock.now += EVERY
        tell("Sheet1", 2000, 3000)
        tell("Sheet1", 2001, 3000)
    assert text.getvalue() == "Importing [b].csv: Sheet1, 2,000 of 3,000 lines\n"


def test_a_terminal_has_a_bar_of_which_nothing_stays() -> None:
    text = io.StringIO()
    with progress("Importing [b].csv", Console(file=text, force_terminal=True, width=90)) as tell:
        tell("Sheet1", 2000, 3000)
    shown = text.getvalue()
    assert "Importing [b].csv: Sheet1" in shown
    assert "2000/3000" in shown
    assert shown.endswith("\x1b[2K")  # the line is empty again


def test_work_that_fails_ends_the_bar_and_says_why() -> None:
    text = io.StringIO()
    with (
        pytest.raises(ValueError, match="no disk"),
        progress("Importing", Console(file=text, force_terminal=True)),
    ):
        raise ValueError("no disk")
    assert "\x1b[?25h" in text.getvalue()  # the cursor is back
