"""The spreadsheets.values methods: https://developers.google.com/sheets/api/reference/rest.

Each function takes a Book and a Call and answers the method's JSON; which path and verb lead here
is in `routes.py`, what reading and writing an area means in the `values.py` above.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .. import metadata, ranges, tables
from ..book import Book
from ..errors import invalid_argument
from ..model.structure import Json
from ..ranges import Area
from ..values import (
    FORMATTED_VALUE,
    FORMULA,
    UNFORMATTED_VALUE,
    Rendering,
    Written,
    clear,
    read,
    write,
)
from . import schemas
from .call import Call


def get(book: Book, call: Call) -> Json:
    """values.get."""
    return read(book, ranges.from_a1(book, call.path[0]), _rendering(call))


def batch_get(book: Book, call: Call) -> Json:
    """values.batchGet."""
    rendering = _rendering(call)
    areas = [ranges.from_a1(book, text) for text in call.texts("ranges")]
    found: Json = {"spreadsheetId": book.structure.spreadsheet_id}
    if areas:
        found["valueRanges"] = [read(book, area, rendering) for area in areas]
    return found


def batch_get_by_data_filter(book: Book, call: Call) -> Json:
    """values.batchGetByDataFilter."""
    rendering = _rendering(call)
    found: dict[tuple[int, int, int, int, int], tuple[Area, list[Json]]] = {}
    for data_filter in map(metadata.checked, call.objects("dataFilters")):
        matched = metadata.areas(book, data_filter)
        if not matched and call.switches.unmatched_filter_is_an_error:
            raise invalid_argument("No data matched the data filter.")
        for area in matched:
            key = (
                area.sheet.sheet_id,
                area.start_row,
                area.end_row,
                area.start_column,
                area.end_column,
            )
            found.setdefault(key, (area, []))[1].append(data_filter)
    answer: Json = {"spreadsheetId": book.structure.spreadsheet_id}
    if found:
        answer["valueRanges"] = [
            {"valueRange": read(book, area, rendering), "dataFilters": filters}
            for area, filters in found.values()
        ]
    return answer


def update(book: Book, call: Call) -> Json:
    """values.update."""
    values = _rows(call.body, "data.values")
    area = ranges.from_a1(book, call.path[0])
    _require_same_range(book, area, call.body)
    return _write(book, call, area, values)[0]


def batch_update(book: Book, call: Call) -> Json:
    """values.batchUpdate."""
    done = []
    for at, data in enumerate(call.objects("data")):
        if not isinstance(data.get("range"), str):
            raise invalid_argument(f"Invalid value at 'data[{at}].range' (TYPE_STRING)")
        values = _rows(data, f"data[{at}].values")
        done.append(_write(book, call, ranges.from_a1(book, data["range"]), values))
    return _total(book, done)


def batch_update_by_data_filter(book: Book, call: Call) -> Json:
    """values.batchUpdateByDataFilter: writes to every area that a filter matches."""
    done = []
    for at, data in enumerate(call.objects("data")):
        values = _rows(data, f"data[{at}].values")
        data_filter = metadata.checked(data.get("dataFilter") or {})
        matched = metadata.areas(book, data_filter)
        if not matched and call.switches.unmatched_filter_is_an_error:
            raise invalid_argument("No data matched the data filter.")
        for area in matched:
            answer, written = _write(book, call, area, values)
            del answer["spreadsheetId"]
            answer["dataFilter"] = data_filter
            done.append((answer, written))
    return _total(book, done)


def append(book: Book, call: Call) -> Json:
    """values.append: after the table that is found around the range."""
    option = call.choice("insertDataOption", ("OVERWRITE", "INSERT_ROWS"), "OVERWRITE")
    values = _rows(call.body, "data.values")
    area = ranges.from_a1(book, call.path[0])
    table = tables.around(book, area)
    start = tables.make_room(book, area, table, len(values), insert=option == "INSERT_ROWS")
    width = max(map(len, values), default=0)
    sheet = book.sheet(area.sheet.sheet_id)
    column = table.start_column if table else area.start_column
    if column + width > sheet.columns.count:
        missing = column + width - sheet.columns.count
        book.insert_lines(sheet, "COLUMNS", sheet.columns.count, missing)
        sheet = book.sheet(sheet.sheet_id)
    target = Area(sheet, start, sheet.rows.count, column, sheet.columns.count)
    updates, _ = _write(book, call, target, values)
    answer: Json = {"spreadsheetId": book.structure.spreadsheet_id}
    if table:
        answer["tableRange"] = table.a1
    return {**answer, "updates": updates}


def clear_values(book: Book, call: Call) -> Json:
    """values.clear."""
    area = ranges.from_a1(book, call.path[0])
    clear(book, area)
    return {"spreadsheetId": book.structure.spreadsheet_id, "clearedRange": area.a1}


def batch_clear(book: Book, call: Call) -> Json:
    """values.batchClear."""
    wanted = schemas.checked("BatchClearValuesRequest", call.body, "").get("ranges", [])
    areas = [ranges.from_a1(book, text) for text in wanted]
    return _cleared(book, areas)


def batch_clear_by_data_filter(book: Book, call: Call) -> Json:
    """values.batchClearByDataFilter."""
    areas = [
        area
        for data_filter in map(metadata.checked, call.objects("dataFilters"))
        for area in metadata.areas(book, data_filter)
    ]
    return _cleared(book, areas)


def _cleared(book: Book, areas: Iterable[Area]) -> Json:
    cleared = []
    for area in areas:
        clear(book, area)
        cleared.append(area.a1)
    answer: Json = {"spreadsheetId": book.structure.spreadsheet_id}
    return {**answer, "clearedRanges": cleared} if cleared else answer


def _rendering(call: Call, prefix: str = "") -> Rendering:
    """The options of a read; in a write's response they have longer names."""

    def name(plain: str) -> str:
        return f"response{plain[0].upper()}{plain[1:]}" if prefix else plain

    option = call.choice(
        name("valueRenderOption"),
        (FORMATTED_VALUE, UNFORMATTED_VALUE, FORMULA),
        FORMATTED_VALUE,
    )
    dates = call.choice(
        name("dateTimeRenderOption"), ("SERIAL_NUMBER", "FORMATTED_STRING"), "SERIAL_NUMBER"
    )
    major = "ROWS"
    if not prefix:
        major = call.choice("majorDimension", ("ROWS", "COLUMNS"), "ROWS")
    return Rendering(option, dates == "FORMATTED_STRING", major == "COLUMNS")


