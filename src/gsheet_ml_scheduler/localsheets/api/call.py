"""One request as the API functions see it, however it arrived: path parts, query, body, who asks.

Decided here: how parameters are read and what is said of a wrong one. Nothing here knows HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import invalid_argument
from ..model.structure import Json
from ..switches import Switches
from . import fields


@dataclass(slots=True)
class Call:
    """A request to one method of the API."""

    path: tuple[str, ...] = ()  # the variable parts, decoded
    query: Mapping[str, Any] = field(default_factory=dict)  # values are text, or lists of it
    body: Json = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    _later: list[Callable[[], None]] = field(default_factory=list)

    def later(self, action: Callable[[], None]) -> None:
        """Do something when the whole batch is applied and formulas are computed."""
        self._later.append(action)

    def finish(self) -> None:
        """Do what was put off."""
        for action in self._later:
            action()

    def text(self, name: str) -> str | None:
        """A query parameter, the last if it is given more than once."""
        found = self.query.get(name)
        if isinstance(found, (list, tuple)):
            found = found[-1] if found else None
        return None if found is None else _plain(found)

    def texts(self, name: str) -> list[str]:
        """A query parameter that may be repeated."""
        found = self.query.get(name)
        if found is None:
            return []
        return [_plain(one) for one in (found if isinstance(found, (list, tuple)) else [found])]

    def flag(self, name: str) -> bool:
        """A boolean, from the query or from the body."""
        found = self.body.get(name)
        if found is None:
            found = self.text(name)
        if isinstance(found, bool) or found is None:
            return bool(found)
        if str(found).lower() in ("true", "1"):
            return True
        if str(found).lower() in ("false", "0"):
            return False
        raise invalid_argument(f"Invalid value at '{name}' (TYPE_BOOL), \"{found}\"")

    def choice(self, name: str, options: Sequence[str], default: str | None) -> str:
        """An enumerated parameter, from the query or from the body; required without a default."""
        found = self.body.get(name) if name in self.body else self.text(name)
        if found is None or found == "":
            if default is None:
                raise invalid_argument(
                    f"'{name}' is required but not specified: one of {', '.join(options)}."
                )
            return default
        if found not in options:
            raise invalid_argument(f"Invalid value at '{name}', \"{found}\"")
        return _plain(found)

    def mask(self) -> fields.Mask | None:
        """The `fields` asked for, None for all."""
        text = self.text("fields")
        return fields.parse(text) if text else None

    def objects(self, name: str) -> list[Json]:
        """A list of objects in the body."""
        return object_list(self.body.get(name, []), name)


def _plain(parameter: Any) -> str:
    """A parameter as it would stand in an address; gspread's are enums at times."""
    if isinstance(parameter, bool):
        return "true" if parameter else "false"
    return str.__str__(parameter) if isinstance(parameter, str) else str(parameter)


def object_list(found: Any, where: str) -> list[Json]:
    """See that something is a list of objects."""
    if not isinstance(found, list):
        raise invalid_argument(f"Invalid value at '{where}': a list is expected.")
    for at, one in enumerate(found):
        if not isinstance(one, dict):
            raise invalid_argument(f"Invalid value at '{where}[{at}]': an object is expected.")
    return found
