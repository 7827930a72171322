"""Records the picture of a terminal that the README shows: a real queue, really trained.

    python docs/images/record_terminal.py        (in a checkout, with .[examples]; half a minute)

Decided here: which commands are shown, and at which moment. What they print is what they print.
"""

import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli.picture import Picture, take_picture
from gsheet_ml_scheduler.cli.table import sheet_table, state
from gsheet_ml_scheduler.cli.watch import heading
from gsheet_ml_scheduler.runsheet.lifecycle import State

HERE = Path(__file__).parent
TRAINER = HERE.parents[1] / "examples" / "digits.py"
PROGRAM = Path(sys.executable).with_name("gsheet-ml")
WORKBOOK = "digits.sheet"
WIDTH = 104
PATIENCE = 300.0
# A page that shows the picture asks no other host for a font: the viewer's own will do.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)

QUEUE = (
    f"gsheet-ml init {WORKBOOK} learning_rate=0.1 hidden=32 n_epoch=20 batch_size=32 seed=0 "
    "started=N/A duration=N/A"
)
COMMANDS = [
    f"gsheet-ml add {WORKBOOK} learning_rate=0.003,0.03,0.3 'hidden=range(16,65,16)'",
]


def main() -> None:
    """Make a queue, train half of it, and write the picture."""
    console = Console(
        record=True, width=WIDTH, file=sys.stderr, force_terminal=True, color_system="truecolor"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(QUEUE, folder)
        for command in COMMANDS:
            show(console, command, run(command, folder))
        picture = halfway(folder)
    console.print(f"[bold green]$[/] gsheet-ml status {WORKBOOK}")
    console.print(heading(WORKBOOK, picture))
    console.print(sheet_table(picture, WIDTH))
    svg = console.export_svg(
        title="gsheet-ml", theme=SVG_EXPORT_THEME, code_format=FORMAT, unique_id="terminal"
    )
    (HERE / "terminal.svg").write_text(svg, encoding="utf-8")


def run(command: str, folder: Path) -> str:
    """What a command prints."""
    words = [str(PROGRAM), *shlex.split(command)[1:]]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout


def show(console: Console, command: str, printed: str) -> None:
    """A command line, and what it printed."""
    console.print(f"[bold green]$[/] {command}", highlight=False)
    console.print(printed.rstrip(), markup=False, highlight=False)


def halfway(folder: Path) -> Picture:
    """The queue when two workers have done about half of it."""
    arguments = [sys.executable, str(TRAINER), WORKBOOK, "--seconds-per-epoch", "0.2"]
    nowhere = subprocess.DEVNULL
    workers = [
        subprocess.Popen(arguments, cwd=folder, stdout=nowhere, stderr=nowhere) for _ in range(2)
    ]
    try:
        return moment(folder)
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGINT)
        for worker in workers:
            worker.wait(PATIENCE)


def moment(folder: Path) -> Picture:
    """The first look that finds five runs done and two of them well under way."""
    worksheet = localsheets.open_workbook(folder / WORKBOOK).sheet1
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        picture = take_picture(worksheet)
        states = [state(run) for run in picture.runs]
        busy = [run for run in picture.runs if state(run) is State.RUNNING and run.text("loss")]
        if states.count(State.DONE) >= 5 and len(busy) == 2:
            return picture
        time.sleep(0.2)
    raise TimeoutError("the workers were too slow")


if __name__ == "__main__":
    main()
