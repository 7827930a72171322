"""JSON as it is stored in a workbook: written and read by msgspec, which takes a fifth of the time.

Half of what the standard library needs for a write went into this. What it writes is the same
JSON: numbers as they were, text in UTF-8, no spaces.
"""

from __future__ import annotations

from typing import Any

import msgspec

_to_bytes = msgspec.json.Encoder().encode
_to_sorted_bytes = msgspec.json.Encoder(order="sorted").encode
_from_text = msgspec.json.Decoder().decode

StoredError = msgspec.DecodeError
"""What is stored is no JSON: the file is damaged."""


def encode(found: Any) -> str:
    """JSON text; UnicodeEncodeError where a text holds half a character."""
    return _to_bytes(found).decode()


def encode_sorted(found: Any) -> str:
    """The same text for the same content."""
    return _to_sorted_bytes(found).decode()


def decode(text: str) -> Any:
    """What a text says; StoredError if it is none of ours."""
    return _from_text(text)
