"""As whom Google is asked: the ways in, their order, and what a person does when one fails."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.connect.google_access import google_account
from gsheet_ml_scheduler.errors import AccessError
from tests.unit.connect import loopback
from tests.unit.connect.loopback import (
    LINK,
    TRAINER,
    Loopback,
    write_user_login,
    write_workforce_login,
)

ALLOW_SHEETS = (
    "gcloud auth application-default login --scopes="
    "https://www.googleapis.com/auth/cloud-platform,https://www.googleapis.com/auth/spreadsheets"
)


def gcloud_file(home: Path) -> Path:
    return home / ".config" / "gcloud" / "application_default_credentials.json"


def refused_account(key_file: str | None = None) -> str:
    with pytest.raises(AccessError) as caught:
        google_account(key_file)
    return str(caught.value)


def refused_opening(google: Loopback) -> str:
    with pytest.raises(AccessError) as caught:
        open_worksheet(LINK, user_agent="x", google_api=google.base)
    return str(caught.value)


def test_a_key_file_that_is_named_comes_before_everything_else(
    google: Loopback, key_file: str, home: Path
) -> None:
    write_user_login(gcloud_file(home))
    account = google_account(key_file)
    assert account.email == TRAINER
    assert account.name == f"service account {TRAINER} (key file {key_file})"


def test_a_key_file_in_the_home_folder_may_be_named_with_a_tilde(key_file: str, home: Path) -> None:
    Path(key_file).rename(home / "key.json")
    assert google_account("~/key.json").email == TRAINER


def test_a_key_file_that_is_missing_is_answered_with_all_ways_in(home: Path) -> None:
    said = refused_account("/nowhere/key.json")
    assert said.startswith("There is no service-account key file /nowhere/key.json.")
    assert "GOOGLE_APPLICATION_CREDENTIALS" in said
    assert ALLOW_SHEETS in said
    assert str(home / ".config" / "gspread" / "credentials.json") in said
    assert "in Colab nothing is needed" in said
    assert "No account at all is needed for a workbook file" in said


@pytest.mark.parametrize(
    "content",
    [
        "not JSON at all",
        json.dumps({"installed": {"client_id": "77.apps.googleusercontent.com"}}),
        json.dumps({"type": "service_account", "client_email": TRAINER}),
        json.dumps(
            {
                "type": "service_account",
                "client_email": TRAINER,
                "token_uri": "http://127.0.0.1/token",
                "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            }
        ),
    ],
)
def test_a_file_that_is_no_key_file_is_recognised(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(content)
    said = refused_account(str(file))
    assert f"{file} isn't the key file of a service account" in said
    assert "Add key > JSON" in said


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    assert f"{tmp_path} isn't the key file of a service account" in refused_account(str(tmp_path))


def test_the_environment_may_name_the_key_file(
    google: Loopback, key_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", key_file)
    google.serve_sheet("Queue")
    _, sheet = open_worksheet(LINK, user_agent="x", google_api=google.base)
    assert sheet.title == "Queue"
    assert google_account().name == f"service account {TRAINER} (key file {key_file})"


def test_an_environment_that_names_a_missing_file_is_told_which(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    assert "The credentials in /nowhere/key.json can't be used" in refused_account()


def test_the_login_of_gclouds_command_line_is_used(google: Loopback, home: Path) -> None:
    file = write_user_login(gcloud_file(home))
    google.serve_sheet("Queue")
    _, sheet = open_worksheet(LINK, user_agent="x", google_api=google.base)
    assert sheet.title == "Queue"
    assert google.reads()[0].headers["x-goog-user-project"] == "lab-12"
    assert google_account().name == f"the Google account in {file}"
    assert google_account().email is None


def test_a_login_that_has_expired_is_answered_with_how_to_renew_it(
    google: Loopback, home: Path
) -> None:
    write_workforce_login(gcloud_file(home), google)
    google.answer(
        "/token",
        400,
        {
            "error": "invalid_grant",
            "error_description": "Token has been expired or revoked.",
        },
    )
    said = refused_opening(google)
    assert "Token has been expired or revoked" in said
    assert f"Log in again: {ALLOW_SHEETS}" in said


def test_a_login_without_the_scope_for_sheets_is_answered_with_the_command(
    google: Loopback, home: Path
) -> None:
    file = write_user_login(gcloud_file(home))
    google.refuse_sheet(403, loopback.NARROW_SCOPE)
    said = refused_opening(google)
    assert f"The login of the Google account in {file} doesn't cover Google Sheets." in said
    assert ALLOW_SHEETS in said


def test_a_sheet_that_is_not_shared_with_an_account_of_unknown_address(
    google: Loopback, home: Path
) -> None:
    file = write_user_login(gcloud_file(home))
    google.refuse_sheet(403, loopback.NOT_SHARED)
    said = refused_opening(google)
    assert f"isn't shared with the Google account in {file}" in said
    assert "share it with that account as an Editor" in said


def test_gspreads_login_is_used_when_its_file_is_there(google: Loopback, home: Path) -> None:
    file = write_user_login(home / ".config" / "gspread" / "authorized_user.json")
    google.serve_sheet("Queue")
    _, sheet = open_worksheet(LINK, user_agent="x", google_api=google.base)
    assert sheet.title == "Queue"
    assert google_account().name == f"the Google account in {file}"
    google.refuse_sheet(403, loopback.NARROW_SCOPE)
    assert f"Delete {file} and log in again" in refused_opening(google)


def test_gclouds_login_comes_before_gspreads(google: Loopback, home: Path) -> None:
    write_user_login(home / ".config" / "gspread" / "authorized_user.json")
    file = write_user_login(gcloud_file(home))
    assert google_account().name == f"the Google account in {file}"


def test_a_damaged_login_of_gspread_is_named(home: Path) -> None:
    file = home / ".config" / "gspread" / "authorized_user.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    said = refused_account()
    assert "gspread's login can't be used" in said
    assert str(file) in said


def test_without_a_terminal_nobody_is_asked_to_log_in(home: Path) -> None:
    file = home / ".config" / "gspread" / "credentials.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    said = refused_account()
    assert f"{file} is there, but nobody has logged in with it" in said
    assert 'python -c "import gspread; gspread.oauth()"' in said


def test_without_any_account_all_ways_in_are_listed() -> None:
    said = refused_account()
    assert said.startswith("No Google account was found.")
    assert "google_service_account_json_path=" in said
    assert ALLOW_SHEETS in said


# What only a machine of its own shows: Colab's package, and Compute Engine's metadata server.

OPEN = """
from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.errors import AccessError
import sys
link, base, key_file = sys.argv[1:]
try:
    spreadsheet, sheet = open_worksheet(link, 0, key_file or None, user_agent="x", google_api=base)
    print("opened", sheet.title)
