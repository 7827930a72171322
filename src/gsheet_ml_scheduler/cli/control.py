"""gsheet-ml set, stop, kill, pause, resume, requeue, retry, cancel: runs steered from a terminal.

Decided here: the options, what is said about each run, and the exit code: 1 if a run that was named
was left as it is. Decided elsewhere: which runs a word means (`runsheet.selecting`), what may be
done to them (`runsheet.changes`), how it is written (`runsheet.editing`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Annotated

import typer

from gsheet_ml_scheduler.cli.commands import AUTHOR, CHANGE, DryRun, Location, Tab, app, pairs
from gsheet_ml_scheduler.cli.location import AtALocation
from gsheet_ml_scheduler.cli.printing import counted, say, warn
from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.runsheet.changes import (
    Decide,
    cancelling,
    commanding,
    require_command_column,
    retrying,
    setting,
)
from gsheet_ml_scheduler.runsheet.columns import COMMAND, Columns, Row, require_columns
from gsheet_ml_scheduler.runsheet.commands import Command
from gsheet_ml_scheduler.runsheet.editing import Choose, Edited, Editor
from gsheet_ml_scheduler.runsheet.lifecycle import State, default_colors
from gsheet_ml_scheduler.runsheet.names import new_worker_name
from gsheet_ml_scheduler.runsheet.pacing import Pacing
from gsheet_ml_scheduler.runsheet.selecting import Chosen, select, select_one
from gsheet_ml_scheduler.runsheet.values import PLAIN_TEXT
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

Runs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN]...",
        help="Names, patterns such as 'lr*', or lines such as '#7'.",
        show_default=False,
    ),
]
Status = Annotated[
    list[State] | None,
    typer.Option("--status", help="Only runs in this state; may be repeated.", show_default=False),
]


@app.command("set", cls=AtALocation, rich_help_panel=CHANGE)
def set_values(
    location: Location,
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="The run's name, or its line such as '#7'.", show_default=False
        ),
    ],
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE...",
            help="New values by column: learning_rate=0.01; nothing after the = empties the cell.",
            show_default=False,
        ),
    ],
    sheet_index: Tab = 0,
    *,
    dry_run: DryRun = False,
) -> None:
    """Change values of one run, also while it trains: its worker takes them over at its next sync.

    The same as typing into the run's cells by hand.
    """
    changes = pairs(values, value_needed=True)

    def choose(columns: Columns, rows: Sequence[Row]) -> Sequence[Chosen]:
        require_columns(columns, changes)
        return [select_one(columns, rows, run)]

    edited = _edit(location, sheet_index, choose, setting(changes), dry_run=dry_run)
    _report(edited, "change", dry_run=dry_run)


@dataclass(frozen=True)
class _Steering:
    """A command for runs that are already there: what it is called, says and does.

    Some write into the column `command`, which workers obey at their next sync.
    """

    verb: str
    help: str
    decide: Decide
    by_command: bool = True


_STEERINGS = (
    _Steering(
        "stop",
        "Ask running runs to finish their step and end; they say stopped then.\n\n"
        "The worker obeys at its next sync. Workers take commands from the column command.",
        commanding(Command.STOP),
    ),
    _Steering(
        "kill",
        "End running runs at their next sync, whatever they are doing; they say killed then.",
        commanding(Command.KILL),
    ),
    _Steering(
        "pause",
        "Let running runs wait until they are resumed; their workers keep them.",
        commanding(Command.PAUSE),
    ),
    _Steering("resume", "Let paused runs go on.", commanding(Command.RESUME)),
    _Steering(
        "requeue",
        "Ask the workers of running runs to give them back: they are ready again, for any worker.",
        commanding(Command.REQUEUE),
    ),
    _Steering(
        "retry",
        "Put runs that have ended back into the queue: failed, lost, stopped, killed or done ones."
        "\n\nMetrics stay until they are logged anew.",
        retrying,
        by_command=False,
    ),
    _Steering("cancel", "Take ready runs off the queue, and kill running ones.", cancelling),
)


def _offer(steering: _Steering) -> None:
    @app.command(steering.verb, help=steering.help, cls=AtALocation, rich_help_panel=CHANGE)
    def steer(
        location: Location,
        runs: Runs = None,
        status: Status = None,
        sheet_index: Tab = 0,
        *,
        dry_run: DryRun = False,
    ) -> None:
        choose = _chooser(runs, status)
        if steering.by_command:
            choose = _with_commands(choose)
        edited = _edit(location, sheet_index, choose, steering.decide, dry_run=dry_run)
        _report(edited, steering.verb, dry_run=dry_run)


for _steering in _STEERINGS:
    _offer(_steering)


def _chooser(words: Sequence[str] | None, states: Sequence[State] | None) -> Choose:
    if not words and not states:
        raise typer.BadParameter(
            "Say which runs: names, patterns such as 'lr*', lines such as '#7' (a # must stand in "
            "quotation marks), or --status running."
        )
    return lambda columns, rows: select(columns, rows, words or (), states or ())


def _with_commands(choose: Choose) -> Choose:
    def checked(columns: Columns, rows: Sequence[Row]) -> Sequence[Chosen]:
        require_command_column(columns)
        return choose(columns, rows)

    return checked


def _edit(
    location: str, sheet_index: int, choose: Choose, decide: Decide, *, dry_run: bool
) -> list[Edited]:
    _, worksheet = open_worksheet(location, sheet_index, user_agent=AUTHOR)
    editor = Editor(
        RunSheet(worksheet, PLAIN_TEXT),
        new_worker_name(),
        Pacing(),
        default_colors(),
        SystemRandom(),
        warn,
    )
    if dry_run:
        return editor.preview(choose, decide)
    return editor.carry_out(choose, decide, features=[COMMAND])


def _report(edited: Sequence[Edited], verb: str, *, dry_run: bool) -> None:
    """Say what became of each run; the exit code is 1 if one that was named was left as it is."""
    say(*(f"{it.run.label}: {it.says}" for it in edited if it.change))
    if dry_run and any(it.change for it in edited):
        say("Nothing was written: this is what would be done.")
    left = [it for it in edited if not it.change]
    named = [it for it in left if it.run.by_name or it.is_lost]
    others = [it for it in left if it not in named]
    if not edited or len(others) == len(edited):
        warn(f"No run to {verb}{_states_of(others)}.")
    elif others:
        warn(f"{counted(len(others), 'other run')} left as {_they(others)}{_states_of(others)}.")
    if named:
        warn(*(_sentence(it) for it in named), style="red")
        raise typer.Exit(1)


def _sentence(it: Edited) -> str:
    return f"{it.run.label[0].upper()}{it.run.label[1:]} {it.says}."


def _they(others: Sequence[Edited]) -> str:
    return "it is" if len(others) == 1 else "they are"


def _states_of(others: Sequence[Edited]) -> str:
    """What the runs that were left are: ` (2 done, 1 ready)`."""
    counts = Counter(it.run.state.value for it in others)
    listed = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f" ({listed})" if listed else ""
