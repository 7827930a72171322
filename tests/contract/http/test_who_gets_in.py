"""Each rule of the door, and an attempt to get past it over a real socket."""

import json
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.contract.http.plain import Plain, raw
from tests.live import Grid, snapshot, watching
from tests.served import TOKEN, Served, served


def request(
    server: Served, verb: str, path: str, *headers: str, host: str | None = None, body: str = ""
) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers of a request of which every byte is given."""
    lines = [f"{verb} {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{server.port}'}"]
    lines += [*headers, "Connection: close"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    sent = "\r\n".join(lines) + "\r\n\r\n" + body
    head, _, found = raw(server, sent.encode()).decode().partition("\r\n\r\n")
    first, *rest = head.split("\r\n")
    pairs = [line.partition(": ") for line in rest]
    return int(first.split()[1]), found, {name.lower(): value for name, _, value in pairs}


def error_of(body: str) -> tuple[int, str, str]:
    error = json.loads(body)["error"]
    return error["code"], error["status"], error["message"]


def cell(server: Served) -> str:
    return f"/v4/spreadsheets/{server.key}/values/A1"


WRITE = json.dumps({"values": [["broken in"]]})
JSON = "Content-Type: application/json"
BEARER = f"Authorization: Bearer {TOKEN}"


def assert_nothing_was_written(server: Served) -> None:
    with Plain(server) as connection:
        assert connection.values("A1") == [["lr"]]


def test_without_the_token_nothing_is_read_or_written(server: Served) -> None:
    for verb, path in (
        ("GET", cell(server)),
        ("PUT", f"{cell(server)}?valueInputOption=RAW"),
        ("GET", f"/v4/spreadsheets/{server.key}"),
        ("GET", "/drive/v3/files"),
        ("GET", "/no/such/path"),
        ("DELETE", f"/drive/v3/files/{server.key}"),
    ):
        status, body, headers = request(
            server, verb, path, JSON, body=WRITE if verb == "PUT" else ""
        )
        assert status == 401
        assert error_of(body)[1] == "UNAUTHENTICATED"
        assert headers["www-authenticate"].startswith("Bearer")
        assert server.key not in body
    assert_nothing_was_written(server)


def test_the_token_gets_in_as_header_as_query_and_as_cookie(server: Served) -> None:
    for way in (
        (cell(server), BEARER),
        (f"{cell(server)}?token={TOKEN}", "X-Nothing: 1"),
        (cell(server), f"Cookie: gsheet-ml-{server.port}={TOKEN}"),
    ):
        status, body, _ = request(server, "GET", *way)
        assert status == 200
        assert json.loads(body)["values"] == [["lr"]]


@pytest.mark.parametrize("wrong", [TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), "%00", "null"])
def test_another_token_does_not(server: Served, wrong: str) -> None:
    for way in (
        (cell(server), f"Authorization: Bearer {wrong}"),
        (f"{cell(server)}?token={wrong}", "X-Nothing: 1"),
        (cell(server), f"Cookie: gsheet-ml-{server.port}={wrong}"),
    ):
        status, body, _ = request(server, "GET", *way)
        assert (status, error_of(body)[1]) == (401, "UNAUTHENTICATED")
        assert "isn't the server's token" in error_of(body)[2]


def test_a_name_bound_to_this_machine_by_others_leads_nowhere(server: Served) -> None:
    for host in (f"evil.example:{server.port}", "127.0.0.1.evil.example", "192.168.0.9"):
        for verb in ("GET", "PUT"):
            status, body, _ = request(
                server, verb, f"{cell(server)}?valueInputOption=RAW", BEARER, JSON,
                host=host, body=WRITE if verb == "PUT" else "",
            )  # fmt: skip
            assert (status, error_of(body)[1]) == (403, "PERMISSION_DENIED")
            assert "doesn't answer to the name" in error_of(body)[2]
    assert_nothing_was_written(server)


def test_two_host_headers_are_refused(server: Served) -> None:
    status, _, _ = request(server, "GET", cell(server), BEARER, "Host: evil.example")
    assert status == 400


def test_a_foreign_page_with_a_stolen_cookie_changes_nothing(server: Served) -> None:
    cookie = f"Cookie: gsheet-ml-{server.port}={TOKEN}"
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        for path, verb in (
            (f"{cell(server)}?valueInputOption=RAW", "PUT"),
            (f"{cell(server)}:clear", "POST"),
            (f"/v4/spreadsheets/{server.key}:batchUpdate", "POST"),
        ):
            body = "" if path.endswith(":clear") else WRITE
            status, found, _ = request(
                server, verb, path, cookie, JSON, f"Origin: {origin}", body=body
            )
            assert (status, error_of(found)[1]) == (403, "PERMISSION_DENIED")
            assert "Only pages of this server may" in error_of(found)[2]
    assert_nothing_was_written(server)


def test_our_own_page_may_write(server: Served) -> None:
    origin = f"Origin: http://127.0.0.1:{server.port}"
    path = f"{cell(server)}?valueInputOption=RAW"
    status, _, _ = request(server, "PUT", path, BEARER, JSON, origin, body=WRITE)
    assert status == 200


def test_no_other_origin_is_told_that_it_may_read(server: Served) -> None:
    preflight = ("Origin: http://evil.example", "Access-Control-Request-Method: PUT", BEARER)
    status, _, headers = request(server, "OPTIONS", cell(server), *preflight)
    assert status == 405
    assert not [name for name in headers if name.startswith("access-control")]
    _, _, headers = request(server, "GET", cell(server), BEARER, "Origin: http://evil.example")
    assert not [name for name in headers if name.startswith("access-control")]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""],
)
def test_a_form_is_not_json(server: Served, content_type: str) -> None:
    kind = f"Content-Type: {content_type}" if content_type else "X-Nothing: 1"
    path = f"{cell(server)}?valueInputOption=RAW"
    status, body, _ = request(server, "PUT", path, BEARER, kind, body=WRITE)
    assert status == 415
    assert "must be JSON" in error_of(body)[2]
    assert_nothing_was_written(server)


def test_the_form_of_a_long_query_reads_and_never_writes(server: Served) -> None:
    """Google's Python client sends a GET of more than 2,048 letters so."""
    form = "Content-Type: application/x-www-form-urlencoded"
    override = "X-HTTP-Method-Override: GET"
    body = "ranges=Sheet1%21A1&ranges=Sheet1%21B1"
    path = f"/v4/spreadsheets/{server.key}/values:batchGet"
    status, found, _ = request(server, "POST", path, BEARER, form, override, body=body)
    assert status == 200
    assert [one["values"] for one in json.loads(found)["valueRanges"]] == [[["lr"]], [["epochs"]]]
    for method in ("PUT", "DELETE", "POST"):
        status, _, _ = request(
            server, "POST", path, BEARER, form, f"X-HTTP-Method-Override: {method}", body=body
        )
        assert status == 400


