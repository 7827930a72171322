"""Runs changed by somebody who isn't their worker: the right rows, the right columns, or nothing.

Decided here: how many rows are changed in a handful of requests so that a row or a column that
moves meanwhile gets nothing that was meant for another (P2). The rows are pinned, read again by
their pins, and only those that are still the ones that were meant are written, through the pins;
columns that moved are repaired. A run that only an unclaimed one may be (`from_ready`) is taken as
a claim takes it: compared and set in the same batch as the pin (P1). What had moved is looked for
and tried again. Elsewhere: which runs are meant (`selecting.py`), what tells them
apart (`identity.py`), what is done (`changes.py`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from gspread.exceptions import APIError

from gsheet_ml_scheduler.errors import SheetUnreachableError
from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.adding_columns import add_columns
from gsheet_ml_scheduler.runsheet.answers import FoundRow, Written
from gsheet_ml_scheduler.runsheet.changes import Change, Decide, Refusal
from gsheet_ml_scheduler.runsheet.claims import make_token, repair
from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, Columns, Row
from gsheet_ml_scheduler.runsheet.identity import Target, is_same, places_of, targets_of
from gsheet_ml_scheduler.runsheet.lifecycle import COLOR_NAMES, READY, Rgb
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM, Pacing, Patience, status_code
from gsheet_ml_scheduler.runsheet.painting import Touch, row_coats, touch_rows
from gsheet_ml_scheduler.runsheet.selecting import Chosen
from gsheet_ml_scheduler.runsheet.wire import CLEAR, Swap
from gsheet_ml_scheduler.runsheet.worksheet import REFUSED, RunSheet

Choose = Callable[[Columns, Sequence[Row]], Sequence[Chosen]]
"""From the sheet to the runs that are meant."""

MOVED = "was deleted, renamed or changed just now; nothing was written to it"
FOR_TIDYING = Patience(5.0)
_ROUNDS = 4
_REPAIRS = 8
_AT_ONCE = 200
"""Rows that are changed in one batch."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of one run; `change` is None if nothing was done, and `says` why."""

    run: Chosen
    says: str
    change: Change | None = None
    is_lost: bool = False


@dataclass(slots=True)
class _Attempt:
    """A target at a place, under a pin, with what is to be done."""

    target: Target
    row_index: int
    pin: int
    change: Change
    token: str = ""
    proof: FoundRow | None = None


