"""Runs ranked by a metric. Pure.

Decided here: which cells count as results, which end of a metric is the good one if nobody says
so, and what runs that differ only in their seed amount to. Elsewhere: how it is shown (`looking`).
"""

import math
import re
import statistics
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, Columns, Row, require_columns
from gsheet_ml_scheduler.runsheet.lifecycle import state_of
from gsheet_ml_scheduler.runsheet.selecting import run_label
from gsheet_ml_scheduler.runsheet.values import Scalar, from_cell

_LOWER_IS_BETTER = re.compile(
    r"(?:^|[^a-z])(?:loss|err|error|errors|mae|mse|rmse|nll|bce|perplexity|ppl|wer|cer|fid)"
    r"(?:$|[^a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A run, or several that differ only in one key, with the result.

    `spread` is the standard deviation of several; 0 for one.
    """

    names: tuple[str, ...]
    status: str
    value: float
    spread: float
    config: dict[str, Scalar]


def lower_is_better(metric: str) -> bool:
    """Whether a metric's name says that small is good: `loss`, `val_error`, `rmse`."""
    return _LOWER_IS_BETTER.search(metric) is not None


def ranking(
    columns: Columns, rows: Sequence[Row], metric: str, *, lowest: bool, over: str | None = None
) -> list[Ranked]:
    """The runs that have a number in the metric's column, the best first.

    Args:
        columns: lines 1 and 2.
        rows: the run rows of the same answer.
        metric: the column.
        lowest: whether small is good.
        over: a key such as `seed`: runs that differ in nothing else become one, with their mean.

    Raises:
        ConfigError: there is no such column.
    """
    require_columns(columns, [metric] if over is None else [metric, over])
    found = [it for run_id, row in enumerate(rows) if (it := _run(columns, row, run_id, metric))]
    if over is not None:
        found = _together(found, over)
    return sorted(found, key=lambda it: it.value if lowest else -it.value)


def telling_keys(ranked: Sequence[Ranked]) -> list[str]:
    """The keys in which the runs differ; the others say nothing about which is better."""
    keys = dict.fromkeys(key for it in ranked for key in it.config)
    return [key for key in keys if len({_identity(it.config.get(key, "")) for it in ranked}) > 1]


def _run(columns: Columns, row: Row, run_id: int, metric: str) -> Ranked | None:
    at = columns.ids[metric]
    value = from_cell(row[at], columns.rules) if at < len(row) else ""
    if isinstance(value, bool | str) or not math.isfinite(value):
        return None
    config, _ = columns.usable_config_of(row, run_id + FIRST_RUN_ROW, {})
    config.pop(metric, None)
    status = columns.text(row, columns.status)
    worker = columns.text(row, columns.worker_name)
    label = columns.text(row, columns.run_name) or run_label("", run_id)
    return Ranked((label,), state_of(status, worker).value, float(value), 0.0, config)


def _together(runs: Sequence[Ranked], over: str) -> list[Ranked]:
    groups: dict[tuple[Hashable, ...], list[Ranked]] = {}
    for it in runs:
        rest = tuple((k, *_identity(v)) for k, v in it.config.items() if k != over)
        groups.setdefault(rest, []).append(it)
    return [_one_of(group, over) for group in groups.values()]


def _one_of(group: Sequence[Ranked], over: str) -> Ranked:
    values = [it.value for it in group]
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    states = list(dict.fromkeys(it.status for it in group))
    config = {key: value for key, value in group[0].config.items() if key != over}
    names = tuple(name for it in group for name in it.names)
    return Ranked(names, ", ".join(states), statistics.fmean(values), spread, config)


def _identity(value: Scalar) -> tuple[bool, Scalar]:
    return (isinstance(value, bool), value)
