"""Paints rows, and puts right what was painted on the wrong row.

Decided here: which cells get which colour, and what to do when a row moved between finding it and
painting it. Cells are painted by their place, the only way the API has, in a batch that is refused
as a whole if the pinned row isn't there. Where that can't be had, the answer tells where it was,
and a foreign row that got our paint is painted again as its own text says (P2).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from gsheet_ml_scheduler.runsheet.answers import FoundRow, Painted
from gsheet_ml_scheduler.runsheet.columns import Columns
from gsheet_ml_scheduler.runsheet.lifecycle import COLOR_NAMES, Rgb, state_of
from gsheet_ml_scheduler.runsheet.wire import CLEAR, Coat
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

_ATTEMPTS = 8
_IN_VAIN = 2
"""A refusal although the row is where it was, so often: this server can't delete and make an id in
one batch."""


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


def paint_pinned(
    sheet: RunSheet,
    coats: Sequence[Coat],
    *,
    pin: int,
    colors: Mapping[str, Rgb],
    unpin: bool = False,
    drop_pins: Sequence[int] = (),
) -> None:
    """Paints the pinned row, whose place was just read; with `unpin`, deletes the pin as well."""
    in_vain, painted = 0, Painted.NOT_AT_ALL
    for _ in range(_ATTEMPTS if coats else 0):
        row_index = coats[0].row_index
        painted = sheet.paint(coats, pin=pin, unpin=unpin, drop_pins=drop_pins)
        if painted is Painted.RIGHT:
            return
        if painted is not Painted.NOT_AT_ALL:
            _restore(sheet, coats, colors)
        if painted is Painted.GONE:
            break
        found = sheet.read_pinned(pin)
        if found.row is None:
            return
        in_vain += found.row_index == row_index
        sheet.can_repin = sheet.can_repin and in_vain < _IN_VAIN
        coats = [replace(coat, row_index=found.row_index) for coat in coats]
    if unpin or painted is Painted.GONE:
        sheet.unpin([pin, *drop_pins])


def _restore(sheet: RunSheet, coats: Sequence[Coat], colors: Mapping[str, Rgb]) -> None:
    """Paints a row that got somebody else's paint as its own text says."""
    found = sheet.read_row(coats[0].row_index)
    for _ in range(_ATTEMPTS):
        background = background_of(found, colors)
        own = [_own(coat, background) for coat in coats]
        sheet.repaint(own)
        found = sheet.read_row(coats[0].row_index)
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
