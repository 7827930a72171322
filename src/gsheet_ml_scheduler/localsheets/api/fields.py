"""Field masks: which parts of an answer to give, which parts of an object to change.

Decided here: how a mask is written, what it keeps of a JSON object, how an update goes by it.
Decided elsewhere: which fields exist (a mask that names one that doesn't is only told so by what
knows the schema).

Read masks (the `fields` parameter) and update masks (`fields` inside a request) are one syntax:
`a.b`, `a/b`, `a(b,c.d)`, commas between, `*` for everything at a level, names in camelCase or
separated_by_underscores (Sheets API, "Use field masks"; the slash is in Google's recordings).
A list counts as its elements: `sheets.data` is asked of every sheet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from ..errors import ApiError, invalid_argument

_TOKEN = re.compile(r"[A-Za-z0-9_$@:-]+|.", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_$@:-]+")
_UNDERSCORE = re.compile(r"(?<=[a-z0-9])_+([a-z0-9])")

_ANY = "*"
_Tree = dict[str, Any]  # name -> subtree; an empty subtree is the whole of that field


@dataclass(frozen=True, eq=False)
class Mask:
    """A parsed mask. Immutable: `parse` keeps the masks of earlier requests.

    A mask is equal to itself only, so what is worked out from one can be kept with it as the key.
    """

    tree: Mapping[str, Any] = field(default_factory=dict)

    def select(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """A new object with only what the mask asks for; `{}` if nothing of it is there.

        What is wanted whole is shared with `obj`, not copied: answers are large.
        """
        chosen: dict[str, Any] = self._selector(obj)
        return chosen

    @cached_property
    def _selector(self) -> Callable[[Any], Any]:
        return _selecting(self.tree)

    @lru_cache(maxsize=4096)  # noqa: B019 - masks are few, and kept anyway
    def wants(self, *path: str) -> bool:
        """True if anything at this path, above it or below it is asked for."""
        tree: Mapping[str, Any] | None = self.tree
        for name in path:
            if not tree:
                return True
            tree = _below(tree, name)
            if tree is None:
                return False
        return True

    @lru_cache(maxsize=1024)  # noqa: B019
    def below(self, *path: str) -> Mask:
        """The mask of what stands at a path that is wanted (`wants` tells)."""
        tree: Mapping[str, Any] | None = self.tree
        for name in path:
            if not tree:
                break
            tree = _below(tree, name)
        return Mask(tree or {})

    def paths(self) -> list[tuple[str, ...]]:
        """Every path that the mask names, each to its end; `[("*",)]` is everything."""
        return _paths(self.tree) or [(_ANY,)]


@lru_cache(maxsize=512)
def parse(text: str, *, spaces: bool = False) -> Mask:
    """Read a mask. `spaces` allows blanks after commas, as Drive does and Sheets does not.

    Raises `ApiError` (400) on a mask that is empty or can't be read.
    """
    tokens = _TOKEN.findall(text.replace(" ", "") if spaces else text)
    reader = _Reader(text, tokens)
    tree: _Tree = {}
    reader.read_list(tree)
    if reader.at < len(tokens):
        raise reader.refusal()
    return Mask(_shortened(tree))


class _Reader:
    """Recursive descent over the tokens of one mask; `at` is the next token."""

    def __init__(self, text: str, tokens: list[str]) -> None:
        self.text = text
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def read_list(self, tree: _Tree) -> None:
        self.read_path(tree)
        while self.peek() == ",":
            self.at += 1
            self.read_path(tree)

    def read_path(self, tree: _Tree) -> None:
        name = self.peek()
        if name != _ANY and not _NAME.fullmatch(name):
            raise self.refusal()
        self.at += 1
        name = _camel(name)
        known = name in tree
        child: _Tree = tree.setdefault(name, {})
        following = self.peek()
        if following in (".", "/", "("):
            if known and not child:
                child = {}  # the whole was asked for already: read on, but keep the whole
            self.at += 1
            if following == "(":
                self.read_list(child)
                if self.peek() != ")":
                    raise self.refusal()
                self.at += 1
            else:
                self.read_path(child)
        else:
            child.clear()  # the whole of it, whatever parts were named before

    def refusal(self) -> ApiError:
        rest = "".join(self.tokens[self.at :]) if self.at else self.text
        return unknown_field(self.text, re.split(r"[,()]", rest)[0] or rest)


def unknown_field(mask: str, path: str) -> ApiError:
    """Google's refusal of a mask: the message is the same for all, the path stands in `details`."""
    described = (
        f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    )
    violation = {"field": mask, "description": described}
    details = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    return invalid_argument("Request contains an invalid argument.", [details])


