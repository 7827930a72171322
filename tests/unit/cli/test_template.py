"""A new queue: columns, defaults, and nothing that was there is lost."""

from pathlib import Path

import gspread
import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli.picture import take_picture
from gsheet_ml_scheduler.cli.template import make_queue
from gsheet_ml_scheduler.errors import ConfigError, LocationError
from gsheet_ml_scheduler.runsheet.columns import parse
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
        ["run_name", "status", "worker_name", *DEFAULTS, "error"],
        ["", "N/A", "N/A", 0.001, 10, True, "mlp", "", "N/A"],
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


@pytest.mark.parametrize("name", ["status", "error"])
def test_a_column_that_is_made_anyway_is_no_hyperparameter(
    worksheet: gspread.Worksheet, name: str
) -> None:
    with pytest.raises(ConfigError, match=f"The column {name} is made anyway"):
        make_queue(worksheet, {name: 1})
    assert worksheet.get_all_values() == [[]]


def test_a_queue_without_hyperparameters_is_a_queue(worksheet: gspread.Worksheet) -> None:
    make_queue(worksheet, {})
    assert take_picture(worksheet).columns == ("run_name", "status", "worker_name", "error")


def test_a_status_is_chosen_from_a_list_that_still_takes_any_text(
    worksheet: gspread.Worksheet,
) -> None:
    make_queue(worksheet, DEFAULTS)
    mask = "sheets.data.rowData.values.dataValidation"
    for cell, rules in (("B3", 1), ("B500", 1), ("B2", 0), ("C3", 0)):
        found = worksheet.spreadsheet.fetch_sheet_metadata(
            {"ranges": f"Sheet1!{cell}", "fields": mask}
        )
        assert str(found).count("'ready'") == rules, cell
    worksheet.update_acell("B3", "3/20")
    assert worksheet.acell("B3").value == "3/20"


def test_rows_are_appended_below_the_last_run_not_below_the_list(
    worksheet: gspread.Worksheet,
) -> None:
    make_queue(worksheet, DEFAULTS)
    worksheet.append_row(["1", "ready"])
    assert worksheet.acell("A3").value == "1"