def test_without_a_token_asked_for_the_other_rules_hold(workbook: Path) -> None:
    with served(workbook, token=None) as server:
        assert request(server, "GET", cell(server))[0] == 200
        assert request(server, "GET", cell(server), host="evil.example")[0] == 403
        path = f"{cell(server)}?valueInputOption=RAW"
        foreign = "Origin: http://evil.example"
        assert request(server, "PUT", path, JSON, foreign, body=WRITE)[0] == 403
        assert request(server, "PUT", path, body=WRITE)[0] == 415


def test_the_token_of_the_address_becomes_a_cookie_and_leaves_the_address(server: Served) -> None:
    page = f"/spreadsheets/d/{server.key}"
    status, _, headers = request(server, "GET", f"{page}?token={TOKEN}&tab=2")
    assert status == 303
    assert headers["location"] == f"{page}?tab=2"
    assert headers["referrer-policy"] == "no-referrer"
    cookie, *attributes = headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(attributes)
    status, body, _ = request(server, "GET", headers["location"], f"Cookie: {cookie}")
    assert status == 200
    assert TOKEN not in body


def test_a_wrong_token_in_the_address_does_not_replace_the_right_cookie(server: Served) -> None:
    cookie = f"Cookie: gsheet-ml-{server.port}={TOKEN}"
    _, _, headers = request(server, "GET", f"/spreadsheets/d/{server.key}?token=old", cookie)
    assert headers["set-cookie"].startswith(f"gsheet-ml-{server.port}={TOKEN};")


def test_the_way_back_from_the_token_leads_to_no_other_server(server: Served) -> None:
    status, _, headers = request(server, "GET", f"//evil.example/?token={TOKEN}")
    assert status != 303 or headers["location"].startswith("/") is True
    assert not headers.get("location", "").startswith("//")


