"""When the formulas of a workbook are computed, and which of its cells change by it.

Decided here: that the writer computes before it commits and stores what formulas come to, so that
readers never do; what must be told to the calculator after a batch, and what of its answer is
written: cells that show something else than before, no others. Cells in the file are the truth; the
calculator's model is a cache that stands at one revision, follows the change log, and is made anew
when lines or sheets went elsewhere. Decided elsewhere: how formulas follow their
lines (`cells`), how the calculator reads one (`dialect`), what it does
(`calculator`).

A workbook without formulas has no object of the kind "formulas", and pays for looking. With them, a
batch that touches no cell that any formula looks at computes nothing. NOW, TODAY and RAND are
computed at every write (Google's ON_CHANGE).

A formula that crashes the calculator or keeps it for longer than it may is set aside: it shows
#ERROR! until somebody enters it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..model.axis import Axis
from ..model.chunk import joined
from ..model.record import Cell, Row
from ..model.structure import Json, Sheet, Structure
from . import grammar
from .calculation import Calculation, CalculatorLostError, CalculatorMissingError
from .cells import sheets_with_formulas
from .dialect import Box, Layout, Translated, translate
from .formats import brought
from .watch import Watch

if TYPE_CHECKING:
    from ..book import Book

CellId = tuple[int, int, int]  # sheet id, row id, column id

_MESSAGES = {
    "#DIV/0!": "A number is divided by zero.",
    "#N/A": "No value was found.",
    "#NAME?": "It uses a function or a name that isn't known here.",
    "#NUM!": "The result is no number that can be represented, or an argument is out of range.",
    "#REF!": "It refers to cells that aren't there, or in a circle to itself.",
    "#VALUE!": "An argument is of the wrong kind.",
    "#NULL!": "Ranges that should overlap don't.",
    "#ERROR!": "Formula parse error.",
}
_RISKY = frozenset(
    {"LAMBDA", "MAP", "REDUCE", "SCAN", "BYROW", "BYCOL", "MAKEARRAY", "SEQUENCE", "RANDARRAY"}
    | {"TRANSPOSE", "MMULT", "EXPAND", "INDIRECT", "OFFSET", "REPT"}
)
_SET_ASIDE = (
    "This formula is too much to be computed here, and was set aside. Enter it again to try."
)


class Formulas:
    """What a process knows of a workbook's formulas. For one writer at a time."""

    def __init__(self) -> None:
        self._calculation: Calculation | None = None
        self._revision: int | None = None  # where the model stands; None: it must be made anew
        self._begun_at = -1
        self._shape: Any = None
        self._layout = Layout([], [])
        self._watch = Watch()
        self._cells: dict[CellId, str | None] = {}  # every formula; what is wrong with its text
        self._volatile: set[CellId] = set()
        self._sized: set[CellId] = set()  # those that read otherwise when the grid grows
        self._missing = ""  # why there is no calculator

    def close(self) -> None:
        """End the calculator; another batch starts one for itself."""
        self._revision = None
        if self._calculation is not None:
            self._calculation.close()
            self._calculation = None

    def committed(self, revision: int) -> None:
        """The batch that was last computed is written."""
        if self._begun_at == revision - 1:
            self._revision = revision

    def recalculate(
        self, book: Book, changed: list[Row], missed: Iterable[list[Json]] | None
    ) -> None:
        """Compute what a batch changes, and put it into the batch's cells.

        Args:
            book: the batch.
            changed: its changed rows.
            missed: the effects of the batches since the model's `revision`; None if they can't be
                had, or if the model can't follow the batch.
        """
        self._begun_at = book.revision
        if self._missing:
            self._leave(changed)
            return
        shape = _shape(book.structure)
        message = None
        current = self._revision is not None and self._calculation is not None
        if missed is not None and current and _only_grew(self._shape, shape):
            stale: set[CellId] = set()
            if shape != self._shape:
                stale, self._shape, self._layout = self._sized, shape, _layout(book.structure)
            message = self._followed(book, changed, missed, stale)
        idle = message is not None and not message["cells"] and not message["formulas"]
        if idle and not self._volatile:
            self._revision = book.revision
            return
        if message is None:
            self._shape = shape
            message = self._opened(book)
        self._revision = None  # until the batch is committed
        _apply(book, self._cells, self._asked(book, message, changed))

    @property
    def revision(self) -> int | None:
        """Where the model stands, None if it must be made anew."""
        return self._revision

    # ------------------------------------------------------------ asking

    def _asked(self, book: Book, message: Json, changed: list[Row]) -> list[list[Any]]:
        """The calculator's answer. What it can't stand is set aside, the likeliest first."""
        try:
            return self._answer(message)
        except CalculatorMissingError as error:
            self._missing = f"Formulas can't be computed here: {error}."
            self._leave(changed)
            return []
        except CalculatorLostError as lost:
            slow = lost.slow
        for blamed in _blamed(book, changed, slow=slow):
            for row, column in blamed:
                _set_aside(row, column)
            try:
                return self._answer(self._opened(book))
            except CalculatorLostError:
                continue
            except CalculatorMissingError:
                break
        return []

    def _leave(self, changed: list[Row]) -> None:
        """Keep new formulas as they are; others go on showing what they came to elsewhere."""
        for row, column in _new_formulas(changed):
            said = {"e": "#NAME?", "m": self._missing}
            row.set_cell(column, {**_formula(row.cell(column)), **said})

    def _answer(self, message: Json) -> list[list[Any]]:
        if self._calculation is None:
            self._calculation = Calculation()
        try:
            return self._calculation.ask(message)
        except CalculatorLostError:
            self._calculation = None
            raise

    # ------------------------------------------------------------ a new model

    def _opened(self, book: Book) -> Json:
        """The message that begins a model of the book as it is now."""
        structure = book.structure
        self._layout = _layout(structure)
        self._watch, self._cells, self._volatile, self._sized = Watch(), {}, set(), set()
        read = {}
        formulas: list[list[Any]] = []
        for sheet in sheets_with_formulas(structure):
            at = structure.sheets.index(sheet)
            read[at] = list(book.filled(sheet))
            columns = _positions(sheet)
            for index, row_id, cells in read[at]:
                for column_id, cell in enumerate(cells):
                    if isinstance(cell, dict) and column_id in columns:
                        place = (at, index, columns[column_id])
                        key = (sheet.sheet_id, row_id, column_id)
                        formulas.append(self._formula(key, place, cell))
        constants: list[list[Any]] = []
        for at, sheet in enumerate(structure.sheets):
            if self._watch.looks_at(at):
                lines = read[at] if at in read else book.filled(sheet)
                constants += self._constants(at, _positions(sheet), lines)
        zone = structure.properties.get("timeZone", "UTC")
        opening = {"zone": zone, "sheets": self._layout.names}
        return {"open": opening, "cells": constants, "formulas": formulas}

    def _constants(
        self, at: int, columns: dict[int, int], lines: Iterable[tuple[int, int, list[Cell]]]
    ) -> list[list[Any]]:
        return [
            [at, index + 1, columns[column_id] + 1, cell]
            for index, _, cells in lines
            for column_id, cell in enumerate(cells)
            if cell is not None
            and not isinstance(cell, dict)
            and column_id in columns
            and (at, index, columns[column_id]) in self._watch
        ]

    def _formula(self, key: CellId, place: tuple[int, int, int], cell: Json) -> list[Any]:
        """What the calculator is told of a formula; what it looks at is watched from now on."""
        at, row, column = place
        found = self._translated(key, at, cell)
        for box in found.boxes:
            self._watch.add(box)
        repeats = None
        if found.repeats is not None:
            repeats = list(found.repeats)
        return [at, row + 1, column + 1, found.text, _shown(cell), repeats]

    def _translated(self, key: CellId, at: int, cell: Json) -> Translated:
        if cell.get("x"):
            found = Translated("=#ERROR!", fault=("#ERROR!", _SET_ASIDE))
        else:
            found = translate(cell["f"], at, self._layout)
        self._cells[key] = found.fault[1] if found.fault else None
        (self._volatile.add if found.volatile else self._volatile.discard)(key)
        (self._sized.add if found.sized else self._sized.discard)(key)
        self._watch.everything |= found.anywhere
        return found

    # ------------------------------------------------------------ the model follows

    def _followed(
        self, book: Book, changed: list[Row], missed: Iterable[list[Json]], stale: set[CellId]
    ) -> Json | None:
        """The message that brings the model up to the book; None if it must be made anew."""
        cells: dict[CellId, Cell] = {}
        for sheet_id, row_id, column_id in stale:
            sheet = book.sheet(sheet_id)
            at = sheet.rows.index_of(row_id)
            if at is not None:
                cells[sheet_id, row_id, column_id] = book.rows(sheet, at, at + 1)[0].cell(column_id)
        for effects in missed:
            for effect in effects:
                if effect["type"] in ("sheetAdded", "sheetRemoved"):
                    return None
                if effect["type"] == "cells":
                    for row_id, line in effect["rows"].items():
                        for column_id, cell in line.items():
                            cells[effect["sheetId"], int(row_id), int(column_id)] = cell
        for row in changed:
            for column_id in row.changed_cells:
                cells[row.sheet_id, row.row_id, column_id] = row.cell(column_id)
        return self._patched(book, cells)

    def _patched(self, book: Book, cells: dict[CellId, Cell]) -> Json | None:
        structure, everything = book.structure, self._watch.everything
        positions = {s.sheet_id: (at, s) for at, s in enumerate(structure.sheets)}
        constants: list[list[Any]] = []
        formulas: list[list[Any]] = []
        unseen: list[Box] = []
        for key, cell in cells.items():
            at, sheet = positions.get(key[0], (-1, None))
            row = None if sheet is None else sheet.rows.index_of(key[1])
            column = None if sheet is None else sheet.columns.index_of(key[2])
            if row is None or column is None:
                continue  # set, and then deleted
            if isinstance(cell, dict):
                found = self._translated(key, at, cell)
                unseen += [box for box in found.boxes if not self._watch.covers(box)]
                repeats = None if found.repeats is None else list(found.repeats)
                formulas.append([at, row + 1, column + 1, found.text, _shown(cell), repeats])
            elif self._cells.pop(key, "none") != "none" or (at, row, column) in self._watch:
                self._volatile.discard(key)
                self._sized.discard(key)
                constants.append([at, row + 1, column + 1, cell])
        if self._watch.everything and not everything:
            return None
        return {"cells": constants + self._newly_watched(book, unseen), "formulas": formulas}

    def _newly_watched(self, book: Book, boxes: list[Box]) -> list[list[Any]]:
        """The constants in boxes that nothing looked at before."""
        before, self._watch = self._watch, Watch()
        for box in boxes:
            self._watch.add(box)
        found: list[list[Any]] = []
        for at, sheet in enumerate(book.structure.sheets):
            here = [box for box in boxes if box.sheet == at]
            if here:
                start, stop = min(b.start_row for b in here), max(b.end_row for b in here)
                found += self._constants(at, _positions(sheet), book.filled(sheet, start, stop))
        self._watch = before
        for box in boxes:
            self._watch.add(box)
        return found


