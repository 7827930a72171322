"""What the agent adds to a script: time and requests, beside a shell loop over the same script.

    python benchmarks/agent_overhead.py [--runs 24] [--slots 1 4 16] [--seconds 20]

Each run's script writes down when its first line runs and when its last one has. From these and
the agent's own clock come: how long a claimed run waits for its script's first line, how long a
script's end takes to stand in the sheet and free the slot for the next claim, and how long the same
takes a shell that only starts the script again and again (`for lr in …; do python train.py …`).

Requests are counted while all slots are busy with scripts that log a metric ten times a second, so
every sync has something to write. They go to a workbook served on this machine, whose log of
requests is the count; on Google, where a request takes half a second instead of a millisecond, the
syncs are further apart by themselves (a twentieth of the time goes to them at most).
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from starlette.types import ASGIApp, Receive, Scope, Send

from gsheet_ml_scheduler import localsheets, server
from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter

GSHEET_ML = str(Path(sys.executable).with_name("gsheet-ml"))
LIGHT = [sys.executable, "-I", "-S"]  # a Python that starts fast: the agent's own share shows
SCRIPT = """
import os, sys, time
laps, seconds = (word.partition("=")[2] for word in sys.argv[1:3])
with open(laps, "a") as file:
    file.write("first %r\\n" % time.time())
end = time.time() + float(seconds)
while time.time() < end:
    print('gsheet-ml: {"step": %r}' % time.time(), flush=True)
    time.sleep(0.1)
with open(laps, "a") as file:
    file.write("last %r\\n" % time.time())
"""


@dataclass(frozen=True)
class Place:
    """A queue: where, and how its runs are laid."""

    folder: Path
    location: str

    @property
    def laps(self) -> Path:
        """Where scripts write down their times."""
        return self.folder / "laps"

    def fill(self, runs: int, seconds: float) -> None:
        """A fresh queue of so many runs."""
        sheet = localsheets.open_workbook(self.folder / "runs.sheet", create=True).sheet1
        sheet.clear()
        header = ["run_name", "status", "worker_name", "laps", "seconds", "step", "lease", "error"]
        line2 = ["", "N/A", "N/A", str(self.laps), seconds, *["N/A"] * 3]
        sheet.update([header, line2], raw=True)
        GSheetMLRunWriter(str(self.folder / "runs.sheet")).write_runs([{} for _ in range(runs)])
        self.laps.unlink(missing_ok=True)

    def times(self, kind: str) -> list[float]:
        """The first or last lines' times, in order."""
        lines = (line.split() for line in self.laps.read_text().splitlines())
        return sorted(float(at) for word, at in lines if word == kind)


@contextmanager
def place() -> Iterator[Place]:
    """A folder on the disk that the current folder is on, and a workbook in it."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as name:
        folder = Path(name).absolute()
        localsheets.open_workbook(folder / "runs.sheet", create=True)
        (folder / "train.py").write_text(SCRIPT)
        yield Place(folder, str(folder / "runs.sheet"))


def agent(at: Place, location: str, *words: str) -> subprocess.Popen[bytes]:
    """An agent at work."""
    command = [GSHEET_ML, "work", location, *words, "--", *LIGHT, str(at.folder / "train.py")]
    return subprocess.Popen(command, cwd=at.folder, stdout=subprocess.DEVNULL)


def gaps(at: Place) -> list[float]:
    """Seconds from a script's last line to the next one's first: one slot's whole overhead."""
    return [first - last for last, first in zip(at.times("last"), at.times("first")[1:])]


def overhead(console: Console, runs: int) -> None:
    """One slot, scripts that end at once: what lies between two of them."""
    table = Table(title=f"between two scripts, one slot, {runs} runs, milliseconds")
    for heading in ("", "median", "largest", "runs/s"):
        table.add_column(heading, justify="right")
    with place() as at:
        at.fill(runs, 0)
        words = [*LIGHT, str(at.folder / "train.py"), f"--laps={at.laps}", "--seconds=0"]
        loop = f"for run in $(seq {runs}); do {shlex.join(words)} >> output.log; done"
        subprocess.run(["sh", "-c", loop], cwd=at.folder, check=True)
        found = {"shell loop": gaps(at)}
        at.fill(runs, 0)
        agent(at, at.location).wait()
        found["gsheet-ml work"] = gaps(at)
    for name, seconds in found.items():
        rate = len(seconds) / sum(seconds)
        table.add_row(
            name, f"{median(seconds) * 1e3:.1f}", f"{max(seconds) * 1e3:.1f}", f"{rate:.1f}"
        )
    console.print(table)


