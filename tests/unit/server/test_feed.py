"""What becomes of messages on their way to a page that is slow."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from gsheet_ml_scheduler.localsheets.live.following import CHANGES, GONE, SNAPSHOT, Message
from gsheet_ml_scheduler.server import feed
from gsheet_ml_scheduler.server.feed import Outbox

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def test_messages_come_out_in_the_order_in_which_threads_put_them_in() -> None:
    async def play() -> list[str]:
        outbox = Outbox(asyncio.get_running_loop())

        def offer() -> None:
            for number in range(100):
                outbox.offer(Message(CHANGES, str(number)))

        thread = threading.Thread(target=offer)
        thread.start()
        found = [await outbox.next(10) for _ in range(100)]
        thread.join()
        return [one.text for one in found if one is not None]

    assert run(play()) == [str(number) for number in range(100)]


def test_nothing_comes_while_nothing_happens() -> None:
    async def play() -> Message | None:
        return await Outbox(asyncio.get_running_loop()).next(0.01)

    assert run(play()) is None


def test_a_page_that_does_not_take_its_messages_is_told_to_begin_anew() -> None:
    async def play() -> list[Message]:
        outbox = Outbox(asyncio.get_running_loop())
        piece = "x" * (feed.MOST_WAITING // 10)
        for _ in range(50):
            outbox.offer(Message(CHANGES, piece))
        await asyncio.sleep(0)
        return [taken for _ in range(50) if (taken := await outbox.next(0.01))]

    (only,) = run(play())
    assert only.kind == SNAPSHOT
    assert "couldn't keep up" in json.loads(only.text)["why"]


def test_one_huge_message_is_not_too_much() -> None:
    async def play() -> Message | None:
        outbox = Outbox(asyncio.get_running_loop())
        outbox.offer(Message(CHANGES, "x" * (feed.MOST_WAITING * 2)))
        return await outbox.next(10)

    found = run(play())
    assert found is not None
    assert found.kind == CHANGES


def test_after_the_last_message_nothing_is_kept() -> None:
    async def play() -> list[Message]:
        outbox = Outbox(asyncio.get_running_loop())
        for message in (Message(CHANGES, "a"), Message(GONE, "b"), Message(CHANGES, "c")):
            outbox.offer(message)
        await asyncio.sleep(0)
        return [taken for _ in range(3) if (taken := await outbox.next(0.01))]

    assert [message.text for message in run(play())] == ["a", "b"]


def test_a_loop_that_has_ended_wants_nothing() -> None:
    async def play() -> Outbox:
        return Outbox(asyncio.get_running_loop())

    run(play()).offer(Message(CHANGES, "late"))
