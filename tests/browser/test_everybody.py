"""Everybody at once: two pages, four workers and a script, on one workbook, all of them writing.

The pages type key by key, in turns, so that both have an editor open while the script inserts,
deletes and sorts rows under them and workers train the runs. At the end both pages show what the
file holds; the change log has each text that was typed, once, in the cell into which it was typed;
and each run is done, with its own result in its own row.

TOGETHER=300 lets it go on for five minutes:
TOGETHER=300 python -m pytest tests/browser/test_everybody.py
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import gspread
import pytest
import requests

from gsheet_ml_scheduler import localsheets
from tests.browser.conftest import OpenPage
from tests.browser.grid_page import GridPage, until
from tests.served import TOKEN, Served, serving_process

SECONDS = int(os.environ.get("TOGETHER", "20"))
COLUMNS = 11
NAME, STATUS, LR, EPOCHS, LOSS = 0, 1, 3, 4, 6
SHARED = [f"a-{number}" for number in range(12)]  # everybody writes to these rows
RUNS = [f"run-{number}" for number in range(24)]
STEPS = 3

WORKER = f"""
import sys, time
from pathlib import Path
from gsheet_ml_scheduler import GSheetMLScheduler
location, stop, begun = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
begun.touch()
while True:
    last = stop.exists()
    for run in GSheetMLScheduler(location).runs():
        with run:
            for step in range({STEPS}):
                time.sleep(0.5)
                run.log(loss=int(run.name.rpartition("-")[2]) + step / 100)
    if last:
        break
    time.sleep(1)
"""

Cell = tuple[str, int]
"""A row's name, and a column."""


