"""gspread without a network: an HTTPClient whose requests are answered in this process.

The same functions answer as over HTTP; only the socket and the JSON text in between are left out.
"""

from __future__ import annotations

import json as json_text
import time
from collections.abc import Mapping, MutableMapping
from email.utils import formatdate
from functools import cached_property
from http.client import responses
from typing import Any
from urllib.parse import parse_qs

import gspread
from gspread.exceptions import APIError
from requests import Response
from requests.structures import CaseInsensitiveDict

from . import front
from .api.replies import JSON, Reply, copied
from .drive.drive import Drive, SingleFile, owner_name
from .drive.folder import Folder
from .errors import ApiError, invalid_argument
from .workbook import Workbook

_HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")
_RELAXED = "durability=relaxed"


class LocalSession:
    """Where gspread and its users put headers that go with every request."""

    def __init__(self) -> None:
        self.headers: MutableMapping[str, str] = CaseInsensitiveDict({"User-Agent": owner_name()})


class Answer(Response):
    """A requests.Response that was never on a wire: its JSON is an object already."""

    def __init__(self, reply: Reply, url: str) -> None:
        # Response's own __init__ makes a cookie jar for every answer, which takes longer than
        # most requests; everything that it sets is set here.
        self.status_code = reply.status
        self.reason = responses.get(reply.status, "")
        self.url = url
        self.encoding = "utf-8"
        self.history = []
        self.raw = None
        self._body = copied(reply.body) if reply.shared else reply.body
        self._media_type = reply.media_type
        self._date = _http_date()
        self._content: Any = False

    @cached_property
    def headers(self) -> CaseInsensitiveDict[str]:  # type: ignore[override]
        """Date and Content-Type; few callers look at them, so they are made on demand."""
        return CaseInsensitiveDict({"Date": self._date, "Content-Type": self._media_type})

    @property
    def content(self) -> bytes:
        """The body as it would have come over a wire."""
        if self._content is False:
            text = "" if self._body is None else self._body
            if self._media_type == JSON:
                text = json_text.dumps(self._body, ensure_ascii=False)
            self._content = text if isinstance(text, bytes) else text.encode()
        found: bytes = self._content
        return found

    def json(self, **kwargs: Any) -> Any:
        """The body, which is the caller's to change."""
        if kwargs or self._media_type != JSON:
            return json_text.loads(self.content, **kwargs)
        return self._body


class InProcessClient(gspread.HTTPClient):
    """A gspread HTTPClient whose Drive is on this machine."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        self.session: Any = LocalSession()
        self.timeout = None

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
        address, _, query = endpoint.partition("?")
        for host in _HOSTS:
            if address.startswith(host):
                address = address[len(host) :]
                break
        parameters: Mapping[str, Any] = params or {}
        if query:
            parameters = {**parse_qs(query), **parameters}
        said = headers or {}
        author = said.get("User-Agent") or self.session.headers["User-Agent"]
        relaxed = said.get("Prefer") == _RELAXED
        try:
            body = json if data is None else _uploaded(data, said)
            request = front.Request(method.upper(), address, parameters, body, author, relaxed)
            return Answer(front.answer(self.drive, request), endpoint)
        except ApiError as error:
            raise APIError(Answer(Reply(error.code, error.body()), endpoint)) from error


class LocalClient(InProcessClient):
    """A gspread HTTPClient for one workbook file."""

    def __init__(self, workbook: Workbook) -> None:
        super().__init__(SingleFile(workbook))
        self.workbook = workbook

    @property
    def spreadsheet_id(self) -> str:
        """The id under which the workbook answers."""
        return self.workbook.spreadsheet_id


class FolderClient(InProcessClient):
    """A gspread HTTPClient for all the workbook files of a folder."""

    def __init__(self, folder: Folder) -> None:
        super().__init__(folder)
        self.folder = folder


def _uploaded(data: bytes, headers: Mapping[str, str]) -> Any:
    """A body that was given as bytes: JSON, unless it is said to be something else."""
    kind = CaseInsensitiveDict(headers).get("Content-Type", "application/json")
    if not kind.startswith("application/json"):
        return data
    try:
        return json_text.loads(data) if data else None
    except ValueError as error:
        raise invalid_argument(f"Invalid JSON payload received. {error}") from error


_date = (0, "")


def _http_date() -> str:
    """Now, as an HTTP header says it; made once a second."""
    global _date
    now = int(time.time())
    if _date[0] != now:
        _date = (now, formatdate(now, usegmt=True))
    return _date[1]
