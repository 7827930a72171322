"""One workbook, some workers, a person, a bad network, a clock; and the story of what happened.

Decided here: who goes on when somebody lets them, and how the story is told. Elsewhere: what is
right (`referee.py`), what happens next (`test_adversary.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gspread

from gsheet_ml_scheduler.localsheets import Switches
from tests.contract.adversary.editor import Editor
from tests.contract.adversary.network import Clock, Fate, Network
from tests.contract.adversary.picture import ChangeLog, Snapshot
from tests.contract.adversary.puppet import Blocked, Idle, Letter, Nap, Puppet
from tests.contract.adversary.referee import Referee
from tests.contract.adversary.workers import (
    KINDS,
    TERMS,
    Tell,
    Worker,
    answer_of,
    beat,
    connect,
    waiting,
)

SECONDS_OF_A_REQUEST = 0.4
NICKNAMES = ("Ada", "Bo", "Cy", "Di", "Eve")
HEADER = ["run_name", "status", "worker_name", "n_epoch", "lr", "note"]
DEFAULTS = ["", "N/A", "N/A", 10, 0.5, "N/A"]
FEATURES = ["lease", "attempt", "command"]
RUNS = [
    ["a", "done", "old", 1, 0.1, "mine"],
    ["b", "ready", "", 2, "", "first"],
    ["c", "ready", "", "", 0.3],
    ["d", "", "", 4, 0.4, "a draft"],
    ["e", "ready", "", 5, 0.55],
]


@dataclass
class Actor:
    """A worker in the story."""

    nickname: str
    puppet: Puppet
    worker: Worker
    is_heart: bool = False
    syncs: int = 0
    is_dead: bool = False

    @property
    def name(self) -> str:
        """How the sheet knows it."""
        return self.worker.scheduler.worker_name

    @property
    def is_idle(self) -> bool:
        """Whether it waits for an order."""
        return not self.is_dead and isinstance(self.puppet.at, Idle)

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way."""
        return not self.is_dead and isinstance(self.puppet.at, Letter)

    @property
    def is_under_way(self) -> bool:
        """Whether a call isn't over."""
        return not self.is_dead and not isinstance(self.puppet.at, Idle)


