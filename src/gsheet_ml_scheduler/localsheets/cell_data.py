"""CellData: what updateCells and its kin write into a cell, and what spreadsheets.get shows of one.

Decided here: which of a CellData's fields is kept where, and what a `fields` mask leaves alone. A
Stamp is a CellData made ready once, to be put on any number of cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from . import styles
from .api import fields, schemas
from .book import Book
from .errors import invalid_argument
from .formulas import cells as formula_cells
from .model.record import Cell, Row, Scalar, effective, is_error
from .model.structure import Json
from .values import checked, formatted, number_shape

_EXTRAS = ("note", "dataValidation", "textFormatRuns", "hyperlink", "pivotTable", "chipRuns")
_ERROR_TYPES = {
    "#NULL!": "NULL_VALUE",
    "#DIV/0!": "DIVIDE_BY_ZERO",
    "#VALUE!": "VALUE",
    "#REF!": "REF",
    "#NAME?": "NAME",
    "#NUM!": "NUM",
    "#N/A": "N_A",
    "#ERROR!": "ERROR",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Which parts of a CellData a `fields` mask writes; worked out once for each mask."""

    value: bool
    style: bool
    style_mask: fields.Mask
    extras: tuple[str, ...]


@lru_cache(maxsize=256)
def part(text: str | None) -> Part:
    """The parts that a request's `fields` name.

    Raises:
        ApiError: 400, it names none or can't be read.
    """
    mask = schemas.update_mask("CellData", text)
    return Part(
        mask.wants("userEnteredValue"),
        mask.wants("userEnteredFormat"),
        _with_colour_styles(mask),
        tuple(name for name in _EXTRAS if mask.wants(name)),
    )


class Stamp:
    """A CellData with its mask, to be put on cells."""

    def __init__(self, book: Book, data: Json, wanted: Part) -> None:
        self._book = book
        self._part = wanted
        value = data.get("userEnteredValue")
        is_formula = isinstance(value, dict) and "formulaValue" in value
        self._value = entered(value, decimal_comma=is_formula and formula_cells.decimal_comma(book))
        style = data.get("userEnteredFormat") if wanted.style else None
        self._style = styles.normal(style) if style else {}
        self._extras = {name: data.get(name) for name in wanted.extras}
        self._restyled: dict[int | None, int | None] = {}

    def put(self, row: Row, column: int, by: tuple[int, int] = (0, 0)) -> None:
        """Write what the mask names into one cell.

        Args:
            row: the cell's row.
            column: the id of its column.
            by: rows and columns from the cell that a formula was written for.
        """
        if self._part.value:
            row.set_cell(column, formula_cells.copied(self._value, by))
        if self._part.style:
            before = row.style(column)
            if before not in self._restyled:
                self._restyled[before] = self._restyle(before)
            if self._restyled[before] != before:
                row.set_style(column, self._restyled[before])
        if self._extras:
            extra = {**row.extra(column), **self._extras}
            row.set_extra(column, {n: v for n, v in extra.items() if v not in (None, "", [], {})})

    def _restyle(self, before: int | None) -> int | None:
        old = {"userEnteredFormat": self._book.style(before)}
        new = fields.merge(old, {"userEnteredFormat": self._style}, self._part.style_mask)
        return self._book.style_id(_without_empty(new.get("userEnteredFormat") or {}))


def _with_colour_styles(mask: fields.Mask) -> fields.Mask:
    """A colour and its ColorStyle are one thing under two names: a mask of one names both."""
    paths = []
    for path in mask.paths():
        paths.append(path)
        last = path[-1]
        if last.endswith("Color"):
            paths.append((*path[:-1], f"{last}Style"))
        elif last.endswith("ColorStyle"):
            paths.append((*path[:-1], last.removesuffix("Style")))
    return fields.parse(",".join(".".join(path) for path in paths)) if paths else mask


def _without_empty(style: Json) -> Json:
    out = {}
    for name, value in style.items():
        if isinstance(value, dict) and "olor" not in name:
            value = _without_empty(value)
            if not value:
                continue
        out[name] = value
    return out


_KINDS: dict[type, str] = {
    str: "stringValue",
    bool: "boolValue",
    int: "numberValue",
    float: "numberValue",
}


