"""What nobody could read up about Google, tried out on a scratch tab.

Each probe asks one question, of which the answer is a word (for programs) and a sentence. What the
queue depends on is a problem if it isn't so; what it copes with either way is said all the same,
because somebody may see it in the sheet. Elsewhere: the tab (`scratch.py`).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import gspread
from gspread.exceptions import APIError

from gsheet_ml_scheduler.doctor.findings import Finding, Verdict, note
from gsheet_ml_scheduler.doctor.scratch import COLUMNS, TITLE, Scratch, scratch_tab
from gsheet_ml_scheduler.errors import GSheetMLError
from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.pacing import Pacing, describe

Open = Callable[[], gspread.Worksheet]
"""Opens the location once more, for a client of its own."""

_LOOKS = 8
_RIVALS = 3


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer means."""

    verdict: Verdict
    sentence: str
    remedy: str = ""


def try_out(worksheet: gspread.Worksheet, pacing: Pacing, again: Open) -> list[Finding]:
    """All probes, on a scratch tab that is deleted again.

    Args:
        worksheet: any tab of the spreadsheet.
        pacing: who waits.
        again: opens the location once more.

    Raises:
        GSheetMLError: the tab can't be made or deleted.
    """
    with scratch_tab(worksheet, pacing) as scratch:
        found = [_tried(name, probe, scratch) for name, probe in PROBES.items()]
        found.append(_tried("race", lambda tab: race(tab, pacing, again), scratch))
    return [*found, BY_HAND]


def _tried(name: str, probe: Callable[[Scratch], str], scratch: Scratch) -> Finding:
    try:
        answer = probe(scratch)
    except APIError as error:
        return note(f"live: {name}", f"It couldn't be tried: {describe(error)}.")
    except GSheetMLError as error:
        return note(f"live: {name}", f"It couldn't be tried: {error}")
    meaning = MEANINGS[name, answer]
    return Finding(f"live: {name}", meaning.verdict, meaning.sentence, meaning.remedy, answer)


# ------------------------------------------------------------ the probes


def taken_id(tab: Scratch) -> str:
    """Does an id that is in use refuse the whole batch?"""
    row = tab.new_rows(1)
    mark = tab.pin(row)
    try:
        tab.batch(
            wire.paint(tab.sheet_id, wire.Coat(row, 0, 1, (1.0, 0.0, 0.0))),
            {"updateCells": {"rows": [{"values": [wire.cell_data("written")]}],
                             "fields": "userEnteredValue", "range": tab.cell(row)}},
            wire.create_mark(mark, wire.RUN_PIN, tab.at_row(row)),
        )  # fmt: skip
    except APIError:
        return "refused" if tab.row(row) == [] else "half done"
    return "accepted"


def made_again(tab: Scratch) -> str:
    """Can an id be deleted and made again in one batch?"""
    row = tab.new_rows(1)
    mark = tab.pin(row)
    where = tab.at_row(row)
    try:
        tab.batch(wire.delete_mark_at(mark, where), wire.create_mark(mark, wire.RUN_PIN, where))
    except APIError:
        return "refused"
    return "accepted"


def unmatched_filter(tab: Scratch) -> str:
    """What is answered to a data filter that matches nothing?"""
    mark = tab.pin(tab.new_rows(1))
    tab.batch(wire.delete_mark(mark))
    try:
        tab.read(wire.pin_filter(mark))  # which may be an answer from before
        return "empty" if tab.read(wire.pin_filter(mark)) == [] else "something"
    except APIError:
        return "error"


def hidden_row(tab: Scratch) -> str:
    """Does findReplace reach a hidden row?"""
    row = tab.new_rows(1)
    tab.write(row, ["ready"])
    hide = {"range": tab.rows(row, row + 1), "fields": "hiddenByUser"}
    tab.batch({"updateDimensionProperties": {**hide, "properties": {"hiddenByUser": True}}})
    replaced = tab.replace(row, "ready", "claimed")
    tab.batch({"updateDimensionProperties": {**hide, "properties": {"hiddenByUser": False}}})
    return "replaced" if replaced else "skipped"


def filtered_row(tab: Scratch) -> str:
    """Does findReplace reach a row that a filter hides?"""
    row = tab.new_rows(2)
    tab.write(row, ["title"])
    tab.write(row + 1, ["ready"])
    area = {**tab.cell(row), "endRowIndex": row + 2}
    criteria = {"0": {"hiddenValues": ["ready"]}}
    tab.batch({"setBasicFilter": {"filter": {"range": area, "criteria": criteria}}})
    replaced = tab.replace(row + 1, "ready", "claimed")
    tab.batch({"clearBasicFilter": {"sheetId": tab.sheet_id}})
    return "replaced" if replaced else "skipped"


