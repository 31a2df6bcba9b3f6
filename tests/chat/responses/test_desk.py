"""Who may prepare a reply: committed turns first, then responses beside them."""

from __future__ import annotations

import asyncio

import pytest

from chat_app.conversation.desk import ReplyDesk


class Reply:
    """A reply that only knows whether it was given up."""

    gave_up = False

    def give_up(self) -> None:
        self.gave_up = True


@pytest.fixture
def desk() -> ReplyDesk:
    return ReplyDesk(1)


async def soon(task: asyncio.Task[None]) -> bool:
    """Whether it ends without waiting for anything."""
    for _ in range(3):
        await asyncio.sleep(0)
    return task.done()


async def test_a_response_beside_waits_for_a_committed_turn(desk: ReplyDesk) -> None:
    committed, beside = Reply(), Reply()
    desk.begin(committed, speculative=False)
    waits = asyncio.create_task(desk.begin_beside(beside))
    assert not await soon(waits)
    desk.end(committed)
    assert await soon(waits)


async def test_a_committed_turn_waits_for_nobody(desk: ReplyDesk) -> None:
    speculative, committed = Reply(), Reply()
    await desk.begin_beside(Reply())
    assert not desk.may_speculate()
    desk.begin(speculative, speculative=True)
    desk.begin(committed, speculative=False)
    assert speculative.gave_up


async def test_responses_beside_take_turns(desk: ReplyDesk) -> None:
    first, second, third = Reply(), Reply(), Reply()
    await desk.begin_beside(first)
    waits = [asyncio.create_task(desk.begin_beside(each)) for each in (second, third)]
    assert not await soon(waits[0])
    desk.end(first)
    assert await soon(waits[0])
    assert not await soon(waits[1])
    desk.end(second)
    assert await soon(waits[1])


async def test_a_cancelled_wait_keeps_nobody_waiting(desk: ReplyDesk) -> None:
    first, third = Reply(), Reply()
    await desk.begin_beside(first)
    second = asyncio.create_task(desk.begin_beside(Reply()))
    waits = asyncio.create_task(desk.begin_beside(third))
    assert not await soon(second)
    desk.end(first)
    second.cancel()  # it was called, but has not begun
    assert await soon(waits)


async def test_nothing_is_prepared_in_a_pause_while_somebody_waits() -> None:
    desk = ReplyDesk(2)
    committed = [Reply(), Reply()]
    for each in committed:
        desk.begin(each, speculative=False)
    waits = asyncio.create_task(desk.begin_beside(Reply()))
    assert not await soon(waits)
    desk.end(committed[0])
    assert await soon(waits)
    desk.end(committed[1])
    assert desk.may_speculate()
