"""Which cells formulas look at, so that a write beside them computes nothing.

Decided here: how looked-at cells are remembered. It only ever grows; whoever keeps one begins anew
when lines move.
"""

from __future__ import annotations

from bisect import bisect_right

from .dialect import Box


class Watch:
    """A set of cells, by the sheet's position, row and column index."""

    def __init__(self) -> None:
        self.everything = False  # some formula may look anywhere
        self._columns: dict[tuple[int, int], list[tuple[int, int]]] = {}  # merged spans of rows

    def add(self, box: Box) -> None:
        """Watch the cells of a box, too."""
        start, end = box.start_row, box.end_row
        for column in range(box.start_column, box.end_column):
            spans = self._columns.setdefault((box.sheet, column), [])
            at = bisect_right(spans, (start, start))
            if at and spans[at - 1][1] >= start:
                at -= 1
                if spans[at][1] >= end:
                    continue
            until = at
            low, high = start, end
            while until < len(spans) and spans[until][0] <= high:
                low, high = min(low, spans[until][0]), max(high, spans[until][1])
                until += 1
            spans[at:until] = [(low, high)]

    def __contains__(self, cell: tuple[int, int, int]) -> bool:
        sheet, row, column = cell
        return self.everything or self._span(sheet, column, row) > row

    def covers(self, box: Box) -> bool:
        """Whether every cell of a box is watched."""
        return self.everything or all(
            self._span(box.sheet, column, box.start_row) >= box.end_row
            for column in range(box.start_column, box.end_column)
        )

    def looks_at(self, sheet: int) -> bool:
        """Whether anything of a sheet is watched."""
        return self.everything or any(at == sheet for at, _ in self._columns)

    def _span(self, sheet: int, column: int, row: int) -> int:
        """Where the watched span around a row ends; 0 if the row isn't watched."""
        spans = self._columns.get((sheet, column))
        if not spans:
            return 0
        at = bisect_right(spans, (row, row + 1 << 62)) - 1
        return spans[at][1] if at >= 0 and spans[at][1] > row else 0
