"""The command gsheet-ml: what all its commands have in common, and those that begin a queue.

Decided here: names, help texts, exit codes, how an error is shown. Decided elsewhere: the work.
The other commands are in rooms of their own: `adding`, `looking`, `control`, `transfer`, `serve`,
`work`.
"""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import gspread
import requests
import typer
from rich.console import Console
from typer.core import TyperGroup

from gsheet_ml_scheduler.cli.location import VARIABLE, AtALocation
from gsheet_ml_scheduler.cli.printing import say, warn
from gsheet_ml_scheduler.cli.template import make_queue, refuse_reserved, template_columns
from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.connect.locations import WorkbookFile, parse_location
from gsheet_ml_scheduler.errors import GSheetMLError
from gsheet_ml_scheduler.runsheet.columns import RUN_NAME, STATUS, WORKER_NAME
from gsheet_ml_scheduler.runsheet.pacing import refusal
from gsheet_ml_scheduler.runsheet.values import Scalar, from_text

AUTHOR = "gsheet-ml"  # how a workbook's change log names who edited with these commands

# The panels of `gsheet-ml --help`, in the order in which somebody needs them.
QUEUE, WORK, LOOK, CHANGE = "Make a queue", "Work through it", "Look at it", "Change it"


class PoliteGroup(TyperGroup):
    """Commands whose expected errors are sentences, not tracebacks."""

    def invoke(self, ctx: Any) -> Any:  # Any: Typer has brought its own click since 0.20
        """Run a command; say what went wrong in red, on the error output."""
        try:
            return super().invoke(ctx)
        except _for_people() as error:
            sentence = str(error)
        except gspread.exceptions.APIError as error:
            sentence = str(refusal(error, ctx.invoked_subcommand))
        except requests.RequestException as error:
            sentence = f"The sheet doesn't answer ({type(error).__name__}). Try again later."
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        warn(sentence, style="red")
        raise typer.Exit(1)


def _for_people() -> tuple[type[Exception], ...]:
    """The errors whose words are a sentence; those of localsheets only where it was loaded."""
    local = sys.modules.get("gsheet_ml_scheduler.localsheets")
    return (GSheetMLError,) if local is None else (GSheetMLError, local.WorkbookError)


app = typer.Typer(
    name="gsheet-ml",
    cls=PoliteGroup,
    epilog="Exit codes: 0 done, 1 an error that is said in a sentence, 2 a command line that can't "
    "be understood, 130 Ctrl-C. LOCATION may be left out when GSHEET_ML_LOCATION is set.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},  # of the commands, too
    add_completion=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if wanted:
        say(version("gsheet-ml-scheduler"))
        raise typer.Exit


@app.callback()
def _main(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """A spreadsheet as the live run queue of machine-learning experiments."""


Location = Annotated[
    str,
    typer.Argument(
        metavar="LOCATION",
        help="A workbook file (runs.sheet), a Google Sheet's link, or a served workbook's address.",
        show_default=False,
        envvar=VARIABLE,
    ),
]
Tab = Annotated[
    int, typer.Option("--sheet-index", help="Which tab: 0 is the first, -1 the last.", metavar="N")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what would be done; nothing is written.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command(rich_help_panel=WORK)
def demo(
    *,
    workbook: Annotated[
        Path, typer.Option(help="Where to make the demo's workbook; only a demo's is replaced.")
    ] = Path(".demo/digits.sheet"),
    until_done: Annotated[
        bool, typer.Option("--until-done", help="End when every run is done, not with Ctrl-C.")
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Show the runs in this terminal only.")
    ] = False,
) -> None:
    """Watch two workers train twelve small networks on handwritten digits.

    A workbook is made, two worker processes claim its runs and train, and the sheet is shown live,
    here and in the browser. Edit it there meanwhile, or with `gsheet-ml set`. Ctrl-C gives
    unfinished runs back and ends the workers.

    Exit code: 0; 1 if a run wasn't done or no worker was left; 130 if --until-done was interrupted.
    """
    from gsheet_ml_scheduler.cli.demo import run_demo  # here: other commands start without it

    raise typer.Exit(run_demo(workbook, Console(), until_done=until_done, grid=not no_browser))


@app.command(cls=AtALocation, rich_help_panel=QUEUE)
def init(
    location: Location,
    hyperparameters: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY[=DEFAULT]]...",
            help="The hyperparameters' columns with their defaults: learning_rate=0.001 n_epoch=10",
            show_default=False,
        ),
    ] = None,
    sheet_index: Tab = 0,
    *,
    dry_run: DryRun = False,
) -> None:
    """Make a run queue: a new workbook file, or the empty tab of a sheet that is there.

    Line 1 gets the columns, line 2 the defaults; runs begin on line 3. Nothing is overwritten.
    """
    defaults = pairs(hyperparameters or [], value_needed=False)
    refuse_reserved(defaults)
    place = parse_location(location)
    is_new = isinstance(place, WorkbookFile) and not place.path.exists()
    if dry_run and is_new:
        say(f"{location} would be made, with the columns {', '.join(template_columns(defaults))}.")
        return
    if is_new and isinstance(place, WorkbookFile):
        from gsheet_ml_scheduler import localsheets  # loads a database engine

        localsheets.open_workbook(place.path, create=True)
    _, worksheet = open_worksheet(location, sheet_index, user_agent=AUTHOR)
    make_queue(worksheet, defaults, dry_run=dry_run)
    if dry_run:
        say(
            f'"{worksheet.title}" of {location} is empty, and would get the columns '
            f"{', '.join(template_columns(defaults))}."
        )
        return
    say(
        f'"{worksheet.title}" of {location} is a run queue now. Add runs with gsheet-ml add, or '
        "type them from line 3 on, with the status ready."
    )


def pairs(texts: list[str], *, value_needed: bool) -> dict[str, Scalar]:
    """KEY=VALUE as they were typed; what looks like a number or a bool becomes one."""
    found: dict[str, Scalar] = {}
    for key, value in typed_pairs(texts, value_needed=value_needed).items():
        found[key] = value if key in (RUN_NAME, STATUS, WORKER_NAME) else from_text(value)
    return found


def typed_pairs(texts: list[str], *, value_needed: bool) -> dict[str, str]:
    """KEY=VALUE as they were typed, each key once."""
    found: dict[str, str] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        key = key.strip()
        if not key or (value_needed and not sign):
            raise typer.BadParameter(f"{text!r} isn't KEY=VALUE, such as learning_rate=0.01.")
        if key in found:
            raise typer.BadParameter(f"{key} stands twice.")
        found[key] = value
    return found
