"""How fast the embedded workbook is as a run queue, beside the same transitions as bare SQL.

    python benchmarks/queue_speed.py [--runs 1000] [--workers 1 4 8] [--rows 100 1000 10000 100000]

A worker's loop is: claim the next run and get its config (eight hyperparameters, checked), write
one status text, mark it done. Nothing trains, so this is the worst contention there is. The floor
does the same to a bare SQLite table with the same settings (WAL, synchronous=FULL), in the same
sitting, case by case; what counts is the ratio, because machines differ in how long a sync takes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing as mp
import os
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gsheet_ml_scheduler.localsheets import open_workbook
from gsheet_ml_scheduler.run_writer import GSheetMLRunWriter
from gsheet_ml_scheduler.scheduler import GSheetMLScheduler

Config = dict[str, Any]
Laps = list[tuple[int, float]]  # run number and the seconds its claim took

_START_WITHIN = 120.0  # seconds for all worker processes to connect


def config_of(run: int) -> Config:
    """The eight hyperparameters of a run, the same in every case."""
    draw = random.Random(run)
    return {
        "lr": round(draw.uniform(1e-4, 1e-1), 6),
        "weight_decay": round(draw.uniform(0.0, 0.1), 6),
        "dropout": round(draw.uniform(0.0, 0.5), 4),
        "batch_size": draw.choice([16, 32, 64, 128]),
        "layers": draw.randint(1, 12),
        "seed": run,
        "optimizer": draw.choice(["adam", "sgd", "adamw", "lion"]),
        "augment": draw.choice([True, False]),
    }


# ---------------------------------------------------------------- ours


def make_workbook(path: Path, runs: int) -> None:
    """A workbook with so many ready runs."""
    keys = list(config_of(0))
    sheet = open_workbook(path, create=True).sheet1
    sheet.update([["run_name", "status", "worker_name", *keys], ["", "N/A", "N/A"]], raw=True)
    writer = GSheetMLRunWriter(str(path))
    for first in range(0, runs, 1000):
        batch = range(first, min(first + 1000, runs))
        writer.write_runs([{"run_name": str(run), **config_of(run)} for run in batch])


def work_on_workbook(path: Path, start: Callable[[], None], limit: int) -> Laps:
    """A worker's loop through the public API."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        scheduler = GSheetMLScheduler(str(path))
        start()
        laps: Laps = []
        while len(laps) < limit:
            began = time.perf_counter()
            name, config = scheduler.find_claim_and_start_run()
            took = time.perf_counter() - began
            if name is None or config is None:
                break
            if config != config_of(int(name)):
                raise AssertionError(f"run {name} got {config}")
            scheduler.update_status("50 %")
            scheduler.run_done()
            laps.append((int(name), took))
    return laps


# ---------------------------------------------------------------- the floor


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def make_table(path: Path, runs: int) -> None:
    """The same runs as rows of a bare table with an index on what is ready."""
    connection = _connect(path)
    connection.executescript(
        "CREATE TABLE runs(id INTEGER PRIMARY KEY, status TEXT, worker TEXT, config TEXT);"
        "CREATE INDEX ready ON runs(id) WHERE status = 'ready';"
    )
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO runs VALUES (?, 'ready', NULL, ?)",
        ((run, json.dumps(config_of(run))) for run in range(runs)),
    )
    connection.execute("COMMIT")
    connection.close()


def work_on_table(path: Path, start: Callable[[], None], limit: int) -> Laps:
    """The same transitions as three bare transactions."""
    connection, me = _connect(path), f"worker {os.getpid()}"
    start()
    laps: Laps = []
    while len(laps) < limit:
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        found = connection.execute(
            "UPDATE runs SET status = 'running', worker = ? WHERE id = "
            "(SELECT id FROM runs WHERE status = 'ready' ORDER BY id LIMIT 1) RETURNING id, config",
            (me,),
        ).fetchone()
        connection.execute("COMMIT")
        if found is None:
            break
        run, config = found[0], json.loads(found[1])
        took = time.perf_counter() - began
        if config != config_of(run):
            raise AssertionError(f"run {run} got {config}")
        for status in ("50 %", "done"):
            connection.execute(
                "UPDATE runs SET status = ? WHERE id = ? AND worker = ?", (status, run, me)
            )
        laps.append((run, took))
    connection.close()
    return laps


# ---------------------------------------------------------------- measuring


@dataclass(frozen=True)
class Case:
    """What is measured: how the queue is made, and a worker's loop."""

    name: str
    make: Callable[[Path, int], None]
    work: Callable[[Path, Callable[[], None], int], Laps]


OURS = Case("workbook", make_workbook, work_on_workbook)
FLOOR = Case("bare SQL", make_table, work_on_table)


