"""Adds columns to line 1, each once, whoever else is adding the same one.

Decided here: where new columns go (inserted after the last named one, so nothing is overwritten)
and how a second one of the same name is prevented: each new column carries a mark whose id follows
from its name, and the API refuses a batch that would create an id again. The mark goes away with
its column. Elsewhere: which columns are wanted.
"""

from collections.abc import Sequence
from hashlib import sha256

from gsheet_ml_scheduler.errors import SheetUnreachableError
from gsheet_ml_scheduler.runsheet.columns import Columns
from gsheet_ml_scheduler.runsheet.growing import insert_columns
from gsheet_ml_scheduler.runsheet.lifecycle import Rgb
from gsheet_ml_scheduler.runsheet.worksheet import RunSheet

_ROUNDS = 12
_LOOKS_PER_SALT = 3
"""How often a name whose mark exists must be looked for in vain before it counts as renamed."""


def add_columns(sheet: RunSheet, names: Sequence[str], *, is_key: bool, color: Rgb) -> Columns:
    """Makes those of the columns that don't exist yet; the header as it is then.

    Args:
        sheet: the sheet.
        names: the columns that are needed.
        is_key: whether line 2 stays blank (a config key) or says `N/A` (a metric).
        color: the background of the new header cells.

    Raises:
        SheetUnreachableError: line 1 kept changing.
    """
    for attempt in range(_ROUNDS):
        columns = sheet.read_lines()
        missing = columns.missing(names)
        if not missing:
            return columns
        guards = [guard_id(sheet.sheet_id, name, attempt // _LOOKS_PER_SALT) for name in missing]
        insert_columns(
            sheet, len(columns.names), missing, is_key=is_key, color=color, guards=guards
        )
    raise SheetUnreachableError(
        f"{sheet.label}: line 1 kept changing while the columns {', '.join(names)} were added. "
        "Try again, or add them by hand."
    )


def guard_id(sheet_id: int, name: str, salt: int) -> int:
    """The id of the mark that a new column carries: the same for everybody who adds that name.

    The salt is for a name whose earlier column was renamed and kept its mark.
    """
    digest = sha256(f"{sheet_id}/{salt}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % (2**31 - 1) + 1
