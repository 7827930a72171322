"""What a sheet shows, read in one request, as plain values."""

from pathlib import Path

import gspread
import pytest
from gspread.utils import ValueInputOption

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli.picture import Cell, take_picture


@pytest.fixture
def worksheet(tmp_path: Path) -> gspread.Worksheet:
    return localsheets.open_workbook(tmp_path / "runs.sheet", create=True).sheet1


def fill(worksheet: gspread.Worksheet, *lines: list[object]) -> None:
    worksheet.update(list(lines), value_input_option=ValueInputOption.raw)


def test_runs_are_the_lines_from_the_third_on(worksheet: gspread.Worksheet) -> None:
    fill(worksheet, ["run_name", "lr"], ["", 0.1], ["a", 0.5], ["b", ""])
    picture = take_picture(worksheet)
    assert picture.columns == ("run_name", "lr")
    assert [(run.number, run.text("run_name"), run.text("lr")) for run in picture.runs] == [
        (3, "a", "0.5"),
        (4, "b", ""),
    ]


def test_lines_that_show_nothing_are_left_out(worksheet: gspread.Worksheet) -> None:
    fill(worksheet, ["run_name"], ["N/A"], ["a"], [""], ["b"])
    assert [run.number for run in take_picture(worksheet).runs] == [3, 5]


def test_columns_with_n_a_in_line_2_are_outcomes(worksheet: gspread.Worksheet) -> None:
    fill(worksheet, ["run_name", "status", "lr", "loss"], ["", "N/A", 0.1, " n/a "], ["1"])
    assert take_picture(worksheet).outcomes == {"status", "loss"}


def test_an_empty_tab_is_a_picture_without_columns_and_runs(worksheet: gspread.Worksheet) -> None:
    picture = take_picture(worksheet)
    assert (list(picture.columns), list(picture.runs)) == ([], [])


def test_columns_without_a_name_are_not_shown(worksheet: gspread.Worksheet) -> None:
    fill(worksheet, ["run_name", "", "lr"], ["", "x", 1], ["1", "a note", 2])
    assert dict(take_picture(worksheet).runs[0].cells) == {"run_name": Cell("1"), "lr": Cell("2")}


def test_colours_are_the_sheets_and_black_on_white_is_none(worksheet: gspread.Worksheet) -> None:
    fill(worksheet, ["run_name", "lr"], ["", 1], ["1", 2])
    worksheet.format("A3", {"backgroundColor": {"red": 1.0, "green": 0.6, "blue": 0.2}})
    worksheet.format("B3", {"textFormat": {"foregroundColor": {"green": 0.6}}})
    run = take_picture(worksheet).runs[0]
    assert run.cells["run_name"].background == pytest.approx((1.0, 0.6, 0.2), abs=0.005)
    assert run.cells["run_name"].foreground is None
    assert run.cells["lr"].foreground == pytest.approx((0.0, 0.6, 0.0), abs=0.005)
    assert run.cells["lr"].background is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.9711111111, "0.9711"),
        (0.0000123456, "1.235e-05"),
        (0.0005, "0.0005"),
        (123456789, "123456789"),
        ("0.9711111111x", "0.9711111111x"),
    ],
)
def test_only_long_fractions_are_cut(
    worksheet: gspread.Worksheet, value: object, shown: str
) -> None:
    fill(worksheet, ["run_name", "x"], ["", ""], ["1", value])
    assert take_picture(worksheet).runs[0].text("x") == shown


def test_a_tab_whose_title_needs_quotes_is_read(worksheet: gspread.Worksheet) -> None:
    worksheet.update_title("it's 1 + 1")
    fill(worksheet, ["run_name"], ["x"], ["a"])
    assert len(take_picture(worksheet).runs) == 1
