"""Syncs: read live edits and commands, write status and metrics, prove to be alive.

Decided here: the order of requests of a sync, for one run as for all the runs of a process. One
read brings every row with its header; one write takes statuses and metrics; a second write, where
something is to be coloured, acknowledged or prolonged, touches cells by their place. Elsewhere:
what proves a run to be ours (`holding.py`), what commands mean (`commands.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gsheet_ml_scheduler.errors import RunLost, SheetUnreachableError
from gsheet_ml_scheduler.runsheet import claims
from gsheet_ml_scheduler.runsheet.adding_columns import add_columns
from gsheet_ml_scheduler.runsheet.answers import FoundRow
from gsheet_ml_scheduler.runsheet.columns import COMMAND, LEASE, STATUS, cell_name
from gsheet_ml_scheduler.runsheet.commands import EVENTS, KNOWN, Command, applies, parse_command
from gsheet_ml_scheduler.runsheet.heartbeat import beat
from gsheet_ml_scheduler.runsheet.holding import FOR_PAINT, Desk, HeldRun, columns_named
from gsheet_ml_scheduler.runsheet.leases import is_due, lease_text
from gsheet_ml_scheduler.runsheet.lifecycle import RUNNING, Event, State, after
from gsheet_ml_scheduler.runsheet.painting import Touch, row_coats, touch_rows
from gsheet_ml_scheduler.runsheet.unclear import cleared_up
from gsheet_ml_scheduler.runsheet.values import Scalar
from gsheet_ml_scheduler.runsheet.wire import Swap
from gsheet_ml_scheduler.runsheet.writing import cells_for, remembered, settle

_SHOWN_AS_THEY_ARE = (State.PAUSING, State.PAUSED, State.STOPPING)
"""States whose name stands in the status, in place of the worker's own text."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run wants of a sync.

    `status` is the worker's own text for the status cell; None leaves it. `metrics` are cells for
    `N/A` columns, which are made when they don't exist. Without `follow`, changes of the config are
    left for the next sync.
    """

    held: HeldRun
    status: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    follow: bool = True


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync brought: the keys whose value changed, and what somebody commands."""

    changed_keys: list[str]
    command: Command | None = None


def sync_run(
    held: HeldRun, status: str | None, metrics: Mapping[str, Any], *, follow: bool = True
) -> Synced:
    """Syncs one run; see `sync_runs` and `Wish`.

    Raises:
        RunLost: the run isn't this worker's any more.
        SheetUnreachableError: no answer for too long; the config stays. `PutOffError` is a kind
            of it: the sync comes too soon.
        SheetLayoutError: lines 1 and 2 are no queue's at the moment; the config stays.
    """
    (result,) = sync_runs(held.desk, [Wish(held, status, metrics, follow)])
    if isinstance(result, RunLost):
        raise result
    return result


def sync_runs(desk: Desk, wishes: Sequence[Wish]) -> list[Synced | RunLost]:
    """Syncs runs of one process: one read, at most two writes, however many they are.

    A command that is reported has been obeyed as far as the sheet shows it (`stopping`, `pausing`);
    what it asks of the training is the caller's to do: for `kill` and `requeue`, to end the run.

    Raises:
        PutOffError: it comes too soon for the account's requests; nothing was asked.
        SheetUnreachableError, SheetLayoutError: see `sync_run`.
    """
    names = ", ".join(wish.held.run_name for wish in wishes[:3])
    more = f" and {len(wishes) - 3} more" if len(wishes) > 3 else ""
    found = desk.pacing.now_or_later(
        lambda: _Sync(desk, wishes).made(), what=f"sync run {names}{more}"
    )
    for wish in wishes:
        wish.held.command = None
    return found


@dataclass(slots=True)
class _Part:
    """One run's share of a sync."""

    wish: Wish
    proof: FoundRow
    config: dict[str, Scalar]
    changed: list[str]
    state: State
    command_cell: Swap | None
    wanted: dict[str, Any]

    @property
    def held(self) -> HeldRun:
        return self.wish.held


