"""gsheet-ml work: the agent's options in, one call, an exit code out.

Decided here: the options, what they mean together, the exit codes, and that the command begins
behind `--`. Decided elsewhere: the work (`agent`).
"""

import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, TextIO, cast

import typer
from rich.console import Console
from typer.core import TyperCommand

from gsheet_ml_scheduler.agent import macros
from gsheet_ml_scheduler.agent.gpus import Driver, choose
from gsheet_ml_scheduler.agent.jobs import Recipe
from gsheet_ml_scheduler.agent.limits import Limits
from gsheet_ml_scheduler.agent.listeners import Listeners
from gsheet_ml_scheduler.agent.placing import Placing
from gsheet_ml_scheduler.agent.queue import open_queue
from gsheet_ml_scheduler.agent.slots import Slot, slots_on, slots_without_gpus
from gsheet_ml_scheduler.agent.telling import Telling
from gsheet_ml_scheduler.agent.working import Agent, Plan
from gsheet_ml_scheduler.cli.commands import WORK, DryRun, Location, Tab, app
from gsheet_ml_scheduler.errors import CommandError
from gsheet_ml_scheduler.runsheet.leases import LONGEST, Terms

SOME_FAILED, TOO_MANY_FAILED = 3, 4
_SLOTS, _END = "How many at once, and where", "When to end"
_COMMAND = "command"