def number_text(tab: Scratch) -> str:
    """Is a number that findReplace writes a number?"""
    row = tab.new_rows(1)
    tab.write(row, ["a text"])
    tab.replace(row, "a text", "3")
    (cell,) = tab.row(row)
    return "text" if isinstance(cell, str) else "number"


def strict_validation(tab: Scratch) -> str:
    """Does a dropdown that rejects input reject the API's, too?"""
    row = tab.new_rows(1)
    tab.write(row, ["ready"])
    values = [{"userEnteredValue": text} for text in ("ready", "done")]
    rule = {"condition": {"type": "ONE_OF_LIST", "values": values}, "strict": True}
    tab.batch({"setDataValidation": {"range": tab.cell(row), "rule": rule}})
    try:
        replaced = tab.replace(row, "ready", "claimed by somebody")
    except APIError:
        return "refused"
    return "accepted" if replaced else "refused"


def sorted_rows(tab: Scratch) -> str:
    """Does a pin follow its row when rows are sorted?"""
    first = tab.new_rows(3)
    for row, text in enumerate(["c", "b", "a"], start=first):
        tab.write(row, [text])
    mark = tab.pin(first)
    area = {**tab.cell(first), "endRowIndex": first + 3, "endColumnIndex": COLUMNS}
    order = {"dimensionIndex": 0, "sortOrder": "ASCENDING"}
    tab.batch({"sortRange": {"range": area, "sortSpecs": [order]}})
    return _where(tab, mark, (first + 2, "c"))


def moved_row(tab: Scratch) -> str:
    """Does a pin follow its row when rows are inserted and moved?"""
    first = tab.new_rows(4)
    tab.write(first, ["here"])
    mark = tab.pin(first)
    inserted = tab.rows(first, first + 1)
    tab.batch({"insertDimension": {"range": inserted, "inheritFromBefore": False}})
    tab.batch(
        {"moveDimension": {"source": tab.rows(first + 1, first + 2), "destinationIndex": first + 4}}
    )
    return _where(tab, mark, (first + 3, "here"))


def copied_tab(tab: Scratch) -> str:
    """Are pins copied with their tab?"""
    tab.pin(tab.new_rows(1))
    copy = tab.sheet_id ^ 1
    named = {"newSheetId": copy, "newSheetName": f"{TITLE}{copy:x}"}
    named["insertSheetIndex"] = tab.index + 1  # else it would come first, where queues are
    try:
        tab.batch({"duplicateSheet": {"sourceSheetId": tab.sheet_id, **named}})
        search = {"metadataKey": wire.RUN_PIN, "metadataLocation": {"sheetId": copy},
                  "locationMatchingStrategy": "INTERSECTING_LOCATION"}  # fmt: skip
        where = {"developerMetadataLookup": search}
        try:
            return "copied" if tab.read(where) else "not copied"
        except APIError:
            return "not copied"
    finally:
        tab.remove(copy)


def old_answers(tab: Scratch) -> str:
    """Does an answer ever miss the write before it?"""
    row = tab.new_rows(1)
    for number in range(_LOOKS):
        tab.write(row, [number])
        if tab.row(row, at_once=True) != [number]:
            return "old"
    return "fresh"


