"""Input that is wrong, hostile or far too much: an error in Google's shape, and the server goes on.

The server is a process of its own here, so that its memory can be measured.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.contract.http.plain import Plain
from tests.served import TOKEN, Served, serving_process

MEGABYTE = 1024 * 1024
ROOM = 700  # megabytes more than at the start that any single request may cost


@dataclass(frozen=True)
class Process:
    """A server that runs by itself."""

    served: Served
    process: subprocess.Popen[str]

    def peak(self) -> int:
        """The most memory that it ever took, in megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024

    @contextmanager
    def bounded(self, megabytes: int = ROOM) -> Iterator[None]:
        """See that the server's memory stays within bounds meanwhile, and that it is up after."""
        if sys.platform != "linux":
            yield
            return
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        before = self.peak()
        yield
        assert self.process.poll() is None
        assert self.peak() - before < megabytes


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A server process with a folder of workbooks."""
    folder = tmp_path_factory.mktemp("served")
    with serving_process(str(folder), "--port", "0", "--token", TOKEN) as process:
        assert process.stdout is not None
        base = process.stdout.readline().partition("/?")[0]
        yield Process(Served(base, TOKEN, ()), process)


@pytest.fixture
def plain(running: Process) -> Iterator[Plain]:
    """A connection to it, with a new workbook; the server must be alive afterwards."""
    with Plain(running.served, timeout=120) as connection:
        made = connection.ask("POST", "/v4/spreadsheets", {"properties": {"title": "target"}})
        key = made.json()["spreadsheetId"]
        connection.server = Served(running.served.base, TOKEN, (key,))
        yield connection
        assert connection.write([["alive"]]).status == 200
        assert connection.values("A1") == [["alive"]]
        assert connection.ask("DELETE", f"/drive/v3/files/{key}").status == 204


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"\xff\xfe", b"not json", b'{"values":[[1,]]}', b'{"values":[[NaN]]}']
)
def test_what_isn_t_json_is_a_400_that_says_where(plain: Plain, body: bytes) -> None:
    code, status, message = plain.ask(
        "PUT", f"{plain.root}/values/A1?valueInputOption=RAW", body
    ).error()
    assert (code, status) == (400, "INVALID_ARGUMENT")
    assert message.startswith("Invalid JSON payload received.")


@pytest.mark.parametrize(
    "values",
    [
        "text",
        17,
        {"a": 1},
        [1, 2],
        [["x"], "y"],
        [[{"a": 1}]],
        [[["x"]]],
        [[1e999]],
        [["x" * 50_001]],
    ],
)
def test_what_is_no_value_is_a_400(plain: Plain, values: object) -> None:
    assert plain.write(values).error()[:2] == (400, "INVALID_ARGUMENT")
    assert plain.values("A1") == []


@pytest.mark.parametrize(
    "a1",
    [
        "A1001", "ZZZZ1", "Nope!A1", "A0", "1A", "Sheet1!", "A1:B2:C3", "'Sheet1", "A-1",
        "A99999999999999999999", "%F0%9F%98%80", "%00", "Sheet1!A1%0AB2", "..%2F..%2Fetc%2Fpasswd",
    ],
)  # fmt: skip
def test_a_range_off_the_grid_or_out_of_this_world_is_a_400(plain: Plain, a1: str) -> None:
    assert plain.ask("GET", f"{plain.root}/values/{a1}").error()[:2] == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    "request_",
    [
        {"noSuchKind": {}},
        {"updateCells": "text"},
        {"updateCells": {"rows": [], "fields": "*", "start": {"sheetId": 12345}}},
        {"updateCells": {"rows": 17, "fields": "*", "start": {"sheetId": 0}}},
        {"deleteDimension": {"range": {"sheetId": 0, "dimension": "ROWS", "startIndex": -5}}},
        {"deleteDimension": {"range": {"sheetId": "0", "dimension": "SIDEWAYS"}}},
        {"deleteSheet": {"sheetId": 777}},
        {"findReplace": {"find": "(", "searchByRegex": True, "allSheets": True}},
        {"repeatCell": {"range": {"sheetId": 0}, "cell": {}, "fields": "no.such.field(" * 30}},
        {"addSheet": {"properties": {"title": "Sheet1"}}},
        {},
        {"addSheet": {}, "deleteSheet": {"sheetId": 0}},
        None,
        17,
    ],
)
def test_a_wrong_request_in_a_batch_is_a_400_and_changes_nothing(
    plain: Plain, request_: object
) -> None:
    first = {"addSheet": {"properties": {"title": "must not stay", "sheetId": 99}}}
    answer = plain.ask("POST", f"{plain.root}:batchUpdate", {"requests": [first, request_]})
    assert answer.error()[:2] == (400, "INVALID_ARGUMENT")
    sheets = plain.ask("GET", f"{plain.root}?fields=sheets.properties.title").json()["sheets"]
    assert len(sheets) == 1


@pytest.mark.parametrize(
    "name", ["unknown", "%F0%9F%98%80", "..%2F..%2Fetc", "%27", "a%0Ab", "x" * 9000]
)
def test_an_unknown_id_is_a_404(plain: Plain, name: str) -> None:
    for path in (f"/v4/spreadsheets/{name}", f"/v4/spreadsheets/{name}/values/A1"):
        assert plain.ask("GET", path).error()[:2] == (404, "NOT_FOUND")
    answer = plain.ask("POST", f"/v4/spreadsheets/{name}:batchUpdate", {"requests": []})
    assert answer.error()[:2] == (404, "NOT_FOUND")


TITLES = [
    "it's", 'say "hi"', "\N{GRINNING FACE} runs", "two\nlines", "a/b?c#d%e&f", "A1", "日本語",
    "' '", "x!y",
]  # fmt: skip


@pytest.mark.parametrize("title", TITLES)
def test_any_title_can_be_given_to_a_tab_and_asked_for(plain: Plain, title: str) -> None:
    add = {"addSheet": {"properties": {"title": title, "sheetId": 99}}}
    answer = plain.ask("POST", f"{plain.root}:batchUpdate", {"requests": [add]})
    assert answer.status == 200, answer.body
    a1 = quote(f"'{title.replace(chr(39), chr(39) * 2)}'!B2", safe="")
    assert plain.write([["here"]], a1).status == 200
    assert plain.values(a1) == [["here"]]


def test_text_of_every_kind_comes_back_as_it_was(plain: Plain) -> None:
    texts = [
        "",
        "\x00",
        "\x1f",
        "\u2028",
        "\ufeff",
        "\N{GRINNING FACE}",
        'quote " \\ /',
        "a\r\nb\tc",
    ]
    assert plain.write([texts]).status == 200
    assert plain.values("A1:H1") == [texts]


def test_half_a_character_is_a_400(plain: Plain) -> None:
    body = b'{"values":[["\\ud83d"]]}'
    answer = plain.ask("PUT", f"{plain.root}/values/A1?valueInputOption=RAW", body)
    assert "surrogate" in answer.error()[2]


def test_a_hundred_thousand_brackets_are_a_400(running: Process, plain: Plain) -> None:
    with running.bounded():
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            body = b'{"values":' + opening * 100_000 + b"1" + closing * 100_000 + b"}"
            answer = plain.ask("PUT", f"{plain.root}/values/A1?valueInputOption=RAW", body)
            assert "more than 100 deep" in answer.error()[2]


def test_fifty_megabytes_are_refused_in_words_and_never_kept(
    running: Process, plain: Plain
) -> None:
    with running.bounded(60):
        body = b'{"values":[["' + b"x" * (50 * MEGABYTE) + b'"]]}'
        code, status, message = plain.ask(
            "PUT", f"{plain.root}/values/A1?valueInputOption=RAW", body
        ).error()
    assert (code, status) == (400, "INVALID_ARGUMENT")
    assert message == "Request payload size exceeds the limit: 10485760 bytes. Send it in parts."


def test_fifty_megabytes_that_nobody_announced_are_refused_too(
    running: Process, plain: Plain
) -> None:
    head = (
        f"POST {plain.root}:batchUpdate HTTP/1.1\r\nHost: 127.0.0.1:{running.served.port}\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    chunk = b"100000\r\n" + b" " * MEGABYTE + b"\r\n"
    with (
        running.bounded(60),
        socket.create_connection(("127.0.0.1", running.served.port), timeout=60) as connection,
    ):
        connection.sendall(head.encode())
        for _ in range(50):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
        received = b""
        while part := connection.recv(65536):
            received += part
    assert json.loads(received.partition(b"\r\n\r\n")[2])["error"]["code"] == 400


def test_fifty_megabytes_without_a_token_are_a_401(running: Process) -> None:
    stranger = Served(running.served.base, None, ("some-workbook",))
    with running.bounded(60), Plain(stranger, timeout=60) as connection:
        body = b"x" * (50 * MEGABYTE)
        answer = connection.ask("PUT", f"{connection.root}/values/A1", body)
        assert answer.error()[:2] == (401, "UNAUTHENTICATED")


def test_nine_megabytes_of_cells_are_taken_within_bounds(running: Process, plain: Plain) -> None:
    line = ["x" * 340] * 26
    with running.bounded():
        answer = plain.write([line] * 1000, "A1:Z1000")
        assert answer.status == 200, answer.body
        assert answer.json()["updatedCells"] == 26_000


def test_ten_million_cells_in_one_request_are_answered_or_refused_within_bounds(
    running: Process, plain: Plain
) -> None:
    def resized(**counts: int) -> object:
        wanted = {"sheetId": 0, "gridProperties": counts}
        fields = ",".join(f"gridProperties.{name}" for name in counts)
        return {"updateSheetProperties": {"properties": wanted, "fields": fields}}

    narrow, tall = resized(columnCount=10), resized(rowCount=1_000_000)
    grid = {"sheetId": 0, "endRowIndex": 1_000_000, "endColumnIndex": 10}
    cell = {"userEnteredValue": {"numberValue": 1}}
    fill = {"repeatCell": {"range": grid, "cell": cell, "fields": "userEnteredValue"}}
    with running.bounded():
        resize = {"requests": [narrow, tall]}
        assert plain.ask("POST", f"{plain.root}:batchUpdate", resize).status == 200
        for verb, path, body in (
            ("GET", f"{plain.root}/values/A1:J1000000", None),
            ("GET", f"{plain.root}?includeGridData=true", None),
            ("POST", f"{plain.root}:batchUpdate", {"requests": [fill]}),
            ("POST", f"{plain.root}/values/A1:J1000000:clear", {}),
        ):
            answer = plain.ask(verb, path, body)
            assert answer.status == 200 or answer.error()[1] == "INVALID_ARGUMENT"


def test_a_grid_beyond_ten_million_cells_is_a_400(running: Process, plain: Plain) -> None:
    huge = {"rowCount": 2_000_000_000, "columnCount": 18_000}
    with running.bounded():
        for request_ in (
            {"addSheet": {"properties": {"title": "huge", "gridProperties": huge}}},
            {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 2_000_000_000}},
        ):
            answer = plain.ask("POST", f"{plain.root}:batchUpdate", {"requests": [request_]})
            assert answer.error()[:2] == (400, "INVALID_ARGUMENT")


def test_a_formula_of_fifty_thousand_letters_breaks_nothing(running: Process, plain: Plain) -> None:
    with running.bounded():
        for formula in (
            "=" + "1+" * 24_999 + "1",
            "=" + "(" * 24_000 + "1" + ")" * 24_000,
            "=" + "-" * 49_998 + "1",
            "=" + "SUM(" * 9_000 + "1" + ")" * 9_000,
            "=" + "{" * 49_000,
            '="' + "x" * 49_000,
        ):
            answer = plain.write([[formula]], option="USER_ENTERED")
            assert answer.status == 200 or answer.error()[1] == "INVALID_ARGUMENT"
            assert plain.ask("GET", f"{plain.root}/values/A1").status == 200


def test_a_hundred_thousand_ranges_in_one_request_stay_within_bounds(
    running: Process, plain: Plain
) -> None:
    with running.bounded():
        data = [{"range": "A1", "values": [[1]]}] * 100_000
        body = {"valueInputOption": "RAW", "data": data}
        answer = plain.ask("POST", f"{plain.root}/values:batchUpdate", body)
        assert answer.status == 200 or answer.error()[1] == "INVALID_ARGUMENT"