class WithCommand(TyperCommand):
    """A command line that ends with another one, behind `--`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Everything behind the first `--` is kept as it is."""
        at = args.index("--") if "--" in args else None
        if at is None and not set(ctx.help_option_names).intersection(args):
            raise typer.BadParameter(
                "the command begins behind --, as in: gsheet-ml work runs.sheet -- python train.py"
            )
        ctx.meta[_COMMAND] = [] if at is None else args[at + 1 :]
        return super().parse_args(ctx, args[:at])

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage line shows where the command goes."""
        return [*super().collect_usage_pieces(ctx), "-- COMMAND..."]


@app.command(cls=WithCommand, rich_help_panel=WORK)
def work(
    ctx: typer.Context,
    location: Location,
    *,
    slots: Annotated[
        int | None, typer.Option(min=1, rich_help_panel=_SLOTS, help="How many runs at once [1].")
    ] = None,
    gpus: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_SLOTS, help="Run on GPUs: all, or numbers as nvidia-smi counts: 0,1"
        ),
    ] = None,
    per_gpu: Annotated[
        int, typer.Option(min=1, rich_help_panel=_SLOTS, help="How many runs at once on each GPU.")
    ] = 1,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=_SLOTS, help="What this machine is, for the column only_on: --tag a100"
        ),
    ] = None,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait/--until-empty", rich_help_panel=_END, help="Go on when no run is ready."
        ),
    ] = False,
    max_runs: Annotated[
        int | None, typer.Option(min=1, rich_help_panel=_END, help="Start so many runs at most.")
    ] = None,
    max_hours: Annotated[
        float | None,
        typer.Option(
            min=0, max=10_000, rich_help_panel=_END, help="Start no run after so many hours."
        ),
    ] = None,
    attempts: Annotated[
        int, typer.Option(min=1, help="How often a run is tried whose workers vanish.")
    ] = 3,
    lease_minutes: Annotated[
        float,
        typer.Option(
            min=0.05, max=LONGEST / 60, help="How long a run is kept without a sign of life."
        ),
    ] = 10.0,
    max_failures: Annotated[
        int,
        typer.Option(
            min=0, rich_help_panel=_END, help="Stop after so many failures in a row; 0: never."
        ),
    ] = 5,
    grace: Annotated[
        float,
        typer.Option(min=0, max=86_400, help="Seconds between SIGTERM and SIGKILL for a script."),
    ] = 30.0,
    runs_dir: Annotated[Path, typer.Option(help="Where the runs' directories are.")] = Path("runs"),
    log_mb: Annotated[
        float,
        typer.Option(min=0.001, max=1e6, help="Megabytes of output that are kept of each run."),
    ] = 500.0,
    no_args: Annotated[
        bool, typer.Option("--no-args", help="Pass no arguments; the script reads config.json.")
    ] = False,
    dry_run: DryRun = False,
    sheet_index: Tab = 0,
) -> None:
    """Work through a queue with a command: -- python train.py

    A run is claimed for each free slot, and the command started with its hyperparameters as
    arguments (--lr=0.1), until no run is ready. Macros say otherwise how they are passed:
    ${args_no_hyphens}, ${args_json_file}, ${args_append_hydra}, ${lr} and others.

    Ctrl-C starts no new runs; twice, it ends those under way and gives them back.

    Exit codes: 0; 1 an error; 2 not understood; 3 a run failed; 4 too many failed in a row; 130 and
    143 interrupted by Ctrl-C (twice) and SIGTERM.
    """
    command = ctx.meta[_COMMAND]
    if not no_args:
        command = macros.with_args(command)
    elif not command:
        macros.with_args(command)
    driver, places = _places(slots, gpus, per_gpu)
    terms = Terms(lease_minutes * 60, attempts)
    console = Console(file=cast(TextIO, Listeners(sys.stdout)))
    telling = Telling(console)
    queue = open_queue(location, sheet_index, tag or [], terms, telling.notice)
    macros.check(command, [column.key for column in queue.columns.config], os.environ)
    _refuse_unknown_program(command[0])
    recipe = Recipe(command, runs_dir.absolute(), grace, int(log_mb * 1e6))
    if dry_run:
        _show_plan(console, queue.preview(len(places)), places, recipe)
        return
    limits = Limits(max_runs, None if max_hours is None else max_hours * 3600, max_failures or None)
    placing = Placing(places, driver, telling)
    agent = Agent(queue, Plan(recipe, limits, waits=wait), placing, telling)
    agent.work()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # one Ctrl-C too many doesn't spoil the exit code
    telling.line(f"{agent.tally.words()}.")
    raise typer.Exit(_exit_code(agent, limits))


def _places(slots: int | None, gpus: str | None, per_gpu: int) -> tuple[Driver | None, list[Slot]]:
    if gpus is None:
        if per_gpu != 1:
            raise typer.BadParameter("--per-gpu needs --gpus: all, or numbers such as 0,1.")
        return None, slots_without_gpus(slots or 1)
    if slots is not None:
        raise typer.BadParameter("--slots and --gpus don't go together; say --gpus and --per-gpu.")
    driver = Driver()
    return driver, slots_on(choose(gpus, driver.gpus(), os.environ), per_gpu)


def _refuse_unknown_program(program: str) -> None:
    if "${" in program:
        return
    from shutil import which

    if which(program) is None:
        raise CommandError(
            f"There is no program {program!r} here that may be executed, so no run is claimed. "
            "Write its path, or put it on the PATH."
        )


def _show_plan(console: Console, runs: Any, places: list[Slot], recipe: Recipe) -> None:
    for place, (name, config) in zip(places, runs):
        occasion = macros.Occasion(config, os.environ, name, "RUN_DIR", "RUN_DIR/config.json")
        words = shlex.join(macros.arguments(recipe.command, occasion))
        console.print(
            f"{place.name}: run {name}: {words}", markup=False, highlight=False, soft_wrap=True
        )
    if not runs:
        console.print("No run is ready.")


def _exit_code(agent: Agent, limits: Limits) -> int:
    from gsheet_ml_scheduler.agent.interrupts import Haste
    from gsheet_ml_scheduler.agent.limits import too_many_failures

    if agent.haste >= Haste.LEAVING:
        return 128 + (agent.signal or signal.SIGINT)
    if too_many_failures(limits, agent.tally):
        return TOO_MANY_FAILED
    return SOME_FAILED if agent.tally.failed else 0
