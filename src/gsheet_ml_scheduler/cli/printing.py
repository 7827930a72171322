"""How the commands print: sentences as they are, JSON for programs.

Decided here: what goes to standard output (what was asked for) and to the error output (what else
there is to say), that nothing in a sentence is markup, and how a value becomes JSON.
"""

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table


def say(*lines: str, style: str | None = None) -> None:
    """Print lines that were asked for; no wrapping, no markup."""
    _print(Console(), lines, style)


def warn(*lines: str, style: str | None = "yellow") -> None:
    """Print what else there is to know, on the error output."""
    _print(Console(stderr=True), lines, style)


def print_table(table: Table) -> None:
    """Print a table; where there is no terminal, without the blanks at the ends of its lines."""
    console = Console()
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as capture:
        console.print(table)
    lines = capture.get().splitlines()
    _print(console, tuple(line.rstrip() for line in lines), None)


def print_json(value: Any) -> None:
    """Print a value for a program: indented, and readable beyond ASCII where the output is."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    text = json.dumps(value, ensure_ascii=encoding != "utf8", indent=2, allow_nan=False)
    print(text)  # noqa: T201 - for programs: no colours, no wrapping


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 run`, `2 runs`, `12,000 runs`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _print(console: Console, lines: tuple[str, ...], style: str | None) -> None:
    for line in lines:
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
