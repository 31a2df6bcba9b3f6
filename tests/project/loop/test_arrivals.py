"""Connections begin a few in a turn of the event loop."""

from __future__ import annotations

import asyncio
from functools import partial

from voiceproject.server.arrivals import PER_TURN, Arrivals


async def test_few_begin_in_one_turn_and_in_their_order() -> None:
    arrivals = Arrivals()
    begun: list[int] = []
    for number in range(2 * PER_TURN + 1):
        arrivals.enter(partial(begun.append, number))
    assert begun == []
    for most in (PER_TURN, 2 * PER_TURN, 2 * PER_TURN + 1):
        await asyncio.sleep(0)
        assert begun == list(range(most))


async def test_one_that_fails_does_not_hold_up_the_rest() -> None:
    arrivals, begun, told = Arrivals(), [], []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: told.append(context["exception"])
    )
    arrivals.enter(lambda: begun.append(1 / 0))
    arrivals.enter(lambda: begun.append(2))
    await asyncio.sleep(0)
    assert begun == [2]
    assert [type(error) for error in told] == [ZeroDivisionError]