def race(tab: Scratch, pacing: Pacing, again: Open) -> str:
    """Of several clients that compare and set one cell at once, does exactly one win?"""
    row = tab.new_rows(1)
    tab.write(row, ["ready"])
    rivals = [Scratch(again(), pacing, tab.sheet_id) for _ in range(_RIVALS)]
    start = threading.Barrier(_RIVALS)
    wins: list[int] = []
    errors: list[Exception] = []

    def run(number: int) -> None:
        start.wait()
        try:
            wins.append(rivals[number].replace(row, "ready", f"claimed by {number}"))
        except (APIError, GSheetMLError) as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(_RIVALS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return "one" if sum(wins) == 1 else "several"


def _where(tab: Scratch, mark: int, expected: tuple[int, str]) -> str:
    found = tab.pinned(mark)
    if found is None:
        return "lost"
    return "follows" if (found[0], *found[1][:1]) == expected else "stays"


PROBES: dict[str, Callable[[Scratch], str]] = {
    "taken id": taken_id,
    "id made again": made_again,
    "no match": unmatched_filter,
    "hidden row": hidden_row,
    "filtered row": filtered_row,
    "number": number_text,
    "strict dropdown": strict_validation,
    "moved row": moved_row,
    "sorted rows": sorted_rows,
    "copied tab": copied_tab,
    "old answers": old_answers,
}

# ------------------------------------------------------------ what the answers mean

_TELL = "Don't use this location for a queue, and please report it."
_GOOD, _NOTE, _PROBLEM = Verdict.GOOD, Verdict.NOTE, Verdict.PROBLEM

MEANINGS: dict[tuple[str, str], Meaning] = {
    ("taken id", "refused"): Meaning(
        _GOOD, "A batch with an id that is in use is refused as a whole, as the claim needs it."
    ),
    ("taken id", "half done"): Meaning(
        _PROBLEM, "A batch that was refused has been carried out in part.", _TELL
    ),
    ("taken id", "accepted"): Meaning(
        _PROBLEM, "An id that is in use can be created again, so claims aren't safe.", _TELL
    ),
    ("id made again", "accepted"): Meaning(
        _GOOD, "An id can be deleted and made again in one batch: colours never go astray."
    ),
    ("id made again", "refused"): Meaning(
        _NOTE,
        "An id can't be deleted and made again in one batch, so a colour may be on a wrong row for "
        "a moment. The queue repairs that.",
    ),
    ("no match", "empty"): Meaning(_GOOD, "A filter that matches nothing gets an empty answer."),
    ("no match", "error"): Meaning(
        _GOOD, "A filter that matches nothing gets an error; the queue knows both answers."
    ),
    ("no match", "something"): Meaning(
        _PROBLEM, "A filter for a pin that is gone still finds something.", _TELL
    ),
    ("hidden row", "replaced"): Meaning(_GOOD, "Runs in hidden rows can be claimed."),
    ("hidden row", "skipped"): Meaning(
        _NOTE,
        "Runs in hidden rows can't be claimed: workers leave them out, with a notice.",
        "Unhide rows that are to be trained.",
    ),
    ("filtered row", "replaced"): Meaning(_GOOD, "Runs that a filter hides can be claimed."),
    ("filtered row", "skipped"): Meaning(
        _NOTE,
        "Runs that a filter hides can't be claimed: workers leave them out, with a notice.",
        "Use filter views of your own instead of the sheet's filter.",
    ),
    ("number", "number"): Meaning(
        _GOOD, "findReplace makes numbers of digits; the queue's own texts aren't numbers."
    ),
    ("number", "text"): Meaning(
        _GOOD, "findReplace leaves digits text; the queue's own texts aren't numbers."
    ),
    ("strict dropdown", "accepted"): Meaning(
        _GOOD, "A dropdown that rejects input rejects only what people type."
    ),
    ("strict dropdown", "refused"): Meaning(
        _NOTE,
        "A dropdown that rejects input rejects workers, too: runs whose status has one can't be "
        "claimed.",
        "Set the dropdown of the status column to show a warning instead.",
    ),
    ("moved row", "follows"): Meaning(_GOOD, "A pin follows its row when rows are moved."),
    ("moved row", "stays"): Meaning(
        _PROBLEM, "A pin doesn't follow its row when rows are moved.", _TELL
    ),
    ("moved row", "lost"): Meaning(_PROBLEM, "A pin is lost when rows are moved.", _TELL),
    ("sorted rows", "follows"): Meaning(_GOOD, "A pin follows its row when rows are sorted."),
    ("sorted rows", "stays"): Meaning(
        _NOTE,
        "A pin stays at its place when rows are sorted. A worker finds its run again by its lease, "
        "or loses it.",
        "Have a lease column, or don't sort while runs are running.",
    ),
    ("sorted rows", "lost"): Meaning(
        _NOTE,
        "A pin is lost when rows are sorted. A worker finds its run again by its lease, or loses "
        "it.",
        "Have a lease column, or don't sort while runs are running.",
    ),
    ("copied tab", "copied"): Meaning(
        _GOOD, "A copied tab has copies of the pins; workers aren't confused by them."
    ),
    ("copied tab", "not copied"): Meaning(_GOOD, "A copied tab has no pins."),
    ("old answers", "fresh"): Meaning(_GOOD, f"{_LOOKS} of {_LOOKS} reads saw the write before."),
    ("old answers", "old"): Meaning(
        _NOTE, "A read may miss the write before it; the queue reads again where it matters."
    ),
    ("race", "one"): Meaning(_GOOD, "Of several clients that want one cell, exactly one gets it."),
    ("race", "several"): Meaning(
        _PROBLEM, "Several clients could claim one cell, so runs may be trained twice.", _TELL
    ),
}

BY_HAND = Finding(
    "live: by hand",
    Verdict.NOTE,
    "Undo and restoring an old version can't be tried by a program. If they take a pin away, a "
    "worker finds its run again by its lease.",
)