@dataclass
class World:
    """Everything that there is."""

    path: Path
    line: gspread.HTTPClient
    spreadsheet_id: str
    switches: Switches = field(default_factory=Switches)
    has_leases: bool = True
    tell: Callable[[str], None] = lambda sentence: None
    actors: list[Actor] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The queue is filled; nobody works yet."""
        self.clock = Clock()
        self.network = Network(self.line, self.clock)
        self.log = ChangeLog(self.path)
        self.referee = Referee(self.log, self.clock, self.switches)
        self._just_given_up: list[Letter] = []
        self.line.session.headers["User-Agent"] = "a person"
        spreadsheet = gspread.Spreadsheet(self.line, {"id": self.spreadsheet_id})
        self.editor = Editor(spreadsheet, self._look)
        sheet = spreadsheet.get_worksheet(0)
        sheet.resize(12, 11)
        features = FEATURES if self.has_leases else []
        sheet.update([HEADER + features, DEFAULTS + ["N/A"] * len(features), *RUNS], raw=True)
        self.referee.follow()

    def _look(self) -> Snapshot:
        self.referee.follow()
        return self.referee.now

    # ------------------------------------------------------------ workers

    def hire(self) -> Actor:
        """One more worker connects; nothing goes wrong meanwhile."""
        number = len(self.actors)
        nickname = NICKNAMES[min(number // 2, len(NICKNAMES) - 1)]
        name = f"{nickname}00000"[:6]
        made: list[Worker] = []

        def life(puppet: Puppet) -> None:
            scheduler = connect(self.spreadsheet_id, self.clock, number, name)
            made.append(KINDS[number % len(KINDS)](scheduler))
            _obey(puppet)

        puppet = Puppet(life)
        puppet.start()
        while isinstance(puppet.at, Letter):
            puppet.go_on(self.network.carry(puppet.at, Fate.ANSWERED))
        self._raise_what_failed(puppet)
        actor = Actor(nickname, puppet, made[0])
        heart = Actor(f"{nickname}'s heart", Puppet(_obey), made[0], is_heart=True)
        heart.puppet.start()
        self.actors += [actor, heart]
        self.referee.join(actor.name)
        self.tell(f"{actor.nickname} connects.")
        return actor

    def order(self, actor: Actor, what: str) -> None:
        """A call begins; it goes as far as its first request."""
        worker = actor.worker
        if actor.is_heart:
            self._begin(actor, lambda: beat(worker.scheduler), "looks whether it should beat")
        elif what == "claim" and not worker.has_run:
            self._begin(actor, worker.claim, "asks for a run")
        elif what == "sync" and worker.has_run:
            actor.syncs += 1
            number = actor.syncs
            self._begin(actor, lambda: worker.sync(number), f"syncs 'step {number}'")
        elif what in ("done", "failed", "interrupted") and worker.has_run:
            self._begin(actor, lambda: worker.end(what), f"ends its run: {what}")

    def _begin(self, actor: Actor, call: Callable[[], Tell], words: str) -> None:
        self.tell(f"{actor.nickname} {words}.")
        self.referee.follow()
        if not actor.is_heart:
            self.referee.begin(actor.name)
        actor.puppet.go_on(call)
        self._after_a_step(actor)

    def step(self, actor: Actor, fate: Fate = Fate.ANSWERED) -> None:
        """The request at which a worker stands still meets its fate."""
        letter = actor.puppet.at
        assert isinstance(letter, Letter)
        if fate is not Fate.ANSWERED:
            self.referee.disturbed()
        if fate is Fate.REFUSED_429:
            self.referee.refused(actor.name)
        if letter.is_read and fate is Fate.LATE:
            fate = Fate.DROPPED_BEFORE
        self._note_what_waits(actor)
        answer = self.network.carry(letter, fate)
        if fate is Fate.LATE:
            self._just_given_up.append(letter)
        self.clock.pass_by(SECONDS_OF_A_REQUEST)
        refused = f": {answer}" if isinstance(answer, Exception) and fate is Fate.ANSWERED else ""
        self.tell(f"  {actor.nickname}'s {letter.gist} {fate.value}{refused}.")
        self.referee.follow()
        if letter.shows_cells and fate is Fate.ANSWERED and not refused:
            self.referee.saw(actor.name, by_the_heart=actor.is_heart)
            self._just_given_up = [one for one in self._just_given_up if one.sender != actor.name]
        actor.puppet.go_on(answer)
        self._after_a_step(actor)
        for other in self.actors:
            at = other.puppet.at
            if not other.is_dead and isinstance(at, Blocked) and at.lock.is_free:
                other.puppet.go_on()
                self._after_a_step(other)

    def finish_call(self, actor: Actor) -> None:
        """Nothing more goes wrong in the call that is under way."""
        for number in range(300):
            if not actor.is_under_way:
                return
            if number % 40 == 39:  # it may be paused
                self.edit(lambda editor: editor.let_all_go_on())
            if actor.is_busy:
                self.step(actor)
            else:  # its other thread holds a lock
                partner = next(a for a in self.actors if a.worker is actor.worker and a != actor)
                self.step(partner)
        raise AssertionError(f"{actor.nickname}'s call doesn't end")

    def kill(self, actor: Actor) -> None:
        """A worker's process is gone; what it has sent is still on its way."""
        self.tell(f"{actor.nickname} is killed.")
        for thread in self.actors:
            if thread.worker is actor.worker:
                thread.puppet.kill()
                thread.is_dead = True
        actor.worker.scheduler._desk.held.clear()  # or it would be ended when the tests are over
        self.referee.died(actor.name)

    def late_letter(self, number: int) -> None:
        """A request that was given up lands after all."""
        letter = self.network.deliver_late(number)
        nickname = next(actor.nickname for actor in self.actors if actor.name == letter.sender)
        self.tell(f"  {nickname}'s late {letter.gist} lands.")
        # Until its sender has asked again, it is a slow request like any other.
        self.referee.follow(is_late=letter not in self._just_given_up)

    def edit(self, edit: Callable[[Editor], str | None]) -> None:
        """A person does something."""
        did = edit(self.editor)
        if did:
            self.tell(f"A person {did}.")
        self.referee.disturbed()
        self.referee.follow()

    def time_passes(self, seconds: int) -> None:
        """Nobody does anything for a while."""
        self.tell(f"{seconds} seconds pass.")
        self.clock.pass_by(seconds)

    # ------------------------------------------------------------ the end

    def come_to_rest(self) -> None:
        """All that is under way arrives, all runs are run to their end, and everything is right."""
        self.tell("Then nothing goes wrong any more, and everybody comes to an end.")
        while self.network.late:
            self.late_letter(0)
        self.editor.restore_names()
        self.editor.show_all_rows()
        self.referee.follow()
        for actor in self.actors:
            self.finish_call(actor)
        for actor in [actor for actor in self.actors if not actor.is_heart]:
            if actor.is_idle and actor.worker.has_run:
                self._call(actor, "sync")
            if actor.is_idle and actor.worker.has_run:
                self._call(actor, "done")
        self.time_passes(150 + int(TERMS.seconds))
        closer = self.hire()
        for _ in range(40):
            self._call(closer, "claim")
            if not closer.worker.has_run:
                break
            self._call(closer, "done")
        assert not closer.worker.has_run, "there is always another run"
        self.referee.all_is_quiet()

    def close(self) -> None:
        """Everybody goes home."""
        for actor in self.actors:
            actor.puppet.kill()
            actor.worker.scheduler._desk.held.clear()
        self.log.close()

    def _call(self, actor: Actor, what: str) -> None:
        self.order(actor, what)
        self.finish_call(actor)

    def _note_what_waits(self, actor: Actor) -> None:
        kept = waiting(actor.worker.scheduler)
        self.referee.waiting = {it.claim.worker: it.unclear is not None for it in kept}

    def _after_a_step(self, actor: Actor) -> None:
        while isinstance(actor.puppet.at, Nap):
            self.clock.pass_by(actor.puppet.at.seconds)
            actor.puppet.go_on()
        self._raise_what_failed(actor.puppet)
        self.referee.follow()
        if isinstance(actor.puppet.at, Idle) and actor.puppet.at.answer is not None:
            self._note_what_waits(actor)
            actor.puppet.at.answer(self.referee, actor.name)

    @staticmethod
    def _raise_what_failed(puppet: Puppet) -> None:
        if puppet.failed is not None:
            raise puppet.failed


def _obey(puppet: Puppet) -> None:
    """Does one call after the other, and stands still in between."""
    answer: Tell | None = None
    while True:
        order: Callable[[], Tell] = puppet.stop(Idle(answer))
        answer = answer_of(order)
