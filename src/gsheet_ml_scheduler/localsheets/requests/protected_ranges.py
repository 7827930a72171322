"""addProtectedRange, updateProtectedRange, deleteProtectedRange.

A local workbook has one user, who may edit everything: a protected range is kept and shown, and
guards nothing here. Its editors are answered as they were given.
"""

from __future__ import annotations

from typing import Any

from .. import ranges
from ..api import fields, schemas
from ..api.call import Call
from ..api.resources import shown_object
from ..book import Book
from ..errors import invalid_argument
from ..model.structure import Json
from ..sheet_copies import new_object_id
from . import objects

_KIND = "protectedRange"


def add(book: Book, body: Json, _call: Call) -> Json:
    """Protect a range, a sheet, or what a named range stands for."""
    wanted = body.get("protectedRange") or {}
    known = book.structure.objects.get(_KIND, {})
    protected_id = wanted.get("protectedRangeId")
    if protected_id is None:
        protected_id = int(new_object_id(book, _KIND))
    elif str(protected_id) in known:
        raise invalid_argument(
            f"Cannot add protected range with id {protected_id}: that id already exists."
        )
    made = _checked(book, {**wanted, "protectedRangeId": protected_id})
    sheet = book.sheet(made["range"]["sheetId"])
    if set(made["range"]) == {"sheetId"}:
        for _, other in book.structure.objects_on(_KIND, sheet.sheet_id):
            if set(other["range"]) == {"sheetId"}:
                raise invalid_argument(f'Sheet "{sheet.title}" already has sheet protection.')
    objects.put(book, _KIND, made, str(protected_id))
    return {"addProtectedRange": {"protectedRange": shown_object(made)}}


def update(book: Book, body: Json, _call: Call) -> None:
    """Other properties for a protected range."""
    wanted = body.get("protectedRange") or {}
    protected_id = wanted.get("protectedRangeId", 0)
    before = objects.find(book, _KIND, str(protected_id), "protected range")
    mask = schemas.update_mask("ProtectedRange", body.get("fields"))
    after = {**fields.merge(before, wanted, mask), "protectedRangeId": protected_id}
    objects.put(book, _KIND, _checked(book, after), str(protected_id))


def delete(book: Book, body: Json, _call: Call) -> None:
    """The protection goes, the cells stay."""
    objects.remove(book, _KIND, str(body.get("protectedRangeId", 0)), "protected range")


def _checked(book: Book, wanted: Json) -> Json:
    if "namedRangeId" in wanted:
        named = objects.find(book, "namedRange", wanted["namedRangeId"], "named range")
        where = dict(named["range"])
    elif "range" in wanted:
        where = objects.kept_range(book, wanted["range"])
    else:
        raise invalid_argument("protectedRange must have a range or a namedRangeId.")
    found: Json = {"protectedRangeId": wanted["protectedRangeId"], "range": where}
    for name in ("namedRangeId", "description", "warningOnly"):
        if wanted.get(name):
            found[name] = wanted[name]
    unprotected = [objects.kept_range(book, one) for one in wanted.get("unprotectedRanges") or []]
    if unprotected:
        outer = ranges.from_grid_range(book, where)
        if not all(objects.contains(outer, ranges.from_grid_range(book, r)) for r in unprotected):
            raise invalid_argument("unprotectedRanges must lie inside the protected sheet.")
        found["unprotectedRanges"] = unprotected
    if not found.get("warningOnly"):
        found["requestingUserCanEdit"] = True
        found["editors"] = _without_empty(wanted.get("editors") or {})
    else:
        found["requestingUserCanEdit"] = True
    return found


def _without_empty(editors: Any) -> Json:
    return {name: value for name, value in editors.items() if value}


KINDS = {"addProtectedRange": add, "updateProtectedRange": update, "deleteProtectedRange": delete}
