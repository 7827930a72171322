"""Writes whose answer never came: nothing of them may land any more, and what they hit is put back.

Decided here: what to do before a run's row is written again after a timeout, a lost connection or a
server's error (P6), or when the repair of a write was refused. The write may have landed, may land
yet, and may have met columns that had just moved. It was addressed to the run's pin, so the pin is
changed for another one: from then on it can't land. Then the row tells whether it did, and the
cells that aren't a run's to write get back what stood there (P2). An answer may be one write old,
and show no row or the row as it was before: then it is read again. It costs a write and a read,
only where an answer was missing. Elsewhere: repairs of a write whose answer came (`writing.py`),
waiting and repeating (`pacing.py`).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gspread.exceptions import APIError

from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.answers import FoundRow
from gsheet_ml_scheduler.runsheet.claims import earlier_names
from gsheet_ml_scheduler.runsheet.columns import Row
from gsheet_ml_scheduler.runsheet.pacing import NotSettledError, status_code
from gsheet_ml_scheduler.runsheet.values import is_blank
from gsheet_ml_scheduler.runsheet.worksheet import REFUSED, RunSheet
from gsheet_ml_scheduler.runsheet.writing import Unclear, write_cells

if TYPE_CHECKING:
    from gsheet_ml_scheduler.runsheet.holding import HeldRun

_PLACES = 4
"""How often a row that moves is followed to change its pin."""


def misplaced(unclear: Unclear, now: FoundRow) -> dict[int, Any]:
    """What an unanswered write hit that wasn't meant: by column, what stood there before.

    A text of ours in a column that it wasn't meant for is ours; numbers and blanks are told from a
    person's only where the columns have moved, and only if a text tells that the write has landed.
    Nothing is known of what another row held: where the cells have left the mark, as a sort of some
    columns does it, nothing is put back.
    """
    meant, names = unclear.meant, now.columns.names
    has_moved = not (unclear.titles == unclear.names == names)
    ours = [value for value in unclear.strays if value is not None]
    texts = {value for value in ours if isinstance(value, str) and value not in ("", *unclear.row)}
    if texts and texts.isdisjoint(cell for cell in now.row or () if isinstance(cell, str)):
        return {}
    found: dict[int, Any] = {}
    others: list[tuple[Any, Any]] = []
    for index, old, new in _then_and_now(unclear, now):
        name = names[index] if index < len(names) else ""
        if not any(_same(new, value) for value in ours):
            if name:
                others.append((old, new))
            continue
        is_meant = name in meant and _same(new, meant[name])
        is_telling = has_moved or (isinstance(new, str) and new != "")
        if not _same(new, old) and not is_meant and is_telling:
            found[index] = old
    return {} if _is_another_row(others) else found


def _is_another_row(others: list[tuple[Any, Any]]) -> bool:
    """Whether the cells that hold nothing of ours, then and now, are hardly of the same row.

    A person may have typed one value meanwhile.
    """
    kept = sum(_same(old, new) and not is_blank(old) for old, new in others)
    gone = sum(is_blank(new) and not is_blank(old) for old, new in others)
    changed = sum(not _same(old, new) for old, new in others)
    return gone > kept or changed > kept + 1


def _then_and_now(unclear: Unclear, now: FoundRow) -> Iterator[tuple[int, Any, Any]]:
    """For each column of now: what the row held before, and what it holds.

    A column without a name is new, or as blank as one. Where it may be another one, nothing is said
    of it: a person took a column's name away, or keeps notes in such columns and has moved some.
    """
    then, titles = unclear.row, unclear.titles
    row, names = now.row or (), now.columns.names
    places = {name: at for at, name in enumerate(titles) if name}
    called = earlier_names(titles, names)
    for name, index in now.columns.ids.items():
        at = places.get(called.get(name, name))
        old = then[at] if at is not None and at < len(then) else ""
        yield index, old, row[index] if index < len(row) else ""
    known = now.columns.ids.keys() | called.values()
    notes = {at: then[at] for at in _nameless(titles, then) if not is_blank(then[at])}
    has_moved_notes = notes and titles != names
    if places.keys() <= known and not has_moved_notes:
        for index in _nameless(names, row):
            yield index, notes.get(index, ""), row[index]


def _nameless(names: Sequence[str], row: Row) -> list[int]:
    """Where a row reaches into columns without a name."""
    return [at for at in range(len(row)) if at >= len(names) or not names[at]]


def cleared_up(held: "HeldRun", look: Callable[[], FoundRow]) -> FoundRow:
    """The run's row, once no unanswered write can change it any more.

    Only the thread that writes the run's row may call it; heartbeats don't need it.

    Args:
        held: the run.
        look: finds its row by the pin that it has.
    """
    unclear, desk = held.unclear, held.desk
    if unclear is None:
        return look()
    with desk.pacing.a_repair(f"look what a write to run {held.run_name} has hit"):
        found = look()
        with desk.beating:  # a heartbeat may be looking through the pin
            found = _fenced(held, found)
        old = {} if found.row is None else misplaced(unclear, found)
        if old:
            write_cells(held, found, old, relaxed=False)
            found = desk.sheet.read_pinned(held.pin)
            if misplaced(unclear, found):
                found = desk.sheet.read_pinned(held.pin)
    held.unclear = None
    return found


def _fenced(held: "HeldRun", found: FoundRow) -> FoundRow:
    """The row through a pin that no earlier write was addressed to."""
    sheet, rng = held.desk.sheet, held.desk.rng
    if held.next_pin == 0:
        held.next_pin = rng.randrange(1, 2**31)
    elif found.row is None:  # the change of pins had landed
        found = sheet.read_pinned(held.next_pin)
        if found.row is not None:
            held.pin_anew(held.next_pin)
            return found
    for _ in range(_PLACES):
        if found.row is None or not sheet.can_repin:
            found = sheet.read_pinned(held.pin)
        if found.row is None or not sheet.can_repin:
            return found
        if _changed_pin(sheet, held, found.row_index):
            held.pin_anew(held.next_pin)
            found = sheet.read_pinned(held.pin)
            return found if found.row is not None else sheet.read_pinned(held.pin)
        found = sheet.read_pinned(held.pin)
    raise NotSettledError(f"{sheet.label}: the row of run {held.run_name} keeps moving")


def _changed_pin(sheet: RunSheet, held: "HeldRun", row_index: int) -> bool:
    """Changes the pin of the row at a place; False, and nothing done, if the pin isn't there.

    A pin that is deleted and made again at the place proves that it was there: elsewhere, its id
    would be taken, and the whole batch refused. The run goes on being called by its first pin.
    """
    where = wire.at_line(sheet.sheet_id, "ROWS", row_index)
    marks = [] if held.marks else [held.desk.rng.randrange(1, 2**31)]
    requests = [
        wire.delete_mark_at(held.pin, where),
        wire.create_mark(held.pin, wire.RUN_PIN, where),
        wire.delete_mark(held.pin),
        wire.create_mark(held.next_pin, wire.RUN_PIN, where),
        *(wire.create_mark(mark, wire.RUN_ID, where, held.run_id) for mark in marks),
    ]
    try:
        replies = sheet.batch({"requests": requests}, relaxed=True)["replies"]
    except APIError as error:
        if status_code(error) != REFUSED or wire.refused_request(error) not in (0, 1):
            raise
        return False
    if wire.marked_row(replies[0]) is None:  # the row was gone, so this is another one
        sheet.unpin([held.next_pin, *marks])
        return False
    held.marks.extend(marks)
    return True


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and type(one) is type(other)
