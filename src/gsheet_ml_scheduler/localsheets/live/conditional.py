"""Conditional formats: the style that a cell is shown in, where a rule holds for it.

Decided here: that of a sheet's rules the first one that holds counts, and how the style that it
gives is named: by a number made of its content, so that it is the same number whoever makes it, and
never that of a style that is stored. Colour scales and rules with a formula of their own show
nothing. Decided elsewhere: when a condition holds (`conditions.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from .. import conditions, styles
from ..book import Book
from ..model.record import Cell, effective
from ..model.stored import encode
from ..model.structure import Json, Sheet
from ..ranges import Area, from_grid_range

_FIRST_ID = 1 << 48  # stored styles count from 1


@dataclass(frozen=True, slots=True)
class _Rule:
    areas: Sequence[Area]
    condition: Json
    look: Json  # what it makes of a format


class Conditional:
    """The conditional formats of a snapshot, and the styles that they have made so far."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.made: dict[int, Json] = {}
        self._rules: dict[int, list[_Rule]] = {}
        for body in book.structure.objects.get("conditionalFormat", {}).values():
            rule = body.get("booleanRule")
            look = (rule or {}).get("format")
            if rule is None or not look:
                continue
            areas = [from_grid_range(book, one) for one in body["ranges"]]
            known = self._rules.setdefault(areas[0].sheet.sheet_id, [])
            known.append(_Rule(areas, rule.get("condition") or {}, look))
        self._holding: dict[tuple[int, type, Cell, str], bool] = {}
        self._merged: dict[tuple[int, int | None], int] = {}

    def areas_on(self, sheet: Sheet) -> list[Area]:
        """Where the rules of a sheet look."""
        return [area for rule in self._rules.get(sheet.sheet_id, ()) for area in rule.areas]

    def rules_on(self, sheet: Sheet, column: int) -> list[_Rule]:
        """The rules that look at a column, by its index, in their order."""
        return [
            rule
            for rule in self._rules.get(sheet.sheet_id, ())
            if any(area.start_column <= column < area.end_column for area in rule.areas)
        ]

    def style(
        self,
        rules: Sequence[_Rule],
        place: tuple[int, int],
        cell: Cell,
        shown: str,
        own: int | None,
    ) -> int | None:
        """The id of the style that a cell is shown in; None if no rule holds.

        Args:
            rules: those on its column.
            place: the indexes of its row and its column.
            cell: what stands in it.
            shown: the text that it shows.
            own: the id of its own style.
        """
        row, column = place
        for rule in rules:
            is_inside = any(
                area.start_row <= row < area.end_row
                and area.start_column <= column < area.end_column
                for area in rule.areas
            )
            if is_inside and self._holds(rule, cell, shown):
                return self._with(rule, own)
        return None

    def _holds(self, rule: _Rule, cell: Cell, shown: str) -> bool:
        value = effective(cell)
        key = (id(rule), type(value), value, shown)
        if key not in self._holding:
            found = conditions.holds(self._book, rule.condition, value, shown)
            self._holding[key] = found is True
        return self._holding[key]

    def _with(self, rule: _Rule, own: int | None) -> int:
        key = (id(rule), own)
        if key not in self._merged:
            style = styles.merged(self._book.style(own), rule.look)
            digest = hashlib.sha256(encode(sorted_deep(style)).encode()).digest()
            number = _FIRST_ID + int.from_bytes(digest[:6], "big")
            self._merged[key] = number
            self.made[number] = style
        return self._merged[key]


def sorted_deep(found: Json) -> Json:
    """An object with its keys in order, at every depth."""
    return {
        name: sorted_deep(value) if isinstance(value, dict) else value
        for name, value in sorted(found.items())
    }
