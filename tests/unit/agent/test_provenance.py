"""What a run was started from, found out of a real repository."""

import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from gsheet_ml_scheduler.agent import provenance
from gsheet_ml_scheduler.agent.provenance import Code, Packages, code_of, packages_of, record


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=Eva", "-c", "user.email=eva@example.org"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "train.py").write_text("lr = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def test_a_clean_repository_is_its_commit(repository: Path) -> None:
    assert code_of(repository) == Code(git(repository, "rev-parse", "HEAD"), "main")


def test_uncommitted_changes_are_kept_so_that_they_can_be_applied_again(repository: Path) -> None:
    (repository / "train.py").write_bytes(b"lr = 2  # \xff\n")
    (repository / "weights.bin").write_bytes(bytes(range(256)))
    git(repository, "add", "weights.bin")
    (repository / "notes").write_text("mine")
    code = code_of(repository)
    assert (code.is_dirty, code.untracked, code.problem) == (True, ("notes",), "")
    changed = (repository / "train.py").read_bytes()
    git(repository, "reset", "-q", "--hard")
    subprocess.run(["git", "apply"], input=code.diff, cwd=repository, check=True)
    assert (repository / "train.py").read_bytes() == changed
    assert (repository / "weights.bin").read_bytes() == bytes(range(256))


def test_files_that_git_does_not_know_make_nothing_dirty(repository: Path) -> None:
    (repository / "runs").mkdir()
    (repository / "runs" / "output.log").write_text("x")
    code = code_of(repository)
    assert (code.is_dirty, code.untracked, code.diff) == (False, ("runs/",), b"")


def test_a_file_that_was_renamed_is_a_change_and_its_old_name_no_entry(repository: Path) -> None:
    git(repository, "mv", "train.py", "? trick.py")
    git(repository, "switch", "-q", "--detach")
    code = code_of(repository)
    assert (code.is_dirty, code.untracked, code.branch) == (True, (), "(detached)")
    assert b"rename to " in code.diff


def test_a_huge_change_is_cut_and_says_so(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "LONGEST_DIFF", 100)
    (repository / "train.py").write_text("x = 1\n" * 1000)
    diff = code_of(repository).diff
    assert diff.endswith(b"[gsheet-ml: the rest is left out]\n")
    assert len(diff) < 200


def test_without_a_repository_the_reason_is_kept(tmp_path: Path) -> None:
    assert "not a git repository" in code_of(tmp_path).problem


def test_a_repository_without_a_commit_is_a_reason_too(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert code_of(tmp_path).problem == "the repository has no commit yet"


def test_without_git_the_reason_is_kept(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert code_of(repository) == Code(problem="git isn't installed")


def test_the_packages_are_those_of_the_python_that_the_command_starts(tmp_path: Path) -> None:
    own = packages_of(sys.executable)
    assert own.versions["gspread"].startswith("6.")
    other = tmp_path / "python-of-a-script"
    other.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    other.chmod(0o755)
    asked = packages_of(str(other))
    assert (asked.problem, asked.python) == ("", own.python)
    assert "gspread" not in asked.versions  # -S: it sees no site-packages


def test_a_python_that_does_not_answer_is_a_reason(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert packages_of(str(broken)).problem == f"{broken} didn't say: CalledProcessError"
    assert "FileNotFoundError" in packages_of(str(tmp_path / "python3")).problem


def test_a_record_says_everything_in_plain_values() -> None:
    found = record(
        code=Code("c0ffee", "main", True, ("notes",), b"+x"),
        packages=Packages("3.11.7", {"torch": "2.9", "Babel": "2"}),
        arguments=["python", "train.py", "--lr=0.1"],
        folder=Path("/work"),
        started=datetime(2026, 11, 22, 10, 15, tzinfo=timezone.utc),
        facts={"run_name": "3", "attempt": 2},
    )
    assert found["git"] == {
        "commit": "c0ffee",
        "branch": "main",
        "dirty": True,
        "untracked": ["notes"],
        "diff_bytes": 2,
    }
    assert (found["run_name"], found["attempt"]) == ("3", 2)
    assert found["started"] == "2026-11-22T10:15:00+00:00"
    assert list(found["packages"]) == ["Babel", "torch"]
    assert found["command"] == ["python", "train.py", "--lr=0.1"]
    assert found["host"] and found["platform"]
