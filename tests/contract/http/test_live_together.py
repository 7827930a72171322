"""Three pages and a script edit at once: all see the same in the end, and nobody's edit is lost.

The pages name lines by their ids, find them again when they have moved, and send again what may
have got lost: the rules that the protocol gives to pages, and nothing more.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets.a1 import column_letters
from gsheet_ml_scheduler.localsheets.storage import entries as log
from gsheet_ml_scheduler.localsheets.storage.store import Store
from tests.contract.http.plain import Answer, Plain
from tests.live import Grid, snapshot, watching
from tests.served import Served

Json = dict[str, Any]
EDITS = 40
WIDTH, HEIGHT = 6, 30


class Page:
    """One page at work."""

    def __init__(self, server: Served, name: str, seed: int) -> None:
        self.server = server
        self.name = name
        self.rng = random.Random(seed)
        self.grid = Grid(snapshot(server))
        self.known = (self.grid.revision, self.grid.cursor)  # on which its next indexes stand
        self.entered: list[tuple[int, int, str]] = []  # row id, column id, text
        self.conflicts = 0
        self.batches = 0

    def work(self) -> None:
        """Edit, and follow meanwhile."""
        with Plain(self.server) as plain, watching(self.server, self.grid.cursor) as feed:
            for number in range(EDITS):
                if self.rng.random() < 0.2:
                    self._send(plain, self._line_request)
                else:
                    self._enter(plain, f"{self.name} {number}")
                while True:  # what has come meanwhile
                    try:
                        self.grid.apply(feed.message(0.001))
                    except TimeoutError:
                        break
            self.end = self.known[0]
            final = Grid(snapshot(self.server)).revision
            feed.follow(self.grid, final)

    def _enter(self, plain: Plain, text: str) -> None:
        rows = self.grid.lines[0, "ROWS"]
        row, column = self.rng.choice(rows[:HEIGHT]), self.rng.randrange(WIDTH)

        def request() -> Json | None:
            lines = self.grid.lines[0, "ROWS"]
            if row not in lines:
                return None  # somebody deleted it
            a1 = f"{column_letters(column)}{lines.index(row) + 1}"
            return {"valueInputOption": "RAW", "data": [{"range": a1, "values": [[text]]}]}

        if self._send(plain, request, "/values:batchUpdate"):
            self.entered.append((row, column, text))

    def _line_request(self) -> Json:
        at = self.rng.randrange(HEIGHT)
        line = {"sheetId": 0, "dimension": "ROWS", "startIndex": at, "endIndex": at + 1}
        kind = self.rng.choice(["insert", "move", "delete"])
        if kind == "insert":
            return {"requests": [{"insertDimension": {"range": line}}]}
        if kind == "move":
            to = self.rng.randrange(HEIGHT)
            return {"requests": [{"moveDimension": {"source": line, "destinationIndex": to}}]}
        return {"requests": [{"deleteDimension": {"range": line}}]}

    def _send(
        self, plain: Plain, make: Callable[[], Json | None], path: str = ":batchUpdate"
    ) -> bool:
        """Send until it is applied; False if what it meant is gone."""
        while True:
            body = make()
            if body is None:
                return False
            self.batches += 1
            answer = self._post(plain, path, body, f"b{self.batches}")
            if self.rng.random() < 0.3:  # the answer got lost
                answer = self._post(plain, path, body, f"b{self.batches}")
            if answer.status == 200:
                reached = int(answer.headers["Grid-Revision"]), answer.headers["Grid-Cursor"]
                self.known = max(self.known, reached)
                self._take_own(answer)
                return True
            (detail,) = answer.json()["error"]["details"]
            assert detail["reason"] == "LINES_MOVED"
            self.conflicts += 1
            self.grid.apply(detail["changes"])
            self.known = max(self.known, (self.grid.revision, self.grid.cursor))

    def _take_own(self, answer: Answer) -> None:
        """A page knows what it did itself; this one is told by the server, up to its own batch."""
        if self.grid.revision < self.known[0]:
            with watching(self.server, self.grid.cursor) as feed:
                feed.follow(self.grid, self.known[0])
        self.known = max(self.known, (self.grid.revision, self.grid.cursor))

    def _post(self, plain: Plain, path: str, body: Json, batch: str) -> Answer:
        headers = {"Grid-Client": self.name, "Grid-Batch": batch, "Grid-Base": self.known[1]}
        return plain.ask("POST", f"{plain.root}{path}", body, headers)


def script(path: Path, stop: threading.Event, errors: list[BaseException]) -> None:
    """Somebody who never heard of pages, in another connection to the file."""
    rng = random.Random(99)
    sheet = localsheets.open_workbook(path).sheet1
    try:
        while not stop.wait(rng.uniform(0.01, 0.05)):
            row = rng.randrange(1, HEIGHT)
            if rng.random() < 0.2:
                sheet.insert_row([f"script {row}"], row)
            elif rng.random() < 0.2:
                sheet.sort((1, "asc"), range=f"A1:Z{HEIGHT}")
            else:
                sheet.update([[f"script {rng.random()}"]], f"C{row}", raw=True)
    except BaseException as error:
        errors.append(error)
        raise


def settings_of(path: Path) -> set[tuple[int, int, str]]:
    """Every text that was ever entered, by the ids of its row and column."""
    store = Store(path)
    with store.reading() as found:
        entries = log.since(found, 0)
        assert entries is not None
    store.close()
    return {
        (int(row), int(column), cell)
        for entry in entries
        for effect in entry.effects
        if effect["type"] == "cells"
        for row, cells in effect["rows"].items()
        for column, cell in cells.items()
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_all_end_with_the_same_cells_and_nobodys_edit_is_lost(
    server: Served, workbook: Path, seed: int
) -> None:
    pages = [Page(server, f"page{number}", seed * 100 + number) for number in range(3)]
    stop, errors = threading.Event(), list[BaseException]()
    editor = threading.Thread(target=script, args=(workbook, stop, errors))
    threads = [threading.Thread(target=page.work) for page in pages]
    for thread in (editor, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    editor.join()
    assert not errors
    last = Grid(snapshot(server))
    for page in pages:
        with watching(server, page.grid.cursor) as feed:
            feed.follow(page.grid, last.revision)
        assert page.grid.picture() == last.picture()
    known = settings_of(workbook)
    entered = [one for page in pages for one in page.entered]
    assert len(entered) > 3 * EDITS * 0.6
    assert [one for one in entered if one not in known] == []
    assert sum(page.conflicts for page in pages) > 0, "nobody was ever in another's way"
