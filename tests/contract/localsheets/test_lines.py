"""Rows and columns that come, go and move; and the grid that grows with what is appended."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.localsheets.api import Api, Json, area, lines, pin, pinned


def stand(api: Api, metadata_id: int) -> tuple[int, int] | None:
    """Where a pin's row or column is now."""
    found = api.ask("post", "/developerMetadata:search", {"dataFilters": [pinned(metadata_id)]})
    if not found:
        return None
    location = found["matchedDeveloperMetadata"][0]["developerMetadata"]["location"]
    where = location["dimensionRange"]
    return where["startIndex"], where["endIndex"]


# What is done, and where the pin of row 3 (index 2) of A, B, C, D, E is afterwards.
MOVES: list[tuple[str, Json, str, int | None]] = [
    (
        "rows inserted above take it down: InsertDimensionRequest",
        {"insertDimension": {"range": lines("ROWS", 1, 3)}},
        "A  BCDE",
        4,
    ),
    (
        "rows inserted at its place take it down: range.startIndex is before which",
        {"insertDimension": {"range": lines("ROWS", 2, 3)}},
        "AB CDE",
        3,
    ),
    (
        "rows inserted below leave it",
        {"insertDimension": {"range": lines("ROWS", 3, 4)}},
        "ABC DE",
        2,
    ),
    (
        "rows deleted above take it up: DeleteDimensionRequest",
        {"deleteDimension": {"range": lines("ROWS", 0, 2)}},
        "CDE",
        0,
    ),
    (
        "it goes with its row: 'metadata … is deleted with it'",
        {"deleteDimension": {"range": lines("ROWS", 2, 3)}},
        "ABDE",
        None,
    ),
    (
        "moving down counts the destination before the move: MoveDimensionRequest's example",
        {"moveDimension": {"source": lines("ROWS", 2, 3), "destinationIndex": 5}},
        "ABDEC",
        4,
    ),
    (
        "moving up",
        {"moveDimension": {"source": lines("ROWS", 2, 3), "destinationIndex": 0}},
        "CABDE",
        0,
    ),
    (
        "others move over it",
        {"moveDimension": {"source": lines("ROWS", 0, 2), "destinationIndex": 4}},
        "CDABE",
        0,
    ),
    (
        "moving to where it is changes nothing",
        {"moveDimension": {"source": lines("ROWS", 0, 2), "destinationIndex": 0}},
        "ABCDE",
        2,
    ),
    (
        "sorting takes it along: recorded by others, 'follows sortRange'",
        {
            "sortRange": {
                "range": area((0, 5), (0, 26)),
                "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}],
            }
        },
        "EDCBA",
        2,
    ),
    (
        "sorting of a part",
        {
            "sortRange": {
                "range": area((1, 4), (0, 26)),
                "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}],
            }
        },
        "ADCBE",
        2,
    ),
    ("rows at the end leave it: AppendDimensionRequest",
     {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 3}}, "ABCDE", 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("says", "request_", "letters", "where"), MOVES, ids=[row[0] for row in MOVES]
)
def test_a_pin_stays_with_its_row(
    api: Api, says: str, request_: Json, letters: str, where: int | None
) -> None:
    api.put("A1", *[[letter] for letter in "ABCDE"])
    api.batch(pin(1, 2), request_)
    assert [line[0] if line else " " for line in api.values()] == list(letters)
    assert stand(api, 1) == (None if where is None else (where, where + 1))


def test_a_sort_passes_over_hidden_rows_and_the_others_take_their_pins_along(api: Api) -> None:
    api.put("A1", *[[letter] for letter in "CBXA"])
    hide = {"range": lines("ROWS", 2, 3), "properties": {"hiddenByUser": True}, "fields": "*"}
    order = {"range": area((0, 4), (0, 26)), "sortSpecs": [{"dimensionIndex": 0}]}
    api.batch(pin(1, 0), pin(2, 2), {"updateDimensionProperties": hide}, {"sortRange": order})
    assert api.values() == [["A"], ["B"], ["X"], ["C"]]
    assert (stand(api, 1), stand(api, 2)) == ((3, 4), (2, 3))


def test_what_is_done_to_rows_is_done_to_columns(api: Api) -> None:
    api.put("A1", list("ABCDE"))
    api.batch(pin(1, 2, "COLUMNS"))
    move = {"moveDimension": {"source": lines("COLUMNS", 2, 4), "destinationIndex": 1}}
    api.batch(move, {"insertDimension": {"range": lines("COLUMNS", 0, 1)}})
    assert api.values() == [["", "A", "C", "D", "B", "E"]]
    assert stand(api, 1) == (2, 3)


