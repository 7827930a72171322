"""What goes into an Excel file comes out of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.localsheets import styles
from tests.unit.transfer.cells import CELLS
from tests.unit.transfer.made import (
    Made,
    cells_through_excel,
    formula,
    number,
    text,
    through_excel,
)

Json = dict[str, Any]


@given(rows=st.lists(st.lists(CELLS, max_size=4), min_size=1, max_size=4))
def test_values_and_formats_survive_an_excel_file(rows: list[list[Json]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert cells_through_excel(rows, Path(folder) / "a.xlsx") == rows


def test_colours_stay_the_same_in_8_bits(tmp_path: Path) -> None:
    rows = [[{"userEnteredFormat": {"backgroundColor": {"red": n / 255}}}] for n in range(1, 256)]
    found = cells_through_excel(rows, tmp_path / "a.xlsx")
    shades = [cell["userEnteredFormat"]["backgroundColor"] for (cell,) in found]
    kept = [styles.colour({"red": n / 255}) for n in range(1, 256)]
    assert [styles.colour(shade) for shade in shades] == kept


def test_an_empty_text_becomes_a_blank_cell(tmp_path: Path) -> None:
    assert cells_through_excel([[text(""), number(1)]], tmp_path / "a.xlsx") == [[{}, number(1)]]


@pytest.mark.parametrize(
    "written",
    [
        '=SUM(A1:B2)&"_xlfn.TEXTJOIN("',
        '=TEXTJOIN(",",TRUE,A1:A3)',
        "=IFS(A1>1,2,TRUE,3)",
        "=SORT(FILTER(A1:A9,A1:A9>0))",
        "='Other tab'!A1*0.5",
        "=#N/A",
        "=#DIV/0!",
        "=ARRAYFORMULA(A1:A3*2)",
        '=IF(A1<"é&",1,0)',
    ],
)
def test_a_formula_stays_the_formula_it_is(written: str, tmp_path: Path) -> None:
    rows = [[formula(written)]]
    assert cells_through_excel(rows, tmp_path / "a.xlsx") == rows


def test_a_function_that_excel_lacks_is_kept_and_named(tmp_path: Path) -> None:
    rows = [[formula('=QUERY(A1:B9,"select A")')], [formula("=SUM(A1)")]]
    found, report = through_excel(Made({"Runs": rows}), tmp_path / "a.xlsx")
    assert next(found.rows(0)) == {"values": rows[0]}
    assert report.notes == ["Runs!A1: Excel doesn't know QUERY and will show #NAME?"]


def test_notes_links_borders_and_fonts_survive(tmp_path: Path) -> None:
    side = {"style": "SOLID_MEDIUM", "color": {"red": 1}}
    look = {
        "borders": {"top": side, "left": {"style": "DOTTED", "color": {}}},
        "textFormat": {
            "fontFamily": "Roboto Mono",
            "fontSize": 14,
            "strikethrough": True,
            "underline": True,
            "link": {"uri": "https://example.org/a?b=c&d"},
        },
        "verticalAlignment": "MIDDLE",
    }
    rows: list[list[Json]] = [[{**text("x"), "userEnteredFormat": look, "note": "why\nnot"}]]
    assert cells_through_excel(rows, tmp_path / "a.xlsx") == rows


CONDITIONS = [
    {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "ready"}, {"userEnteredValue": 'a"b'}]},
    {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": "=Sheet1!$A$1:$A$3"}]},
    {
        "type": "NUMBER_BETWEEN",
        "values": [{"userEnteredValue": "0.5"}, {"userEnteredValue": "=B1"}],
    },
    {"type": "NUMBER_GREATER_THAN_EQ", "values": [{"userEnteredValue": "-1e-3"}]},
    {"type": "DATE_AFTER", "values": [{"userEnteredValue": "45000"}]},
    {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": "=A1>2"}]},
    {"type": "BOOLEAN"},
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda found: found["type"])
def test_a_data_validation_survives(condition: Json, tmp_path: Path) -> None:
    rule: Json = {"condition": condition, "strict": True, "inputMessage": "choose"}
    if condition["type"] in ("ONE_OF_LIST", "ONE_OF_RANGE", "BOOLEAN"):
        rule["showCustomUi"] = True
    plain = {**text("x"), "dataValidation": rule}
    rows: list[list[Json]] = [[plain, {}, plain], [plain], [{}], [plain]]
    assert cells_through_excel(rows, tmp_path / "a.xlsx") == rows


def test_a_data_validation_that_excel_lacks_is_named(tmp_path: Path) -> None:
    rule: Json = {"condition": {"type": "TEXT_IS_EMAIL"}}
    long = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "a,b"}]}}
    rows = [[{"dataValidation": rule}, {"dataValidation": long}]]
    _, report = through_excel(Made({"Runs": rows}), tmp_path / "a.xlsx")
    assert report.notes == [
        "Runs!A1:A1: Excel has no data validation like this one (TEXT_IS_EMAIL)",
        "Runs!B1:B1: Excel has no data validation like this one (ONE_OF_LIST)",
    ]


def _where(row: int) -> Json:
    sides = {"startRowIndex": row, "endRowIndex": row + 5}
    return {"sheetId": 0, **sides, "startColumnIndex": 1, "endColumnIndex": 3}


def _rule(kind: str, *values: str) -> Json:
    condition: Json = {"type": kind}
    if values:
        condition["values"] = [{"userEnteredValue": value} for value in values]
    look = {"backgroundColor": {"green": 1}, "textFormat": {"bold": True}}
    return {"booleanRule": {"condition": condition, "format": look}}


RULES = [
    _rule("NUMBER_GREATER", "0.5"),
    _rule("NUMBER_NOT_BETWEEN", "1", "=$A$1"),
    _rule("TEXT_EQ", 'do"ne'),
    _rule("TEXT_CONTAINS", "fail"),
    _rule("TEXT_NOT_CONTAINS", "fail"),
    _rule("TEXT_STARTS_WITH", "fail"),
    _rule("TEXT_ENDS_WITH", "fail"),
    _rule("BLANK"),
    _rule("NOT_BLANK"),
    _rule("CUSTOM_FORMULA", '=$B1="ready"'),
    {
        "gradientRule": {
            "minpoint": {"color": {"red": 1}, "type": "MIN"},
            "midpoint": {"color": {"green": 1}, "type": "PERCENTILE", "value": "50"},
            "maxpoint": {"color": {"blue": 1}, "type": "NUMBER", "value": "0.25"},
        }
    },
]


def test_conditional_formats_survive_in_their_order(tmp_path: Path) -> None:
    rules = [{"ranges": [_where(row), _where(row + 10)], **rule} for row, rule in enumerate(RULES)]
    made = Made({"Runs": [[text("x")]]}, conditionalFormats=rules)
    found, report = through_excel(made, tmp_path / "a.xlsx")
    assert found.outline()["sheets"][0]["conditionalFormats"] == rules
    assert report.notes == []


def test_frozen_lines_sizes_merges_filters_and_names_survive(tmp_path: Path) -> None:
    made = Made(
        {"Runs": [[text("x")]] * 9, "A 'b' c": [[number(1)]]},
        merges=[_where(2)],
        basicFilter={"range": _where(8)},
        namedRanges=[{"name": "rates", "range": {**_where(1), "sheetId": 1}}],
    )
    first, second = made.outline()["sheets"]
    grid = {"frozenRowCount": 2, "frozenColumnCount": 1, "hideGridlines": True}
    first["properties"]["gridProperties"] |= grid
    first["properties"]["tabColor"] = {"red": 1}
    second["properties"]["hidden"] = True
    lines = [{"pixelSize": 40}, {"pixelSize": 21, "hiddenByUser": True}]
    columns = [{"pixelSize": 33}, {"pixelSize": 100, "hiddenByUser": True}, {"pixelSize": 301}]
    first["data"] = [{"rowMetadata": lines, "columnMetadata": columns}]
    found, report = through_excel(made, tmp_path / "a.xlsx")
    one, two = found.outline()["sheets"]
    assert one["properties"] == first["properties"]
    assert two["properties"] == second["properties"]
    assert one["data"][0]["columnMetadata"][:4] == [*columns, {"pixelSize": 100}]
    assert one["data"][0]["rowMetadata"][:3] == [{"pixelSize": 40}, {"hiddenByUser": True}, {}]
    assert one["merges"] == [_where(2)]
    assert one["basicFilter"] == {"range": _where(8)}
    assert found.outline()["namedRanges"] == [
        {"name": "rates", "range": {**_where(1), "sheetId": 1}}
    ]
    assert report.notes == []


def test_a_title_that_excel_forbids_is_changed_in_the_formulas_too_and_said(
    tmp_path: Path,
) -> None:
    long = "learning rates: all of them, and more"
    made = Made({long: [[number(1)]], "b": [[formula(f"='{long}'!A1+1")]]})
    found, report = through_excel(made, tmp_path / "a.xlsx")
    title = "learning rates- all of them, an"
    assert [sheet["properties"]["title"] for sheet in found.outline()["sheets"]] == [title, "b"]
    assert list(found.rows(1)) == [{"values": [formula(f"='{title}'!A1+1")]}]
    assert report.notes == [f"{long!r}: Excel doesn't allow this title; there the tab is {title!r}"]


def test_a_text_that_is_too_long_for_excel_is_cut_and_said(tmp_path: Path) -> None:
    found, report = through_excel(Made({"Runs": [[text("x" * 40_000)]]}), tmp_path / "a.xlsx")
    assert list(found.rows(0)) == [{"values": [text("x" * 32_767)]}]
    assert report.notes == ["Runs!A1: Excel takes 32,767 characters; the rest was cut off"]
