"""Answers on the wire: compression, Google's error shape, trouble with the file."""

import gzip
import json

import pytest

from gsheet_ml_scheduler import localsheets
from gsheet_ml_scheduler.localsheets.api.replies import Reply
from gsheet_ml_scheduler.localsheets.errors import ApiError, invalid_argument
from gsheet_ml_scheduler.server.replies import (
    GZIP_FROM,
    accepts_gzip,
    api_reply,
    internal_error,
    of_the_file,
    refusal,
)


@pytest.mark.parametrize(
    "header", ["gzip", "gzip, deflate", "deflate,GZIP;q=0.5", "*", "br;q=1.0, gzip;q=0.001"]
)
def test_gzip_is_used_where_it_is_accepted(header: str) -> None:
    assert accepts_gzip([header])


@pytest.mark.parametrize("header", ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "notgzip"])
def test_gzip_is_not_used_where_it_is_not(header: str) -> None:
    assert not accepts_gzip([header] if header else [])


def test_a_large_answer_is_compressed_and_says_so() -> None:
    found = {"values": [["a" * GZIP_FROM]]}
    response = api_reply(Reply(200, found), gzip_accepted=True)
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers["Content-Length"] == str(len(response.body))
    assert json.loads(gzip.decompress(bytes(response.body))) == found


def test_a_small_answer_is_not() -> None:
    response = api_reply(Reply(200, {"values": [["a"]]}), gzip_accepted=True)
    assert "Content-Encoding" not in response.headers
    assert response.body == b'{"values":[["a"]]}'


def test_json_is_compact_utf_8() -> None:
    response = api_reply(
        Reply(200, {"values": [["ü\N{GRINNING FACE}\n", 0.1]]}), gzip_accepted=False
    )
    assert bytes(response.body).decode() == '{"values":[["ü\N{GRINNING FACE}\\n",0.1]]}'
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"


def test_what_is_no_json_goes_as_it_is() -> None:
    response = api_reply(Reply(200, b"a,b\n", "text/csv"), gzip_accepted=False)
    assert (response.body, response.headers["Content-Type"]) == (b"a,b\n", "text/csv")


def test_no_body_is_no_body() -> None:
    response = api_reply(Reply(204, None), gzip_accepted=True)
    assert (response.status_code, response.body) == (204, b"")
    assert "Content-Type" not in response.headers


def test_an_error_has_googles_shape() -> None:
    response = refusal(invalid_argument("Unable to parse range: ?"))
    assert response.status_code == 400
    assert json.loads(bytes(response.body)) == {
        "error": {
            "code": 400,
            "message": "Unable to parse range: ?",
            "status": "INVALID_ARGUMENT",
        }
    }


def test_a_client_that_isn_t_let_in_learns_how() -> None:
    response = refusal(ApiError(401, "UNAUTHENTICATED", "This server asks for a token."))
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_mistake_of_ours_says_nothing_about_itself() -> None:
    error = internal_error()
    assert (error.code, error.status) == (500, "INTERNAL")
    assert "log" in error.message


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (localsheets.WorkbookBusyError, 503, "UNAVAILABLE"),
        (localsheets.WorkbookFullError, 503, "UNAVAILABLE"),
        (localsheets.WorkbookNotFoundError, 404, "NOT_FOUND"),
        (localsheets.WorkbookReadOnlyError, 403, "PERMISSION_DENIED"),
        (localsheets.WorkbookDamagedError, 500, "DATA_LOSS"),
        (localsheets.WorkbookVersionError, 500, "INTERNAL"),
    ],
)
def test_trouble_with_the_file_is_an_answer(
    error: type[localsheets.WorkbookError], code: int, status: str
) -> None:
    found = of_the_file(error("runs.sheet is in trouble."))
    assert (found.code, found.status, found.message) == (code, status, "runs.sheet is in trouble.")
