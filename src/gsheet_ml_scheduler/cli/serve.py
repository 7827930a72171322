"""gsheet-ml serve: a workbook, or a folder of them, for a team.

Decided here: the options, what is printed (the first line is the address, for programs that start
this one), when a browser is opened. Decided elsewhere: who gets in and all else (`server`).
"""

import os
import re
import secrets
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from html import escape
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console

from gsheet_ml_scheduler.cli.commands import WORK, app
from gsheet_ml_scheduler.errors import ServeError

_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")
_SHORT = 16  # letters of a token that could be guessed
PORT = 8765


@app.command(rich_help_panel=WORK)
def serve(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|FOLDER", help="A workbook file, or a folder of them.", show_default=False
        ),
    ],
    *,
    host: Annotated[
        list[str] | None,
        typer.Option(
            help="The address to listen on; 0.0.0.0 is every one of this machine. Given again: "
            "further names under which the server may be asked for.",
            show_default="127.0.0.1",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 is any free one.", min=0, max=65535)
    ] = PORT,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="GSHEET_ML_TOKEN",
            help="What clients must show to get in.",
            show_default="a random one",
        ),
    ] = None,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Let in everybody on this machine without a token.")
    ] = False,
    open_to_anyone: Annotated[
        bool,
        typer.Option(
            "--open-to-anyone", help="With --no-token and --host: let in the whole network."
        ),
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Open no browser window.")
    ] = False,
) -> None:
    """Serve a workbook, or a folder of them, to a team: with the API of Google Sheets.

    The first line printed is its address. Give it to GSheetMLScheduler, or open it in a browser.
    Ctrl-C ends the server when the requests under way are answered.

    Exit code: 0 when ended by SIGTERM, 130 when ended by Ctrl-C.
    """
    from gsheet_ml_scheduler import server  # here: other commands start without it
    from gsheet_ml_scheduler.server.access import is_loopback

    bound, *names = host or ["127.0.0.1"]
    is_open = not is_loopback(bound)
    wanted = _token(token, none=no_token, anyone=open_to_anyone or not is_open)
    shelf = server.Shelf(place.expanduser().absolute())
    listener = server.listen(bound, port)
    door = server.door_for(bound, names, wanted)
    base = f"http://{_reachable(bound, listener)}:{listener.getsockname()[1]}"
    titles = shelf.titles()
    addresses = {key: _address(f"{base}/spreadsheets/d/{quote(key)}", wanted) for key in titles}
    is_file = place.is_file()
    first = next(iter(addresses.values())) if is_file else _address(f"{base}/", wanted)
    warning = _warning(bound, listener.getsockname()[1], wanted) if is_open else None
    listed = [] if is_file else sorted((title, addresses[key]) for key, title in titles.items())

    def announce() -> None:
        print(first, flush=True)  # noqa: T201 - for programs: no colours, no wrapping
        lines = [f"{title}: {address}" for title, address in listed]
        lines += [warning] if warning else []
        console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        console.print("\n".join([*lines, f"Serving {place}. Ctrl-C ends it."]))

    with browser_at(first) if not no_browser else nullcontext():
        code = server.run(server.build_app(shelf, door), listener, announce)
    raise typer.Exit(code)


def _token(given: str | None, *, none: bool, anyone: bool) -> str | None:
    """The token to ask for, None for none.

    Raises:
        ServeError: the options don't go together, or the token can't stand in an address.
    """
    if none:
        if not anyone:
            raise ServeError(
                "Without a token, everybody in the network could read and change the workbooks. "
                "Leave --no-token away, or add --open-to-anyone if that is what you want."
            )
        return None
    if not given:
        return secrets.token_urlsafe(24)
    if not _TOKEN.fullmatch(given):
        raise ServeError(
            "A token is made of letters, digits and the signs . _ ~ - only, for it stands in an "
            "address. Choose another, or let the server make one."
        )
    return given


def _address(address: str, token: str | None) -> str:
    return address if token is None else f"{address}?token={token}"


def _warning(host: str, port: int, token: str | None) -> str:
    who = "Everybody who reaches" if token is None else "Everybody with the token who reaches"
    short = token is not None and len(token) < _SHORT
    return (
        f"{who} port {port} of this machine ({host}) can read and change what is served. "
        + ("The token is short enough to be guessed: choose a longer one. " if short else "")
        + "The connection isn't encrypted: in a network that you don't trust, listen on 127.0.0.1 "
        "and use an SSH tunnel, or put a proxy with TLS in front."
    )


def _reachable(bound: str, listener: socket.socket) -> str:
    """The host to print: as given, or for all addresses the one that leads to the outside."""
    from gsheet_ml_scheduler.server.access import is_wildcard

    if not is_wildcard(bound):
        plain = bound.strip("[]")
        return f"[{plain}]" if ":" in plain else plain
    six = listener.family == socket.AF_INET6
    with socket.socket(listener.family, socket.SOCK_DGRAM) as probe:
        try:
            # Documentation addresses: nothing is sent, the system only chooses a way out.
            probe.connect(("2001:db8::1" if six else "192.0.2.1", 9))
        except OSError:
            return "localhost"
        address = str(probe.getsockname()[0])
    return f"[{address}]" if six else address


@contextmanager
def browser_at(address: str) -> Iterator[None]:
    """Open a window at the start, where somebody sits in front of a screen."""
    seen = sys.platform == "darwin" or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    if not (seen and sys.stdout.isatty()):
        yield
        return
    # By a file that only its owner reads: a command line, with the token in it, is for everybody.
    page = f'<meta http-equiv="refresh" content="0;url={escape(address)}">'
    descriptor, name = tempfile.mkstemp(prefix="gsheet-ml-", suffix=".html")
    with os.fdopen(descriptor, "w") as file:
        file.write(page)
    try:
        webbrowser.open(Path(name).as_uri())
        yield
    finally:
        Path(name).unlink(missing_ok=True)
