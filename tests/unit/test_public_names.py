"""The public face is listed, and each name of the list is there."""

import subprocess
import sys

import pytest

import gsheet_ml_scheduler
from gsheet_ml_scheduler import sweep


def test_the_public_names_are_these() -> None:
    assert gsheet_ml_scheduler.__all__ == [
        "DistributedScheduler",
        "GSheetMLError",
        "GSheetMLRunWriter",
        "GSheetMLScheduler",
        "Run",
        "current_run",
    ]
    for name in gsheet_ml_scheduler.__all__:
        assert getattr(gsheet_ml_scheduler, name).__name__ == name
        assert name in dir(gsheet_ml_scheduler)


def test_the_public_names_of_sweeps_are_these() -> None:
    assert sweep.__all__ == [
        "Choices",
        "Interval",
        "grid",
        "paired",
        "parse_values",
        "sampled",
        "with_seeds",
    ]
    assert all(getattr(sweep, name).__name__ == name for name in sweep.__all__)


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Scheduler'"):
        _ = gsheet_ml_scheduler.Scheduler


def test_the_sheets_api_is_used_without_loading_the_scheduler() -> None:
    program = (
        "import sys, gsheet_ml_scheduler.localsheets\n"
        "sys.exit('gsheet_ml_scheduler.scheduler' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
