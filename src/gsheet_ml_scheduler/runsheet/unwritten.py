"""What of one run can't be written now: kept, taken back when it is written, told when it never is.

Decided here: when the journal is used in the life of a run. Elsewhere: the files (`journal.py`),
the writing (`holding.py`), and what an earlier process left (`settling.py`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from gsheet_ml_scheduler.errors import OUT_OF_REACH, RunLost
from gsheet_ml_scheduler.runsheet.journal import Claimed, Ending, Journal, Kept


@dataclass(slots=True)
class Unwritten:
    """The results and the outcome of one claim that wait for the sheet, if anything does."""

    journal: Journal | None
    notice: Callable[[str], None]
    unclear: Callable[[], Mapping[str, Any] | None] = lambda: None
    """What is to be cleared up before the row is written again."""
    _kept: Claimed | None = None
    _content: tuple[Mapping[str, Any], Ending | None] = ({}, None)

    def keep(self, claim: Claimed, cells: Mapping[str, Any], ending: Ending | None) -> Path | None:
        """Keeps on this machine what can't be written now, in place of what was kept before.

        Args:
            claim: whose it is.
            cells: results that the sheet doesn't have, by column name.
            ending: how the run ended; None while it goes on.

        Returns:
            Where it is kept; None if there is nothing to keep, or it couldn't be.
        """
        if self.journal is None or not (cells or ending):
            return None
        before, self._kept = self._kept, claim
        self._content = (dict(cells), ending)
        path = self.journal.keep(claim, cells, ending, datetime.now(timezone.utc), self.unclear())
        if before is not None and before != claim:  # its row was pinned anew meanwhile
            self.journal.written(before)
        return path

    def follow(self, claim: Claimed) -> None:
        """The row is pinned anew: what is kept must be found by the pin that it has now."""
        if self._kept is not None and self._kept != claim:
            self.keep(claim, *self._content)

    def take_up(self, kept: Kept) -> None:
        """What an earlier process kept of a claim is for this one to write."""
        self._kept, self._content = kept.claim, (kept.cells, kept.ending)

    def all_written(self) -> None:
        """The sheet has everything."""
        if self._kept is not None and self.journal is not None:
            self.journal.written(self._kept)
            self._kept = None

    def leave(self) -> None:
        """Nobody here tries to write it any more: whoever claims next may."""
        if self._kept is not None and self.journal is not None:
            self.journal.leave(self._kept)
            self._kept = None

    @contextmanager
    def unless_written(
        self, claim: Callable[[], Claimed], cells: Mapping[str, Any], ending: Ending | None
    ) -> Iterator[None]:
        """A block that writes all there is. What the sheet doesn't take is kept for later.

        Where the run is lost, nothing may be written any more; a person is told where it lies.
        """
        try:
            yield
        except RunLost as lost:
            self._give_up(claim(), ending, lost)
            raise
        except OUT_OF_REACH:
            self.keep(claim(), cells, ending)
            raise
        self.all_written()

    def _give_up(self, claim: Claimed, ending: Ending | None, lost: RunLost) -> None:
        path = None
        if self.journal is not None and self._kept is not None:
            path = self.journal.drop(self._kept)
        self._kept = None
        if path is not None:
            what = f"its outcome ({ending.text})" if ending else "its results"
            self.notice(f"{lost} For {claim.run_name}, {what} came too late and stays in {path}.")
