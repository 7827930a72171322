"""What every answer has in common, whatever it says."""

import contextlib
import gzip
import json
import socket
import sqlite3
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets import front
from gsheet_ml_scheduler.localsheets.api.replies import Reply
from gsheet_ml_scheduler.server import Shelf, bundle
from tests.contract.http.plain import Plain, raw
from tests.served import TOKEN, Served, served


def changes(workbook: Path) -> list[tuple[int, str]]:
    """Revision and author of every batch in a file's change log."""
    connection = sqlite3.connect(workbook)
    try:
        return connection.execute("SELECT revision, author FROM changes ORDER BY 1").fetchall()
    finally:
        connection.close()


class Broken(Shelf):
    """A shelf with a bug in every write."""

    def answer(self, request: front.Request) -> Reply:
        """Fail, or do what is asked."""
        if request.verb == "PUT":
            raise ZeroDivisionError("the secret of the bug")
        return super().answer(request)


def test_an_answer_comes_in_one_piece_and_says_how_long_it_is(server: Served) -> None:
    path = f"/v4/spreadsheets/{server.key}/values/A1?token={TOKEN}"
    sent = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for _ in range(20):
            connection.sendall(sent)
            received = connection.recv(65536)
            head, _, body = received.partition(b"\r\n\r\n")
            assert body == b'{"range":"Sheet1!A1","majorDimension":"ROWS","values":[["lr"]]}'
            assert f"content-length: {len(body)}".encode() in head.lower()
            assert b"transfer-encoding" not in head.lower()


def test_a_connection_serves_many_requests(plain: Plain) -> None:
    for number in range(50):
        assert plain.write([[number]]).status == 200
        assert plain.values("A1") == [[number]]


def test_requests_sent_ahead_are_answered_in_order(server: Served) -> None:
    cells = ["A1", "B1", "A2", "B2"] * 5
    sent = b"".join(
        f"GET /v4/spreadsheets/{server.key}/values/{cell} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"{'Connection: close' if at == len(cells) - 1 else 'X-Nothing: 1'}\r\n\r\n".encode()
        for at, cell in enumerate(cells)
    )
    received = raw(server, sent).decode()
    ranges = [part.partition('"')[0] for part in received.split('"range":"')[1:]]
    assert ranges == [f"Sheet1!{cell}" for cell in cells]


def test_every_answer_carries_the_servers_time(plain: Plain) -> None:
    for path in (f"{plain.root}/values/A1", "/nothing/here", f"/spreadsheets/d/{plain.server.key}"):
        before = datetime.now(timezone.utc).replace(microsecond=0)
        answer = plain.ask("GET", path)
        after = datetime.now(timezone.utc)
        assert before <= parsedate_to_datetime(answer.headers["Date"]) <= after
        assert len(answer.headers.get_all("Date", [])) == 1


def test_a_large_answer_is_compressed_for_those_who_can_read_it(plain: Plain) -> None:
    text = "a longer text with an ü " * 100
    assert plain.write([[text]] * 200, "A1:A200").status == 200
    path = f"{plain.root}/values/A1:A200"
    whole = plain.ask("GET", path)
    packed = plain.ask("GET", path, headers={"Accept-Encoding": "gzip, deflate"})
    assert "Content-Encoding" not in whole.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] == str(len(packed.body))
    assert len(packed.body) < len(whole.body) / 10
    assert gzip.decompress(packed.body) == whole.body


def test_an_unknown_address_is_googles_404(plain: Plain) -> None:
    for path in (
        "/v4",
        "/v4/nonsense",
        "/v4%0A",
        f"{plain.root}/nonsense",
        "/v5/spreadsheets",
        "/%00",
    ):
        answer = plain.ask("PUT", path, {})
        assert answer.error()[:2] == (404, "NOT_FOUND")
    assert plain.ask("GET", "/favicon.ico").error()[:2] == (404, "NOT_FOUND")


def test_another_workbooks_id_is_googles_404(plain: Plain) -> None:
    answer = plain.ask("GET", "/v4/spreadsheets/1HSmobuuXsOgUOM5cQ-ecHJS9hVrEj6D3AZG8gokbj6I")
    assert answer.error() == (404, "NOT_FOUND", "Requested entity was not found.")


def test_the_wrong_verb_is_told_the_right_one(plain: Plain) -> None:
    answer = plain.ask("DELETE", f"{plain.root}/values/A1")
    assert answer.error() == (
        405,
        "UNIMPLEMENTED",
        "DELETE is not a method of this address; GET and PUT are.",
    )
    assert answer.headers["Allow"] == "GET, PUT"
    assert plain.ask("PUT", "/", {}).error()[0] == 405
    assert plain.ask("BREW", f"{plain.root}:batchUpdate", {}).error()[0] == 405


def test_an_unknown_format_is_refused(plain: Plain) -> None:
    assert plain.ask("GET", f"{plain.root}/values/A1?alt=json").status == 200
    for alt in ("xml", "proto", "media", ""):
        answer = plain.ask("GET", f"{plain.root}/values/A1?alt={alt}")
        assert answer.error()[:2] == (400, "INVALID_ARGUMENT")
        assert "only json is served" in answer.error()[2]