@dataclass(slots=True)
class Editor:
    """Changes runs of one sheet.

    Args:
        sheet: the sheet.
        name: who it is, for the tokens of runs that are taken.
        pacing: who waits and repeats.
        colors: by name, see `lifecycle.default_colors`.
        rng: for pins and tokens.
        notice: gets a sentence when a column is added.
    """

    sheet: RunSheet
    name: str
    pacing: Pacing
    colors: Mapping[str, Rgb]
    rng: Random
    notice: Callable[[str], None]

    def preview(self, choose: Choose, decide: Decide) -> list[Edited]:
        """What `carry_out` would do; one read, nothing is written.

        Raises:
            NoSuchRunError, ConfigError: see `carry_out`.
        """
        columns, rows = self._read()
        found = []
        for run in choose(columns, rows):
            change = decide(columns, rows[run.run_id])
            if isinstance(change, Refusal):
                found.append(Edited(run, change.because))
            else:
                found.append(Edited(run, change.says, change))
        return found

    def carry_out(
        self, choose: Choose, decide: Decide, features: Collection[str] = ()
    ) -> list[Edited]:
        """Changes the runs that are meant, in the order of the sheet.

        Args:
            choose: which runs are meant; it is asked once.
            decide: what is done to each; it is asked again about the row that is then written.
            features: columns that are made, with N/A, if something is to be done and they aren't
                there.

        Raises:
            NoSuchRunError: a run that is meant isn't there.
            ConfigError: a column isn't there.
            SheetUnreachableError: no answer for too long, or line 1 kept changing.
        """
        columns, rows = self._read()
        pending = targets_of(columns, rows, choose(columns, rows))
        found: dict[int, Edited] = {}
        for turn in range(_ROUNDS):
            if turn:
                columns, rows = self._read()
            attempts = self._placed(columns, rows, pending, decide, found, at_first=not turn)
            needed = {name for it in attempts for name in it.change.cells if name in features}
            if columns.missing(needed):
                self._add(sorted(needed))
                columns, rows = self._read()
                attempts = self._placed(columns, rows, pending, decide, found, at_first=False)
            pending = []
            for start in range(0, len(attempts), _AT_ONCE):
                pending += self._change(attempts[start : start + _AT_ONCE], decide, found)
            if not pending:
                break
        for target in pending:
            found[target.number] = Edited(target.run, MOVED, is_lost=True)
        return [found[number] for number in sorted(found)]

    # ------------------------------------------------------------ the steps

    def _read(self) -> tuple[Columns, Sequence[Row]]:
        return self.pacing.until_done(self.sheet.read_runs, FOR_A_CLAIM, what="read the sheet")

    def _add(self, features: Sequence[str]) -> None:
        self.notice(
            f"{self.sheet.label} has no column {' and no '.join(map(repr, features))} yet. It is "
            "added, with N/A in line 2."
        )
        color = self.colors["new_column"]
        self.pacing.until_done(
            lambda: add_columns(self.sheet, features, is_key=False, color=color),
            FOR_A_CLAIM,
            what="add columns",
        )

    def _placed(
        self,
        columns: Columns,
        rows: Sequence[Row],
        targets: Sequence[Target],
        decide: Decide,
        found: dict[int, Edited],
        *,
        at_first: bool,
    ) -> list[_Attempt]:
        """Where the targets are, and what is to be done; what was refused or is gone is noted."""
        places = {} if at_first else places_of(columns, rows)
        attempts = []
        for target in targets:
            there = [target.run.run_id] if at_first else places.get(target.identity, [])
            if not there:
                found[target.number] = Edited(target.run, MOVED, is_lost=True)
                continue
            run_id = there.pop(0)
            change = decide(columns, rows[run_id])
            if isinstance(change, Refusal):
                found[target.number] = Edited(target.run, change.because)
                continue
            pin = self.rng.randrange(1, 2**31)
            attempts.append(_Attempt(target, run_id + FIRST_RUN_ROW, pin, change))
        return attempts

    def _change(
        self, attempts: Sequence[_Attempt], decide: Decide, found: dict[int, Edited]
    ) -> list[Target]:
        """Changes rows at their places; the targets that weren't there any more."""
        pinned = {attempt.pin: attempt for attempt in attempts}
        try:
            if not self._pin(attempts):
                pinned.clear()
                return [attempt.target for attempt in attempts]
            proven, moved = self._prove(attempts, decide, found)
            written = self._write(proven) if proven else {}
            for attempt in proven:
                attempt.token = ""
                if attempt.pin in written:
                    edited = Edited(attempt.target.run, attempt.change.says, attempt.change)
                    found[attempt.target.number] = edited
                else:
                    moved.append(attempt.target)
            for pin in self._paint([it for it in proven if it.pin in written], written):
                del pinned[pin]
        finally:
            self._leave(pinned)
        return moved

    def _leave(self, pinned: Mapping[int, _Attempt]) -> None:
        """Takes back what still stands of ours; a worker's next claim does it, too."""
        with suppress(SheetUnreachableError):
            self._give_back([attempt.token for attempt in pinned.values()], FOR_TIDYING)
            if pinned:
                unpin = self.sheet.unpin
                self.pacing.until_done(lambda: unpin(pinned), FOR_TIDYING, what="delete pins")

    def _pin(self, attempts: Sequence[_Attempt]) -> bool:
        """Pins the rows, and takes those that must be unclaimed; False if a row isn't there."""
        column = self.sheet.header.columns.status
        requests = []
        for attempt in attempts:
            where = wire.at_line(self.sheet.sheet_id, "ROWS", attempt.row_index)
            requests.append(wire.create_mark(attempt.pin, wire.RUN_PIN, where))
            if attempt.change.from_ready:
                nonce = f"{self.rng.getrandbits(32):08x}"
                attempt.token = make_token(self.name, self.sheet.now, nonce)
                swap = Swap(attempt.row_index, column, READY, attempt.token)
                requests.append(wire.swap(self.sheet.sheet_id, swap))

        def step() -> bool:
            try:
                self.sheet.batch({"requests": requests}, relaxed=True)
            except APIError as error:
                if status_code(error) == REFUSED and wire.is_taken_id(error):
                    return True  # an earlier attempt, whose answer was lost, had landed
                if status_code(error) == REFUSED and wire.refused_request(error) is not None:
                    return False
                raise
            return True

        return self.pacing.until_done(step, FOR_A_CLAIM, what="find the runs' rows")

    def _prove(
        self, attempts: Sequence[_Attempt], decide: Decide, found: dict[int, Edited]
    ) -> tuple[list[_Attempt], list[Target]]:
        """Which pinned rows are the ones that were meant, and still want the same."""
        rows = self.pacing.until_done(
            lambda: self.sheet.read_all_pinned([attempt.pin for attempt in attempts]),
            FOR_A_CLAIM,
            what="read the runs' rows",
        )
        proven: list[_Attempt] = []
        moved: list[Target] = []
        for attempt in attempts:
            proof = rows[attempt.pin]
            columns, row = proof.columns, proof.row
            if row is None or not is_same(attempt.target.identity, columns, row):
                moved.append(attempt.target)
                continue
            if attempt.token and columns.text(row, columns.status) == attempt.token:
                row = [*row]
                row[columns.status] = READY
                is_taken = True
            else:
                is_taken = False
            change = decide(columns, row)
            if isinstance(change, Refusal):
                found[attempt.target.number] = Edited(attempt.target.run, change.because)
            elif change.from_ready and not is_taken:
                moved.append(attempt.target)  # a worker was first
            else:
                attempt.change, attempt.proof = change, proof
                proven.append(attempt)
        kept = {attempt.token for attempt in proven}
        self._give_back([it.token for it in attempts if it.token not in kept], FOR_A_CLAIM)
        return proven, moved

    def _give_back(self, tokens: Sequence[str], patience: Patience) -> None:
        """`ready` again wherever our token stands."""
        everywhere = {"sheetId": self.sheet.sheet_id}
        requests = [wire.replace_text(token, READY, everywhere) for token in tokens if token]
        if requests:
            self.pacing.until_done(
                lambda: self.sheet.batch({"requests": requests}, relaxed=False),
                patience,
                what="give runs back",
            )

    def _write(self, proven: Sequence[_Attempt]) -> dict[int, int]:
        """Writes through the pins, and again where columns had moved; where each row was."""

        def step() -> dict[int, int]:
            rows = {attempt.pin: _cells(attempt) for attempt in proven}
            seen = {attempt.pin: _proof(attempt).columns.names for attempt in proven}
            for _ in range(_REPAIRS):
                written = self.sheet.write_pinned(rows, relaxed=False)
                if all(names == written.names for names in seen.values()):
                    if written.problem:
                        raise written.problem
                    return dict(written.rows)
                rows = {
                    attempt.pin: _mended(attempt, rows[attempt.pin], written) for attempt in proven
                }
                seen = dict.fromkeys(seen, written.names)
            raise SheetUnreachableError(f"{self.sheet.label}: line 1 keeps changing. Try again.")

        return self.pacing.until_done(step, FOR_A_CLAIM, what="change the runs")

    def _paint(self, attempts: Sequence[_Attempt], places: Mapping[int, int]) -> list[int]:
        """The colours of the states that the rows are in now; the pins that went away with it."""
        columns = self.sheet.header.columns
        touches = []
        for attempt in attempts:
            if attempt.change.state is None:
                continue
            name = COLOR_NAMES[attempt.change.state]
            coats = row_coats(
                columns,
                places[attempt.pin],
                background=CLEAR if name is None else self.colors[name],
            )
            touches.append(Touch(attempt.pin, places[attempt.pin], coats, unpin=True))
        if touches:
            self.pacing.until_done(
                lambda: touch_rows(self.sheet, touches, self.colors),
                FOR_A_CLAIM,
                what="colour the runs",
            )
        return [touch.pin for touch in touches]


def _proof(attempt: _Attempt) -> FoundRow:
    assert attempt.proof is not None  # noqa: S101 - only proven attempts are written
    return attempt.proof


def _cells(attempt: _Attempt) -> dict[int, Any]:
    ids = _proof(attempt).columns.ids
    return {ids[name]: value for name, value in attempt.change.cells.items()}


def _mended(attempt: _Attempt, cells: Mapping[int, Any], written: Written) -> dict[int, Any]:
    proof = _proof(attempt)
    wanted = {} if written.problem else attempt.change.cells
    return repair(proof.columns, proof.row or (), cells, written.names, wanted)
