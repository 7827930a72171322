"""A page's side of the live grid, as plain as it can be: what it is told, and what it knows by it.

`Grid` applies a snapshot and the feed's messages by the rules that the protocol gives to pages, and
knows nothing else. `Watching` is its connection.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

from tests.served import Served

Json = dict[str, Any]
PATIENCE = 20.0  # seconds


def expanded(spans: list[list[int]]) -> list[int]:
    """The ids in spans."""
    return [line for first, size in spans for line in range(first, first + size)]


class Grid:
    """A workbook as a page knows it."""

    def __init__(self, lines: list[Json]) -> None:
        head = lines[0]
        assert head["type"] == "workbook"
        assert lines[-1] == {"type": "end"}
        self.revision: int = head["revision"]
        self.cursor: str = head["cursor"]
        self.properties: Json = head["properties"]
        self.styles: dict[str, Json] = dict(head["styles"])
        self.objects: dict[str, dict[str, Json]] = head["objects"]
        self.order = [sheet["sheetId"] for sheet in head["sheets"]]
        self.sheets = {sheet["sheetId"]: sheet["properties"] for sheet in head["sheets"]}
        self.lines: dict[tuple[int, str], list[int]] = {}
        self.said: dict[tuple[int, str], dict[str, Json]] = {}
        self.hidden: dict[int, list[int]] = {}
        for sheet in head["sheets"]:
            for dimension, name in (("ROWS", "rows"), ("COLUMNS", "columns")):
                key = (sheet["sheetId"], dimension)
                self.lines[key] = expanded(sheet[name]["spans"])
                self.said[key] = dict(sheet[name]["properties"])
            self.hidden[sheet["sheetId"]] = sheet.get("hiddenByFilter", [])
        self.cells: dict[tuple[int, int, int], Json] = {}
        for piece in lines[1:-1]:
            self._take(piece)

    def _take(self, piece: Json) -> None:
        self.styles |= piece.get("styles", {})
        ids = expanded(piece["rows"])
        for column in piece["columns"]:
            for name, line in column.items():
                if name == "id":
                    continue
                assert len(line) == len(ids)
                for row, said in zip(ids, line):
                    if said is not None:
                        key = (piece["sheetId"], row, column["id"])
                        shown = piece["extras"][said] if name == "x" else said
                        self.cells.setdefault(key, {})[name] = shown

    def apply(self, message: Json) -> None:
        """Take in a message of the feed."""
        assert message["type"] == "changes", message
        if message["revision"] <= self.revision:
            return
        assert message["from"] <= self.revision, "something is missing"
        for effect in message["effects"]:
            if effect["revision"] > self.revision:
                getattr(self, f"_{effect['type']}")(effect)
        for sheet, rows in message["cells"].items():
            for row, cells in rows.items():
                for column, cell in cells.items():
                    key = (int(sheet), int(row), int(column))
                    if cell is None:
                        self.cells.pop(key, None)
                    else:
                        self.cells[key] = cell
        for sheet, rows in message.get("hiddenByFilter", {}).items():
            self.hidden[int(sheet)] = rows
        self.revision, self.cursor = message["revision"], message["cursor"]

    def _lines(self, effect: Json) -> None:
        at = effect["at"]
        lines = self.lines[effect["sheetId"], effect["dimension"]]
        lines[at : at + effect["removed"]] = expanded(effect["inserted"])

    def _sheetAdded(self, effect: Json) -> None:  # noqa: N802
        sheet = effect["sheetId"]
        self.order.insert(effect["position"], sheet)
        self.sheets[sheet] = effect["properties"]
        for dimension, name in (("ROWS", "rows"), ("COLUMNS", "columns")):
            self.lines[sheet, dimension] = expanded(effect[name])
            self.said[sheet, dimension] = {}
        self.hidden[sheet] = []

    def _sheetRemoved(self, effect: Json) -> None:  # noqa: N802
        sheet = effect["sheetId"]
        self.order.remove(sheet)
        del self.sheets[sheet]
        self.cells = {key: cell for key, cell in self.cells.items() if key[0] != sheet}

    def _sheets(self, effect: Json) -> None:
        self.order = effect["order"]

    def _sheet(self, effect: Json) -> None:
        self.sheets[effect["sheetId"]] = effect["properties"]

    def _spreadsheet(self, effect: Json) -> None:
        self.properties = effect["properties"]

    def _lineProperties(self, effect: Json) -> None:  # noqa: N802
        self.said[effect["sheetId"], effect["dimension"]].update(effect["lines"])

    def _objects(self, effect: Json) -> None:
        known = {**self.objects.get(effect["kind"], {}), **effect["changed"]}
        self.objects[effect["kind"]] = {name: known[name] for name in effect["order"]}

    def _styles(self, effect: Json) -> None:
        self.styles |= effect["styles"]

    def picture(self) -> Json:
        """All of it that can be seen, by place."""
        sheets = {}
        for sheet in self.order:
            places = [
                {line: at for at, line in enumerate(self.lines[sheet, dimension])}
                for dimension in ("ROWS", "COLUMNS")
            ]
            sheets[sheet] = {
                "properties": self.sheets[sheet],
                "size": [len(place) for place in places],
                "cells": {
                    (places[0][row], places[1][column]): {
                        **cell,
                        **{name: self.styles[str(cell[name])] for name in "sc" if name in cell},
                    }
                    for (on, row, column), cell in self.cells.items()
                    if on == sheet and row in places[0] and column in places[1]
                },
                "said": [
                    {at: said for line, at in place.items() if (said := known.get(str(line)))}
                    for place, known in zip(
                        places, (self.said[sheet, d] for d in ("ROWS", "COLUMNS"))
                    )
                ],
                "hidden": sorted(places[0][row] for row in self.hidden.get(sheet, [])),
            }
        objects = {kind: list(found.items()) for kind, found in self.objects.items() if found}
        return {
            "properties": self.properties,
            "order": self.order,
            "sheets": sheets,
            "objects": objects,
        }


def snapshot(server: Served, **query: Any) -> list[Json]:
    """A snapshot's lines."""
    answer = requests.get(
        f"{server.base}/live/{server.key}/snapshot",
        params=query,
        headers=bearer(server),
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def bearer(server: Served) -> dict[str, str]:
    """The header that shows the token."""
    return {"Authorization": f"Bearer {server.token}"} if server.token else {}


class Watching:
    """A feed that a test listens to."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def message(self, seconds: float = PATIENCE) -> Json:
        """The next message but those that only say that the feed lives."""
        deadline = time.monotonic() + seconds
        while True:
            found: Json = json.loads(self.socket.recv(timeout=deadline - time.monotonic()))
            if found["type"] != "alive":
                return found

    def follow(self, grid: Grid, revision: int) -> None:
        """Bring a grid up to a revision."""
        while grid.revision < revision:
            grid.apply(self.message())


@contextmanager
def watching(
    server: Served, cursor: str, headers: Mapping[str, str] | None = None, key: str | None = None
) -> Iterator[Watching]:
    """Connect to the feed of the only workbook."""
    address = f"{server.base.replace('http', 'ws', 1)}/live/{key or server.key}/feed"
    given = bearer(server) if headers is None else headers
    with connect(f"{address}?cursor={cursor}", additional_headers=dict(given)) as socket:
        yield Watching(socket)
