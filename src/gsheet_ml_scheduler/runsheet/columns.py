"""Lines 1 and 2 -> which column is what.

Decided here: which columns are mandatory, which are config keys, which carry a feature or a metric
(`N/A` in line 2), what is wrong with a header, and how a row and the defaults make a config.
Elsewhere: what a single cell means (`values.py`), who reads the lines (`worksheet.py`).
Guards P4: a config is always resolved with the header of the same answer.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gsheet_ml_scheduler.errors import CellError, ConfigError, SheetLayoutError
from gsheet_ml_scheduler.runsheet.lifecycle import NOT_A_KEY
from gsheet_ml_scheduler.runsheet.values import (
    LOADING,
    PLAIN_TEXT,
    Scalar,
    TextRules,
    from_cell,
    is_blank,
    is_error,
    looks_like_date,
    text_of,
)

RUN_NAME = "run_name"
STATUS = "status"
WORKER_NAME = "worker_name"
MANDATORY = (RUN_NAME, STATUS, WORKER_NAME)

LEASE, ATTEMPT, COMMAND, ERROR = "lease", "attempt", "command", "error"
PRIORITY, ONLY_ON = "priority", "only_on"
STARTED, DURATION, HOST = "started", "duration", "host"
FEATURES = frozenset(
    [LEASE, ATTEMPT, COMMAND, ERROR, PRIORITY, ONLY_ON, STARTED, DURATION, HOST],
)
"""Columns that switch a feature on when their line 2 says `N/A`; metrics can't have these names."""

FIRST_RUN_ROW = 2
"""Index of the first run row: lines 1 and 2 are the header and the defaults."""

Row = Sequence[Any]


class StillLoadingError(CellError):
    """A formula's value isn't there yet: read again."""


