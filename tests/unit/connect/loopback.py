"""A server on this machine in Google's place: it answers as told and remembers what it was asked.

The bodies are the ones that Google sends (recorded from the live API, or as google.rpc documents
them); the HTTP is real, and so are the tokens' round trips.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = "1HSmobuuXsOgUOM5cQ-ecHJS9hVrEj6D3AZG8gokbj6I"
LINK = f"https://docs.google.com/spreadsheets/d/{KEY}/edit?usp=sharing"
TRAINER = "trainer@lab-12.iam.gserviceaccount.com"


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: Message  # looked up without regard to case


@dataclass
class Loopback:
    """The server's address, its answers by path, and the requests that came."""

    base: str
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    once: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, path: str, status: int, body: object) -> None:
        """From now on, answer this path so; a text is sent as it is, anything else as JSON."""
        self.answers[path] = (status, _text(body))

    def answer_once(self, path: str, status: int, body: object) -> None:
        """Give this answer to one request, before the lasting one."""
        self.once.setdefault(path, []).append((status, _text(body)))

    def next_answer(self, path: str) -> tuple[int, str]:
        """What the next request for a path gets."""
        waiting = self.once.get(path)
        return waiting.pop(0) if waiting else self.answers.get(path, (404, "no such page"))

    def serve_sheet(self, *tabs: str, key: str = KEY) -> None:
        """Answer the reading of a spreadsheet that has these tabs."""
        self.answer(f"/v4/spreadsheets/{key}", 200, spreadsheet(*tabs, key=key))

    def refuse_sheet(self, status: int, body: object, key: str = KEY) -> None:
        """Refuse the reading of the spreadsheet."""
        self.answer(f"/v4/spreadsheets/{key}", status, body)

    def reads(self) -> list[Asked]:
        """The requests that came for the Sheets API, not for a token."""
        return [asked for asked in self.asked if asked.path.startswith("/v4/")]


def _text(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    loopback: Loopback


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        self.server.loopback.asked.append(Asked(self.command, self.path, self.headers))
        status, body = self.server.loopback.next_answer(path)
        sent = body.encode()
        self.send_response(status)
        kind = "application/json" if body[:1] in ("{", "[") else "text/html"
        self.send_header("Content-Type", f"{kind}; charset=UTF-8")
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("Metadata-Flavor", "Google")  # by this, Compute Engine is known
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Tests read `asked`; nothing is printed."""


class Running:
    """Context manager: a `Loopback` while the block runs."""

    def __enter__(self) -> Loopback:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.loopback = Loopback(f"http://127.0.0.1:{self._server.server_port}")
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self._server.loopback.answer(
            "/token",
            200,
            {"access_token": "ya29.loopback", "expires_in": 3599, "token_type": "Bearer"},
        )
        return self._server.loopback

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def spreadsheet(*tabs: str, key: str = KEY, title: str = "Runs of the lab") -> dict[str, Any]:
    """What spreadsheets.get answers for a spreadsheet with these tabs."""
    return {
        "spreadsheetId": key,
        "properties": {"title": title, "locale": "de_DE", "timeZone": "Europe/Berlin"},
        "sheets": [
            {
                "properties": {
                    "sheetId": number,
                    "title": tab,
                    "index": number,
                    "sheetType": "GRID",
                    "gridProperties": {"rowCount": 1000, "columnCount": 26},
                }
            }
            for number, tab in enumerate(tabs or ("Sheet1",))
        ],
    }


def error(status: int, code: str, message: str, *details: Mapping[str, Any]) -> dict[str, Any]:
    """An error body in Google's shape."""
    body: dict[str, Any] = {"code": status, "message": message, "status": code}
    if details:
        body["details"] = list(details)
    return {"error": body}


def error_info(reason: str) -> dict[str, Any]:
    """The detail that names a refusal's reason."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": "sheets.googleapis.com", "consumer": "projects/123456"},
    }


ENABLE = (
    "https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project=123456"
)
API_IS_OFF = error(
    403,
    "PERMISSION_DENIED",
    f"Google Sheets API has not been used in project 123456 before or it is disabled. Enable it by "
    f"visiting {ENABLE} then retry.",
    {
        "@type": "type.googleapis.com/google.rpc.Help",
        "links": [{"description": "Google developers console API activation", "url": ENABLE}],
    },
    error_info("SERVICE_DISABLED"),
)
NO_QUOTA_PROJECT = error(
    403,
    "PERMISSION_DENIED",
    "Your application is authenticating by using local Application Default Credentials. The "
    "sheets.googleapis.com API requires a quota project, which is not set by default.",
    error_info("SERVICE_DISABLED"),
)
NARROW_SCOPE = error(
    403,
    "PERMISSION_DENIED",
    "Request had insufficient authentication scopes.",
    error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
)
NOT_SHARED = error(403, "PERMISSION_DENIED", "The caller does not have permission")
NOT_FOUND = error(404, "NOT_FOUND", "Requested entity was not found.")
OFFICE_FILE = error(400, "FAILED_PRECONDITION", "This operation is not supported for this document")
OVER_QUOTA = error(
    429,
    "RESOURCE_EXHAUSTED",
    "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' "
    "of service 'sheets.googleapis.com' for consumer 'project_number:123456'.",
    error_info("RATE_LIMIT_EXCEEDED"),
)


def private_key() -> str:
    """A fresh RSA key as the PEM text of a key file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def write_service_account(file: Path, google: Loopback, pem: str) -> Path:
    """Write the key file of a service account whose tokens come from the loopback server."""
    info = {
        "type": "service_account",
        "project_id": "lab-12",
        "private_key_id": "0123456789abcdef",
        "private_key": pem,
        "client_email": TRAINER,
        "client_id": "100000000000000000001",
        "token_uri": f"{google.base}/token",
    }
    return _write(file, info)


def write_user_login(file: Path) -> Path:
    """Write a person's login, in the form that gcloud and gspread both use.

    Its token is good for the life of any test: google-auth renews this kind at Google's own
    address only, whatever the file says.
    """
    info = {
        "type": "authorized_user",
        "client_id": "77.apps.googleusercontent.com",
        "client_secret": "not-so-secret",
        "refresh_token": "1//refresh",
        "token": "ya29.person",
        "expiry": "2999-12-31T23:59:59Z",
        "quota_project_id": "lab-12",
    }
    return _write(file, info)


def write_workforce_login(file: Path, google: Loopback) -> Path:
    """Write a login that gcloud makes for a company's people; it says where it is renewed."""
    info = {
        "type": "external_account_authorized_user",
        "audience": "//iam.googleapis.com/locations/global/workforcePools/lab/providers/sso",
        "client_id": "77.apps.googleusercontent.com",
        "client_secret": "not-so-secret",
        "refresh_token": "1//refresh",
        "token_url": f"{google.base}/token",
        "token_info_url": f"{google.base}/introspect",
        "quota_project_id": "lab-12",
    }
    return _write(file, info)


def _write(file: Path, info: Mapping[str, str]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(info))
    return file
