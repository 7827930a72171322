"""What lies on ranges: merges, names, protections, formats by rule, filters, groups, validations.

Each is told where Google describes it; all of them have to follow the lines that they lie on.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.localsheets.api import Api, Json, area, lines


def sheet(api: Api, name: str) -> Any:
    """A part of the first sheet."""
    return api.shown(f"sheets.{name}").get("sheets", [{}])[0].get(name)


def on(where: Json) -> Json:
    """A range as it is answered: sheet 0 isn't said (recorded)."""
    return {name: at for name, at in where.items() if name != "sheetId"}


RED = {"red": 1}
RULE = {
    "booleanRule": {
        "condition": {"type": "TEXT_EQ", "values": [{"userEnteredValue": "done"}]},
        "format": {"backgroundColor": RED},
    }
}

# A request that puts something on rows 3 to 5 (2, 5), and where a sheet shows its range.
RANGED: list[tuple[str, Json, Any]] = [
    (
        "merges",
        {"mergeCells": {"range": area((2, 5), (0, 2)), "mergeType": "MERGE_ALL"}},
        lambda api: sheet(api, "merges")[0],
    ),
    (
        "namedRanges",
        {"addNamedRange": {"namedRange": {"name": "n", "range": area((2, 5), (0, 2))}}},
        lambda api: api.shown("namedRanges")["namedRanges"][0]["range"],
    ),
    (
        "protectedRanges",
        {"addProtectedRange": {"protectedRange": {"range": area((2, 5), (0, 2))}}},
        lambda api: sheet(api, "protectedRanges")[0]["range"],
    ),
    (
        "conditionalFormats",
        {"addConditionalFormatRule": {"rule": {**RULE, "ranges": [area((2, 5), (0, 2))]}}},
        lambda api: sheet(api, "conditionalFormats")[0]["ranges"][0],
    ),
    (
        "basicFilter",
        {"setBasicFilter": {"filter": {"range": area((2, 5), (0, 2))}}},
        lambda api: sheet(api, "basicFilter")["range"],
    ),
]


@pytest.mark.parametrize(("name", "request_", "where"), RANGED, ids=[row[0] for row in RANGED])
def test_it_follows_its_rows_and_columns(api: Api, name: str, request_: Json, where: Any) -> None:
    api.batch(request_)
    assert where(api) == on(area((2, 5), (0, 2)))
    api.batch({"insertDimension": {"range": lines("ROWS", 0, 1)}})
    assert where(api) == on(area((3, 6), (0, 2)))
    api.batch({"insertDimension": {"range": lines("ROWS", 4, 6)}})
    assert where(api) == on(area((3, 8), (0, 2)))
    api.batch({"deleteDimension": {"range": lines("ROWS", 0, 4)}})
    assert where(api) == on(area((0, 4), (0, 2)))
    api.batch({"insertDimension": {"range": lines("COLUMNS", 0, 1)}})
    assert where(api) == on(area((0, 4), (1, 3)))
    api.batch({"moveDimension": {"source": lines("ROWS", 0, 4), "destinationIndex": 10}})
    assert where(api) == on(area((6, 10), (1, 3)))


@pytest.mark.parametrize(("name", "request_", "where"), RANGED, ids=[row[0] for row in RANGED])
def test_it_goes_with_the_last_of_its_rows(api: Api, name: str, request_: Json, where: Any) -> None:
    api.batch(request_, {"deleteDimension": {"range": lines("ROWS", 2, 5)}})
    found = api.ask("get", "")
    assert name not in found
    assert name not in found["sheets"][0]


@pytest.mark.parametrize(("name", "request_", "where"), RANGED, ids=[row[0] for row in RANGED])
def test_it_goes_with_its_sheet(api: Api, name: str, request_: Json, where: Any) -> None:
    api.batch(
        request_, {"addSheet": {"properties": {"sheetId": 5}}}, {"deleteSheet": {"sheetId": 0}}
    )
    found = api.ask("get", "")
    assert name not in found
    assert name not in found["sheets"][0]


@pytest.mark.parametrize(("name", "request_", "where"), RANGED, ids=[row[0] for row in RANGED])
def test_it_needs_a_range_that_is_there(api: Api, name: str, request_: Json, where: Any) -> None:
    ((kind, body),) = request_.items()

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {n: 77 if n == "sheetId" else moved(v) for n, v in value.items()}
        return [moved(one) for one in value] if isinstance(value, list) else value

    assert api.refused({kind: moved(body)}) == f"Invalid requests[0].{kind}: No grid with id: 77"


# ---------------------------------------------------------------- merges


