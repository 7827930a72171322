"""Opening a worksheet: one read, and every failure a sentence that says what to do."""

import random
import socket
from pathlib import Path

import pytest
import requests

from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.connect.client import GoogleClient
from gsheet_ml_scheduler.connect.google_access import google_account
from gsheet_ml_scheduler.errors import AccessError, LocationError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet.pacing import Pacing
from tests.unit.connect import loopback
from tests.unit.connect.loopback import KEY, LINK, TRAINER, Loopback, write_service_account


def open_it(google: Loopback, key_file: str, sheet_index: int = 0) -> tuple[str, str]:
    spreadsheet, sheet = open_worksheet(
        LINK, sheet_index, key_file, user_agent="dF53M7", google_api=google.base
    )
    return spreadsheet.title, sheet.title


def refused(google: Loopback, key_file: str, status: int, body: object) -> Exception:
    google.refuse_sheet(status, body)
    with pytest.raises((LocationError, SheetUnreachableError)) as caught:
        open_it(google, key_file)
    return caught.value


def test_a_google_sheet_is_opened_with_one_read(google: Loopback, key_file: str) -> None:
    google.serve_sheet("Queue", "Notes")
    spreadsheet, sheet = open_worksheet(
        LINK, 1, key_file, user_agent="dF53M7", google_api=google.base
    )
    assert (spreadsheet.title, sheet.title, sheet.id) == ("Runs of the lab", "Notes", 1)
    assert spreadsheet.locale == "de_DE"
    assert spreadsheet.url == f"https://docs.google.com/spreadsheets/d/{KEY}"
    assert [asked.method for asked in google.reads()] == ["GET"]


def test_every_request_carries_the_author_and_the_token(google: Loopback, key_file: str) -> None:
    google.serve_sheet()
    open_it(google, key_file)
    (read,) = google.reads()
    assert read.headers["User-Agent"] == "dF53M7"
    assert read.headers["Authorization"] == "Bearer ya29.loopback"


def test_every_request_has_a_time_limit(google: Loopback, key_file: str) -> None:
    google.serve_sheet()
    spreadsheet, _ = open_worksheet(LINK, 0, key_file, user_agent="x", google_api=google.base)
    assert spreadsheet.client.timeout == (10, 60)


def test_further_calls_of_gspread_go_to_the_same_place(google: Loopback, key_file: str) -> None:
    google.serve_sheet("Queue")
    google.answer(
        f"/v4/spreadsheets/{KEY}/values/%27Queue%27%21A1",
        200,
        {"range": "Queue!A1", "majorDimension": "ROWS", "values": [["run_name"]]},
    )
    _, sheet = open_worksheet(LINK, 0, key_file, user_agent="x", google_api=google.base)
    assert sheet.acell("A1").value == "run_name"
    assert [tab.title for tab in sheet.spreadsheet.worksheets()] == ["Queue"]


def test_a_negative_index_counts_from_the_end(google: Loopback, key_file: str) -> None:
    google.serve_sheet("Queue", "Notes")
    assert open_it(google, key_file, -1) == ("Runs of the lab", "Notes")


@pytest.mark.parametrize("index", [2, -3])
def test_a_tab_that_is_not_there_is_answered_with_those_that_are(
    google: Loopback, key_file: str, index: int
) -> None:
    google.serve_sheet("Queue", "Notes")
    with pytest.raises(LocationError) as caught:
        open_it(google, key_file, index)
    assert str(caught.value) == (
        f'"Runs of the lab" has no tab with the number sheet_index={index}. Its tabs: 0 "Queue", '
        '1 "Notes".'
    )


def test_a_tab_that_holds_a_chart_is_no_queue(google: Loopback, key_file: str) -> None:
    answer = loopback.spreadsheet("Queue", "Loss")
    answer["sheets"][1]["properties"]["sheetType"] = "OBJECT"
    google.answer(f"/v4/spreadsheets/{KEY}", 200, answer)
    with pytest.raises(LocationError, match=r'"Loss" .* holds a chart, not cells'):
        open_it(google, key_file, 1)


def test_a_sheet_that_is_not_shared_names_the_address_to_share_it_with(
    google: Loopback, key_file: str
) -> None:
    error = refused(google, key_file, 403, loopback.NOT_SHARED)
    assert isinstance(error, AccessError)
    assert f"{KEY} isn't shared with service account {TRAINER}" in str(error)
    assert f"Press Share in the sheet and add {TRAINER} as an Editor." in str(error)


def test_a_sheet_that_google_does_not_find_may_be_mistyped_or_not_shared(
    google: Loopback, key_file: str
) -> None:
    error = refused(google, key_file, 404, loopback.NOT_FOUND)
    assert type(error) is LocationError
    assert f"Google finds no sheet https://docs.google.com/spreadsheets/d/{KEY}" in str(error)
    assert f"add {TRAINER} as an Editor" in str(error)


