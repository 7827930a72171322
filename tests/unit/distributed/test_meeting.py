"""Ranks find each other, nobody else gets in, and whoever is missing is named."""

import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsheet_ml_scheduler.distributed import meeting
from gsheet_ml_scheduler.distributed.channel import Alone, Channel, receive, send
from gsheet_ml_scheduler.distributed.meeting import (
    FOLDER,
    Clock,
    master_address,
    meet,
    meeting_file,
)
from gsheet_ml_scheduler.errors import RanksError

SHORT = Clock(patience=0.3)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda part: st.one_of(
        st.lists(part, max_size=3), st.dictionaries(st.text(), part, max_size=3)
    ),
    max_leaves=10,
)


def environ_of(rank: int, size: int, folder: Path, **more: str) -> dict[str, str]:
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
        FOLDER: str(folder),
        **more,
    }


class Meeting(threading.Thread):
    """One rank, in a thread of its own."""

    def __init__(self, environ: Mapping[str, str], clock: Clock | None = None) -> None:
        super().__init__(daemon=True)
        self.environ, self.clock = environ, clock
        self.channel: Channel | None = None
        self.error: RanksError | None = None
        self.start()

    def run(self) -> None:
        try:
            self.channel = meet(self.environ, self.clock)
        except RanksError as error:
            self.error = error


@contextmanager
def met(folder: Path, size: int, **more: str) -> Iterator[list[Channel]]:
    """The channels of so many ranks."""
    threads = [Meeting(environ_of(rank, size, folder, **more)) for rank in range(size)]
    for thread in threads:
        thread.join(30)
    channels = [thread.channel for thread in threads if thread.channel is not None]
    try:
        assert [thread.error for thread in threads] == [None] * size
        yield channels
    finally:
        for channel in channels:
            channel.close()


def address_in(folder: Path) -> tuple[str, int, str]:
    """What rank 0 published."""
    deadline = 100
    while not (files := list(folder.glob(".gsheet-ml-ranks-*.json"))):
        threading.Event().wait(0.02)
        deadline -= 1
        assert deadline
    host, port, secret = json.loads(files[0].read_text())
    assert files[0].stat().st_mode & 0o077 == 0
    return host, port, secret


def test_one_rank_is_alone() -> None:
    channel = meet({})
    assert isinstance(channel, Alone)
    assert channel.gather("a") == ["a"]
    assert channel.spread("b") == "b"


def test_ranks_meet_by_a_file_and_the_file_is_gone_afterwards(tmp_path: Path) -> None:
    with met(tmp_path, 3) as channels:
        assert [channel.rank.number for channel in channels] == [0, 1, 2]
        for channel in channels[1:]:
            assert channel.gather(f"from {channel.rank.number}") == []
        assert channels[0].gather("from 0") == ["from 0", "from 1", "from 2"]
        assert channels[0].spread({"lr": 0.1}) == {"lr": 0.1}
        assert [channel.spread(None) for channel in channels[1:]] == [{"lr": 0.1}] * 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_ranks_meet_where_the_launcher_says(tmp_path: Path, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with met(tmp_path, 2, MASTER_ADDR=host, MASTER_PORT=str(port)) as channels:
        channels[0].spread("x" * 3_000_000)
        assert channels[1].spread(None) == "x" * 3_000_000
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1] - 17)
        with pytest.raises(RanksError, match=r"can't listen on 127.0.0.1:.*another MASTER_PORT"):
            meet(environ_of(0, 2, tmp_path, MASTER_ADDR="127.0.0.1", MASTER_PORT=port), SHORT)


def test_the_ranks_that_do_not_come_are_named(tmp_path: Path) -> None:
    with pytest.raises(RanksError, match=r"waited 0.3 s for rank 1, 2 of 3. Start all of them"):
        meet(environ_of(0, 3, tmp_path), SHORT)
    assert list(tmp_path.iterdir()) == []


def test_a_rank_that_finds_nobody_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(RanksError, match=rf"rank 2 of 3 looked for rank 0 at {tmp_path}.*0.3 s"):
        meet(environ_of(2, 3, tmp_path), SHORT)


def test_a_folder_that_cannot_be_written_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RanksError, match=f"rank 0 can't write .* or name one in {FOLDER}"):
        meet(environ_of(0, 2, tmp_path / "nowhere"), SHORT)


def answer_to(stranger: socket.socket, words: bytes) -> bytes:
    """What somebody hears: nothing, if the connection was closed or reset, however early."""
    try:
        stranger.sendall(words)
        stranger.shutdown(socket.SHUT_WR)
        return stranger.recv(100)
    except OSError:
        return b""


STRANGERS: list[bytes] = [
    b"",
    b"GET / HTTP/1.1\r\n\r\n",
    struct.pack(">I", 2**31) + b"...",
    struct.pack(">I", 2) + b"[]",
    struct.pack(">I", 4) + b"null",
    struct.pack(">I", 3) + b"\xff{}",
    struct.pack(">I", 30) + b'{"rank": 1, "secret": "guess"}',
]


def test_nobody_gets_in_without_the_secret(tmp_path: Path) -> None:
    first = Meeting(environ_of(0, 2, tmp_path))
    host, port, secret = address_in(tmp_path)
    for words in STRANGERS:
        with socket.create_connection((host, port), timeout=10) as stranger:
            assert answer_to(stranger, words) == b""
    with socket.create_connection((host, port), timeout=10) as wrong:
        send(wrong, {"rank": 7, "secret": secret})
        assert "rank 7 of 2 is here already, or isn't expected" in receive(wrong)
    second = Meeting(environ_of(1, 2, tmp_path))
    for thread in (first, second):
        thread.join(30)
        assert thread.error is None
        assert thread.channel is not None
        thread.channel.close()


def test_a_file_that_an_earlier_job_left_is_no_trouble(tmp_path: Path) -> None:
    stale = meeting_file(environ_of(1, 2, tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as somebody:  # who has got its port meanwhile
        stale.write_text(json.dumps(["127.0.0.1", somebody.getsockname()[1], "old"]))
        second = Meeting(environ_of(1, 2, tmp_path))
        greeted, _ = somebody.accept()
        greeted.close()
        first = Meeting(environ_of(0, 2, tmp_path))
        while second.is_alive():
            somebody.settimeout(0.05)
            try:
                somebody.accept()[0].close()
            except TimeoutError:
                continue
    for thread in (first, second):
        thread.join(30)
        assert thread.error is None
        assert thread.channel is not None
        thread.channel.close()


def test_every_job_has_a_file_of_its_own(tmp_path: Path) -> None:
    jobs: list[dict[str, str]] = [
        {},
        {"SLURM_JOB_ID": "1"},
        {"SLURM_JOB_ID": "1", "SLURM_STEP_ID": "1"},
        {"SLURM_JOB_ID": "2"},
        {"PMIX_NAMESPACE": "1"},
    ]
    files = {meeting_file({FOLDER: str(tmp_path), **job}) for job in jobs}
    assert len(files) == len(jobs)
    assert {file.parent for file in files} == {tmp_path}


def test_the_port_is_near_the_masters_and_never_beyond_the_last() -> None:
    assert meeting.master_address({"MASTER_ADDR": "h"}, 2) is None
    for given_port, port in (("29500", 29517), ("65535", 65518), ("65518", 65535)):
        address = master_address({"MASTER_ADDR": "h", "MASTER_PORT": given_port}, 2)
        assert address is not None
        assert address.port == port


@given(JSON)
def test_a_message_arrives_as_it_was_sent(message: Any) -> None:
    here, there = socket.socketpair()
    with here, there:
        send(here, message)
        assert receive(there) == message