def parts(console: Console, runs: int) -> None:
    """The two halves of it, from inside: claim to first line, last line to done."""
    with place() as at:
        at.fill(runs, 0.3)
        trace = at.folder / "trace"
        words = [sys.executable, __file__, "--trace", str(trace), at.location, str(at.folder)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        marks = [json.loads(line) for line in trace.read_text().splitlines()]
        claimed = [at_ for kind, at_ in marks if kind == "claimed"]
        done = [at_ for kind, at_ in marks if kind == "done"]
        start = [first - then for then, first in zip(claimed, at.times("first"))]
        end = [then - last for last, then in zip(at.times("last"), done)]
    table = Table(title=f"the parts, one slot, {runs} runs of 0.3 s, milliseconds")
    for heading in ("", "median", "largest"):
        table.add_column(heading, justify="right")
    for name, seconds in (("claim to first line", start), ("last line to done", end)):
        table.add_row(name, f"{median(seconds) * 1e3:.1f}", f"{max(seconds) * 1e3:.1f}")
    console.print(table)


def traced(trace: Path, location: str, folder: Path) -> None:
    """An agent in this process that writes down when a run was claimed, and when it was done."""
    from gsheet_ml_scheduler.agent import macros
    from gsheet_ml_scheduler.agent.jobs import Recipe
    from gsheet_ml_scheduler.agent.limits import Limits
    from gsheet_ml_scheduler.agent.placing import Placing
    from gsheet_ml_scheduler.agent.queue import Queue, open_queue
    from gsheet_ml_scheduler.agent.slots import slots_without_gpus
    from gsheet_ml_scheduler.agent.telling import Telling
    from gsheet_ml_scheduler.agent.working import Agent, Plan
    from gsheet_ml_scheduler.runsheet.holding import HeldRun
    from gsheet_ml_scheduler.runsheet.leases import Terms

    out = trace.open("w")

    def mark(kind: str) -> None:
        out.write(json.dumps([kind, time.time()]) + "\n")
        out.flush()

    class Traced(Telling):
        def ended(self, *_: object) -> None:
            mark("done")

    telling = Traced(Console(file=sys.stdout))
    queue = open_queue(location, 0, (), Terms(), telling.notice)

    class TracedQueue(Queue):
        def claim(self, *, has_time: bool) -> HeldRun | None:
            held = super().claim(has_time=has_time)
            if held is not None:
                mark("claimed")
            return held

    queue.__class__ = TracedQueue
    command = macros.with_args([*LIGHT, str(folder / "train.py")])
    plan = Plan(Recipe(command, folder / "runs", 30.0, 10**8), Limits())
    os.chdir(folder)
    Agent(queue, plan, Placing(slots_without_gpus(1), None, telling), telling).work()


class Counted:
    """A server's app that counts its requests: reads and writes of the Sheets API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.reads = self.writes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope.get("path", "")
        if path.startswith("/v4/"):
            is_read = scope["method"] == "GET" or (path.endswith("ByDataFilter") and "Get" in path)
            self.reads += is_read
            self.writes += not is_read
        await self._app(scope, receive, send)


def requests(console: Console, slots: Sequence[int], seconds: float) -> None:
    """Requests a minute while all slots are busy."""
    import threading

    table = Table(title=f"requests a minute while all slots log, over {seconds:g} s (served)")
    for heading in ("slots", "reads", "writes", "for each run"):
        table.add_column(heading, justify="right")
    for count in slots:
        with place() as at:
            shelf = server.Shelf(at.folder / "runs.sheet")
            listener = server.listen("127.0.0.1", 0)
            app = Counted(server.build_app(shelf, server.door_for("127.0.0.1", (), None)))
            running = server.Server(app)
            thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                at.fill(count, seconds * 2 + 30)
                (key,) = shelf.titles()
                port = listener.getsockname()[1]
                location = f"http://127.0.0.1:{port}/spreadsheets/d/{key}"
                process = agent(at, location, "--slots", str(count), "--grace", "2")
                while not at.laps.exists() or len(at.times("first")) < count:
                    time.sleep(0.1)
                time.sleep(2)
                reads, writes = app.reads, app.writes
                time.sleep(seconds)
                reads, writes = app.reads - reads, app.writes - writes
                process.terminate()
                process.wait()
            finally:
                running.should_exit = True
                thread.join()
        a_minute = 60 / seconds
        table.add_row(
            str(count),
            f"{reads * a_minute:.0f}",
            f"{writes * a_minute:.0f}",
            f"{(reads + writes) * a_minute / count:.0f}",
        )
    console.print(table)


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--trace"]:
        traced(Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=24)
    parser.add_argument("--slots", type=int, nargs="*", default=[1, 4, 16])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long requests are counted")
    given = parser.parse_args()
    console = Console(width=100)
    overhead(console, given.runs)
    parts(console, given.runs)
    if given.slots:
        requests(console, given.slots, given.seconds)


if __name__ == "__main__":
    main()
