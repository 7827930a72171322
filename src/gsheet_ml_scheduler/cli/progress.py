"""How far long work is, on the error output: a bar where there is a terminal, else plain lines.

Decided here: when it is worth a line. What is quick says nothing where nobody watches. The answer
itself goes to standard output, so a pipe isn't disturbed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

EVERY = 5.0
"""Seconds between two plain lines; less than that is no long work."""


@contextmanager
def progress(
    what: str,
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Callable[[str, int, int], None]]:
    """While the block works; what it yields is told the part, how much is done, and of how much.

    Args:
        what: the work in a word: `Importing runs.xlsx`.
        console: where to; the error output if none is given.
        clock: seconds.
    """
    console = console or Console(stderr=True)
    yield from _bar(console, what) if console.is_terminal else _lines(console, what, clock)


def _bar(console: Console, what: str) -> Iterator[Callable[[str, int, int], None]]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("lines"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def tell(part: str, done: int, of: int) -> None:
            bar.update(task, description=f"{what}: {part}", completed=done, total=of)

        yield tell


def _lines(
    console: Console, what: str, clock: Callable[[], float]
) -> Iterator[Callable[[str, int, int], None]]:
    due = clock() + EVERY

    def tell(part: str, done: int, of: int) -> None:
        nonlocal due
        if clock() >= due:
            due = clock() + EVERY
            line = f"{what}: {part}, {done:,} of {of:,} lines"
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    yield tell