class _Sync:
    """One attempt; everything is read and decided anew in the next."""

    def __init__(self, desk: Desk, wishes: Sequence[Wish]) -> None:
        self.desk = desk
        self.wishes = wishes
        self.lost: dict[int, RunLost] = {}

    def made(self) -> list[Synced | RunLost]:
        """Reads, writes and touches."""
        parts = self._read()
        self._write(parts)
        self._touch(parts)
        for part in parts:
            part.held.state = part.state
            if part.wish.follow:
                part.held.config = part.config
        done = {id(part.wish): Synced(part.changed, part.held.command) for part in parts}
        return [self.lost.get(id(wish)) or done[id(wish)] for wish in self.wishes]

    def _read(self) -> list[_Part]:
        proofs = self._proofs(self.wishes)
        names = dict.fromkeys(name for wish, _ in proofs for name in wish.metrics)
        missing = proofs[0][1].columns.missing(names) if proofs else []
        if missing:
            color = self.desk.colors["new_column"]
            add_columns(self.desk.sheet, missing, is_key=False, color=color)
            proofs = self._proofs([wish for wish, _ in proofs])
        return [self._part(wish, proof) for wish, proof in proofs]

    def _proofs(self, wishes: Sequence[Wish]) -> list[tuple[Wish, FoundRow]]:
        """The rows that are proven to be ours; the others are noted as lost."""
        for wish in wishes:
            if wish.held.lost is not None:
                self.lost[id(wish)] = wish.held.lost
        live = [wish for wish in wishes if id(wish) not in self.lost]
        if not live:
            return []
        pins = [wish.held.pin for wish in live]  # a heartbeat may change them
        found = self.desk.sheet.read_all_pinned(pins)
        proofs = []
        for wish, pin in zip(live, pins, strict=True):
            try:
                row = cleared_up(wish.held, partial(found.__getitem__, pin))
                proofs.append((wish, wish.held.proven(row)))
            except RunLost as lost:
                self.lost[id(wish)] = lost
        return proofs

    def _part(self, wish: Wish, proof: FoundRow) -> _Part:
        held = wish.held
        config = _live_config(held, proof)
        changed = claims.changed_keys(held.config, config) if wish.follow else []
        command_cell = _command_cell(held, proof)
        state = held.state
        if held.command is not None and applies(held.command, state):
            state = after(state, EVENTS[held.command])
        elif state is State.PAUSING:
            state = after(state, Event.SYNCED)
        status = _status(held.state, state, wish.status)
        columns, row = proof.columns, proof.row or ()
        wanted = dict(wish.metrics)
        if status is not None and columns.text(row, columns.status) != status:
            wanted[STATUS] = status
        return _Part(wish, proof, config, changed, state, command_cell, wanted)

    def _write(self, parts: list[_Part]) -> None:
        wanted = [(part, cells_for(part.held, part.proof, part.wanted)) for part in parts]
        asked = [(part, part.held.pin, cells) for part, cells in wanted if cells]
        if not asked:
            return
        relaxed = not any(part.wish.metrics for part in parts)
        with remembered({part.held: (part.proof, cells) for part, _, cells in asked}):
            rows = {pin: cells for _, pin, cells in asked}
            written = self.desk.sheet.write_pinned(rows, relaxed=relaxed)
        for part, pin, cells in asked:
            try:
                settle(part.held, pin, part.proof, cells, written, relaxed=relaxed)
            except RunLost as lost:
                self.lost[id(part.wish)] = lost
                parts.remove(part)

    def _touch(self, parts: Sequence[_Part]) -> None:
        """Colours, acknowledgements and heartbeats; a training goes on without them."""
        touches = [touch for part in parts if not (touch := self._touch_of(part)).is_nothing]
        is_mine = self.desk.beating.acquire(blocking=False)  # else somebody is at it
        try:
            due = self._due(parts) if is_mine else []
            if not touches and not due:
                return
            beats = [swap for _, swap in due]
            answered = self.desk.pacing.until_done(
                lambda: touch_rows(self.desk.sheet, touches, self.desk.colors, beats),
                FOR_PAINT,
                what="paint a row",
            )
            for (held, swap), replaced in zip(due, answered, strict=True):
                if replaced:
                    held.lease = swap.new
                else:
                    beat([held])
            for part in parts:
                part.held.unpainted.clear()
        except SheetUnreachableError as error:
            for part in parts:
                part.held.unpainted.update(part.changed)
            self.desk.notice(str(error))
        finally:
            if is_mine:
                self.desk.beating.release()

    def _touch_of(self, part: _Part) -> Touch:
        columns, held = self.desk.sheet.header.columns, part.held
        cells = columns_named(columns, {*part.changed, *held.unpainted})
        text = self.desk.colors["changed"]
        coats = row_coats(columns, held.row_index, text=text, cells=cells)
        swaps = () if part.command_cell is None else (part.command_cell,)
        return Touch(held.pin, held.row_index, coats, swaps).at(held.row_index)

    def _due(self, parts: Sequence[_Part]) -> list[tuple[HeldRun, Swap]]:
        sheet, terms = self.desk.sheet, self.desk.terms
        at, now = sheet.header.columns.feature(LEASE), sheet.server_time()
        if at is None:
            return []
        return [
            (
                part.held,
                Swap(
                    part.held.row_index,
                    at,
                    part.held.lease,
                    lease_text(part.held.worker, now, terms.seconds),
                ),
            )
            for part in parts
            if is_due(part.held.lease, now, terms)
        ]


def _live_config(held: HeldRun, proof: FoundRow) -> dict[str, Scalar]:
    row = proof.row or ()
    config, errors = proof.columns.usable_config_of(row, proof.row_index, held.config)
    for error in errors:
        held.tell(f"{error} Until then the run keeps its last value.")
    return config


def _command_cell(held: HeldRun, proof: FoundRow) -> Swap | None:
    """The command that stands in the row becomes the run's; what clears its cell afterwards."""
    columns, row = proof.columns, proof.row or ()
    at = columns.feature(COMMAND)
    text = "" if at is None else columns.text(row, at)
    if at is None or not text.strip():
        return None
    command = parse_command(text)
    if command is None:
        held.tell(
            f"{held.desk.sheet.label}, cell {cell_name(proof.row_index, at)}: {text!r} is no "
            f"command. The commands are {KNOWN}."
        )
        return None
    held.command = command
    return Swap(proof.row_index, at, text, "")


def _status(before: State, now: State, own: str | None) -> str | None:
    """What the status says; None leaves it."""
    if now in _SHOWN_AS_THEY_ARE:
        return now.value
    if before in _SHOWN_AS_THEY_ARE and now is State.RUNNING:
        return RUNNING if own is None else own
    return own