def test_merging_keeps_one_value_and_refuses_to_cut_a_merge(api: Api) -> None:
    api.put("A1", ["", "b"], ["c", "d"])
    whole = area((0, 2), (0, 2))
    api.batch({"mergeCells": {"range": whole, "mergeType": "MERGE_ALL"}})
    assert api.values() == [["b"]]
    for kind in ("mergeCells", "unmergeCells"):
        said = api.refused({kind: {"range": area((0, 1), (0, 5))}})
        assert said.endswith(
            "You must select all cells in a merged range to merge or unmerge them."
        )
    api.batch({"unmergeCells": {"range": area((0, 9), (0, 9))}})
    assert sheet(api, "merges") is None


# ---------------------------------------------------------------- named ranges


def test_a_named_range_is_read_by_its_name_and_cannot_be_there_twice(api: Api) -> None:
    api.put("A1", [1, 2], [3, 4])
    add: Json = {"name": "lr", "namedRangeId": "x", "range": area((0, 2), (1, 2))}
    api.batch({"addNamedRange": {"namedRange": add}})
    assert api.values("lr") == [[2], [4]]
    again = {"addNamedRange": {"namedRange": {**add, "namedRangeId": "y", "name": "LR"}}}
    assert "a named range with that name already exists" in api.refused(again)
    change = {"namedRangeId": "x", "name": "rate", "range": area((0, 1), (0, 1))}
    api.batch({"updateNamedRange": {"namedRange": change, "fields": "name"}})
    assert api.values("rate") == [[2], [4]]
    api.batch({"deleteNamedRange": {"namedRangeId": "x"}})
    assert api.refusal("get", "/values/rate") == "Unable to parse range: rate"


@pytest.mark.parametrize("name", ["", "1a", "a b", "A1", "R1C1", "true"])
def test_a_name_that_could_be_something_else_is_refused(api: Api, name: str) -> None:
    wanted = {"name": name, "range": area((0, 1), (0, 1))}
    assert "must begin with a letter" in api.refused({"addNamedRange": {"namedRange": wanted}})


# ---------------------------------------------------------------- protected ranges


def test_a_sheet_is_protected_once(api: Api) -> None:
    whole = {"addProtectedRange": {"protectedRange": {"range": {"sheetId": 0}}}}
    (reply,) = api.batch(whole)
    protected = reply["addProtectedRange"]["protectedRange"]
    assert api.refused(whole).endswith('Sheet "Sheet1" already has sheet protection.')
    change = {"protectedRangeId": protected["protectedRangeId"], "warningOnly": True}
    api.batch({"updateProtectedRange": {"protectedRange": change, "fields": "warningOnly"}})
    assert sheet(api, "protectedRanges")[0]["warningOnly"] is True
    gone = {"deleteProtectedRange": {"protectedRangeId": protected["protectedRangeId"]}}
    api.batch(gone)
    assert "No protected range with id" in api.refused(gone)


# ---------------------------------------------------------------- conditional formats


def rules(api: Api) -> list[str]:
    """The values that the rules of sheet 0 look for, in their order."""
    found = sheet(api, "conditionalFormats") or []
    return [rule["booleanRule"]["condition"]["values"][0]["userEnteredValue"] for rule in found]


def rule(value: str) -> Json:
    """A rule for a value in column A."""
    condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": value}]}
    made = {"condition": condition, "format": {"backgroundColor": {"red": 0.5}}}
    return {"ranges": [area((0, 9), (0, 1))], "booleanRule": made}


