"""addConditionalFormatRule, updateConditionalFormatRule, deleteConditionalFormatRule.

A sheet's rules are a list: the first one that holds for a cell wins, and requests name them by
their place in it. What a rule makes a cell look like is for whoever shows the grid.
"""

from __future__ import annotations

from .. import ranges, styles
from ..api.call import Call
from ..api.resources import shown_object
from ..book import Book
from ..errors import invalid_argument
from ..model.structure import Json
from . import objects

_KIND = "conditionalFormat"


def add(book: Book, body: Json, _call: Call) -> None:
    """A rule at an index; the first if none is said."""
    rule, sheet_id = _checked(book, body.get("rule"))
    rules = _rules(book, sheet_id)
    at = body.get("index", 0)
    if not 0 <= at <= len(rules):
        raise invalid_argument(
            f"Cannot add a rule at index {at}: the sheet has {len(rules)} rules."
        )
    rules.insert(at, ("", rule))
    _keep(book, sheet_id, rules)


def update(book: Book, body: Json, _call: Call) -> Json:
    """Another rule at an index, or another index for the rule there."""
    at = body.get("index", 0)
    if "rule" in body:
        rule, sheet_id = _checked(book, body["rule"])
        rules = _rules(book, sheet_id)
        object_id, old = _at(rules, at)
        rules[at] = (object_id, rule)
        _keep(book, sheet_id, rules)
        shown = {"oldRule": shown_object(old), "newRule": shown_object(rule), "newIndex": at}
        return {"updateConditionalFormatRule": shown}
    sheet_id = book.sheet(body.get("sheetId", 0)).sheet_id
    rules = _rules(book, sheet_id)
    moved = _at(rules, at)
    to = body.get("newIndex", 0)
    if not 0 <= to <= len(rules):
        raise invalid_argument(f"Cannot move a rule to index {to}: there are {len(rules)} rules.")
    rules.pop(at)
    rules.insert(min(to, len(rules)), moved)
    _keep(book, sheet_id, rules)
    shown = shown_object(moved[1])
    return {
        "updateConditionalFormatRule": {
            "oldRule": shown,
            "newRule": shown,
            "oldIndex": at,
            "newIndex": to,
        }
    }


def delete(book: Book, body: Json, _call: Call) -> Json:
    """The rule at an index; those after it move up."""
    sheet_id = book.sheet(body.get("sheetId", 0)).sheet_id
    rules = _rules(book, sheet_id)
    _, old = _at(rules, body.get("index", 0))
    rules.pop(body.get("index", 0))
    _keep(book, sheet_id, rules)
    return {"deleteConditionalFormatRule": {"rule": shown_object(old)}}


def _rules(book: Book, sheet_id: int) -> list[tuple[str, Json]]:
    return list(book.structure.objects_on(_KIND, sheet_id))


def _at(rules: list[tuple[str, Json]], at: int) -> tuple[str, Json]:
    if not 0 <= at < len(rules):
        raise invalid_argument(f"No conditional format on sheet at index: {at}")
    return rules[at]


def _keep(book: Book, sheet_id: int, rules: list[tuple[str, Json]]) -> None:
    """The sheet's rules in this order; those of other sheets as they stand."""
    every = book.edit().objects.setdefault(_KIND, {})
    for object_id, _ in _rules(book, sheet_id):
        del every[object_id]
    for object_id, rule in rules:
        objects.put(book, _KIND, rule, object_id or None)


def _checked(book: Book, rule: Json | None) -> tuple[Json, int]:
    if not rule or not rule.get("ranges"):
        raise invalid_argument("rule.ranges is required.")
    if ("booleanRule" in rule) == ("gradientRule" in rule):
        raise invalid_argument("A rule must have a booleanRule or a gradientRule.")
    kept = [objects.whole_range(ranges.from_grid_range(book, one)) for one in rule["ranges"]]
    sheets = {one["sheetId"] for one in kept}
    if len(sheets) > 1:
        raise invalid_argument("All ranges of a rule must be on the same sheet.")
    found: Json = {"ranges": kept}
    if "booleanRule" in rule:
        said = rule["booleanRule"]
        if not (said.get("condition") or {}).get("type"):
            raise invalid_argument("booleanRule.condition is required.")
        made = {"condition": said["condition"], "format": styles.normal(said.get("format") or {})}
        found["booleanRule"] = made
    else:
        points = {name: styles.normal(point) for name, point in rule["gradientRule"].items()}
        if not {"minpoint", "maxpoint"} <= points.keys():
            raise invalid_argument("gradientRule must have a minpoint and a maxpoint.")
        found["gradientRule"] = points
    return found, sheets.pop()


KINDS = {
    "addConditionalFormatRule": add,
    "updateConditionalFormatRule": update,
    "deleteConditionalFormatRule": delete,
}