def _write(book: Book, call: Call, area: Area, values: list[list[Any]]) -> tuple[Json, Written]:
    option = call.choice("valueInputOption", ("RAW", "USER_ENTERED"), None)
    written = write(book, area, values, user_entered=option == "USER_ENTERED")
    answer = written.answer(book.structure.spreadsheet_id)
    if call.flag("includeValuesInResponse"):
        whole = area if not written.cells and not any(values) else written.area
        call.later(lambda: answer.update(updatedData=read(book, whole, _rendering(call, "r"))))
    return answer, written


def _rows(data: Json, where: str) -> list[list[Any]]:
    """The values of a ValueRange, as rows; `where` they stand in the request."""
    values = data.get("values", [])
    if values is None:
        values = []
    if not isinstance(values, list) or not all(isinstance(line, list) for line in values):
        wrong = values if not isinstance(values, list) else next(
            line for line in values if not isinstance(line, list)
        )  # fmt: skip
        raise _not_a_list(wrong, where)
    if data.get("majorDimension") == "COLUMNS":
        height = max(map(len, values), default=0)
        return [[line[at] if at < len(line) else None for line in values] for at in range(height)]
    return values


def _not_a_list(value: Any, where: str) -> Exception:
    shown = json.dumps(value, ensure_ascii=False)
    text = f"Invalid value at '{where}' (type.googleapis.com/google.protobuf.ListValue), {shown}"
    violation = {"field": where, "description": text}
    return invalid_argument(
        text,
        [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}],
    )


def _require_same_range(book: Book, area: Area, body: Json) -> None:
    said = body.get("range")
    if said and ranges.from_a1(book, said).a1 != area.a1:
        raise invalid_argument(
            f"Requested writing within range [{area.a1}], but the body names range [{said}]"
        )


def _total(book: Book, done: list[tuple[Json, Written]]) -> Json:
    """The answers together: a row or column that two of them wrote to counts once (recorded)."""
    found: Json = {"spreadsheetId": book.structure.spreadsheet_id}
    each = [written for _, written in done if written.cells]
    counts = {
        "totalUpdatedRows": len({(w.area.sheet.sheet_id, row) for w in each for row in w.rows}),
        "totalUpdatedColumns": len({(w.area.sheet.sheet_id, c) for w in each for c in w.columns}),
        "totalUpdatedCells": sum(w.cells for w in each),
        "totalUpdatedSheets": len({w.area.sheet.sheet_id for w in each}),
    }
    found |= {name: count for name, count in counts.items() if count}
    return {**found, "responses": [answer for answer, _ in done]} if done else found