def test_rules_have_an_order_that_requests_name_them_by(api: Api) -> None:
    for at, value in enumerate("abc"):
        api.batch({"addConditionalFormatRule": {"rule": rule(value), "index": at}})
    api.batch({"addConditionalFormatRule": {"rule": rule("first")}})
    assert rules(api) == ["first", "a", "b", "c"]
    (reply,) = api.batch({"updateConditionalFormatRule": {"sheetId": 0, "index": 0, "newIndex": 2}})
    assert reply["updateConditionalFormatRule"]["newIndex"] == 2
    assert rules(api) == ["a", "b", "first", "c"]
    (reply,) = api.batch({"updateConditionalFormatRule": {"index": 1, "rule": rule("B")}})
    old = reply["updateConditionalFormatRule"]["oldRule"]["booleanRule"]
    assert old["condition"]["values"] == [{"userEnteredValue": "b"}]
    (reply,) = api.batch({"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}})
    assert rules(api) == ["B", "first", "c"]
    said = api.refused({"deleteConditionalFormatRule": {"sheetId": 0, "index": 3}})
    assert said.endswith("No conditional format on sheet at index: 3")


def test_a_rules_colours_are_kept_in_8_bits_like_all_colours(api: Api) -> None:
    api.batch({"addConditionalFormatRule": {"rule": rule("a")}})
    kept = sheet(api, "conditionalFormats")[0]["booleanRule"]["format"]
    assert kept["backgroundColor"] == {"red": 0.49803922}
    assert kept["backgroundColorStyle"] == {"rgbColor": {"red": 0.49803922}}


# ---------------------------------------------------------------- filters


def hidden(api: Api) -> list[int]:
    """The indexes of rows that a filter hides."""
    data = api.shown("sheets.data.rowMetadata.hiddenByFilter")["sheets"][0]["data"][0]
    return [n for n, row in enumerate(data["rowMetadata"]) if row]


FILTERS: list[tuple[str, Json]] = [
    ("BasicFilter.filterSpecs", {"filterSpecs": [
        {"columnIndex": 1, "filterCriteria": {"hiddenValues": ["done"]}}]}),
    ("BasicFilter.criteria, the older field", {"criteria": {"1": {"hiddenValues": ["done"]}}}),
    ("FilterCriteria.condition", {"criteria": {"1": {"condition": {
        "type": "TEXT_NOT_EQ", "values": [{"userEnteredValue": "done"}]}}}}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "more"), FILTERS, ids=[row[0] for row in FILTERS])
def test_a_filter_hides_rows_as_they_are_now(api: Api, source: str, more: Json) -> None:
    api.put("A1", ["n", "status"], [1, "done"], [2, "ready"], [3, "done"])
    api.batch({"setBasicFilter": {"filter": {"range": area((0, 4), (0, 2)), **more}}})
    assert hidden(api) == [1, 3]
    api.put("B2", ["ready"])
    assert hidden(api) == [3]
    api.batch({"clearBasicFilter": {"sheetId": 0}})
    assert hidden(api) == []


def test_what_a_filter_says_of_columns_follows_them(api: Api) -> None:
    more = {
        "filterSpecs": [{"columnIndex": 1, "filterCriteria": {"hiddenValues": ["done"]}}],
        "sortSpecs": [{"dimensionIndex": 1, "sortOrder": "ASCENDING"}],
        "criteria": {"1": {"hiddenValues": ["done"]}},
    }
    api.batch({"setBasicFilter": {"filter": {"range": area((0, 4), (0, 2)), **more}}})
    api.batch({"insertDimension": {"range": lines("COLUMNS", 0, 2)}})
    found = sheet(api, "basicFilter")
    assert found["filterSpecs"][0]["columnIndex"] == 3
    assert found["sortSpecs"][0]["dimensionIndex"] == 3
    assert list(found["criteria"]) == ["3"]
    api.batch({"deleteDimension": {"range": lines("COLUMNS", 3, 4)}})
    assert sheet(api, "basicFilter") == {
        **found,
        "range": on(area((0, 4), (2, 3))),
        "filterSpecs": [],
        "sortSpecs": [],
        "criteria": {},
    }


def test_what_is_left_open_in_a_protected_sheet_follows_its_rows(api: Api) -> None:
    parts = [area((2, 4), (0, 1)), area((6, 7), (0, 1))]
    wanted = {"range": {"sheetId": 0}, "unprotectedRanges": parts}
    api.batch({"addProtectedRange": {"protectedRange": wanted}})
    api.batch({"deleteDimension": {"range": lines("ROWS", 5, 8)}})
    api.batch({"insertDimension": {"range": lines("ROWS", 0, 1)}})
    assert sheet(api, "protectedRanges")[0]["unprotectedRanges"] == [on(area((3, 5), (0, 1)))]


def test_a_filters_sort_specs_sort_below_its_header(api: Api) -> None:
    api.put("A1", ["z"], [1], [3], [2])
    specs = [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]
    api.batch({"setBasicFilter": {"filter": {"range": area((0, 4), (0, 1)), "sortSpecs": specs}}})
    assert api.values() == [["z"], [3], [2], [1]]


# ---------------------------------------------------------------- dimension groups

# Groups that are made one after the other, and what they are together. Columns by letter, both
# ends in it. AD is AddDimensionGroupRequest, DD DeleteDimensionGroupRequest.
GROUPS: list[tuple[str, list[str], list[str], list[tuple[str, int]]]] = [
    ("one", ["BE"], [], [("BE", 1)]),
    ("AD: a superset goes around", ["CD", "BE"], [], [("BE", 1), ("CD", 2)]),
    ("AD: a subset goes inside", ["BE", "CD"], [], [("BE", 1), ("CD", 2)]),
    ("AD: an overlap makes a union and its intersection", ["BD", "CE"], [], [("BE", 1), ("CD", 2)]),
    ("DD: its example", ["BE", "CD"], ["DE"], [("BD", 1), ("CC", 2)]),
    ("DD: the middle of one leaves two", ["BF"], ["DD"], [("BC", 1), ("EF", 1)]),
]


def span(letters: str) -> tuple[int, int]:
    """First and last letter as a half-open pair."""
    return ord(letters[0]) - 65, ord(letters[-1]) - 64


@pytest.mark.parametrize(
    ("says", "adds", "takes", "groups"), GROUPS, ids=[row[0] for row in GROUPS]
)
@pytest.mark.parametrize("dimension", ["ROWS", "COLUMNS"])
def test_groups_together_are(
    api: Api,
    says: str,
    adds: list[str],
    takes: list[str],
    groups: list[tuple[str, int]],
    dimension: str,
) -> None:
    for kind, letters in [("add", a) for a in adds] + [("delete", t) for t in takes]:
        api.batch({f"{kind}DimensionGroup": {"range": lines(dimension, *span(letters))}})
    found = sheet(api, "rowGroups" if dimension == "ROWS" else "columnGroups")
    assert [(g["range"]["startIndex"], g["range"]["endIndex"], g["depth"]) for g in found] == [
        (*span(letters), depth) for letters, depth in groups
    ]


def test_a_folded_group_hides_its_lines(api: Api) -> None:
    where = lines("ROWS", 2, 4)
    api.batch({"addDimensionGroup": {"range": where}})
    for folded in (True, False):
        group = {"range": where, "depth": 1, "collapsed": folded}
        api.batch({"updateDimensionGroup": {"dimensionGroup": group, "fields": "collapsed"}})
        data = api.shown("sheets.data.rowMetadata.hiddenByUser")["sheets"][0]["data"][0]
        shown = [n for n, row in enumerate(data["rowMetadata"]) if row.get("hiddenByUser")]
        assert shown == ([2, 3] if folded else [])
    wrong = {"range": where, "depth": 2, "collapsed": True}
    said = api.refused({"updateDimensionGroup": {"dimensionGroup": wrong, "fields": "collapsed"}})
    assert "no dimension group of depth 2" in said


# ---------------------------------------------------------------- data validation


def test_a_validation_is_its_cells_own_and_goes_with_them(api: Api) -> None:
    condition = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "ready"}]}
    wanted = {"condition": condition, "showCustomUi": True, "strict": True}
    where = area((1, 3), (0, 1))
    api.batch({"setDataValidation": {"range": where, "rule": wanted}})
    api.batch({"insertDimension": {"range": lines("ROWS", 0, 1)}})

    def found() -> list[Any]:
        data = api.shown("sheets.data.rowData.values.dataValidation")["sheets"][0]["data"][0]
        return [row.get("values", [{}])[0].get("dataValidation") for row in data.get("rowData", [])]

    assert found() == [None, None, wanted, wanted]
    api.batch({"setDataValidation": {"range": area((2, 3), (0, 1))}})
    assert found() == [None, None, None, wanted]
    empty = {"range": where, "rule": {"condition": {"type": "ONE_OF_LIST"}}}
    assert "needs at least one value" in api.refused({"setDataValidation": empty})


