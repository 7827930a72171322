"""What waits on this machine for a sheet that is away: whole after any crash, and one process's."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.runsheet.journal import (
    RUN_DIR,
    STATE_DIR,
    Claimed,
    Ending,
    Journal,
    Kept,
    as_text,
    from_text,
    user_journal,
)

CLAIM = Claimed("1x-Key", 0, "dF53M7", 4711, "7", "dF53M7 until 2026-11-22 10:25:03Z")
DONE = Ending("done", "done")
AT = datetime(2026, 11, 22, 10, 15, 3, tzinfo=timezone.utc)

TEXTS = st.text(max_size=12)
SCALARS = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS)
KEPT = st.builds(
    Kept,
    st.builds(Claimed, TEXTS, st.integers(0, 2**31), TEXTS, st.integers(1, 2**31), TEXTS, TEXTS),
    st.dictionaries(TEXTS, SCALARS, max_size=5),
    st.one_of(st.none(), st.builds(Ending, TEXTS, st.one_of(st.none(), TEXTS))),
    TEXTS,
)


class Notices(list[str]):
    def __call__(self, line: str) -> None:
        self.append(line)


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def journal(tmp_path: Path, notices: Notices) -> Journal:
    return Journal(tmp_path / "state", notices)


@pytest.fixture
def another(tmp_path: Path, notices: Notices) -> Callable[[], Journal]:
    """The journal as another process of the same user has it."""
    return lambda: Journal(tmp_path / "state", notices)


def pending(journal: Journal) -> list[Kept]:
    return list(journal.pending(CLAIM.spreadsheet, CLAIM.sheet_id))


@given(KEPT)
def test_what_is_kept_comes_back_as_it_was(kept: Kept) -> None:
    again = from_text(as_text(kept))
    assert again is not None
    assert asdict(again) == asdict(kept)
    assert {k: type(v) for k, v in again.cells.items()} == {
        k: type(v) for k, v in kept.cells.items()
    }


@given(KEPT, st.floats(0, 1))
def test_a_file_that_is_cut_off_anywhere_is_never_taken_for_something_else(
    kept: Kept, part: float
) -> None:
    text = as_text(kept).strip()
    assert from_text(text[: int(part * (len(text) - 1))]) is None


@given(
    st.one_of(
        st.text(), KEPT.map(lambda kept: as_text(kept).replace('"version": 1', '"version": 2'))
    )
)
def test_what_is_not_ours_or_of_a_later_version_is_not_read(text: str) -> None:
    assert from_text(text) is None


def test_what_one_process_left_the_next_one_finds(
    journal: Journal, another: Callable[[], Journal]
) -> None:
    path = journal.keep(CLAIM, {"loss": 0.31}, DONE, AT)
    assert path is not None
    journal.leave(CLAIM)
    (found,) = pending(another())
    assert found == Kept(CLAIM, {"loss": 0.31}, DONE, "2026-11-22 10:15:03+0000")


def test_a_process_that_still_cares_is_left_alone(
    journal: Journal, another: Callable[[], Journal]
) -> None:
    journal.keep(CLAIM, {}, DONE, AT)
    assert pending(another()) == []
    journal.keep(CLAIM, {"loss": 1}, DONE, AT)  # the lock goes over to the new file
    assert pending(another()) == []
    assert pending(journal) == []


def test_two_processes_never_settle_the_same(
    journal: Journal, another: Callable[[], Journal]
) -> None:
    journal.keep(CLAIM, {}, DONE, AT)
    journal.leave(CLAIM)
    first, second = another(), another()
    assert len(pending(first)) == 1
    assert pending(second) == []
    first.written(CLAIM)
    assert pending(second) == []


def test_the_last_word_counts(journal: Journal, another: Callable[[], Journal]) -> None:
    journal.keep(CLAIM, {"loss": 2, "acc": 0.5}, None, AT)
    journal.keep(CLAIM, {"loss": 1, "acc": 0.6}, DONE, AT)
    journal.leave(CLAIM)
    (found,) = pending(another())
    assert (found.cells, found.ending) == ({"loss": 1, "acc": 0.6}, DONE)


def test_what_was_written_is_kept_no_longer(
    journal: Journal, another: Callable[[], Journal], tmp_path: Path
) -> None:
    journal.keep(CLAIM, {}, DONE, AT)
    journal.written(CLAIM)
    journal.written(CLAIM)
    assert pending(another()) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_tabs_and_spreadsheets_are_kept_apart(journal: Journal) -> None:
    journal.keep(CLAIM, {}, DONE, AT)
    journal.leave(CLAIM)
    assert list(journal.pending(CLAIM.spreadsheet, 1)) == []
    assert list(journal.pending("another", CLAIM.sheet_id)) == []


def test_what_is_dropped_stays_where_a_person_finds_it(
    journal: Journal, another: Callable[[], Journal]
) -> None:
    journal.keep(CLAIM, {"loss": 0.31}, DONE, AT)
    where = journal.drop(CLAIM)
    assert where is not None
    kept = from_text(where.read_text())
    assert kept is not None
    assert kept.cells == {"loss": 0.31}
    assert pending(another()) == []


def test_of_what_was_dropped_only_the_latest_are_held(journal: Journal) -> None:
    for pin in range(1, 130):
        claim = replace(CLAIM, pin=pin)
        journal.keep(claim, {}, DONE, AT)
        journal.drop(claim)
    assert len(list((journal.folder / "dropped").iterdir())) == 100


def test_results_lie_beside_the_run_and_the_next_process_finds_them(
    tmp_path: Path, notices: Notices, another: Callable[[], Journal]
) -> None:
    run_folder = tmp_path / "runs" / "7-x"
    run_folder.mkdir(parents=True)
    journal = Journal(tmp_path / "state", notices, run_folder)
    path = journal.keep(CLAIM, {"loss": 1}, DONE, AT)
    assert path is not None
    assert path.parent == run_folder
    journal.leave(CLAIM)
    later = another()
    assert len(pending(later)) == 1
    later.written(CLAIM)
    assert list(run_folder.iterdir()) == []
    assert pending(another()) == []
    assert notices == []


def test_a_runs_directory_that_was_deleted_is_no_trouble(
    tmp_path: Path, notices: Notices, another: Callable[[], Journal]
) -> None:
    run_folder = tmp_path / "run"
    run_folder.mkdir()
    journal = Journal(tmp_path / "state", notices, run_folder)
    path = journal.keep(CLAIM, {}, DONE, AT)
    assert path is not None
    journal.leave(CLAIM)
    path.unlink()
    (link,) = [p for p in (tmp_path / "state").rglob("*") if p.is_symlink()]
    assert pending(another()) == []
    assert link.is_symlink()  # it might be one that is being made
    os.utime(link, (1, 1), follow_symlinks=False)
    assert pending(another()) == []
    assert not link.is_symlink()
    assert notices == []


def test_a_damaged_file_is_told_and_left(
    journal: Journal, another: Callable[[], Journal], notices: Notices
) -> None:
    path = journal.keep(CLAIM, {}, DONE, AT)
    assert path is not None
    journal.leave(CLAIM)
    path.write_text("{")
    assert pending(another()) == []
    assert [str(path) in notice for notice in notices] == [True]
    assert path.exists()


def test_a_folder_that_cannot_be_used_is_told_and_training_goes_on(
    tmp_path: Path, notices: Notices
) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file", notices)
    assert journal.keep(CLAIM, {}, DONE, AT) is None
    assert "The results of run 7 can't be kept on this machine" in notices[0]
    journal.written(CLAIM)
    assert journal.drop(CLAIM) is None


def test_the_files_are_for_their_user_only(journal: Journal) -> None:
    path = journal.keep(CLAIM, {}, DONE, AT)
    assert path is not None
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_the_place_is_the_users_own_and_can_be_named(tmp_path: Path, notices: Notices) -> None:
    named = user_journal(notices, {STATE_DIR: str(tmp_path), RUN_DIR: str(tmp_path / "gone")})
    assert (named.folder, named.run_folder) == (tmp_path, None)
    beside = user_journal(notices, {RUN_DIR: str(tmp_path)})
    assert beside.run_folder == tmp_path
    assert beside.folder.name == "gsheet-ml-scheduler"


KEEP_FOR_EVER = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from gsheet_ml_scheduler.runsheet.journal import Claimed, Ending, Journal
journal = Journal(Path(sys.argv[1]), print)
claim = Claimed("1x-Key", 0, "dF53M7", 4711, "7")
number = 0
while True:
    cells = {f"metric{n}": number for n in range(200)}
    journal.keep(claim, cells, Ending("done", "done"), datetime.now(timezone.utc))
    if number == 0:
        print("begun", flush=True)
    number += 1
"""


def test_a_process_that_is_killed_at_any_moment_leaves_something_whole(
    tmp_path: Path, journal: Journal, notices: Notices
) -> None:
    for number in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", KEEP_FOR_EVER, str(tmp_path / "state")], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            time.sleep(0.003 * number)  # somewhere in the middle
            process.kill()
        (found,) = pending(journal)
        assert len(set(found.cells.values())) == 1
        assert len(found.cells) == 200
        journal.leave(found.claim)
    assert notices == []


def test_nothing_in_a_file_gives_access_to_a_sheet(journal: Journal) -> None:
    path = journal.keep(CLAIM, {"loss": 1}, DONE, AT)
    assert path is not None
    assert set(json.loads(path.read_text())["claim"]) == {
        "spreadsheet", "sheet_id", "run_name", "worker", "pin", "lease", "run_id",
    }  # fmt: skip
