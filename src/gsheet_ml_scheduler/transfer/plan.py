"""Which requests give an empty spreadsheet the outline of another one? Pure.

Decided here: what of an outline is carried through the Sheets API, under which titles and ids. All
of it goes in one batch, before any cell, so that formulas find the tabs and names they mention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from gsheet_ml_scheduler.transfer.stream import DEFAULT_PIXELS, Json, id_of, sheets_of, title_of

Request = dict[str, Any]

_SHEET_PROPERTIES = ("tabColor", "tabColorStyle", "rightToLeft")
_GRID_PROPERTIES = ("frozenRowCount", "frozenColumnCount", "hideGridlines")


def ids_for(outline: Json, first: int, taken: set[int]) -> dict[int, int]:
    """For each of an outline's sheet ids the one that it gets; the first sheet's is given."""
    found: dict[int, int] = {}
    used = {first, *taken}
    for position, sheet in enumerate(sheets_of(outline)):
        new = id_of(sheet) if position else first
        if position and new in used:
            new = max(used | {id_of(one) for one in sheets_of(outline)}) + 1
        used.add(new)
        found[id_of(sheet)] = new
    return found


def spreadsheet_properties(outline: Json) -> list[Request]:
    """Language and time zone, for a workbook that is new."""
    said = outline.get("properties", {})
    kept = {name: said[name] for name in ("locale", "timeZone") if said.get(name)}
    if not kept:
        return []
    return [{"updateSpreadsheetProperties": {"properties": kept, "fields": ",".join(kept)}}]


def structure(
    outline: Json, ids: Mapping[int, int], *, title: str | None, at_least: tuple[int, int]
) -> list[Request]:
    """Everything but cells.

    Args:
        outline: what is to be made.
        ids: see `ids_for`.
        title: the title of the first tab, if it keeps one of its own.
        at_least: rows and columns that the first tab has already, and keeps.
    """
    requests: list[Request] = []
    for position, sheet in enumerate(sheets_of(outline)):
        new = ids[id_of(sheet)]
        if position == 0:
            requests += _first(sheet, new, title, at_least)
        else:
            properties = {**_properties(sheet), "sheetId": new, "title": title_of(sheet)}
            requests.append({"addSheet": {"properties": properties}})
        requests += _sizes(sheet, new)
        requests += _objects(sheet, ids)
    for named in outline.get("namedRanges", []):
        if named["range"].get("sheetId", 0) in ids:
            body = {"name": named["name"], "range": moved(named["range"], ids)}
            requests.append({"addNamedRange": {"namedRange": body}})
    requests += _hidden(outline, ids)
    return requests


def moved(grid_range: Json, ids: Mapping[int, int]) -> Json:
    """A GridRange on the tab that its own becomes."""
    return {**grid_range, "sheetId": ids[grid_range.get("sheetId", 0)]}


def _properties(sheet: Json) -> Json:
    said = sheet["properties"]
    grid = said.get("gridProperties", {})
    kept = {n: grid[n] for n in ("rowCount", "columnCount", *_GRID_PROPERTIES) if grid.get(n)}
    found: Json = {name: said[name] for name in _SHEET_PROPERTIES if said.get(name)}
    return {**found, "gridProperties": kept}


def _first(sheet: Json, new: int, title: str | None, at_least: tuple[int, int]) -> list[Request]:
    properties = _properties(sheet)
    grid = properties["gridProperties"]
    if title is not None:  # a tab that goes on being what it was keeps its size, too
        grid["rowCount"] = max(grid["rowCount"], at_least[0])
        grid["columnCount"] = max(grid["columnCount"], at_least[1])
    properties |= {"sheetId": new, "title": title or title_of(sheet)}
    named = [name for name in ("title", *_SHEET_PROPERTIES) if name in properties]
    # In two steps, because frozen lines must fit the grid at any time.
    sizes = {name: grid[name] for name in ("rowCount", "columnCount")}
    frozen = {name: grid[name] for name in _GRID_PROPERTIES if name in grid}
    found = [_update({"sheetId": new, "gridProperties": sizes}, _paths(sizes))]
    return [*found, _update({**properties, "gridProperties": frozen}, [*named, *_paths(frozen)])]


def _paths(grid: Json) -> list[str]:
    return [f"gridProperties.{name}" for name in grid]


def _update(properties: Json, names: Sequence[str]) -> Request:
    return {"updateSheetProperties": {"properties": properties, "fields": ",".join(names)}}


def _hidden(outline: Json, ids: Mapping[int, int]) -> Iterator[Request]:
    """At the end: one tab must be seen at any time."""
    hidden = [sheet for sheet in sheets_of(outline) if sheet["properties"].get("hidden")]
    if len(hidden) < len(sheets_of(outline)):
        for sheet in hidden:
            yield _update({"sheetId": ids[id_of(sheet)], "hidden": True}, ["hidden"])


def _sizes(sheet: Json, new: int) -> Iterator[Request]:
    data = (sheet.get("data") or [{}])[0]
    for dimension, name in (("ROWS", "rowMetadata"), ("COLUMNS", "columnMetadata")):
        at = 0
        for look, lines in groupby(data.get(name, []), key=lambda line: _look(line, dimension)):
            start, at = at, at + len(list(lines))
            if look:
                where = {"sheetId": new, "dimension": dimension}
                yield {
                    "updateDimensionProperties": {
                        "range": {**where, "startIndex": start, "endIndex": at},
                        "properties": dict(look),
                        "fields": ",".join(name for name, _ in look),
                    }
                }


def resized(requests: Sequence[Request], sheet_id: int) -> set[str]:
    """The dimensions of a tab whose lines requests give other sizes to."""
    ranges = [one["updateDimensionProperties"]["range"] for one in requests if _is_size(one)]
    return {one["dimension"] for one in ranges if one["sheetId"] == sheet_id}


def _is_size(request: Request) -> bool:
    return "updateDimensionProperties" in request


def _look(line: Json, dimension: str) -> tuple[tuple[str, Any], ...]:
    found: list[tuple[str, Any]] = []
    if line.get("pixelSize", DEFAULT_PIXELS[dimension]) != DEFAULT_PIXELS[dimension]:
        found.append(("pixelSize", line["pixelSize"]))
    if line.get("hiddenByUser"):
        found.append(("hiddenByUser", True))
    return tuple(found)


def _objects(sheet: Json, ids: Mapping[int, int]) -> Iterator[Request]:
    for merge in sheet.get("merges", []):
        yield {"mergeCells": {"range": moved(merge, ids), "mergeType": "MERGE_ALL"}}
    for index, rule in enumerate(sheet.get("conditionalFormats", [])):
        ranges = [moved(one, ids) for one in rule["ranges"]]
        yield {"addConditionalFormatRule": {"rule": {**rule, "ranges": ranges}, "index": index}}
    said = sheet.get("basicFilter")
    if said and "range" in said:
        # Google answers both, the old form of the same beside the new one.
        old = ("tableId", "criteria") if "filterSpecs" in said else ("tableId",)
        kept = {n: v for n, v in said.items() if n not in old}
        yield {"setBasicFilter": {"filter": {**kept, "range": moved(said["range"], ids)}}}
