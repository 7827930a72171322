"""What people see of an agent at work: lines as things happen, on a terminal also its slots.

Decided here: the words, and that a terminal shows the slots below the lines while other outputs get
the lines only, each with the time. Elsewhere: what happens (`working`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from gsheet_ml_scheduler.agent.limits import Tally
from gsheet_ml_scheduler.agent.metric_lines import Value
from gsheet_ml_scheduler.agent.outcomes import Outcome
from gsheet_ml_scheduler.runsheet.lifecycle import State

_SHOWN_METRICS = 4
_STYLES = {State.DONE: "blue", State.FAILED: "red", None: "yellow"}


@dataclass(frozen=True, slots=True)
class SlotView:
    """What is shown of one slot."""

    slot: str
    run: str = ""
    seconds: float = 0.0
    status: str = ""
    metrics: Mapping[str, Value] | None = None


class Telling:
    """Says what happens."""

    def __init__(self, console: Console) -> None:
        """Nothing is said yet."""
        self._console = console
        self._last_notice = ""
        self._told: set[str] = set()

    def shown(
        self, views: Callable[[], Sequence[SlotView]], tally: Tally
    ) -> AbstractContextManager[object]:
        """Shows the slots while the block runs, if this is a terminal."""
        if not self._console.is_terminal:
            return nullcontext()
        began = time.monotonic()

        def table() -> Table:
            return _table(views(), tally, time.monotonic() - began)

        return Live(
            console=self._console, get_renderable=table, refresh_per_second=4, transient=True
        )

    def started(self, slot: str, run: str, attempt: int, folder: str) -> None:
        """A run's script has been started."""
        again = f", attempt {attempt}" if attempt > 1 else ""
        self.line(f"{slot}: run {run} started{again}, see {folder}")

    def changed(self, run: str, changes: Mapping[str, tuple[object, object]]) -> None:
        """Somebody has edited a run under way."""
        said = ", ".join(f"{key} {old!r} → {new!r}" for key, (old, new) in changes.items())
        self.line(f"run {run}: {said}")

    def ended(self, run: str, outcome: Outcome, seconds: float, output: str) -> None:
        """A run is over, and its row says so."""
        what = "given back" if outcome.state is None else outcome.status
        self.line(f"run {run}: {what} after {duration(seconds)}", _STYLES.get(outcome.state))
        if outcome.has_failed:
            self.line(f"    {outcome.error} (see {output})", "red")

    def notice(self, sentence: str) -> None:
        """Something that people should know; not the same again and again."""
        if sentence != self._last_notice:
            self._last_notice = sentence
            self.line(sentence, "yellow")

    def notice_once(self, sentence: str) -> None:
        """Something that stays as it is, and needs saying only once."""
        if sentence not in self._told:
            self._told.add(sentence)
            self.line(sentence, "yellow")

    def line(self, text: str, style: str | None = None) -> None:
        """One line."""
        stamp = "" if self._console.is_terminal else f"{time.strftime('%H:%M:%S')} "
        self._console.print(
            f"{stamp}{text}", style=style, markup=False, highlight=False, soft_wrap=True
        )


def duration(seconds: float) -> str:
    """Seconds for people: `0:03:12`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def metrics_text(metrics: Mapping[str, Value]) -> str:
    """The latest metrics in a few words: `loss 0.31 · accuracy 0.9`."""
    shown = list(metrics.items())[:_SHOWN_METRICS]
    return " · ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in shown
    )


def _table(views: Sequence[SlotView], tally: Tally, seconds: float) -> Table:
    running = sum(bool(view.run) for view in views)
    ended = [tally.words()] if tally.has_any else []
    table = Table(
        title=" · ".join([f"{running} running", *ended, duration(seconds)]),
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for heading in ("slot", "run", "time", "status", "metrics"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis", style="dim")
    for view in views:
        if view.run:
            table.add_row(
                escape(view.slot),
                escape(view.run),
                duration(view.seconds),
                escape(view.status),
                escape(metrics_text(view.metrics or {})),
                style="not dim",
            )
        else:
            table.add_row(escape(view.slot), "–")
    return table
