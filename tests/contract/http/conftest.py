"""A served workbook, and a plain HTTP client that adds nothing of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gsheet_ml_scheduler import localsheets
from tests.contract.http.plain import Plain
from tests.served import Served, served


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A workbook file with a header and a row."""
    path = tmp_path / "runs.sheet"
    spreadsheet = localsheets.open_workbook(path, create=True)
    spreadsheet.sheet1.update([["lr", "epochs"], [0.5, 10]], "A1")
    return path


@pytest.fixture
def server(workbook: Path) -> Iterator[Served]:
    """The workbook, served with a token."""
    with served(workbook) as running:
        yield running


@pytest.fixture
def plain(server: Served) -> Iterator[Plain]:
    """A connection that shows the token."""
    with Plain(server) as connection:
        yield connection
