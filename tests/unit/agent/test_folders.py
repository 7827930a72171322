"""The directory of a run: names that any file system takes, files that are never half."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.agent.folders import RunFolder, replace_json, replace_text, safe_name


@pytest.mark.parametrize(
    ("run_name", "expected"),
    [
        ("3", "3-7f"),
        ("a long one", "a_long_one-7f"),
        ("lr=1e-05,opt=adam", "lr=1e-05,opt=adam-7f"),
        ("größer als früher", "größer_als_früher-7f"),
        ("../../etc/passwd", "etc_passwd-7f"),
        ("..", "run-7f"),
        ("", "run-7f"),
        ("-rf", "rf-7f"),
        (".hidden", "hidden-7f"),
        ("a\0b\nc", "a_b_c-7f"),
        ("🙂🙂", "run-7f"),
        ("\ud83d", "run-7f"),
        ("学习率", "学习率-7f"),
        ("x" * 300, "x" * 80 + "-7f"),
        ("ü" * 300, "ü" * 40 + "-7f"),
    ],
)
def test_a_directory_is_named_by_run_name_and_id(run_name: str, expected: str) -> None:
    assert safe_name(run_name, "7f") == expected


@given(st.text(), st.text(max_size=20))
def test_any_run_name_makes_one_directory_below_the_runs(run_name: str, run_id: str) -> None:
    name = safe_name(run_name, run_id)
    assert name and name[0] not in ".-"
    assert not set(name) & set('/\\\0\n\r\t "$`;*?<>|&')
    assert len(name.encode()) < 255
    assert (Path("/runs") / name).parent == Path("/runs")


@given(st.text(max_size=10), st.text(max_size=10), st.sampled_from(["1", "2f", "a-b"]))
def test_the_same_run_has_the_same_directory_and_ids_tell_runs_apart(
    one: str, other: str, run_id: str
) -> None:
    assert safe_name(one, run_id) == safe_name(one, run_id)
    assert safe_name(one, run_id) != safe_name(other, f"{run_id}0")


def test_a_directory_is_made_again_with_what_lies_in_it_but_without_old_requests(
    tmp_path: Path,
) -> None:
    folder = RunFolder(tmp_path / "runs" / "1-7f")
    folder.make()
    (folder.path / "checkpoint.pt").write_text("weights")
    folder.stop_request.touch()
    folder.follower.touch()
    folder.make()
    assert sorted(it.name for it in folder.path.iterdir()) == ["checkpoint.pt"]


def test_a_reader_never_meets_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    replace_json(path, {"n": 0})
    is_over = threading.Event()

    def write() -> None:
        for number in range(300):
            replace_json(path, {"n": number, "long": "x" * 5000})
        is_over.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = [0]
    while not is_over.is_set():
        seen.append(json.loads(path.read_text())["n"])
    writer.join()
    assert seen == sorted(seen)
    assert [it.name for it in tmp_path.iterdir()] == ["config.json"]


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(OSError, match=r"config\.json"):
        replace_text(tmp_path / "config.json", "x")
    assert [it.name for it in tmp_path.iterdir()] == ["config.json"]


def test_a_file_of_ours_can_be_read_by_others_and_holds_any_text(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    replace_text(path, "half a character: \ud83d")
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.read_text() == "half a character: \\ud83d"
