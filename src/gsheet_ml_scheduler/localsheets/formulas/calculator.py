"""The program that computes formulas: an ironcalc model that listens on its standard input.

Decided here: what a value of ironcalc is in Google's words. It is a process of its own because a
formula may be anything that anybody typed: one that recurses without end overflows the stack, one
that multiplies two columns takes all memory, and neither can be caught. Whoever asks goes on living
(`calculation`). So nothing of this package is imported here, and it starts in a few milliseconds.

A message is a line of JSON, and so is its answer. A first, empty answer says that it is ready:

    open      {"zone": IANA name, "sheets": titles}: begin a new model; optional
    cells     [[sheet, row, column, constant or null], …], 1-based rows and columns
    formulas  [[sheet, row, column, text, outcome shown so far, cell that it merely repeats], …]
    answer    {"changed": [[sheet, row, column, outcome], …]}

An outcome is a value, or `{"e": error}`.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import ironcalc

Key = tuple[int, int, int]

_MAX_TEXT = 50_000
_EXACT = 2.0**53
_STACK = 512 << 20  # bytes of address space; 50,000 characters can't nest deeper than that
_MEMORY = 4 << 30
_ERRORS = {  # ironcalc's and Excel's names that Google hasn't
    "#CIRC!": "#REF!",
    "#SPILL!": "#REF!",
    "#CALC!": "#N/A",
    "#NIMPL!": "#NAME?",
    "#N/IMPL!": "#NAME?",
    "#BLOCKED!": "#N/A",
}


class Calculator:
    """One workbook's model."""

    def __init__(self, zone: str, sheets: list[str]) -> None:
        known = zone in ironcalc.get_all_timezones()
        self._model = ironcalc.create("workbook", "en", zone if known else "UTC", "en")
        self._model.rename_sheet(0, sheets[0])
        for title in sheets[1:]:
            self._model.add_sheet(title)
        self._shown: dict[Key, Any] = {}
        self._repeats: dict[Key, Key | None] = {}
        self._off_grid: set[Key] = set()

    def set_cell(self, key: Key, value: Any) -> None:
        """Enter a constant; None empties the cell."""
        self._shown.pop(key, None)
        self._off_grid.discard(key)
        try:
            if value is None:
                self._model.clear_cell_contents(*key)
            elif isinstance(value, bool):
                self._model.update_cell_with_bool(*key, value)
            elif isinstance(value, str):
                # half of a surrogate pair is valid JSON and no text
                text = value.encode("utf-8", "replace").decode()
                self._model.update_cell_with_text(*key, text)
            else:
                self._model.update_cell_with_number(*key, float(value))
        except (ironcalc.WorkbookError, OverflowError):
            pass  # beyond Excel's grid, or no float: to formulas it is a blank

    def set_formula(self, key: Key, text: str, shown: Any, repeats: list[int] | None) -> None:
        """Enter a formula that showed something so far."""
        self._shown[key] = shown
        self._repeats[key] = (repeats[0], repeats[1], repeats[2]) if repeats else None
        self._off_grid.discard(key)
        try:
            self._model.update_cell_with_formula(*key, text.encode("utf-8", "replace").decode())
        except ironcalc.WorkbookError:
            self._off_grid.add(key)

    def changed(self) -> list[list[Any]]:
        """Evaluate everything; the cells that show something else now."""
        self._model.evaluate()
        blanks: dict[Key, bool] = {}
        found = []
        for key, before in self._shown.items():
            now = self._outcome(key, blanks)
            if type(now) is not type(before) or now != before:
                self._shown[key] = now
                found.append([*key, now])
        return found

    def _outcome(self, key: Key, blanks: dict[Key, bool]) -> Any:
        if key in self._off_grid:
            return {"e": "#REF!"}
        value = self._model.get_cell_value(*key)
        if isinstance(value, float):
            if not value:
                return "" if self._repeats_a_blank(key, blanks) else 0
            return int(value) if value.is_integer() and abs(value) < _EXACT else value
        if not isinstance(value, str):
            return "" if value is None else value
        is_error = value.startswith("#") and (
            self._model.get_cell_type(*key) == ironcalc.CellType.ErrorValue
        )
        if is_error:
            return {"e": _ERRORS.get(value, value)}
        return value if len(value) <= _MAX_TEXT else {"e": "#VALUE!"}

    def _repeats_a_blank(self, key: Key, blanks: dict[Key, bool]) -> bool:
        """Whether it is `=A1` of a blank, which shows nothing; to arithmetic it is 0."""
        way = []
        at: Key | None = key
        while at is not None and at not in blanks and at in self._shown:
            way.append(at)
            blanks[at] = False  # should the way lead back to it
            at = self._repeats[at]
        blank = at is not None and (blanks[at] if at in blanks else self._model.is_empty_cell(*at))
        blanks.update(dict.fromkeys(way, blank))
        return blank


def answered(calculator: Calculator | None, message: dict[str, Any]) -> tuple[Calculator, Any]:
    """Do what a message says; the model it leaves, and the answer."""
    if "open" in message:
        calculator = Calculator(message["open"]["zone"], message["open"]["sheets"])
    if calculator is None:
        raise ValueError("the first message must open a model")
    for sheet, row, column, value in message.get("cells", ()):
        calculator.set_cell((sheet, row, column), value)
    for sheet, row, column, text, shown, repeats in message.get("formulas", ()):
        calculator.set_formula((sheet, row, column), text, shown, repeats)
    return calculator, {"changed": calculator.changed()}


def _serve() -> None:
    calculator = None
    _say({"changed": []})
    for line in sys.stdin.buffer:
        calculator, answer = answered(calculator, json.loads(line))
        _say(answer)


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


def _limit_memory() -> None:
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    except (ImportError, OSError, ValueError):
        pass  # this system has no such limit


def main() -> None:
    """Serve until the input ends."""
    _limit_memory()
    threading.stack_size(_STACK)
    server = threading.Thread(target=_serve)
    server.start()
    server.join()


if __name__ == "__main__":
    main()
