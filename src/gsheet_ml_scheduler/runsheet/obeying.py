"""What a training in this process does about commands: it goes on, waits, or is interrupted.

Decided here: that a pause waits inside the sync, with heartbeats and live edits going on, and that
`kill` and `requeue` end the run in the sheet before the training hears of it. Elsewhere: how
commands are read and acknowledged (`syncing.py`); what an agent does with its processes (`agent`).
"""

from collections.abc import Mapping
from typing import Any

from gsheet_ml_scheduler.errors import OUT_OF_REACH, RunInterrupted
from gsheet_ml_scheduler.runsheet.commands import Command
from gsheet_ml_scheduler.runsheet.holding import HeldRun
from gsheet_ml_scheduler.runsheet.lifecycle import COLOR_NAMES, State
from gsheet_ml_scheduler.runsheet.pacing import PutOffError
from gsheet_ml_scheduler.runsheet.syncing import sync_run

PAUSED_LOOK = 5.0
"""Seconds between two looks at a paused run's row."""


def sync_and_obey(
    held: HeldRun, status: str | None, metrics: Mapping[str, Any], *, follow: bool = True
) -> list[str]:
    """Syncs, and does what somebody commands; the keys whose value changed.

    It comes back after `stop`, with the run `stopping`, and when a `pause` is over.

    Raises:
        RunInterrupted: the run was killed or put back, which its row says by now.
        RunLost, SheetUnreachableError, SheetLayoutError: see `sync_run`.
    """
    synced = sync_run(held, status, metrics, follow=follow)
    changed = dict.fromkeys(synced.changed_keys)
    command = synced.command
    wait = 0.0 if held.state is State.PAUSING else PAUSED_LOOK  # the row soon says `paused`
    while held.state in (State.PAUSING, State.PAUSED):
        held.desk.pacing.sleep(wait)
        wait = PAUSED_LOOK
        try:
            synced = sync_run(held, None, {}, follow=follow)
        except PutOffError:
            continue
        except OUT_OF_REACH as error:
            held.tell(f"{error} Run {held.run_name} stays paused.")
            continue
        changed.update(dict.fromkeys(synced.changed_keys))
        command = synced.command
    if command in (Command.KILL, Command.REQUEUE):
        _end(held, command)
        raise RunInterrupted(
            f"{held.desk.sheet.label}: somebody commanded {command.value!r}, so run "
            f"{held.run_name} ends here; its row says so."
        )
    return list(changed)


def _end(held: HeldRun, command: Command) -> None:
    try:
        if command is Command.REQUEUE:
            held.requeue()
        else:
            held.finish(State.KILLED.value, COLOR_NAMES[State.KILLED] or "", {})
    except OUT_OF_REACH as error:
        held.leave()
        held.desk.notice(f"{error} Run {held.run_name} ends all the same ({command.value}).")
