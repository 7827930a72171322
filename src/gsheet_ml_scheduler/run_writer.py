"""Appends runs to a sheet: `GSheetMLRunWriter`.

Decided here: what a config may hold, the rows it becomes, and the order of requests. New columns
come first, each once; then all rows in one atomic write, with a token where `status` will be, so
that nobody claims them yet; the answer shows the header and the place that they really met, and
only then they become `ready` (P2). A mark with an id of our choosing in the same batch tells after
a lost answer whether it had landed (P6). Elsewhere: requests (`runsheet.worksheet`).
"""

import math
from collections.abc import Mapping, Sequence
from random import SystemRandom
from typing import Any

import gspread

from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.errors import ConfigError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet import growing
from gsheet_ml_scheduler.runsheet.adding_columns import add_columns
from gsheet_ml_scheduler.runsheet.claims import make_token
from gsheet_ml_scheduler.runsheet.columns import (
    FIRST_RUN_ROW,
    RUN_NAME,
    STATUS,
    WORKER_NAME,
    Columns,
)
from gsheet_ml_scheduler.runsheet.lifecycle import READY, default_colors
from gsheet_ml_scheduler.runsheet.names import new_worker_name
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM, Pacing
from gsheet_ml_scheduler.runsheet.rationed import limit_per_minute
from gsheet_ml_scheduler.runsheet.values import (
    EXACT_INTEGERS,
    LONGEST_TEXT,
    Scalar,
    plain,
    text_rules,
)
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

_PER_RUN_FEATURES = frozenset(["priority", "only_on"])
_ROUNDS = 6
_NOT_WRITTEN = "not written: line 1 was being changed; written again further down"


class GSheetMLRunWriter:
    """Writes new runs below the last row of a sheet."""

    def __init__(
        self,
        gsheet_file_url: str,
        sheet_index: int = 0,
        comma_number_format: bool = False,  # noqa: FBT001, FBT002 - the seed's signature
        google_service_account_json_path: str | None = None,
    ) -> None:
        """Opens the sheet and checks lines 1 and 2; two reads, nothing is written.

        Args and Raises: see `GSheetMLScheduler`.
        """
        name = new_worker_name()
        _, worksheet = open_worksheet(
            gsheet_file_url, sheet_index, google_service_account_json_path, user_agent=name
        )
        pacing = Pacing(limit=limit_per_minute(worksheet.client))
        self._start(worksheet, name, pacing, comma_number_format=comma_number_format)

    @classmethod
    def on_worksheet(
        cls,
        worksheet: gspread.Worksheet,
        *,
        comma_number_format: bool = False,
        pacing: Pacing | None = None,
    ) -> "GSheetMLRunWriter":
        """A writer on a worksheet that the caller opened with gspread; one read."""
        writer = cls.__new__(cls)
        name = new_worker_name()
        worksheet.client.session.headers["User-Agent"] = name
        pacing = pacing or Pacing(limit=limit_per_minute(worksheet.client))
        writer._start(worksheet, name, pacing, comma_number_format=comma_number_format)
        return writer

    def _start(
        self,
        worksheet: gspread.Worksheet,
        name: str,
        pacing: Pacing,
        *,
        comma_number_format: bool,
    ) -> None:
        self.sheet = worksheet
        self.all_sheets = worksheet.spreadsheet
        self._name = name
        self._pacing = pacing
        self._rng = SystemRandom()
        rules = text_rules(self.all_sheets.locale, comma_number_format=comma_number_format)
        self._sheet = RunSheet(worksheet, rules, pacing)
        pacing.until_done(self._sheet.read_lines, FOR_A_CLAIM, what="read lines 1 and 2")

    @property
    def keys(self) -> list[str]:
        """The columns' names, in order."""
        return list(self._sheet.header.columns.ids)

    @property
    def key_ids(self) -> dict[str, int]:
        """The columns' indices by name; 0 is column A."""
        return dict(self._sheet.header.columns.ids)

    def write_runs(self, configs: Sequence[Mapping[str, Any]]) -> None:
        """Appends one `ready` run for each config, all of them or none.

        A key without a column gets one. `""` leaves the cell blank, so that the default holds. A
        config may carry `run_name`; else the run is named by the number of its row (1 is line 3).
        Values arrive as they are: text is never parsed.

        Raises:
            ConfigError: a config can't be written as a row; nothing has been written.
            SheetLayoutError: lines 1 and 2 are no queue's.
            SheetUnreachableError: no answer for too long, or line 1 kept changing.
        """
        checked = [_checked(config, number) for number, config in enumerate(configs)]
        if not checked:
            return
        keys = list(dict.fromkeys(key for config in checked for key in config))
        for _ in range(_ROUNDS):
            columns, runs = self._pacing.until_done(
                self._sheet.read_runs, FOR_A_CLAIM, what="read the sheet"
            )
            _refuse_columns(columns, keys)
            if columns.missing(keys):
                columns = self._pacing.until_done(
                    lambda: add_columns(
                        self._sheet, keys, is_key=True, color=default_colors()["new_column"]
                    ),
                    FOR_A_CLAIM,
                    what="add columns",
                )
            if self._append(columns, checked, len(runs)):
                return
        raise SheetUnreachableError(
            f"{self._sheet.label}: line 1 kept changing, so no runs were written. Try again."
        )

    def _append(
        self, columns: Columns, configs: Sequence[Mapping[str, Scalar]], count: int
    ) -> bool:
        """One try; False when the columns had moved and it must be done again."""
        nonce = f"{self._rng.getrandbits(32):08x}"
        token = make_token(self._name, self._sheet.now, nonce, doing="written")
        rows = [
            _row(columns, config, count + number, token)
            for number, config in enumerate(configs, start=1)
        ]
        mark = self._rng.randrange(1, 2**31)
        first = count + FIRST_RUN_ROW
        probes = [(first, columns.status), (first + len(rows) - 1, columns.status)]
        appended = self._pacing.until_done(
            lambda: growing.append(self._sheet, rows, mark, probes),
            FOR_A_CLAIM,
            what="write the runs",
        )
        if appended is None:
            names, is_in_place = self._sheet.read_lines().names, False
        else:
            names, is_in_place = appended.names, set(appended.probes) == {token}
        has_moved = names != columns.names
        if not has_moved and not is_in_place:
            self._number_again(configs, token, count)
        status = _NOT_WRITTEN if has_moved else READY
        self._pacing.until_done(
            lambda: growing.settle_append(self._sheet, token, status, mark),
            FOR_A_CLAIM,
            what="make the runs ready",
        )
        return not has_moved

    def _number_again(
        self, configs: Sequence[Mapping[str, Scalar]], token: str, count: int
    ) -> None:
        """Rows moved meanwhile: runs that are named by their row get its number now."""

        def step() -> None:
            now, runs = self._sheet.read_runs()
            places = [at for at, row in enumerate(runs) if now.text(row, now.status) == token]
            texts = {
                at + FIRST_RUN_ROW: (now.text(runs[at], now.run_name), str(at + 1))
                for number, (at, config) in enumerate(zip(places, configs, strict=False), start=1)
                if config.get(RUN_NAME, "") == "" and at + 1 != count + number
            }
            if texts:
                growing.replace_cells(self._sheet, now.run_name, texts)

        self._pacing.until_done(step, FOR_A_CLAIM, what="number the runs")


