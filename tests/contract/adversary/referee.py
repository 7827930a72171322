"""What must always hold, judged from the change log: it knows who wrote which cell when.

Decided here: which writes of a worker are right (P1, P2, P3), which config a run may be given (P4),
what a claim that brings nothing must mean (P8), and what must be true when all is quiet again (P5,
P6). Nothing of the product is asked but how a claim's token reads.

A request can't be called back, so a worker may be behind by the one request that is under way: what
it writes is right if it was right by the last answer that it got. If columns moved in between, it
must put right what it hit before its call ends. Of a request that lands after its sender gave it up
no such thing is forgiven, and never a write into a run that names another worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gsheet_ml_scheduler.localsheets import Switches
from gsheet_ml_scheduler.runsheet.claims import parse_token
from gsheet_ml_scheduler.runsheet.leases import parse_lease
from tests.contract.adversary.network import Clock
from tests.contract.adversary.picture import Change, ChangeLog, Entry, Picture, Snapshot
from tests.contract.adversary.rules import COMMANDS, FINAL, is_filling_in, is_right, owner_is, same

LONGEST_PATIENCE = 500.0
"""Seconds after which a worker may say that it couldn't write an outcome."""
MANDATORY = frozenset(["run_name", "status", "worker_name"])

Cell = tuple[int, int]


class Violation(AssertionError):  # noqa: N818 - the word of the rules
    """A rule was broken."""


@dataclass(frozen=True)
class Debt:
    """A cell that a worker has hit and must put right."""

    worker: str
    old: Any
    new: Any
    column: str
    is_late: bool
    meant_for: str | None  # the name that its column had when it was the right one


@dataclass
class Call:
    """One call of a worker under way, and what it has seen in it."""

    began_at: int
    began: float
    read_configs: list[dict[int, tuple[Any, dict[str, Any]]]] = field(default_factory=list)
    former_rows: list[int] = field(default_factory=list)  # a sort took its run elsewhere
    written_status: Any = None
    had_it_all_along: bool = True
    is_calm: bool = True
    command: Any = ""


@dataclass
class Party:
    """A worker as the referee sees it."""

    name: str
    known: list[Snapshot]  # what its last answer may have shown
    call: Call
    row: int | None = None
    was_given_away: bool = False  # that row, to another worker
    config: dict[str, Any] = field(default_factory=dict)
    not_keys: frozenset[str] = frozenset()
    is_alive: bool = True
    is_rationed: bool = False


