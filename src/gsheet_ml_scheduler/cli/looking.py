"""gsheet-ml status and best: a queue looked at. Nothing is written.

Decided here: the options, and how often a sheet is looked at. Decided elsewhere: what is in a
picture (`picture`), how it is laid out (`table`) and followed (`watch`), what counts (`best`,
`runsheet.summary`).
"""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gsheet_ml_scheduler.cli.best import Ranked, lower_is_better, ranking, telling_keys
from gsheet_ml_scheduler.cli.commands import AUTHOR, LOOK, AsJson, Location, Tab, app
from gsheet_ml_scheduler.cli.location import AtALocation
from gsheet_ml_scheduler.cli.picture import Picture, sum_up, take_picture
from gsheet_ml_scheduler.cli.printing import counted, print_json, print_table, say, warn
from gsheet_ml_scheduler.cli.table import sheet_table, state
from gsheet_ml_scheduler.cli.watch import display_for, heading, pictures
from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.connect.locations import WorkbookFile, parse_location
from gsheet_ml_scheduler.runsheet.lifecycle import State
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM, Pacing
from gsheet_ml_scheduler.runsheet.values import text_rules
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

_EVERY_FILE, _EVERY_SERVICE = 0.5, 3.0  # seconds; Google allows 60 reads a minute


@app.command(cls=AtALocation, rich_help_panel=LOOK)
def status(
    location: Location,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep showing it as it changes, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
    sheet_index: Tab = 0,
) -> None:
    """Show the queue: its runs in the sheet's colours, and how far it is.

    Counted are the runs in each state and the workers whose lease holds by the server's time. The
    estimated end needs the columns started and duration.
    """
    if watch and as_json:
        raise typer.BadParameter("--watch and --json exclude each other.")
    _, worksheet = open_worksheet(location, sheet_index, user_agent=AUTHOR)
    if as_json:
        print_json(_described(take_picture(worksheet)))
        return
    console = Console()
    if not watch:
        picture = take_picture(worksheet)
        console.print(heading(location, picture), soft_wrap=True)
        print_table(sheet_table(picture, console.width))
        return
    is_file = isinstance(parse_location(location), WorkbookFile)
    try:
        with display_for(console, location) as display:
            for picture in pictures(worksheet, _EVERY_FILE if is_file else _EVERY_SERVICE):
                display.show(picture, ["Ctrl-C ends the view."], [])
    except KeyboardInterrupt:
        return  # that's how one ends it


@app.command(cls=AtALocation, rich_help_panel=LOOK)
def best(
    location: Location,
    metric: Annotated[
        str, typer.Argument(help="The column that counts, such as accuracy.", show_default=False)
    ],
    *,
    lowest: Annotated[
        bool | None,
        typer.Option(
            "--min/--max",
            help="Whether small or large is good.",
            show_default="--max, and --min if the name says loss or error",
        ),
    ] = None,
    number: Annotated[
        int, typer.Option("--number", "-n", help="How many are shown.", min=1, metavar="N")
    ] = 5,
    over: Annotated[
        str | None,
        typer.Option(
            help="A key such as seed: runs that differ in nothing else become one, with mean and "
            "standard deviation.",
            metavar="KEY",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    sheet_index: Tab = 0,
) -> None:
    """Show the best runs by a metric, with the hyperparameters in which they differ.

    Runs without a number in that column are left out; runs that are still going count.
    """
    spreadsheet, worksheet = open_worksheet(location, sheet_index, user_agent=AUTHOR)
    rules = text_rules(spreadsheet.locale, comma_number_format=False)
    columns, rows = Pacing().until_done(
        RunSheet(worksheet, rules).read_runs, FOR_A_CLAIM, what="read the sheet"
    )
    is_lowest = lower_is_better(metric) if lowest is None else lowest
    ranked = ranking(columns, rows, metric, lowest=is_lowest, over=over)
    if as_json:
        print_json([_as_record(it, metric) for it in ranked[:number]])
        return
    if not ranked:
        warn(f"{columns.sheet}: no run has a number in the column {metric!r} yet.")
        return
    order = "lowest" if is_lowest else "highest"
    shown = min(number, len(ranked))
    say(f"{metric}, {order} first: {shown} of {counted(len(ranked), 'result')}")
    print_table(_best_table(ranked[:number], telling_keys(ranked), metric))


def _described(picture: Picture) -> dict[str, Any]:
    summed = sum_up(picture)
    described: dict[str, Any] = {}
    if summed is not None and picture.taken is not None:
        described = {
            "time": picture.taken.isoformat(),
            "counts": {it.value: summed.counts[it] for it in State if summed.counts.get(it)},
            "workers_alive": sorted(summed.alive),
            "workers_silent": sorted(summed.silent),
            "workers_without_lease": sorted(summed.unleased),
            "runs_per_hour": summed.per_hour,
            "estimated_end": summed.end.isoformat() if summed.end else None,
        }
    runs = [
        {
            "line": run.number,
            "state": state(run).value,
            "cells": {name: run.text(name) for name in picture.columns},
        }
        for run in picture.runs
    ]
    return {**described, "runs": runs}


def _as_record(it: Ranked, metric: str) -> dict[str, Any]:
    return {
        "runs": list(it.names),
        "status": it.status,
        metric: it.value,
        "spread": it.spread,
        "config": it.config,
    }


def _best_table(ranked: list[Ranked], keys: list[str], metric: str) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="bold")
    spreads = any(len(it.names) > 1 for it in ranked)
    table.add_column("run", overflow="fold")
    table.add_column("status")
    table.add_column(metric, justify="right")
    if spreads:
        table.add_column("±", justify="right")
    for key in keys:
        table.add_column(key, justify="right", overflow="fold")
    for it in ranked:
        spread = [f"{it.spread:.3g}"] if spreads else []
        cells = ["" if key not in it.config else _short(it.config[key]) for key in keys]
        table.add_row(", ".join(it.names), it.status, f"{it.value:.6g}", *spread, *cells)
    return table


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
