"""What is a workbook file, what is not, and what its owner is told. P6: a refusal is an answer."""

from __future__ import annotations

import multiprocessing
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets import (
    NotAWorkbookError,
    WorkbookDamagedError,
    WorkbookError,
    WorkbookExistsError,
    WorkbookFullError,
    WorkbookNotFoundError,
    WorkbookReadOnlyError,
    WorkbookVersionError,
)
from gsheet_ml_scheduler.localsheets.storage import files, schema
from tests.unit.localsheets.calls import (
    RELAXED,
    Calls,
    close,
    open_calls,
    tables_of,
)

forks = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A workbook of a few pages that nobody has open."""
    made = tmp_path / "runs.sheet"
    calls = open_calls(made, create=True)
    calls.put("A1:C300", [[f"name {at}", at, "text " * 10] for at in range(300)])
    close(calls)
    return made


def said(path: Path, *words: str) -> str:
    """A pattern: the file's name in front, then these words in this order."""
    return ".*".join(re.escape(word) for word in (str(path), *words))


# ---------------------------------------------------------------- what is no workbook


def test_no_such_file(tmp_path: Path) -> None:
    missing = tmp_path / "runs.sheet"
    with pytest.raises(WorkbookNotFoundError) as caught:
        localsheets.open_workbook(missing)
    assert str(caught.value) == f"There is no file {missing}."
    assert list(tmp_path.iterdir()) == []


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(NotAWorkbookError) as caught:
        localsheets.open_workbook(tmp_path, create=True)
    assert str(caught.value) == f"{tmp_path} is a folder, not a workbook file."


def test_a_text_file(tmp_path: Path) -> None:
    text = tmp_path / "runs.csv"
    text.write_text("run_name,status\n1,ready\n")
    with pytest.raises(NotAWorkbookError) as caught:
        localsheets.open_workbook(text, create=True)
    assert str(caught.value) == (
        f"{text} is not a workbook: it begins with b'run_name,sta'. A workbook is made by "
        "localsheets.open_workbook(path, create=True)."
    )
    assert text.read_text() == "run_name,status\n1,ready\n"


def test_an_empty_file(tmp_path: Path) -> None:
    empty = tmp_path / "runs.sheet"
    empty.touch()
    with pytest.raises(NotAWorkbookError, match=said(empty, "is empty. Delete it, and let")):
        localsheets.open_workbook(empty, create=True)
    assert empty.read_bytes() == b""


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "runs.sheet"
    os.mkfifo(pipe)
    with pytest.raises(NotAWorkbookError, match=said(pipe, "is a device or a pipe")):
        localsheets.open_workbook(pipe)


def test_another_sqlite_database(tmp_path: Path) -> None:
    other = tmp_path / "mlflow.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE workbook (id INTEGER)")
    connection.commit()
    connection.close()
    before = other.read_bytes()
    with pytest.raises(NotAWorkbookError) as caught:
        localsheets.open_workbook(other, create=True)
    assert str(caught.value) == f"{other} is an SQLite database, but not a workbook of ours."
    assert other.read_bytes() == before


def test_a_newer_format_is_refused_and_left_as_it_is(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[60:64] = (schema.VERSION + 1).to_bytes(4, "big")
    path.write_bytes(content)
    with pytest.raises(WorkbookVersionError) as caught:
        localsheets.open_workbook(path)
    assert str(caught.value) == (
        f"{path} was written by a newer version (format {schema.VERSION + 1}; this one knows "
        f"{schema.VERSION}). Upgrade gsheet-ml-scheduler to open it."
    )
    assert path.read_bytes() == content


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(path: Path) -> None:
    path.chmod(0)
    with pytest.raises(WorkbookError, match=said(path, "can't be read: Permission denied")):
        localsheets.open_workbook(path)


# ---------------------------------------------------------------- damage


def _read_all(path: Path) -> Any:
    calls = open_calls(path)
    try:
        found = calls.spreadsheet(includeGridData="true"), calls.get("A1:Z1000")
        calls.column("A1:A1000")
        calls.marks()
        return found
    finally:
        close(calls)


def test_a_workbook_that_was_cut_short_says_so(path: Path) -> None:
    whole = path.read_bytes()
    for size in range(4096, len(whole), 4096):
        path.write_bytes(whole[:size])
        with pytest.raises(WorkbookDamagedError) as caught:
            _read_all(path)
        assert re.match(said(path, "is damaged (", "). Restore it from a copy;"), str(caught.value))
        assert "'sqlite3 runs.sheet .recover' may save what is left." in str(caught.value)
    path.write_bytes(whole[:99])
    with pytest.raises(WorkbookError, match=said(path, "is ")):
        localsheets.open_workbook(path)


@pytest.mark.parametrize("garbage", [b"\x00", b"\xff", b"garbage!"])
def test_a_page_of_garbage_is_called_damage_wherever_it_is(path: Path, garbage: bytes) -> None:
    whole = path.read_bytes()
    good = _read_all(path)
    damaged = 0
    for at in range(4096, len(whole), 4096):
        page = (garbage * 4096)[:4096]
        path.write_bytes(whole[:at] + page + whole[at + 4096 :])
        try:
            assert _read_all(path) == good, "a damaged file was read as if it were sound"
        except WorkbookDamagedError as error:
            damaged += 1
            assert re.match(said(path, "is damaged ("), str(error))
    assert damaged >= len(whole) / 4096 / 2, "most pages hold something that is read"


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE rows SET cells = substr(cells, 2) WHERE row_id = 5",
        "UPDATE axes SET spans = '[[0' WHERE dimension = 'ROWS'",
        "UPDATE sheets SET properties = 'x'",
        "DROP TABLE changes",
    ],
)
def test_contents_that_make_no_sense_are_called_damage(path: Path, harm: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(harm)
    connection.commit()
    connection.close()
    with pytest.raises(WorkbookDamagedError, match=said(path, "is damaged (")):
        _read_all(path)


def test_a_damaged_workbook_is_not_written_to(path: Path) -> None:
    calls = open_calls(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE rows SET cells = '[' WHERE row_id = 0")
    connection.commit()
    connection.close()
    before = tables_of(path)
    with pytest.raises(WorkbookDamagedError):
        calls.batch(
            {"findReplace": {"find": "name 7", "replacement": "x", "sheetId": 0}},
        )
    close(calls)
    assert tables_of(path) == before


def test_a_workbook_whose_writer_died_while_its_log_was_copied_into_it_is_whole(
    path: Path, tmp_path: Path
) -> None:
    size = path.stat().st_size
    writer = open_calls(path)
    writer.put("A1:C900", [[f"later {at}", at, "text " * 10] for at in range(900)])
    log = path.with_name(f"{path.name}-wal").read_bytes()
    close(writer)  # now all of the log is in the file
    torn = tmp_path / "torn" / path.name
    torn.parent.mkdir()
    torn.write_bytes(path.read_bytes()[:size])  # its first page speaks of more
    torn.with_name(f"{path.name}-wal").write_bytes(log)
    calls = open_calls(torn)
    assert calls.get("A900:B900") == [["later 899", 899]]
    assert len(calls.column("A1:A1000")) == 900
    close(calls)


# ---------------------------------------------------------------- reading only


def _as_nobody(action: Callable[[Path], str], path: Path) -> str:
    """Do something in a process without root's rights, which would pass over mode bits."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            said = action(path)
        except BaseException:  # noqa: BLE001 - the parent's assertion shows it
            said = traceback.format_exc()
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        found = pipe.read()
    os.waitpid(child, 0)
    return found


def _read_and_write(path: Path) -> str:
    calls = open_calls(path)
    read = f"{calls.get('A2')} {len(calls.column('A1:A1000'))}"
    try:
        calls.put("A2", [["changed"]])
    except WorkbookReadOnlyError as error:
        return f"{read}\n{error}"
    return f"{read}\nwritten"


def _make_new(path: Path) -> str:
    try:
        open_calls(path, create=True)
    except WorkbookError as error:
        return str(error)
    return "made"


def test_a_file_that_nobody_may_write_is_read_and_a_write_is_refused(path: Path) -> None:
    path.chmod(0o444)
    before = path.read_bytes()
    calls = open_calls(path)
    assert calls.get("A2") == [["name 1"]]
    assert len(calls.column("A1:A1000")) == 300
    with pytest.raises(WorkbookReadOnlyError) as caught:
        calls.put("A2", [["changed"]])
    assert str(caught.value) == (
        f"{path} is read-only: nothing was written. Make the file and its folder writable "
        "(chmod u+w) or work on a copy."
    )
    assert calls.get("A2") == [["name 1"]]
    close(calls)
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_reader_of_a_file_that_it_may_not_write_sees_what_others_write(path: Path) -> None:
    path.chmod(0o444)
    reader = open_calls(path)
    assert reader.get("A2") == [["name 1"]]
    path.chmod(0o644)
    writer = open_calls(path)
    for at in range(3):
        writer.put("A2", [[f"changed {at}"]])
        assert reader.get("A2") == [[f"changed {at}"]]
        assert reader.column("A1:A1000")[1] == f"changed {at}"
    close(writer)
    assert reader.get("A2") == [["changed 2"]]
    close(reader)


@pytest.fixture
def locked_folder(path: Path) -> Iterator[Path]:
    """The workbook in a folder that may not be written; every user may look into it."""
    for folder in path.parents:
        if folder.owner() == path.owner() and folder.stat().st_mode & 0o077 == 0:
            folder.chmod(folder.stat().st_mode | 0o055)
    path.parent.chmod(0o555)
    yield path
    path.parent.chmod(0o755)


@forks
@pytest.mark.parametrize("mode", [0o444, 0o666])
def test_a_file_in_a_folder_that_may_not_be_written_is_read(locked_folder: Path, mode: int) -> None:
    locked_folder.chmod(mode)
    read, refused = _as_nobody(_read_and_write, locked_folder).splitlines()
    assert read == "[['name 1']] 300"
    assert refused == (
        f"{locked_folder} is read-only: nothing was written. Make the file and its folder "
        "writable (chmod u+w) or work on a copy."
    )
    assert [found.name for found in locked_folder.parent.iterdir()] == [locked_folder.name]


# ---------------------------------------------------------------- the ground gives way


def test_a_file_that_is_deleted_underneath(path: Path) -> None:
    calls = open_calls(path)
    assert calls.get("A1") == [["name 0"]]
    path.unlink()
    for call in (lambda: calls.get("A1"), lambda: calls.put("A1", [["x"]])):
        with pytest.raises(WorkbookNotFoundError) as caught:
            call()
        assert str(caught.value) == (
            f"{path} is gone: it was moved or deleted while it was open. Put it back, "
            "or open it where it is now."
        )
    assert not path.exists(), "a new file was made in its place"
    close(calls)


def test_a_file_that_is_moved_away_and_put_back(path: Path) -> None:
    calls = open_calls(path)
    aside = path.with_name("aside.sheet")
    path.rename(aside)
    with pytest.raises(WorkbookNotFoundError, match="is gone"):
        calls.get("A1")
    aside.rename(path)
    assert calls.get("A1") == [["name 0"]]
    close(calls)


def test_a_file_that_is_replaced_underneath(path: Path, tmp_path: Path) -> None:
    calls = open_calls(path)
    other = tmp_path / "other.sheet"
    close(open_calls(other, create=True))
    before = tables_of(other)
    other.replace(path)
    for call in (lambda: calls.get("A1"), lambda: calls.put("A1", [["x"]])):
        with pytest.raises(WorkbookNotFoundError) as caught:
            call()
        assert str(caught.value) == (
            f"{path} is another file than the one that was opened: it was replaced. Open it again."
        )
    close(calls)
    shutil.copy(path, other)
    assert tables_of(other) == before


# ---------------------------------------------------------------- no room


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("mounting a small disk takes root on Linux")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _write_until_full(calls: Calls) -> tuple[int, WorkbookError]:
    written = 0
    while written < 300:
        values = [[f"batch {written}", "x" * 2000]] * 20
        try:
            calls.put("A1:B20", values, RELAXED if written % 2 else None)
        except WorkbookError as error:
            return written, error
        written += 1
    raise AssertionError("the disk never was full")


def test_on_a_full_disk_a_write_is_refused_whole_and_reads_go_on(small_disk: Path) -> None:
    path = small_disk / "runs.sheet"
    calls = open_calls(path, create=True)
    written, error = _write_until_full(calls)
    assert isinstance(error, WorkbookFullError)
    assert re.match(
        said(path, ": the disk is full or failing (", "; nothing was written. Make room"),
        str(error),
    )
    assert calls.get("A1:A20") == [[f"batch {written - 1}"]] * 20
    assert open_calls(path).get("A1:A20") == [[f"batch {written - 1}"]] * 20
    ballast = small_disk / "another.sheet"
    with pytest.raises(WorkbookError, match=re.escape(f"{ballast} can't be made: ")):
        open_calls(ballast, create=True)
    assert not ballast.exists()
    assert all(found.name.startswith("runs.sheet") for found in small_disk.iterdir())
    close(calls)


def test_when_there_is_room_again_a_full_disk_is_forgotten(small_disk: Path) -> None:
    path, ballast = small_disk / "runs.sheet", small_disk / "ballast"
    calls = open_calls(path, create=True)
    ballast.write_bytes(b"x" * 600_000)
    _write_until_full(calls)
    ballast.unlink()
    calls.put("A1", [["there is room"]])
    close(calls)
    assert open_calls(path).get("A1") == [["there is room"]]


WRITE_WITH_A_LIMIT = """
import resource, sys
from gsheet_ml_scheduler import localsheets
sheet = localsheets.open_workbook(sys.argv[1]).sheet1
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
for at in range(300):
    try:
        sheet.update([[f"batch {at}", "x" * 2000]] * 20, "A1:B20")
    except localsheets.WorkbookFullError as error:
        print(at, error)
        break
print(sheet.acell("A7").value)
"""


def test_a_file_that_may_not_grow_is_like_a_full_disk(path: Path) -> None:
    assert resource.RLIMIT_FSIZE is not None
    ran = subprocess.run(
        [sys.executable, "-c", WRITE_WITH_A_LIMIT, str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.stderr == ""
    refused, last = ran.stdout.splitlines()
    number, _, sentence = refused.partition(" ")
    assert re.match(said(path, ": the disk is full or failing ("), sentence)
    assert last == f"batch {int(number) - 1}"
    assert open_calls(path).get("A1:A20") == [[f"batch {int(number) - 1}"]] * 20


# ---------------------------------------------------------------- making one


def test_a_file_that_is_there_is_never_replaced(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(WorkbookExistsError) as caught:
        files.create(path)
    assert str(caught.value) == f"{path} exists already; it was left as it is."
    assert path.read_bytes() == before
    assert localsheets.open_workbook(path, create=True).sheet1.acell("A1").value == "name 0"


def test_a_link_that_leads_nowhere_is_not_made_into_a_file(tmp_path: Path) -> None:
    link = tmp_path / "runs.sheet"
    link.symlink_to(tmp_path / "missing.sheet")
    with pytest.raises(WorkbookNotFoundError, match=r"There is no file .*runs\.sheet"):
        localsheets.open_workbook(link, create=True)
    assert [found.name for found in tmp_path.iterdir()] == ["runs.sheet"]


def test_a_link_to_a_workbook_is_that_workbook(path: Path) -> None:
    link = path.with_name("link.sheet")
    link.symlink_to(path)
    with_link, direct = open_calls(link), open_calls(path)
    with_link.put("A1", [["by the link"]])
    assert direct.get("A1") == [["by the link"]]
    close(with_link)
    close(direct)
    assert sorted(f.name for f in path.parent.iterdir()) == ["link.sheet", "runs.sheet"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "no" / "such"
    with pytest.raises(WorkbookNotFoundError) as caught:
        localsheets.open_workbook(folder / "runs.sheet", create=True)
    assert str(caught.value) == f"There is no folder {folder} to make runs.sheet in."
    assert not folder.parent.exists()


@forks
def test_a_folder_that_may_not_be_written_makes_no_workbook(locked_folder: Path) -> None:
    new = locked_folder.with_name("new.sheet")
    assert _as_nobody(_make_new, new).startswith(f"{new} can't be made: ")


def _make(path: Path, start: Any, answers: Any) -> None:
    start.wait(30)
    sheet = localsheets.open_workbook(path, create=True)
    sheet.sheet1.append_row([os.getpid()])
    answers.put((os.getpid(), sheet.id))


def test_of_processes_that_make_the_same_file_at_once_all_get_the_same_one(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    start, answers = spawn.Barrier(4), spawn.Queue()
    path = tmp_path / "runs.sheet"
    makers = [spawn.Process(target=_make, args=(path, start, answers)) for _ in range(4)]
    for maker in makers:
        maker.start()
    found = [answers.get(timeout=60) for _ in makers]
    for maker in makers:
        maker.join()
    answers.close()
    answers.join_thread()
    assert len({spreadsheet_id for _, spreadsheet_id in found}) == 1
    written = open_calls(path).column("A1:A1000")
    assert sorted(written) == sorted(process for process, _ in found)
    assert all(not left.name.startswith(".") for left in tmp_path.iterdir()), "a draft was left"
