"""The headers by which a page names its writes and says what they stand on.

Decided here: how they are written and what is refused. Decided elsewhere: what they do
(`localsheets.live.guards`); docs/reference/live-grid-protocol.md explains them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from gsheet_ml_scheduler.localsheets.errors import invalid_argument
from gsheet_ml_scheduler.localsheets.live.guards import Guard

CLIENT, BATCH, BASE = "grid-client", "grid-batch", "grid-base"
UNTOUCHED, AUTHOR, CURSOR = "grid-untouched", "grid-author", "Grid-Cursor"
REVISION = "Grid-Revision"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_AUTHOR = 80

Header = Callable[[str], str | None]


def guard_of(header: Header) -> Guard | None:
    """What the headers of a write say; None if they say nothing.

    Raises:
        ApiError: 400, they can't be read or don't go together.
    """
    client, batch, base = header(CLIENT), header(BATCH), header(BASE)
    untouched = (header(UNTOUCHED) or "").lower()
    if client is None and batch is None and base is None and not untouched:
        return None
    for name, given in ((CLIENT, client), (BATCH, batch)):
        if given is not None and not _NAME.fullmatch(given):
            raise invalid_argument(
                f"The header {name} is a name of 1 to 64 letters, digits, - and _, not "
                f'"{given[:100]}".'
            )
    if batch is not None and client is None:
        raise invalid_argument(f"The header {BATCH} goes with {CLIENT}, which is missing.")
    if untouched not in ("", "true", "false"):
        raise invalid_argument(f'The header {UNTOUCHED} is true or false, not "{untouched[:100]}".')
    if untouched == "true" and base is None:
        raise invalid_argument(f"The header {UNTOUCHED} goes with {BASE}, which is missing.")
    return Guard(client, batch, base, untouched=untouched == "true")


def author_of(header: Header) -> str | None:
    """Who edits in a browser, as the page says; None if no page asks."""
    given = unquote(header(AUTHOR) or "")
    name = "".join(letter for letter in given if letter.isprintable()).strip()[:_LONGEST_AUTHOR]
    if name:
        return name
    return "Browser" if header(CLIENT) is not None else None