def test_from_the_api_a_value_that_is_not_valid_is_let_through(api: Api) -> None:
    condition = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "ready"}]}
    strict = {"range": area((0, 1), (0, 1)), "rule": {"condition": condition, "strict": True}}
    api.batch({"setDataValidation": strict})
    api.put("A1", ["something else"])
    assert api.values() == [["something else"]]


# ---------------------------------------------------------------- sizes and hidden lines


def test_lines_are_hidden_and_sized_and_keep_it_when_they_move(api: Api) -> None:
    size = {"pixelSize": 40, "hiddenByUser": True}
    change = {"range": lines("ROWS", 1, 2), "properties": size, "fields": "pixelSize,hiddenByUser"}
    api.batch({"updateDimensionProperties": change})
    api.batch({"moveDimension": {"source": lines("ROWS", 1, 2), "destinationIndex": 4}})
    data = api.shown("sheets.data.rowMetadata(pixelSize,hiddenByUser)", ranges="A1:A5")
    assert data["sheets"][0]["data"][0]["rowMetadata"] == [{"pixelSize": 21}] * 3 + [
        size,
        {"pixelSize": 21},
    ]


def test_sorting_leaves_hidden_rows_where_they_are(api: Api) -> None:
    api.put("A1", [3], [2], [1])
    hide = {"range": lines("ROWS", 1, 2), "properties": {"hiddenByUser": True}, "fields": "*"}
    specs = [{"dimensionIndex": 0}]
    api.batch({"updateDimensionProperties": hide})
    api.batch({"sortRange": {"range": area((0, 3), (0, 1)), "sortSpecs": specs}})
    assert api.values() == [[1], [2], [3]]
