"""setDataValidation: what cells of a range should hold."""

from __future__ import annotations

from .. import ranges
from ..api.call import Call
from ..book import Book
from ..errors import invalid_argument
from ..filtered import hidden_by_filter
from ..model.structure import Json

_WITH_VALUES = {"ONE_OF_LIST": 1, "ONE_OF_RANGE": 1, "CUSTOM_FORMULA": 1}


def put(book: Book, body: Json, _call: Call) -> None:
    """The rule in every cell of the range; without a rule, whatever rule there is goes."""
    area = ranges.from_grid_range(book, body.get("range") or {})
    rule = body.get("rule")
    condition = (rule or {}).get("condition") or {}
    if rule and not condition.get("type"):
        raise invalid_argument("rule.condition.type is required.")
    if len(condition.get("values") or []) < _WITH_VALUES.get(condition.get("type", ""), 0):
        raise invalid_argument(f"A condition {condition['type']} needs at least one value.")
    columns = area.sheet.columns.ids(area.start_column, area.end_column)
    passed_over = set() if body.get("filteredRowsIncluded") else hidden_by_filter(book, area.sheet)
    find = book.rows if rule else book.stored_rows
    for row in find(area.sheet, area.start_row, area.end_row):
        if row.row_id in passed_over:
            continue
        for column in columns:
            extra = {n: v for n, v in row.extra(column).items() if n != "dataValidation"}
            if rule:
                extra["dataValidation"] = rule
            if extra != row.extra(column):
                row.set_extra(column, extra)


KINDS = {"setDataValidation": put}
