"""`make chaos`: the adversary tells new stories for as long as one likes.

    make chaos                         for an hour, from a seed that it prints
    make chaos ARGS="--minutes 300"
    make chaos ARGS="--seed 4711"      the same stories again

Each round takes another seed, made from the first one, and goes through the file with every test
switch and the served workbook. The first rule that is broken ends it: the shortest story that
breaks it is printed, and the command that tells it again.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from gsheet_ml_scheduler.runsheet.journal import STATE_DIR
from tests.contract.adversary.test_adversary import EACH_SWITCH, Adversary, AdversaryOverHttp
from tests.served import Served, served

_STORIES, _STEPS = 60, 50
"""Of one machine in one round."""


def machines(shared: tuple[Path, Served]) -> dict[str, type[Adversary]]:
    """What one round goes through, by name."""
    found: dict[str, type[Adversary]] = {
        f"a file, {switches}": type("OnAFile", (Adversary,), {"switches": switches})
        for switches in EACH_SWITCH
    }
    found["HTTP"] = type("OverHttp", (AdversaryOverHttp,), {"served": shared})
    return found


def tell(machine: type[Adversary], number: int) -> None:
    """The stories that a seed stands for."""
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=_STORIES,
            stateful_step_count=_STEPS,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def main() -> None:
    """Goes on until the time is over or a rule is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="one round, told by this seed")
    chosen = parser.parse_args()
    until = time.monotonic() + 60 * chosen.minutes
    number = random.randrange(10**6) if chosen.seed is None else chosen.seed
    rounds = 0
    with (
        tempfile.TemporaryDirectory() as state,
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as server,
    ):
        os.environ[STATE_DIR] = state  # what can't be written is kept there
        while True:
            sys.stderr.write(f"seed {number}\n")
            for name, machine in machines((Path(folder), server)).items():
                try:
                    tell(machine, number)
                except BaseException:
                    sys.stderr.write(
                        f'\nA rule was broken on {name}. Again: make chaos ARGS="--seed {number}"\n'
                    )
                    raise
            rounds += 1
            if chosen.seed is not None or time.monotonic() > until:
                break
            number = random.Random(number).randrange(10**6)
    stories = rounds * _STORIES * (len(EACH_SWITCH) + 1)
    sys.stderr.write(f"{stories} stories, and every rule held.\n")


if __name__ == "__main__":
    main()
