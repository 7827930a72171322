"""addNamedRange, updateNamedRange, deleteNamedRange."""

from __future__ import annotations

import re

from .. import a1
from ..api import fields, schemas
from ..api.call import Call
from ..api.resources import shown_object
from ..book import Book
from ..errors import ApiError, invalid_argument
from ..model.structure import Json
from ..sheet_copies import new_object_id
from . import objects

_KIND = "namedRange"
_NAME = re.compile(r"[^\W\d]\w{0,249}")


def add(book: Book, body: Json, _call: Call) -> Json:
    """A name for a range; names are unique, whatever their case."""
    wanted = body.get("namedRange") or {}
    object_id = wanted.get("namedRangeId") or new_object_id(book, _KIND)
    if object_id in book.structure.objects.get(_KIND, {}):
        raise invalid_argument(
            f"Cannot add named range with id {object_id}, a named range with that id already "
            "exists."
        )
    made = _checked(book, {**wanted, "namedRangeId": object_id}, None)
    objects.put(book, _KIND, made, object_id)
    return {"addNamedRange": {"namedRange": shown_object(made)}}


def update(book: Book, body: Json, _call: Call) -> None:
    """Another name or range for an id."""
    wanted = body.get("namedRange") or {}
    object_id = wanted.get("namedRangeId") or ""
    before = objects.find(book, _KIND, object_id, "named range")
    mask = schemas.update_mask("NamedRange", body.get("fields"))
    after = {**fields.merge(before, wanted, mask), "namedRangeId": object_id}
    objects.put(book, _KIND, _checked(book, after, object_id), object_id)


def delete(book: Book, body: Json, _call: Call) -> None:
    """The name goes, the cells stay."""
    objects.remove(book, _KIND, body.get("namedRangeId") or "", "named range")


def _checked(book: Book, wanted: Json, own: str | None) -> Json:
    name = wanted.get("name") or ""
    if not _NAME.fullmatch(name) or _is_reference(name):
        raise invalid_argument(
            f"The name of a named range must begin with a letter or an underscore, hold nothing "
            f"but letters, digits and underscores, and not look like a cell: {name!r}."
        )
    for object_id, other in book.structure.objects.get(_KIND, {}).items():
        if object_id != own and other["name"].casefold() == name.casefold():
            raise invalid_argument(
                f"Cannot add named range with name: {name}, a named range with that name already "
                "exists."
            )
    if "range" not in wanted:
        raise invalid_argument("range is required.")
    return {**wanted, "range": objects.kept_range(book, wanted["range"])}


def _is_reference(name: str) -> bool:
    if name.casefold() in ("true", "false"):
        return True
    try:
        a1.parse_a1(name, ())
    except ApiError:
        return False
    return True


KINDS = {"addNamedRange": add, "updateNamedRange": update, "deleteNamedRange": delete}
