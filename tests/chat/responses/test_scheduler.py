"""The scheduler of replies: committed turns first, then out-of-band responses."""

from __future__ import annotations

import asyncio

import pytest

from chat_app.conversation.scheduler import ReplyScheduler


class Reply:
    """A reply that only knows whether it was given up."""

    gave_up = False

    def give_up(self) -> None:
        self.gave_up = True


@pytest.fixture
def scheduler() -> ReplyScheduler:
    return ReplyScheduler(1)


async def soon(task: asyncio.Task[None]) -> bool:
    """Whether it ends without waiting for anything."""
    for _ in range(3):
        await asyncio.sleep(0)
    return task.done()


async def test_an_out_of_band_response_waits_for_a_committed_turn(
    scheduler: ReplyScheduler,
) -> None:
    committed, out_of_band = Reply(), Reply()
    scheduler.begin(committed, speculative=False)
    waits = asyncio.create_task(scheduler.begin_out_of_band(out_of_band))
    assert not await soon(waits)
    scheduler.end(committed)
    assert await soon(waits)


async def test_a_committed_turn_waits_for_nobody(scheduler: ReplyScheduler) -> None:
    speculative, committed = Reply(), Reply()
    await scheduler.begin_out_of_band(Reply())
    assert not scheduler.may_speculate()
    scheduler.begin(speculative, speculative=True)
    scheduler.begin(committed, speculative=False)
    assert speculative.gave_up


async def test_out_of_band_responses_take_turns(scheduler: ReplyScheduler) -> None:
    first, second, third = Reply(), Reply(), Reply()
    await scheduler.begin_out_of_band(first)
    waits = [
        asyncio.create_task(scheduler.begin_out_of_band(each))
        for each in (second, third)
    ]
    assert not await soon(waits[0])
    scheduler.end(first)
    assert await soon(waits[0])
    assert not await soon(waits[1])
    scheduler.end(second)
    assert await soon(waits[1])


async def test_a_cancelled_wait_keeps_nobody_waiting(scheduler: ReplyScheduler) -> None:
    first, third = Reply(), Reply()
    await scheduler.begin_out_of_band(first)
    second = asyncio.create_task(scheduler.begin_out_of_band(Reply()))
    waits = asyncio.create_task(scheduler.begin_out_of_band(third))
    assert not await soon(second)
    scheduler.end(first)
    second.cancel()  # it was called, but has not begun
    assert await soon(waits)


async def test_nothing_is_prepared_in_a_pause_while_somebody_waits() -> None:
    scheduler = ReplyScheduler(2)
    committed = [Reply(), Reply()]
    for each in committed:
        scheduler.begin(each, speculative=False)
    waits = asyncio.create_task(scheduler.begin_out_of_band(Reply()))
    assert not await soon(waits)
    scheduler.end(committed[0])
    assert await soon(waits)
    scheduler.end(committed[1])
    assert scheduler.may_speculate()
