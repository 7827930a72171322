"""`gsheet-ml demo`: real models, trained by real workers from a workbook that you watch and edit.

Decided here: the runs of the demo, when a worker is started and when the demo is over. It uses only
what every user has: the run writer, the example trainer, the Sheets API. The trainer is
`examples/digits.py` of the repository; in a wheel it stands in the package's folder `examples`.
"""

import contextlib
import fcntl
import importlib.util
import os
import secrets
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import gspread
from rich.console import Console

import gsheet_ml_scheduler
from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli.beside import served
from gsheet_ml_scheduler.cli.picture import Picture, take_picture
from gsheet_ml_scheduler.cli.serve import browser_at
from gsheet_ml_scheduler.cli.table import sheet_table, state, summary
from gsheet_ml_scheduler.cli.template import Request, first_filled_cell, template_requests
from gsheet_ml_scheduler.cli.watch import Display, display_for, pictures
from gsheet_ml_scheduler.cli.workers import Crew
from gsheet_ml_scheduler.errors import GSheetMLError, LocationError
from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter
from gsheet_ml_scheduler.runsheet.columns import RUN_NAME
from gsheet_ml_scheduler.runsheet.lifecycle import State
from gsheet_ml_scheduler.runsheet.values import Scalar

WORKBOOK = Path(".demo") / "digits.sheet"
WORKERS = 2
SECONDS_PER_EPOCH = 0.3
EVERY = 0.4

DEFAULTS: dict[str, Scalar] = {
    "learning_rate": 0.1,
    "n_epoch": 12,
    "hidden": 32,
    "batch_size": 32,
    "seed": 0,
}
# The first run crawls: it is there to be helped by whoever watches. The others are an ordinary
# search; blank cells mean the default.
RUNS: list[dict[str, float]] = [
    {"learning_rate": 0.0003, "n_epoch": 100},
    *({"learning_rate": rate, "hidden": 64} for rate in (0.003, 0.01, 0.03, 0.1, 0.3)),
    *({"learning_rate": rate, "hidden": 16} for rate in (0.01, 0.03, 0.1, 0.3)),
    {"batch_size": 128},
    {"seed": 1},
]

_MARK = "gsheet-ml-demo"


def run_demo(path: Path, console: Console, *, until_done: bool, grid: bool) -> int:
    """Make the workbook, start the workers, show table and grid; returns the exit code.

    Raises:
        GSheetMLError: scikit-learn is missing, or the file is somebody's, damaged, in use.
    """
    command = [sys.executable, str(trainer()), str(path)]
    command += ["--seconds-per-epoch", str(SECONDS_PER_EPOCH)]
    if path == WORKBOOK:
        path.parent.mkdir(exist_ok=True)
    with _alone(path) as logs, _signals_like_ctrl_c():
        worksheet = fresh_workbook(path)
        GSheetMLRunWriter(str(path)).write_runs([dict(run) for run in RUNS])
        crew = Crew(command, logs)
        events: list[str] = []
        try:
            with contextlib.ExitStack() as beside, display_for(console, str(path)) as display:
                footer = _footer(str(path), crew.logs, until_done=until_done)
                if grid:
                    address = beside.enter_context(served(path))
                    beside.enter_context(browser_at(address))
                    footer = [f"The sheet in the browser: {address}", *footer]
                code = _watch(crew, worksheet, display, footer, events, until_done=until_done)
        except KeyboardInterrupt:
            # Staying until Ctrl-C is what the demo promises; only `until_done` was cut short.
            code = 130 if until_done else 0
        finally:
            killed = crew.stop()
        last = take_picture(worksheet)
    console.print(sheet_table(last, console.width))
    told = events if console.is_terminal else []  # else they stand above, line by line
    after = [*told, *(f"{worker.name} had to be killed." for worker in killed)]
    for line in [*after, *_last_words(path, last, command)]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return code


def _last_words(path: Path, last: Picture, command: list[str]) -> list[str]:
    lines = [f"{path}: {summary(last)}"]
    workbook = shlex.quote(str(path))
    for run in last.runs:
        if state(run) is State.RUNNING:  # its worker died; without a lease only a person knows
            values = f"{shlex.quote(run.text(RUN_NAME))} status=ready worker_name="
            lines.append(
                f"Its worker is gone, give it back: {own_command()} set {workbook} {values}"
            )
    if any(state(run) is State.READY for run in last.runs):
        lines.append(f"Go on with: {shlex.join(command[:3])}")
    return lines


def trainer() -> Path:
    """The example's script, ready to run.

    Raises:
        LocationError: it isn't there.
        GSheetMLError: scikit-learn isn't installed.
    """
    package = Path(gsheet_ml_scheduler.__file__).parent
    places = [package / "examples" / "digits.py", package.parents[1] / "examples" / "digits.py"]
    script = next((place for place in places if place.is_file()), None)
    if script is None:
        raise LocationError(
            f"The demo's trainer is missing: {places[0]}. Install the package anew."
        )
    if importlib.util.find_spec("sklearn") is None:
        raise GSheetMLError(
            "The demo trains with scikit-learn, which isn't installed for "
            f"{sys.executable}. This installs it: pip install 'gsheet-ml-scheduler[examples]'"
        )
    return script


