"""Developer metadata and data filters. MD is Google's guide "Read & write developer metadata"."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.localsheets.api import Api, Json, area, lines, pin, pinned


def search(api: Api, *filters: Json) -> list[int]:
    """The ids of what filters find."""
    found = api.ask("post", "/developerMetadata:search", {"dataFilters": list(filters)})
    marked = found.get("matchedDeveloperMetadata", [])
    return sorted(one["developerMetadata"]["metadataId"] for one in marked)


@pytest.fixture
def marked(api: Api) -> Api:
    """Marks on the spreadsheet, a sheet, two rows and a column."""
    api.put("A1", ["a", "b"], ["c", "d"], ["e", "f"])
    spreadsheet, sheet = {"spreadsheet": True}, {"sheetId": 0}
    api.batch(
        pin(1, 1),
        pin(2, 2, metadataKey="other", metadataValue="v"),
        pin(3, 1, "COLUMNS"),
        pin(4, 0, location=sheet),
        pin(5, 0, location=spreadsheet, visibility="PROJECT", metadataValue="v"),
    )
    return api


LOOKUPS: list[tuple[str, Json, list[int]]] = [
    ("DeveloperMetadataLookup.metadataId", {"metadataId": 2}, [2]),
    ("metadataKey", {"metadataKey": "pin"}, [1, 3, 4, 5]),
    ("metadataValue", {"metadataValue": "v"}, [2, 5]),
    ("fields are combined with and", {"metadataKey": "pin", "metadataValue": "v"}, [5]),
    ("visibility", {"visibility": "PROJECT"}, [5]),
    ("locationType ROW", {"locationType": "ROW"}, [1, 2]),
    ("locationType COLUMN", {"locationType": "COLUMN"}, [3]),
    ("locationType SHEET", {"locationType": "SHEET"}, [4]),
    ("locationType SPREADSHEET", {"locationType": "SPREADSHEET"}, [5]),
    ("metadataLocation, exactly", {"metadataLocation": {"sheetId": 0}}, [4]),
    (
        "INTERSECTING_LOCATION: a sheet meets what is on it",
        {
            "metadataLocation": {"sheetId": 0},
            "locationMatchingStrategy": "INTERSECTING_LOCATION",
        },
        [1, 2, 3, 4],
    ),
    (
        "INTERSECTING_LOCATION: the spreadsheet meets everything",
        {
            "metadataLocation": {"spreadsheet": True},
            "locationMatchingStrategy": "INTERSECTING_LOCATION",
        },
        [1, 2, 3, 4, 5],
    ),
    (
        "a row by its place",
        {"metadataLocation": {"dimensionRange": lines("ROWS", 1, 2)}},
        [1],
    ),
    ("what isn't there", {"metadataId": 99}, []),
]


@pytest.mark.parametrize(("says", "lookup", "found"), LOOKUPS, ids=[row[0] for row in LOOKUPS])
def test_a_lookup_finds(marked: Api, says: str, lookup: Json, found: list[int]) -> None:
    assert search(marked, {"developerMetadataLookup": lookup}) == found


def test_a_range_finds_what_lies_inside_it(marked: Api) -> None:
    assert search(marked, {"gridRange": {"sheetId": 0, "endRowIndex": 2}}) == [1]
    assert search(marked, {"a1Range": "B:B"}) == [3]


def test_one_mark_is_got_by_its_id(marked: Api) -> None:
    assert marked.ask("get", "/developerMetadata/2") == {
        "metadataId": 2,
        "metadataKey": "other",
        "metadataValue": "v",
        "location": {
            "locationType": "ROW",
            "dimensionRange": {
                "sheetId": 0,
                "dimension": "ROWS",
                "startIndex": 2,
                "endIndex": 3,
            },
        },
        "visibility": "DOCUMENT",
    }


def test_an_id_that_exists_refuses_the_whole_batch_also_when_sent_again(marked: Api) -> None:
    replace = {"find": "a", "replacement": "claimed", "sheetId": 0}
    said = marked.refused({"findReplace": replace}, pin(1, 2))
    assert said == (
        "Invalid requests[1].createDeveloperMetadata: Cannot add developer metadata with ID [1] "
        "because developer metadata with that ID already exists."
    )


def test_an_id_may_be_made_anew_after_it_was_deleted_in_the_same_batch(marked: Api) -> None:
    marked.batch({"deleteDeveloperMetadata": {"dataFilter": pinned(1)}}, pin(1, 0))
    where = marked.ask("get", "/developerMetadata/1")["location"]["dimensionRange"]
    assert where["endIndex"] == 1


def test_an_id_is_given_where_none_is_asked_for(api: Api) -> None:
    request = pin(1, 0)
    del request["createDeveloperMetadata"]["developerMetadata"]["metadataId"]
    first, second = api.batch(request, request)
    ids = [r["createDeveloperMetadata"]["developerMetadata"]["metadataId"] for r in (first, second)]
    assert ids[0] != ids[1]
    assert search(api, {"developerMetadataLookup": {"metadataKey": "pin"}}) == sorted(ids)


REFUSED: list[tuple[str, Json, str]] = [
    ("MD: a key", {"metadataKey": ""}, "must have a key"),
    ("MD: a visibility", {"visibility": "DEVELOPER_METADATA_VISIBILITY_UNSPECIFIED"}, "visibility"),
    (
        "DeveloperMetadataLocation: a single row or column",
        {"location": {"dimensionRange": lines("ROWS", 0, 2)}},
        "a single row or a single column",
    ),
    (
        "on the grid",
        {"location": {"dimensionRange": lines("ROWS", 1000, 1001)}},
        "off the grid: it has 1000 rows",
    ),
    ("a sheet that is there", {"location": {"sheetId": 5}}, "No grid with id: 5"),
    ("MD: 30,000 characters of a sheet", {"metadataValue": "x" * 30_000}, "30000 characters"),
]


@pytest.mark.parametrize(("source", "more", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_metadata_that_cannot_be_is_refused(api: Api, source: str, more: Json, words: str) -> None:
    said = api.refused(pin(1, 0, **more))
    assert said.startswith("Invalid requests[0].createDeveloperMetadata: ")
    assert words in said


def test_the_spreadsheet_and_each_sheet_have_a_budget_of_their_own(api: Api) -> None:
    full = "x" * 29_990
    api.batch({"addSheet": {"properties": {"sheetId": 1}}})
    api.batch(
        pin(1, 0, metadataValue=full),
        pin(2, 0, metadataValue=full, location={"spreadsheet": True}),
        pin(3, 0, metadataValue=full, location={"sheetId": 1}),
    )
    assert "30000" in api.refused(pin(4, 1, metadataValue="0123456789"))
    api.batch(
        {"deleteDeveloperMetadata": {"dataFilter": pinned(1)}},
        pin(4, 1, metadataValue="0123456789"),
    )


def test_marks_are_updated_in_the_fields_that_are_named(marked: Api) -> None:
    change = {
        "dataFilters": [{"developerMetadataLookup": {"metadataKey": "pin"}}],
        "developerMetadata": {"metadataValue": "new", "metadataKey": "not named"},
        "fields": "metadataValue",
    }
    (reply,) = marked.batch({"updateDeveloperMetadata": change})
    changed = reply["updateDeveloperMetadata"]["developerMetadata"]
    assert [(m["metadataId"], m["metadataKey"], m["metadataValue"]) for m in changed] == [
        (n, "pin", "new") for n in (1, 3, 4, 5)
    ]


def test_deleting_tells_what_is_gone(marked: Api) -> None:
    (reply,) = marked.batch(
        {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": {"metadataId": 2}}}}
    )
    (gone,) = reply["deleteDeveloperMetadata"]["deletedDeveloperMetadata"]
    assert gone["metadataKey"] == "other"
    assert search(marked, pinned(2)) == []


def test_rows_and_columns_show_their_marks_in_grid_data(marked: Api) -> None:
    ids = "developerMetadata.metadataId"
    found = marked.shown(f"sheets.data(rowMetadata.{ids},columnMetadata.{ids})")
    data = found["sheets"][0]["data"][0]
    rows = {n: one for n, one in enumerate(data["rowMetadata"]) if one}
    assert rows == {
        1: {"developerMetadata": [{"metadataId": 1}]},
        2: {"developerMetadata": [{"metadataId": 2}]},
    }
    assert data["columnMetadata"][1] == {"developerMetadata": [{"metadataId": 3}]}


# ---------------------------------------------------------------- the …ByDataFilter methods


def test_values_are_read_by_filters_and_each_area_says_which_filters_found_it(marked: Api) -> None:
    a1, twice = {"a1Range": "A1:B1"}, {"developerMetadataLookup": {"metadataKey": "pin"}}
    body = {"dataFilters": [a1, pinned(1), twice], "valueRenderOption": "UNFORMATTED_VALUE"}
    found = marked.ask("post", "/values:batchGetByDataFilter", body)["valueRanges"]
    by_range = {one["valueRange"]["range"]: one for one in found}
    assert by_range["Sheet1!A1:B1"]["valueRange"]["values"] == [["a", "b"]]
    assert by_range["Sheet1!A2:Z2"]["valueRange"]["values"] == [["c", "d"]]
    assert by_range["Sheet1!A2:Z2"]["dataFilters"] == [pinned(1), twice]


def test_values_are_written_to_the_marked_row_wherever_it_went(marked: Api) -> None:
    marked.batch({"insertDimension": {"range": lines("ROWS", 0, 3)}})
    body = {
        "valueInputOption": "RAW",
        "data": [{"dataFilter": pinned(1), "values": [[None, "D"]]}],
        "includeValuesInResponse": True,
    }
    answer = marked.ask("post", "/values:batchUpdateByDataFilter", body)
    (response,) = answer["responses"]
    assert (answer["totalUpdatedCells"], response["updatedRange"]) == (1, "Sheet1!A5:B5")
    assert response["dataFilter"] == pinned(1)
    assert marked.values("A5:B5") == [["c", "D"]]


def test_a_filter_that_matches_two_rows_writes_to_both(marked: Api) -> None:
    both = {"developerMetadataLookup": {"locationType": "ROW"}}
    body = {"valueInputOption": "RAW", "data": [{"dataFilter": both, "values": [["x"]]}]}
    marked.ask("post", "/values:batchUpdateByDataFilter", body)
    assert marked.values() == [["a", "b"], ["x", "d"], ["x", "f"]]


def test_values_that_exceed_the_area_of_a_filter_are_refused(marked: Api) -> None:
    data = [{"dataFilter": pinned(1), "values": [["x"], ["y"]]}]
    body = {"valueInputOption": "RAW", "data": data}
    said = marked.refusal("post", "/values:batchUpdateByDataFilter", body)
    assert said == ("Requested writing within range [Sheet1!A2:Z2], but tried writing to row [3]")


def test_values_are_cleared_by_filters(marked: Api) -> None:
    found = marked.ask(
        "post", "/values:batchClearByDataFilter", {"dataFilters": [pinned(1), {"a1Range": "B3"}]}
    )
    assert found["clearedRanges"] == ["Sheet1!A2:Z2", "Sheet1!B3"]
    assert marked.values() == [["a", "b"], [], ["e"]]


def test_a_spreadsheet_is_got_by_filters(marked: Api) -> None:
    body = {"dataFilters": [pinned(2)], "includeGridData": True}
    (sheet,) = marked.ask("post", ":getByDataFilter", body)["sheets"]
    (data,) = sheet["data"]
    assert data["startRow"] == 2
    assert [c["formattedValue"] for c in data["rowData"][0]["values"]] == ["e", "f"]


WRONG: list[Any] = [
    ({"dataFilters": [{}]}, "A data filter must have one of"),
    ({"dataFilters": [{"gridRange": area((0, 1), (0, 1), 9)}]}, "No grid with id: 9"),
    ({"dataFilters": "x"}, "Invalid value at 'dataFilters'"),
    ({"dataFilters": [{"gridRange": "A1"}]}, "Invalid value at 'data_filters.grid_range'"),
    ({"dataFilters": [{"a1Range": 5}]}, "Invalid value at 'data_filters.a1_range' (TYPE_STRING)"),
    (
        {"dataFilters": [{"developerMetadataLookup": {"metadataId": {}}}]},
        "Invalid value at 'data_filters.developer_metadata_lookup.metadata_id' (TYPE_INT32)",
    ),
    ({"dataFilters": [{"gridRange": {"sheetId": "a"}}]}, "Invalid value at 'sheetId'"),
    ({"dataFilters": [{"x": 1}]}, "Unknown name \"x\" at 'data_filters'"),
]


def test_a_filter_may_give_an_id_as_text_and_names_with_underscores(marked: Api) -> None:
    assert search(marked, {"developer_metadata_lookup": {"metadata_id": "2"}}) == [2]


@pytest.mark.parametrize(("body", "words"), WRONG)
def test_a_filter_that_is_none_is_refused(api: Api, body: Json, words: str) -> None:
    assert words in api.refusal("post", "/values:batchGetByDataFilter", body)
