"""gspread without a network: an HTTPClient whose requests are answered in this process.

The same functions answer as over HTTP; only the socket and the JSON text in between are left out.
"""

from __future__ import annotations

import json as json_text
import os
import socket
import time
from collections.abc import Mapping, MutableMapping
from email.utils import formatdate
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import gspread
from gspread.exceptions import APIError
from requests import Response
from requests.structures import CaseInsensitiveDict

from . import routes
from .errors import ApiError, not_found
from .structure import Json
from .workbook import Workbook

_HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")
_RELAXED = "durability=relaxed"


class LocalSession:
    """Where gspread and its users put headers that go with every request."""

    def __init__(self) -> None:
        user = f"{os.environ.get('USER', 'user')}@{socket.gethostname()}"
        self.headers: MutableMapping[str, str] = CaseInsensitiveDict({"User-Agent": user})


class Answer(Response):
    """A requests.Response that was never on a wire: its JSON is an object already."""

    def __init__(self, status: int, body: Json | None, url: str) -> None:
        # Response's own __init__ makes a cookie jar for every answer, which takes longer than
        # most requests; everything that it sets is set here.
        self.status_code = status
        self.reason = HTTPStatus(status).phrase
        self.url = url
        self.encoding = "utf-8"
        self.history = []
        self.raw = None
        self._body = body
        self._date = _http_date()
        self._content: Any = False

    @cached_property
    def headers(self) -> CaseInsensitiveDict[str]:  # type: ignore[override]
        """Date and Content-Type; few callers look at them, so they are made on demand."""
        return CaseInsensitiveDict(
            {"Date": self._date, "Content-Type": "application/json; charset=UTF-8"}
        )

    @property
    def content(self) -> bytes:
        """The body as it would have come over a wire."""
        if self._content is False:
            text = "" if self._body is None else json_text.dumps(self._body, ensure_ascii=False)
            self._content = text.encode()
        found: bytes = self._content
        return found

    def json(self, **kwargs: Any) -> Any:
        """The body, which is the caller's to change."""
        if kwargs or self._body is None:
            return json_text.loads(self.content, **kwargs)
        return self._body


class LocalClient(gspread.HTTPClient):
    """A gspread HTTPClient for one workbook file."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self.session: Any = LocalSession()
        self.timeout = None

    @property
    def spreadsheet_id(self) -> str:
        """The id under which the workbook answers."""
        return self.workbook.spreadsheet_id

    def login(self) -> None:
        """Nothing to do: whoever may read the file may read the workbook."""

    def request(
        self,
        method: str,
        endpoint: str,
        params: Any = None,
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: Any = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> Response:
        """Answer a request to Google's address of the API.

        Raises:
            APIError: the answer is an error, in Google's words.
            WorkbookError: the file can't be read or written.
        """
        del files
        body: Any = json
        if data is not None:
            body = json_text.loads(data)
        address, _, query = endpoint.partition("?")
        parameters: Mapping[str, Any] = params or {}
        if query:
            parameters = {**parse_qs(query), **parameters}
        try:
            found = self._answer(method.upper(), address, parameters, body, headers or {})
        except ApiError as error:
            raise APIError(Answer(error.code, error.body(), endpoint)) from error
        return Answer(200, found, endpoint)

    def _answer(
        self,
        verb: str,
        address: str,
        query: Mapping[str, Any],
        body: Any,
        headers: Mapping[str, str],
    ) -> Json:
        for host in _HOSTS:
            if address.startswith(host):
                address = address[len(host) :]
                break
        route = routes.find(verb, address)
        if route.spreadsheet_id != self.workbook.spreadsheet_id:
            raise not_found()
        author = headers.get("User-Agent") or self.session.headers["User-Agent"]
        return self.workbook.answer(
            route,
            query,
            body,
            author=author,
            relaxed=headers.get("Prefer") == _RELAXED,
        )


_date = (0, "")


def _http_date() -> str:
    """Now, as an HTTP header says it; made once a second."""
    global _date
    now = int(time.time())
    if _date[0] != now:
        _date = (now, formatdate(now, usegmt=True))
    return _date[1]
