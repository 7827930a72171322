"""What it is to keep records of runs: one verb, and two ways in which it can fail.

Decided here: the seam between those who record (`gsheet_ml_scheduler.recording`) and the locations
that can keep it (`connect.recording`).
"""

from collections.abc import Sequence
from typing import Any, Protocol

Json = dict[str, Any]


class NotKeptNowError(Exception):
    """Nothing of some records was kept; the same may be sent again later."""


class NeverKeptError(Exception):
    """The location keeps no records, whatever is sent."""


class Keeper(Protocol):
    """Somewhere to keep records, in the form of docs/reference/live-grid-protocol.md."""

    def keep(self, records: Sequence[Json]) -> None:
        """Keep some records, once however often they are sent.

        Raises:
            NotKeptNowError, NeverKeptError: they aren't kept.
        """