def test_a_browser_without_the_token_gets_a_page_that_says_so(server: Served) -> None:
    page = f"/spreadsheets/d/{server.key}"
    status, body, headers = request(server, "GET", page, "Accept: text/html,*/*;q=0.8")
    assert status == 401
    assert headers["content-type"].startswith("text/html")
    assert "asks for a token" in body
    assert server.key not in body


LIVE = ("snapshot", "history?sheet=0&row=0&column=0", "runs/metrics?sheet=0&row=0")


def upgrade(
    server: Served, *headers: str, host: str | None = None, gets_in: bool = False
) -> tuple[int, str]:
    """Status and body of an attempt to open the feed; whoever gets in waits for no more."""
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    asked = ("Upgrade: websocket", "Sec-WebSocket-Version: 13", key)
    path = f"/live/{server.key}/feed?cursor=x.0.0"
    lines = [f"GET {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{server.port}'}"]
    sent = "\r\n".join([*lines, "Connection: Upgrade", *asked, *headers]) + "\r\n\r\n"
    head, _, body = raw(server, sent.encode(), until_closed=not gets_in).partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode("utf-8", "replace")


def test_without_the_token_nothing_is_seen_live(server: Served) -> None:
    for path in LIVE:
        status, body, _ = request(server, "GET", f"/live/{server.key}/{path}")
        assert (status, error_of(body)[1]) == (401, "UNAUTHENTICATED")
    for wrong in ("X-Nothing: 1", "Authorization: Bearer wrong", "Cookie: gsheet-ml=wrong"):
        status, body = upgrade(server, wrong)
        assert (status, error_of(body)[1]) == (401, "UNAUTHENTICATED")


def test_the_feed_opens_for_a_script_and_for_our_own_page(server: Served) -> None:
    cookie = f"Cookie: gsheet-ml-{server.port}={TOKEN}"
    origin = f"Origin: http://127.0.0.1:{server.port}"
    for headers in ((BEARER,), (cookie, origin)):
        assert upgrade(server, *headers, gets_in=True)[0] == 101


def test_a_foreign_page_with_a_stolen_cookie_follows_nothing(server: Served) -> None:
    cookie = f"Cookie: gsheet-ml-{server.port}={TOKEN}"
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "file://"):
        status, body = upgrade(server, cookie, f"Origin: {origin}")
        assert (status, error_of(body)[1]) == (403, "PERMISSION_DENIED")
        assert "Only pages of this server may" in error_of(body)[2]


def test_a_rebound_name_follows_nothing(server: Served) -> None:
    host = f"evil.example:{server.port}"
    status, body = upgrade(server, BEARER, f"Origin: http://{host}", host=host)
    assert (status, error_of(body)[1]) == (403, "PERMISSION_DENIED")
    assert "doesn't answer to the name" in error_of(body)[2]
    for path in LIVE:
        status, _, _ = request(server, "GET", f"/live/{server.key}/{path}", BEARER, host=host)
        assert status == 403


def test_a_websocket_elsewhere_leads_nowhere(server: Served) -> None:
    asked = (
        "Upgrade: websocket", "Sec-WebSocket-Version: 13", BEARER,
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )  # fmt: skip
    for path in ("/", cell(server), "/live/nothing/feed", f"/live/{server.key}/feeds"):
        sent = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: Upgrade\r\n"
        found = raw(server, (sent + "\r\n".join(asked) + "\r\n\r\n").encode()).decode()
        assert found.startswith("HTTP/1.1 404"), found[:200]


def test_a_page_that_sends_much_is_hung_up_on(server: Served) -> None:
    with watching(server, Grid(snapshot(server)).cursor) as feed:
        feed.socket.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            feed.message()


def test_what_a_worker_records_needs_json_and_our_own_page(server: Served) -> None:
    path = f"/live/{server.key}/tracks"
    body = json.dumps({"records": [{"subject": "r", "points": {"loss": [[1, 1.0, 0.5]]}}]})
    form = "Content-Type: application/x-www-form-urlencoded"
    assert request(server, "POST", path, BEARER, form, body=body)[0] == 415
    foreign = "Origin: http://evil.example"
    assert request(server, "POST", path, BEARER, JSON, foreign, body=body)[0] == 403
    assert request(server, "POST", path, JSON, body=body)[0] == 401
    assert request(server, "GET", path, BEARER)[0] == 405
    assert request(server, "POST", path, BEARER, JSON, body=body)[0] == 200
