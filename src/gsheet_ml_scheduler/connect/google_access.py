"""As whom do we ask Google, and what does a person do when that doesn't work?

The ways in, first match wins:

1. the service-account key file that the caller names;
2. in Colab, the account that its user picks in Colab's own dialog;
3. application default credentials: `GOOGLE_APPLICATION_CREDENTIALS`, else gcloud's login;
4. gspread's OAuth login, if its files exist;
5. the account of the machine (Compute Engine and its kin).

The last one has to ask the network and takes seconds to fail on a laptop, so it comes after the
files. Each way is an `Account`, which knows its name and the remedy for what may go wrong with it.
Nothing here talks to a sheet; `refusals` says what Google's answers mean.
"""

import importlib
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import google.auth
import google.oauth2.service_account
import gspread.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

from gsheet_ml_scheduler.errors import AccessError

# The only scope that calls of the Sheets API need; see "Scopes" in the API's guide.
SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
_GCLOUD_LOGIN = (
    "gcloud auth application-default login "
    f"--scopes=https://www.googleapis.com/auth/cloud-platform,{SHEETS_SCOPE}"
)
_KEY_FILE_REMEDY = (
    "make a new key for it in the Google Cloud console (IAM > Service accounts > Keys)"
)


@dataclass(frozen=True)
class Account:
    """Somebody who may ask Google, and the remedies that fit the way they came in."""

    credentials: Credentials
    name: str
    remedy_expired: str
    remedy_scope: str

    @property
    def email(self) -> str | None:
        """The address to share a sheet with, if it is known (a machine's: after its first call)."""
        for attribute in ("service_account_email", "account"):
            address = getattr(self.credentials, attribute, None)
            if isinstance(address, str) and "@" in address:
                return address
        return None


class _ColabAuth(Protocol):
    """The one function of `google.colab.auth` that we call."""

    def authenticate_user(self) -> None: ...


def google_account(service_account_json_path: str | os.PathLike[str] | None = None) -> Account:
    """Find the account to work as, by the first way in that applies.

    Args:
        service_account_json_path: the key file of a service account, or None.

    Raises:
        AccessError: no way in, or the one that applies is broken. The sentence says what to do.
    """
    if service_account_json_path is not None:
        return _from_key_file(Path(service_account_json_path).expanduser())
    if importlib.util.find_spec("google.colab") is not None:
        return _from_colab()
    if _default_credentials_file() is not None:
        return _from_default_credentials()
    if _oauth_token_file().exists() or _oauth_client_file().exists():
        return _from_oauth_login()
    return _from_default_credentials()


def ways_in() -> str:
    """The ways to get access, one to a line, for the end of a message."""
    return (
        "Ways to get access to Google Sheets, any one will do:\n"
        "  - a service account's key file: google_service_account_json_path=…, or the environment "
        "variable GOOGLE_APPLICATION_CREDENTIALS\n"
        f"  - your own account, with Google Cloud's command line: {_GCLOUD_LOGIN}\n"
        f"  - your own account, with gspread's login: put an OAuth client's file at "
        f"{_oauth_client_file()}\n"
        "  - in Colab nothing is needed: it asks you for your account\n"
        "No account at all is needed for a workbook file such as runs.sheet."
    )


def _from_key_file(path: Path) -> Account:
    try:
        credentials = google.oauth2.service_account.Credentials.from_service_account_file(
            path, scopes=[SHEETS_SCOPE]
        )
    except FileNotFoundError as error:
        raise AccessError(f"There is no service-account key file {path}.\n{ways_in()}") from error
    except (OSError, ValueError, GoogleAuthError) as error:
        raise AccessError(
            f"{path} isn't the key file of a service account ({error}). Download one in the Google "
            "Cloud console (IAM > Service accounts > Keys > Add key > JSON)."
        ) from error
    return _service_account(credentials, f"key file {path}")


def _service_account(credentials: Credentials, where: str) -> Account:
    return Account(
        credentials,
        name=f"service account {getattr(credentials, 'service_account_email', '?')} ({where})",
        remedy_expired=f"If the key was deleted or its account switched off, {_KEY_FILE_REMEDY}. "
        "A wrong clock on this machine does it, too.",
        remedy_scope=_KEY_FILE_REMEDY.capitalize() + ".",
    )


