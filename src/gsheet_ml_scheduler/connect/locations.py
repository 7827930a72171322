"""What does the text mean that a user gave as the location of a sheet?

Pure: nothing is opened, asked or looked up here. Whether the place exists is the business of
`opening`; a text that can't be the location of any sheet is a `LocationError` at once.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

from gsheet_ml_scheduler.errors import LocationError

WAYS = (
    "A location is a Google Sheet's link (https://docs.google.com/spreadsheets/d/…), a workbook "
    "file (runs.sheet) or the address of a served workbook (http://host:8765/spreadsheets/d/…)."
)

_GOOGLE_HOSTS = {f"{name}.google.com" for name in ("docs", "drive", "sheets", "spreadsheets")}
_KEY = r"[A-Za-z0-9_-]+"
_KEY_IN_PATH = re.compile(
    rf"/spreadsheets/(?:u/\d+/)?d/(?P<key>{_KEY})(?:/|$)|/file/d/(?P<file>{_KEY})"
)
_SERVED_PATH = re.compile(rf"(?P<prefix>.*)/spreadsheets/d/(?P<key>{_KEY})(?:/.*)?$")
_BARE_KEY = re.compile(r"1[A-Za-z0-9_-]{43}")  # the shape of every key given out since 2014
_SCHEME = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://", re.IGNORECASE)


@dataclass(frozen=True)
class GoogleSheet:
    """A spreadsheet kept by Google."""

    key: str

    @property
    def link(self) -> str:
        """The address to show to people."""
        return f"https://docs.google.com/spreadsheets/d/{self.key}"


@dataclass(frozen=True)
class ServedWorkbook:
    """A workbook that another machine serves with the Sheets API."""

    base: str
    key: str
    token: str | None = None

    @property
    def link(self) -> str:
        """The address to show to people: without the token."""
        return f"{self.base}/spreadsheets/d/{self.key}"


@dataclass(frozen=True)
class WorkbookFile:
    """A workbook file on this machine."""

    path: Path


Location = GoogleSheet | ServedWorkbook | WorkbookFile


def parse_location(location: str | os.PathLike[str]) -> Location:
    """Tell which kind of place a location names.

    A `Path` is always a file. Text is a link when it has a scheme or starts with one of Google's
    host names, a Google key when it has exactly a key's shape, and a file otherwise (`./` in front
    makes anything a file).

    Raises:
        LocationError: the text can't be the location of a sheet.
    """
    if not isinstance(location, str):
        return WorkbookFile(Path(location).expanduser())
    text = location.strip()
    if not text:
        raise LocationError(f"The location is empty. {WAYS}")
    if text.partition("/")[0].lower() in _GOOGLE_HOSTS:
        text = f"https://{text}"
    scheme = _SCHEME.match(text)
    if scheme is None:
        return GoogleSheet(text) if _BARE_KEY.fullmatch(text) else WorkbookFile(_path(text))
    if scheme["scheme"].lower() not in {"http", "https"}:
        raise LocationError(f"{text} can't be opened: {scheme['scheme']}:// isn't known. {WAYS}")
    if (urlsplit(text).hostname or "") in _GOOGLE_HOSTS:
        return _google_sheet(text)
    return _served_workbook(text)


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # ~somebody, whom this machine doesn't know
        raise LocationError(f"{text} can't be opened: {error}") from error


def _google_sheet(link: str) -> GoogleSheet:
    parts = urlsplit(link)
    if "/d/e/" in parts.path:
        raise LocationError(
            f"{link} is the link of a published copy, which nobody can write to. Open the sheet "
            "itself and take the link from the browser's address bar or from Share > Copy link."
        )
    found = _KEY_IN_PATH.search(parts.path)
    if found is not None:
        return GoogleSheet(found["key"] or found["file"])
    query = parse_qs(parts.query)
    for name in ("key", "id"):  # spreadsheet/ccc?key=… and drive.google.com/open?id=…
        if name in query and re.fullmatch(_KEY, query[name][0]):
            return GoogleSheet(query[name][0])
    raise LocationError(
        f"{link} isn't the link of a Google Sheet. Its link looks like "
        "https://docs.google.com/spreadsheets/d/…: take it from the browser's address bar or from "
        "Share > Copy link."
    )


def _served_workbook(link: str) -> ServedWorkbook:
    parts = urlsplit(link)
    found = _SERVED_PATH.match(parts.path)
    if found is None or not parts.hostname:
        raise LocationError(f"{_without_query(link)} isn't the address of a sheet. {WAYS}")
    base = urlunsplit((parts.scheme, parts.netloc, found["prefix"], "", ""))
    return ServedWorkbook(base, found["key"], parse_qs(parts.query).get("token", [None])[0])


def _without_query(link: str) -> str:
    """The query may hold a token, and a message may end in somebody's log."""
    return link.partition("?")[0]