@dataclass
class Log:
    """What was typed into which cell, in this order; each text is unlike all others."""

    first: int
    typed: dict[Cell, list[str]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def next(self) -> str:
        """A text that nobody has typed."""
        self.count += 1
        return str(self.first + self.count)


# The middles of the cells in two columns of the rows with these names, as far as they are in sight.
PLACES = """names => {
    const grid = window.gsheetMlGrid;
    return Array.from({length: 40}, (_, down) => down)
        .filter(down => names.includes(grid.shown(down, 0)))
        .flatMap(down => [3, 4].map(right => grid.rectangle(down, right)))
        .filter(place => place !== null)
        .map(({x, y, width, height}) => [x + width / 2, y + height / 2]);
}"""
EDITED = """() => {
    const grid = window.gsheetMlGrid;
    const {down, right} = grid.editing();
    return [grid.shown(down, 0), right];
}"""


def person(page: GridPage, log: Log, dice: random.Random) -> Iterator[None]:
    """Type one text after the other, key by key."""
    while True:
        places = page.page.evaluate(PLACES, SHARED)
        if not places:  # sorted out of sight
            page.press("Control+Home")
            yield
            continue
        page.page.mouse.click(*dice.choice(places))
        text = log.next()
        page.type(text[0])
        until(lambda: page.ask("editing()"))
        for key in text[1:]:
            page.type(key)
            yield
        # Rows may have moved or gone since the click: who types sees where the editor is, as we do.
        name, column = page.page.evaluate(EDITED)
        mine = name in SHARED and column in (LR, EPOCHS)
        page.press(dice.choice(["Enter", "Tab", "ArrowDown"]) if mine else "Escape")
        until(lambda: page.ask("editing()") is None)
        if mine:
            log.typed[name, column].append(text)
        yield


def script(sheet: gspread.Worksheet, log: Log, dice: random.Random, stop: threading.Event) -> None:
    """Do to the rows what a person's script does with gspread."""
    inserted: list[str] = []
    appended = len(RUNS)

    def insert() -> None:
        inserted.append(f"script {len(inserted)}")
        sheet.insert_row([inserted[-1]], dice.randint(3, 9))

    def delete() -> None:
        there = [at for at, name in enumerate(sheet.col_values(1), 1) if name in inserted]
        if there:
            sheet.delete_rows(dice.choice(there))

    def sort() -> None:
        sheet.sort((dice.choice([1, LR + 1]), dice.choice(["asc", "des"])), range="A3:K100")
        if dice.random() < 0.7:
            sheet.sort((1, "asc"), range="A3:K100")

    def append() -> None:
        nonlocal appended
        sheet.append_row([f"run-{appended}", "ready", "", dice.random()], table_range="A1")
        appended += 1

    def write() -> None:
        name, column, text = dice.choice(SHARED), dice.choice([LR, EPOCHS]), log.next()
        row = sheet.col_values(1).index(name) + 1
        sheet.update([[int(text)]], gspread.utils.rowcol_to_a1(row, column + 1))
        log.typed[name, column].append(text)

    while not stop.wait(dice.uniform(0.1, 0.9)):
        dice.choice([insert, delete, delete, sort, append, write, write])()


@pytest.fixture
def server(workbook: gspread.Spreadsheet, tmp_path: Path) -> Iterator[Served]:
    """The workbook, served by a process of its own."""
    file = str(tmp_path / "runs.sheet")
    with serving_process(file, "--port", "0", "--no-browser", "--token", TOKEN) as process:
        assert process.stdout is not None
        base, _, rest = process.stdout.readline().strip().partition("/spreadsheets/d/")
        yield Served(base, TOKEN, (rest.partition("?")[0],))


class Workers:
    """Four workers, two of them with the file open."""

    def __init__(self, folder: Path, locations: list[str]) -> None:
        self.program, self.stop = folder / "worker.py", folder / "stop"
        self.begun = [folder / f"begun-{number}" for number in range(4)]
        self.locations = locations * 2
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start them, and wait until all look for runs."""
        self.program.write_text(WORKER)
        for location, begun in zip(self.locations, self.begun):
            command = [sys.executable, str(self.program), location, str(self.stop), str(begun)]
            self.processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        until(lambda: all(begun.exists() for begun in self.begun))

    def end(self) -> list[int]:
        """Let them end when nothing is left to train."""
        self.stop.touch()
        return [process.wait(120) for process in self.processes]


@pytest.fixture
def workers(tmp_path: Path, server: Served) -> Iterator[Workers]:
    """Four workers, none of which outlives the test."""
    four = Workers(tmp_path, [str(tmp_path / "runs.sheet"), server.location])
    yield four
    for process in four.processes:
        process.kill()
        process.wait()


@pytest.mark.timeout(300 + 2 * SECONDS)
def test_all_end_with_the_file_and_no_key_is_lost(
    open_page: OpenPage,
    server: Served,
    workbook: gspread.Spreadsheet,
    workers: Workers,
    tmp_path: Path,
) -> None:
    shared = [[name, "ready" if at % 2 else ""] for at, name in enumerate(SHARED)]
    workbook.sheet1.batch_clear(["A3:K6"])
    workbook.sheet1.update([*shared, *([name, "ready"] for name in RUNS)], "A3")
    pages = [open_page(), open_page()]
    logs = [Log(1000), Log(2000), Log(3000)]
    people = [person(page, log, random.Random(log.first)) for page, log in zip(pages, logs)]
    workers.start()
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        sheet = server.spreadsheet().sheet1
        scripting = pool.submit(script, sheet, logs[-1], random.Random(1), stop)
        deadline = time.monotonic() + SECONDS
        dice = random.Random(2)
        try:
            while time.monotonic() < deadline and not scripting.done():
                next(dice.choice(people))
        finally:
            stop.set()
        scripting.result()
    for page in pages:
        page.press("Escape")  # what isn't typed to its end isn't typed
        page.settle()
    assert workers.end() == [0] * 4
    sheet = localsheets.open_workbook(tmp_path / "runs.sheet").sheet1
    rows = [[*row, *[""] * (COLUMNS - len(row))] for row in sheet.get(f"A1:K{sheet.row_count}")]
    for page in pages:
        until(partial(same, page, rows), partial(differences, page, rows))
    require_all_typed(server, rows, logs)
    require_own_results(rows)


def seen(page: GridPage, rows: int) -> list[list[str]]:
    """What a page shows of its first lines."""
    found: list[list[str]] = page.page.evaluate(
        """([rows, columns]) => Array.from({length: rows}, (_, down) =>
            Array.from({length: columns}, (_, right) => window.gsheetMlGrid.shown(down, right)))""",
        [rows, COLUMNS],
    )
    return found


def same(page: GridPage, rows: list[list[str]]) -> bool:
    """Whether a page shows these lines, and nothing below them."""
    return seen(page, len(rows) + 3) == [*rows, *[[""] * COLUMNS] * 3]


def differences(page: GridPage, rows: list[list[str]]) -> list[tuple[int, list[str], list[str]]]:
    """The lines that a page shows otherwise."""
    pairs = enumerate(zip(seen(page, len(rows)), rows))
    return [(at, shown, held) for at, (shown, held) in pairs if shown != held]


def require_all_typed(server: Served, rows: list[list[str]], logs: list[Log]) -> None:
    """The change log has each text once, in its cell, in order; the last one is what is there."""
    line = next(live(server, "snapshot").iter_lines())
    (tab,) = json.loads(line)["sheets"]
    ids = [first + at for first, count in tab["rows"]["spans"] for at in range(count)]
    names = [row[NAME] for row in rows]
    for name, column in {cell for log in logs for cell in log.typed}:
        row = names.index(name)
        history = live(server, f"history?sheet={tab['sheetId']}&row={ids[row]}&column={column}")
        entries = [str((one["to"] or {}).get("v", "")) for one in history.json()["entries"]][::-1]
        for log in logs:
            mine = [text for text in entries if len(text) == 4 and text[0] == str(log.first)[0]]
            assert mine == log.typed[name, column], f"{name}, column {column}: {entries}"
        assert rows[row][column] == entries[-1]


def live(server: Served, what: str) -> requests.Response:
    """Ask what pages ask."""
    answer = requests.get(
        f"{server.base}/live/{server.key}/{what}",
        headers={"Authorization": f"Bearer {server.token}"},
        timeout=30,
    )
    answer.raise_for_status()
    return answer


def require_own_results(rows: list[list[str]]) -> None:
    """Each run is done, and has the result that only it can have."""
    runs = [row for row in rows[2:] if row[NAME] in SHARED[1::2] or row[NAME].startswith("run-")]
    assert len(runs) >= len(RUNS) + len(SHARED) // 2
    assert [row for row in runs if row[STATUS] != "done"] == []
    for row in runs:
        number = int(row[NAME].rpartition("-")[2])
        assert float(row[LOSS]) == number + (STEPS - 1) / 100, row
    others = [row for row in rows[2:] if row not in runs]
    assert [row for row in others if any(row[at] for at in (STATUS, 2, LOSS))] == []
