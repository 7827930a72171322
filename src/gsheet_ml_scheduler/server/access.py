"""Who gets in: rules over a request's head, without I/O.

Decided here, in this order:

1. the name by which the server was asked for (`Host`). A page that was loaded from a name under
   somebody else's control, and made to mean this machine (DNS rebinding), asks by that name;
2. the page that sends a change or opens a WebSocket (`Origin`): only one that this server itself
   gave out;
3. the token: `Authorization: Bearer …`, `?token=…`, or the cookie that a browser got for it.

Decided elsewhere: on which addresses the server listens (`running`), that bodies must be JSON
(`bodies`). A refusal is an `ApiError` with a sentence, 401 or 403.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gsheet_ml_scheduler.localsheets.errors import ApiError, invalid_argument, permission_denied

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[a-z0-9_.-]+))(?::(?P<port>\d{1,5}))?")

Headers = Mapping[str, Sequence[str]]  # names in lower case


@dataclass(frozen=True, slots=True)
class Door:
    """What this server asks of whoever wants in.

    `names` are host names in lower case, without port. `any_address` is for a server that listens
    on all addresses of its machine: any IP address is one of its names then, because only a host
    name can be rebound. Without a `token`, everybody gets in who passes the other rules.
    """

    names: frozenset[str]
    token: str | None
    any_address: bool = False

    def check(
        self,
        method: str,
        headers: Headers,
        query: Mapping[str, Sequence[str]],
        *,
        is_socket: bool = False,
    ) -> None:
        """See that a request may come in.

        A WebSocket is a GET, but browsers let every page open one to everywhere and read it, so
        the page is looked at as if it wanted to change something.

        Raises:
            ApiError: 400, 401 or 403, with the reason.
        """
        host = self._require_known_name(headers)
        if is_socket or method not in _SAFE_METHODS:
            _require_own_origin(headers, host)
        if self.token is not None:
            self._require_token(headers, query, self.token)

    def _require_known_name(self, headers: Headers) -> str:
        given = headers.get("host", ())
        if len(given) != 1:
            raise invalid_argument("A request names its server in exactly one Host header.")
        host = given[0].lower()
        name = host_name(host)
        if name is None or not (name in self.names or (self.any_address and _is_address(name))):
            raise permission_denied(
                f'This server doesn\'t answer to the name "{given[0][:100]}". Use the address that '
                "it printed; if this name is meant to lead here, start the server with --host "
                "NAME once more."
            )
        return host

    def _require_token(
        self, headers: Headers, query: Mapping[str, Sequence[str]], token: str
    ) -> None:
        cookie = cookie_name(headers.get("host", ("",))[0])
        given = [
            *_bearers(headers.get("authorization", ())),
            *query.get("token", ()),
            *_cookies(headers.get("cookie", ()), cookie),
        ]
        if not given:
            raise _unauthenticated(
                "This server asks for a token. Use the address that it printed, with its ?token=…, "
                "or send the header Authorization: Bearer TOKEN."
            )
        # Every one is compared, and in constant time: how long it takes tells nothing.
        if not sum([hmac.compare_digest(one.encode(), token.encode()) for one in given]):
            raise _unauthenticated(
                "This isn't the server's token. It may have been started anew since: use the "
                "address that it printed last."
            )


def door_for(host: str, others: Iterable[str], token: str | None) -> Door:
    """The door of a server that listens on a host, and may be asked for by other names too."""
    names = {*LOOPBACK_NAMES, *(name.lower().strip("[]") for name in (host, *others))}
    any_address = is_wildcard(host)
    if any_address:
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return Door(frozenset(names), token, any_address)


def is_wildcard(host: str) -> bool:
    """Whether a host to listen on means all addresses of this machine."""
    return host in ("", "0.0.0.0", "::", "[::]")  # noqa: S104 - asked about, not bound


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    plain = host.strip("[]")
    return plain.lower() == "localhost" or (
        _is_address(plain) and ipaddress.ip_address(plain).is_loopback
    )


def host_name(host: str) -> str | None:
    """The name in a Host header, without port and brackets; None if it can't be one."""
    found = _HOST.fullmatch(host)
    if found is None:
        return None
    return found["six"] or found["name"].removesuffix(".")


def cookie_name(host: str) -> str:
    """The name of the token's cookie: browsers keep cookies by host, not by port."""
    found = _HOST.fullmatch(host.lower())
    return f"gsheet-ml-{found['port'] if found and found['port'] else 80}"


def _require_own_origin(headers: Headers, host: str) -> None:
    for origin in headers.get("origin", ()):
        parts = urlsplit(origin.lower())
        if parts.scheme not in ("http", "https") or parts.netloc != host:
            raise permission_denied(
                f'A page of "{origin[:100]}" tried to change something here. Only pages of this '
                "server may; scripts don't send an Origin header at all."
            )


def _bearers(headers: Sequence[str]) -> list[str]:
    pairs = [header.partition(" ") for header in headers]
    return [token.strip() for scheme, _, token in pairs if scheme.lower() == "bearer"]


def _cookies(headers: Sequence[str], wanted: str) -> list[str]:
    pairs = [pair.strip().partition("=") for header in headers for pair in header.split(";")]
    return [value for name, _, value in pairs if name == wanted]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _unauthenticated(message: str) -> ApiError:
    return ApiError(401, "UNAUTHENTICATED", message)
