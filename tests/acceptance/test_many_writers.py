"""Many processes at one file: everybody gets a turn (P8); a large sheet stays small in memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.forking import CONTEXT
from tests.unit.localsheets.calls import close, open_calls

SECONDS = 3.0


def _count_writes(path: Path, writer: int, start: Any, answers: Any) -> None:
    calls = open_calls(path)
    start.wait(60)
    until = time.monotonic() + SECONDS
    count, longest = 0, 0.0
    while (now := time.monotonic()) < until:
        calls.put(f"A{writer + 1}", [[count]])
        longest = max(longest, time.monotonic() - now)
        count += 1
    close(calls)
    answers.put((count, longest))


def test_of_eight_processes_that_write_without_pause_none_starves(tmp_path: Path) -> None:
    path = tmp_path / "runs.sheet"
    close(open_calls(path, create=True))
    start, answers = CONTEXT.Barrier(8), CONTEXT.Queue()
    writers = [
        CONTEXT.Process(target=_count_writes, args=(path, writer, start, answers))
        for writer in range(8)
    ]
    for writer in writers:
        writer.start()
    found = [answers.get(timeout=60) for _ in writers]
    for writer in writers:
        writer.join()
    counts = [count for count, _ in found]
    mean = sum(counts) / len(counts)
    print(f"writes of 8 processes in {SECONDS} s: {sorted(counts)}; longest waits "
          f"{[round(longest, 3) for _, longest in found]} s")  # fmt: skip
    assert min(counts) >= mean / 4, f"one of {sorted(counts)} starved"
    assert max(longest for _, longest in found) < SECONDS / 2
    revisions = open_calls(path).column("A1:A1000")
    assert sorted(revisions) == sorted(count - 1 for count in counts)


CLAIMS = """
import json, pathlib, resource, sys
from gsheet_ml_scheduler import localsheets
from tests.forking import CONTEXT
from tests.unit.localsheets.calls import Calls, cells, pin, row
client = localsheets.workbook_client(sys.argv[1])
calls = Calls(client, client.spreadsheet_id)
claimed = 0
for claim in range(500):
    status = calls.column("B1:B10002")
    at = status.index("ready")
    token = f"claimed {claim}"
    found = calls.batch(
        {"findReplace": {"find": "ready", "replacement": token, "matchEntireCell": True,
                         "matchCase": True,
                         "range": {"startRowIndex": at, "endRowIndex": at + 1,
                                   "startColumnIndex": 1, "endColumnIndex": 2}}},
        pin(claim + 1, row(at), "p"),
    )
    claimed += found[0]["findReplace"]["valuesChanged"]
    assert calls.get(f"A{at + 1}:B{at + 1}")[0][1] == token
    calls.batch(cells([[f"run {claim}", "running", "worker"]], at))
    calls.batch({"deleteDeveloperMetadata": {
        "dataFilter": {"developerMetadataLookup": {"metadataId": claim + 1}}}})
status = pathlib.Path("/proc/self/status")
if status.exists():  # getrusage() counts the parent's memory, too, from before the exec
    kilobytes = int(status.read_text().partition("VmHWM:")[2].split()[0])
else:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"claimed": claimed, "megabytes": kilobytes / 1024}))
"""


def test_a_worker_at_a_queue_of_ten_thousand_runs_stays_below_150_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "runs.sheet"
    calls = open_calls(path, create=True)
    header = [["run_name", "status", "worker_name", *(f"key {at}" for at in range(17))]]
    line = ["", "ready", "", *(at / 7 for at in range(17))]
    size = {"properties": {"gridProperties": {"rowCount": 10_002}}}
    calls.batch({"updateSheetProperties": {**size, "fields": "gridProperties.rowCount"}})
    calls.put("A1:T10002", [*header, ["", "N/A", "N/A"], *([line] * 10_000)])
    close(calls)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", CLAIMS, str(path)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ran.stderr == ""
    found = json.loads(ran.stdout)
    print(f"peak memory of a worker: {found['megabytes']:.0f} MB")
    assert found["claimed"] == 500
    assert found["megabytes"] < 150
