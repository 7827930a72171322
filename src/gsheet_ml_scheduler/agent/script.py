"""What a script that an agent has started sees of its run: `current_run()`.

Decided here: the live config, metrics and stop requests inside a script, all through the files of
the run directory, so that a script needs no access to the sheet. A full disk costs a metric, never
the training. Elsewhere: the files (`folders`, `metric_lines`), who fills and reads them (`jobs`);
scripts that claim their runs themselves use `GSheetMLScheduler`.
"""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sized
from pathlib import Path
from typing import Any, TypeVar

from gsheet_ml_scheduler.agent import folders, metric_lines
from gsheet_ml_scheduler.errors import ConfigError, NoRunningRunError

T = TypeVar("T")

_STATUS_SECONDS = 1.0


def current_run() -> "CurrentRun":
    """The run that this script was started for.

    Raises:
        NoRunningRunError: no agent has started this script.
    """
    place = os.environ.get(folders.RUN_DIR)
    if not place:
        raise NoRunningRunError(
            f"current_run() works in a script that an agent has started, but {folders.RUN_DIR} "
            "isn't set. Start the script with: gsheet-ml work LOCATION -- python train.py. A "
            "script that claims its runs itself uses GSheetMLScheduler(LOCATION).runs()."
        )
    return CurrentRun(Path(place), os.environ)


class CurrentRun:
    """One run, as its script sees it."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        """See `current_run`."""
        self._files = folders.RunFolder(path)
        self._environment = environment
        self._config: dict[str, Any] = {}
        self._seen: tuple[int, int] | None = None
        self._follows = False
        self._is_told = False

    @property
    def name(self) -> str:
        """The run's name, always text."""
        return self._environment.get(folders.RUN_NAME, self._files.path.name)

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1; a later one finds what the earlier left in `folder`."""
        return int(self._environment.get(folders.ATTEMPT, "1"))

    @property
    def folder(self) -> Path:
        """The run's directory, the same for every attempt: the place for checkpoints."""
        return self._files.path

    @property
    def config(self) -> dict[str, Any]:
        """The live config, without the keys that are blank; a copy."""
        try:
            stat = self._files.config.stat()
            if (stat.st_mtime_ns, stat.st_ino) != self._seen:
                self._config = json.loads(self._files.config.read_text(encoding="utf-8"))
                self._seen = (stat.st_mtime_ns, stat.st_ino)
        except (OSError, ValueError) as error:
            self._tell_once(f"{self._files.config} can't be read: {error}. The last config holds.")
        return dict(self._config)

    @property
    def stop_requested(self) -> bool:
        """Whether somebody asked the run to stop.

        A script that asks is left the time to end by itself: no signal comes before ten times the
        agent's grace time is over.
        """
        if not self._follows:
            self._follows = True
            try:
                self._files.follower.touch()
            except OSError as error:
                self._tell_once(f"{self._files.follower} can't be made: {error.strerror}.")
        return self._files.stop_request.exists()

    def log(self, **metrics: Any) -> None:
        """Logs metrics; the agent writes the last value of each into the column of its name.

        Args:
            metrics: numbers, bools or text by name; NumPy and Torch scalars are numbers.

        Raises:
            ConfigError: a name begins with `_`, or a value is no number, bool or text.
        """
        from gsheet_ml_scheduler.runsheet.values import metric_cell  # here: it loads all locales

        cells: dict[str, Any] = {}
        for name, value in metrics.items():
            if name.startswith("_"):
                raise ConfigError(f"run {self.name}: a metric's name can't begin with _: {name!r}.")
            try:
                cells[name] = metric_cell(value)
            except TypeError as error:
                raise ConfigError(
                    f"run {self.name}: the metric {name!r} can't be logged: {error}. Log one "
                    "number for each name."
                ) from error
        self._append(cells)

    def status(self, text: str) -> None:
        """Shows a text of the script's own in the run's status cell: `epoch 3 of 10`."""
        self._append({metric_lines.STATUS: str(text)})

    def track(self, iterable: Iterable[T]) -> Iterator[T]:
        """Goes through an iterable and shows the progress in the status cell.

        Ends early when the run is asked to stop.
        """
        total = f"/{len(iterable)}" if isinstance(iterable, Sized) else ""
        due = time.monotonic()
        for number, item in enumerate(iterable, start=1):
            yield item
            if self.stop_requested:
                return
            if time.monotonic() >= due:
                due = time.monotonic() + _STATUS_SECONDS
                self.status(f"{number}{total}")

    def _append(self, values: Mapping[str, Any]) -> None:
        line = json.dumps({metric_lines.TIME: round(time.time(), 3), **values}) + "\n"
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            file = os.open(self._files.metrics, flags, 0o644)
            try:
                os.write(file, line.encode())
            finally:
                os.close(file)
        except OSError as error:
            self._tell_once(
                f"{self._files.metrics} can't be written: {error.strerror}. Metrics are lost until "
                "it can."
            )

    def _tell_once(self, sentence: str) -> None:
        if not self._is_told:
            self._is_told = True
            sys.stderr.write(f"gsheet-ml-scheduler: {sentence}\n")
