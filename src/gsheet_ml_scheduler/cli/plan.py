"""What `gsheet-ml add` would add to a sheet, before it does. Pure.

Decided here: which runs of a sweep are in the sheet already (both configs resolved with the
defaults, so that a blank cell and a typed default are the same run), and which columns would be
new. Elsewhere: what the sweep is (`sweep`), who appends the rows (`run_writer`).
"""

import difflib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from gsheet_ml_scheduler.errors import CellError, ConfigError
from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, RUN_NAME, Columns, Row
from gsheet_ml_scheduler.runsheet.lifecycle import State, state_of
from gsheet_ml_scheduler.runsheet.selecting import run_label
from gsheet_ml_scheduler.runsheet.values import Scalar

Config = Mapping[str, Scalar]

_LISTED = 5


@dataclass(frozen=True, slots=True)
class Double:
    """A run of the sweep that is the same as another one."""

    config: Config
    of: str
    """Which run, in words."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs of a sweep, sorted out."""

    fresh: Sequence[Config]
    doubles: Sequence[Double]

    @property
    def every(self) -> list[Config]:
        """All runs of the sweep."""
        return [*self.fresh, *(double.config for double in self.doubles)]


def sort_out(columns: Columns, rows: Sequence[Row], configs: Sequence[Config]) -> Plan:
    """Tell which runs of a sweep are new, and which are there already or come twice."""
    keys = list(
        dict.fromkeys(
            [*columns.defaults, *(key for config in configs for key in config if key != RUN_NAME)]
        )
    )
    known = _known(columns, rows, keys)
    fresh: list[Config] = []
    doubles: list[Double] = []
    for number, config in enumerate(configs, start=1):
        resolved = {**columns.defaults, **{k: v for k, v in config.items() if v != ""}}
        identity = _identity(resolved, keys)
        if identity in known:
            doubles.append(Double(config, known[identity]))
        else:
            known[identity] = f"number {number} of these"
            fresh.append(config)
    return Plan(fresh, doubles)


def require_known(columns: Columns, keys: Sequence[str]) -> None:
    """See that every key has a column: a slip of the keyboard would make a new one.

    Raises:
        ConfigError: with what was probably meant.
    """
    missing = columns.missing(keys)
    if not missing:
        return
    near = difflib.get_close_matches(missing[0], columns.defaults, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    named = " and no column ".join(map(repr, missing))
    raise ConfigError(
        f"{columns.sheet}: line 1 has no column {named}. {hint}To add "
        f"{'it' if len(missing) == 1 else 'them'}, say --new-columns."
    )


def require_names_apart(columns: Columns, rows: Sequence[Row], configs: Sequence[Config]) -> None:
    """See that names that are given are given to one run each.

    Raises:
        ConfigError: two runs would have the same name.
    """
    taken = {columns.text(row, columns.run_name) for row in rows}
    for config in configs:
        name = str(config.get(RUN_NAME, ""))
        if name and name in taken:
            raise ConfigError(
                f"{columns.sheet}: two runs would be named {name!r}. Give each a name of its own, "
                "or leave run_name away: runs are numbered then."
            )
        taken.add(name)


def doubles_in_words(doubles: Sequence[Double]) -> list[str]:
    """A line for each of the first runs that are there already."""
    lines = [f"{in_words(double.config)} is {double.of}" for double in doubles[:_LISTED]]
    more = len(doubles) - _LISTED
    return [*lines, *([f"and {more:,} more"] if more > 0 else [])]


def in_words(config: Config) -> str:
    """A config in one line: `lr=0.1 opt=adam`."""
    return " ".join(f"{key}={value}" for key, value in config.items()) or "the defaults"


def _known(
    columns: Columns, rows: Sequence[Row], keys: Sequence[str]
) -> dict[tuple[Hashable, ...], str]:
    """The runs of the sheet by what they train; drafts and rows with a bad cell are none."""
    known: dict[tuple[Hashable, ...], str] = {}
    for run_id, row in enumerate(rows):
        status = columns.text(row, columns.status)
        state = state_of(status, columns.text(row, columns.worker_name))
        if state is State.DRAFT:
            continue
        try:
            config = columns.config_of(row, run_id + FIRST_RUN_ROW)
        except CellError:
            continue
        label = run_label(columns.text(row, columns.run_name), run_id)
        known.setdefault(_identity(config, keys), f"{label}, which is {state.value}")
    return known


def _identity(config: Config, keys: Sequence[str]) -> tuple[Hashable, ...]:
    values = (config.get(key, "") for key in keys)
    return tuple((isinstance(value, bool), value) for value in values)  # TRUE isn't 1
