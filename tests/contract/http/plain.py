"""HTTP as plain as the standard library has it: every header is the test's own."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from tests.served import Served


@dataclass(frozen=True)
class Answer:
    """A status, headers (looked up without regard to case) and the body's bytes."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        assert self.headers["Content-Type"] == "application/json; charset=UTF-8", self.body[:200]
        return json.loads(self.body.decode("utf-8"))

    def error(self) -> tuple[int, str, str]:
        """Code, status and message of an error in Google's shape; nothing else may be there."""
        found = self.json()
        assert list(found) == ["error"]
        error = found["error"]
        assert set(error) - {"details"} == {"code", "message", "status"}
        assert error["code"] == self.status
        assert "Traceback" not in error["message"]
        assert 'File "' not in error["message"]
        return error["code"], error["status"], error["message"]


@dataclass
class Plain:
    """One keep-alive connection to a server."""

    server: Served
    timeout: float = 60.0
    headers: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Plain:
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.port, timeout=self.timeout
        )
        if self.server.token:
            self.headers.setdefault("Authorization", f"Bearer {self.server.token}")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(
        self,
        verb: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; a body that isn't bytes goes as JSON."""
        sent = {**self.headers, **(headers or {})}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        self._connection.request(verb, path, data, {k: v for k, v in sent.items() if v})
        response = self._connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def values(self, a1: str = "A1:B2") -> list[list[Any]]:
        """What stands in an area."""
        answer = self.ask("GET", f"{self.root}/values/{a1}?valueRenderOption=UNFORMATTED_VALUE")
        assert answer.status == 200, answer.body
        found: list[list[Any]] = answer.json().get("values", [])
        return found

    def write(self, values: object, a1: str = "A1", option: str = "RAW") -> Answer:
        """values.update."""
        path = f"{self.root}/values/{a1}?valueInputOption={option}"
        return self.ask("PUT", path, {"values": values})

    @property
    def root(self) -> str:
        """The path of the workbook."""
        return f"/v4/spreadsheets/{self.server.key}"


def raw(server: Served, sent: bytes, *, until_closed: bool = True, seconds: float = 20.0) -> bytes:
    """What comes back for bytes on a socket."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        connection.sendall(sent)
        received = b""
        while True:
            part = connection.recv(65536)
            received += part
            if not part or (not until_closed and b"\r\n\r\n" in received):
                return received
