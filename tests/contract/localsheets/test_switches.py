"""The test switches: each turns one unknown behaviour of Google's the other way, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from gspread.exceptions import APIError

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets import Switches
from tests.contract.localsheets.api import Api, Json, area, lines, new_api, pin, pinned

BOTH = pytest.mark.parametrize("on", [False, True], ids=["off", "on"])


@BOTH
@pytest.mark.parametrize("verb", ["Get", "Update"])
def test_unmatched_filter_is_an_error(tmp_path: Path, on: bool, verb: str) -> None:
    api = new_api(tmp_path, Switches(unmatched_filter_is_an_error=on))
    body: Json = {"dataFilters": [pinned(1)]}
    if verb == "Update":
        data = [{"dataFilter": pinned(1), "values": [["x"]]}]
        body = {"valueInputOption": "RAW", "data": data}
    if on:
        said = api.refusal("post", f"/values:batch{verb}ByDataFilter", body)
        assert said == "No data matched the data filter."
    else:
        answer = api.ask("post", f"/values:batch{verb}ByDataFilter", body)
        assert answer == {"spreadsheetId": api.id}


@BOTH
@pytest.mark.parametrize("way", ["by a person", "by a filter"])
def test_find_replace_skips_hidden_rows(tmp_path: Path, on: bool, way: str) -> None:
    api = new_api(tmp_path, Switches(find_replace_skips_hidden_rows=on))
    api.put("A1", ["status"], ["ready"])
    if way == "by a person":
        hide = {"range": lines("ROWS", 1, 2), "properties": {"hiddenByUser": True}, "fields": "*"}
        api.batch({"updateDimensionProperties": hide})
    else:
        criteria = {"0": {"hiddenValues": ["ready"]}}
        where = area((0, 2), (0, 1))
        api.batch({"setBasicFilter": {"filter": {"range": where, "criteria": criteria}}})
    replace = {"find": "ready", "replacement": "go", "range": area((1, 2), (0, 1))}
    (reply,) = api.batch({"findReplace": replace})
    assert reply["findReplace"].get("occurrencesChanged", 0) == (0 if on else 1)
    assert api.values("A2") == [["ready" if on else "go"]]


@BOTH
def test_find_replace_keeps_text(tmp_path: Path, on: bool) -> None:
    api = new_api(tmp_path, Switches(find_replace_keeps_text=on))
    api.put("A1", ["x"])
    api.batch({"findReplace": {"find": "x", "replacement": "3", "sheetId": 0}})
    assert api.values() == [["3" if on else 3]]


CONDITIONS: list[tuple[str, list[str], object, object]] = [
    ("ONE_OF_LIST", ["ready", "done"], "ready", "started"),
    ("ONE_OF_RANGE", ["=Z1:Z2"], "ok", "not ok"),
    ("BOOLEAN", [], True, "yes"),
    ("NUMBER_BETWEEN", ["0", "1"], 0.5, 2),
    ("NUMBER_GREATER", ["0"], 1, 0),
    ("NUMBER_EQ", ["5"], 5, "5 apples"),
    ("TEXT_CONTAINS", ["run"], "a Run", "none"),
    ("TEXT_IS_EMAIL", [], "a@b.org", "a.b"),
    ("DATE_AFTER", ["2026-01-01"], 50000, 40000),
]


@BOTH
@pytest.mark.parametrize(
    ("kind", "given", "good", "bad"), CONDITIONS, ids=[c[0] for c in CONDITIONS]
)
def test_strict_validation_refuses(
    tmp_path: Path, on: bool, kind: str, given: list[str], good: object, bad: object
) -> None:
    api = new_api(tmp_path, Switches(strict_validation_refuses=on))
    api.put("Z1", ["ok"])
    values = [{"userEnteredValue": text} for text in given]
    rule = {"condition": {"type": kind, "values": values}, "strict": True}
    api.batch({"setDataValidation": {"range": area((0, 1), (0, 1)), "rule": rule}})
    api.put("A1", [good])
    api.put("A1", [""])
    if not on:
        api.put("A1", [bad])
        return
    with pytest.raises(APIError) as caught:
        api.put("A1", [bad])
    assert "cell Sheet1!A1 violates the data validation rules" in caught.value.error["message"]
    replace = {"find": "x", "replacement": "y", "sheetId": 0}
    api.batch({"findReplace": replace})
    assert api.values("A1") == []


@BOTH
def test_sort_leaves_metadata(tmp_path: Path, on: bool) -> None:
    api = new_api(tmp_path, Switches(sort_leaves_metadata=on))
    api.put("A1", [2], [1])
    where = area((0, 2), (0, 26))
    api.batch(pin(1, 0), {"sortRange": {"range": where, "sortSpecs": [{"dimensionIndex": 0}]}})
    assert api.values() == [[1], [2]]
    location = api.ask("get", "/developerMetadata/1")["location"]["dimensionRange"]
    assert location["endIndex"] == (1 if on else 2)


@BOTH
def test_reads_lag_one_write(tmp_path: Path, on: bool) -> None:
    api = new_api(tmp_path, Switches(reads_lag_one_write=on))
    api.put("A1", ["first"])
    api.values()
    api.put("A1", ["second"])
    assert api.values() == [["first" if on else "second"]]
    assert api.values() == [["second"]], "the next read has caught up"
    api.put("A1", ["third"])
    api.put("A1", ["fourth"])
    assert api.values() == [["third" if on else "fourth"]], "never more than one write old"


@BOTH
def test_reads_lag_behind_what_another_process_wrote_too(tmp_path: Path, on: bool) -> None:
    api = new_api(tmp_path, Switches(reads_lag_one_write=on))
    other = Api(localsheets.gspread_client(tmp_path).http_client, api.id)
    api.put("A1", ["first"])
    api.values()
    api.values()
    other.put("A1", ["second"])
    assert api.values() == [["first" if on else "second"]]
    assert api.values() == [["second"]]
    other.put("A1", ["third"])
    other.put("A1", ["fourth"])
    assert api.values() == [["fourth"]], "never more than one write old"
