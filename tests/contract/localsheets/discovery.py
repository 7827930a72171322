"""Google's own description of the Sheets API, and the table of names that is made from it.

The description ships with google-api-python-client.
`python -m tests.contract.localsheets.discovery`
writes the table again after kinds of requests were added; a test holds it against the description.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import googleapiclient

from gsheet_ml_scheduler.localsheets.api import schemas
from gsheet_ml_scheduler.localsheets.requests import KINDS

Json = dict[str, Any]

_SCALARS = {"string": "s", "integer": "i", "boolean": "b", "number": "n", "any": "a"}
_ROOTS = (
    "BatchUpdateSpreadsheetRequest",
    "BatchUpdateSpreadsheetResponse",
    "BatchClearValuesRequest",
    "Spreadsheet",
    "MatchedValueRange",
    "BatchGetValuesByDataFilterResponse",
    "BatchGetValuesResponse",
    "BatchUpdateValuesResponse",
    "BatchUpdateValuesByDataFilterResponse",
    "UpdateValuesResponse",
    "AppendValuesResponse",
    "ClearValuesResponse",
    "BatchClearValuesResponse",
    "BatchClearValuesByDataFilterResponse",
    "SearchDeveloperMetadataResponse",
)
# Text that may be given as a number: gspread's documentation does so for a validation's values.
_TYPED = {("ConditionValue", "userEnteredValue"): "t"}
# Parts of a spreadsheet that a local one doesn't have: their names are known, not what is in them.
_CLOSED = ("EmbeddedChart", "PivotTable", "Slicer", "Table", "DataSource", "DataSourceTable")


def document() -> Json:
    """The description."""
    documents = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    found: Json = json.loads((documents / "sheets.v4.json").read_text(encoding="utf-8"))
    return found


def table(described: Json) -> dict[str, dict[str, str]]:
    """The names and types of everything that is reachable from what is served."""
    found: dict[str, dict[str, str]] = {}

    def add(name: str) -> None:
        if name in found:
            return
        found[name] = {}
        for field, said in described[name].get("properties", {}).items():
            closed = name == "Request" and field not in KINDS
            found[name][field] = "a" if closed else _TYPED.get((name, field)) or code(said)

    def code(said: Json) -> str:
        if "$ref" in said:
            if said["$ref"] in _CLOSED or said["$ref"].startswith("DataSource"):
                return "a"
            add(said["$ref"])
            return str(said["$ref"])
        if said.get("type") == "array":
            return f"[{code(said['items'])}"
        if said.get("type") == "object":
            return "a"
        if "enum" in said:
            return "=" + "|".join(said["enum"])
        return _SCALARS[said["type"]]

    for root in _ROOTS:
        add(root)
    return dict(sorted(found.items()))


_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "number": (int, float),
}


@lru_cache(maxsize=1)
def _schemas() -> Json:
    found: Json = document()["schemas"]
    return found


def problems(message: str, found: Any, where: str = "") -> list[str]:
    """What of an answer isn't as Google describes the message: names, types, enums."""
    if not isinstance(found, dict):
        return [f"{where or message}: {found!r} is no {message}"]
    known = _schemas()[message].get("properties", {})
    out = []
    for name, value in found.items():
        if name not in known:
            out.append(f"{where}.{name}: {message} has no such field")
        else:
            out += _problems(known[name], value, f"{where}.{name}")
    return out


def _problems(said: Json, value: Any, where: str) -> list[str]:
    if "$ref" in said:
        return problems(said["$ref"], value, where)
    kind = said["type"]
    if kind == "any":
        return []
    if kind == "array":
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [
            p for n, one in enumerate(value) for p in _problems(said["items"], one, f"{where}[{n}]")
        ]
    if kind == "object":
        below = said.get("additionalProperties", {"type": "any"})
        return [p for name, one in value.items() for p in _problems(below, one, f"{where}.{name}")]
    fits = isinstance(value, _PYTHON[kind]) and (kind == "boolean") == isinstance(value, bool)
    if not fits or ("enum" in said and value not in said["enum"]):
        return [f"{where}: {value!r} is no {kind} as described"]
    return []


if __name__ == "__main__":
    target = Path(schemas.__file__).with_name("schemas.json")
    lines = [f" {json.dumps(n)}: {json.dumps(f)}" for n, f in table(document()["schemas"]).items()]
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
