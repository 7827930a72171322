"""An answer before it is put on a wire, or handed to a caller in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body and what the body is."""

    status: int
    body: Any  # JSON; bytes where `media_type` is another; None for nothing
    media_type: str = JSON
    shared: bool = False  # parts of the body are kept: a caller in this process gets a copy


def copied(found: Any) -> Any:
    """JSON that is nobody else's."""
    return msgspec.to_builtins(found)
