"""Workbooks to copy, and what is in them afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gsheet_ml_scheduler import localsheets
from tests.contract.transfer.contents import Contents, contents_of
from tests.served import Served


@pytest.fixture
def contents() -> Callable[[Path], Contents]:
    """What a workbook file holds."""
    return lambda path: contents_of(localsheets.open_workbook(path))


@pytest.fixture(params=["file", "http"])
def empty_target(
    request: pytest.FixtureRequest, tmp_path: Path
) -> tuple[str, Callable[[], Contents]]:
    """An empty workbook that is there already: how a user names it, and a look into it."""
    if request.param == "file":
        path = tmp_path / "target.sheet"
        found = localsheets.open_workbook(path, create=True)
        return str(path), lambda: contents_of(found)
    folder, server = request.getfixturevalue("shared_server")
    made = localsheets.open_workbook(folder / f"{tmp_path.name}-target.sheet", create=True)
    own = Served(server.base, server.token, (made.id,))
    return own.location, lambda: contents_of(own.spreadsheet())
