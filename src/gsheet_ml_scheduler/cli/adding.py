"""gsheet-ml add: the runs of a sweep, appended to a queue.

Decided here: the options, and what is said before and after. Decided elsewhere: what the sweep is
(`sweep`), which runs are there already (`plan`), how rows are appended (`run_writer`).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

import typer

from gsheet_ml_scheduler.cli.commands import (
    AUTHOR,
    QUEUE,
    AsJson,
    DryRun,
    Location,
    Tab,
    app,
    typed_pairs,
)
from gsheet_ml_scheduler.cli.location import AtALocation
from gsheet_ml_scheduler.cli.plan import (
    Plan,
    doubles_in_words,
    in_words,
    require_known,
    require_names_apart,
    sort_out,
)
from gsheet_ml_scheduler.cli.printing import counted, print_json, say, warn
from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.runsheet.columns import RUN_NAME
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM, Pacing
from gsheet_ml_scheduler.runsheet.values import PLAIN_TEXT, Scalar
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

_SHOWN = 20
_SEED_BITS = 31


class Method(str, Enum):
    """How the points of a sample are drawn."""

    RANDOM = "random"
    SOBOL = "sobol"
    LHS = "lhs"


@dataclass(frozen=True, slots=True)
class Combining:
    """How the keys' values become runs."""

    zipped: bool
    sample: int | None
    method: Method
    random_seed: int | None
    seeds: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was added, or would be."""

    location: str
    wanted: Sequence[Mapping[str, Scalar]]
    plan: Plan
    new_columns: Sequence[str]
    random_seed: int | None
    dry_run: bool


@app.command(cls=AtALocation, rich_help_panel=QUEUE)
def add(
    location: Location,
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUES]...",
            help="learning_rate=0.1,0.01 'hidden=range(32,129,32)' 'opt=choice(adam,sgd)' "
            "'dropout=interval(0,0.5)' 'lr=tag(log,interval(1e-5,1e-2))'",
            show_default=False,
        ),
    ] = None,
    sheet_index: Tab = 0,
    *,
    zipped: Annotated[
        bool, typer.Option("--zip", help="Pair the values: first with first, second with second.")
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option(help="Draw so many different runs.", min=1, metavar="N", show_default=False),
    ] = None,
    method: Annotated[
        Method,
        typer.Option(help="How a sample is drawn: sobol and lhs leave smaller gaps (with SciPy)."),
    ] = Method.RANDOM,
    random_seed: Annotated[
        int | None,
        typer.Option(help="The same number draws the same sample.", min=0, show_default=False),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            help="Each run so many times, with seed=0, seed=1 and so on.",
            min=1,
            metavar="N",
            show_default=False,
        ),
    ] = None,
    skip_duplicates: Annotated[
        bool,
        typer.Option("--skip-duplicates", help="Leave out runs that are in the sheet already."),
    ] = False,
    new_columns: Annotated[
        bool, typer.Option("--new-columns", help="Add a column for a key that has none.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add runs: every combination of the values, or pairs, or a sample of them.

    The values are written in the sweep grammar of Hydra. Without any, one run with the defaults is
    added. A blank cell means the default. All runs are added, or none.
    """
    combining = Combining(zipped, sample, method, _seed(sample, random_seed), seeds)
    configs = _configs(typed_pairs(keys or [], value_needed=True), combining)
    _, worksheet = open_worksheet(location, sheet_index, user_agent=AUTHOR)
    pacing = Pacing()
    columns, rows = pacing.until_done(
        RunSheet(worksheet, PLAIN_TEXT).read_runs, FOR_A_CLAIM, what="read the sheet"
    )
    named = list(dict.fromkeys(key for config in configs for key in config))
    if not new_columns:
        require_known(columns, named)
    plan = sort_out(columns, rows, configs)
    wanted = plan.fresh if skip_duplicates else configs
    require_names_apart(columns, rows, wanted)
    _tell_doubles(plan, skipped=skip_duplicates)
    if not dry_run:
        from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter

        GSheetMLRunWriter.on_worksheet(worksheet, pacing=pacing).write_runs(wanted)
    outcome = Outcome(
        location, wanted, plan, columns.missing(named), combining.random_seed, dry_run
    )
    if as_json:
        print_json(_as_json(outcome))
    else:
        _tell(outcome)


def _seed(sample: int | None, given: int | None) -> int | None:
    """The number by which a sample can be drawn again."""
    return secrets.randbits(_SEED_BITS) if sample is not None and given is None else given


def _configs(texts: Mapping[str, str], how: Combining) -> list[dict[str, Scalar]]:
    from gsheet_ml_scheduler.sweep import grid, paired, sampled, with_seeds

    if how.zipped and how.sample is not None:
        raise typer.BadParameter("--zip and --sample exclude each other.")
    if how.sample is not None:
        configs = sampled(texts, how.sample, method=how.method.value, random_seed=how.random_seed)
    else:
        configs = paired(texts) if how.zipped else grid(texts)
    for config in configs:
        if RUN_NAME in config:
            config[RUN_NAME] = str(config[RUN_NAME])
    return configs if how.seeds is None else with_seeds(configs, how.seeds)


def _tell_doubles(plan: Plan, *, skipped: bool) -> None:
    if not plan.doubles:
        return
    count = counted(len(plan.doubles), "run")
    fate = "left out" if skipped else "added again; --skip-duplicates leaves them out"
    warn(f"{count} of the sweep {'is' if len(plan.doubles) == 1 else 'are'} there already, {fate}:")
    warn(*(f"  {line}" for line in doubles_in_words(plan.doubles)))


def _tell(outcome: Outcome) -> None:
    wanted = outcome.wanted
    count = counted(len(wanted), "run")
    if outcome.dry_run:
        say(*(f"  {in_words(config)}" for config in wanted[:_SHOWN]))
        if len(wanted) > _SHOWN:
            say(f"  and {len(wanted) - _SHOWN:,} more")
        say(f"{count} would be added to {outcome.location}{_shape(wanted)}.")
    else:
        say(f"{count} added to {outcome.location}{_shape(wanted)}.")
    if outcome.new_columns:
        verb = "would be new" if outcome.dry_run else "are new"
        say(f"These columns {verb}: {', '.join(outcome.new_columns)}.")
    if outcome.random_seed is not None:
        say(f"The same sample is drawn with --random-seed {outcome.random_seed}.")


def _shape(configs: Sequence[Mapping[str, Scalar]]) -> str:
    """How many values each key has: `: lr has 2 values, hidden 4`."""
    keys = dict.fromkeys(key for config in configs for key in config)
    counts = {key: len({config.get(key, "") for config in configs}) for key in keys}
    several = [f"{count} of {key}" for key, count in counts.items() if count > 1]
    return f", with {' and '.join(several)}" if several else ""


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "added": 0 if outcome.dry_run else len(outcome.wanted),
        "runs": [dict(config) for config in outcome.wanted],
        "duplicates": [
            {"config": dict(double.config), "of": double.of} for double in outcome.plan.doubles
        ],
        "new_columns": list(outcome.new_columns),
        "random_seed": outcome.random_seed,
    }