REFUSED: list[tuple[Json, str]] = [
    (
        {"moveDimension": {"source": lines("ROWS", 1, 4), "destinationIndex": 2}},
        "Cannot move a dimension to inside of itself",
    ),
    ({"deleteDimension": {"range": lines("ROWS", 0, 1000)}}, "You can't delete all the rows"),
    (
        {"deleteDimension": {"range": lines("ROWS", 999, 1001)}},
        "Cannot operate on rows that don't exist",
    ),
    (
        {"insertDimension": {"range": lines("ROWS", 0, 1), "inheritFromBefore": True}},
        "inheritFromBefore cannot be true when inserting at index 0",
    ),
    ({"insertDimension": {"range": lines("ROWS", 5, 5)}}, "must be greater than"),
    ({"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 400_000}}, "10000000 cells"),
    ({"moveDimension": {"source": lines("ROWS", 0, 1, 9)}}, "No grid with id: 9"),
]


@pytest.mark.parametrize(("request_", "words"), REFUSED)
def test_what_a_grid_cannot_do_is_refused_and_nothing_of_the_batch_stays(
    api: Api, request_: Json, words: str
) -> None:
    api.put("A1", ["x"])
    (kind,) = request_
    said = api.refused({"addSheet": {"properties": {"title": "not for long"}}}, request_)
    assert said.startswith(f"Invalid requests[1].{kind}: ")
    assert words in said


def test_inserted_lines_look_like_their_neighbour(api: Api) -> None:
    red = {"userEnteredFormat": {"backgroundColor": {"red": 1}}}
    paint: Json = {"range": area((1, 2), (0, 2)), "cell": red, "fields": "userEnteredFormat"}
    insert: Json = {"range": lines("ROWS", 2, 3), "inheritFromBefore": True}
    api.batch({"repeatCell": paint}, {"insertDimension": insert})
    found = api.shown("sheets.data.rowData.values.userEnteredFormat.backgroundColor")
    rows = found["sheets"][0]["data"][0]["rowData"]
    assert [bool(row) for row in rows] == [False, True, True]


# ---------------------------------------------------------------- growing


def cells(*values: Any) -> Json:
    """A RowData."""
    return {"values": [{"userEnteredValue": {"stringValue": value}} for value in values]}


def test_append_cells_writes_after_the_last_row_with_data_past_gaps(api: Api) -> None:
    api.put("A1", ["a"], [], [], ["b"])
    append = {"sheetId": 0, "rows": [cells("c", "d")], "fields": "userEnteredValue"}
    assert api.batch({"appendCells": append}) == [{}]
    assert api.values() == [["a"], [], [], ["b"], ["c", "d"]]


def test_append_cells_makes_the_grid_larger(api: Api) -> None:
    small = {"sheetId": 0, "gridProperties": {"rowCount": 2, "columnCount": 2}}
    fields = "gridProperties(rowCount,columnCount)"
    api.batch({"updateSheetProperties": {"properties": small, "fields": fields}})
    api.put("A1", ["a"], ["b"])
    append = {"sheetId": 0, "rows": [cells(*"cde"), cells("f")], "fields": "*"}
    api.batch({"appendCells": append})
    assert api.values() == [["a"], ["b"], ["c", "d", "e"], ["f"]]
    grid = api.shown("sheets.properties.gridProperties")["sheets"][0]["properties"]
    assert grid["gridProperties"] == {"rowCount": 4, "columnCount": 3}


def test_a_format_alone_is_no_data_to_append_after(api: Api) -> None:
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    api.batch({"repeatCell": {"range": area((5, 6), (0, 1)), "cell": bold, "fields": "*"}})
    append = {"sheetId": 0, "rows": [cells("a")], "fields": "userEnteredValue"}
    api.batch({"appendCells": append})
    assert api.values("A1") == [["a"]]


@pytest.mark.parametrize("option", ["OVERWRITE", "INSERT_ROWS"])
def test_values_append_makes_the_grid_larger(api: Api, option: str) -> None:
    small = {"sheetId": 0, "gridProperties": {"rowCount": 2}}
    api.batch({"updateSheetProperties": {"properties": small, "fields": "gridProperties.rowCount"}})
    api.put("A1", ["a"], ["b"])
    answer = api.ask(
        "post", "/values/A1:append", {"values": [["c"], ["d"]]},
        valueInputOption="RAW", insertDataOption=option,
    )  # fmt: skip
    assert answer["tableRange"] == "Sheet1!A1:A2"
    assert answer["updates"]["updatedRange"] == "Sheet1!A3:A4"
    assert api.values() == [["a"], ["b"], ["c"], ["d"]]


def test_update_cells_does_not_make_the_grid_larger(api: Api) -> None:
    start = {"sheetId": 0, "rowIndex": 1000, "columnIndex": 0}
    update = {"start": start, "rows": [cells("x")], "fields": "*"}
    assert "beyond the last row" in api.refused({"updateCells": update})


def test_values_update_does_not_make_the_grid_larger(api: Api) -> None:
    said = api.refusal("put", "/values/A1001", {"values": [["x"]]}, valueInputOption="RAW")
    assert said == "Range (Sheet1!A1001) exceeds grid limits. Max rows: 1000, max columns: 26"
