"""What a sender says beside its write, so that several may edit at once and answers may get lost.

Decided here: a batch that comes a second time under its name is answered as the first time and not
applied; a batch whose indexes stand on an older revision is refused if lines have moved since, or,
where the sender wants that, if somebody else has changed the cells that it writes to. The refusal
brings along what the sender missed. Decided elsewhere: how long names are remembered
(`storage/batches.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..book import Book
from ..errors import ApiError, invalid_argument
from ..model.structure import Json
from ..storage import batches
from ..storage import entries as log
from ..storage.batches import Applied
from ..storage.entries import Entry
from ..storage.snapshot import Writer
from . import changes, cursor

LINES_MOVED = "LINES_MOVED"
CELLS_CHANGED = "CELLS_CHANGED"
TAKE_A_SNAPSHOT = "TAKE_A_SNAPSHOT"


@dataclass(slots=True)
class Guard:
    """What a sender says of one write; `reached` is where the workbook stands after it."""

    client: str | None = None
    batch: str | None = None
    base: str | None = None  # the cursor on which the request's indexes stand
    untouched: bool = False  # refuse to write to cells that others changed since
    reached: str | None = None

    @property
    def reached_revision(self) -> int | None:
        """The revision of `reached`."""
        found = cursor.parse(self.reached) if self.reached is not None else None
        return found.revision if found is not None else None

    def answered(self, writer: Writer, path: Path) -> Json | None:
        """The answer of a batch that was applied under this name before."""
        if self.client is None or self.batch is None:
            return None
        found = batches.find(writer.cursor, self.client, self.batch)
        if found is None:
            return None
        revision, answer = found
        known = log.time_of(writer, revision) is not None
        self.reached = str(cursor.at_revision(writer, path, revision)) if known else self.base
        return answer

    def missed(self, writer: Writer, path: Path) -> list[Entry]:
        """What was written since the base.

        Raises:
            ApiError: 409, the request's indexes mean nothing any more; 400, the base is no cursor.
        """
        if self.base is None:
            return []
        base = cursor.parse(self.base)
        if base is None:
            raise invalid_argument(f"The base {self.base[:100]!r} is no cursor of a workbook.")
        entries = None
        if cursor.is_of_its_history(base, writer, path):
            entries = log.since(writer, base.revision)
        if entries is None:
            raise _conflict(
                TAKE_A_SNAPSHOT,
                "The revision on which this was edited isn't known any more: it is too old, or "
                "the file was replaced. Nothing was written; load the workbook anew.",
            )
        if changes.moves_lines(entries):
            raise _refusal(writer, path, base.revision, LINES_MOVED, _MOVED)
        return entries

    def require_untouched(
        self, writer: Writer, path: Path, book: Book, missed: Sequence[Entry]
    ) -> None:
        """See that nobody else has changed the cells that a batch writes to; ApiError 409."""
        if self.untouched and missed and changes.touches(missed, book.changed_rows()):
            base = missed[0].revision - 1
            raise _refusal(writer, path, base, CELLS_CHANGED, _TOUCHED)

    def applied(self, answer: Json) -> Applied | None:
        """What to remember of the batch, if it has a name."""
        if self.client is None or self.batch is None:
            return None
        return Applied(self.client, self.batch, answer)

    def committed(self, writer: Writer, path: Path) -> None:
        """The batch was written."""
        if self.reached is None and writer.revision:
            self.reached = str(cursor.of_snapshot(writer, path))


_MOVED = (
    "Rows, columns or tabs have moved since revision {base}. Nothing was written; apply the "
    "changes, find the lines again by their ids, and send it under a new name."
)
_TOUCHED = (
    "Somebody else has changed these cells since revision {base}. Nothing was written; apply the "
    "changes and see which of the cells are still as they were."
)


def _refusal(writer: Writer, path: Path, base: int, reason: str, sentence: str) -> ApiError:
    found = changes.since(writer, path, base)
    if found is None:
        return _conflict(TAKE_A_SNAPSHOT, sentence.format(base=base))
    return _conflict(reason, sentence.format(base=base), found)


def _conflict(reason: str, message: str, found: Json | None = None) -> ApiError:
    detail: Json = {"reason": reason}
    if found is not None:
        detail["changes"] = found
    return ApiError(409, "ABORTED", message, [detail])
