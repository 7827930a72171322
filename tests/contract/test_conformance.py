"""Localsheets answers as Google did: recorded requests are sent again and answers compared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFORMANCE = ROOT.parent / "shared" / "conformance" / "conformance.py"


@pytest.mark.skipif(
    not CONFORMANCE.exists(), reason=f"the recordings of Google's answers aren't at {CONFORMANCE}"
)
@pytest.mark.parametrize("how", [[], ["--strict"]], ids=["as it comes", "without tolerances"])
def test_every_recorded_answer_of_google_is_given_again(how: list[str], tmp_path: Path) -> None:
    factory = "tests.contract.localsheets.api:a_new_drive"
    command = [sys.executable, str(CONFORMANCE), "replay", "--client-factory", factory, "--quiet"]
    found = subprocess.run(
        [*command, *how],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # where the factory makes its folder
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert found.returncode == 0, found.stdout + found.stderr
