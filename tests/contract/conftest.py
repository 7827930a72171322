"""One suite for every kind of location."""

from collections.abc import Iterator
from pathlib import Path

import gspread
import pytest

from gsheet_ml_scheduler import localsheets
from tests.contract.watching import Queue, no_more
from tests.served import Served, served


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Served]]:
    """A folder, and its server: one for all tests, each of which has a workbook of its own."""
    folder = tmp_path_factory.mktemp("served")
    with served(folder) as server:
        yield folder, server


@pytest.fixture(params=["file", "http"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, gspread.Spreadsheet]:
    """An empty workbook, as a user names it, and as somebody has it open."""
    if request.param == "file":
        path = tmp_path / "runs.sheet"
        return str(path), localsheets.open_workbook(path, create=True)
    folder, server = request.getfixturevalue("shared_server")
    made = localsheets.open_workbook(folder / f"{tmp_path.name}.sheet", create=True)
    own = Served(server.base, server.token, (made.id,))
    return own.location, own.spreadsheet(user_agent="editor")


@pytest.fixture
def location(place: tuple[str, gspread.Spreadsheet]) -> str:
    """An empty workbook, as a user names it."""
    return place[0]


@pytest.fixture
def queue(place: tuple[str, gspread.Spreadsheet]) -> Iterator[Queue]:
    """The workbook with three ready runs."""
    location, editor = place
    queue = Queue(location, editor).fill(
        ["1", "ready"], ["2", "ready", "", "", 0.0001], ["3", "ready", "", 3, 5e-05]
    )
    yield queue
    for scheduler in queue.schedulers:
        no_more(scheduler)
