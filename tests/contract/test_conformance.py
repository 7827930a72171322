"""Localsheets answers as Google did: recorded requests are sent again and answers compared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import served

ROOT = Path(__file__).parents[2]
CONFORMANCE = ROOT.parent / "shared" / "conformance" / "conformance.py"

pytestmark = pytest.mark.skipif(
    not CONFORMANCE.exists(), reason=f"the recordings of Google's answers aren't at {CONFORMANCE}"
)


def replay(folder: Path, *options: str) -> None:
    """Send everything that was recorded again, and see compare the answers with Google's."""
    found = subprocess.run(
        [sys.executable, str(CONFORMANCE), "replay", "--quiet", "--strict", *options],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},  # where the factory makes its folder
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_recorded_answer_of_google_is_given_again(tmp_path: Path) -> None:
    replay(tmp_path, "--client-factory", "tests.contract.localsheets.api:a_new_drive")


def test_every_recorded_answer_is_given_over_http_too(tmp_path: Path) -> None:
    with served(tmp_path, token=None) as server:
        replay(tmp_path, "--base", server.base)