class Referee:
    """Follows the log and judges every entry."""

    def __init__(self, log: ChangeLog, clock: Clock, switches: Switches) -> None:
        self.picture = Picture()
        self.now = self.picture.snapshot()
        self.parties: dict[str, Party] = {}
        self.races = 0
        self.debts: dict[Cell, Debt] = {}
        self.outcomes: dict[int, tuple[str, str]] = {}
        self._authors: dict[Cell, str] = {}
        self._authors_before: dict[Cell, str] = {}  # the entry that is judged
        self._hit: dict[Cell, tuple[str, Any]] = {}  # who wrote there last, and what was there
        self._claimable_since: dict[int, int] = {}
        self._given_up: set[int] = set()
        # For whom something waits on this machine, and whether a repair does.
        self.waiting: Mapping[str, bool] = {}
        self._log = log
        self._clock = clock
        self._lag = int(switches.reads_lag_one_write)
        self._hidden_is_out_of_reach = switches.find_replace_skips_hidden_rows
        self._before = self.now

    @property
    def revision(self) -> int:
        """How many entries there are."""
        return self._log.revision

    # ------------------------------------------------------------ what happens

    def join(self, name: str) -> None:
        """A worker is there."""
        self.follow()
        self.parties[name] = Party(name, [self.now], Call(self.revision, self._clock.now))

    def follow(self, *, is_late: bool = False) -> None:
        """Judge what is new in the log."""
        for entry in self._log.new_entries():
            self._before = before = self.now
            changes = self.picture.draw(entry)
            self.now = self.picture.snapshot()
            self._judge(entry, changes, before, is_late=is_late)
            self._note_claimable(entry.revision)
            for party in self.parties.values():
                if party.row is not None and not self._names(party):
                    party.call.had_it_all_along = False

    def saw(self, name: str, *, by_the_heart: bool = False) -> None:
        """A worker got an answer that shows cells."""
        party = self.parties[name]
        shown = [self.now, self._before] if self._lag else [self.now]
        if not by_the_heart:
            party.known = shown
        for snapshot in shown:
            party.not_keys |= {
                title
                for column, title in snapshot.names.items()
                if snapshot.default(column) == "N/A"
            }
            configs = {
                row: (snapshot.at(row, "run_name"), snapshot.config(row, party.not_keys))
                for row in snapshot.run_rows
            }
            party.call.read_configs.append(configs)

    def refused(self, name: str) -> None:
        """A worker was told that it asks too much: its budget may put off a sync's write now."""
        self.parties[name].is_rationed = True

    # ------------------------------------------------------------ the calls of the workers

    def begin(self, name: str) -> None:
        """A worker's call begins."""
        party = self.parties[name]
        party.call = Call(self.revision, self._clock.now)
        if party.row is not None:
            party.call.had_it_all_along = self._names(party)
            party.call.command = self.now.at(party.row, "command")

    def disturbed(self) -> None:
        """A person, or the network, got in between: calls under way may not be as usual."""
        for party in self.parties.values():
            party.call.is_calm = False

    def got_run(self, name: str, config: Mapping[str, Any]) -> None:
        """A claim handed a run to training."""
        party = self.parties[name]
        if party.row is None:
            raise Violation(f"P1: {name} was handed a run, but its name was never written")
        self.outcomes.pop(party.row, None)
        self._check_config(party, config)

    def got_nothing(self, name: str) -> None:
        """A claim said that nothing was claimable."""
        party = self.parties[name]
        party.row = None
        waiting = [
            row
            for row, since in self._claimable_since.items()
            if since <= party.call.began_at - self._lag
        ]
        if waiting:
            names = [self.now.at(row, "run_name") for row in waiting]
            raise Violation(f"P8: {name} got no run, but {names} could be claimed all the time")
        self._check_debts(party)

    def synced(self, name: str, config: Mapping[str, Any]) -> None:
        """A sync came back, and training goes on."""
        party = self.parties[name]
        row, command = party.row, party.call.command
        is_whole = self.now.columns_by_name.keys() >= MANDATORY  # else it was out of reach
        has_asked = bool(party.call.read_configs)  # else it came too soon, and goes with the next
        is_usual = party.call.is_calm and not party.is_rationed and is_whole and has_asked
        if is_usual and row is not None and command in COMMANDS:
            if self.now.at(row, "command") == command:
                raise Violation(f"{name} synced, but {command!r} still stands in its row")
            if command in ("kill", "requeue"):
                raise Violation(f"{name} goes on training after {command!r}")
        self._check_config(party, config)

    def interrupted(self, name: str) -> None:
        """A worker was told that somebody wants its run to end here, which its row says."""
        party = self.parties[name]
        self._end(party, {"killed", "ready"})

    def ended(self, name: str, text: str) -> None:
        """A run was ended without an error; `text` is what its status must say."""
        self._end(self.parties[name], {text})

    def kept(self, name: str) -> None:
        """An outcome couldn't be written now: it waits on this machine, and a later claim of any
        worker there writes it.
        """
        party = self.parties[name]
        party.row = None
        self._check_debts(party)

    def _end(self, party: Party, texts: set[str]) -> None:
        self._check_debts(party)
        row, party.row = party.row, None
        if row is None:
            return
        said = party.call.written_status
        is_there = self.now.columns_by_name.keys() >= MANDATORY
        took = self._clock.now - party.call.began
        if said is None and (not is_there or took > LONGEST_PATIENCE):
            self._given_up.add(row)  # the worker has said so; without leases it takes a person
        elif said is None:
            stands_there = self.now.at(row, "status") in texts  # a paste brought the same text
            if party.call.had_it_all_along and not stands_there:
                raise Violation(f"P7: {party.name} ended its run, but {texts} was never written")
        elif said not in texts:
            raise Violation(f"{party.name} wrote {said!r} in place of {texts}")
        elif said != "ready":
            self.outcomes[row] = (party.name, said)

    def lost(self, name: str) -> None:
        """A worker was told that its run is lost."""
        party = self.parties[name]
        # Another had it meanwhile, and deleted its pin: a person's undo brings back its name only.
        if party.call.had_it_all_along and party.row is not None and not party.was_given_away:
            raise Violation(f"P5: {name} was told that its run is lost, but the row names it")
        party.row = None
        self._check_debts(party)

    def gave_up(self, name: str) -> None:
        """A call ended with an error: the sheet was out of reach for too long."""
        row = self.parties[name].row
        if row is not None:
            self._given_up.add(row)

    def died(self, name: str) -> None:
        """A worker was killed."""
        self.parties[name].is_alive = False

    def all_is_quiet(self) -> None:
        """Nothing is under way any more, and somebody looked for work until there was none."""
        self.follow()
        for cell, debt in self._open_debts():
            if self.parties[debt.worker].is_alive or debt.is_late:
                raise Violation(self._about_debt(cell, debt))
        for row in self.now.run_rows:
            self._check_quiet(row)

    def _check_quiet(self, row: int) -> None:
        name, status = self.now.at(row, "run_name"), self.now.at(row, "status")
        worker = self.now.at(row, "worker_name")
        if parse_token(status) is not None:
            raise Violation(f"P6: run {name} was left half-claimed: {status!r}")
        if row in self.outcomes:
            by, text = self.outcomes[row]
            if status != text and self._author(row, "status") == by:
                raise Violation(f"P6: run {name} ended {text!r}, but says {status!r}")
        party = self.parties.get(worker)
        is_running = not str(status).startswith(FINAL)
        is_held = party is not None and (not party.is_alive or party.row == row)
        wrote_it = self._author(row, "worker_name") == worker
        if party and is_running and not is_held and wrote_it and row not in self._given_up:
            raise Violation(f"P5: run {name} names {worker}, which doesn't hold it: {status!r}")
        has_lease = parse_lease(self.now.at(row, "lease")) is not None
        if party and not party.is_alive and is_running and has_lease:
            raise Violation(f"P5: run {name} was forgotten: {worker} is dead, it says {status!r}")

    # ------------------------------------------------------------ an entry

    def _judge(
        self, entry: Entry, changes: list[Change], before: Snapshot, *, is_late: bool
    ) -> None:
        party = self.parties.get(entry.author)
        if party is not None:
            self._note_calls(party, changes, before)
        self._authors_before = dict(self._authors)
        for change in changes:
            cell = (change.row, change.column)
            if change.row not in self.now.rows:
                continue
            self._authors[cell] = entry.author
            if party is None:
                self.debts.pop(cell, None)
                self._hit.pop(cell, None)
                if before.names.get(change.column) == "status":
                    self.outcomes.pop(change.row, None)
            elif change.column in before.columns:
                author = self._on_behalf(party, change, before)
                self._judge_cell(author, change, before, is_late=is_late)
        for cell in [c for c in self.debts if c[0] not in self.now.rows]:
            del self.debts[cell]

    def _on_behalf(self, party: Party, change: Change, before: Snapshot) -> Party:
        """Whose write it is: who settles what another one kept writes for that one.

        Where that one's misplaced write hit its own name, what it put there tells; where a person
        emptied it, the lease by which the row was found.
        """
        cell = (change.row, change.column)
        names = [before.at(change.row, "worker_name")]
        debt, (by, old) = self.debts.get(cell), self._hit.get(cell, ("", None))
        names += [by] if same(change.new, old) else []
        names += [debt.worker] if debt is not None and same(change.new, debt.old) else []
        was, now = parse_lease(change.old), parse_lease(change.new)
        names += [was.worker] if was and now and was.worker == now.worker else []
        waiting = self.waiting.keys() & self.parties.keys()
        return next((self.parties[name] for name in names if name in waiting), party)

    def _note_calls(self, party: Party, changes: list[Change], before: Snapshot) -> None:
        for change in changes:
            column = before.names.get(change.column)
            if column == "worker_name" and change.new == party.name:
                for other in self.parties.values():
                    if other.row == change.row:
                        other.was_given_away = other is not party
                party.row, party.was_given_away = change.row, False
                party.call.had_it_all_along = True
            if column == "status" and change.row == party.row:
                party.call.written_status = change.new
            old, new = parse_lease(change.old), parse_lease(change.new)
            if column == "lease" and old and new and old.worker == new.worker == party.name:
                if party.row is not None and party.row != change.row:
                    party.call.former_rows.append(party.row)
                party.row = change.row  # it found its run by the lease, wherever that had gone

    def _judge_cell(self, party: Party, change: Change, before: Snapshot, *, is_late: bool) -> None:
        cell = (change.row, change.column)
        debt = self.debts.get(cell)
        if debt is not None and debt.worker == party.name and same(change.new, debt.old):
            del self.debts[cell]
            return
        takes_back = self._takes_back(party, change)
        self._hit[cell] = (party.name, change.old)
        if takes_back or is_right(party.name, change, before, self._clock.date):
            self.debts.pop(cell, None)
            return
        owner = before.at(change.row, "worker_name")
        column = before.columns_by_name.get("worker_name", -1)
        wrote_it_itself = self._authors.get((change.row, column)) == owner
        if owner != party.name and owner in self.parties and wrote_it_itself:
            run = before.at(change.row, "run_name")
            raise Violation(
                f"P1: {party.name} wrote {change.new!r} over {change.old!r} in column "
                f"{before.names.get(change.column)!r} of run {run}, which is {owner}'s"
            )
        date = self._clock.date
        was_right = any(
            is_right(party.name, change, before, date, as_known=known)
            or self._has_left(party.name, change.row, known, before)
            for known in party.known
        )
        if was_right and not is_late:
            self.races += 1
            self.debts.pop(cell, None)
            return
        old = change.old if debt is None else debt.old
        title = before.names.get(change.column, "without a name")
        meant_for = next(
            (
                known.names.get(change.column)
                for known in party.known
                if is_right(party.name, change, known, date)
            ),
            None,
        )
        self.debts[cell] = Debt(party.name, old, change.new, title, is_late, meant_for)

    def _has_left(self, name: str, row: int, known: Snapshot, before: Snapshot) -> bool:
        """Whether the cells by which a row was a worker's went to another while it was writing.

        The mark stayed, so nothing tells what the write will hit, and nobody can put it back.
        Where they had been hit by that worker's own misplaced write, nothing shows whose they are
        where they came; but where they were, a person has put others, or none.
        """

        def is_its(view: Snapshot, at: int) -> bool:
            return owner_is(name, view, at) or is_filling_in(name, view, at)

        its = [at for at in before.run_rows if is_its(before, at)]
        if row not in known.run_rows or not is_its(known, row) or row in its:
            return False
        return bool(its) or self._is_replaced(row, known, before)

    def _is_replaced(self, row: int, known: Snapshot, before: Snapshot) -> bool:
        authors = {
            self._authors_before.get((row, before.columns_by_name.get(column, -1)))
            for column in ("run_name", "status")
        }
        is_another = before.at(row, "run_name") != known.at(row, "run_name")
        return is_another and not authors & {None, *self.parties}

    def _takes_back(self, party: Party, change: Change) -> bool:
        """Whether a worker undoes its own last write, as far as it can know what was there."""
        by, old = self._hit.get((change.row, change.column), (None, None))
        was = [known.cell(change.row, change.column) for known in party.known]
        return by == party.name and any(same(change.new, one) for one in (old, *was))

    # ------------------------------------------------------------ checks

    def _check_config(self, party: Party, config: Mapping[str, Any]) -> None:
        self._check_debts(party)
        row, former = party.row, party.call.former_rows
        run = None if row is None else self.now.at(row, "run_name")
        seen = [
            had
            for configs in party.call.read_configs
            for at, (name, had) in configs.items()
            if at == row or (at in former and name == run)
        ]
        if dict(config) not in [*seen, party.config]:
            raise Violation(f"P4: {party.name} trains run {run} with {config}, which it never had")
        party.config = dict(config)

    def _check_debts(self, party: Party) -> None:
        if self.waiting.get(party.name):
            return  # whoever writes what waits puts it right before
        for cell, debt in self._open_debts():
            if debt.worker == party.name and not debt.is_late:
                raise Violation(self._about_debt(cell, debt))

    def _open_debts(self) -> Iterator[tuple[Cell, Debt]]:
        """Those whose column hasn't got back the name for which they were meant."""
        for cell, debt in self.debts.items():
            if debt.meant_for is None or self.now.names.get(cell[1]) != debt.meant_for:
                yield cell, debt

    def _about_debt(self, cell: Cell, debt: Debt) -> str:
        run = self.now.at(cell[0], "run_name")
        late = ", late," if debt.is_late else ""
        return (
            f"P2: what {debt.worker}{late} wrote into column {debt.column!r} of run {run} stayed "
            f"there: {debt.new!r} over {debt.old!r}"
        )

    def _names(self, party: Party) -> bool:
        row = party.row
        if row is None or row not in self.now.rows:
            return False
        has_leases = "lease" in self.now.columns_by_name
        lease = parse_lease(self.now.at(row, "lease"))
        is_named = self.now.at(row, "worker_name") == party.name
        return is_named and (not has_leases or (lease is not None and lease.worker == party.name))

    def _author(self, row: int, name: str) -> str | None:
        column = self.now.columns_by_name.get(name)
        return None if column is None else self._authors.get((row, column))

    def _note_claimable(self, revision: int) -> None:
        now = {
            row
            for row in self.now.run_rows
            if self.now.at(row, "status") == "ready" and self.now.at(row, "worker_name") == ""
        }
        if self._hidden_is_out_of_reach:
            now -= self.picture.hidden_rows
        self._claimable_since = {row: self._claimable_since.get(row, revision) for row in now}