except AccessError as error:
    print("refused:", error)
"""


def run_script(google: Loopback, key_file: str = "", **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", OPEN, LINK, google.base, key_file],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def install_colab(folder: Path, authenticate: str) -> Path:
    """Lay down the package that Colab's machines have, with the parts that we call."""
    package = folder / "google" / "colab"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "errors.py").write_text(
        "class Error(Exception): pass\nclass AuthorizationError(Error): pass\n"
    )
    body = textwrap.indent(textwrap.dedent(authenticate).strip(), "    ")
    (package / "auth.py").write_text(
        "import os\nfrom google.colab import errors\n"
        f"def authenticate_user(clear_output=True, project_id=None):\n    print('asked')\n{body}\n"
    )
    return folder


def test_in_colab_its_user_is_asked_and_then_the_default_credentials_are_used(
    google: Loopback, tmp_path: Path
) -> None:
    adc = write_user_login(tmp_path / "content" / "adc.json")
    colab = install_colab(
        tmp_path / "site", f"os.environ['GOOGLE_APPLICATION_CREDENTIALS'] = {str(adc)!r}"
    )
    google.serve_sheet("Queue")
    assert run_script(google, PYTHONPATH=str(colab)) == "asked\nopened Queue\n"


def test_a_key_file_spares_the_user_of_colab_the_question(
    google: Loopback, tmp_path: Path, key_file: str
) -> None:
    colab = install_colab(tmp_path / "site", "raise AssertionError")
    google.serve_sheet("Queue")
    assert run_script(google, key_file, PYTHONPATH=str(colab)) == "opened Queue\n"


def test_a_user_of_colab_who_refuses_is_told_what_to_do(google: Loopback, tmp_path: Path) -> None:
    colab = install_colab(
        tmp_path / "site", "raise errors.AuthorizationError('Failed to fetch user credentials')"
    )
    said = run_script(google, PYTHONPATH=str(colab))
    assert "Colab got no access to your Google account (Failed to fetch user credentials)" in said
    assert "Run the cell again and allow it" in said


def test_a_script_in_colab_without_a_notebook_says_to_log_in_from_a_cell(
    google: Loopback, tmp_path: Path
) -> None:
    colab = install_colab(tmp_path / "site", "None.kernel")
    said = run_script(google, PYTHONPATH=str(colab))
    assert "from google.colab import auth; auth.authenticate_user()" in said


def test_the_account_of_a_machine_at_google_is_the_last_resort(google: Loopback) -> None:
    accounts = "/computeMetadata/v1/instance/service-accounts"
    google.answer("/", 200, "computeMetadata/")
    google.answer("/computeMetadata/v1/project/project-id", 200, "lab-12")
    google.answer("/computeMetadata/v1/universe/universe-domain", 200, "googleapis.com")
    google.answer(f"{accounts}/default/", 200, {"email": TRAINER, "scopes": ["x"]})
    token = {"access_token": "ya29.machine", "expires_in": 3599, "token_type": "Bearer"}
    google.answer(f"{accounts}/default/token", 200, token)
    google.answer(f"{accounts}/{TRAINER}/token", 200, token)
    google.refuse_sheet(403, loopback.NOT_SHARED)
    host = google.base.removeprefix("http://")
    said = run_script(google, NO_GCE_CHECK="", GCE_METADATA_HOST=host, GCE_METADATA_IP=host)
    assert "isn't shared with the account of this machine" in said
    assert f"add {TRAINER} as an Editor" in said
    assert google.reads()[0].headers["Authorization"] == "Bearer ya29.machine"