@dataclass(frozen=True, slots=True)
class ConfigColumn:
    """A column that is a key of the config."""

    key: str
    index: int
    default: Scalar
    default_cell: Any
    default_is_number: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what, as lines 1 and 2 of one answer said."""

    names: tuple[str, ...]
    ids: Mapping[str, int]
    run_name: int
    status: int
    worker_name: int
    config: tuple[ConfigColumn, ...]
    not_keys: frozenset[str]
    rules: TextRules
    sheet: str = field(compare=False)

    @property
    def defaults(self) -> dict[str, Scalar]:
        """The config keys with their line-2 values; a blank one is `""`."""
        return {column.key: column.default for column in self.config}

    def config_of(self, row: Row, row_index: int) -> dict[str, Scalar]:
        """A row's config: its own value, else line 2's, else `""`.

        Raises:
            CellError: a cell holds an error, or a date where the default is a number.
        """
        return {column.key: self._value(column, row, row_index) for column in self.config}

    def usable_config_of(
        self, row: Row, row_index: int, last: Mapping[str, Scalar]
    ) -> tuple[dict[str, Scalar], list[CellError]]:
        """Like `config_of`, but a bad cell keeps its last value, for a run that is under way."""
        config: dict[str, Scalar] = {}
        errors: list[CellError] = []
        for column in self.config:
            try:
                config[column.key] = self._value(column, row, row_index)
            except CellError as error:
                errors.append(error)
                if column.key in last:
                    config[column.key] = last[column.key]
        return config, errors

    def text(self, row: Row, index: int) -> str:
        """A cell of the row as text; beyond the row's end it is blank."""
        return text_of(row[index]) if index < len(row) else ""

    def feature(self, name: str) -> int | None:
        """Where a feature's column is; None when there is none, or its line 2 doesn't say N/A."""
        return self.ids.get(name) if name in self.not_keys else None

    def features(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the cells, by name, whose feature is on."""
        return {name: cell for name, cell in cells.items() if self.feature(name) is not None}

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of the names that no column has, each once, in order."""
        return [name for name in dict.fromkeys(names) if name not in self.ids]

    def _value(self, column: ConfigColumn, row: Row, row_index: int) -> Scalar:
        raw = row[column.index] if column.index < len(row) else ""
        if is_blank(raw):
            value, row_index = column.default, DEFAULTS_ROW
        else:
            value = from_cell(raw, self.rules)
        if type(value) is str and value:
            self._refuse_unusable(column, value, row_index)
        return value

    def _refuse_unusable(self, column: ConfigColumn, value: str, row_index: int) -> None:
        where = f"{self.sheet}, cell {cell_name(row_index, column.index)} ({column.key})"
        if value == LOADING:
            raise StillLoadingError(
                f"{where} still shows {LOADING!r}: its formula has no value yet. "
                "Wait until it has, or type the value in."
            )
        if is_error(value):
            raise CellError(
                f"{where} shows the error {value}, which can't be handed to training. "
                "Correct the formula, or type the value in."
            )
        if column.default_is_number and looks_like_date(value, self.rules):
            raise CellError(
                f"{where} holds {value!r}, which looks like a date or time, but the default in "
                f"line 2 is the number {column.default!r}. Set the cell's format to Number and "
                f"type the number with {self.rules.decimal!r} as its decimal sign."
            )


def cell_name(row_index: int, column_index: int) -> str:
    """A1 notation of a cell given by indices from 0: `cell_name(6, 4)` is `E7`."""
    return f"{column_letters(column_index)}{row_index + 1}"


def column_letters(index: int) -> str:
    """The letters of a column given by its index from 0: `column_letters(26)` is `AA`."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def says_not_a_key(cell: Any) -> bool:
    """Whether a cell of line 2 says `N/A`; spaces and case don't matter."""
    return isinstance(cell, str) and cell.strip().upper() == NOT_A_KEY


def parse(
    header: Row,
    defaults: Row,
    *,
    sheet: str,
    rules: TextRules = PLAIN_TEXT,
    known_not_keys: frozenset[str] = frozenset(),
) -> Columns:
    """What lines 1 and 2 say.

    Args:
        header: line 1; cells without a name are ignored.
        defaults: line 2; may be shorter than line 1.
        sheet: how errors name the sheet.
        rules: how text is read.
        known_not_keys: columns whose line 2 said `N/A` earlier; that holds for good.

    Raises:
        SheetLayoutError: a mandatory column is missing, a name stands twice, line 2 is blank.
    """
    names = tuple(text_of(cell) if not is_blank(cell) else "" for cell in header)
    ids = _ids(names, sheet)
    if all(is_blank(cell) for cell in defaults):
        raise SheetLayoutError(
            f"{sheet}: line 2 is blank, but it is where the defaults belong, and N/A under "
            f"{STATUS} and {WORKER_NAME}. Insert a line 2; the runs begin on line 3."
        )
    filled = list(defaults) + [""] * (len(names) - len(defaults))
    not_keys = known_not_keys.union(n for n, index in ids.items() if says_not_a_key(filled[index]))
    config = tuple(
        _config_column(name, index, filled[index], rules)
        for name, index in ids.items()
        if name not in MANDATORY and name not in not_keys
    )
    run_name, status, worker_name = (ids[name] for name in MANDATORY)
    return Columns(names, ids, run_name, status, worker_name, config, not_keys, rules, sheet)


def require_columns(columns: Columns, names: Iterable[str]) -> None:
    """See that somebody who names columns names existing ones.

    Raises:
        ConfigError: with what was probably meant, and the columns that there are.
    """
    for name in columns.missing(names):
        near = difflib.get_close_matches(name, columns.ids, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise ConfigError(
            f"{columns.sheet}: line 1 has no column {name!r}. {hint}"
            f"Its columns: {', '.join(columns.ids)}."
        )


class Header:
    """Lines 1 and 2 as last seen; parsed again only when they have changed.

    It remembers for the life of the process which columns said `N/A`.
    """

    def __init__(self, rules: TextRules = PLAIN_TEXT) -> None:
        """Nothing is seen yet."""
        self.rules = rules
        self._not_keys: frozenset[str] = frozenset()
        self._by_rows: Any = None
        self._by_columns: Any = None
        self._columns: Columns | None = None

    @property
    def columns(self) -> Columns:
        """What was seen last."""
        if self._columns is None:
            raise SheetLayoutError("lines 1 and 2 have not been read yet")
        return self._columns

    def seen_rows(self, lines: Sequence[Row], sheet: str) -> Columns:
        """Lines 1 and 2 came as rows."""
        if self._by_rows != lines or self._columns is None:
            self._parse(_line(lines, 0), _line(lines, 1), sheet)
            self._by_rows = lines
        return self.columns

    def seen_columns(self, lines: Sequence[Row], sheet: str) -> Columns:
        """Lines 1 and 2 came as columns of two cells."""
        if self._by_columns != lines or self._columns is None:
            by_row = [[column[i] if i < len(column) else "" for column in lines] for i in (0, 1)]
            self._parse(by_row[0], by_row[1], sheet)
            self._by_columns = lines
        return self.columns

    def _parse(self, header: Row, defaults: Row, sheet: str) -> None:
        columns = parse(
            header, defaults, sheet=sheet, rules=self.rules, known_not_keys=self._not_keys
        )
        self._not_keys = columns.not_keys
        if columns != self._columns:
            self._columns = columns
            self._by_rows = self._by_columns = None


DEFAULTS_ROW = 1
"""Index of the row that holds the defaults."""


def _line(lines: Sequence[Row], index: int) -> Row:
    return lines[index] if index < len(lines) else ()


def _ids(names: Sequence[str], sheet: str) -> dict[str, int]:
    ids: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in ids:
            raise SheetLayoutError(
                f"{sheet}: line 1 names {name!r} twice, in {cell_name(0, ids[name])} and "
                f"{cell_name(0, index)}. Rename or delete one of the two columns."
            )
        if name:
            ids[name] = index
    missing = [name for name in MANDATORY if name not in ids]
    if missing:
        found = ", ".join(ids) or "nothing"
        raise SheetLayoutError(
            f"{sheet}: line 1 has no column {' and none '.join(map(repr, missing))}; it names "
            f"{found}. Add it to line 1, or choose the right tab with sheet_index."
        )
    return ids


def _config_column(name: str, index: int, cell: Any, rules: TextRules) -> ConfigColumn:
    default = "" if is_blank(cell) else from_cell(cell, rules)
    is_number = isinstance(default, int | float) and not isinstance(default, bool)
    return ConfigColumn(name, index, default, cell, is_number)
