"""A sheet followed as it changes: a live table in a terminal, plain lines anywhere else.

Decided here: how often a sheet is looked at, what counts as news, and that a log file or a pipe
gets lines without control codes. Decided elsewhere: what a table looks like (`table`).
"""

import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Protocol

import gspread
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from gsheet_ml_scheduler.cli.picture import Line, Picture, sum_up, take_picture
from gsheet_ml_scheduler.cli.table import pace, sheet_table, state, summary
from gsheet_ml_scheduler.runsheet.columns import ERROR, FEATURES, MANDATORY, RUN_NAME, STATUS
from gsheet_ml_scheduler.runsheet.lifecycle import ENDED, State


def pictures(worksheet: gspread.Worksheet, every: float) -> Iterator[Picture]:
    """Look at the sheet again and again, `every` so many seconds, for ever."""
    while True:
        due = time.monotonic() + every
        yield take_picture(worksheet)
        time.sleep(max(0.0, due - time.monotonic()))


def news(before: Picture, after: Picture) -> list[str]:
    """What a reader of a log wants to know: runs that changed their state, and edited values."""
    known = {_name(run): run for run in before.runs}
    lines = []
    for run in after.runs:
        old = known.get(_name(run))
        if old is None or state(old) is not state(run):
            lines.append(f"run {_name(run)}: {_outcome(run, after)}")
        if old is not None:
            lines += [
                f"run {_name(run)}: {column} {old.text(column)} → {run.text(column)}"
                for column in after.columns
                if column not in MANDATORY
                and column not in after.outcomes
                and old.text(column) not in ("", run.text(column))
            ]
    return lines


class Display(Protocol):
    """Somewhere to show a sheet that changes."""

    def __enter__(self) -> "Display": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(
        self, picture: Picture, footer: Sequence[str], events: Sequence[str], *, now: str = ""
    ) -> None:
        """Show a picture.

        Args:
            picture: the sheet.
            footer: what to know, the same all the time.
            events: all that went wrong so far.
            now: what else there is to say about this moment.
        """


class LiveTable:
    """The table on the whole of the terminal; what was there before comes back at the end."""

    _EVENTS_SHOWN = 3

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._live = Live(console=console, screen=True, auto_refresh=False)

    def __enter__(self) -> "LiveTable":
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(
        self, picture: Picture, footer: Sequence[str], events: Sequence[str], *, now: str = ""
    ) -> None:
        width, height = self._console.size
        below = [Text(line, "dim") for line in footer]
        below += [Text(line, "red") for line in events[-self._EVENTS_SHOWN :]]
        taken = sum(len(text.wrap(self._console, width)) for text in below)
        self._live.update(
            Group(
                heading(self._title, picture, now),
                Text(),
                sheet_table(picture, width, height - 5 - taken),
                Text(),
                *below,
            ),
            refresh=True,
        )


class PlainLines:
    """One line for each piece of news, with the seconds since the start."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._started = time.monotonic()
        self._last: Picture | None = None
        self._told = 0

    def __enter__(self) -> "PlainLines":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(
        self, picture: Picture, footer: Sequence[str], events: Sequence[str], *, now: str = ""
    ) -> None:
        if self._last is None:
            self._write(f"{self._title}: {_count(picture, now)}")
            for line in footer:
                self._write(line)
        else:
            for line in news(self._last, picture):
                self._write(f"{time.monotonic() - self._started:6.1f} s  {line}")
        for line in events[self._told :]:
            self._write(line)
        self._last, self._told = picture, len(events)

    def _write(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def display_for(console: Console, title: str) -> Display:
    """A live table where there is a terminal, else plain lines."""
    return LiveTable(console, title) if console.is_terminal else PlainLines(console, title)


def heading(title: str, picture: Picture, now: str = "") -> Text:
    """What is shown, and how far it is."""
    return Text.assemble((title, "bold"), "\n", _count(picture, now))


def _count(picture: Picture, now: str) -> str:
    summed = sum_up(picture)
    paced = pace(summed, picture.taken) if summed and picture.taken else ""
    return " · ".join(filter(None, [summary(picture), paced, now]))


def _name(run: Line) -> str:
    return run.text(RUN_NAME) or f"in line {run.number}"


def _outcome(run: Line, picture: Picture) -> str:
    found = state(run)
    if found not in ENDED:
        return found.value if found is not State.DRAFT else f"draft {run.text(STATUS)}".rstrip()
    told = picture.outcomes - FEATURES - set(MANDATORY) | {ERROR}  # what training wrote
    results = [
        f"{name} {run.text(name)}" for name in picture.columns if name in told and run.text(name)
    ]
    return ", ".join([run.text(STATUS), *results])