def _row(columns: Columns, config: Mapping[str, Scalar], number: int, token: str) -> list[Scalar]:
    row: list[Scalar] = [""] * len(columns.names)
    for key, value in config.items():
        row[columns.ids[key]] = value
    if row[columns.run_name] == "":
        row[columns.run_name] = number
    row[columns.status] = token
    return row


def _checked(config: Mapping[str, Any], number: int) -> dict[str, Scalar]:
    where = f"config number {number}"
    if not isinstance(config, Mapping):
        raise ConfigError(f"{where} is a {type(config).__name__}; a config is a dict.")
    return {_checked_key(key, where): _checked_value(config[key], key, where) for key in config}


def _checked_key(key: object, where: str) -> str:
    if not isinstance(key, str):
        raise ConfigError(f"{where}: the key {key!r} is no text. Columns are named by text.")
    if not key or key != key.strip():
        raise ConfigError(
            f"{where}: the key {key!r} is empty or has blanks at its ends, which nobody sees in a "
            "sheet. Rename it."
        )
    if key in (STATUS, WORKER_NAME):
        raise ConfigError(
            f"{where}: the key {key!r} belongs to the scheduler; a new run's status is 'ready' and "
            "its worker_name blank. Leave it out."
        )
    return str(key)


def _checked_value(value: Any, key: str, where: str) -> Scalar:
    value = plain(value)
    at = f"{where}: {key!r}"
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise ConfigError(
                f"{at} has {len(value)} characters, but a cell holds {LONGEST_TEXT}. Keep the text "
                "in a file and pass its name."
            )
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) >= EXACT_INTEGERS:
            raise ConfigError(
                f"{at} is {value}, which a cell's number can't hold exactly. Pass it as text."
            )
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigError(f"{at} is {value}, which no cell's number can hold. Pass it as text.")
        return value
    raise ConfigError(
        f"{at} is a {type(value).__name__}, but a cell holds a number, a bool or text. Pass its "
        "parts as separate keys, or as text."
    )


def _refuse_columns(columns: Columns, keys: Sequence[str]) -> None:
    for key in keys:
        if key in columns.not_keys and key in columns.ids and key not in _PER_RUN_FEATURES:
            if key == RUN_NAME:
                continue
            raise ConfigError(
                f"{columns.sheet}: the column {key!r} says N/A in line 2, so it is no config key "
                "and its value would never reach a run. Rename the key, or empty that cell."
            )
