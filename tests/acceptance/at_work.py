"""`gsheet-ml work` as a user starts it: real processes, a queue in a file or behind HTTP."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gspread
from gspread.utils import ValueRenderOption

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.agent.folders import safe_name
from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter

GSHEET_ML = str(Path(sys.executable).with_name("gsheet-ml"))
PYTHON = sys.executable
PATIENCE = 90.0  # seconds; an idle machine needs a tenth of it
LIGHT = [PYTHON, "-S", "-I"]
"""A Python that starts fast."""


def until(holds: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait for something that will be so."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "it didn't happen"
        time.sleep(0.03)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped doesn't."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")


@dataclass
class Queue:
    """A queue of runs, as a user names it and as somebody has it open."""

    location: str
    editor: gspread.Spreadsheet

    def fill(self, features: Sequence[str], *configs: Mapping[str, Any], **defaults: Any) -> None:
        """Lines 1 and 2, and a ready run for each config."""
        keys = list(defaults)
        header = ["run_name", "status", "worker_name", *keys, *features]
        line2 = ["", "N/A", "N/A", *defaults.values(), *["N/A"] * len(features)]
        self.editor.sheet1.update([header, line2], raw=True)
        if configs:
            GSheetMLRunWriter(self.location).write_runs([dict(config) for config in configs])

    def rows(self) -> list[dict[str, Any]]:
        """The run rows by column."""
        header, _, *rows = self.editor.sheet1.get(value_render_option=ValueRenderOption.unformatted)
        return [dict(zip(header, [*row, *[""] * len(header)])) for row in rows]

    def row(self, name: str) -> dict[str, Any]:
        """One run."""
        return next(row for row in self.rows() if str(row["run_name"]) == name)

    def statuses(self) -> list[str]:
        """What the runs say."""
        return [str(row["status"]) for row in self.rows()]

    def write(self, name: str, **cells: Any) -> None:
        """Somebody types into a run's row."""
        sheet = self.editor.sheet1
        header = sheet.row_values(1)
        line = [str(it) for it in sheet.col_values(1)].index(name) + 1
        for key, value in cells.items():
            cell = gspread.utils.rowcol_to_a1(line, header.index(key) + 1)
            sheet.update([[value]], cell, raw=True)


@dataclass
class Agent:
    """A running `gsheet-ml work`."""

    process: subprocess.Popen[str]
    folder: Path
    output: Path
    _code: int | None = field(default=None)

    @property
    def said(self) -> str:
        """What it has printed."""
        return self.output.read_text()

    def says(self, words: str) -> None:
        """Waits until it has said so."""
        until(lambda: words in self.said or self.process.poll() is not None)
        assert words in self.said, self.said

    def wait(self, patience: float = PATIENCE) -> int:
        """Its exit code."""
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it didn't end: {self.said}") from None

    def signal(self, number: int) -> None:
        """Sends it a signal."""
        self.process.send_signal(number)

    def run_dir(self, name: str) -> Path:
        """The directory of the run with that name."""
        start = safe_name(name, "")
        found = [it for it in (self.folder / "runs").iterdir() if it.name.startswith(start)]
        assert len(found) == 1, found
        return found[0]

    def log(self, name: str) -> str:
        """What a run's script has printed."""
        path = self.run_dir(name) / "output.log"
        return path.read_text(errors="replace") if path.exists() else ""


@contextlib.contextmanager
def at_work(
    queue: Queue,
    folder: Path,
    *words: str,
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> Iterator[Agent]:
    """An agent with that command, in that folder; none is left afterwards."""
    output = folder / "agent-output"
    number = 1
    while output.exists():
        number += 1
        output = folder / f"agent-output-{number}"
    with output.open("w") as file:
        process = subprocess.Popen(
            [GSHEET_ML, "work", queue.location, *words, "--", *command],
            cwd=folder,
            env={**os.environ, "COLUMNS": "200", **(environment or {})},
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield Agent(process, folder, output)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
        process.kill()
        process.wait()


def work(
    queue: Queue,
    folder: Path,
    *words: str,
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str, Agent]:
    """An agent from its start to its end: its exit code, what it said, and where."""
    with at_work(queue, folder, *words, command=command, environment=environment) as agent:
        code = agent.wait()
        return code, agent.said, agent


def in_file(folder: Path) -> Queue:
    """A queue in a workbook file."""
    path = folder / "runs.sheet"
    return Queue(str(path), localsheets.open_workbook(path, create=True))


def script(folder: Path, text: str, name: str = "train.py") -> str:
    """A training script; its path."""
    path = folder / name
    path.write_text(text)
    return str(path)
