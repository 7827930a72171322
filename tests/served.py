"""A workbook served for a test: by a real uvicorn on a free port, in a thread or as a process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gspread
import requests
from starlette.types import ASGIApp

from gsheet_ml_scheduler import server
from gsheet_ml_scheduler.connect.client import Bearer, SheetsClient

TOKEN = "a-token-for-tests-4711"
PROGRAM = Path(sys.executable).with_name("gsheet-ml")


@dataclass(frozen=True)
class Served:
    """Where workbooks are served, and how to get in."""

    base: str
    token: str | None
    keys: tuple[str, ...]

    @property
    def port(self) -> int:
        """The server's port on 127.0.0.1."""
        return int(self.base.rpartition(":")[2])

    @property
    def key(self) -> str:
        """The id of the only workbook."""
        (key,) = self.keys
        return key

    @property
    def location(self) -> str:
        """What a user gives to GSheetMLScheduler."""
        query = f"?token={self.token}" if self.token else ""
        return f"{self.base}/spreadsheets/d/{self.key}{query}"

    def client(self, *, user_agent: str = "test") -> SheetsClient:
        """A gspread HTTP client for the server."""
        session = requests.Session()
        session.headers["User-Agent"] = user_agent
        if self.token:
            session.auth = Bearer(self.token)
        return SheetsClient(session, api_base=self.base)

    def spreadsheet(self, *, user_agent: str = "test") -> gspread.Spreadsheet:
        """The only workbook."""
        return gspread.Spreadsheet(self.client(user_agent=user_agent), {"id": self.key})


@contextmanager
def served(
    path: Path,
    *,
    token: str | None = TOKEN,
    shelf: server.Shelf | None = None,
    behind: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Iterator[Served]:
    """Serve a workbook file, or a folder of them, while the block runs; `behind` a middleware."""
    shelf = shelf or server.Shelf(path)
    listener = server.listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = server.build_app(shelf, server.door_for("127.0.0.1", (), token))
    running = server.Server(behind(app))
    failed: list[BaseException] = []

    def run() -> None:
        try:
            running.run(sockets=[listener])
        except BaseException as error:  # the test's own thread raises it
            failed.append(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Served(base, token, tuple(shelf.titles()))
    finally:
        running.should_exit = True
        thread.join()
    assert not failed


@contextmanager
def serving_process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """`gsheet-ml serve …` as a process of its own; killed at the end if it still runs."""
    inherited = {name: value for name, value in os.environ.items() if name != "GSHEET_ML_TOKEN"}
    with subprocess.Popen(
        [str(PROGRAM), "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**inherited, **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()