def _from_colab() -> Account:
    try:
        auth = cast(_ColabAuth, importlib.import_module("google.colab.auth"))
        refused: type[Exception] = importlib.import_module("google.colab.errors").Error
    except ImportError as error:
        raise AccessError(f"Colab's own login can't be used: {error}.\n{ways_in()}") from error
    try:
        auth.authenticate_user()
    except AttributeError as error:  # no kernel to show the dialog: a script started with "!"
        raise AccessError(
            "Colab can only ask for your account from a cell of the notebook. Run this in a cell "
            "first, then start the script again: from google.colab import auth; "
            "auth.authenticate_user()"
        ) from error
    except (refused, NotImplementedError) as error:
        raise AccessError(
            f"Colab got no access to your Google account ({error or type(error).__name__}). Run "
            "the cell again and allow it, or pass google_service_account_json_path=…."
        ) from error
    try:
        credentials, _ = google.auth.default(scopes=[SHEETS_SCOPE])
    except DefaultCredentialsError as error:
        raise AccessError(f"Colab's login left no credentials ({error}).\n{ways_in()}") from error
    again = "Choose Runtime > Disconnect and delete runtime, then run the notebook again."
    return Account(
        credentials,
        name="the Google account that you chose in Colab",
        remedy_expired=again,
        remedy_scope=f"{again} In the dialog, allow everything it asks for.",
    )


def _default_credentials_file() -> Path | None:
    """Where application default credentials lie in a file, by Google's documented search order."""
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return Path(named)
    folder = os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud"
    file = Path(folder) / "application_default_credentials.json"
    return file if file.exists() else None


def _from_default_credentials() -> Account:
    file = _default_credentials_file()
    try:
        credentials, _ = google.auth.default(scopes=[SHEETS_SCOPE])
    except (DefaultCredentialsError, OSError, ValueError) as error:
        if file is None:
            raise AccessError(f"No Google account was found.\n{ways_in()}") from error
        raise AccessError(
            f"The credentials in {file} can't be used ({error}).\n{ways_in()}"
        ) from error
    if file is not None and isinstance(getattr(credentials, "service_account_email", None), str):
        return _service_account(credentials, f"key file {file}")
    if file is not None:
        return Account(
            credentials,
            name=f"the Google account in {file}",
            remedy_expired=f"Log in again: {_GCLOUD_LOGIN}",
            remedy_scope=f"Log in again with it: {_GCLOUD_LOGIN}",
        )
    return Account(
        credentials,
        name="the account of this machine",
        remedy_expired="Look at the service account that the machine runs as.",
        remedy_scope=f"Give the machine the access scope {SHEETS_SCOPE}, or pass "
        "google_service_account_json_path=….",
    )


def _oauth_client_file() -> Path:
    return gspread.auth.get_config_dir() / "credentials.json"


def _oauth_token_file() -> Path:
    return gspread.auth.get_config_dir() / "authorized_user.json"


def _from_oauth_login() -> Account:
    token_file, client_file = _oauth_token_file(), _oauth_client_file()
    if not token_file.exists() and not sys.stdin.isatty():
        raise AccessError(
            f"{client_file} is there, but nobody has logged in with it, and there is no terminal "
            'here to do so. Log in once from a terminal: python -c "import gspread; '
            'gspread.oauth()"'
        )
    try:
        client = gspread.auth.oauth(
            scopes=[SHEETS_SCOPE],
            credentials_filename=client_file,
            authorized_user_filename=token_file,
        )
    except (OSError, ValueError, GoogleAuthError) as error:
        raise AccessError(
            f"gspread's login can't be used ({error}). Look at {client_file} and {token_file}.\n"
            f"{ways_in()}"
        ) from error
    again = f"Delete {token_file} and log in again."
    return Account(
        client.http_client.auth,
        name=f"the Google account in {token_file}",
        remedy_expired=f"{again} (While an OAuth client is in testing, Google ends its logins "
        "after seven days.)",
        remedy_scope=again,
    )
