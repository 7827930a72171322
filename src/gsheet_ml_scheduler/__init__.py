"""A spreadsheet as the live run queue of machine-learning experiments.

The public names are those listed here, those of `gsheet_ml_scheduler.errors` and
`gsheet_ml_scheduler.sweep`, and `gsheet_ml_scheduler.localsheets.open_workbook`; everything else
may change. Scripts written for the original import `gsheet_ml_scheduler.scheduler` and
`gsheet_ml_scheduler.run_writer`, as before.

A name is loaded when it is asked for, so that `localsheets` can be used without the scheduler and
the command line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gsheet_ml_scheduler.agent.script import current_run
    from gsheet_ml_scheduler.distributed import DistributedScheduler
    from gsheet_ml_scheduler.errors import GSheetMLError
    from gsheet_ml_scheduler.run import Run
    from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter
    from gsheet_ml_scheduler.scheduler import GSheetMLScheduler

__all__ = [
    "DistributedScheduler",
    "GSheetMLError",
    "GSheetMLRunWriter",
    "GSheetMLScheduler",
    "Run",
    "current_run",
]

_ROOMS = {
    "DistributedScheduler": "distributed",
    "GSheetMLError": "errors",
    "GSheetMLRunWriter": "run_writer",
    "GSheetMLScheduler": "scheduler",
    "Run": "run",
    "current_run": "agent.script",
}


def __getattr__(name: str) -> Any:
    """A public name, loaded now."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
