"""gsheet-ml import and export, as a user types them."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from gspread.utils import ValueInputOption
from typer.testing import CliRunner

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.cli import app

PROGRAM = str(Path(sys.executable).with_name("gsheet-ml"))


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
        "run_name,status,worker_name,learning_rate,lease,attempt,command,error",
        ",N/A,N/A,0.001,N/A,N/A,N/A,N/A",
        "1,ready,,0.05,,,,",
    ]


def test_export_with_a_decimal_comma(queue: Path) -> None:
    result = gsheet_ml("export", queue, "--decimal-comma")
    assert result.stdout.splitlines()[1] == ";N/A;N/A;0,001;N/A;N/A;N/A;N/A"


def test_a_dry_run_of_an_import_reads_all_and_writes_nothing(queue: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sheet"
    result = gsheet_ml("import", queue, copy, "--dry-run")
    assert (result.exit_code, result.stdout) == (
        0,
        f"{copy}: 1 tab, 3 rows, 18 cells would be written.\n",
    )
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".sheet") == [
        "runs.sheet"
    ]


def test_a_dry_run_of_an_import_says_what_stands_in_the_way(queue: Path, tmp_path: Path) -> None:
    before = localsheets.open_workbook(queue).sheet1.get_all_values()
    text = tmp_path / "runs.csv"
    text.write_text("a,b\n1,2\n")
    result = gsheet_ml("import", text, queue, "--dry-run")
    assert result.exit_code == 1
    assert "empty" in result.stderr
    assert localsheets.open_workbook(queue).sheet1.get_all_values() == before


def test_export_and_import_of_an_excel_file(queue: Path, tmp_path: Path) -> None:
    excel, copy = tmp_path / "runs.xlsx", tmp_path / "copy.sheet"
    result = gsheet_ml("export", queue, "--output", excel)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{excel}: 3 rows, 18 cells.\n"
    result = gsheet_ml("import", excel, copy)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{copy}: 1 tab, 3 rows, 18 cells.\n"
    found = localsheets.open_workbook(copy).sheet1.get_all_values()
    assert found == localsheets.open_workbook(queue).sheet1.get_all_values()


def test_what_could_not_be_carried_is_said_on_the_error_output(queue: Path, tmp_path: Path) -> None:
    sheet = localsheets.open_workbook(queue).sheet1
    sheet.update([['=QUERY(A1:B2,"select A")']], "J1", raw=False)
    result = gsheet_ml("export", queue, "--output", tmp_path / "runs.xlsx")
    assert "Sheet1!J1: Excel doesn't know QUERY and will show #NAME?" in result.stderr


def test_export_never_overwrites(queue: Path, tmp_path: Path) -> None:
    target = tmp_path / "runs.csv"
    target.write_text("mine")
    result = gsheet_ml("export", queue, "--output", target)
    assert result.exit_code == 1
    assert result.stderr == (
        f"{target} exists already; it was left as it is. Choose another name, or delete it first.\n"
    )
    assert target.read_text() == "mine"


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_a_file_that_is_no_text_does_not_go_to_a_terminal(queue: Path, kind: str) -> None:
    reader, terminal = pty.openpty()
    done = subprocess.run(
        [PROGRAM, "export", queue, "--format", kind],
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(terminal)
    os.close(reader)
    assert done.returncode == 1
    assert f"Say where it goes: --output runs.{kind}" in done.stderr


def test_an_excel_file_goes_into_a_pipe(queue: Path, tmp_path: Path) -> None:
    target = tmp_path / "piped.xlsx"
    with target.open("wb") as pipe:
        done = subprocess.run(
            [PROGRAM, "export", queue, "--format", "xlsx"], stdout=pipe, check=True, timeout=60
        )
    assert done.returncode == 0
    assert gsheet_ml("import", target, tmp_path / "back.sheet").exit_code == 0


RECORD = {
    "run_name": "1",
    "status": "ready",
    "worker_name": None,
    "learning_rate": 0.05,
    "lease": None,
    "attempt": None,
    "command": None,
    "error": None,
}


def test_json_has_a_record_for_each_run_with_the_defaults_filled_in(queue: Path) -> None:
    localsheets.open_workbook(queue).sheet1.append_rows(
        [["2", "done", "dF53M7"], [], ["ü", "note", "", "=1/0"]], ValueInputOption.user_entered
    )
    found = json.loads(gsheet_ml("export", queue, "--format", "json").stdout)
    assert found == [
        RECORD,
        {
            **RECORD,
            "run_name": "2",
            "status": "done",
            "worker_name": "dF53M7",
            "learning_rate": 0.001,
        },
        {**RECORD, "run_name": "ü", "status": "note", "learning_rate": "#DIV/0!"},
    ]


def test_records_go_into_a_new_file_by_its_name(queue: Path, tmp_path: Path) -> None:
    target = tmp_path / "runs.json"
    result = gsheet_ml("export", queue, "-o", target)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{target}: 1 run.\n"
    assert json.loads(target.read_text()) == [RECORD]
    assert gsheet_ml("export", queue, "-o", target).exit_code == 1


def test_a_parquet_file_has_typed_columns(queue: Path, tmp_path: Path) -> None:
    sheet = localsheets.open_workbook(queue).sheet1
    sheet.update([["n", "mixed", "flag"], [3, "", True]], "I1:K2")
    sheet.append_rows([["2", "done", "", 1, "", "", "", "", "", "x"], ["3", "ready"]])
    sheet.update([[1]], "J5")
    target = tmp_path / "runs.parquet"
    assert gsheet_ml("export", queue, "-o", target).exit_code == 0
    table = pyarrow.parquet.read_table(target)
    assert [str(table.schema.field(name).type) for name in ("learning_rate", "n", "flag")] == [
        "double",
        "int64",
        "bool",
    ]
    assert table["learning_rate"].to_pylist() == [0.05, 1.0, 0.001]
    assert table["mixed"].to_pylist() == [None, "x", "1"]
    assert table["lease"].to_pylist() == [None, None, None]


def test_records_of_no_run_are_none(tmp_path: Path) -> None:
    path = tmp_path / "empty.sheet"
    gsheet_ml("init", path, "lr=1")
    assert json.loads(gsheet_ml("export", path, "--format", "json").stdout) == []
    target = tmp_path / "empty.parquet"
    assert gsheet_ml("export", path, "-o", target).exit_code == 0
    assert pyarrow.parquet.read_table(target).num_rows == 0


def test_a_csv_file_holds_no_runs_yet(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("run_name\n")
    result = gsheet_ml("export", source, "--format", "json")
    assert result.exit_code == 1
    assert f"Import it first: gsheet-ml import {source} runs.sheet" in result.stderr


def test_without_pyarrow_it_is_said_how_to_get_it(queue: Path) -> None:
    program = (
        "import sys\n"
        "sys.modules['pyarrow'] = None\n"  # as if it weren't installed
        "from gsheet_ml_scheduler.cli import app\n"
        "app()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "export", queue, "--format", "parquet"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "This installs it: pip install 'gsheet-ml-scheduler[parquet]'" in done.stderr


def test_a_name_that_says_another_format_is_refused(queue: Path, tmp_path: Path) -> None:
    result = gsheet_ml("export", queue, "--format", "xlsx", "--output", tmp_path / "runs.csv")
    assert result.exit_code == 1
    assert "would be no file of that format. Its name ends in .csv, .tsv, .json, " in result.stderr


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