@dataclass(frozen=True)
class Measured:
    """One case's figures."""

    seconds: float
    claims: list[float]  # seconds, sorted
    served: list[int]  # runs of each worker

    @property
    def rate(self) -> float:
        """Runs a second, from the start to the last worker's end."""
        return sum(self.served) / self.seconds

    def claim(self, share: float) -> float:
        """A quantile of the claim latency, in milliseconds."""
        return self.claims[min(int(share * len(self.claims)), len(self.claims) - 1)] * 1e3


def _process(case: Case, path: Path, gate: Any, out: Any, limit: int) -> None:
    laps = case.work(path, lambda: gate.wait(_START_WITHIN), limit)
    out.put((laps, time.perf_counter()))


def measure(case: Case, path: Path, workers: int, limit: int) -> Measured:
    """Let worker processes empty a queue, or take `limit` runs each."""
    context = mp.get_context("spawn")
    gate, out = context.Barrier(workers + 1), context.Queue()
    processes = [
        context.Process(target=_process, args=(case, path, gate, out, limit))
        for _ in range(workers)
    ]
    for process in processes:
        process.start()
    gate.wait(_START_WITHIN)
    began = time.perf_counter()
    answers = [out.get(timeout=600) for _ in processes]
    for process in processes:
        process.join()
    laps = [lap for found, _ in answers for lap in found]
    names = [run for run, _ in laps]
    if len(set(names)) != len(names):
        raise AssertionError("a run was claimed twice")
    ended = max(end for _, end in answers)
    return Measured(ended - began, sorted(t for _, t in laps), [len(found) for found, _ in answers])


@contextmanager
def queue_of(case: Case, runs: int) -> Iterator[Path]:
    """A queue in a folder of its own, on the disk that the current folder is on."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        path = Path(folder) / "runs.sheet"
        case.make(path, runs)
        yield path


def _peak_memory(path: Path, out: Any) -> None:
    work_on_workbook(path, lambda: None, 200)
    out.put(_peak_megabytes())


def _peak_megabytes() -> float:
    """Linux: this process's own peak. getrusage's is the parent's, if that was larger."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def throughput(console: Console, runs: int, workers: list[int], repeats: int) -> None:
    """Claim to done, by number of worker processes."""
    table = Table(title=f"claim to done, {runs} runs of 8 hyperparameters")
    for heading in ("workers", "", "runs/s", "claim p50 ms", "p95 ms", "least/most served"):
        table.add_column(heading, justify="right")
    for count in workers:
        rates = {}
        for case in (FLOOR, OURS):
            found = []
            for _ in range(repeats):
                with queue_of(case, runs) as path:
                    found.append(measure(case, path, count, runs))
            one = sorted(found, key=lambda m: m.rate)[len(found) // 2]
            rates[case.name] = one.rate
            table.add_row(
                str(count),
                case.name,
                f"{one.rate:.0f}",
                f"{one.claim(0.5):.2f}",
                f"{one.claim(0.95):.2f}",
                f"{min(one.served)}/{max(one.served)}",
            )
        table.add_row("", "ratio", f"{rates[OURS.name] / rates[FLOOR.name]:.2f}", "", "", "")
        table.add_section()
    console.print(table)


def by_length(console: Console, lengths: list[int]) -> None:
    """Claim latency of one worker by the queue's length, over its first 200 runs."""
    table = Table(title="claim latency by length of the queue, one worker")
    for heading in ("rows", "workbook p50 ms", "p95 ms", "bare SQL p50 ms", "ratio"):
        table.add_column(heading, justify="right")
    for length in lengths:
        found = {}
        for case in (FLOOR, OURS):
            with queue_of(case, length) as path:
                found[case.name] = measure(case, path, 1, 200)
        ours, floor = found[OURS.name], found[FLOOR.name]
        table.add_row(
            str(length),
            f"{ours.claim(0.5):.2f}",
            f"{ours.claim(0.95):.2f}",
            f"{floor.claim(0.5):.2f}",
            f"{ours.claim(0.5) / floor.claim(0.5):.1f}",
        )
    console.print(table)


def memory(console: Console, rows: int = 10_000) -> None:
    """Peak memory of one worker process."""
    context = mp.get_context("spawn")
    out = context.Queue()
    with queue_of(OURS, rows) as path:
        process = context.Process(target=_peak_memory, args=(path, out))
        process.start()
        console.print(f"peak memory of one worker on {rows} rows: {out.get(timeout=600):.0f} MB")
        process.join()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--rows", type=int, nargs="*", default=[100, 1000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=3, help="the median one is shown")
    given = parser.parse_args()
    console = Console(width=100)
    throughput(console, given.runs, given.workers, given.repeats)
    if given.rows:
        by_length(console, given.rows)
    memory(console)


if __name__ == "__main__":
    main()