def _apply(book: Book, faults: dict[CellId, str | None], answer: list[list[Any]]) -> None:
    """Write outcomes into the batch's cells."""
    sheets = book.structure.sheets
    for at, row_number, column_number, outcome in answer:
        sheet = sheets[at]
        row = book.rows(sheet, row_number - 1, row_number)[0]
        column = sheet.columns.id_at(column_number - 1)
        cell = row.cell(column)
        if not isinstance(cell, dict):
            continue
        new = _formula(cell)
        shape = brought(book, sheet, cell["f"]) if _is_new(cell) else cell.get("n")
        if isinstance(outcome, dict):
            fault = faults.get((sheet.sheet_id, row.row_id, column))
            new |= {"e": outcome["e"], "m": fault or _MESSAGES.get(outcome["e"], "")}
        else:
            new["v"] = outcome
        if shape:
            new["n"] = shape
        row.set_cell(column, new)


def _blamed(book: Book, changed: list[Row], *, slow: bool) -> Iterator[list[tuple[Row, int]]]:
    """Which formulas to set aside, one group after the other, until the calculator answers."""
    if not slow:
        yield []  # it may have ended for reasons of its own
    new = _new_formulas(changed)
    for group in ([one for one in new if _is_risky(*one)], new):
        if group:
            yield group
    everything = [
        (book.rows(sheet, index, index + 1)[0], column)
        for sheet in sheets_with_formulas(book.structure)
        for index, _, cells in list(book.filled(sheet))
        for column, cell in enumerate(cells)
        if isinstance(cell, dict)
    ]
    yield [one for one in everything if _is_risky(*one)] or everything
    yield everything


