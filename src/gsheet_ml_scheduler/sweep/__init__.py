"""Sweeps: from `lr=0.1,0.01 hidden=range(32,129,32)` to the configs of many runs. Pure.

Decided in this package: what a key's text means (`grammar`, which is Hydra's as far as it goes),
what a key can be (`space`), how keys are combined (`combining`) and how points are drawn
(`drawing`). Nothing is read or written here. Elsewhere: who appends the runs (`run_writer`).
"""

from gsheet_ml_scheduler.sweep.combining import grid, paired, sampled, with_seeds
from gsheet_ml_scheduler.sweep.grammar import parse_values
from gsheet_ml_scheduler.sweep.space import Choices, Interval

__all__ = ["Choices", "Interval", "grid", "paired", "parse_values", "sampled", "with_seeds"]
