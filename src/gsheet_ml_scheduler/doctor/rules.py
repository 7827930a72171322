"""What lines 1 and 2, the run rows and the clock tell about a queue. Pure.

Decided here: what is worth a person's attention. Elsewhere: what makes a queue at all
(`runsheet.columns`), what a lease or a status is (`runsheet.leases`, `runsheet.lifecycle`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gsheet_ml_scheduler.doctor.findings import Finding, good, note, problem
from gsheet_ml_scheduler.errors import CellError
from gsheet_ml_scheduler.runsheet.columns import (
    COMMAND,
    FEATURES,
    FIRST_RUN_ROW,
    LEASE,
    Columns,
    cell_name,
)
from gsheet_ml_scheduler.runsheet.commands import KNOWN, parse_command
from gsheet_ml_scheduler.runsheet.leases import parse_lease
from gsheet_ml_scheduler.runsheet.lifecycle import HELD, READY, State, state_of
from gsheet_ml_scheduler.runsheet.values import is_blank

Row = Sequence[Any]

_MOST_CELLS = 5
"""So many cells are named; of the rest, the number."""
_CLOCK_SHOWS = timedelta(seconds=30)
_CLOCK_BREAKS_LOGINS = timedelta(minutes=5)
_SYNCS_OF_AN_ALLOWANCE = 0.7
_SYNC_WRITES_A_MINUTE = 2.0


def columns_found(columns: Columns) -> list[Finding]:
    """What line 1 and line 2 say."""
    keys = [column.key for column in columns.config]
    listed = ", ".join(keys) or "none yet"
    found = [good("columns", f"Line 1 has what a queue needs. Hyperparameters: {listed}.")]
    blank = [column.key for column in columns.config if is_blank(column.default_cell)]
    if blank:
        cells = _listed(cell_name(1, columns.ids[key]) for key in blank)
        found.append(
            note(
                "line 2",
                f"No default for {', '.join(blank)} ({cells}): a run with a blank cell there gets "
                'the text "".',
                "Type a default, or fill in each run.",
            )
        )
    for name in sorted(FEATURES & set(columns.ids) - columns.not_keys):
        cell = cell_name(1, columns.ids[name])
        found.append(
            problem(
                "line 2",
                f"The column {name!r} is taken for a hyperparameter, because {cell} doesn't say "
                "N/A.",
                f"Write N/A into {cell}, or rename the column if it is a hyperparameter.",
            )
        )
    return found


def lease_found(columns: Columns) -> Finding:
    """Whether runs of workers that vanish come back."""
    if columns.feature(LEASE) is not None:
        return good("lease", "The column lease is there: runs of vanished workers come back.")
    return note(
        "lease",
        "There is no column lease, so a run whose worker is killed says 'running' until somebody "
        "writes 'ready' again.",
        "Add the columns lease and attempt, with N/A in line 2.",
    )


def rows_found(columns: Columns, rows: Sequence[Row], now: datetime) -> list[Finding]:
    """What the run rows say.

    Args:
        columns: lines 1 and 2.
        rows: the run rows, from line 3 on.
        now: the server's time.
    """
    states = Counter(_state(columns, row) for row in rows if not _is_blank(row))
    counted = ", ".join(f"{states[state]} {state.value}" for state in State if states[state])
    found = [good("runs", f"Runs: {counted or 'none'}.")]
    found += _not_quite_ready(columns, rows)
    found += _bad_cells(columns, rows)
    found += _double_names(columns, rows)
    found += _without_a_sign_of_life(columns, rows, now)
    found += _unknown_commands(columns, rows)
    return found


def _not_quite_ready(columns: Columns, rows: Sequence[Row]) -> list[Finding]:
    found = []
    statuses = [columns.text(row, columns.status) for row in rows]
    near = [
        cell_name(at + FIRST_RUN_ROW, columns.status)
        for at, status in enumerate(statuses)
        if status != READY and status.strip().lower() == READY
    ]
    if near:
        found.append(
            problem(
                "runs",
                f"{_listed(near)}: nearly 'ready', but not exactly, so no worker takes it.",
                "Write ready, in small letters and without spaces.",
            )
        )
    named = [
        cell_name(at + FIRST_RUN_ROW, columns.worker_name)
        for at, (status, row) in enumerate(zip(statuses, rows, strict=True))
        if status == READY and columns.text(row, columns.worker_name)
    ]
    if named:
        found.append(
            problem(
                "runs",
                f"{_listed(named)}: names a worker beside 'ready', so no worker takes the run.",
                "Empty worker_name.",
            )
        )
    return found


def _bad_cells(columns: Columns, rows: Sequence[Row]) -> list[Finding]:
    errors = []
    for at, row in enumerate(rows):
        if _state(columns, row) in (State.READY, *HELD):
            _, bad = columns.usable_config_of(row, at + FIRST_RUN_ROW, {})
            errors += bad
    return [problem("cells", _sentence(error)) for error in errors[:_MOST_CELLS]] + (
        [problem("cells", f"… and {len(errors) - _MOST_CELLS} cells more.")]
        if len(errors) > _MOST_CELLS
        else []
    )


def _double_names(columns: Columns, rows: Sequence[Row]) -> list[Finding]:
    names = Counter(columns.text(row, columns.run_name) for row in rows)
    double = [name for name, count in names.items() if name and count > 1]
    if not double:
        return []
    return [
        note(
            "runs",
            f"Several runs have the same name: {_listed(map(repr, double))}. They are trained as "
            "runs of their own, but commands that name a run can't tell them apart.",
            "Rename them.",
        )
    ]


def _without_a_sign_of_life(columns: Columns, rows: Sequence[Row], now: datetime) -> list[Finding]:
    at_lease = columns.feature(LEASE)
    if at_lease is None:
        return []
    lapsed, unleased = [], []
    for at, row in enumerate(rows):
        if _state(columns, row) not in HELD or columns.text(row, columns.status) == READY:
            continue
        lease = parse_lease(columns.text(row, at_lease))
        cell = cell_name(at + FIRST_RUN_ROW, at_lease)
        if lease is None:
            unleased.append(cell)
        elif lease.until < now:
            lapsed.append(cell)
    found = []
    if lapsed:
        found.append(
            note(
                "lease",
                f"{_listed(lapsed)}: the lease is over. The next worker that looks for a run takes "
                "it back, unless its own worker still gives a sign of life.",
            )
        )
    if unleased:
        found.append(
            problem(
                "lease",
                f"{_listed(unleased)}: a running run without a lease, which no worker ever takes "
                "back: it was claimed before the column was there, or the cell was overwritten.",
                "If its worker is gone, write ready into status and empty worker_name.",
            )
        )
    return found


def _unknown_commands(columns: Columns, rows: Sequence[Row]) -> list[Finding]:
    at_command = columns.feature(COMMAND)
    if at_command is None:
        return []
    texts = [columns.text(row, at_command) for row in rows]
    unknown = [
        f"{cell_name(at + FIRST_RUN_ROW, at_command)} ({text!r})"
        for at, text in enumerate(texts)
        if text.strip() and parse_command(text) is None
    ]
    if not unknown:
        return []
    return [problem("runs", f"No command: {_listed(unknown)}.", f"The commands are {KNOWN}.")]


def clock_found(offset: timedelta, *, needs_login: bool) -> Finding:
    """How far this machine's clock is from the server's.

    Args:
        offset: the server's time less this machine's.
        needs_login: whether a login depends on the clock, as Google's do.
    """
    seconds = abs(offset.total_seconds())
    if abs(offset) < _CLOCK_SHOWS:
        return good("clock", "This machine's clock agrees with the sheet's to within 30 s.")
    way = "behind" if offset > timedelta() else "ahead of"
    sentence = f"This machine's clock is {seconds:.0f} s {way} the sheet's."
    if needs_login and abs(offset) > _CLOCK_BREAKS_LOGINS:
        return problem("clock", sentence, "Set it: Google refuses logins of a wrong clock.")
    return note("clock", sentence, "No run depends on it: all times are the sheet's.")


def quota_found(limit: float | None, seconds_a_request: float) -> Finding:
    """How many requests there may be, and what that is enough for.

    Args:
        limit: reads, and as many writes, that one account may make in a minute; None: no limit.
        seconds_a_request: how long an answer takes.
    """
    speed = f"An answer takes {_duration(seconds_a_request)}."
    if limit is None:
        return good("quota", f"{speed} This location counts no requests.")
    workers = int(limit * _SYNCS_OF_AN_ALLOWANCE / _SYNC_WRITES_A_MINUTE)
    return good(
        "quota",
        f"{speed} One account may make {limit:g} reads and as many writes a minute: enough for "
        f"about {workers} workers that sync every 30 s. More of them slow down by themselves; "
        "an account for each group of workers helps.",
    )


def tabs_left(titles: Sequence[str], prefix: str) -> list[Finding]:
    """Scratch tabs of a doctor that couldn't clean up."""
    return [
        problem(
            "tabs",
            f"The tab {title!r} was left behind by gsheet-ml doctor --live, which was killed.",
            "Delete it, unless it is still at work.",
        )
        for title in titles
        if title.startswith(prefix)
    ]


def as_json(findings: Sequence[Finding]) -> list[Mapping[str, str]]:
    """The findings for programs."""
    return [
        {
            "topic": it.topic,
            "verdict": it.verdict.value,
            "finding": it.sentence,
            "remedy": it.remedy,
            **({"answer": it.answer} if it.answer else {}),
        }
        for it in findings
    ]


def _state(columns: Columns, row: Row) -> State:
    return state_of(columns.text(row, columns.status), columns.text(row, columns.worker_name))


def _is_blank(row: Row) -> bool:
    return all(is_blank(cell) for cell in row)


def _listed(cells: Any) -> str:
    cells = list(cells)
    more = f" and {len(cells) - _MOST_CELLS} more" if len(cells) > _MOST_CELLS else ""
    return ", ".join(cells[:_MOST_CELLS]) + more


def _sentence(error: CellError) -> str:
    text = str(error)
    return text[0].upper() + text[1:]


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