def _is_risky(row: Row, column: int) -> bool:
    """Whether a formula uses what can recurse, or can make much of little."""
    text = _formula(row.cell(column))["f"]
    return any(
        piece.kind == grammar.FUNCTION and piece.text[:-1].upper() in _RISKY
        for piece in grammar.tokens(text)
    )


def _new_formulas(changed: list[Row]) -> list[tuple[Row, int]]:
    return [
        (row, column)
        for row in changed
        for column in sorted(row.changed_cells)
        if _is_new(row.cell(column))
    ]


def _formula(cell: Cell) -> Json:
    """A formula's cell without what it came to."""
    if not isinstance(cell, dict):
        raise TypeError("not a formula")
    return {name: said for name, said in cell.items() if name in ("f", "x")}


def _is_new(cell: Cell) -> bool:
    """Whether the cell is a formula that was never computed."""
    return isinstance(cell, dict) and "v" not in cell and "m" not in cell


def _shown(cell: Json) -> Any:
    if _is_new(cell):
        return None  # which no outcome is
    return {"e": cell["e"]} if "e" in cell else cell.get("v")


def _set_aside(row: Row, column: int) -> None:
    cell = _formula(row.cell(column))
    row.set_cell(column, {**cell, "e": "#ERROR!", "m": _SET_ASIDE, "x": True})


def _shape(structure: Structure) -> Any:
    """What must be the same for a model to be of use: where cells stand, and what names mean."""
    sheets = [(s.sheet_id, s.title, s.rows, s.columns) for s in structure.sheets]
    zone = structure.properties.get("timeZone")
    return sheets, structure.objects.get("namedRange", {}), zone


def _only_grew(old: Any, new: Any) -> bool:
    """Whether shapes are the same but for lines that were added at the ends of sheets."""
    if old is None or old[1:] != new[1:] or len(old[0]) != len(new[0]):
        return False
    return all(
        was[:2] == now[:2] and _begins(now[2], was[2]) and _begins(now[3], was[3])
        for was, now in zip(old[0], new[0])
    )


def _begins(axis: Axis, with_axis: Axis) -> bool:
    if axis is with_axis:
        return True
    return joined(axis.spans_between(0, with_axis.count)) == with_axis.spans


def _layout(structure: Structure) -> Layout:
    return Layout(structure.sheets, list(structure.objects.get("namedRange", {}).values()))


def _positions(sheet: Sheet) -> dict[int, int]:
    return {column_id: at for at, column_id in enumerate(sheet.columns.ids())}
