"""gsheet-ml logs: what a run of this machine has printed.

Decided here: the options, how a run's end is noticed, and what is said where there is no output.
Decided elsewhere: where it is and how it is read (`output`).
"""

import sys
import time
from pathlib import Path
from typing import Annotated

import gspread
import typer

from gsheet_ml_scheduler.cli.commands import AUTHOR, LOOK, Location, Tab, app
from gsheet_ml_scheduler.cli.location import AtALocation
from gsheet_ml_scheduler.cli.output import Output, folders_of
from gsheet_ml_scheduler.cli.printing import warn
from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.connect.locations import WorkbookFile, parse_location
from gsheet_ml_scheduler.errors import LocationError, NoSuchRunError
from gsheet_ml_scheduler.runsheet.columns import HOST
from gsheet_ml_scheduler.runsheet.lifecycle import ENDED
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM, Pacing
from gsheet_ml_scheduler.runsheet.selecting import Chosen, select_one
from gsheet_ml_scheduler.runsheet.values import PLAIN_TEXT
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

_EVERY = 0.2  # seconds between two looks at the output
_LOOK_AT_FILE, _LOOK_AT_SERVICE = 1.0, 10.0  # seconds between two looks at the sheet


@app.command(cls=AtALocation, rich_help_panel=LOOK)
def logs(
    location: Location,
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="The run's name, or its line such as '#7'.", show_default=False
        ),
    ],
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what it prints, until it has ended.")
    ] = False,
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines", "-n", help="Only the last lines.", min=0, metavar="N", show_default="all"
        ),
    ] = None,
    runs_dir: Annotated[
        Path, typer.Option(help="Where the runs' directories are, as given to gsheet-ml work.")
    ] = Path("runs"),
    sheet_index: Tab = 0,
) -> None:
    """Show what a run has printed, if gsheet-ml work has run it on this machine.

    Its directory is in the folder runs, by its name and id; of several attempts that began anew,
    the last one is shown.
    """
    _, worksheet = open_worksheet(location, sheet_index, user_agent=AUTHOR)
    is_file = isinstance(parse_location(location), WorkbookFile)
    watched = _Watched(worksheet, run, _LOOK_AT_FILE if is_file else _LOOK_AT_SERVICE)
    folders = folders_of(runs_dir, watched.name)
    if not folders and follow and not watched.has_ended():
        warn(f"Waiting for {watched.chosen.label} to begin on this machine. Ctrl-C ends it.")
        while not folders and not watched.has_ended():
            time.sleep(_EVERY)
            folders = folders_of(runs_dir, watched.name)
    if not folders:
        raise LocationError(
            f"{runs_dir.absolute()} has no output of {watched.chosen.label}: {watched.where()} "
            "Output is kept by gsheet-ml work; --runs-dir says where."
        )
    if len(folders) > 1:
        others = ", ".join(str(it.path) for it in folders[1:4])
        warn(f"This is {folders[0].path}. There is older output in {others}.")
    with Output(folders[0]) as output:
        for piece in output.so_far(lines):
            sys.stdout.buffer.write(piece)
        sys.stdout.flush()
        if follow:
            for piece in output.from_now_on(watched.has_ended, lambda: time.sleep(_EVERY)):
                sys.stdout.buffer.write(piece)
                sys.stdout.flush()


class _Watched:
    """A run of the sheet, looked at now and then."""

    def __init__(self, worksheet: gspread.Worksheet, word: str, every: float) -> None:
        self._sheet = RunSheet(worksheet, PLAIN_TEXT)
        self._pacing = Pacing()
        self._every = every
        self._host = ""
        self.chosen = self._look(word)
        self.name = self.chosen.name
        self._due = time.monotonic() + every

    def has_ended(self) -> bool:
        """Whether the run is over, as the last look showed; a run that is gone is over, too."""
        if time.monotonic() >= self._due:
            try:
                self.chosen = self._look(self.name)
            except NoSuchRunError:
                warn(f"The sheet has no {self.chosen.label} any more.")
                return True
            self._due = time.monotonic() + self._every
        return self.chosen.state in ENDED

    def where(self) -> str:
        """Where its output may be, in a sentence."""
        if self._host:
            return f"it ran on {self._host}."
        return f"it is {self.chosen.state.value}, and nothing says where it ran."

    def _look(self, word: str) -> Chosen:
        columns, rows = self._pacing.until_done(
            self._sheet.read_runs, FOR_A_CLAIM, what="read the sheet"
        )
        chosen = select_one(columns, rows, word)
        at = columns.feature(HOST)
        self._host = "" if at is None else columns.text(rows[chosen.run_id], at)
        return chosen