def test_an_api_that_is_off_is_answered_with_where_to_enable_it(
    google: Loopback, key_file: str
) -> None:
    error = refused(google, key_file, 403, loopback.API_IS_OFF)
    assert isinstance(error, AccessError)
    assert "The Google Sheets API isn't enabled in the project of service account" in str(error)
    assert loopback.ENABLE in str(error)


def test_a_missing_quota_project_is_answered_with_the_command(
    google: Loopback, key_file: str
) -> None:
    error = refused(google, key_file, 403, loopback.NO_QUOTA_PROJECT)
    assert isinstance(error, AccessError)
    assert "gcloud auth application-default set-quota-project PROJECT" in str(error)


def test_an_office_file_in_drive_is_answered_with_how_to_convert_it(
    google: Loopback, key_file: str
) -> None:
    error = refused(google, key_file, 400, loopback.OFFICE_FILE)
    assert type(error) is LocationError
    assert "is an Office file kept in Google Drive" in str(error)
    assert "File > Save as Google Sheets" in str(error)


BUSY = [
    (429, loopback.OVER_QUOTA),
    (503, loopback.error(503, "UNAVAILABLE", "The service is currently unavailable.")),
    (502, "<html><title>Bad Gateway</title></html>"),
]


@pytest.mark.parametrize(("status", "body"), BUSY)
def test_a_sheet_that_is_busy_is_asked_again(
    google: Loopback, key_file: str, status: int, body: object
) -> None:
    time = Time()
    google.answer_once(f"/v4/spreadsheets/{KEY}", status, body)
    google.answer_once(f"/v4/spreadsheets/{KEY}", status, body)
    google.serve_sheet("Queue")
    _, sheet = open_worksheet(
        LINK, 0, key_file, user_agent="x", google_api=google.base, pacing=time.pacing()
    )
    assert sheet.title == "Queue"
    assert len(google.reads()) == 3
    assert len(time.waits) == 2


@pytest.mark.parametrize(("status", "body"), BUSY)
def test_a_sheet_that_stays_busy_is_unreachable_not_wrong(
    google: Loopback, key_file: str, status: int, body: object
) -> None:
    time = Time()
    google.refuse_sheet(status, body)
    with pytest.raises(SheetUnreachableError) as caught:
        open_worksheet(
            LINK, 0, key_file, user_agent="x", google_api=google.base, pacing=time.pacing()
        )
    assert f"couldn't open https://docs.google.com/spreadsheets/d/{KEY} within 120 s" in str(
        caught.value
    )
    assert f"answered {status}" in str(caught.value)
    assert time.now <= 120


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def pacing(self) -> Pacing:
        return Pacing(sleep=self.sleep, clock=lambda: self.now, rng=random.Random(1))