def entered(value: Any, *, decimal_comma: bool = False) -> Cell:
    """An ExtendedValue as a cell.

    Raises:
        ApiError: 400, it is none.
    """
    if value is None or value == {}:
        return None
    if not isinstance(value, dict) or len(value) != 1:
        raise invalid_argument("userEnteredValue must have exactly one kind of value.")
    kind, found = next(iter(value.items()))
    if kind == "numberValue" and isinstance(found, (int, float)) and not isinstance(found, bool):
        return checked(found)
    if kind == "stringValue" and isinstance(found, str):
        return checked(found)
    if kind == "boolValue" and isinstance(found, bool):
        return found
    if kind == "formulaValue" and isinstance(found, str):
        if not found.startswith("="):
            raise invalid_argument(f"A formula must begin with '=': {found[:60]}")
        checked(found)
        return formula_cells.entered(found, decimal_comma=decimal_comma)
    raise invalid_argument(f"Invalid value at 'user_entered_value.{kind}': {found!r:.80}")


def extended(cell: Cell) -> Json | None:
    """The effective ExtendedValue of a cell."""
    if not isinstance(cell, dict):
        return _plain(cell)
    if is_error(cell):
        name = str(effective(cell))
        message = cell.get("m", "")
        return {"errorValue": {"type": _ERROR_TYPES.get(name, "ERROR"), "message": message}}
    return _plain(effective(cell))


def user_entered(cell: Cell, *, decimal_comma: bool = False) -> Json | None:
    """The ExtendedValue that was entered."""
    if isinstance(cell, dict):
        return {"formulaValue": formula_cells.written(cell, decimal_comma=decimal_comma)}
    return _plain(cell)


def _plain(value: Scalar | None) -> Json | None:
    return None if value is None else {_KINDS[type(value)]: value}


@dataclass(frozen=True, slots=True)
class Shown:
    """Which parts of a CellData are asked for; worked out once for each mask."""

    value: bool
    effective: bool
    text: bool
    style: bool
    effective_style: bool
    only_number_format: bool  # of the effective style
    extras: frozenset[str]


@lru_cache(maxsize=256)
def shown(mask: fields.Mask | None) -> Shown:
    """The parts that a `fields` mask asks for; None is all."""

    def wants(name: str) -> bool:
        return mask is None or mask.wants(name)

    below = mask.below("effectiveFormat").paths() if mask and wants("effectiveFormat") else []
    return Shown(
        wants("userEnteredValue"),
        wants("effectiveValue"),
        wants("formattedValue"),
        wants("userEnteredFormat"),
        wants("effectiveFormat"),
        {path[0] for path in below} == {"numberFormat"},
        frozenset(name for name in _EXTRAS if wants(name)),
    )


def resource(book: Book, row: Row, column: int, wanted: Shown) -> Json:
    """The CellData of a cell; only what is asked for is worked out."""
    cell, style_id = row.cell(column), row.style(column)
    style = {} if style_id is None else book.style(style_id)
    found: Json = {}
    if cell is not None:
        if wanted.value:
            comma = isinstance(cell, dict) and formula_cells.decimal_comma(book)
            found["userEnteredValue"] = user_entered(cell, decimal_comma=comma)
        if wanted.effective:
            value = extended(cell)
            if value is not None:
                found["effectiveValue"] = value
        if wanted.text:
            found["formattedValue"] = cell if type(cell) is str else formatted(book, row, column)
    if style and wanted.style:
        found["userEnteredFormat"] = style
    if (style or cell is not None) and wanted.effective_style:
        if wanted.only_number_format:  # which a worker asks for whenever it claims
            default = book.structure.properties.get("defaultFormat", {})
            shape = number_shape(book, row, column) or default.get("numberFormat")
            found["effectiveFormat"] = {"numberFormat": shape} if shape else {}
        else:
            found["effectiveFormat"] = _effective_format(book, row, column, style)
    if row.extras:
        for name, value in row.extra(column).items():
            if name in wanted.extras:
                found[name] = value
    return found


def _effective_format(book: Book, row: Row, column: int, style: Json) -> Json:
    default = styles.merged(styles.DEFAULT, book.structure.properties.get("defaultFormat", {}))
    found = styles.merged(default, style)
    shape = number_shape(book, row, column)
    if shape:
        found["numberFormat"] = shape
    if "horizontalAlignment" not in found:
        value = effective(row.cell(column))
        if isinstance(value, bool) or is_error(row.cell(column)):
            found["horizontalAlignment"] = "CENTER"
        elif value is not None:
            found["horizontalAlignment"] = "LEFT" if isinstance(value, str) else "RIGHT"
    found.setdefault("hyperlinkDisplayType", "PLAIN_TEXT")
    return found
