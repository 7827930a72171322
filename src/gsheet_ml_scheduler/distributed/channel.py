"""How ranks talk: everybody tells rank 0 something, rank 0 tells everybody something.

Decided here: the two verbs, and their wire over TCP: JSON, each message preceded by its length in
four bytes. Never pickles: whoever gets through to a port must not get code run. A rank that dies
closes its connection, which the others notice at their next word. Elsewhere: where to connect
(`meeting.py`), what is said (`together.py`).
"""

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any, Protocol

from gsheet_ml_scheduler.distributed.ranks import Rank
from gsheet_ml_scheduler.errors import RanksError

_LENGTH = struct.Struct(">I")
LONGEST = 64 * 2**20
_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 6))
"""A machine that vanished without a word is noticed in about four minutes."""


class Channel(Protocol):
    """Rank 0 and the others; each call is made by all ranks, in the same order."""

    @property
    def rank(self) -> Rank:
        """Who this process is."""

    def gather(self, said: Any) -> list[Any]:
        """Tells rank 0; there, what each rank said, by number, and elsewhere nothing."""

    def spread(self, said: Any) -> Any:
        """What rank 0 says."""

    def close(self) -> None:
        """Ends it."""


class Alone:
    """The only rank there is."""

    rank = Rank(0, 1)

    def gather(self, said: Any) -> list[Any]:
        """See `Channel`."""
        return [said]

    def spread(self, said: Any) -> Any:
        """See `Channel`."""
        return said

    def close(self) -> None:
        """See `Channel`."""


class SocketChannel:
    """Ranks that are connected by TCP."""

    def __init__(self, rank: Rank, peers: Mapping[int, socket.socket]) -> None:
        """On rank 0, a connection to each other rank; elsewhere, one to rank 0."""
        self.rank = rank
        self._peers = dict(sorted(peers.items()))
        for peer in self._peers.values():
            peer.settimeout(None)  # a claim may take as long as the sheet is away
            keep_alive(peer)

    def gather(self, said: Any) -> list[Any]:
        """See `Channel`.

        Raises:
            RanksError: a rank is gone.
        """
        if not self.rank.is_first:
            self._send(0, said)
            return []
        return [said, *(self._receive(number) for number in self._peers)]

    def spread(self, said: Any) -> Any:
        """See `Channel`.

        Raises:
            RanksError: a rank is gone; those that are left have heard it.
        """
        if not self.rank.is_first:
            return self._receive(0)
        gone: RanksError | None = None
        for number in self._peers:
            try:
                self._send(number, said)
            except RanksError as error:
                gone = error
        if gone is not None:
            raise gone
        return said

    def close(self) -> None:
        """See `Channel`."""
        for peer in self._peers.values():
            peer.close()

    def _send(self, number: int, said: Any) -> None:
        try:
            send(self._peers[number], said)
        except OSError as error:
            raise self._gone(number, error) from error

    def _receive(self, number: int) -> Any:
        try:
            return receive(self._peers[number])
        except (OSError, ValueError) as error:
            raise self._gone(number, error) from error

    def _gone(self, number: int, error: Exception) -> RanksError:
        return RanksError(
            f"rank {self.rank.number} of {self.rank.size} has lost rank {number} "
            f"({error or type(error).__name__}). It has ended, or its machine is out of reach; "
            "its own output says why."
        )


def send(peer: socket.socket, said: Any) -> None:
    """One message.

    Raises:
        OSError: the connection is broken.
    """
    body = json.dumps(said).encode()
    peer.sendall(_LENGTH.pack(len(body)) + body)


def receive(peer: socket.socket) -> Any:
    """The next message.

    Raises:
        OSError: the connection is broken, or was closed.
        ValueError: what came is no message.
    """
    (length,) = _LENGTH.unpack(_exactly(peer, _LENGTH.size))
    if length > LONGEST:
        raise ValueError(f"a message of {length} bytes is none of ours")
    return json.loads(_exactly(peer, length))


def _exactly(peer: socket.socket, count: int) -> bytes:
    parts: list[bytes] = []
    while count:
        part = peer.recv(min(count, 2**20))
        if not part:
            raise ConnectionError("the connection was closed")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def keep_alive(peer: socket.socket) -> None:
    """Has the system notice a peer that vanished, and send small messages at once."""
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option = getattr(socket, name, None)  # macOS has names of its own, and good defaults
        if option is not None:
            peer.setsockopt(socket.IPPROTO_TCP, option, value)
