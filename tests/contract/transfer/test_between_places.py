"""A workbook is the same wherever it was copied to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.errors import LocationError
from gsheet_ml_scheduler.transfer import Wishes, copy_workbook
from gsheet_ml_scheduler.transfer.csv_files import AS_TEXT, Dialect
from tests.contract.transfer.contents import (
    Contents,
    cells,
    contents_of,
    names_in,
    tab,
    values,
)
from tests.contract.transfer.full import full_workbook
from tests.served import Served, served
from tests.unit.transfer.cells import CELLS

AUTHOR = "a test"
Look = Callable[[Path], Contents]
Target = tuple[str, Callable[[], Contents]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.sheet"
    full_workbook(path)
    return path


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.lists(CELLS, max_size=4), min_size=1, max_size=4))
def test_whatever_cells_hold_survives_an_excel_file_between_two_workbooks(
    rows: list[list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cells")
    one, between, two = (folder / name for name in ("a.sheet", "a.xlsx", "b.sheet"))
    made = localsheets.open_workbook(one, create=True)
    start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    lines = [{"values": row} for row in rows]
    request = {"updateCells": {"start": start, "rows": lines, "fields": "*"}}
    made.batch_update({"requests": [request]})
    copy_workbook(one, between, author=AUTHOR)
    copy_workbook(between, two, author=AUTHOR)
    assert cells(contents_of(localsheets.open_workbook(two))) == cells(contents_of(made))


def test_a_new_workbook_holds_the_same(source: Path, tmp_path: Path, contents: Look) -> None:
    target = tmp_path / "copy.sheet"
    report = copy_workbook(source, target, author=AUTHOR)
    assert contents(target) == contents(source)
    assert (report.tabs, report.notes) == (2, [])
    assert localsheets.open_workbook(target).title == "copy"
    assert localsheets.open_workbook(target).id != localsheets.open_workbook(source).id


def test_an_empty_workbook_that_is_there_is_filled(
    source: Path, empty_target: Target, contents: Look
) -> None:
    location, look = empty_target
    copy_workbook(source, location, author=AUTHOR)
    assert look() == contents(source)


def test_a_served_workbook_is_a_source(source: Path, tmp_path: Path, contents: Look) -> None:
    target = tmp_path / "copy.sheet"
    with served(source) as server:
        copy_workbook(server.location, target, author=AUTHOR)
    assert contents(target) == contents(source)


def test_an_excel_file_in_between_loses_nothing_of_it(
    source: Path, empty_target: Target, tmp_path: Path, contents: Look
) -> None:
    excel = tmp_path / "between.xlsx"
    location, look = empty_target
    assert copy_workbook(source, excel, author=AUTHOR).notes == []
    assert copy_workbook(excel, location, author=AUTHOR).notes == []
    found, expected = look(), contents(source)
    assert cells(found) == cells(expected)
    assert cells(found, 1) == cells(expected, 1)
    for name in ("merges", "conditionalFormats"):
        assert tab(found)[name] == tab(expected)[name]
    for part in ("rowMetadata", "columnMetadata"):
        had = tab(expected)["data"][0][part]
        assert tab(found)["data"][0][part][: len(had)] == had
    frozen = {"frozenRowCount": 2, "frozenColumnCount": 1}
    assert tab(found)["properties"]["gridProperties"].items() >= frozen.items()
    assert tab(found)["properties"]["tabColor"] == {"red": 1}
    assert tab(found, 1)["properties"]["hidden"] is True
    assert [named["name"] for named in found["namedRanges"]] == ["rates", "letter"]


@pytest.mark.parametrize("between", ["copy.sheet", "copy.xlsx"])
def test_a_german_workbooks_formulas_are_the_same_elsewhere(
    between: str, tmp_path: Path, contents: Look
) -> None:
    german = tmp_path / "german.sheet"
    full_workbook(german, locale="de_DE")
    english = tmp_path / "english.sheet"
    localsheets.open_workbook(english, create=True)
    copy_workbook(german, tmp_path / between, author=AUTHOR)
    copy_workbook(tmp_path / between, english, author=AUTHOR)
    assert cells(contents(german))[5][0]["userEnteredValue"] == {"formulaValue": "=SUM(A2:A3;0,5)"}
    assert cells(contents(english))[5][0]["userEnteredValue"] == {"formulaValue": "=SUM(A2:A3,0.5)"}
    assert values(contents(english)) == values(contents(german))


def test_text_survives_as_csv(tmp_path: Path, contents: Look) -> None:
    source, text, target = (tmp_path / name for name in ("a.sheet", "a.csv", "b.sheet"))
    made = localsheets.open_workbook(source, create=True)
    made.sheet1.update([["=1+1", "0042", 'say "hi", twice'], [], ["two\nlines", "é😀", "TRUE"]])
    copy_workbook(source, text, author=AUTHOR)
    copy_workbook(text, target, Wishes(dialect=Dialect(reading=AS_TEXT)), author=AUTHOR)
    (first, second, third) = values(contents(target))
    assert first == ["=1+1", "0042", 'say "hi", twice']
    assert second == []
    assert third == ["two\nlines", "é😀", "TRUE"]
    assert tab(contents(target))["properties"]["title"] == "a"


def test_an_excel_files_formulas_are_computed_on_the_way_to_csv(
    source: Path, tmp_path: Path
) -> None:
    excel, text = tmp_path / "a.xlsx", tmp_path / "a.csv"
    copy_workbook(source, excel, author=AUTHOR)
    copy_workbook(excel, text, author=AUTHOR)
    assert text.read_bytes().decode() == (
        "lr,status,\r\n"
        "0.1,ready,2023-03-15\r\n"
        "0.3333333333333333,=1+1,0.05\r\n"
        "0042,TRUE,#N/A\r\n"
        ",,\r\n"
        "0.9333333333333333,x!,merged\r\n"
        "1e+300,1.2345678901234568e+16,\r\n"
    )


def test_one_tab_goes_into_an_empty_tab_beside_others(source: Path, empty_target: Target) -> None:
    location, look = empty_target
    copy_workbook(source, location, author=AUTHOR)
    with pytest.raises(LocationError, match="has 2 tabs, and nothing is ever written over"):
        copy_workbook(source, location, author=AUTHOR)
    before = look()
    _add_tab(location, "Target")
    copy_workbook(source, location, Wishes(tab=0, to_tab=2), author=AUTHOR)
    after = look()
    assert after["sheets"][:2] == before["sheets"]
    assert cells(after, 2) == cells(before, 0)
    assert tab(after, 2)["properties"]["title"] == "Target"
    assert tab(after, 2)["properties"]["gridProperties"]["rowCount"] == 1000


def _add_tab(location: str, title: str) -> None:
    from gsheet_ml_scheduler.connect import open_worksheet

    spreadsheet, _ = open_worksheet(location, user_agent=AUTHOR)
    spreadsheet.add_worksheet(title, 1000, 26)


def test_a_tab_that_holds_something_is_left_as_it_is(source: Path, empty_target: Target) -> None:
    location, look = empty_target
    copy_workbook(source, location, Wishes(tab=0), author=AUTHOR)
    before = look()
    with pytest.raises(LocationError) as refused:
        copy_workbook(source, location, author=AUTHOR)
    assert "isn't empty (A1 holds 'lr'), and nothing is ever written over." in str(refused.value)
    assert look() == before


@pytest.mark.parametrize("name", ["there.sheet", "there.xlsx", "there.csv"])
def test_a_file_that_exists_is_left_as_it_is(name: str, source: Path, tmp_path: Path) -> None:
    target = tmp_path / name
    if name.endswith("sheet"):
        localsheets.open_workbook(target, create=True).sheet1.update([["mine"]])
    else:
        target.write_bytes(b"mine")
    before = target.read_bytes()
    with pytest.raises(LocationError, match=r"exists already; it was left|nothing is ever written"):
        copy_workbook(source, target, author=AUTHOR)
    assert target.read_bytes() == before
    assert names_in(tmp_path) == sorted(["source.sheet", name])


@pytest.mark.parametrize("name", ["new.sheet", "new.xlsx", "new.csv"])
def test_a_folder_that_is_not_there_is_said(name: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(LocationError, match=f"There is no folder .*/nowhere to make {name} in"):
        copy_workbook(source, tmp_path / "nowhere" / name, author=AUTHOR)


def test_the_change_log_says_who_copied(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.sheet"
    copy_workbook(source, target, author="somebody's import")
    connection = sqlite3.connect(target)
    try:
        authors = {author for (author,) in connection.execute("SELECT author FROM changes")}
    finally:
        connection.close()
    assert authors == {"somebody's import"}


def test_large_tabs_go_in_pieces(tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "a.sheet"
    source.write_text("".join(f"{row},x{row}\n" for row in range(12_000)))
    report = copy_workbook(source, target, author=AUTHOR)
    assert (report.rows, report.cells) == (12_000, 24_000)
    found = localsheets.open_workbook(target)
    assert found.sheet1.get("A12000:B12000") == [["11999", "x11999"]]
    with served(target) as server:
        copy_workbook(server.location, tmp_path / "b.sheet", author=AUTHOR)
    assert contents_of(localsheets.open_workbook(tmp_path / "b.sheet")) == contents_of(found)


def test_a_served_workbook_that_asks_for_a_token_says_so(source: Path, tmp_path: Path) -> None:
    with served(source) as server:
        without = Served(server.base, None, server.keys).location
        with pytest.raises(LocationError, match="asks for a token"):
            copy_workbook(without, tmp_path / "a.xlsx", author=AUTHOR)
    assert names_in(tmp_path) == ["source.sheet"]
