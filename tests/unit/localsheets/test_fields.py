"""Field masks: their syntax, what they select, how an update goes by them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets.api.fields import merge, parse, parse_update
from gsheet_ml_scheduler.localsheets.errors import ApiError

SPREADSHEET: dict[str, Any] = {
    "spreadsheetId": "abc",
    "sheets": [
        {"properties": {"sheetId": 0, "title": "Sheet1"}, "data": [{"rowData": []}]},
        {"properties": {"sheetId": 7, "title": "two"}},
    ],
}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("a.b", [("a", "b")]),
        ("a/b", [("a", "b")]),
        ("a(b,c)", [("a", "b"), ("a", "c")]),
        ("a.b(c,d/e),f", [("a", "b", "c"), ("a", "b", "d", "e"), ("f",)]),
        ("a(b(c))", [("a", "b", "c")]),
        ("*", [("*",)]),
        ("a.*", [("a",)]),
        ("a,*", [("*",)]),
        ("a,a.b", [("a",)]),
        ("a.b,a", [("a",)]),
        ("*.b", [("*", "b")]),
        ("developer_metadata.metadata_id", [("developerMetadata", "metadataId")]),
    ],
)
def test_a_mask_is_the_paths_that_it_names(text: str, paths: list[tuple[str, ...]]) -> None:
    assert parse(text).paths() == paths


def test_a_mask_selects_from_every_element_of_a_list() -> None:
    chosen = parse("sheets.properties(title)").select(SPREADSHEET)
    assert chosen == {
        "sheets": [{"properties": {"title": "Sheet1"}}, {"properties": {"title": "two"}}]
    }


def test_an_element_without_the_field_stays_as_an_empty_object() -> None:
    values = {"values": [{"note": "x"}, {"formattedValue": "1"}]}
    assert parse("values/note").select(values) == {"values": [{"note": "x"}, {}]}


def test_a_mask_that_matches_nothing_gives_an_empty_object() -> None:
    assert parse("namedRanges").select(SPREADSHEET) == {}
    assert parse("spreadsheetId.deeper").select(SPREADSHEET) == {}


def test_a_star_gives_everything() -> None:
    second = {"properties": {"title": "two"}}
    assert parse("*").select(SPREADSHEET) == SPREADSHEET
    assert parse("sheets.*.title").select(SPREADSHEET) == {
        "sheets": [{"properties": {"title": "Sheet1"}, "data": [{}]}, second]
    }


def test_a_star_beside_a_name_adds_to_it() -> None:
    mask = parse("*(x),a(y,x.z)")
    assert mask.select({"a": {"x": {"z": 1, "w": 2}, "y": 3, "q": 4}, "b": {"x": 1, "y": 2}}) == {
        "a": {"x": {"z": 1, "w": 2}, "y": 3},
        "b": {"x": 1},
    }


def test_a_builder_can_ask_whether_work_is_wanted() -> None:
    mask = parse("sheets(properties.title,data.rowData)")
    assert mask.wants("sheets")
    assert mask.wants("sheets", "data")
    assert mask.wants("sheets", "data", "rowData", "values", "note")
    assert not mask.wants("sheets", "charts")
    assert not mask.wants("sheets", "data", "columnMetadata")
    assert not mask.wants("properties")
    assert parse("*").wants("anything", "at", "all")
    assert parse("*.b").wants("a", "b", "c")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("properties, sheets.properties", " sheets.properties"),
        ("sheets(properties", ""),
        ("a)", ")"),
        ("a..b", ".b"),
        ("a,", ""),
        ("", ""),
        ("a b", " b"),
    ],
)
def test_a_mask_that_cant_be_read_is_refused_as_google_refuses_it(text: str, path: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(text)
    said = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    assert caught.value.message == "Request contains an invalid argument."
    assert caught.value.status == "INVALID_ARGUMENT"
    assert caught.value.details == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": text, "description": said}],
        }
    ]


def test_drive_allows_blanks_in_a_mask() -> None:
    assert parse("id, files(id, name)", spaces=True).tree == parse("id,files(id,name)").tree


@pytest.mark.parametrize("text", ["", None])
def test_an_update_without_fields_is_refused_in_words_of_its_own(text: str | None) -> None:
    with pytest.raises(ApiError, match="At least one field must be listed in 'fields'"):
        parse_update(text)
    assert parse_update("title").paths() == [("title",)]


def test_an_update_takes_masked_fields_and_leaves_the_others() -> None:
    old = {"title": "old", "index": 1, "gridProperties": {"rowCount": 5, "columnCount": 6}}
    new = {"title": "new", "index": 9, "gridProperties": {"rowCount": 50, "columnCount": 60}}
    assert merge(old, new, parse("title,gridProperties.rowCount")) == {
        "title": "new",
        "index": 1,
        "gridProperties": {"rowCount": 50, "columnCount": 6},
    }


def test_an_update_takes_away_what_the_mask_names_and_the_new_object_lacks() -> None:
    old = {"note": "x", "userEnteredValue": {"numberValue": 1}}
    assert merge(old, {}, parse("note")) == {"userEnteredValue": {"numberValue": 1}}
    assert merge(old, {}, parse("userEnteredValue.numberValue")) == {"note": "x"}
    assert merge(old, {"note": "y"}, parse("*")) == {"note": "y"}
    assert old == {"note": "x", "userEnteredValue": {"numberValue": 1}}


names = st.sampled_from(["a", "b", "c", "d"])
leaves = st.integers() | st.text(max_size=3)
trees = st.dictionaries(
    names,
    st.recursive(
        leaves,
        lambda inner: (
            st.lists(st.dictionaries(names, inner, max_size=3), max_size=3)
            | st.dictionaries(names, inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)
objects = st.dictionaries(
    names,
    st.recursive(
        leaves, lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3), max_leaves=8
    ),
    max_size=4,
)
masks = st.lists(
    st.lists(names | st.just("*"), min_size=1, max_size=3).map(".".join), min_size=1, max_size=4
).map(",".join)


@given(trees, masks)
def test_selecting_twice_changes_nothing(tree: dict[str, Any], text: str) -> None:
    mask = parse(text)
    assert mask.select(mask.select(tree)) == mask.select(tree)


@given(trees, masks)
def test_what_is_selected_was_wanted(tree: dict[str, Any], text: str) -> None:
    mask = parse(text)
    assert all(mask.wants(name) for name in mask.select(tree))


@given(objects, objects, masks)
def test_after_an_update_the_masked_part_is_the_new_ones(
    old: dict[str, Any], new: dict[str, Any], text: str
) -> None:
    mask = parse(text)
    merged = merge(old, new, mask)
    assert merge(merged, new, mask) == merged
    assert mask.select(merge(old, old, mask)) == mask.select(old)
    for path in mask.paths():
        if "*" not in path:
            assert _at(merged, path) == _at(new, path)


def _at(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree
