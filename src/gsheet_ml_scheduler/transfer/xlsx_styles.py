"""How a cell looks: openpyxl's styles as a CellFormat, and back.

Decided here: which parts of a look are carried, and how a file's colours (theme, index, tint) come
to red, green and blue. What the file's own default says isn't said of a cell.
"""

from __future__ import annotations

import colorsys
from typing import Any
from xml.etree import ElementTree

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.colors import COLOR_INDEX

from gsheet_ml_scheduler.transfer.stream import Json
from gsheet_ml_scheduler.transfer.xlsx_text import number_format_from, number_format_to

_ACCENTS = tuple(f"accent{n}" for n in range(1, 7))
_THEME_ORDER = ("lt1", "dk1", "lt2", "dk2", *_ACCENTS, "hlink", "folHlink")
_OFFICE = "FFFFFF 000000 EEECE1 1F497D 4F81BD C0504D 9BBB59 8064A2 4BACC6 F79646 0000FF 800080"
_HORIZONTAL = {"left": "LEFT", "center": "CENTER", "right": "RIGHT"}
_VERTICAL = {"top": "TOP", "center": "MIDDLE"}
_BORDERS = {
    "thin": "SOLID",
    "medium": "SOLID_MEDIUM",
    "thick": "SOLID_THICK",
    "dashed": "DASHED",
    "dotted": "DOTTED",
    "double": "DOUBLE",
}
_SIDES = ("top", "bottom", "left", "right")
_CHANNELS = ("red", "green", "blue")


class Palette:
    """The colours of a file's theme."""

    def __init__(self, theme: bytes | None) -> None:
        self._theme = _theme_colours(theme) if theme else _OFFICE.split()

    def color(self, found: Any) -> Json | None:
        """An openpyxl Color as a Color of the API; None where it says nothing that we know."""
        digits = self._digits(found)
        if digits is None:
            return None
        shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        if found.tint:
            shares = _tinted(shares, found.tint)
        return {name: share for name, share in zip(_CHANNELS, shares) if share}

    def _digits(self, found: Any) -> str | None:
        if found is None:
            return None
        if found.type == "rgb" and isinstance(found.rgb, str) and len(found.rgb) == 8:
            return str(found.rgb[2:])
        if found.type == "theme" and 0 <= found.theme < len(self._theme):
            return str(self._theme[found.theme])
        if found.type == "indexed" and found.indexed < len(COLOR_INDEX) - 2:
            return str(COLOR_INDEX[found.indexed][2:])  # the last two are the system's own
        return None


def _theme_colours(theme: bytes) -> list[str]:
    found = dict(zip(_THEME_ORDER, _OFFICE.split()))
    try:
        tree = ElementTree.fromstring(theme)  # noqa: S314 - expat refuses bombs
    except ElementTree.ParseError:
        return list(found.values())
    for scheme in tree.iter():
        if scheme.tag.endswith("}clrScheme"):
            for entry in scheme:
                name = entry.tag.rpartition("}")[2]
                for color in entry:
                    digits = color.get("lastClr") or color.get("val") or ""
                    if name in found and len(digits) == 6:
                        found[name] = digits
    return list(found.values())


def _tinted(shares: list[float], tint: float) -> list[float]:
    """Lighter or darker by a share of what is possible (ECMA-376, 18.8.19)."""
    hue, light, saturation = colorsys.rgb_to_hls(*shares)
    light = light * (1 + tint) if tint < 0 else light * (1 - tint) + tint
    made = colorsys.hls_to_rgb(hue, min(1.0, max(0.0, light)), saturation)
    return [round(share * 255) / 255 for share in made]


def argb(color: Json) -> str:
    """A Color of the API as a file writes it."""
    digits = (f"{round(255 * color.get(name, 0)):02X}" for name in _CHANNELS)
    return f"FF{''.join(digits)}"


def format_from(cell: Any, palette: Palette, usual: Any) -> Json:
    """An openpyxl cell's look as a CellFormat.

    Args:
        cell: an openpyxl cell.
        palette: the file's colours.
        usual: the file's default font.
    """
    found: Json = {}
    shape = number_format_from(cell.number_format)
    if shape:
        found["numberFormat"] = shape
    fill = fill_color(cell.fill, palette)
    if fill is not None:
        found["backgroundColor"] = fill
    text = text_format(cell.font, palette, usual)
    if text:
        found["textFormat"] = text
    borders = _borders_from(cell.border, palette)
    if borders:
        found["borders"] = borders
    alignment = cell.alignment
    if alignment.horizontal in _HORIZONTAL:
        found["horizontalAlignment"] = _HORIZONTAL[alignment.horizontal]
    if alignment.vertical in _VERTICAL:
        found["verticalAlignment"] = _VERTICAL[alignment.vertical]
    if alignment.wrap_text:
        found["wrapStrategy"] = "WRAP"
    return found


def fill_color(fill: Any, palette: Palette) -> Json | None:
    """The colour of a solid fill; other patterns have no like in Sheets."""
    if fill.fill_type == "solid":
        return palette.color(fill.fgColor)
    return None


def text_format(font: Any, palette: Palette, usual: Any) -> Json:
    """A font, as far as it isn't the usual one."""
    found: Json = {}
    for name, said in (("bold", font.b), ("italic", font.i), ("strikethrough", font.strike)):
        if said:
            found[name] = True
    if font.u:
        found["underline"] = True
    color = palette.color(font.color)
    if color:  # black is what text is anyway
        found["foregroundColor"] = color
    if font.name and font.name != usual.name:
        found["fontFamily"] = font.name
    if font.sz and font.sz != usual.sz:
        found["fontSize"] = round(font.sz)
    return found


def _borders_from(border: Any, palette: Palette) -> Json:
    found = {}
    for name in _SIDES:
        side = getattr(border, name)
        if side is not None and side.style:
            color = palette.color(side.color) or {}
            found[name] = {"style": _BORDERS.get(side.style, "SOLID"), "color": color}
    return found


def rgb_of(said: Json, name: str) -> Json | None:
    """A colour of a format, under its old name or as a style; None for one of a theme."""
    if name in said:
        found: Json = said[name]
        return found
    style: Json = said.get(f"{name}Style") or {}
    return style.get("rgbColor")


def put_format(cell: Any, look: Json, usual: Any) -> None:
    """Make an openpyxl cell look like a CellFormat."""
    if "numberFormat" in look:
        cell.number_format = number_format_to(look["numberFormat"])
    fill = rgb_of(look, "backgroundColor")
    if fill is not None:
        cell.fill = PatternFill("solid", fgColor=argb(fill))
    if look.get("textFormat"):
        cell.font = font_of(look["textFormat"], usual)
    if look.get("borders"):
        cell.border = Border(**_borders_to(look["borders"]))
    horizontal = _reverse(_HORIZONTAL, look.get("horizontalAlignment"))
    vertical = _reverse(_VERTICAL, look.get("verticalAlignment"))
    wrap = look.get("wrapStrategy") == "WRAP" or None
    if horizontal or vertical or wrap:
        cell.alignment = Alignment(horizontal=horizontal, vertical=vertical, wrap_text=wrap)


def font_of(said: Json, usual: Any) -> Any:
    """A TextFormat as an openpyxl font."""
    color = rgb_of(said, "foregroundColor")
    return Font(
        name=said.get("fontFamily") or usual.name,
        sz=said.get("fontSize") or usual.sz,
        b=said.get("bold"),
        i=said.get("italic"),
        strike=said.get("strikethrough"),
        u="single" if said.get("underline") else None,
        color=argb(color) if color is not None else None,
    )


def _borders_to(borders: Json) -> dict[str, Any]:
    found = {}
    for name in _SIDES:
        style = _reverse(_BORDERS, borders.get(name, {}).get("style"))
        if style:
            color = rgb_of(borders[name], "color") or {}
            found[name] = Side(style, color=argb(color))
    return found


def _reverse(table: dict[str, str], value: str | None) -> str | None:
    return next((name for name, said in table.items() if said == value), None)
