"""gsheet-ml import and export, as a user types them."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli import app


def gsheet_ml(*arguments: Any) -> Any:
    return CliRunner().invoke(app, [str(it) for it in arguments])


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sheet"
    assert gsheet_ml("init", path, "learning_rate=0.001").exit_code == 0
    localsheets.open_workbook(path).sheet1.append_rows([["1", "ready", "", 0.05]])
    return path


def test_export_writes_csv_to_standard_output(queue: Path) -> None:
    result = gsheet_ml("export", queue)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "run_name,status,worker_name,learning_rate,error",
        ",N/A,N/A,0.001,N/A",
        "1,ready,,0.05,",
    ]


def test_export_with_a_decimal_comma(queue: Path) -> None:
    result = gsheet_ml("export", queue, "--decimal-comma")
    assert result.stdout.splitlines()[1] == ";N/A;N/A;0,001;N/A"


def test_export_and_import_of_an_excel_file(queue: Path, tmp_path: Path) -> None:
    excel, copy = tmp_path / "runs.xlsx", tmp_path / "copy.sheet"
    result = gsheet_ml("export", queue, "--output", excel)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{excel}: 3 rows, 12 cells.\n"
    result = gsheet_ml("import", excel, copy)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{copy}: 1 tab, 3 rows, 12 cells.\n"
    found = localsheets.open_workbook(copy).sheet1.get_all_values()
    assert found == localsheets.open_workbook(queue).sheet1.get_all_values()


def test_what_could_not_be_carried_is_said_on_the_error_output(queue: Path, tmp_path: Path) -> None:
    sheet = localsheets.open_workbook(queue).sheet1
    sheet.update([['=QUERY(A1:B2,"select A")']], "H1", raw=False)
    result = gsheet_ml("export", queue, "--output", tmp_path / "runs.xlsx")
    assert "Sheet1!H1: Excel doesn't know QUERY and will show #NAME?" in result.stderr


def test_export_never_overwrites(queue: Path, tmp_path: Path) -> None:
    target = tmp_path / "runs.csv"
    target.write_text("mine")
    result = gsheet_ml("export", queue, "--output", target)
    assert result.exit_code == 1
    assert result.stderr == (
        f"{target} exists already; it was left as it is. Choose another name, or delete it first.\n"
    )
    assert target.read_text() == "mine"


def test_an_excel_file_does_not_go_to_the_terminal(queue: Path) -> None:
    result = gsheet_ml("export", queue, "--format", "xlsx")
    assert result.exit_code == 1
    assert "Say where it goes: --output runs.xlsx" in result.stderr


def test_a_name_that_says_another_format_is_refused(queue: Path, tmp_path: Path) -> None:
    result = gsheet_ml("export", queue, "--format", "xlsx", "--output", tmp_path / "runs.csv")
    assert result.exit_code == 1
    assert "would be no file of that format. Its name ends in .csv, .tsv or .xlsx" in result.stderr


def test_import_of_csv_leaves_formulas_text_unless_typed(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("=1+1,0.5,007\n")
    for options, expected in (
        ((), ["=1+1", "0.5", "007"]),
        (("--typed",), ["2", "0.5", "7"]),
        (("--text",), ["=1+1", "0.5", "007"]),
    ):
        target = tmp_path / f"a{len(options)}{''.join(options)}.sheet"
        assert gsheet_ml("import", source, target, *options).exit_code == 0
        assert localsheets.open_workbook(target).sheet1.get_all_values() == [expected]


def test_import_into_a_tab_that_is_chosen(queue: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("x\n")
    localsheets.open_workbook(queue).add_worksheet("Notes", 10, 5)
    result = gsheet_ml("import", source, queue, "--to-index", "1")
    assert result.exit_code == 0
    assert localsheets.open_workbook(queue).worksheet("Notes").get_all_values() == [["x"]]
    result = gsheet_ml("import", source, queue)
    assert result.exit_code == 1
    assert "isn't empty (A1 holds 'run_name'), and nothing is ever written over." in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--typed", "--text"), "--typed and --text exclude each other."),
        (("--delimiter", ";;"), "--delimiter is one sign, such as ';' or tab, not ';;'."),
    ],
)
def test_options_that_make_no_sense(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    result = gsheet_ml("import", tmp_path / "a.csv", tmp_path / "a.sheet", *options)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_a_served_workbooks_token_is_not_printed(queue: Path, tmp_path: Path) -> None:
    from tests.served import TOKEN, served

    empty = tmp_path / "empty.sheet"
    localsheets.open_workbook(empty, create=True)
    with served(empty) as server:
        result = gsheet_ml("import", queue, server.location)
    assert result.exit_code == 0
    assert TOKEN not in result.output
