"""What the live grid costs its server: snapshots, the feed's delay, ten open pages.

    python benchmarks/grid_server.py [--rows 2000 50000] [--seconds 20] [--changes 200] [--pages 10]

The workbook is a queue of 26 columns: names, short hyperparameters, metrics with all their digits.
It is served by `gsheet-ml serve` in a process of its own; whoever writes is another process again,
in process on the file, as a worker is. The delay is from the return of a write (it is on the disk
then) to the arrival of its message at a page that follows over a WebSocket.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gspread
import requests
from rich.console import Console
from rich.table import Table
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from gsheet_ml_scheduler.localsheets import open_workbook

COLUMNS = 26
KEYS = 10
Json = dict[str, Any]


def fill(path: Path, rows: int) -> None:
    """A queue in which most runs are done."""
    sheet = open_workbook(path, create=True).sheet1
    names = [f"key {at}" for at in range(KEYS)] + [f"metric {at}" for at in range(13)]
    sheet.resize(rows + 2, COLUMNS)
    sheet.update([["run_name", "status", "worker_name", *names]], "A1", raw=True)
    defaults = [0.1] * KEYS + ["N/A"] * 13
    sheet.update([["N/A", "N/A", "N/A", *defaults]], "A2", raw=True)
    rng = random.Random(7)
    for first in range(0, rows, 5_000):
        last = min(first + 5_000, rows)
        block = [_run(rng, row) for row in range(first, last)]
        sheet.update(block, f"A{first + 3}:Z{last + 2}", raw=True)
    style = {"backgroundColor": {"red": 0.8, "green": 0.9, "blue": 1.0}}
    sheet.format(f"A3:Z{rows + 2}", style)


def _run(rng: random.Random, row: int) -> list[Any]:
    keys = [rng.choice([0.1, 0.01, 0.001]), rng.choice([16, 32, 64]), rng.choice(["adam", "sgd"])]
    keys += [rng.choice([1e-4, 0, ""]) for _ in range(KEYS - len(keys))]
    return [f"run-{row}", "done", "", *keys, *(rng.random() for _ in range(13))]


@dataclass
class Server:
    """`gsheet-ml serve` in a process of its own."""

    process: subprocess.Popen[str]
    base: str
    key: str
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0  # of the processor, once it has ended
    megabytes: float = 0.0

    def end(self) -> None:
        """End it, and take note of what it has used."""
        self.megabytes = _peak(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        _, _, used = os.wait4(self.process.pid, 0)
        self.process.returncode = 0
        self.seconds = used.ru_utime + used.ru_stime


def _peak(process: int) -> float:
    """The most memory that a process has had, in megabytes; 0 where the system doesn't say."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    found = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(found[0]) / 1024 if found else 0.0