def test_any_other_refusal_is_shown_in_googles_words(google: Loopback, key_file: str) -> None:
    error = refused(
        google,
        key_file,
        400,
        loopback.error(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    )
    assert type(error) is LocationError
    assert "(400): Request contains an invalid argument." in str(error)


def test_a_key_that_was_deleted_is_answered_with_how_to_get_a_new_one(
    google: Loopback, key_file: str
) -> None:
    google.answer(
        "/token",
        400,
        {"error": "invalid_grant", "error_description": "Invalid JWT Signature."},
    )
    with pytest.raises(AccessError) as caught:
        open_it(google, key_file)
    assert f"doesn't accept the login of service account {TRAINER}" in str(caught.value)
    assert "Invalid JWT Signature" in str(caught.value)
    assert "make a new key for it in the Google Cloud console" in str(caught.value)
    assert google.reads() == []


def test_a_token_that_is_refused_is_an_access_error(google: Loopback, key_file: str) -> None:
    error = refused(
        google,
        key_file,
        401,
        loopback.error(401, "UNAUTHENTICATED", "Request had invalid credentials."),
    )
    assert isinstance(error, AccessError)
    assert "Request had invalid credentials." in str(error)


def test_without_a_network_the_sheet_is_unreachable_not_wrong(
    google: Loopback, key_file: str
) -> None:
    with pytest.raises(SheetUnreachableError) as caught:
        open_worksheet(
            LINK, 0, key_file, user_agent="x", google_api=f"http://127.0.0.1:{closed_port()}"
        )
    assert "Google can't be reached" in str(caught.value)
    assert caught.value.__cause__ is not None


def test_a_token_that_cannot_be_renewed_for_want_of_a_network_is_a_lost_connection(
    google: Loopback, tmp_path: Path, pem: str
) -> None:
    """Training goes on: for whoever retries, it looks like any request that didn't arrive."""
    nowhere = Loopback(f"http://127.0.0.1:{closed_port()}")
    key_file = str(write_service_account(tmp_path / "key.json", nowhere, pem))
    client = GoogleClient(google_account(key_file), api_base=google.base)
    with pytest.raises(requests.ConnectionError, match="no token from Google"):
        client.fetch_sheet_metadata(KEY)
    with pytest.raises(SheetUnreachableError, match="Google can't be reached"):
        open_it(google, key_file)


def test_a_login_that_google_revokes_during_training_is_an_access_error(
    google: Loopback, key_file: str
) -> None:
    google.serve_sheet()
    _, sheet = open_worksheet(LINK, 0, key_file, user_agent="x", google_api=google.base)
    google.answer("/token", 400, {"error": "invalid_grant", "error_description": "Account gone."})
    google.refuse_sheet(401, loopback.error(401, "UNAUTHENTICATED", "token revoked"))
    with pytest.raises(AccessError, match="Account gone"):
        sheet.spreadsheet.fetch_sheet_metadata()


def test_a_page_in_googles_place_counts_as_unreachable(google: Loopback, key_file: str) -> None:
    google.answer(f"/v4/spreadsheets/{KEY}", 200, "<html>Welcome to the hotel's network</html>")
    with pytest.raises(SheetUnreachableError, match="Google can't be reached"):
        open_it(google, key_file)


def test_a_served_workbook_is_opened_with_one_read_and_its_token(google: Loopback) -> None:
    google.serve_sheet("Queue", key="abc")
    spreadsheet, sheet = open_worksheet(
        f"{google.base}/spreadsheets/d/abc?token=s3cret", user_agent="dF53M7"
    )
    assert sheet.title == "Queue"
    assert spreadsheet.url == f"{google.base}/spreadsheets/d/abc"
    (read,) = google.asked
    assert read.headers["Authorization"] == "Bearer s3cret"
    assert read.headers["User-Agent"] == "dF53M7"


def test_the_token_may_stand_in_the_environment(
    google: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GSHEET_ML_TOKEN", "from-env")
    google.serve_sheet(key="abc")
    open_worksheet(f"{google.base}/spreadsheets/d/abc", user_agent="x")
    assert google.asked[0].headers["Authorization"] == "Bearer from-env"


def test_a_wrong_token_from_the_environment_is_called_wrong_too(
    google: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GSHEET_ML_TOKEN", "old")
    google.refuse_sheet(403, loopback.NOT_SHARED, key="abc")
    with pytest.raises(AccessError, match="doesn't accept this token"):
        open_worksheet(f"{google.base}/spreadsheets/d/abc", user_agent="x")


def test_no_login_of_another_kind_replaces_the_token(
    google: Loopback, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".netrc").write_text("machine 127.0.0.1 login me password mine\n")
    google.serve_sheet(key="abc")
    open_worksheet(f"{google.base}/spreadsheets/d/abc?token=s3cret", user_agent="x")
    assert google.asked[0].headers["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("query", "words"), [("", "asks for a token"), ("?token=old", "doesn't accept this token")]
)
def test_a_server_that_wants_a_token_is_an_access_error(
    google: Loopback, query: str, words: str
) -> None:
    google.refuse_sheet(401, loopback.error(401, "UNAUTHENTICATED", "no"), key="abc")
    with pytest.raises(AccessError) as caught:
        open_worksheet(f"{google.base}/spreadsheets/d/abc{query}", user_agent="x")
    assert words in str(caught.value)
    assert "GSHEET_ML_TOKEN" in str(caught.value)
    assert "token=old" not in str(caught.value)


def test_a_served_workbook_that_is_not_there(google: Loopback) -> None:
    google.refuse_sheet(404, loopback.NOT_FOUND, key="abc")
    with pytest.raises(LocationError, match="There is no workbook at http://127"):
        open_worksheet(f"{google.base}/spreadsheets/d/abc", user_agent="x")


@pytest.mark.parametrize("body", ["<html>a wiki</html>", {"hello": "world"}, ["a list"]])
def test_a_server_of_something_else_is_recognised(google: Loopback, body: object) -> None:
    google.answer("/v4/spreadsheets/abc", 200, body)
    with pytest.raises(LocationError, match="doesn't serve workbooks"):
        open_worksheet(f"{google.base}/spreadsheets/d/abc", user_agent="x")


def test_an_error_of_something_else_is_recognised(google: Loopback) -> None:
    google.answer("/v4/spreadsheets/abc", 400, {"error": "bad request"})
    with pytest.raises(LocationError, match="doesn't serve workbooks"):
        open_worksheet(f"{google.base}/spreadsheets/d/abc", user_agent="x")


def test_a_server_that_is_down_is_unreachable() -> None:
    with pytest.raises(SheetUnreachableError, match="Is the server running"):
        open_worksheet(f"http://127.0.0.1:{closed_port()}/spreadsheets/d/abc", user_agent="x")


def closed_port() -> int:
    """A port that was free a moment ago, and that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
