"""Eight real processes share one workbook, also while somebody keeps moving its rows about."""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler

WORKERS = 8
RUNS = 400
BLUE = (204, 229, 255)
JUNK = "somebody's row"

Started = list[tuple[str, dict[str, Any]]]


def config_of(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "half": number + 0.5,
        "text": f"run {number}",
        "even": number % 2 == 0,
    }


def work(path: str, folder: str, may_start: Any) -> None:
    """A worker as a user writes it; what it started goes into a file of its own."""
    scheduler = GSheetMLScheduler(path)
    started: Started = []
    may_start.wait()
    while True:
        name, config = scheduler.find_claim_and_start_run()
        if name is None or config is None:
            break
        started.append((name, config))
        scheduler.update_status("1/2")
        scheduler.run_done()
    (Path(folder) / scheduler.worker_name).write_text(repr(started))


def edit(path: str, is_over: Any) -> None:
    """Somebody inserts, deletes, moves and sorts rows, as fast as the workbook lets them."""
    spreadsheet = localsheets.open_workbook(path)
    sheet = spreadsheet.sheet1
    rng = random.Random(7)

    def batch(kind: str, **body: Any) -> None:
        spreadsheet.batch_update({"requests": [{kind: body}]})

    def rows(start: int) -> dict[str, Any]:
        return {
            "sheetId": sheet.id,
            "dimension": "ROWS",
            "startIndex": start,
            "endIndex": start + 1,
        }

    edits = 0
    while not is_over.is_set():
        last = sheet.row_count
        names = sheet.col_values(1)
        junk = [at for at, name in enumerate(names) if name == JUNK]
        kind = rng.choice(["insert", "delete", "move", "move", "sort"])
        at = rng.randrange(2, max(3, len(names)))
        if kind == "insert" and len(junk) < 20:
            batch("insertDimension", range=rows(at), inheritFromBefore=False)
            sheet.update_cell(at + 1, 1, JUNK)
        elif kind == "delete" and junk:
            batch("deleteDimension", range=rows(rng.choice(junk)))
        elif kind == "move":
            batch("moveDimension", source=rows(at), destinationIndex=rng.randrange(2, last))
        elif kind == "sort":
            area = {"sheetId": sheet.id, "startRowIndex": 2}
            order = {"dimensionIndex": rng.choice([0, 3]), "sortOrder": "DESCENDING"}
            batch("sortRange", range=area, sortSpecs=[order])
        edits += 1
        time.sleep(rng.uniform(0, 0.004))
    (Path(path).parent / "edits").write_text(str(edits))


def run_all(path: Path, folder: Path, *others: Callable[[str, Any], None]) -> Started:
    context = multiprocessing.get_context("spawn")
    may_start, is_over = context.Barrier(WORKERS), context.Event()
    side = [context.Process(target=other, args=(str(path), is_over)) for other in others]
    workers = [
        context.Process(target=work, args=(str(path), str(folder), may_start))
        for _ in range(WORKERS)
    ]
    for process in [*side, *workers]:
        process.start()
    for process in workers:
        process.join(120)
    is_over.set()
    for process in side:
        process.join(20)
    assert [process.exitcode for process in [*workers, *side]] == [0] * (WORKERS + len(side))
    return [one for file in folder.iterdir() for one in eval(file.read_text())]


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sheet"
    sheet = localsheets.open_workbook(path, create=True).sheet1
    header = ["run_name", "status", "worker_name", "number", "half", "text", "even"]
    sheet.update([header, ["", "N/A", "N/A", -1, -1, "none", ""]], raw=True)
    GSheetMLRunWriter(str(path)).write_runs(
        [{"run_name": f"r{number}", **config_of(number)} for number in range(RUNS)]
    )
    return path


def colors_of(path: Path) -> list[tuple[int, ...] | None]:
    """The background of every run's name, in 8 bits."""
    spreadsheet = localsheets.open_workbook(path)
    answer = spreadsheet.fetch_sheet_metadata(
        {
            "ranges": f"{spreadsheet.sheet1.title}!A3:A",
            "fields": "sheets.data.rowData.values(effectiveValue,userEnteredFormat)",
        }
    )
    rows = answer["sheets"][0]["data"][0]["rowData"]
    cells = [(row.get("values") or [{}])[0] for row in rows]
    names = [cell.get("effectiveValue", {}).get("stringValue", JUNK) for cell in cells]
    colors = [cell.get("userEnteredFormat", {}).get("backgroundColor", {}) for cell in cells]
    return [
        tuple(round(color.get(part, 0) * 255) for part in ("red", "green", "blue"))
        for name, color in zip(names, colors, strict=True)
        if name != JUNK
    ]


def check(path: Path, started: Sequence[tuple[str, dict[str, Any]]]) -> None:
    counts = Counter(name for name, _ in started)
    assert [name for name, count in counts.items() if count > 1] == []
    assert set(counts) == {f"r{number}" for number in range(RUNS)}
    assert dict(started) == {f"r{number}": config_of(number) for number in range(RUNS)}
    values = GSheetMLScheduler(str(path)).values
    rows = [row for row in zip(*values.values(), strict=True) if row[0] not in ("", JUNK)]
    assert len(rows) == RUNS
    for name, status, worker, *cells in rows:
        assert status == "done"
        assert len(str(worker)) == 6
        assert cells == list(config_of(int(str(name)[1:])).values())
    assert [color for color in colors_of(path) if color != BLUE] == []


def test_eight_processes_run_every_run_once(queue: Path, tmp_path: Path) -> None:
    folder = tmp_path / "started"
    folder.mkdir()
    check(queue, run_all(queue, folder))


def test_the_same_while_somebody_moves_the_rows_about(queue: Path, tmp_path: Path) -> None:
    folder = tmp_path / "started"
    folder.mkdir()
    started = run_all(queue, folder, edit)
    check(queue, started)
    assert int((tmp_path / "edits").read_text()) > 50
