"""A tab goes over in pieces that the API takes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.transfer.sheets_target import pieces
from tests.unit.transfer.made import formula, number, text


def _line(cells: list[dict[str, Any]]) -> dict[str, Any]:
    return {"values": cells} if cells else {}


@given(st.lists(st.lists(st.just(number(1)), max_size=2), max_size=8))
def test_every_row_is_in_a_piece_at_its_place(rows: list[list[dict[str, Any]]]) -> None:
    lines = [_line(row) for row in rows]
    found: dict[int, dict[str, Any]] = {}
    for piece in pieces(iter(lines)):
        found.update(enumerate(piece.rows, piece.start))
    assert [found.get(index, {}) for index in range(len(lines))] == lines


def test_a_piece_has_5000_rows_at_most() -> None:
    found = list(pieces(iter([_line([number(1)])] * 12_000)))
    assert [(piece.start, len(piece.rows)) for piece in found] == [
        (0, 5000),
        (5000, 5000),
        (10_000, 2000),
    ]


def test_a_piece_is_about_2_megabytes_at_most() -> None:
    look = {"backgroundColor": {"red": 0.1}, "numberFormat": {"type": "DATE", "pattern": "yyyy"}}
    for cell in (text("x" * 1000), number(0.123456789, **look), formula("=SUM(A1:A2)")):
        for piece in pieces(iter([_line([cell] * 12)] * 5000)):
            assert len(json.dumps(piece.rows)) < 2_100_000


def test_only_values_without_formulas_are_plain() -> None:
    plain = {"userEnteredValue": {"boolValue": True}}
    for cells, expected in (
        ([number(1), text("x"), plain, {}], True),
        ([formula("=A1")], False),
        ([text("")], False),
    ):
        (piece,) = pieces(iter([_line(cells)]))
        assert piece.plain is expected
