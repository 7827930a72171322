"""Who gets in: the three rules, each with what would break it."""

from collections.abc import Mapping, Sequence

import pytest

from gsheet_ml_scheduler.localsheets.errors import ApiError
from gsheet_ml_scheduler.server.access import (
    cookie_name,
    door_for,
    host_name,
    is_loopback,
    is_wildcard,
)

TOKEN = "Zk9-secret_of.the~lab"
HOST = "127.0.0.1:8765"


def refused(
    method: str = "GET",
    *,
    token: str | None = TOKEN,
    bound: str = "127.0.0.1",
    names: Sequence[str] = (),
    query: Mapping[str, Sequence[str]] | None = None,
    **headers: Sequence[str],
) -> ApiError | None:
    """The refusal of a request whose head is given; None if it may come in."""
    named = {name.replace("_", "-"): found for name, found in headers.items()}
    try:
        door_for(bound, names, token).check(method, {"host": [HOST], **named}, query or {})
    except ApiError as error:
        return error
    return None


def bearer(token: str) -> list[str]:
    return [f"Bearer {token}"]


@pytest.mark.parametrize(
    "way",
    [
        {"authorization": bearer(TOKEN)},
        {"authorization": [f"bearer  {TOKEN}"]},
        {"query": {"token": [TOKEN]}},
        {"cookie": [f"theme=dark; gsheet-ml-8765={TOKEN}; other=1"]},
        {"authorization": bearer("of another service"), "query": {"token": [TOKEN]}},
    ],
)
def test_the_token_opens_however_it_is_shown(way: dict[str, object]) -> None:
    assert refused(**way) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "way",
    [
        {"authorization": bearer(TOKEN[:-1])},
        {"authorization": bearer(TOKEN + "x")},
        {"authorization": bearer(TOKEN.lower())},
        {"authorization": bearer("")},
        {"authorization": [f"Basic {TOKEN}"]},
        {"authorization": [TOKEN]},
        {"authorization": bearer("ünïcode")},
        {"query": {"token": [""]}},
        {"query": {"key": [TOKEN]}},
        {"cookie": [f"gsheet-ml-8766={TOKEN}"]},  # another server's, on another port
        {"cookie": [f"x=gsheet-ml-8765={TOKEN}"]},
        {},
    ],
)
def test_nothing_else_opens(way: dict[str, object]) -> None:
    error = refused(**way)  # type: ignore[arg-type]
    assert error is not None
    assert (error.code, error.status) == (401, "UNAUTHENTICATED")


def test_the_refusal_says_whether_the_token_is_missing_or_wrong() -> None:
    missing, wrong = refused(), refused(authorization=bearer("old"))
    assert missing is not None
    assert "asks for a token" in missing.message
    assert wrong is not None
    assert "isn't the server's token" in wrong.message
    assert "old" not in wrong.message


def test_without_a_token_the_other_rules_still_hold() -> None:
    assert refused(token=None) is None
    assert refused(token=None, host=["evil.example:8765"]) is not None
    assert refused("POST", token=None, origin=["http://evil.example"]) is not None


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8765", "localhost:9000", "LOCALHOST", "[::1]:8765", "localhost.:8765"]
)
def test_loopback_names_lead_to_a_loopback_server_on_any_port(host: str) -> None:
    assert refused(token=None, host=[host]) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8765",
        "evil.example@127.0.0.1:8765",
        "127.0.0.1:8765:80",
        "192.168.1.7:8765",
        "0.0.0.0:8765",
        "2130706433:8765",
        "",
        " 127.0.0.1",
        "127.0.0.1/..",
        "[::1",
    ],
)
def test_a_name_that_somebody_else_made_mean_this_machine_is_refused(host: str) -> None:
    error = refused(authorization=bearer(TOKEN), host=[host])
    assert error is not None
    assert (error.code, error.status) == (403, "PERMISSION_DENIED")
    assert "doesn't answer to the name" in error.message


@pytest.mark.parametrize("hosts", [[], [HOST, "evil.example"], ["evil.example", HOST]])
def test_a_request_has_exactly_one_name_for_the_server(hosts: list[str]) -> None:
    error = refused(authorization=bearer(TOKEN), host=hosts)
    assert error is not None
    assert error.code == 400


def test_a_server_on_all_addresses_answers_to_addresses_and_given_names_only() -> None:
    for host in ("192.168.1.7:8765", "[fe80::1]:8765", "gpu-box.lab:80", "localhost"):
        assert refused(token=None, bound="0.0.0.0", names=["gpu-box.lab"], host=[host]) is None
    error = refused(token=None, bound="0.0.0.0", names=["gpu-box.lab"], host=["evil.example"])
    assert error is not None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "MOVE"])
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:9999",  # another server on this machine
        "http://127.0.0.1",
        "http://localhost:8765",  # one of our names, but not the one asked by
        "file://",
        "",
        f"http://{HOST}.evil.example",
    ],
)
def test_a_foreign_page_changes_nothing(method: str, origin: str) -> None:
    error = refused(method, authorization=bearer(TOKEN), origin=[origin])
    assert error is not None
    assert error.code == 403
    assert "Only pages of this server may" in error.message


@pytest.mark.parametrize("origin", [f"http://{HOST}", f"https://{HOST}", f"HTTP://{HOST}"])
def test_our_own_page_may_change_things(origin: str) -> None:
    assert refused("POST", authorization=bearer(TOKEN), origin=[origin]) is None


def test_one_foreign_origin_among_several_is_enough_to_refuse() -> None:
    origins = [f"http://{HOST}", "http://evil.example"]
    assert refused("POST", authorization=bearer(TOKEN), origin=origins) is not None


def test_a_refusal_repeats_only_a_little_of_what_was_sent() -> None:
    for error in (
        refused(token=None, host=["e" * 5000]),
        refused("POST", token=None, origin=["http://" + "e" * 5000]),
    ):
        assert error is not None
        assert len(error.message) < 400


def test_loopback_and_wildcard_hosts_are_told_apart() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "", "::", "192.168.1.7", "localhost.example"]))
    assert all(map(is_wildcard, ["", "0.0.0.0", "::", "[::]"]))
    assert not any(map(is_wildcard, ["127.0.0.1", "localhost"]))


def test_a_host_header_is_taken_apart() -> None:
    assert host_name("[::1]:80") == "::1"
    assert host_name("gpu-box.lab:80") == "gpu-box.lab"
    assert host_name("a b") is None


def test_each_port_has_a_cookie_of_its_own() -> None:
    assert cookie_name("127.0.0.1:8765") == "gsheet-ml-8765"
    assert cookie_name("box.lab") == "gsheet-ml-80"