def test_the_change_log_knows_who_wrote_from_where(server: Served, workbook: Path) -> None:
    with Plain(server) as connection:
        connection.headers["User-Agent"] = "worker dF53M7"
        assert connection.write([["by a worker"]]).status == 200
    authors = [author for _, author in changes(workbook)]
    assert authors[-1] == "worker dF53M7 (127.0.0.1)"


def test_nobody_signs_with_another_address(server: Served, workbook: Path) -> None:
    with Plain(server) as connection:
        connection.headers.update({"X-Forwarded-For": "10.9.8.7", "User-Agent": "x" * 5000})
        assert connection.write([[1]]).status == 200
    author = changes(workbook)[-1][1]
    assert author.endswith(" (127.0.0.1)")
    assert len(author) < 300


def test_a_write_is_on_the_disk_when_it_is_answered_whatever_was_asked_for(
    server: Served, workbook: Path
) -> None:
    """A worker outlives its server's machine, so `durability=relaxed` is for files only."""
    with Plain(server) as connection:
        connection.headers["Prefer"] = "durability=relaxed"
        assert connection.write([["kept"]]).status == 200
        assert "Preference-Applied" not in connection.write([["kept"]]).headers
    assert localsheets.open_workbook(workbook).sheet1.acell("A1").value == "kept"


def test_a_mistake_of_ours_is_a_500_without_a_trace_and_the_log_has_it(
    workbook: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with served(workbook, shelf=Broken(workbook)) as server, Plain(server) as connection:
        answer = connection.write([[1]])
        assert answer.error()[:2] == (500, "INTERNAL")
        assert b"secret" not in answer.body
        assert b"ZeroDivision" not in answer.body
    assert "ZeroDivisionError: the secret of the bug" in caplog.text
    assert "Traceback" in caplog.text


def test_after_a_mistake_of_ours_the_server_goes_on(workbook: Path) -> None:
    with served(workbook, shelf=Broken(workbook)) as server:
        for _ in range(3):
            with Plain(server) as connection:
                assert connection.write([[1]]).status == 500
        with Plain(server) as connection:
            assert connection.values("A1") == [["lr"]]


def test_a_file_that_was_deleted_is_an_answer(server: Served, workbook: Path) -> None:
    with Plain(server) as connection:
        workbook.unlink()
        code, status, message = connection.ask("GET", f"{connection.root}/values/A1").error()
    assert (code, status) == (404, "NOT_FOUND")
    assert "runs.sheet is gone" in message


def test_the_page_for_people_loads_nothing_from_elsewhere_and_holds_no_words_of_others(
    server: Served,
) -> None:
    with Plain(server) as connection:
        spreadsheet = server.spreadsheet()
        spreadsheet.update_title("<script>alert('runs')</script> & more")
        page = connection.ask("GET", f"/spreadsheets/d/{server.key}/edit")
        text = page.body.decode()
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "alert(" not in text
        assert TOKEN not in text
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy
        for outside in ("http:", "https:", "url(", "@import", '="//'):
            assert outside not in text
        assert connection.ask("GET", "/spreadsheets/d/unknown").status == 404
        listed = connection.ask("GET", "/").body.decode()
        assert f'href="/spreadsheets/d/{server.key}"' in listed
        assert "&lt;script&gt;" in listed
        assert "<script" not in listed


def test_where_the_grid_isnt_built_a_page_says_so_and_how_to_work_without_it(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "FOLDER", tmp_path / "nothing-built")
    with Plain(server) as connection:
        server.spreadsheet().update_title("<b>runs</b>")
        page = connection.ask("GET", f"/spreadsheets/d/{server.key}")
        text = page.body.decode()
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "script-src" not in page.headers["Content-Security-Policy"]
        assert "<h1>&lt;b&gt;runs&lt;/b&gt;</h1>" in text
        assert "isn't built in this installation" in text
        assert f"{server.base}/spreadsheets/d/{server.key}?token=…" in text
        assert TOKEN not in text
        assert connection.ask("GET", "/static/assets/index.js").status == 404
        assert connection.values("A1") == [["lr"]]


def test_what_isn_t_http_is_refused_and_the_server_goes_on(server: Served) -> None:
    for sent in (b"\x16\x03\x01\x02\x00\x01\x00", b"HELLO\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        head, _, body = raw(server, sent + b"\r\n\r\n").partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert json.loads(body)["error"]["status"] == "INVALID_ARGUMENT"
    endless = b"GET / HTTP/1.1\r\nX: " + b"a" * 5_000_000
    with contextlib.suppress(ConnectionError):  # it hangs up in the middle, as it should
        assert raw(server, endless).startswith(b"HTTP/1.1 400 ")
    with Plain(server) as connection:
        assert connection.values("A1") == [["lr"]]


def test_times_are_read_when_the_answer_is_ready(server: Served) -> None:
    """A client takes Date as the server's clock, so it must not be older than the answer."""
    with Plain(server) as connection:
        for _ in range(3):
            answer = connection.write([["x" * 40_000]] * 200, "A1:A200")
            sent = parsedate_to_datetime(answer.headers["Date"]).timestamp()
            assert time.time() - sent < 2
