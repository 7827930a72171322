"""Every request of the run queue passes here, on its way to the client of the location.

Decided here: which requests are reads and which are writes, and what a refusal says of the quota.
Elsewhere: how many there may be (`budget.py`), who waits (`pacing.py`), where they go (`connect`).
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

from gspread import HTTPClient
from gspread.exceptions import APIError
from requests import Response

from gsheet_ml_scheduler.runsheet.budget import Kind
from gsheet_ml_scheduler.runsheet.pacing import TOO_MANY, Pacing, status_code

_READS = (":batchGetByDataFilter", ":getByDataFilter", "developerMetadata:search")
"""Google's methods that only read, although they are a POST."""


class RationedClient:
    """The part of a gspread client that the run queue uses, within the budget of a `Pacing`."""

    def __init__(self, client: HTTPClient, pacing: Pacing) -> None:
        """Nothing is asked yet."""
        self._client = client
        self._pacing = pacing

    def request(
        self,
        method: str,
        endpoint: str,
        *,
        params: Any = None,
        json: Mapping[str, Any] | None = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> Response:
        """Waits until the budget has room, then asks; see `gspread.HTTPClient.request`.

        Raises:
            SheetUnreachableError: there was no room for as long as the step may wait.
        """
        kind = kind_of(method, endpoint)
        self._pacing.wait_for_room(kind)
        try:
            return self._client.request(method, endpoint, params, json=json, headers=headers)
        except APIError as error:
            if status_code(error) == TOO_MANY:
                self._pacing.was_refused(kind, limit_of(error))
            raise


def kind_of(method: str, endpoint: str) -> Kind:
    """What a request counts as, by its method and address."""
    is_read = method.lower() == "get" or endpoint.endswith(_READS)
    return Kind.READ if is_read else Kind.WRITE


def limit_of(refusal: APIError) -> float | None:
    """The requests a minute that Google allows one account, where its refusal says so.

    It comes as `quota_limit_value` in the details of a RATE_LIMIT_EXCEEDED. The limit of a whole
    project is shared by accounts that we know nothing of, so it tells us nothing.
    """
    details = refusal.error.get("details", ())
    for detail in details if isinstance(details, list) else ():
        metadata = detail.get("metadata", {}) if isinstance(detail, Mapping) else {}
        if str(metadata.get("quota_limit", "")).endswith("PerUser"):
            try:
                return float(metadata.get("quota_limit_value", ""))
            except ValueError:
                return None
    return None


def limit_per_minute(client: HTTPClient) -> float | None:
    """What the location's client says of its quota: requests a minute of one account, or None."""
    return getattr(client, "requests_per_minute", None)
