"""Touches cells by their place: paint, compare-and-set, and what becomes of the pin.

Decided here: which cells get which colour, and what to do when a row moved between finding it and
touching it. Cells are painted by their place, the only way the API has, in a batch that is refused
as a whole if the pinned row isn't there. Where that can't be had, the answer tells where it was,
and a foreign row that got our paint is painted again as its own text says (P2).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from gspread.exceptions import APIError

from gsheet_ml_scheduler.runsheet import wire
from gsheet_ml_scheduler.runsheet.answers import FoundRow, Touched
from gsheet_ml_scheduler.runsheet.columns import Columns
from gsheet_ml_scheduler.runsheet.lifecycle import COLOR_NAMES, Rgb, state_of
from gsheet_ml_scheduler.runsheet.pacing import status_code
from gsheet_ml_scheduler.runsheet.wire import CLEAR, Coat, Json, Swap
from gsheet_ml_scheduler.runsheet.worksheet import REFUSED, RunSheet

_ATTEMPTS = 8
_IN_VAIN = 2
"""A refusal although the row is where it was, so often: this server can't delete and make an id in
one batch."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A mark that goes on naming a run whose pin is deleted."""

    mark: int
    run_id: str


@dataclass(frozen=True, slots=True)
class Touch:
    """What is to be done to one pinned row, where it was just seen.

    With `unpin` the pin is gone afterwards, and what `memory` says stays instead; `drop_pins` are
    deleted.
    """

    pin: int
    row_index: int
    coats: Sequence[Coat] = ()
    swaps: Sequence[Swap] = ()
    unpin: bool = False
    memory: Memory | None = None
    drop_pins: Sequence[int] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.coats or self.swaps or self.unpin or self.memory or self.drop_pins)

    def at(self, row_index: int) -> "Touch":
        """The same for the row at another place."""
        coats = [replace(coat, row_index=row_index) for coat in self.coats]
        swaps = [replace(swap, row_index=row_index) for swap in self.swaps]
        return replace(self, row_index=row_index, coats=coats, swaps=swaps)


def row_coats(
    columns: Columns,
    row_index: int,
    *,
    background: Rgb | None = None,
    text: Rgb | None = None,
    cells: Collection[int] = (),
) -> list[Coat]:
    """A background for the whole row and a text colour for some of its cells."""
    coats = []
    if background is not None:
        coats.append(Coat(row_index, 0, len(columns.names), background))
    if text is not None:
        coats.extend(Coat(row_index, start, end, text=text) for start, end in _spans(cells))
    return coats


def touch_rows(
    sheet: RunSheet,
    touches: Sequence[Touch],
    colors: Mapping[str, Rgb],
    beats: Sequence[Swap] = (),
) -> list[bool]:
    """All the touches, in one write if no row has moved; whether each of the beats replaced.

    Args:
        sheet: the sheet.
        touches: one for each row.
        colors: for what has to be put right.
        beats: comparisons that need no pin, because their old text stands nowhere else.
    """
    beating = [wire.swap(sheet.sheet_id, beat) for beat in beats]
    at_once = touches and sheet.can_repin and not any(touch.memory for touch in touches)
    done = _guarded(sheet, touches, beating) if at_once else None
    if done is not None:
        parts, answered = done
        for touch, replies in zip(touches, parts, strict=True):
            if wire.marked_row(replies[0]) is None:
                _leave(sheet, touch, colors, replies)
    else:
        answered = sheet.batch({"requests": beating}, relaxed=True)["replies"] if beating else []
        for touch in touches:
            _follow(sheet, touch, colors)
    return [wire.swapped(reply) for reply in answered]


def _follow(sheet: RunSheet, touch: Touch, colors: Mapping[str, Rgb]) -> None:
    """Touches one pinned row, wherever it is meanwhile."""
    in_vain = 0
    for _ in range(_ATTEMPTS):
        touched, replies = _try(sheet, touch)
        if touched is Touched.RIGHT:
            return
        if touched is Touched.GONE:
            _leave(sheet, touch, colors, replies)
            return
        if touched is Touched.ASTRAY:
            _restore(sheet, touch, colors, replies)
        found = sheet.read_pinned(touch.pin)
        if found.row is None:
            return
        in_vain += found.row_index == touch.row_index
        sheet.can_repin = sheet.can_repin and in_vain < _IN_VAIN
        touch = touch.at(found.row_index)
    gone = [touch.pin, *touch.drop_pins] if touch.unpin else touch.drop_pins
    sheet.unpin(gone)


def _try(sheet: RunSheet, touch: Touch) -> tuple[Touched, list[Json]]:
    """One attempt, and the replies to its requests."""
    if not sheet.can_repin:
        return _unguarded(sheet, touch)
    try:
        done = _guarded(sheet, [touch], [])
    except APIError as error:
        if touch.memory and status_code(error) == REFUSED and wire.is_taken_id(error):
            return Touched.RIGHT, []  # an earlier attempt, whose answer was lost, had landed
        raise
    if done is None:
        return Touched.NOT_AT_ALL, []
    replies = done[0][0]
    is_right = wire.marked_row(replies[0]) is not None
    return (Touched.RIGHT if is_right else Touched.GONE), replies


_GUARDS = 2


