"""A spreadsheet for a test of the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.localsheets.api import Api, new_api


@pytest.fixture
def api(tmp_path: Path) -> Api:
    """A new spreadsheet in a folder of its own."""
    return new_api(tmp_path)
