"""The first word of most commands: LOCATION, or what GSHEET_ML_LOCATION says instead.

Decided here: when that word may be left out. With the variable set, a command line that names no
location is about the sheet in the variable. A word names one if it is a link, ends in `.sheet`, or
is a file that is there; `stop 3` is about run 3, then. Elsewhere: what a location means
(`connect.locations`).
"""

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperOption

from gsheet_ml_scheduler.connect.locations import WorkbookFile, parse_location
from gsheet_ml_scheduler.errors import LocationError

VARIABLE = "GSHEET_ML_LOCATION"

_KEY_VALUE = re.compile(r"[^\s:/=]+=")


class AtALocation(TyperCommand):
    """A command whose first argument is a location, which the environment may give."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The location of the environment comes in front of a command line that has none."""
        default = os.environ.get(VARIABLE, "")
        if default.strip() and not self._names_one(args):
            args = [default, *args]
        return super().parse_args(ctx, args)

    def _names_one(self, args: Sequence[str]) -> bool:
        words = list(self._words(args))
        others = [it for it in self.params if isinstance(it, TyperArgument)][1:]
        return any(map(is_location, words)) if others else bool(words)

    def _words(self, args: Sequence[str]) -> Iterator[str]:
        """The arguments, without the options and their values; nothing behind `--`."""
        valued = {
            name
            for it in self.params
            if isinstance(it, TyperOption) and not it.is_flag and not it.count
            for name in it.opts
        }
        rest = iter(args)
        for word in rest:
            if word == "--":
                return
            if word in valued:
                next(rest, None)
            elif not word.startswith("-") or word == "-":
                yield word


def is_location(word: str) -> bool:
    """Whether a word can't mean anything but a location."""
    if _KEY_VALUE.match(word):
        return False
    try:
        place = parse_location(word)
    except LocationError:
        return "://" in word  # one that isn't understood is reported when it is opened
    if not isinstance(place, WorkbookFile):
        return True
    return place.path.suffix == ".sheet" or place.path.is_file()
