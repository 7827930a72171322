"""What a claim that wasn't to be leaves behind: tokens, pins, colours.

Decided here: what is undone at once, what with the next comparison, and what is left to time.
Elsewhere: the claim (`claiming.py`), and when a token is stale (`claims.py`).
"""

from dataclasses import dataclass, field

from gsheet_ml_scheduler.errors import SheetLayoutError, SheetUnreachableError
from gsheet_ml_scheduler.runsheet import claims, comparing
from gsheet_ml_scheduler.runsheet.answers import FoundRow, Look
from gsheet_ml_scheduler.runsheet.comparing import Comparison
from gsheet_ml_scheduler.runsheet.holding import FOR_PAINT, Desk
from gsheet_ml_scheduler.runsheet.pacing import FOR_A_CLAIM
from gsheet_ml_scheduler.runsheet.painting import Touch, background_of, row_coats, touch_rows


@dataclass(slots=True)
class Leavings:
    """What the claims of one process have left behind."""

    desk: Desk
    _pins: list[int] = field(default_factory=list)

    def drop(self, pin: int) -> None:
        """Has a pin deleted with the next claim."""
        self._pins.append(pin)

    def take_pins(self) -> list[int]:
        """The pins to be deleted; whoever takes them deletes them."""
        pins, self._pins = self._pins, []
        return pins

    def clean_up(self) -> None:
        """Deletes the pins that lost races left behind."""
        pins = self.take_pins()
        if pins:
            unpin = self.desk.sheet.unpin
            self.desk.pacing.until_done(lambda: unpin(pins), FOR_A_CLAIM, what="delete pins")

    def give_back(self, comparison: Comparison) -> None:
        """`ready` again wherever our token stands; the pinned row gets its own colour back.

        Where that can't be done now, others turn the token back when it is stale.
        """
        sheet, pin = self.desk.sheet, comparison.pin

        def step() -> None:
            comparing.release(sheet, comparison.swap.new)
            found = sheet.read_pinned(pin)
            if found.row is not None:
                self._touch_as_found(pin, found)

        try:
            self.desk.pacing.until_done(step, FOR_A_CLAIM, what="give a claim back")
        except SheetLayoutError:  # somebody edits line 1; the token is turned back
            self.drop(pin)
        except SheetUnreachableError as error:
            self.drop(pin)
            self.desk.notice(f"{error} It is turned back by itself, after two minutes.")

    def leave_to_others(self, comparison: Comparison, found: FoundRow | None) -> None:
        """Another was first: our token stands nowhere, but our pin and our colour are on the row.

        A row that has that colour by right costs nothing: the pin goes with the next comparison.
        """
        colors = self.desk.colors
        if found is None:
            self.give_back(comparison)
        elif background_of(found, colors) == colors["running"]:
            self.drop(comparison.pin)
        else:
            self._repaint(comparison.pin, found)

    def turn_back_stale(self, look: Look) -> bool:
        """Whether there were tokens of workers that died; they are `ready` again."""
        tokens = claims.stale_tokens(look.statuses, look.now)
        if tokens:
            sheet, column = self.desk.sheet, look.columns.status
            self.desk.pacing.until_done(
                lambda: comparing.turn_back(sheet, tokens, column),
                FOR_A_CLAIM,
                what="turn old claims back",
            )
        return bool(tokens)

    def _repaint(self, pin: int, found: FoundRow) -> None:
        """What a comparison in vain did to a row is undone; where that can't be, it is told."""
        try:
            self.desk.pacing.until_done(
                lambda: self._touch_as_found(pin, found), FOR_PAINT, what="paint a row"
            )
        except SheetUnreachableError as error:
            self.drop(pin)
            self.desk.notice(str(error))

    def _touch_as_found(self, pin: int, found: FoundRow) -> None:
        """The colour that a row's own text asks for, and no pin of ours."""
        colors = self.desk.colors
        coats = row_coats(found.columns, found.row_index, background=background_of(found, colors))
        touch_rows(self.desk.sheet, [Touch(pin, found.row_index, coats, unpin=True)], colors)
