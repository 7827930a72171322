"""What a run was started from: host, commit, uncommitted changes, command, package versions.

Decided here: what is recorded, how much of it, and that none of it can keep a run from starting:
what can't be found out is left out, with the reason. Elsewhere: where it is written (`folders`),
the columns `host`, `started` and `duration` (`queue`).
"""

import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

LONGEST_DIFF = 10_000_000  # bytes
MOST_FILES = 1000
_SECONDS = 15.0
_ASK = (
    "import json; from importlib import metadata; "
    "print(json.dumps({d.metadata['Name']: d.version for d in metadata.distributions() "
    "if d.metadata['Name']}))"
)


@dataclass(frozen=True, slots=True)
class Code:
    """The state of the working directory's repository."""

    commit: str = ""
    branch: str = ""
    is_dirty: bool = False
    untracked: tuple[str, ...] = ()
    diff: bytes = b""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Packages:
    """Which package versions a Python has, by name."""

    python: str
    versions: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def record(
    *,
    code: Code,
    packages: Packages,
    arguments: Sequence[str],
    folder: Path,
    started: datetime,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """What goes into `provenance.json`.

    Args:
        code: the repository's state.
        packages: of the script's Python.
        arguments: the script's process.
        folder: the directory that it was started in.
        started: when.
        facts: what else is known of the run: its name, its attempt, its worker.
    """
    git: dict[str, Any] = (
        {"problem": code.problem}
        if code.problem
        else {
            "commit": code.commit,
            "branch": code.branch,
            "dirty": code.is_dirty,
            "untracked": list(code.untracked),
            "diff_bytes": len(code.diff),
        }
    )
    return {
        **facts,
        "started": started.astimezone(timezone.utc).isoformat(timespec="seconds"),
        "host": platform.node(),
        "platform": platform.platform(),
        "command": list(arguments),
        "directory": str(folder),
        "git": git,
        "python": packages.python,
        "packages": dict(sorted(packages.versions.items(), key=lambda item: item[0].lower())),
        **({"packages_problem": packages.problem} if packages.problem else {}),
    }


def code_of(folder: Path) -> Code:
    """The state of the repository that a directory belongs to."""
    try:
        found = parse_status(_git(folder, "status", "--porcelain=v2", "--branch", "-z"))
        if found.is_dirty and not found.problem:
            return replace(found, diff=_cut(_git(folder, "diff", "--binary", "HEAD")))
    except FileNotFoundError:
        return Code(problem="git isn't installed")
    except subprocess.TimeoutExpired:
        return Code(problem=f"git took longer than {_SECONDS:g} s")
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        return Code(problem=said[0] if said else f"git ended with {error.returncode}")
    return found


def parse_status(answer: bytes) -> Code:
    """What `git status --porcelain=v2 --branch -z` says.

    Only changes of files that git knows make it dirty; the others are listed, results among them.
    """
    facts: dict[str, str] = {}
    untracked: list[str] = []
    is_dirty = False
    entries = iter(answer.decode(errors="replace").split("\0"))
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        if kind == "#":
            name, _, facts[name] = rest.partition(" ")
        elif kind == "?":
            untracked.append(rest)
        elif kind in ("1", "2", "u"):
            is_dirty = True
            if kind == "2":
                next(entries, None)  # where a renamed file was before
    commit = facts.get("branch.oid", "")
    if not commit or commit.startswith("("):
        return Code(problem="the repository has no commit yet")
    files = tuple(untracked[:MOST_FILES])
    return Code(commit, facts.get("branch.head", ""), is_dirty, files)


def packages_of(program: str) -> Packages:
    """The packages of the Python that a command starts with; of this one, if it starts another.

    Args:
        program: the first word of the command.
    """
    if "python" not in Path(program).name.lower() or Path(program) == Path(sys.executable):
        versions = {d.metadata["Name"]: d.version for d in metadata.distributions()}
        return Packages(sys.version.split()[0], {k: v for k, v in versions.items() if k})
    try:
        answer = _run([program, "-c", "import sys; print(sys.version.split()[0])\n" + _ASK])
        version, _, versions_text = answer.decode().partition("\n")
        return Packages(version, json.loads(versions_text))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Packages("", problem=f"{program} didn't say: {type(error).__name__}")


def _git(folder: Path, *words: str) -> bytes:
    return _run(["git", "--no-optional-locks", "-C", str(folder), *words])


def _run(words: Sequence[str]) -> bytes:
    done = subprocess.run(  # noqa: S603 - git, or the Python that the user starts anyway
        list(words), capture_output=True, timeout=_SECONDS, check=True, stdin=subprocess.DEVNULL
    )
    return done.stdout


def _cut(diff: bytes) -> bytes:
    if len(diff) <= LONGEST_DIFF:
        return diff
    return diff[:LONGEST_DIFF] + b"\n[gsheet-ml: the rest is left out]\n"
