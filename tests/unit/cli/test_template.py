"""A new queue: columns, defaults, and nothing that was there is lost."""

from pathlib import Path

import gspread
import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli.picture import take_picture
from gsheet_ml_scheduler.cli.template import make_queue
from gsheet_ml_scheduler.errors import ConfigError, LocationError
from gsheet_ml_scheduler.runsheet.columns import parse
from gsheet_ml_scheduler.runsheet.commands import Command
from gsheet_ml_scheduler.runsheet.values import Scalar

DEFAULTS: dict[str, Scalar] = {
    "learning_rate": 0.001,
    "n_epoch": 10,
    "augment": True,
    "model": "mlp",
    "note": "",
}


@pytest.fixture
def worksheet(tmp_path: Path) -> gspread.Worksheet:
    return localsheets.open_workbook(tmp_path / "runs.sheet", create=True).sheet1


def test_lines_1_and_2_name_the_columns_and_their_typed_defaults(
    worksheet: gspread.Worksheet,
) -> None:
    make_queue(worksheet, DEFAULTS)
    assert worksheet.get(value_render_option=gspread.utils.ValueRenderOption.unformatted) == [
        ["run_name", "status", "worker_name", *DEFAULTS, "lease", "attempt", "command", "error"],
        ["", "N/A", "N/A", 0.001, 10, True, "mlp", "", "N/A", "N/A", "N/A", "N/A"],
    ]


def test_the_scheduler_reads_the_template_as_the_config_it_was_made_from(
    worksheet: gspread.Worksheet,
) -> None:
    make_queue(worksheet, DEFAULTS)
    header, defaults = worksheet.get(
        value_render_option=gspread.utils.ValueRenderOption.unformatted
    )
    assert parse(header, defaults, sheet="runs").defaults == DEFAULTS


def test_the_two_lines_stay_on_screen_and_a_run_starts_without_a_format(
    worksheet: gspread.Worksheet,
) -> None:
    make_queue(worksheet, DEFAULTS)
    assert worksheet.spreadsheet.sheet1.frozen_row_count == 2
    worksheet.append_row(["1", "ready"])
    cells = take_picture(worksheet).runs[0].cells
    assert {(cell.background, cell.foreground) for cell in cells.values()} == {(None, None)}


def test_a_tab_that_holds_anything_is_left_as_it_is(worksheet: gspread.Worksheet) -> None:
    worksheet.update_acell("C7", "my note")
    with pytest.raises(LocationError) as caught:
        make_queue(worksheet, DEFAULTS)
    assert str(caught.value) == (
        "The tab \"Sheet1\" isn't empty (C7 holds 'my note'), and init never overwrites. "
        "Choose another file or tab, or empty this one first."
    )
    assert worksheet.get("A1:Z2") == [[]]


@pytest.mark.parametrize("name", ["status", "lease", "attempt", "command", "error"])
def test_a_column_that_is_made_anyway_is_no_hyperparameter(
    worksheet: gspread.Worksheet, name: str
) -> None:
    with pytest.raises(ConfigError, match=f"The column {name} is made anyway"):
        make_queue(worksheet, {name: 1})
    assert worksheet.get_all_values() == [[]]


def test_a_queue_without_hyperparameters_is_a_queue(worksheet: gspread.Worksheet) -> None:
    make_queue(worksheet, {})
    assert take_picture(worksheet).columns == (
        *("run_name", "status", "worker_name"),
        *("lease", "attempt", "command", "error"),
    )


def test_a_tab_that_is_too_narrow_becomes_wider(worksheet: gspread.Worksheet) -> None:
    worksheet.resize(rows=10, cols=5)
    make_queue(worksheet.spreadsheet.sheet1, {f"key_{at}": at for at in range(40)})
    assert len(take_picture(worksheet).columns) == 47


def rules_of(worksheet: gspread.Worksheet, cell: str) -> str:
    return str(
        worksheet.spreadsheet.fetch_sheet_metadata(
            {"ranges": f"Sheet1!{cell}", "fields": "sheets.data.rowData.values.dataValidation"}
        )
    )


@pytest.mark.parametrize(
    ("column", "word", "own_text"), [("B", "'ready'", "3/20"), ("K", "'pause'", "Stop ")]
)
def test_a_status_or_command_is_chosen_from_a_list_that_still_takes_any_text(
    worksheet: gspread.Worksheet, column: str, word: str, own_text: str
) -> None:
    make_queue(worksheet, DEFAULTS)
    for cell, rules in ((f"{column}3", 1), (f"{column}500", 1), (f"{column}2", 0), ("C3", 0)):
        assert rules_of(worksheet, cell).count(word) == rules, cell
    worksheet.update_acell(f"{column}3", own_text)
    assert worksheet.acell(f"{column}3").value == own_text


def test_the_commands_to_choose_from_are_those_that_workers_obey(
    worksheet: gspread.Worksheet,
) -> None:
    make_queue(worksheet, {})
    found = rules_of(worksheet, "F3")
    assert all(f"'{command.value}'" in found for command in Command)


def test_what_the_columns_are_for_is_noted_at_their_heads(worksheet: gspread.Worksheet) -> None:
    make_queue(worksheet, DEFAULTS)
    assert "Choose what the worker of this run should do" in worksheet.get_note("K1")
    assert worksheet.get_note("D1") == ""


def test_the_rules_colour_the_text_of_a_status_and_leave_the_row_to_the_workers(
    worksheet: gspread.Worksheet,
) -> None:
    make_queue(worksheet, DEFAULTS)
    found = worksheet.spreadsheet.fetch_sheet_metadata({"fields": "sheets.conditionalFormats"})
    rules = found["sheets"][0]["conditionalFormats"]
    assert {
        (it["booleanRule"]["condition"]["type"], next(iter(it["booleanRule"]["format"])))
        for it in rules
    } == {("TEXT_EQ", "textFormat"), ("TEXT_STARTS_WITH", "textFormat")}
    assert {
        (it["ranges"][0]["startRowIndex"], it["ranges"][0]["startColumnIndex"]) for it in rules
    } == {(2, 1)}


def test_rows_are_appended_below_the_last_run_not_below_the_list(
    worksheet: gspread.Worksheet,
) -> None:
    make_queue(worksheet, DEFAULTS)
    worksheet.append_row(["1", "ready"])
    assert worksheet.acell("A3").value == "1"
