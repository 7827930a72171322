"""What ranks do together: rank 0 acts, and all of them get its answer, or its error.

Decided here: that a call is made by all ranks or fails on all of them. At each call, every rank
says which one it makes, so that ranks that went apart get a sentence instead of waiting for ever,
and a rank whose training failed is heard by the others at their next call. Elsewhere: the words'
way from rank to rank (`channel.py`), what is done (`scheduler.py`).
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from gsheet_ml_scheduler import errors
from gsheet_ml_scheduler.distributed.channel import Channel
from gsheet_ml_scheduler.distributed.ranks import Rank
from gsheet_ml_scheduler.errors import GSheetMLError, RanksError

T = TypeVar("T")
Said = dict[str, Any]

END = "the end of a run"


class Together:
    """The ranks of one training; what they hand to each other is JSON."""

    def __init__(self, channel: Channel) -> None:
        """Everybody is there."""
        self._channel = channel

    @property
    def rank(self) -> Rank:
        """Who this process is."""
        return self._channel.rank

    def do(self, call: str, act: Callable[[], T]) -> T:
        """Has rank 0 act, and returns what it returns on every rank.

        Args:
            call: what all ranks are calling, for the sentence if they don't.
            act: run on rank 0 only; what it returns must be JSON.

        Raises:
            RanksError: a rank is gone, has failed, or calls something else.
            GSheetMLError: what rank 0's act raised, on every rank.
        """
        try:
            everybody = self._channel.gather({"call": call, "failed": None})
        except RanksError as gone:
            self._tell({"apart": str(gone)})
            raise
        if not self.rank.is_first:
            return self._answer()  # type: ignore[no-any-return]  # as rank 0 made it
        apart = apart_because(everybody)
        if apart is not None:
            self._channel.spread({"apart": apart})
            raise RanksError(apart)
        return self._act(act)

    def end(self, failed: str | None, act: Callable[[str | None], T]) -> T:
        """Waits for all ranks to end their run, however each ends it, then acts like `do`.

        Ranks that are elsewhere are told that the run failed, and come here by their error.

        Args:
            failed: what went wrong on this rank, in one line.
            act: gets what went wrong on another rank, if something did.

        Raises:
            RanksError: a rank is gone. Rank 0 has acted all the same.
        """
        while True:
            try:
                everybody = self._channel.gather({"call": END, "failed": failed})
            except RanksError as gone:
                if self.rank.is_first:
                    act(str(gone))
                    self._tell({"error": [RanksError.__name__, str(gone)]})
                raise
            if not self.rank.is_first:
                answer = self._channel.spread(None)
                if "apart" not in answer:
                    return _value(answer)  # type: ignore[no-any-return]
                continue
            if all(said["call"] == END for said in everybody):
                return self._act(partial(act, _first_failure(everybody[1:])))
            self._channel.spread({"apart": apart_because(everybody)})

    def close(self) -> None:
        """Ends it."""
        self._channel.close()

    def _act(self, act: Callable[[], T]) -> T:
        try:
            value = act()
        except BaseException as error:
            self._tell({"error": [type(error).__name__, str(error)]})
            raise
        self._channel.spread({"value": value})
        return value

    def _tell(self, bad_news: Said) -> None:
        """Rank 0 tells those that are left, and goes on to raise its own error."""
        if self.rank.is_first:
            with suppress(RanksError):
                self._channel.spread(bad_news)

    def _answer(self) -> Any:
        answer = self._channel.spread(None)
        if "apart" in answer:
            raise RanksError(answer["apart"])
        return _value(answer)


def apart_because(everybody: Sequence[Said]) -> str | None:
    """Why ranks can't go on together, by what each said; None if they can."""
    failure = _first_failure(everybody)
    if failure is not None:
        return failure
    own = everybody[0]["call"]
    for number, said in enumerate(everybody):
        if said["call"] != own:
            return (
                f"rank {number} is at {said['call']} while rank 0 is at {own}. All ranks have to "
                "make the same calls in the same order, and go through as many steps."
            )
    return None


def _first_failure(everybody: Sequence[Said]) -> str | None:
    return next((said["failed"] for said in everybody if said["failed"] is not None), None)


def _value(answer: Said) -> Any:
    if "error" in answer:
        name, message = answer["error"]
        kind = getattr(errors, name, None)
        if isinstance(kind, type) and issubclass(kind, GSheetMLError):
            raise kind(message)
        raise RanksError(f"rank 0 failed: {name}: {message}")
    return answer["value"]
