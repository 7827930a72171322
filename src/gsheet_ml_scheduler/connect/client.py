"""gspread's HTTP client and spreadsheet, with what a worker of days needs and they lack.

Decided here: how long one request may take, where Google's API answers (a served workbook and a
stand-in have their own address), and that a lost network looks the same whether the request or its
token was under way. It never retries: that is `runsheet.pacing`'s business alone.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

import gspread
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from gspread.http_client import FileType, ParamsType

from gsheet_ml_scheduler.connect.google_access import Account
from gsheet_ml_scheduler.connect.keeping import Keeper
from gsheet_ml_scheduler.connect.refusals import explain_login, passes_by_itself

CONNECT_SECONDS, READ_SECONDS = 10, 60
_GOOGLE_HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")


class SheetsClient(gspread.HTTPClient):
    """gspread's HTTP client with time limits, asking `api_base` in place of Google's hosts."""

    def __init__(self, session: requests.Session, *, api_base: str | None = None) -> None:
        super().__init__(None, session)  # type: ignore[arg-type]  # the session has the login
        self.api_base = api_base
        self.keeper: Keeper | None = None  # of what runs record; Google keeps no such thing
        self.set_timeout((CONNECT_SECONDS, READ_SECONDS))

    def request(
        self,
        method: str,
        endpoint: str,
        params: ParamsType | None = None,
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: FileType = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request; see `gspread.HTTPClient.request`."""
        return super().request(method, self._address(endpoint), params, data, json, files, headers)

    def _address(self, endpoint: str) -> str:
        for host in _GOOGLE_HOSTS:
            if self.api_base is not None and endpoint.startswith(f"{host}/"):
                return self.api_base.rstrip("/") + endpoint[len(host) :]
        return endpoint


class GoogleClient(SheetsClient):
    """A client with a Google account.

    A token lasts an hour, so in a long training any request may have to renew it. Without a network
    that raises `requests.ConnectionError`, like a request that never arrived; a login that Google
    refuses raises `AccessError`.
    """

    requests_per_minute = 60.0
    """Reads, and as many writes: https://developers.google.com/workspace/sheets/api/limits."""

    def __init__(self, account: Account, *, api_base: str | None = None) -> None:
        super().__init__(AuthorizedSession(account.credentials), api_base=api_base)
        self.auth = account.credentials
        self.account = account

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request; see the class for what it raises beyond gspread's errors."""
        try:
            return super().request(*args, **kwargs)
        except GoogleAuthError as error:
            if passes_by_itself(error):
                raise requests.ConnectionError(f"no token from Google: {error}") from error
            raise explain_login(error, self.account) from error


class OpenedSpreadsheet(gspread.Spreadsheet):
    """A spreadsheet that remembers the answer it was opened with, and where it lives.

    gspread reads a spreadsheet when the object is made and again for each tab asked for; the first
    answer already lists the tabs.
    """

    def __init__(self, client: gspread.HTTPClient, key: str, link: str) -> None:
        self.opened_with: Mapping[str, Any] = {}
        self._link = link
        super().__init__(client, {"id": key})

    def fetch_sheet_metadata(self, params: ParamsType | None = None) -> Mapping[str, Any]:
        """Ask for the spreadsheet's properties and tabs."""
        answer = super().fetch_sheet_metadata(params)
        if not self.opened_with:
            if not isinstance(answer, Mapping) or not {"properties", "sheets"} <= answer.keys():
                raise ValueError(f"no spreadsheet in the answer: {str(answer)[:80]}")
            self.opened_with = answer
        return answer

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        return self._link


class Bearer(requests.auth.AuthBase):
    """A token for every request (as `auth`, so that a ~/.netrc entry can't replace it)."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token into a request's head."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request
