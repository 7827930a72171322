"""What a person sees who opens the server's address in a browser.

Decided here: the pages' text, that they load nothing from anywhere, and how the token moves from
the address into a cookie, so that it stays neither in the address bar nor in the history. All text
that comes from a workbook is shown as text.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from functools import partial
from html import escape
from typing import TypeVar
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from gsheet_ml_scheduler.localsheets.errors import ApiError, not_found
from gsheet_ml_scheduler.server import bundle
from gsheet_ml_scheduler.server.access import cookie_name
from gsheet_ml_scheduler.server.api import Head, head_of
from gsheet_ml_scheduler.server.replies import accepts_gzip, reply
from gsheet_ml_scheduler.server.shelf import Shelf

_STYLE = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}"
    "body{max-width:44rem;margin:3rem auto;padding:0 1rem}"
    "pre{padding:.8rem;overflow:auto;border:1px solid;border-radius:.4rem}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_YEAR = 365 * 86400

T = TypeVar("T")


class Pages:
    """The pages about a shelf of workbooks."""

    def __init__(self, shelf: Shelf, token: str | None) -> None:
        self._shelf = shelf
        self._token = token

    async def home(self, request: Request) -> Response:
        """The list of workbooks."""
        head = head_of(request.scope)
        if "token" in head.query:
            return _without_token(head, self._token)
        titles = await self._titles()
        items = "".join(
            f'<li><a href="/spreadsheets/d/{quote(key)}">{escape(title)}</a></li>'
            for key, title in sorted(titles.items(), key=lambda one: one[1].casefold())
        )
        listed = f"<ul>{items}</ul>" if items else "<p>There is none yet.</p>"
        return _page(head, "Workbooks", f"<h1>Workbooks served here</h1>{listed}")

    async def workbook(self, request: Request) -> Response:
        """One workbook: what it is and how to work with it."""
        head = head_of(request.scope)
        if "token" in head.query:
            return _without_token(head, self._token)
        key = request.path_params["key"]
        titles = await self._titles()
        if key not in titles:
            missing = "<h1>No such workbook</h1><p>Its address may have changed.</p>"
            return _page(head, "No such workbook", missing, status=404)
        accepted = accepts_gzip(head.headers.get("accept-encoding", ()))
        grid = await _in_thread(partial(bundle.page, gzip_accepted=accepted))
        if grid is not None:
            return grid
        return _page(head, titles[key], _about(titles[key], f"{_base(head)}/spreadsheets/d/{key}"))

    async def asset(self, request: Request) -> Response:
        """A file of the grid's page."""
        head = head_of(request.scope)
        accepted = accepts_gzip(head.headers.get("accept-encoding", ()))
        name = request.path_params["name"]
        found = await _in_thread(partial(bundle.asset, name, gzip_accepted=accepted))
        if found is None:
            return refusal_page(not_found("There is no such file. Load the page again."))
        return found

    async def _titles(self) -> dict[str, str]:
        return await _in_thread(self._shelf.titles)


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)


def wants_page(head: Head) -> bool:
    """Whether a person in a browser asks, rather than a program."""
    place = head.path == "/" or head.path.startswith("/spreadsheets/")
    return place and "text/html" in (head.header("accept") or "")


def refusal_page(error: ApiError) -> Response:
    """An error for a person."""
    body = f"<h1>{error.code}</h1><p>{escape(error.message)}</p>"
    return _page(None, f"{error.code}", body, status=error.code)


def _about(title: str, address: str) -> str:
    code = (
        "from gsheet_ml_scheduler.scheduler import GSheetMLScheduler\n\n"
        f'scheduler = GSheetMLScheduler("{address}?token=…")'
    )
    return (
        f"<h1>{escape(title)}</h1>"
        "<p>This is a workbook that <b>gsheet-ml serve</b> serves with the API of Google Sheets. "
        "The grid in which it can be edited isn't built in this installation: "
        "<code>pip install</code> of a release, or of a checkout, brings it.</p>"
        "<p>A training script works with it by its address; where this says <code>…</code>, put "
        "the token from the address that the server printed:</p>"
        f"<pre><code>{escape(code)}</code></pre>"
        "<p>In a terminal, <code>gsheet-ml status --watch ADDRESS</code> shows its runs live, and "
        "<code>gsheet-ml set ADDRESS RUN KEY=VALUE</code> changes them. Every client of the "
        "Google Sheets API v4 can read and write it, if it can be told another address than "
        "Google's: the API stands at the root of this server, and the token goes into the header "
        "<code>Authorization: Bearer …</code>.</p>"
    )


def _base(head: Head) -> str:
    return f"http://{head.header('host')}"


def _page(head: Head | None, title: str, body: str, *, status: int = 200) -> Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )
    accepted = accepts_gzip(head.headers.get("accept-encoding", ())) if head else False
    page = reply(text.encode(), "text/html; charset=utf-8", gzip_accepted=accepted, status=status)
    page.headers["Content-Security-Policy"] = _POLICY
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


def _without_token(head: Head, token: str | None) -> Response:
    """To the same page without the token, which becomes a cookie.

    `Lax`, not `Strict`: the address may be clicked in a chat, and `Strict` would lose the cookie on
    the way. Nothing is changed by a GET, and other requests must come from our own pages anyway.
    """
    rest = {name: found for name, found in head.query.items() if name != "token"}
    place = "/" + head.path.lstrip("/")  # "//host" would lead elsewhere
    query = urlencode(rest, doseq=True)
    found = reply(b"", "", status=303)
    found.headers["Location"] = f"{place}?{query}" if query else place
    found.headers["Referrer-Policy"] = "no-referrer"
    if token is not None:
        name = cookie_name(head.header("host") or "")
        found.set_cookie(name, token, max_age=_YEAR, httponly=True, samesite="lax")
    return found