def fresh_workbook(path: Path) -> gspread.Worksheet:
    """A workbook with the demo's columns and no runs, in place of an earlier demo's.

    The demo knows its own workbooks by a mark (developer metadata) and replaces what is in them,
    not the file: whoever has it open sees the new runs.

    Raises:
        LocationError: there is a file that no demo made, or one that can't be used.
    """
    try:
        spreadsheet = localsheets.open_workbook(path, create=True)
    except localsheets.WorkbookError as error:
        raise LocationError(str(error)) from error
    found = spreadsheet.fetch_sheet_metadata({"fields": "developerMetadata,sheets"})
    marked = any(it.get("metadataKey") == _MARK for it in found.get("developerMetadata", []))
    old = [it["properties"]["sheetId"] for it in found["sheets"]]
    if not marked and (len(old) > 1 or first_filled_cell(spreadsheet.sheet1)):
        raise LocationError(
            f"{path} wasn't made by the demo, so it isn't replaced. Name another file: "
            "gsheet-ml demo --workbook FILE"
        )
    spreadsheet.batch_update({"requests": _replacing(old, marked=marked)})
    return spreadsheet.sheet1


def _replacing(old: list[int], *, marked: bool) -> list[Request]:
    sheet_id = secrets.randbelow(2**31 - 1) + 1
    title = {"sheetId": sheet_id, "title": "digits"}
    mark = {
        "metadataKey": _MARK,
        "metadataValue": "the demo may replace this workbook",
        "location": {"spreadsheet": True},
        "visibility": "DOCUMENT",
    }
    return [
        {"addSheet": {"properties": {"sheetId": sheet_id, "title": f"digits {sheet_id}"}}},
        *({"deleteSheet": {"sheetId": it}} for it in old),
        {"updateSheetProperties": {"properties": title, "fields": "title"}},
        *template_requests(sheet_id, DEFAULTS),
        *([] if marked else [{"createDeveloperMetadata": {"developerMetadata": mark}}]),
    ]


def _watch(
    crew: Crew,
    worksheet: gspread.Worksheet,
    display: Display,
    footer: list[str],
    events: list[str],
    *,
    until_done: bool,
) -> int:
    started = time.monotonic()
    tried: set[str] = set()  # runs that were claimable when workers were last started
    idle = True  # asked before the picture is taken: what the last worker wrote is in it
    for picture in pictures(worksheet, EVERY):
        code = None
        tried &= _claimable(picture)
        if idle:
            code, wanted = _without_workers(crew, picture, tried, until_done=until_done)
            tried |= wanted
            for _ in range(min(WORKERS, len(wanted))):
                crew.start()
        events += crew.deaths()
        if code == 1:
            events.append("No worker is left, and not every run is done.")
        now = f"{len(crew.alive)} of {WORKERS} workers · {time.monotonic() - started:.0f} s"
        display.show(picture, footer, events, now=now)
        if code is not None:
            return code
        idle = not crew.alive
    raise AssertionError("a sheet can be looked at for ever")


def _without_workers(
    crew: Crew, picture: Picture, tried: set[str], *, until_done: bool
) -> tuple[int | None, set[str]]:
    """With which code to end when no worker is left, or else for which runs to start some.

    A run that workers have left `ready` gets no others: they would leave it, too.
    """
    all_done = all(state(run) in (State.DONE, State.DRAFT) for run in picture.runs)
    if crew.has_failed and not all_done:
        return 1, set()
    wanted = _claimable(picture) - tried
    if wanted or not until_done:
        return None, wanted
    return (0 if all_done else 1), set()


def _claimable(picture: Picture) -> set[str]:
    return {run.text(RUN_NAME) for run in picture.runs if state(run) is State.READY}


def _footer(title: str, logs: Path, *, until_done: bool) -> list[str]:
    return [
        f"What the workers print is in {logs}",
        "Run 1 learns far too slowly. Help it while it runs, from another terminal:",
        f"  {own_command()} set {shlex.quote(title)} 1 learning_rate=0.1",
        *([] if until_done else ["Ctrl-C ends the demo."]),
    ]


def own_command() -> str:
    """What to type for this program in the user's shell: its name, or the path of a venv's."""
    name = "gsheet-ml"
    beside = Path(sys.executable).parent / name
    found = shutil.which(name)
    if not beside.exists() or (found and Path(found).resolve() == beside.resolve()):
        return name
    with contextlib.suppress(ValueError):
        return shlex.quote(str(beside.relative_to(Path.cwd())))
    return shlex.quote(str(beside))


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[Path]:
    """The folder for the workers' output, locked: two demos would train each other's runs."""
    logs = path.with_suffix(".logs")
    try:
        logs.mkdir(exist_ok=True)
        folder = os.open(logs, os.O_RDONLY)
    except OSError as error:
        raise LocationError(f"The folder {logs} can't be made: {error.strerror}.") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield logs
    except BlockingIOError as error:
        raise LocationError(
            f"Another demo is using {path}. End it first, or name another file: "
            "gsheet-ml demo --workbook FILE"
        ) from error
    finally:
        os.close(folder)
        with contextlib.suppress(OSError):
            logs.rmdir()  # only if nothing was written


@contextlib.contextmanager
def _signals_like_ctrl_c() -> Iterator[None]:
    """A closed terminal or a `kill` ends the demo as Ctrl-C does: no worker is left behind."""
    signals = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(it, signal.default_int_handler) for it in signals]
    try:
        yield
    finally:
        for it, handler in zip(signals, before, strict=True):
            signal.signal(it, handler)
