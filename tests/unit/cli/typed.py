"""A command line as somebody types it, and a queue to type it about."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gspread
from gspread.utils import ValueInputOption, ValueRenderOption
from typer.testing import CliRunner

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli import app


def gsheet_ml(*arguments: Any, **environment: str) -> Any:
    """Run a command in this process; the result has exit_code, stdout and stderr."""
    return CliRunner().invoke(app, [str(it) for it in arguments], env=environment)


def queue_of(path: Path, defaults: Sequence[str], runs: Sequence[Sequence[Any]]) -> Path:
    """A new queue with these hyperparameters and rows."""
    result = gsheet_ml("init", path, *defaults)
    assert result.exit_code == 0, result.output
    if runs:
        sheet_of(path).append_rows(list(runs), value_input_option=ValueInputOption.raw)
    return path


def sheet_of(path: Path) -> gspread.Worksheet:
    """The first tab of a workbook file."""
    return localsheets.open_workbook(path).sheet1


def cells(path: Path) -> list[list[Any]]:
    """Everything, from line 1 on, typed."""
    return sheet_of(path).get(value_render_option=ValueRenderOption.unformatted)
