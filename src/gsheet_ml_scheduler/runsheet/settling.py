"""Writes what an earlier process couldn't: results and outcomes that wait in the journal (P7).

Decided here: when that is (before a worker looks for its next run), and that it never gets in the
way: what can't be written now goes on waiting. The row must still prove to be that claim's, by its
pin, its worker's name and a lease of that worker; otherwise nothing is written (P1), and a person
is told where the results lie. Elsewhere: the files (`journal.py`), the writing (`holding.py`).
"""

from gsheet_ml_scheduler.errors import OUT_OF_REACH, RunLost
from gsheet_ml_scheduler.runsheet.holding import Desk, HeldRun
from gsheet_ml_scheduler.runsheet.journal import Kept
from gsheet_ml_scheduler.runsheet.pacing import FOR_AN_EXIT
from gsheet_ml_scheduler.runsheet.values import Scalar
from gsheet_ml_scheduler.runsheet.writing import Unclear

_ANY_COLOR = "done"


def settle(desk: Desk) -> bool:
    """Writes what waits for this sheet; without anything that waits, nothing is asked.

    Returns:
        Whether anything was written.
    """
    if desk.journal is None:
        return False
    count = 0
    for kept in desk.journal.pending(desk.sheet.spreadsheet_id, desk.sheet.sheet_id):
        held = _as_held(desk, kept)
        try:
            _write(held, kept)
        except RunLost:
            continue  # it was told where the results lie
        except OUT_OF_REACH as error:
            held.leave()
            desk.notice(f"{error} Results of an earlier process go on waiting.")
            break
        count += 1
        written = ["its results"] if kept.cells else []
        written += [repr(kept.ending.text)] if kept.ending else []
        desk.notice(
            f"Run {kept.claim.run_name}: what couldn't be written at {kept.at} is in the sheet "
            f"now: {' and '.join(written)}."
        )
    return count > 0


def _as_held(desk: Desk, kept: Kept) -> HeldRun:
    """The run as its worker held it; it is found by its pin."""
    claim, no_config = kept.claim, dict[str, Scalar]()
    held = HeldRun(
        desk,
        claim.worker,
        claim.pin,
        claim.run_name,
        -1,
        no_config,
        claim.run_id,
        lease=claim.lease,
    )
    if kept.unclear is not None:
        held.unclear = Unclear.from_record(kept.unclear)
    held.unwritten.take_up(kept)
    return held


def _write(held: HeldRun, kept: Kept) -> None:
    ending = kept.ending
    if ending is None:
        held.write_results(kept.cells, patience=FOR_AN_EXIT)
    elif ending.color is None:
        held.requeue(patience=FOR_AN_EXIT)
    else:
        color = ending.color if ending.color in held.desk.colors else _ANY_COLOR
        held.finish(ending.text, color, kept.cells, patience=FOR_AN_EXIT)
