"""The commands of gsheet-ml: arguments in, one call, words out.

Decided here: names, help texts, exit codes, how an error is shown. Decided elsewhere: the work.
"""

from pathlib import Path
from typing import Annotated, Any

import gspread
import requests
import typer
from rich.console import Console
from typer.core import TyperGroup

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli.edit import change_run
from gsheet_ml_scheduler.cli.picture import take_picture
from gsheet_ml_scheduler.cli.table import sheet_table
from gsheet_ml_scheduler.cli.template import make_queue, refuse_reserved
from gsheet_ml_scheduler.cli.watch import display_for, heading, pictures
from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.connect.locations import WorkbookFile, parse_location
from gsheet_ml_scheduler.errors import GSheetMLError
from gsheet_ml_scheduler.runsheet.columns import RUN_NAME, STATUS, WORKER_NAME
from gsheet_ml_scheduler.runsheet.pacing import refusal
from gsheet_ml_scheduler.runsheet.values import Scalar, from_text

AUTHOR = "gsheet-ml"  # how a workbook's change log names who edited with these commands
_EVERY_FILE, _EVERY_SERVICE = 0.5, 3.0  # seconds; Google allows 60 reads a minute


class PoliteGroup(TyperGroup):
    """Commands whose expected errors are sentences, not tracebacks."""

    def invoke(self, ctx: Any) -> Any:  # Any: Typer has brought its own click since 0.20
        """Run a command; say what went wrong in red, on the error output."""
        try:
            return super().invoke(ctx)
        except (GSheetMLError, localsheets.WorkbookError) as error:
            sentence = str(error)
        except gspread.exceptions.APIError as error:
            sentence = str(refusal(error, ctx.invoked_subcommand))
        except requests.RequestException as error:
            sentence = f"The sheet doesn't answer ({type(error).__name__}). Try again later."
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        Console(stderr=True).print(
            sentence, style="red", markup=False, highlight=False, soft_wrap=True
        )
        raise typer.Exit(1)


app = typer.Typer(
    name="gsheet-ml",
    cls=PoliteGroup,
    help="A spreadsheet as the live run queue of machine-learning experiments.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Location = Annotated[
    str,
    typer.Argument(
        help="A workbook file (runs.sheet), a Google Sheet's link, or a served workbook's address.",
        show_default=False,
    ),
]
Tab = Annotated[
    int, typer.Option("--sheet-index", help="Which tab: 0 is the first, -1 the last.", metavar="N")
]


@app.command()
def demo(
    *,
    workbook: Annotated[
        Path, typer.Option(help="Where to make the demo's workbook; only a demo's is replaced.")
    ] = Path(".demo/digits.sheet"),
    until_done: Annotated[
        bool, typer.Option("--until-done", help="End when every run is done, not with Ctrl-C.")
    ] = False,
    no_browser: Annotated[  # noqa: ARG001 - accepted already; the terminal is all there is
        bool, typer.Option("--no-browser", help="Show the runs in this terminal only.")
    ] = False,
) -> None:
    """Watch two workers train twelve small networks on handwritten digits.

    A workbook is made, two worker processes claim its runs and train, and the sheet is shown live.
    Edit it meanwhile with `gsheet-ml set`. Ctrl-C gives unfinished runs back and ends the workers.

    Exit code: 0; 1 if a run wasn't done or no worker was left; 130 if --until-done was interrupted.
    """
    from gsheet_ml_scheduler.cli.demo import run_demo  # here: other commands start without it

    raise typer.Exit(run_demo(workbook, Console(), until_done=until_done))


@app.command()
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
) -> None:
    """Make a run queue: a new workbook file, or the empty tab of a sheet that is there.

    Line 1 gets the columns, line 2 the defaults; runs begin on line 3. Nothing is overwritten.
    """
    defaults = _pairs(hyperparameters or [], value_needed=False)
    refuse_reserved(defaults)
    place = parse_location(location)
    if isinstance(place, WorkbookFile) and not place.path.exists():
        localsheets.open_workbook(place.path, create=True)
    _, worksheet = open_worksheet(location, sheet_index, user_agent=AUTHOR)
    make_queue(worksheet, defaults)
    Console().print(
        f'"{worksheet.title}" of {location} is a run queue now. Add runs from line 3 on, with the '
        "status ready.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command("set")
def set_values(
    location: Location,
    run: Annotated[str, typer.Argument(help="The run_name of the run.", show_default=False)],
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE...",
            help="New values by column: learning_rate=0.01; nothing after the = empties the cell.",
            show_default=False,
        ),
    ],
    sheet_index: Tab = 0,
) -> None:
    """Change values of one run, also while it trains: its worker takes them over at its next sync.

    The same as typing into the run's cells by hand.
    """
    changes = _pairs(values, value_needed=True)
    _, worksheet = open_worksheet(location, sheet_index, user_agent=AUTHOR)
    for change in change_run(worksheet, run, changes):
        Console().print(change, markup=False, highlight=False, soft_wrap=True)


@app.command()
def show(
    location: Location,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep showing it as it changes, until Ctrl-C.")
    ] = False,
    sheet_index: Tab = 0,
) -> None:
    """Show the runs of a sheet as a table, in the sheet's colours. Nothing is written."""
    _, worksheet = open_worksheet(location, sheet_index, user_agent=AUTHOR)
    console = Console()
    if not watch:
        picture = take_picture(worksheet)
        console.print(heading(location, picture))
        console.print(sheet_table(picture, console.width))
        return
    is_file = isinstance(parse_location(location), WorkbookFile)
    try:
        with display_for(console, location) as display:
            for picture in pictures(worksheet, _EVERY_FILE if is_file else _EVERY_SERVICE):
                display.show(picture, ["Ctrl-C ends the view."], [])
    except KeyboardInterrupt:
        return  # that's how one ends it


def _pairs(texts: list[str], *, value_needed: bool) -> dict[str, Scalar]:
    """KEY=VALUE as they were typed; what looks like a number or a bool becomes one."""
    pairs: dict[str, Scalar] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        key = key.strip()
        if not key or (value_needed and not sign):
            raise typer.BadParameter(f"{text!r} isn't KEY=VALUE, such as learning_rate=0.01.")
        if key in pairs:
            raise typer.BadParameter(f"{key} stands twice.")
        is_text = key in (RUN_NAME, STATUS, WORKER_NAME)
        pairs[key] = value if is_text else from_text(value)
    return pairs
