"""Somebody who follows the change log and knows nothing of what requests mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gsheet_ml_scheduler.localsheets.model.structure import COLUMNS, ROWS
from gsheet_ml_scheduler.localsheets.storage import files
from gsheet_ml_scheduler.localsheets.storage.snapshot import Snapshot
from gsheet_ml_scheduler.localsheets.storage.store import Store

Json = dict[str, Any]
CELL_KINDS = ("cells", "formats", "extras")
NOTHING: dict[str, Any] = {"cells": None, "formats": None, "extras": {}}


class Follower:
    """A workbook as the effects of the log make it, from a new file on."""

    def __init__(self) -> None:
        self.properties: Json = {}
        self.order = [0]
        self.sheets: dict[int, Json] = {0: dict(files.NEW_SHEET)}
        self.lines = {(0, d): [*range(n)] for d, n in zip((ROWS, COLUMNS), files.NEW_SIZE)}
        self.line_properties: dict[tuple[int, str], dict[int, Json]] = {}
        self.objects: dict[str, dict[str, Json]] = {}
        self.styles: dict[int, Json] = {}
        self.marks: dict[int, Json] = {}
        self.kept: dict[str, dict[tuple[int, int, int], Any]] = {kind: {} for kind in CELL_KINDS}

    def apply(self, effect: Json) -> None:
        """Take in one effect."""
        kind = effect["type"]
        if kind in CELL_KINDS:
            for row_id, said in effect["rows"].items():
                for column_id, what in said.items():
                    self.kept[kind][effect["sheetId"], int(row_id), int(column_id)] = what
        else:
            getattr(self, f"_{kind}")(effect)

    def _sheetAdded(self, effect: Json) -> None:  # noqa: N802
        sheet_id = effect["sheetId"]
        self.order.insert(effect["position"], sheet_id)
        self.sheets[sheet_id] = effect["properties"]
        for dimension, name in ((ROWS, "rows"), (COLUMNS, "columns")):
            self.lines[sheet_id, dimension] = _ids(effect[name])

    def _sheetRemoved(self, effect: Json) -> None:  # noqa: N802
        sheet_id = effect["sheetId"]
        self.order.remove(sheet_id)
        del self.sheets[sheet_id]
        for kind in CELL_KINDS:
            self.kept[kind] = {k: v for k, v in self.kept[kind].items() if k[0] != sheet_id}
        for dimension in (ROWS, COLUMNS):
            del self.lines[sheet_id, dimension]
            self.line_properties.pop((sheet_id, dimension), None)

    def _lines(self, effect: Json) -> None:
        lines = self.lines[effect["sheetId"], effect["dimension"]]
        at = effect["at"]
        lines[at : at + effect["removed"]] = _ids(effect["inserted"])

    def _spreadsheet(self, effect: Json) -> None:
        self.properties = effect["properties"]

    def _sheets(self, effect: Json) -> None:
        assert sorted(effect["order"]) == sorted(self.order)
        self.order = list(effect["order"])

    def _sheet(self, effect: Json) -> None:
        self.sheets[effect["sheetId"]] = effect["properties"]

    def _lineProperties(self, effect: Json) -> None:  # noqa: N802
        said = self.line_properties.setdefault((effect["sheetId"], effect["dimension"]), {})
        said.update({int(line): properties for line, properties in effect["lines"].items()})

    def _objects(self, effect: Json) -> None:
        known = {**self.objects.get(effect["kind"], {}), **effect["changed"]}
        self.objects[effect["kind"]] = {name: known[name] for name in effect["order"]}

    def _styles(self, effect: Json) -> None:
        new = {int(style_id): body for style_id, body in effect["styles"].items()}
        assert not new.keys() & self.styles.keys(), "a style was changed"
        self.styles.update(new)

    def _metadata(self, effect: Json) -> None:
        self.marks[effect["entry"]["metadata_id"]] = effect["entry"]

    def _metadataRemoved(self, effect: Json) -> None:  # noqa: N802
        del self.marks[effect["metadataId"]]

    def picture(self) -> Json:
        """All of it that can be seen."""
        sheets = {}
        for sheet_id in self.order:
            rows, columns = (self.lines[sheet_id, d] for d in (ROWS, COLUMNS))
            row_set, column_set = set(rows), set(columns)
            cells: dict[tuple[int, int], Json] = {}
            for kind, kept in self.kept.items():
                for (on, row_id, column_id), what in kept.items():
                    there = on == sheet_id and row_id in row_set and column_id in column_set
                    if there and what != NOTHING[kind]:
                        shown = self.styles[what] if kind == "formats" else what
                        cells.setdefault((row_id, column_id), {})[kind] = shown
            sheets[sheet_id] = {
                "properties": self.sheets[sheet_id],
                "lines": {ROWS: rows, COLUMNS: columns},
                "said": {
                    d: {
                        line: said
                        for line, said in self.line_properties.get((sheet_id, d), {}).items()
                        if said and line in self.lines[sheet_id, d]
                    }
                    for d in (ROWS, COLUMNS)
                },
                "cells": cells,
            }
        return {
            "properties": self.properties,
            "order": self.order,
            "sheets": sheets,
            "objects": {k: list(found.items()) for k, found in self.objects.items() if found},
            "marks": self.marks,
        }


def _ids(spans: list[tuple[int, int]]) -> list[int]:
    return [line for first, size in spans for line in range(first, first + size)]


def followed(path: Path) -> Json:
    """A workbook's picture by its log alone."""
    store = Store(path)
    with store.reading() as snapshot:
        entries = snapshot.changes(0)
        assert entries is not None, "the log doesn't reach back to the start"
        assert len(entries) == snapshot.revision, "an entry for every batch"
    store.close()
    follower = Follower()
    for effects in entries:
        for effect in effects:
            follower.apply(effect)
    found = follower.picture()
    if not follower.properties:
        del found["properties"]
    return found


def stored(path: Path) -> Json:
    """A workbook's picture by its tables."""
    store = Store(path)
    with store.reading() as snapshot:
        structure = snapshot.structure
        found = {
            "properties": structure.properties,
            "order": [sheet.sheet_id for sheet in structure.sheets],
            "sheets": {sheet.sheet_id: _sheet(snapshot, sheet) for sheet in structure.sheets},
            "objects": {k: list(found.items()) for k, found in structure.objects.items() if found},
            "marks": {entry["metadata_id"]: entry for entry in snapshot.all_metadata()},
        }
    store.close()
    return found


def _sheet(snapshot: Snapshot, sheet: Any) -> Json:
    cells: dict[tuple[int, int], Json] = {}
    columns = sheet.columns.ids()
    for row in snapshot.rows(sheet.sheet_id, sheet.rows, 0, sheet.rows.count):
        for column in columns:
            said: Json = {}
            if row.cell(column) is not None:
                said["cells"] = row.cell(column)
            if row.style(column) is not None:
                said["formats"] = snapshot.style(row.style(column) or 0)
            if row.extra(column):
                said["extras"] = row.extra(column)
            if said:
                cells[row.row_id, column] = said
    return {
        "properties": sheet.properties,
        "lines": {ROWS: sheet.rows.ids(), COLUMNS: columns},
        "said": {
            d: {line: said for line, said in sheet.line_properties(d).items() if said}
            for d in (ROWS, COLUMNS)
        },
        "cells": cells,
    }
