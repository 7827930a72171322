"""The names and types of the API's messages: what a request may say, what a mask may ask for.

Decided here: how a message that names or holds something else is refused, in Google's words. The
table (`schemas.json`) is made from Google's own description of the API, the "discovery document".
Decided elsewhere: what the values mean.

`checked` answers a copy, so that nothing which is kept belongs to a caller, with what JSON leaves
open made the same: null is as if not said, names_with_underscores are camelCase, and a number that
comes as text is a number. Google reads requests so (protocol buffers' JSON mapping).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from ..errors import ApiError, invalid_argument
from .fields import Mask, parse, parse_update, unknown_field

Check = Callable[[Any], Any]

_TYPES = {
    "s": "TYPE_STRING",
    "t": "TYPE_STRING",
    "i": "TYPE_INT32",
    "b": "TYPE_BOOL",
    "n": "TYPE_DOUBLE",
}
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_UPPER = re.compile(r"(?<!^)([A-Z])")
_UNDERSCORE = re.compile(r"_([a-z0-9])")


class _WrongError(Exception):
    """Something in a message is wrong; `path` grows while it is raised through the levels."""

    def __init__(self, text: str, *, unknown: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.unknown = unknown
        self.path: list[str] = []


@lru_cache(maxsize=1)
def table() -> dict[str, dict[str, str]]:
    """Message -> field -> type: a letter for a scalar, `=A|B` an enum, `[` a list, or a message."""
    text = resources.files(__package__).joinpath("schemas.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


def checked(message: str, value: Any, where: str) -> Any:
    """A copy of a message, if it is one.

    Args:
        message: what it should be, such as `Request`.
        value: the JSON.
        where: its place in the request, for the error: `requests[2]`.

    Raises:
        ApiError: 400, it names a field that there isn't, or a value is of another type.
    """
    try:
        return _check(message)(value)
    except _WrongError as wrong:
        raise _refusal(wrong, where) from None


def _refusal(wrong: _WrongError, where: str) -> ApiError:
    at = where
    for part in reversed(wrong.path):
        at += part if part.startswith("[") or not at else f".{part}"
    if wrong.unknown:
        place = f" at '{at}'" if at else ""
        text = (
            f'Invalid JSON payload received. Unknown name "{wrong.text}"{place}: Cannot find field.'
        )
    else:
        text = f"Invalid value at '{at}' {wrong.text}"
    violation = {"field": at, "description": text} if at else {"description": text}
    details = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    return invalid_argument(text, [details])


@lru_cache(maxsize=512)
def _check(code: str) -> Check:
    if code == "a":
        return _anything
    if code in _TYPES:
        return {"s": _text, "t": _typed, "i": _integer, "b": _flag, "n": _number}[code]
    if code.startswith("="):
        return _one_of(frozenset(code[1:].split("|")))
    if code.startswith("["):
        return _list_of(code[1:])
    return _message(code)


def _message(name: str) -> Check:
    known = table()[name]
    checks: dict[str, tuple[str, Check]] = {}  # as it is said -> name and check; filled by use

    def resolve(said: str) -> tuple[str, Check]:
        field = said
        if field not in known:
            field = _UNDERSCORE.sub(lambda match: match[1].upper(), said)
            if field not in known:
                raise _WrongError(said, unknown=True)
        checks[said] = field, _check(known[field])
        return checks[said]

    def check(value: Any) -> Any:
        if type(value) is not dict and not isinstance(value, Mapping):
            full = f"(type.googleapis.com/google.apps.sheets.v4.{name})"
            raise _WrongError(f"{full}, {_shown(value)}")
        out = {}
        for said, below in value.items():
            field, check_below = checks.get(said) or resolve(said)
            if below is None:
                continue
            try:
                out[field] = check_below(below)
            except _WrongError as wrong:
                wrong.path.append(_UPPER.sub(r"_\1", field).lower())
                raise
        return out

    return check


def _list_of(code: str) -> Check:
    check = _check(code) if code[0] in "=[" or code in _TYPES or code == "a" else None

    def check_all(value: Any) -> Any:
        nonlocal check
        check = check or _check(code)
        if not isinstance(value, (list, tuple)):
            raise _WrongError(f"(a list is expected), {_shown(value)}")
        out = []
        for at, one in enumerate(value):
            try:
                out.append({} if one is None and code not in _TYPES else check(one))
            except _WrongError as wrong:
                wrong.path.append(f"[{at}]")
                raise
        return out

    return check_all


def _anything(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _anything(below) for name, below in value.items()}
    return [_anything(one) for one in value] if isinstance(value, (list, tuple)) else value


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return str.__str__(value)  # gspread's enums are texts whose hash is another
    raise _WrongError(f"({_TYPES['s']}), {_shown(value)}")


def _typed(value: Any) -> Any:
    """What is typed into a field: gspread's documentation gives numbers there, too."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return _text(value)


def _integer(value: Any) -> Any:
    if type(value) is int and -(2**31) <= value < 2**31:
        return value
    found: Any = value if type(value) is int else None
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        found = int(value)
    if isinstance(value, float) and value.is_integer():
        found = int(value)
    if found is None or not -(2**31) <= found < 2**31:
        raise _WrongError(f"({_TYPES['i']}), {_shown(value)}")
    return found


def _number(value: Any) -> Any:
    if type(value) is float or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    raise _WrongError(f"({_TYPES['n']}), {_shown(value)}")


def _flag(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise _WrongError(f"({_TYPES['b']}), {_shown(value)}")


def _one_of(options: frozenset[str]) -> Check:
    def check(value: Any) -> Any:
        if isinstance(value, str):
            text = str.__str__(value)
            if text in options:
                return text
        raise _WrongError(f"(an enum), {_shown(value)}")

    return check


def _shown(value: Any) -> str:
    """The value in an error; a TypeError if it isn't JSON, as it would be on its way to Google."""
    return json.dumps(value, ensure_ascii=False)[:200]


@lru_cache(maxsize=512)
def require_fields(message: str, text: str) -> None:
    """See that every path of a `fields` parameter is there.

    Raises:
        ApiError: 400, the mask can't be read, or names what the answer hasn't.
    """
    for path in parse(text).paths():
        if not _leads_somewhere(message, path):
            raise unknown_field(text, ".".join(path))


def update_mask(message: str, text: str | None) -> Mask:
    """The `fields` of a request that changes a message.

    Raises:
        ApiError: 400, there is none, it can't be read, or names what the message hasn't.
    """
    mask = parse_update(text)
    for path in mask.paths():
        if not _leads_somewhere(message, path):
            name = _UPPER.sub(r"_\1", ".".join(path)).lower()
            raise invalid_argument(f"Invalid field: {name}")
    return mask


def _leads_somewhere(message: str, path: tuple[str, ...]) -> bool:
    code = message
    for name in path:
        code = code.lstrip("[")
        if name == "*" or code == "a":
            return True
        known = table().get(code)
        if known is None or name not in known:
            return False
        code = known[name]
    return True