@contextmanager
def serving(path: Path) -> Iterator[Server]:
    """Serve a file while the block runs."""
    program = Path(sys.executable).with_name("gsheet-ml")
    command = [str(program), "serve", str(path), "--port", "0", "--no-token", "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        base, _, key = address.partition("/spreadsheets/d/")
        server = Server(process, base, key)
        try:
            yield server
        finally:
            server.end()


@dataclass(frozen=True)
class Taken:
    """One snapshot as a page takes it."""

    first: float  # seconds until its first bytes
    whole: float
    packed: int  # bytes
    plain: int
    cursor: str


def take(server: Server, *, packs: bool = True) -> Taken:
    """A snapshot, counted and thrown away."""
    began = time.perf_counter()
    headers = {"Accept-Encoding": "gzip" if packs else "identity"}
    address = f"{server.base}/live/{server.key}/snapshot"
    with requests.get(address, headers=headers, stream=True, timeout=120) as answer:
        packed = answer.raw.read(1, decode_content=False)
        first = time.perf_counter() - began
        packed += answer.raw.read(decode_content=False)
        whole = time.perf_counter() - began
    plain = gzip.decompress(packed) if packs else packed
    head, _, rest = plain.partition(b"\n")
    assert rest.endswith(b'{"type":"end"}\n')
    return Taken(first, whole, len(packed), len(plain), json.loads(head)["cursor"])


@contextmanager
def page(server: Server, cursor: str) -> Iterator[ClientConnection]:
    """A page that follows."""
    address = f"{server.base.replace('http', 'ws', 1)}/live/{server.key}/feed?cursor={cursor}"
    with connect(address, max_size=None) as socket:
        yield socket


def snapshots(console: Console, lengths: list[int], folder: Path) -> None:
    """How long a snapshot takes, and how much it is."""
    names = ("rows x 26", "first bytes", "whole", "again", "processor", "gzip", "plain", "memory")
    table = Table(*names)
    start = _start(folder)
    for rows in lengths:
        path = folder / f"{rows}.sheet"
        fill(path, rows)
        with serving(path) as server:
            first = take(server)
            again = [take(server) for _ in range(3)]
        table.add_row(
            f"{rows:,}",
            f"{statistics.median(one.first for one in again) * 1e3:.0f} ms",
            f"{first.whole:.2f} s",
            f"{statistics.median(one.whole for one in again):.2f} s",
            f"{(server.seconds - start) / 4:.2f} s",
            f"{first.packed / 1e6:.2f} MB",
            f"{first.plain / 1e6:.2f} MB",
            f"{server.megabytes:.0f} MB",
        )
    console.print(table)


def _start(folder: Path) -> float:
    """What a server takes of the processor to start and to end."""
    path = folder / "start.sheet"
    open_workbook(path, create=True)
    with serving(path) as server:
        take(server)
    return server.seconds


def delay(console: Console, folder: Path, writes: int = 200) -> None:
    """From the return of a write to the arrival of its message."""
    path = folder / "delay.sheet"
    fill(path, 2_000)
    laps: list[float] = []
    with serving(path) as server, page(server, take(server).cursor) as socket:
        sheet = open_workbook(path).sheet1
        rng = random.Random(7)
        for at in range(writes):
            time.sleep(rng.uniform(0.0, 0.05))  # anywhere between two looks of the server
            sheet.update([[at]], f"D{rng.randrange(3, 2_000)}", raw=True)
            written = time.perf_counter()
            while json.loads(socket.recv(timeout=10))["type"] != "changes":
                pass
            laps.append(time.perf_counter() - written)
    laps.sort()
    console.print(
        f"from a written cell to the message about it, {writes} writes: "
        f"median {statistics.median(laps) * 1e3:.1f} ms, "
        f"95th percentile {laps[int(0.95 * len(laps))] * 1e3:.1f} ms"
    )


def load(console: Console, folder: Path, pages: int, changes: int, seconds: float) -> None:
    """What pages that follow cost while others write, beside pages that nothing happens to."""
    table = Table(
        "pages", "cell changes a second", "processor", "memory", "messages a page", "kB a page"
    )
    start = _start(folder)
    for following, wanted in ((0, changes), (pages, 0), (1, changes), (pages, changes)):
        path = folder / f"load-{following}-{wanted}.sheet"
        fill(path, 2_000)
        counts: list[tuple[int, int]] = []
        with serving(path) as server:
            cursor = take(server).cursor
            threads = [
                threading.Thread(target=_listen, args=(server, cursor, counts))
                for _ in range(following)
            ]
            for thread in threads:
                thread.start()
            began = time.monotonic()
            done = _write(path, wanted, seconds)
            passed = time.monotonic() - began
        for thread in threads:
            thread.join()
        messages, size = map(statistics.mean, zip(*counts)) if counts else (0.0, 0.0)
        table.add_row(
            str(following),
            f"{done / passed:.0f}",
            f"{max(0.0, server.seconds - start) / passed * 100:.1f} %",
            f"{server.megabytes:.0f} MB",
            f"{messages:.0f}",
            f"{size / 1e3:.0f}",
        )
    console.print(table)
    console.print(f"Each for {seconds:.0f} s, without what the server takes to start and to end.")


def _listen(server: Server, cursor: str, counts: list[tuple[int, int]]) -> None:
    messages = size = 0
    try:
        with page(server, cursor) as socket:
            for text in socket:
                messages += 1
                size += len(text)
    except ConnectionClosed:
        pass
    counts.append((messages, size))


def _write(path: Path, wanted: int, seconds: float) -> int:
    """Change so many cells a second, four at a time, as workers do at a sync; how many it were."""
    end, done = time.monotonic() + seconds, 0
    sheet: gspread.Worksheet = open_workbook(path).sheet1
    rng = random.Random(7)
    due = time.monotonic()
    while time.monotonic() < end:
        if not wanted:
            time.sleep(0.1)
            continue
        row = rng.randrange(3, 2_000)
        sheet.update([[f"{done}/100", "", rng.random(), rng.random()]], f"B{row}", raw=True)
        done += 4
        due += 4 / wanted
        time.sleep(max(0.0, due - time.monotonic()))
    return done


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000, 50_000])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--changes", type=int, default=200, help="cells a second")
    parser.add_argument("--pages", type=int, default=10)
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        snapshots(console, options.rows, folder)
        delay(console, folder)
        load(console, folder, options.pages, options.changes, options.seconds)


if __name__ == "__main__":
    main()
