"""CellFormat: how a format that is sent becomes the one that is kept.

Decided here: colours are kept in 8 bits, rounded down (recorded), zeros are left out, a colour is
mirrored to its ColorStyle and back. What a cell shows with a format: `text`.
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from typing import Any

from .errors import invalid_argument
from .model.structure import Json

_COLOURS = ("backgroundColor", "foregroundColor", "tabColor", "color")

# A spreadsheet's format for cells that have none of their own (recorded).
DEFAULT: Json = {
    "backgroundColor": {"red": 1, "green": 1, "blue": 1},
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColor": {},
        "fontFamily": "arial,sans,sans-serif",
        "fontSize": 10,
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "foregroundColorStyle": {"rgbColor": {}},
    },
    "backgroundColorStyle": {"rgbColor": {"red": 1, "green": 1, "blue": 1}},
}


def normal(style: Any) -> Json:
    """A format as it is kept: colours in 8 bits, each beside its ColorStyle, nulls gone."""
    if not isinstance(style, dict):
        raise invalid_argument("A format must be an object.")
    out: Json = {}
    for name, value in style.items():
        if value is None:
            continue
        if name in _COLOURS:
            out[name] = colour(value)
            out.setdefault(f"{name}Style", {"rgbColor": out[name]})
        elif name.removesuffix("Style") in _COLOURS and isinstance(value, dict):
            out[name] = value
            if "rgbColor" in value:
                out[name] = {"rgbColor": colour(value["rgbColor"])}
                out[name.removesuffix("Style")] = out[name]["rgbColor"]
        elif isinstance(value, dict):
            out[name] = normal(value)
        else:
            out[name] = value
    return out


def colour(value: Any) -> Json:
    """A Color as it is kept: 8 bits a channel, read back as a float of 32 bits."""
    if not isinstance(value, dict):
        raise invalid_argument("A colour must be an object with red, green and blue.")
    out = {}
    for channel in ("red", "green", "blue", "alpha"):
        share = value.get(channel)
        if share is None:
            continue
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
            raise invalid_argument(f"Invalid colour: {channel} is {share!r}, not from 0 to 1.")
        # What was read comes back as a 32-bit float, a little less than it was; it is to stay.
        bits = math.floor(share * 255.0 + 1e-4) if share < 1 else 255
        if bits:
            out[channel] = 1 if bits == 255 else _single(bits / 255)
    return out


@lru_cache(maxsize=1024)
def _single(number: float) -> float:
    """The shortest decimal that is the same 32-bit float, as Google prints them."""
    exact = struct.unpack("f", struct.pack("f", number))[0]
    for digits in range(1, 10):
        short = float(f"{exact:.{digits}g}")
        if struct.unpack("f", struct.pack("f", short))[0] == exact:
            return short
    return float(exact)


def merged(below: Json, above: Json) -> Json:
    """A format over another one, field by field."""
    out = dict(below)
    for name, value in above.items():
        if isinstance(value, dict) and isinstance(out.get(name), dict) and "olor" not in name:
            out[name] = merged(out[name], value)
        else:
            out[name] = value
    return out
