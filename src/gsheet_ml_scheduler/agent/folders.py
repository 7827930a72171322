"""The directory of a run: its name, what lies in it, and how its files are replaced.

Decided here: the file names, the environment variables by which a script finds them, and that a
reader never meets half a file. The directory is named by the run's name and its id, so that another
attempt finds what the last one left. Used in the agent, its supervisors and the scripts alike;
hence only Python's own library. Elsewhere: when something is written (`working`), what the lines of
`metrics.jsonl` mean (`metric_lines`).
"""

import contextlib
import json
import os
import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN_DIR = "GSHEET_ML_RUN_DIR"
RUN_NAME = "GSHEET_ML_RUN_NAME"
ATTEMPT = "GSHEET_ML_ATTEMPT"

_LONGEST_NAME = 80  # bytes; a path may hold 255 in one part
_KEPT_SIGNS = frozenset("._=+,@-")


def safe_name(run_name: str, run_id: str) -> str:
    """The name of a run's directory: `a long one` and `3f9a` make `a_long_one-3f9a`.

    Letters and digits of any language stay, and a few signs; whatever could mean something to a
    file system or a shell becomes `_`. The id alone tells runs apart.
    """
    start = _kept(run_name).lstrip(".-_") or "run"
    cut = start.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"{cut}-{_kept(run_id)}"


def _kept(text: str) -> str:
    plain = unicodedata.normalize("NFC", text)
    return "".join(sign if sign.isalnum() or sign in _KEPT_SIGNS else "_" for sign in plain)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The directory of one run."""

    path: Path

    @property
    def config(self) -> Path:
        """The live config, without blanks."""
        return self.path / "config.json"

    @property
    def output(self) -> Path:
        """What the script printed."""
        return self.path / "output.log"

    @property
    def metrics(self) -> Path:
        """What the script logged: a JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def provenance(self) -> Path:
        """What the run was started from."""
        return self.path / "provenance.json"

    @property
    def changes(self) -> Path:
        """The uncommitted changes that it was started with."""
        return self.path / "changes.diff"

    @property
    def stop_request(self) -> Path:
        """Is there while the script is asked to stop."""
        return self.path / "stop"

    @property
    def follower(self) -> Path:
        """Is there once the script has asked whether it is to stop: it ends by itself."""
        return self.path / "follows-stop"

    def make(self) -> None:
        """The directory, if it isn't there, without the requests to an earlier attempt.

        Raises:
            OSError: it can't be made.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        for mark in (self.stop_request, self.follower):
            mark.unlink(missing_ok=True)

    def variables(self, run_name: str, attempt: int) -> dict[str, str]:
        """What a script's environment says about its run."""
        return {RUN_DIR: str(self.path), RUN_NAME: run_name, ATTEMPT: str(attempt)}


def replace_text(path: Path, text: str) -> None:
    """A file with that text, in place of what was there; no reader meets half of it.

    Raises:
        OSError: it can't be written; what was there is left.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def replace_json(path: Path, values: Mapping[str, Any]) -> None:
    """A JSON file with those values; see `replace_text`."""
    replace_text(path, json.dumps(values, indent=2) + "\n")
