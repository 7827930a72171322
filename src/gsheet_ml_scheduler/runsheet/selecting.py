"""Which runs are meant: by name, by pattern, by line, by status. Pure.

Decided here: what a word means that somebody types for a run, and when it means none or too many.
A name that stands several times is no answer: the wrong run would be stopped. Elsewhere: what is
done to the runs (`editing.py`), and that a row is still the same when it is done.
"""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gsheet_ml_scheduler.errors import NoSuchRunError
from gsheet_ml_scheduler.runsheet.columns import FIRST_RUN_ROW, Columns, Row
from gsheet_ml_scheduler.runsheet.lifecycle import State, state_of

_LINE = "#"
_PATTERN_SIGNS = frozenset("*?[")
_NO_RUNS = "It has no runs yet."
_NAMES_LISTED = 12


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run that is meant.

    `by_name` is False for one that a pattern or a status brought along: if nothing can be done to
    it, that is no news.
    """

    run_id: int
    name: str
    state: State
    by_name: bool

    @property
    def label(self) -> str:
        """How sentences name it: `run big`, or by its line where it has no name."""
        return run_label(self.name, self.run_id)


def run_label(name: str, run_id: int) -> str:
    """How sentences name a run, whose number among the run rows counts from 0."""
    return f"run {name}" if name else f"the run in line {run_id + FIRST_RUN_ROW + 1}"


def select(
    columns: Columns,
    rows: Sequence[Row],
    words: Sequence[str],
    states: Collection[State] = (),
) -> list[Chosen]:
    """The runs that are meant, from the top, each once.

    Args:
        columns: lines 1 and 2.
        rows: the run rows of the same answer.
        words: names, patterns with `*`, `?` and `[…]`, or lines such as `#7`; none means all.
        states: only runs in these states; none means any.

    Raises:
        NoSuchRunError: a word means no run, or a name several.
    """
    every = [_as_chosen(columns, row, run_id) for run_id, row in enumerate(rows)]
    named: dict[int, bool] = {}
    for word in words:
        found, by_name = _meant(columns, every, word)
        for run_id in found:
            named[run_id] = named.get(run_id, False) or by_name
    if not words:
        named = {it.run_id: False for it in every if _is_run(it)}
    return [
        Chosen(it.run_id, it.name, it.state, named[it.run_id])
        for it in every
        if it.run_id in named and (not states or it.state in states)
    ]


def select_one(columns: Columns, rows: Sequence[Row], word: str) -> Chosen:
    """The one run that a name or a line means.

    Raises:
        NoSuchRunError: it means none, or several.
    """
    found = select(columns, rows, [word])
    if len(found) > 1:
        names = ", ".join(it.name or f"#{_line(it.run_id)}" for it in found[:_NAMES_LISTED])
        raise NoSuchRunError(
            f"{columns.sheet}: {word!r} means {len(found)} runs ({names}), but this is about one."
        )
    return found[0]


def _as_chosen(columns: Columns, row: Row, run_id: int) -> Chosen:
    name = columns.text(row, columns.run_name)
    state = state_of(columns.text(row, columns.status), columns.text(row, columns.worker_name))
    return Chosen(run_id, name, state, by_name=False)


def _meant(columns: Columns, every: Sequence[Chosen], word: str) -> tuple[list[int], bool]:
    """The runs that a word means, and whether it names a single one."""
    exact = [it.run_id for it in every if it.name and it.name == word]
    if len(exact) > 1:
        lines = " and ".join(f"#{_line(run_id)}" for run_id in exact)
        raise NoSuchRunError(
            f"{columns.sheet}: {len(exact)} runs are named {word!r}. Say which by its line "
            f"({lines}, in quotation marks), or give them different names."
        )
    if exact:
        return exact, True
    if word.startswith(_LINE) and word[1:].isdecimal():
        run_id = int(word[1:]) - FIRST_RUN_ROW - 1
        if 0 <= run_id < len(every) and _is_run(every[run_id]):
            return [run_id], True
        raise NoSuchRunError(
            f"{columns.sheet}: line {word[1:]} is no run's. {_lines_listed(every)}"
        )
    if _PATTERN_SIGNS.intersection(word):
        fitting = [it.run_id for it in every if it.name and fnmatchcase(it.name, word)]
        if fitting:
            return fitting, False
        raise NoSuchRunError(f"{columns.sheet}: no run's name fits {word!r}. {_listed(every)}")
    raise NoSuchRunError(
        f"{columns.sheet}: no run is named {word!r}. {_guess(every, word)}{_listed(every)}"
    )


def _is_run(it: Chosen) -> bool:
    return bool(it.name) or it.state is not State.DRAFT


def _line(run_id: int) -> int:
    return run_id + FIRST_RUN_ROW + 1


def _guess(every: Sequence[Chosen], word: str) -> str:
    near = difflib.get_close_matches(word, [it.name for it in every if it.name], 1)
    return f"Did you mean {near[0]}? " if near else ""


def _lines_listed(every: Sequence[Chosen]) -> str:
    lines = [_line(it.run_id) for it in every if _is_run(it)]
    return f"Its runs are on lines {lines[0]} to {lines[-1]}." if lines else _NO_RUNS


def _listed(every: Sequence[Chosen]) -> str:
    names = [it.name for it in every if it.name]
    if not names:
        return _NO_RUNS
    more = ", …" if len(names) > _NAMES_LISTED else ""
    return f"Its {len(names)} runs: {', '.join(names[:_NAMES_LISTED])}{more}."
