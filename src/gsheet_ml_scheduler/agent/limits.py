"""When an agent claims no more: after so many runs, hours, or failures in a row.

Decided here: the limits and the sentence for each. Pure; the clock is an argument. Runs under way
always finish. Elsewhere: what an empty queue means (`working`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """None is no limit."""

    runs: int | None = None
    seconds: float | None = None
    failures: int | None = 5


@dataclass(slots=True)
class Tally:
    """What an agent has done so far."""

    started: int = 0
    done: int = 0
    failed: int = 0
    other: int = 0
    failed_in_a_row: int = 0

    def count(self, *, done: bool, failed: bool) -> None:
        """One more run has ended."""
        self.done += done
        self.failed += failed
        self.other += not done and not failed
        self.failed_in_a_row = self.failed_in_a_row + 1 if failed else 0

    @property
    def has_any(self) -> bool:
        """Whether any run has ended."""
        return bool(self.done or self.failed or self.other)

    def words(self) -> str:
        """`3 done · 1 failed`."""
        parts = [(self.done, "done"), (self.failed, "failed"), (self.other, "ended otherwise")]
        return " · ".join(f"{count} {word}" for count, word in parts if count) or "no run"


def too_many_failures(limits: Limits, tally: Tally) -> str | None:
    """Why nothing more is claimed after failures; None if there were fewer."""
    if limits.failures is None or tally.failed_in_a_row < limits.failures:
        return None
    return (
        f"{tally.failed_in_a_row} runs in a row failed, so no more are claimed. Correct what they "
        "have in common, write 'ready' into their status and empty their worker_name."
    )


def claims_no_more(limits: Limits, tally: Tally, seconds: float) -> str | None:
    """The limit that is reached, in a sentence; None while there is room.

    Args:
        limits: what was asked for.
        tally: what was done.
        seconds: how long the agent has been working.
    """
    if limits.runs is not None and tally.started >= limits.runs:
        return f"{tally.started} runs were started, as many as asked for."
    if limits.seconds is not None and seconds >= limits.seconds:
        return f"The time is up ({limits.seconds / 3600:g} h): no more runs are claimed."
    return too_many_failures(limits, tally)
