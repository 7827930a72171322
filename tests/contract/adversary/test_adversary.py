"""Whatever people and networks do between any two requests, the rules of the queue hold.

Decided here: what can happen, and how often it is tried. Hypothesis makes up the stories, and if
one breaks a rule, shrinks it to the shortest that does; it is printed as sentences. Elsewhere: the
rules (`referee.py`), the stage (`world.py`).

`make chaos` (`hours.py`) tells other stories for as long as one likes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import gspread
import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets import Switches
from tests.contract.adversary.network import BAD_FATES, Fate
from tests.contract.adversary.rules import COMMANDS
from tests.contract.adversary.world import World
from tests.served import Served

NUMBER = st.integers(0, 7)
ORDERS = st.sampled_from(["sync", "done", "failed", "interrupted"])
EDITS: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("insert_row"), NUMBER),
    st.tuples(st.just("delete_row"), NUMBER),
    st.tuples(st.just("move_row"), NUMBER, NUMBER),
    st.tuples(st.just("sort"), NUMBER, st.booleans()),
    st.tuples(st.just("paste_row"), NUMBER, NUMBER, st.booleans()),
    st.tuples(st.just("hide_row"), NUMBER),
    st.tuples(st.just("insert_column"), NUMBER),
    st.tuples(st.just("move_column"), NUMBER, NUMBER),
    st.tuples(st.just("rename_column"), NUMBER),
    st.tuples(st.just("type_value"), NUMBER, st.sampled_from(["n_epoch", "lr"])),
    st.tuples(st.just("say_status"), NUMBER, st.sampled_from(["ready", "", "not now"])),
    st.tuples(st.just("command"), NUMBER, st.sampled_from(sorted(COMMANDS))),
    st.tuples(st.just("undo")),
)


class Adversary(RuleBasedStateMachine):
    """People, a network and time against two to four workers on one workbook file."""

    switches: ClassVar[Switches] = Switches()

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "runs.sheet"
        self._line, self._key = self.open(self._path)

    def open(self, path: Path) -> tuple[gspread.HTTPClient, str]:
        """A new workbook, and a client for it."""
        client = localsheets.workbook_client(path, create=True, switches=self.switches)
        self._close: Callable[[], object] = client.workbook.close
        return client, client.spreadsheet_id

    @staticmethod
    def tell(sentence: str) -> None:
        """The story goes on."""
        note(sentence)

    def teardown(self) -> None:
        """The end of the story: all is well, or a rule was broken."""
        try:
            if hasattr(self, "world"):
                self.world.come_to_rest()
        finally:
            if hasattr(self, "world"):
                self.world.close()
            self._close()
            self._folder.cleanup()

    # ------------------------------------------------------------ workers

    @initialize(count=st.integers(2, 4), has_leases=st.booleans())
    def some_workers(self, count: int, has_leases: bool) -> None:
        """They connect."""
        self.world = World(self._path, self._line, self._key, self.switches, has_leases, self.tell)
        for _ in range(count):
            self.world.hire()

    @rule(who=NUMBER, what=ORDERS, count=st.sampled_from([1, 2, 3, 4, 5, 9]))
    def a_worker_goes_on(self, who: int, what: str, count: int) -> None:
        """A call of the training script begins, or a few of its requests are answered."""
        alive = [actor for actor in self.world.actors if not actor.is_dead]
        actor = alive[who % len(alive)]
        if actor.is_idle:
            self.world.order(actor, what if actor.worker.has_run else "claim")
        for _ in range(count):
            if actor.is_busy:
                self.world.step(actor)

    @rule(who=NUMBER, what=ORDERS)
    def a_worker_begins(self, who: int, what: str) -> None:
        """A call of the training script stands before its first request."""
        idle = [actor for actor in self.world.actors if actor.is_idle]
        if idle:
            actor = idle[who % len(idle)]
            self.world.order(actor, what if actor.worker.has_run else "claim")

    @precondition(lambda self: any(actor.is_busy for actor in self.world.actors))
    @rule(who=NUMBER, fate=st.sampled_from(BAD_FATES))
    def a_request_goes_wrong(self, who: int, fate: Fate) -> None:
        """Something becomes of it that shouldn't."""
        busy = [actor for actor in self.world.actors if actor.is_busy]
        self.world.step(busy[who % len(busy)], fate)

    @precondition(lambda self: self.world.network.late)
    @rule(which=NUMBER)
    def a_late_request_lands(self, which: int) -> None:
        """Its sender had given it up."""
        self.world.late_letter(which)

    @precondition(lambda self: self.world.actors and not self.world.actors[0].is_dead)
    @rule()
    def the_first_worker_is_killed(self) -> None:
        """Kill -9."""
        self.world.kill(self.world.actors[0])

    @rule(seconds=st.sampled_from([5, 50, 130, 700]))
    def time_passes(self, seconds: int) -> None:
        """A laptop sleeps, say."""
        self.world.time_passes(seconds)

    @rule(edit=EDITS)
    def a_person_edits(self, edit: tuple[str, ...]) -> None:
        """Rows, columns, cells; or Ctrl-Z."""
        name, *arguments = edit
        self.world.edit(lambda editor: getattr(editor, name)(*arguments))


class AdversaryOverHttp(Adversary):
    """The same against a served workbook, over a real socket."""

    served: ClassVar[tuple[Path, Served]]

    def open(self, path: Path) -> tuple[gspread.HTTPClient, str]:
        """A new workbook in the folder that is served."""
        folder, server = self.served
        self._path = folder / f"{uuid4().hex}.sheet"
        workbook = localsheets.open_workbook(self._path, create=True)
        client = server.client(user_agent="a person")
        self._close = client.session.close
        return client, workbook.id


EACH_SWITCH = [
    Switches(),
    Switches(unmatched_filter_is_an_error=True),
    Switches(find_replace_skips_hidden_rows=True),
    Switches(find_replace_keeps_text=True),
    Switches(strict_validation_refuses=True),
    Switches(sort_leaves_metadata=True),
    Switches(reads_lag_one_write=True),
]


def told(machine: type[Adversary], *, stories: int, steps: int = 40) -> None:
    """So many stories, the same each time; `hours.py` tells others."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=stories,
            stateful_step_count=steps,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("switches", EACH_SWITCH)
def test_the_rules_hold_on_a_file(switches: Switches) -> None:
    told(type("OnAFile", (Adversary,), {"switches": switches}), stories=25)


def test_the_rules_hold_over_http(shared_server: tuple[Path, Served]) -> None:
    told(type("OverHttp", (AdversaryOverHttp,), {"served": shared_server}), stories=15)
