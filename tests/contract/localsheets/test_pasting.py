"""Cells, sheets and spreadsheets copied: copyPaste, cutPaste, duplicateSheet, copyTo, create."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.localsheets.api import HOST, Api, Json, area, lines, new_api, pin

RED = {"backgroundColor": {"red": 1}}


@pytest.fixture
def filled(api: Api) -> Api:
    """`1, =A1*10` over `2, =A2*10`; A1 is red, with borders and a note."""
    api.put("A1", [1, "=A1*10"], [2, "=A2*10"], typed=True)
    border = {"borders": {"top": {"style": "SOLID"}}}
    cell = {"userEnteredFormat": {**RED, **border}, "note": "look"}
    fields = "userEnteredFormat,note"
    api.batch({"repeatCell": {"range": area((0, 1), (0, 1)), "cell": cell, "fields": fields}})
    valid = {"condition": {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": "0"}]}}
    api.batch({"setDataValidation": {"range": area((0, 1), (0, 1)), "rule": valid}})
    return api


def cell(api: Api, at: str) -> Json:
    """What a cell holds besides its value, by name."""
    fields = "sheets.data.rowData.values(userEnteredValue,userEnteredFormat,note,dataValidation)"
    data = api.shown(fields, ranges=at)["sheets"][0]["data"][0]
    rows = data.get("rowData", [{}])
    found: Json = rows[0].get("values", [{}])[0]
    return found


# PasteType, and what it takes from A1 to D4.
TYPES: list[tuple[str, set[str]]] = [
    ("PASTE_NORMAL", {"value", "colour", "borders", "note", "validation"}),
    ("PASTE_VALUES", {"value"}),
    ("PASTE_FORMAT", {"colour", "borders"}),
    ("PASTE_NO_BORDERS", {"value", "colour", "validation"}),
    ("PASTE_FORMULA", {"value"}),
    ("PASTE_DATA_VALIDATION", {"validation"}),
]


@pytest.mark.parametrize(("kind", "parts"), TYPES)
@pytest.mark.parametrize("cut", [False, True], ids=["copyPaste", "cutPaste"])
def test_a_paste_type_takes_along(
    filled: Api,
    kind: str,
    parts: set[str],
    cut: bool,
) -> None:
    source = area((0, 1), (0, 1))
    if cut:
        corner = {"sheetId": 0, "rowIndex": 3, "columnIndex": 3}
        request: Json = {"cutPaste": {"source": source, "destination": corner, "pasteType": kind}}
    else:
        there = area((3, 4), (3, 4))
        request = {"copyPaste": {"source": source, "destination": there, "pasteType": kind}}
    before = cell(filled, "A1")
    filled.batch(request)
    found = cell(filled, "D4")
    style = found.get("userEnteredFormat", {})
    taken = {
        "value": "userEnteredValue" in found,
        "colour": "backgroundColor" in style,
        "borders": "borders" in style,
        "note": "note" in found,
        "validation": "dataValidation" in found,
    }
    assert {name for name, there in taken.items() if there} == parts
    assert cell(filled, "A1") == ({} if cut else before)


def test_a_source_fills_a_destination_that_is_a_multiple_of_it(filled: Api) -> None:
    copy = {"source": area((0, 2), (0, 1)), "destination": area((4, 8), (3, 5))}
    filled.batch({"copyPaste": copy})
    assert filled.values("D5:E9") == [[1, 1], [2, 2], [1, 1], [2, 2]]


def test_a_source_that_is_larger_than_the_destination_is_copied_whole(filled: Api) -> None:
    copy = {"source": area((0, 2), (0, 1)), "destination": area((4, 5), (3, 4))}
    filled.batch({"copyPaste": copy})
    assert filled.values("D5:E9") == [[1], [2]]


def test_a_transposed_paste_turns_rows_into_columns(filled: Api) -> None:
    copy = {
        "source": area((0, 2), (0, 1)),
        "destination": area((4, 5), (3, 4)),
        "pasteOrientation": "TRANSPOSE",
    }
    filled.batch({"copyPaste": copy})
    assert filled.values("D5:E9") == [[1, 2]]


def test_a_copied_formula_looks_beside_itself_and_a_pasted_value_is_its_result(filled: Api) -> None:
    there = area((4, 5), (1, 2))
    filled.batch({"copyPaste": {"source": area((0, 1), (1, 2)), "destination": there}})
    assert filled.values("B5", "FORMULA") == [["=A5*10"]]
    filled.put("A5", [7])
    assert filled.values("B5") == [[70]]
    values = {"source": there, "destination": area((6, 7), (1, 2)), "pasteType": "PASTE_VALUES"}
    filled.batch({"copyPaste": values})
    assert filled.values("B7", "FORMULA") == [[70]]


def test_a_merge_is_copied_with_its_cells(api: Api) -> None:
    source = area((0, 2), (0, 1))
    api.batch({"mergeCells": {"range": source}})
    api.batch({"copyPaste": {"source": source, "destination": area((4, 6), (2, 3))}})
    merges = api.shown("sheets.merges")["sheets"][0]["merges"]
    assert [(m["startRowIndex"], m["endRowIndex"]) for m in merges] == [(0, 2), (4, 6)]


def test_a_cut_and_an_overlapping_copy_read_before_they_write(api: Api) -> None:
    api.put("A1", [1], [2], [3])
    api.batch({"copyPaste": {"source": area((0, 3), (0, 1)), "destination": area((1, 4), (0, 1))}})
    assert api.values() == [[1], [1], [2], [3]]
    corner = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    api.batch({"cutPaste": {"source": area((1, 4), (0, 1)), "destination": corner}})
    assert api.values() == [[1], [2], [3]]


def test_what_would_reach_beyond_the_grid_is_refused(api: Api) -> None:
    copy = {"source": area((0, 2), (0, 1)), "destination": area((999, 1000), (0, 1))}
    said = api.refused({"copyPaste": copy})
    assert "would reach row 1001 and column 1; the sheet has 1000 rows" in said


# ---------------------------------------------------------------- tidying


def test_duplicates_go_and_the_rest_of_the_range_moves_up(api: Api) -> None:
    api.put("A1", ["a", 1, "x"], ["b", 1, "y"], ["A", 1, "z"], ["c", 2])
    (reply,) = api.batch({"deleteDuplicates": {"range": area((0, 4), (0, 2))}})
    assert reply == {"deleteDuplicates": {"duplicatesRemovedCount": 1}}
    assert api.values() == [["a", 1, "x"], ["b", 1, "y"], ["c", 2, "z"]]
    by = [lines("COLUMNS", 1, 2)]
    api.batch({"deleteDuplicates": {"range": area((0, 3), (0, 2)), "comparisonColumns": by}})
    assert api.values("A1:B3") == [["a", 1], ["c", 2]]


def test_blanks_around_and_inside_text_are_trimmed(api: Api) -> None:
    api.put("A1", ["  a \t b\n", "c", 5, " =1 "])
    (reply,) = api.batch({"trimWhitespace": {"range": area((0, 1), (0, 4))}})
    assert reply == {"trimWhitespace": {"cellsChangedCount": 2}}
    assert api.values() == [["a b", "c", 5, "=1"]]


# ---------------------------------------------------------------- sheets and spreadsheets


def rich(api: Api) -> None:
    """A sheet with some of everything that goes along."""
    where = area((0, 3), (0, 2))
    condition = {"condition": {"type": "NOT_BLANK"}, "format": RED}
    api.batch(
        {"mergeCells": {"range": area((5, 6), (0, 2))}},
        {"addConditionalFormatRule": {"rule": {"ranges": [where], "booleanRule": condition}}},
        {"addProtectedRange": {"protectedRange": {"range": where, "description": "mine"}}},
        {"setBasicFilter": {"filter": {"range": where}}},
        {"addDimensionGroup": {"range": lines("ROWS", 1, 3)}},
        {
            "updateSheetProperties": {
                "properties": {"sheetId": 0, "gridProperties": {"frozenRowCount": 1}},
                "fields": "gridProperties.frozenRowCount",
            }
        },
        pin(1, 1),
    )


PARTS = ("merges", "conditionalFormats", "protectedRanges", "basicFilter", "rowGroups")


def unlike(found: Any) -> Any:
    """A part of a sheet without what differs in a copy."""
    if isinstance(found, list):
        return [unlike(one) for one in found]
    if isinstance(found, dict):
        differs = ("sheetId", "protectedRangeId")
        return {name: unlike(value) for name, value in found.items() if name not in differs}
    return found


def test_a_duplicated_sheet_has_everything_but_its_pins(filled: Api) -> None:
    rich(filled)
    (reply,) = filled.batch(
        {"duplicateSheet": {"sourceSheetId": 0, "newSheetId": 9, "insertSheetIndex": 1}}
    )
    assert reply["duplicateSheet"]["properties"]["title"] == "Copy of Sheet1"
    filled.batch({"duplicateSheet": {"sourceSheetId": 0, "newSheetName": "named"}})
    named, first, copy = filled.ask("get", "", includeGridData=True)["sheets"]
    assert [s["properties"]["title"] for s in (named, first, copy)] == [
        "named",
        "Sheet1",
        "Copy of Sheet1",
    ]
    for part in PARTS:
        assert unlike(copy[part]) == unlike(first[part]) == unlike(named[part])
    assert copy["data"][0]["rowData"] == first["data"][0]["rowData"]
    assert copy["properties"]["gridProperties"]["frozenRowCount"] == 1
    assert "developerMetadata" not in copy["data"][0]["rowMetadata"][1]
    filled.put("'Copy of Sheet1'!A1", [5])
    assert filled.values("'Copy of Sheet1'!B1") == [[50]]
    assert filled.values("Sheet1!A1:B1") == [[1, 10]]


def test_a_duplicate_needs_a_free_name_and_id(api: Api) -> None:
    taken = {"duplicateSheet": {"sourceSheetId": 0, "newSheetName": "sheet1"}}
    assert 'A sheet with the name "sheet1" already exists' in api.refused(taken)
    assert "ID 0 already exists" in api.refused({"duplicateSheet": {"newSheetId": 0}})


def test_a_sheet_is_copied_to_another_spreadsheet_with_its_formats(
    filled: Api, tmp_path: Path
) -> None:
    rich(filled)
    other = Api(filled.http, new_api(tmp_path).id)
    address = f"{HOST}/v4/spreadsheets/{filled.id}/sheets/0:copyTo"
    body = {"destinationSpreadsheetId": other.id}
    made = [filled.http.request("post", address, json=body).json() for _ in range(2)]
    assert [one["title"] for one in made] == ["Copy of Sheet1", "Copy of Sheet1 2"]
    source = filled.ask("get", "", includeGridData=True)["sheets"][0]
    copy = other.ask("get", "", includeGridData=True)["sheets"][1]
    assert copy["data"][0]["rowData"] == source["data"][0]["rowData"]
    for part in PARTS:
        assert unlike(copy[part]) == unlike(source[part])


def test_a_spreadsheet_is_created_as_it_is_described(api: Api) -> None:
    """spreadsheets.create: the body is a Spreadsheet."""
    value = {"userEnteredValue": {"stringValue": "lr"}, "userEnteredFormat": RED}
    wanted = {
        "properties": {"title": "made", "locale": "de_DE"},
        "sheets": [
            {
                "properties": {"title": "Sheet1", "gridProperties": {"rowCount": 5}},
                "data": [{"startRow": 1, "rowData": [{"values": [value]}]}],
            },
            {"properties": {"title": "other", "sheetId": 0}},
        ],
    }
    made = api.http.request("post", f"{HOST}/v4/spreadsheets", json=wanted).json()
    book = Api(api.http, made["spreadsheetId"])
    titles = [sheet["properties"]["title"] for sheet in made["sheets"]]
    assert (made["properties"]["locale"], titles) == ("de_DE", ["Sheet1", "other"])
    assert made["sheets"][0]["properties"]["gridProperties"]["rowCount"] == 5
    assert book.values("Sheet1") == [[], ["lr"]]


def test_a_spreadsheet_that_cannot_be_made_leaves_no_file(api: Api, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    twice = [{"properties": {"title": "a"}}, {"properties": {"title": "A"}}]
    wanted = {"properties": {"title": "made"}, "sheets": twice}
    said = Api(api.http, "").refusal_of("post", f"{HOST}/v4/spreadsheets", wanted)
    assert 'A sheet with the name "A" already exists' in said
    assert sorted(tmp_path.iterdir()) == before
