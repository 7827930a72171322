"""What is answered and how much of it; and what a request may not say."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from gspread.exceptions import APIError

from gsheet_ml_scheduler.localsheets.api import schemas
from gsheet_ml_scheduler.localsheets.requests import KINDS
from tests.contract.localsheets import discovery
from tests.contract.localsheets.api import HOST, Api, Json, area


def write(value: str) -> Json:
    """A request that writes A1."""
    cell = {"userEnteredValue": {"stringValue": value}}
    start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    update = {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}
    return {"updateCells": update}


# ---------------------------------------------------------------- includeSpreadsheetInResponse


def test_a_batch_answers_the_spreadsheet_as_it_left_it(api: Api) -> None:
    body = {"requests": [write("x")], "includeSpreadsheetInResponse": True}
    found = api.ask("post", ":batchUpdate", body)["updatedSpreadsheet"]
    assert found["spreadsheetId"] == api.id
    assert "data" not in found["sheets"][0]


def test_a_batch_answers_only_the_ranges_that_are_asked_for(api: Api) -> None:
    api.put("A1", ["a", "b"], ["c", "d"])
    body = {
        "requests": [write("x")],
        "includeSpreadsheetInResponse": True,
        "responseIncludeGridData": True,
        "responseRanges": ["A1", "B2:B3"],
    }
    data = api.ask("post", ":batchUpdate", body)["updatedSpreadsheet"]["sheets"][0]["data"]
    shown = [[c["formattedValue"] for c in one["rowData"][0]["values"]] for one in data]
    assert shown == [["x"], ["d"]]
    assert (data[1]["startRow"], data[1]["startColumn"]) == (1, 1)


def test_a_mask_decides_alone_whether_cells_are_answered(api: Api) -> None:
    """BatchUpdateSpreadsheetRequest.responseIncludeGridData: ignored if a field mask was set."""
    values = "sheets.data.rowData.values.effectiveValue"
    body = {"requests": [write("x")], "includeSpreadsheetInResponse": True}
    fields = f"replies,updatedSpreadsheet.{values}"
    found = api.ask("post", ":batchUpdate", body, fields=fields)
    row = {"values": [{"effectiveValue": {"stringValue": "x"}}]}
    sheets = [{"data": [{"rowData": [row]}]}]
    assert found == {"replies": [{}], "updatedSpreadsheet": {"sheets": sheets}}


MASKS: list[tuple[str, Json]] = [
    ("spreadsheetId", {"spreadsheetId": "ID"}),
    ("properties.title", {"properties": {"title": "book"}}),
    ("properties/title", {"properties": {"title": "book"}}),
    ("properties(title,locale)", {"properties": {"title": "book", "locale": "en_US"}}),
    ("sheets.properties.sheet_id", {"sheets": [{"properties": {"sheetId": 0}}]}),
    ("sheets(properties(sheetId),merges)", {"sheets": [{"properties": {"sheetId": 0}}]}),
    ("namedRanges", {}),
    ("sheets.data.rowData.values.note", {"sheets": [{"data": [{}]}]}),
]


@pytest.mark.parametrize(("mask", "expected"), MASKS)
def test_a_mask_answers_what_it_names_and_nothing_else(api: Api, mask: str, expected: Json) -> None:
    found = api.ask("get", "", fields=mask)
    assert {**found, **({"spreadsheetId": "ID"} if "spreadsheetId" in found else {})} == expected


@pytest.mark.parametrize(
    ("mask", "path"),
    [("nope", "nope"), ("sheets.nope", "sheets.nope"), ("sheets(properties(title,x))",
     "sheets.properties.x"), ("properties.title.x", "properties.title.x")],
)  # fmt: skip
def test_a_mask_that_names_what_there_is_not_is_refused(api: Api, mask: str, path: str) -> None:
    with pytest.raises(APIError) as caught:
        api.ask("get", "", fields=mask)
    error = caught.value.response.json()["error"]
    assert error["message"] == "Request contains an invalid argument."
    (violation,) = error["details"][0]["fieldViolations"]
    assert violation["description"].endswith(f"Cannot find matching fields for path '{path}'.")


def test_a_write_with_a_mask_that_is_wrong_is_not_done(api: Api) -> None:
    api.refusal("post", ":batchUpdate", {"requests": [write("x")]}, fields="nope")
    assert api.values() == []


# ---------------------------------------------------------------- names and types of requests


def test_the_table_of_names_is_googles() -> None:
    described = discovery.table(discovery.document()["schemas"])
    for message, known in schemas.table().items():
        assert known.items() <= described[message].items(), message
    assert schemas.table()["Request"].keys() >= KINDS.keys()


UNKNOWN = "Invalid JSON payload received. Unknown name \"{}\" at '{}': Cannot find field."
WRONG: list[tuple[Json, str]] = [
    ({"updateCells": {"x": 1}}, UNKNOWN.format("x", "requests[1].update_cells")),
    ({"fooBar": {}}, UNKNOWN.format("fooBar", "requests[1]")),
    (
        {"updateCells": {"rows": [{"values": [{}, {"userEnteredValue": {"text": "a"}}]}]}},
        UNKNOWN.format("text", "requests[1].update_cells.rows[0].values[1].user_entered_value"),
    ),
    (
        {"findReplace": {"find": 5}},
        "Invalid value at 'requests[1].find_replace.find' (TYPE_STRING), 5",
    ),
    (
        {"sortRange": {"range": {"startRowIndex": "one"}}},
        "Invalid value at 'requests[1].sort_range.range.start_row_index' (TYPE_INT32), \"one\"",
    ),
    (
        {"sortRange": {"range": {"startRowIndex": 2**31}}},
        "Invalid value at 'requests[1].sort_range.range.start_row_index' (TYPE_INT32), 2147483648",
    ),
    (
        {"findReplace": {"matchCase": "yes"}},
        "Invalid value at 'requests[1].find_replace.match_case' (TYPE_BOOL), \"yes\"",
    ),
    (
        {"mergeCells": {"mergeType": "SOME"}},
        "Invalid value at 'requests[1].merge_cells.merge_type' (an enum), \"SOME\"",
    ),
    (
        {"repeatCell": {"range": "A1"}},
        "Invalid value at 'requests[1].repeat_cell.range' "
        '(type.googleapis.com/google.apps.sheets.v4.GridRange), "A1"',
    ),
    (
        {"updateCells": {"rows": {}}},
        "Invalid value at 'requests[1].update_cells.rows' (a list is expected), {}",
    ),
    (
        {"addChart": {"chart": {}}},
        "Invalid requests[1].addChart: a local workbook doesn't serve this kind of request.",
    ),
    ({}, "Invalid requests[1]: a request must set exactly one kind, not none."),
]


@pytest.mark.parametrize(("request_", "words"), WRONG)
def test_a_request_that_is_not_as_described_is_refused_by_name(
    api: Api, request_: Json, words: str
) -> None:
    assert api.refused(write("x"), request_) == words


def test_an_unknown_option_of_a_batch_is_refused(api: Api) -> None:
    said = api.refusal("post", ":batchUpdate", {"requests": [write("x")], "include": True})
    assert said == 'Invalid JSON payload received. Unknown name "include": Cannot find field.'
    ranges = {"requests": [write("x")], "responseRanges": [5]}
    said = api.refusal("post", ":batchUpdate", ranges)
    assert said == "Invalid value at 'response_ranges[0]' (TYPE_STRING), 5"


def test_a_body_that_is_no_object_is_refused(api: Api) -> None:
    nonsense: Any = ["requests"]
    assert "must be an object" in api.refusal("post", ":batchUpdate", nonsense)
    for data in (b"{", b"[1]"):
        with pytest.raises(APIError, match="Invalid JSON payload received"):
            api.http.request("post", f"{HOST}/v4/spreadsheets/{api.id}:batchUpdate", data=data)
    said = api.refusal("post", "/values:batchClear", {"ranges": "A1"})
    assert said == "Invalid value at 'ranges' (a list is expected), \"A1\""


def test_null_is_as_if_not_said_and_names_may_have_underscores(api: Api) -> None:
    api.put("A1", [2], [1])
    sort = {
        "range": {"sheet_id": 0, "start_row_index": "0", "endRowIndex": 2.0},
        "sort_specs": [{"dimension_index": 0, "foregroundColor": None}],
    }
    api.batch({"sort_range": sort})
    assert api.values() == [[1], [2]]


UPDATES: list[tuple[str, Json, str]] = [
    ("updateCells", {"start": {"sheetId": 0}}, "user_entered_format.colour"),
    ("repeatCell", {"range": {"sheetId": 0}}, "user_entered_format.colour"),
    ("updateSheetProperties", {"properties": {"sheetId": 0}}, "grid_properties.frozen_rows"),
    ("updateSpreadsheetProperties", {"properties": {}}, "name"),
    (
        "updateDimensionProperties",
        {"range": {"sheetId": 0, "dimension": "ROWS"}, "properties": {}},
        "pixel_sizes",
    ),
]


@pytest.mark.parametrize(("kind", "body", "path"), UPDATES)
def test_an_update_mask_is_required_and_names_what_there_is(
    api: Api, kind: str, body: Json, path: str
) -> None:
    assert api.refused({kind: {**body, "fields": path}}) == (
        f"Invalid requests[0].{kind}: Invalid field: {path}"
    )
    assert "At least one field must be listed in 'fields'" in api.refused({kind: body})


# ---------------------------------------------------------------- nothing is shared


def test_what_is_kept_belongs_to_no_caller(api: Api) -> None:
    wanted: Json = {
        "setDataValidation": {
            "range": area((0, 1), (0, 1)),
            "rule": {"condition": {"type": "NOT_BLANK"}, "strict": True},
        }
    }
    rule: Json = {"ranges": [area((0, 1), (0, 1))], "booleanRule": {
        "condition": {"type": "NOT_BLANK"}, "format": {"backgroundColor": {"red": 1}}}}  # fmt: skip
    filter_: Json = {"range": area((0, 1), (0, 1)), "criteria": {"0": {"hiddenValues": ["x"]}}}
    requests = [
        wanted,
        {"addConditionalFormatRule": {"rule": rule}},
        {"setBasicFilter": {"filter": filter_}},
        {"updateSpreadsheetProperties": {
            "properties": {"defaultFormat": {"textFormat": {"fontSize": 9}}},
            "fields": "defaultFormat"}},
    ]  # fmt: skip
    api.batch(*requests)
    before = copy.deepcopy(api.ask("get", "", includeGridData=True))
    for request in requests:
        _spoil(request)
    assert api.ask("get", "", includeGridData=True) == before
    _spoil(api.ask("get", "", includeGridData=True))
    assert api.ask("get", "", includeGridData=True) == before


def _spoil(found: Any) -> None:
    """Change all there is in an object."""
    for name, value in list(found.items() if isinstance(found, dict) else enumerate(found)):
        if isinstance(value, (dict, list)):
            _spoil(value)
        else:
            found[name] = "spoilt"


def test_a_path_that_is_none_answers_404(api: Api) -> None:
    with pytest.raises(APIError) as caught:
        api.http.request("get", f"{HOST}/v4/spreadsheets/{api.id}/charts")
    assert (caught.value.code, caught.value.error["status"]) == (404, "NOT_FOUND")
