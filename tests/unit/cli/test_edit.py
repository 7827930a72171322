"""Values of one run, changed from a terminal: the right run, the right column, or nothing."""

from pathlib import Path
from typing import Any

import gspread
import pytest
from gspread.utils import ValueInputOption, ValueRenderOption

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli.edit import change_run
from gsheet_ml_scheduler.errors import ConfigError, NoSuchRunError, RunLost, SheetLayoutError

HEADER = ["run_name", "status", "worker_name", "learning_rate", "hidden"]
DEFAULTS = ["", "N/A", "N/A", 0.1, 32]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sheet"


@pytest.fixture
def worksheet(path: Path) -> gspread.Worksheet:
    worksheet = localsheets.open_workbook(path, create=True).sheet1
    runs = [["1", "done", "aaaaaa", 0.5, 8], [2, "running", "bbbbbb", 0.25, ""]]
    worksheet.update([HEADER, DEFAULTS, *runs], value_input_option=ValueInputOption.raw)
    return worksheet


def cells(worksheet: gspread.Worksheet) -> list[list[Any]]:
    return worksheet.get(value_render_option=ValueRenderOption.unformatted)


def test_only_the_named_cells_of_the_named_run_change(worksheet: gspread.Worksheet) -> None:
    said = change_run(worksheet, "2", {"learning_rate": 0.01})
    assert said == ["run 2: learning_rate 0.25 → 0.01"]
    assert cells(worksheet) == [
        HEADER,
        DEFAULTS,
        ["1", "done", "aaaaaa", 0.5, 8],
        [2, "running", "bbbbbb", 0.01],
    ]


def test_several_values_change_at_once_and_an_empty_one_empties_the_cell(
    worksheet: gspread.Worksheet,
) -> None:
    said = change_run(worksheet, "1", {"learning_rate": "", "hidden": 64, "status": "ready"})
    assert said == [
        "run 1: learning_rate 0.5 → (blank)",
        "run 1: hidden 8 → 64",
        "run 1: status done → ready",
    ]
    assert cells(worksheet)[2] == ["1", "ready", "aaaaaa", "", 64]


def test_nothing_of_the_pin_is_left_behind(worksheet: gspread.Worksheet) -> None:
    change_run(worksheet, "2", {"learning_rate": 0.01})
    with pytest.raises(ConfigError):
        change_run(worksheet, "2", {"nonsense": 0.01})
    found = worksheet.spreadsheet.fetch_sheet_metadata(
        {"includeGridData": "true", "fields": "sheets.data.rowMetadata.developerMetadata"}
    )
    assert "developerMetadata" not in str(found)


def test_an_unknown_run_is_an_error_that_lists_the_runs(worksheet: gspread.Worksheet) -> None:
    with pytest.raises(NoSuchRunError, match=r"no run is named '7'. Its 2 runs: 1, 2\."):
        change_run(worksheet, "7", {"learning_rate": 0.01})


def test_two_runs_of_one_name_are_an_error_that_tells_their_lines(
    worksheet: gspread.Worksheet,
) -> None:
    worksheet.append_row(["1", "ready"])
    with pytest.raises(NoSuchRunError, match=r"2 runs are named '1' \(lines 3 and 5\)"):
        change_run(worksheet, "1", {"learning_rate": 0.01})


def test_an_unknown_column_is_an_error_that_guesses_what_was_meant(
    worksheet: gspread.Worksheet,
) -> None:
    with pytest.raises(ConfigError) as caught:
        change_run(worksheet, "1", {"learning_rat": 0.01})
    assert "line 1 has no column 'learning_rat'. Did you mean learning_rate?" in str(caught.value)
    assert "Its columns: run_name, status, worker_name, learning_rate, hidden." in str(caught.value)


def test_a_tab_that_is_no_queue_says_what_it_lacks(path: Path) -> None:
    worksheet = localsheets.open_workbook(path, create=True).sheet1
    with pytest.raises(SheetLayoutError, match="run_name"):
        change_run(worksheet, "1", {"learning_rate": 0.01})


class Meddler:
    """A person who edits the same workbook between two requests of somebody else's."""

    def __init__(self, path: Path, after: int, edit: str) -> None:
        """After how many requests which edit of the third line (index 2) is made."""
        self.client = localsheets.workbook_client(path)
        self.theirs = localsheets.open_workbook(path).sheet1
        self.after = after
        self.edit = edit

    def request(self, *args: Any, **kwargs: Any) -> Any:
        self.after -= 1
        if self.after == -1:
            getattr(self, self.edit)()
        return self.client.request(*args, **kwargs)

    def insert_a_row(self) -> None:
        self._insert("ROWS", 2)
        self.theirs.update([["0", "ready"]], "A3:B3")

    def insert_a_column(self) -> None:
        self._insert("COLUMNS", 3)
        self.theirs.update([["seed"], [7], ["s"]], "D1:D3")

    def _insert(self, dimension: str, at: int) -> None:
        where = {"sheetId": 0, "dimension": dimension, "startIndex": at, "endIndex": at + 1}
        self.theirs.spreadsheet.batch_update({"requests": [{"insertDimension": {"range": where}}]})

    def delete_the_run(self) -> None:
        self.theirs.delete_rows(4)

    def rename_the_run(self) -> None:
        self.theirs.update_acell("A4", "other")


def meddled(path: Path, after: int, edit: str) -> gspread.Worksheet:
    meddler = Meddler(path, after, edit)
    client = localsheets.workbook_client(path)
    worksheet = gspread.Spreadsheet(client, {"id": client.spreadsheet_id}).sheet1
    client.request = meddler.request  # type: ignore[method-assign]
    return worksheet


@pytest.mark.parametrize("after", [0, 2, 3, 4])
def test_a_row_inserted_meanwhile_gets_no_foreign_value(
    worksheet: gspread.Worksheet, path: Path, after: int
) -> None:
    change_run(meddled(path, after, "insert_a_row"), "2", {"learning_rate": 0.01})
    rows = {str(row[0]): row for row in cells(worksheet)[2:]}
    assert rows["1"][3] == 0.5
    assert rows["2"][3] == 0.01


def test_a_row_inserted_before_the_pin_is_set_refuses_the_change(
    worksheet: gspread.Worksheet, path: Path
) -> None:
    with pytest.raises(RunLost, match="Nothing was written"):
        change_run(meddled(path, 1, "insert_a_row"), "2", {"learning_rate": 0.01})
    assert {str(row[0]): row[3:4] for row in cells(worksheet)[2:]} == {
        "0": [],
        "1": [0.5],
        "2": [0.25],
    }


@pytest.mark.parametrize("after", range(5))
def test_a_column_inserted_at_any_moment_gets_no_foreign_value(
    worksheet: gspread.Worksheet, path: Path, after: int
) -> None:
    change_run(meddled(path, after, "insert_a_column"), "2", {"learning_rate": 0.01})
    header, _, first, second = cells(worksheet)
    assert first[header.index("learning_rate")] == 0.5
    assert second[header.index("learning_rate")] == 0.01
    assert second[header.index("seed")] == ""


@pytest.mark.parametrize(
    ("edit", "after"), [("delete_the_run", 2), ("delete_the_run", 3), ("rename_the_run", 2)]
)
def test_a_run_that_goes_meanwhile_is_not_written(
    worksheet: gspread.Worksheet, path: Path, edit: str, after: int
) -> None:
    with pytest.raises(RunLost, match="run 2 was deleted or renamed just now"):
        change_run(meddled(path, after, edit), "2", {"learning_rate": 0.01})
    assert all(0.01 not in row for row in cells(worksheet))
