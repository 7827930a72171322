"""The grid's page as it was built from `web/`: its files, and how a browser is to treat them.

Decided here: that the page loads nothing from any other host and runs no script but its own, and
that its files may be kept for good, for their names change with their content. Decided elsewhere:
how they are built (`hatch_build.py`), who gets in (`access`).
"""

from __future__ import annotations

import gzip
import mimetypes
import re
from functools import lru_cache
from pathlib import Path

from starlette.responses import Response

from gsheet_ml_scheduler.server.replies import reply

FOLDER = Path(__file__).with_name("static")
"""Not in the repository: the build puts it there, and the wheel carries it."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_GZIP_LEVEL = 6  # once for each file; the page is megabytes of script
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Univer places its parts by style attributes
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


def page(*, gzip_accepted: bool) -> Response | None:
    """The page that shows a workbook, None if it isn't built."""
    path = FOLDER / "index.html"
    if not path.is_file():
        return None
    found = reply(path.read_bytes(), "text/html; charset=utf-8", gzip_accepted=gzip_accepted)
    found.headers["Content-Security-Policy"] = _POLICY
    found.headers["Referrer-Policy"] = "no-referrer"
    return found


def asset(name: str, *, gzip_accepted: bool) -> Response | None:
    """One of the page's files, None if there is none of that name."""
    path = FOLDER / "assets" / name
    if not _NAME.fullmatch(name) or not path.is_file():
        return None
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    body = path.read_bytes() if not gzip_accepted else _compressed(path, path.stat().st_mtime_ns)
    found = reply(body, kind)
    if gzip_accepted:
        found.headers["Content-Encoding"] = "gzip"
    found.headers["Vary"] = "Accept-Encoding"
    found.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return found


@lru_cache(maxsize=64)
def _compressed(path: Path, _written: int) -> bytes:
    return gzip.compress(path.read_bytes(), _GZIP_LEVEL, mtime=0)