def _guarded(
    sheet: RunSheet, touches: Sequence[Touch], more: list[Json]
) -> tuple[list[list[Json]], list[Json]] | None:
    """The touches in one batch; None if it was refused because a row isn't where it was.

    Each pin is deleted from its place and made again there: if it is elsewhere, its id is taken,
    and nothing of the batch is applied. The replies are one list for each touch, and those to what
    came in addition.
    """
    parts = [_guarded_requests(sheet, touch) for touch in touches]
    starts, at = [], 0
    for part in parts:
        starts.append(at)
        at += len(part)
    requests = [request for part in parts for request in part]
    drops = [wire.delete_mark(pin) for touch in touches for pin in touch.drop_pins]
    try:
        replies, _ = sheet.batch_with([*requests, *more], drops)
    except APIError as error:
        refused = wire.refused_request(error)
        guards = {start + offset for start in starts for offset in range(_GUARDS)}
        if status_code(error) != REFUSED or refused not in guards:
            raise
        return None
    cut = [replies[start : start + len(part)] for start, part in zip(starts, parts, strict=True)]
    return cut, replies[at:]


def _guarded_requests(sheet: RunSheet, touch: Touch) -> list[Json]:
    where = wire.at_line(sheet.sheet_id, "ROWS", touch.row_index)
    guards = [
        wire.delete_mark_at(touch.pin, where),
        wire.create_mark(touch.pin, wire.RUN_PIN, where),
    ]
    swaps = [wire.swap(sheet.sheet_id, swap) for swap in touch.swaps]
    paints = [wire.paint(sheet.sheet_id, coat) for coat in touch.coats]
    unpin = [wire.delete_mark(touch.pin)] if touch.unpin else []
    return [*guards, *swaps, *paints, *_memory(touch, where), *unpin]


def _unguarded(sheet: RunSheet, touch: Touch) -> tuple[Touched, list[Json]]:
    """Paints by place, and learns from the answer whether that was right.

    Comparisons are left out, for a foreign row's cell may hold the same text; what they would have
    written goes through the pin.
    """
    if touch.swaps:
        sheet.write_pinned({touch.pin: {s.column: s.new for s in touch.swaps}}, relaxed=True)
    where = wire.at_line(sheet.sheet_id, "ROWS", touch.row_index)
    mark = (
        wire.delete_mark_at(touch.pin, where)
        if touch.unpin
        else wire.touch_mark(touch.pin, wire.RUN_PIN)
    )
    paints = [wire.paint(sheet.sheet_id, coat) for coat in touch.coats]
    drops = [wire.delete_mark(pin) for pin in touch.drop_pins]
    _, replies = sheet.batch_with([*paints, *_memory(touch, where)], [mark, *drops])
    is_right = wire.marked_row(replies[0]) == touch.row_index
    return (Touched.RIGHT if is_right else Touched.ASTRAY), []


def _memory(touch: Touch, where: Json) -> list[Json]:
    if touch.memory is None:
        return []
    return [wire.create_mark(touch.memory.mark, wire.RUN_ID, where, touch.memory.run_id)]


def _leave(
    sheet: RunSheet, touch: Touch, colors: Mapping[str, Rgb], replies: Sequence[Json]
) -> None:
    """The pinned row was gone, so that the pin was made anew on a foreign row: put that right."""
    _restore(sheet, touch, colors, replies)
    sheet.unpin([touch.pin])


def _restore(
    sheet: RunSheet, touch: Touch, colors: Mapping[str, Rgb], replies: Sequence[Json]
) -> None:
    """A row that got somebody else's touch gets back what its own text says."""
    if touch.memory is not None:
        sheet.unpin([touch.memory.mark])
    taken = [
        swap
        for swap, reply in zip(touch.swaps, replies[_GUARDS:], strict=False)
        if wire.swapped(reply)
    ]
    found = sheet.read_row(touch.row_index)
    for _ in range(_ATTEMPTS):
        background = background_of(found, colors)
        own = [wire.paint(sheet.sheet_id, _own(coat, background)) for coat in touch.coats]
        own += [wire.put_back(sheet.sheet_id, swap) for swap in taken]
        if own:
            sheet.batch({"requests": own}, relaxed=True)
        taken = []
        found = sheet.read_row(touch.row_index)
        if background_of(found, colors) == background:
            return


def _own(coat: Coat, background: Rgb) -> Coat:
    return replace(
        coat,
        background=None if coat.background is None else background,
        text=None if coat.text is None else CLEAR,
    )


def background_of(found: FoundRow, colors: Mapping[str, Rgb]) -> Rgb:
    """The background that a row's own text asks for."""
    columns, row = found.columns, found.row or ()
    state = state_of(columns.text(row, columns.status), columns.text(row, columns.worker_name))
    name = COLOR_NAMES[state]
    return colors[name] if name else CLEAR


def _spans(cells: Collection[int]) -> list[tuple[int, int]]:
    """Neighbouring columns as (start, end), so that they take one request."""
    spans: list[tuple[int, int]] = []
    for index in sorted(cells):
        if spans and spans[-1][1] == index:
            spans[-1] = (spans[-1][0], index + 1)
        else:
            spans.append((index, index + 1))
    return spans