def parse_update(text: str | None) -> Mask:
    """Read the `fields` of a request inside a batch, where an empty mask has words of its own.

    Blanks after commas are allowed: pygsheets sends them with every cell that it writes.

    Raises `ApiError` (400); the batch puts `Invalid requests[i].kind: ` before the message.
    """
    if not text:
        raise invalid_argument(
            "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"
        )
    return parse(text, spaces=True)


def merge(old: Mapping[str, Any], new: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """`old` with every masked field as `new` has it; what `new` lacks is taken away.

    This is how Google reads update masks: "You can also unset a field by not specifying it in the
    updated message, but adding the field to the mask". An object that loses its last field goes.
    """
    return _merge(old, new, mask.tree)


def _camel(name: str) -> str:
    return _UNDERSCORE.sub(lambda match: match[1].upper(), name)


def _shortened(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say the same with less: a level of which everything is wanted needs no names."""
    if tree.get(_ANY) == {}:
        return {}
    return {name: _shortened(subtree) for name, subtree in tree.items()}


def _below(tree: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """What is asked for under `name`; None if nothing is."""
    named: Mapping[str, Any] | None = tree.get(name)
    wildcard: Mapping[str, Any] | None = tree.get(_ANY)
    if named is None or wildcard is None:
        return wildcard if named is None else named
    if not named or not wildcard:
        return {}
    return {**wildcard, **{key: _both(wildcard.get(key), named[key]) for key in named}}


def _both(first: Mapping[str, Any] | None, second: Mapping[str, Any]) -> Mapping[str, Any]:
    if first is None:
        return second
    if not first or not second:
        return {}
    return {**first, **{key: _both(first.get(key), second[key]) for key in second}}


def _selecting(tree: Mapping[str, Any]) -> Callable[[Any], Any]:
    """`_select` by one tree, made ready once: large answers and a worker's own have many parts."""
    if _ANY in tree:
        return lambda obj: _select(obj, tree)
    below = {name: _selecting(subtree) if subtree else None for name, subtree in tree.items()}

    def select(obj: Any) -> Any:
        if type(obj) is list:
            return [select(element) for element in obj]
        if type(obj) is not dict:
            return {}
        chosen = {}
        for name, value in obj.items():
            if name in below:
                chosen_below = below[name]
                if chosen_below is None:
                    chosen[name] = value
                elif type(value) is dict or type(value) is list:
                    chosen[name] = chosen_below(value)
        return chosen

    return select if tree else lambda obj: obj


def _select(obj: Any, tree: Mapping[str, Any]) -> Any:
    if not tree:
        return obj
    if isinstance(obj, list):
        return [_select(element, tree) for element in obj]
    if not isinstance(obj, Mapping):
        return {}
    chosen = {}
    for name, value in obj.items():
        subtree = _below(tree, name)
        if subtree is None:
            continue
        if subtree and not isinstance(value, (list, Mapping)):
            continue  # a plain value has nothing below it
        chosen[name] = _select(value, subtree)
    return chosen


def _paths(tree: Mapping[str, Any]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, subtree in tree.items():
        found.extend((name, *rest) for rest in (_paths(subtree) if subtree else [()]))
    return found


def _merge(old: Any, new: Any, tree: Mapping[str, Any]) -> dict[str, Any]:
    before = old if isinstance(old, Mapping) else {}
    after = new if isinstance(new, Mapping) else {}
    if not tree:
        return dict(after)
    merged = dict(before)
    for name in {**before, **after}:
        subtree = _below(tree, name)
        if subtree is None:
            continue
        was, given = before.get(name), after.get(name)
        if subtree and (isinstance(given, Mapping) or name not in after):
            if isinstance(was, Mapping) or name in after:
                given = _merge(was, given, subtree)
            else:
                continue  # nothing is below it, so nothing there can be taken away
        if name in after or given:
            merged[name] = given
        else:
            merged.pop(name, None)
    return merged
