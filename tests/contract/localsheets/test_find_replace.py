"""findReplace: every option and every count. FR is FindReplaceRequest in Google's description."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.contract.localsheets.api import Api, Json, area

GRID: list[list[Any]] = [
    ["ready", "Ready!", "READY"],
    ["x", "ready", "not ready"],
    ["a.b", "axb", 15],
]


@dataclass(frozen=True)
class Case:
    """What is asked, where that is described, what comes of it."""

    says: str
    source: str
    request: Json
    changed: dict[str, Any] = field(default_factory=dict)
    reply: Json = field(default_factory=dict)


def counts(values: int, rows: int, occurrences: int, sheets: int = 1) -> Json:
    """The counts of a reply."""
    return {
        "valuesChanged": values,
        "rowsChanged": rows,
        "occurrencesChanged": occurrences,
        "sheetsChanged": sheets,
    }


CASES = [
    Case(
        "case makes no difference unless asked for",
        "FR.matchCase: true if the search is case sensitive",
        {"find": "ready", "replacement": "go", "sheetId": 0},
        {"A1": "go", "B1": "go!", "C1": "go", "B2": "go", "C2": "not go"},
        counts(5, 2, 5),
    ),
    Case(
        "matchCase",
        "FR.matchCase",
        {"find": "ready", "replacement": "go", "sheetId": 0, "matchCase": True},
        {"A1": "go", "B2": "go", "C2": "not go"},
        counts(3, 2, 3),
    ),
    Case(
        "matchEntireCell leaves parts alone",
        "FR.matchEntireCell: true if the find value should match the entire cell",
        {"find": "ready", "replacement": "go", "sheetId": 0, "matchEntireCell": True},
        {"A1": "go", "C1": "go", "B2": "go"},
        counts(3, 2, 3),
    ),
    Case(
        "on one cell it is compare-and-set",
        "FR.range: the range to find/replace over",
        {
            "find": "ready",
            "replacement": "claimed by us",
            "range": area((0, 1), (0, 1)),
            "matchCase": True,
            "matchEntireCell": True,
        },
        {"A1": "claimed by us"},
        counts(1, 1, 1),
    ),
    Case(
        "nothing found is a success with nothing to count",
        "FindReplaceResponse; observed: zero matches don't abort a batch",
        {"find": "gone", "replacement": "x", "sheetId": 0},
    ),
    Case(
        "without regex, a dot is a dot",
        "FR.searchByRegex",
        {"find": "a.b", "replacement": "z", "sheetId": 0},
        {"A3": "z"},
        counts(1, 1, 1),
    ),
    Case(
        "a regular expression may match anywhere in a cell",
        "FR.searchByRegex: true if the find value is a regex",
        {"find": "a.b", "replacement": "z", "sheetId": 0, "searchByRegex": True},
        {"A3": "z", "B3": "z"},
        counts(2, 1, 2),
    ),
    Case(
        "groups are put in with $1",
        "FR.searchByRegex: 'Google Sheets' find … Google $1 replaced: Java's rules",
        {
            "find": "(no)t (ready)",
            "replacement": "$2? $1",
            "sheetId": 0,
            "searchByRegex": True,
        },
        {"C2": "ready? no"},
        counts(1, 1, 1),
    ),
    Case(
        "an escaped dollar is a dollar",
        "Java's Matcher.appendReplacement",
        {"find": "^x$", "replacement": r"\$1", "sheetId": 0, "searchByRegex": True},
        {"A2": "$1"},
        counts(1, 1, 1),
    ),
    Case(
        "every occurrence in a cell counts",
        "FindReplaceResponse.occurrencesChanged: possibly multiple per cell",
        {"find": "e", "replacement": "E", "range": area((1, 2), (1, 3)), "matchCase": True},
        {"B2": "rEady", "C2": "not rEady"},
        counts(2, 1, 2),
    ),
    Case(
        "an empty replacement takes text away",
        "FR.replacement: the value to use as the replacement",
        {"find": "not ", "sheetId": 0},
        {"C2": "ready"},
        counts(1, 1, 1),
    ),
    Case(
        "a number is found by what it shows, and what looks like a number becomes one",
        "TextFinder, Apps Script: displayed values; the result's type isn't documented",
        {"find": "15", "replacement": "150", "sheetId": 0, "matchEntireCell": True},
        {"C3": 150},
        counts(1, 1, 1),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_find_replace(api: Api, case: Case) -> None:
    api.put("A1", *GRID)
    assert api.batch({"findReplace": case.request}) == [{"findReplace": case.reply}]
    expected = [list(line) for line in GRID]
    for name, value in case.changed.items():
        expected[int(name[1]) - 1]["ABC".index(name[0])] = value
    assert api.values() == expected


def test_all_sheets_are_searched_and_counted(api: Api) -> None:
    api.batch({"addSheet": {"properties": {"sheetId": 7, "title": "B"}}})
    api.put("Sheet1!A1", ["ready"])
    api.put("B!C9", ["ready"])
    replace = {"find": "ready", "replacement": "go", "allSheets": True}
    assert api.batch({"findReplace": replace}) == [{"findReplace": counts(2, 2, 2, 2)}]
    assert api.values("B!C9") == [["go"]]


def test_formulas_are_looked_into_only_when_asked_for(api: Api) -> None:
    api.put("A1", ["=1+1", "1+1"], typed=True)
    replace: Json = {"find": "1+1", "replacement": "2+2", "sheetId": 0}
    assert api.batch({"findReplace": replace}) == [{"findReplace": counts(1, 1, 1)}]
    replace["includeFormulas"] = True
    assert api.batch({"findReplace": replace})[0]["findReplace"]["formulasChanged"] == 1
    assert api.values(option="FORMULA") == [["=2+2", "2+2"]]


def test_a_batch_goes_on_with_what_an_earlier_request_wrote(api: Api) -> None:
    api.put("A1", ["free"])
    first = {"find": "free", "replacement": "mine", "sheetId": 0}
    second = {"find": "mine", "replacement": "mine for good", "sheetId": 0}
    api.batch({"findReplace": first}, {"findReplace": second})
    assert api.values() == [["mine for good"]]


@pytest.mark.parametrize(
    ("request_body", "words"),
    [
        ({"find": "a"}, "One of range, sheetId or allSheets is required."),
        ({"sheetId": 0}, "find is required."),
        ({"find": "(", "searchByRegex": True, "sheetId": 0}, "Invalid regular expression: ("),
        ({"find": "a", "sheetId": 5}, "No grid with id: 5"),
    ],
)
def test_a_search_that_cannot_be_is_refused(api: Api, request_body: Json, words: str) -> None:
    assert f"Invalid requests[0].findReplace: {words}" in api.refused({"findReplace": request_body})
