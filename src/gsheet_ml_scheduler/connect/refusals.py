"""What does a refusal mean, and what can the person do about it?

Pure: an answer's status and body, and who asked, become one of our errors. The shapes of Google's
bodies are those of google.rpc (`status`, `details[].reason`); prose is only matched where Google
gives no reason code. Only refusals that last until somebody acts come here, so every error is a
`LocationError`; what passes by itself (quota, a server's bad minute) is tried again by
`runsheet.pacing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.auth.exceptions import GoogleAuthError, TransportError
from gspread.exceptions import APIError

from gsheet_ml_scheduler.connect.google_access import Account
from gsheet_ml_scheduler.connect.locations import GoogleSheet, ServedWorkbook
from gsheet_ml_scheduler.errors import AccessError, LocationError


@dataclass(frozen=True)
class Refusal:
    """The parts of an error answer that decide what it means."""

    status: int
    message: str
    reason: str | None = None
    enable_link: str | None = None


def read_refusal(error: APIError) -> Refusal:
    """Take an error answer apart; its body need not be Google's (a proxy's page, say)."""
    reason = link = None
    details = error.error.get("details", [])
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, Mapping):
            reason = detail.get("reason", reason)
            link = link or _first_link(detail)
    return Refusal(
        error.response.status_code, str(error.error.get("message", "")).strip(), reason, link
    )


def _first_link(detail: Mapping[str, Any]) -> str | None:
    for link in detail.get("links", []):
        address = link.get("url")
        if isinstance(address, str):
            return address
    return None


def explain_google(refusal: Refusal, sheet: GoogleSheet, account: Account) -> LocationError:
    """The error to raise for Google's refusal to open a sheet."""
    link, said = sheet.link, refusal.message
    if refusal.reason == "SERVICE_DISABLED":
        return AccessError(_service_disabled(refusal, account))
    if refusal.reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
        return AccessError(
            f"The login of {account.name} doesn't cover Google Sheets. {account.remedy_scope}"
        )
    if refusal.status == 401:
        return AccessError(
            f"Google doesn't accept the login of {account.name}: {said} {account.remedy_expired}"
        )
    if refusal.status == 403:
        return AccessError(f"{link} isn't shared with {account.name}. {_share(account)}")
    if refusal.status == 404:
        return LocationError(
            f"Google finds no sheet {link}. Check the link; if it opens in your browser, the sheet "
            f"isn't shared with {account.name}: {_share(account)}"
        )
    if refusal.status == 400 and "not supported for this document" in said:
        return LocationError(
            f"{link} is an Office file kept in Google Drive, not a Google Sheet. Open it, choose "
            "File > Save as Google Sheets, and use the new file's link."
        )
    return LocationError(f"Google doesn't open {link} ({refusal.status}): {said}")


def _service_disabled(refusal: Refusal, account: Account) -> str:
    if "quota project" in refusal.message:
        return (
            f"Google wants to know on which project's quota {account.name} works. Name one in "
            "which the Google Sheets API is enabled: gcloud auth application-default "
            "set-quota-project PROJECT"
        )
    where = (
        refusal.enable_link or "https://console.cloud.google.com/apis/library/sheets.googleapis.com"
    )
    return (
        f"The Google Sheets API isn't enabled in the project of {account.name}. Enable it at "
        f"{where}, wait a minute or two, and try again."
    )


def _share(account: Account) -> str:
    if account.email is None:
        return "Open it with that account, or share it with that account as an Editor."
    return f"Press Share in the sheet and add {account.email} as an Editor."


def passes_by_itself(error: GoogleAuthError) -> bool:
    """Whether Google's login service was out of reach or overloaded, rather than refusing."""
    return isinstance(error, TransportError) or bool(error.retryable)


def explain_login(error: GoogleAuthError, account: Account) -> AccessError:
    """The error to raise when Google refuses a token to an account."""
    return AccessError(
        f"Google doesn't accept the login of {account.name} any more ({_short(error)}). "
        f"{account.remedy_expired}"
    )


def explain_served(refusal: Refusal, workbook: ServedWorkbook) -> LocationError:
    """The error to raise for the refusal of a server of workbooks."""
    if refusal.status in {401, 403}:
        wrong = "doesn't accept this token" if workbook.token else "asks for a token"
        return AccessError(
            f"{workbook.base} {wrong}. Use the address that the server printed, with its ?token=…, "
            "or set the environment variable GSHEET_ML_TOKEN."
        )
    if refusal.status == 404:
        return LocationError(
            f"There is no workbook at {workbook.link}. Use the address that the server printed."
        )
    return LocationError(
        f"{workbook.link} can't be opened ({refusal.status}: {_one_line(refusal.message)})."
    )


def _short(error: GoogleAuthError) -> str:
    """The library's sentence, without the answer's body that some of its errors carry along."""
    return _one_line(str(error.args[0]) if error.args else type(error).__name__)


def _one_line(text: str, limit: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
