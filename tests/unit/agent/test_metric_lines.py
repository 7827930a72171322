"""Metric lines, in output that comes in pieces and in a file that grows."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.agent import metric_lines
from gsheet_ml_scheduler.agent.metric_lines import (
    MetricsFile,
    PrintedMetrics,
    merge,
    parse,
    parse_step,
)
from gsheet_ml_scheduler.agent.tails import MOST_AT_ONCE, Piece, Tail


def test_numbers_bools_and_text_are_metrics() -> None:
    assert parse(b'{"loss": 0.3, "epoch": 2, "best": true, "note": "ok"}') == {
        "loss": 0.3,
        "epoch": 2,
        "best": True,
        "note": "ok",
    }
    assert math.isnan(float(parse(b'{"loss": NaN}')["loss"]))


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"{", b"[1]", b"3", b"[" * 50_000, b"\xff\xfe"),
        *(b'{"a": [1]}', b'{"a": null}', b'{"": 1}', b'{" ": 1}', b'{"_time": 1}'),
        b'{"a": "' + b"x" * metric_lines.LONGEST_LINE + b'"}',
    ],
)
def test_what_is_no_object_of_plain_values_is_no_metric(line: bytes) -> None:
    assert parse(line) == {}


def test_bytes_that_are_no_text_spoil_only_themselves() -> None:
    assert parse(b'{"a": "\xff", "b": 1}') == {"a": "�", "b": 1}


def test_a_script_that_makes_up_names_without_end_is_cut_off() -> None:
    many: dict[str, metric_lines.Value] = {}
    for number in range(1000):
        merge(many, parse(json.dumps({f"m{number}": number}).encode()))
    merge(many, {"m0": -1})
    assert len(many) == metric_lines.MOST_NAMES
    assert many["m0"] == -1


@pytest.mark.parametrize(
    "line",
    [
        'gsheet-ml: {"loss": 0.3}',
        'INFO:root:gsheet-ml: {"loss": 0.3}',
        '\r 10%|█   | 1/10 [00:01<00:09]gsheet-ml: {"loss": 0.3}',
        '[default0]:gsheet-ml: {"loss": 0.3}  ',
        'gsheet-ml: {"loss": 7} gsheet-ml: {"loss": 0.3}',
    ],
)
def test_a_mark_may_stand_anywhere_in_a_line(line: str) -> None:
    (found,) = PrintedMetrics().feed(f"before\n{line}\nafter".encode())
    assert parse(found) == {"loss": 0.3}


def test_the_last_line_counts_without_a_newline() -> None:
    printed = PrintedMetrics()
    assert printed.feed(b'gsheet-ml: {"loss"') == []
    assert printed.feed(b": 0.3}") == []
    assert [parse(line) for line in printed.end()] == [{"loss": 0.3}]
    assert printed.end() == []


def test_a_line_without_end_is_not_kept_whole() -> None:
    printed = PrintedMetrics()
    for _ in range(100):
        printed.feed(b"x" * metric_lines.LONGEST_LINE)
    assert len(printed._rest) <= metric_lines.LONGEST_LINE
    assert [parse(it) for it in printed.feed(b'\ngsheet-ml: {"a": 1}\n')] == [{"a": 1}]


noise = st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"").replace(b"gsheet", b""))


@given(st.lists(st.tuples(noise, st.integers(0, 9))), st.data())
def test_it_does_not_matter_in_which_pieces_output_comes(
    lines: list[tuple[bytes, int]], data: st.DataObject
) -> None:
    output = b"".join(b'%sgsheet-ml: {"a": %d}\n' % line for line in lines)
    printed = PrintedMetrics()
    found = []
    while output:
        size = data.draw(st.integers(1, len(output)))
        found += printed.feed(output[:size])
        output = output[size:]
    assert [parse(line) for line in [*found, *printed.end()]] == [{"a": n} for _, n in lines]


def test_a_line_may_say_when_it_was_written() -> None:
    assert parse_step(b'{"_time": 1700000000.5, "a": 1}') == ({"a": 1}, 1700000000.5)
    assert parse_step(b'{"_time": "now", "a": 1}') == ({"a": 1}, None)
    assert parse_step(b"[]") == ({}, None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def test_a_file_is_read_line_by_line_as_it_grows(path: Path) -> None:
    file = MetricsFile(path)
    assert file.read() == []
    append(path, b'{"a": 1}\n{"a"')
    assert file.read() == [b'{"a": 1}']
    append(path, b": 2}\n")
    assert file.read() == [b'{"a": 2}']
    append(path, b'{"a": 3}')
    assert file.read() == []
    assert file.end() == [b'{"a": 3}']


def test_an_earlier_attempts_lines_are_not_read_again(path: Path) -> None:
    append(path, b'{"a": 1}\n')
    file = MetricsFile(path)
    append(path, b'{"a": 2}\n')
    assert file.read() == [b'{"a": 2}']


def test_a_file_that_is_begun_anew_is_read_from_its_start(path: Path) -> None:
    append(path, b'{"a": 1}\n{"b": 1}\n')
    file = MetricsFile(path)
    path.write_bytes(b'{"c": 1}\n')
    assert file.read() == [b'{"c": 1}']


def test_of_a_flood_the_last_lines_are_read_and_little_is_held(path: Path) -> None:
    file = MetricsFile(path)
    append(path, b"".join(b'{"a": %d}\n' % number for number in range(300_000)))
    lines = file.read()
    assert parse(lines[-1]) == {"a": 299_999}
    assert all(parse(line) for line in lines[1:])  # the first may be half a line
    assert sum(map(len, lines)) <= MOST_AT_ONCE
    append(path, b'{"a": -1}\n')
    assert file.read() == [b'{"a": -1}']


def test_a_line_without_end_in_a_file_is_passed_over(path: Path) -> None:
    file = MetricsFile(path)
    for _ in range(5):
        append(path, b"x" * 100_000)
        assert file.read() == []
    append(path, b'\n{"a": 1}\n')
    assert [parse(line) for line in file.read()][-1] == {"a": 1}


def test_a_tail_tells_what_is_new_and_whether_something_is_missing(path: Path) -> None:
    tail = Tail(path, most=10)
    assert tail.read() == Piece(b"")
    append(path, b"abc")
    assert tail.read() == Piece(b"abc")
    append(path, b"0123456789ABCDEF")
    assert tail.read() == Piece(b"6789ABCDEF", is_gapless=False)
    path.write_bytes(b"new")
    assert tail.read() == Piece(b"new", is_gapless=False)
    path.unlink()
    assert tail.read().data == b""
