"""How long a connection lasts, by a clock that the test turns."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from common.errors import IdleTimeout, SessionExpired
from gateway_app.sockets.lifetime import Lifetime
from gateway_app.sockets.limits import MessageRate
from tests.clocks import StoppedClock, TurnedClock


class Watched:
    """A lifetime that is being watched."""

    def __init__(self, idle_seconds: float, session_seconds: float) -> None:
        self.clock = TurnedClock(0.0)
        self.warnings: list[float] = []
        self.lifetime = Lifetime(idle_seconds, session_seconds, self.clock)
        self.watch = asyncio.ensure_future(self.lifetime.watch(self.warnings.append))

    async def at(self, now: float) -> BaseException | None:
        """Why the connection must end at that time, or None."""
        await self.clock.turn(now - self.clock.now)
        return self.watch.exception() if self.watch.done() else None


async def test_it_ends_a_connection_from_which_nothing_comes() -> None:
    watched = Watched(300, 3_600)
    assert await watched.at(299) is None
    ended = await watched.at(300)
    assert isinstance(ended, IdleTimeout)
    assert "300 s" in ended.message


async def test_whatever_comes_counts_as_life() -> None:
    watched = Watched(300, 3_600)
    assert await watched.at(200) is None
    watched.lifetime.touch()
    assert await watched.at(499) is None
    assert isinstance(await watched.at(500), IdleTimeout)


async def test_a_connection_that_never_sends_ends_earlier() -> None:
    clock = TurnedClock(0.0)
    lifetime = Lifetime(300, 3_600, clock, first_seconds=60)
    watch = asyncio.ensure_future(lifetime.watch(lambda _: None))
    await clock.turn(59)
    assert not watch.done()
    await clock.turn(1)
    assert isinstance(watch.exception(), IdleTimeout)
    assert "60 s" in str(watch.exception())


async def test_after_its_first_message_it_has_the_usual_time() -> None:
    clock = TurnedClock(0.0)
    lifetime = Lifetime(300, 3_600, clock, first_seconds=60)
    lifetime.touch()
    watch = asyncio.ensure_future(lifetime.watch(lambda _: None))
    await clock.turn(299)
    assert not watch.done()
    await clock.turn(1)
    assert isinstance(watch.exception(), IdleTimeout)


def test_more_messages_than_a_connection_may_send_are_read_later() -> None:
    clock = StoppedClock()
    rate = MessageRate(100, clock)
    assert [rate.count() for _ in range(100)] == [0.0] * 100, "a second's worth at once"
    assert rate.count() == pytest.approx(0.01)
    assert rate.count() == pytest.approx(0.02)
    clock.move_on(10)
    assert rate.count() == 0.0


async def test_it_warns_once_a_minute_before_the_longest_time_is_over() -> None:
    watched = Watched(10_000, 3_600)
    await watched.at(3_539)
    assert watched.warnings == []
    await watched.at(3_540)
    await watched.at(3_570)
    assert watched.warnings == [60.0]
    ended = await watched.at(3_600)
    assert isinstance(ended, SessionExpired)
    assert "3600 s" in ended.message


async def test_it_sleeps_until_the_next_thing_can_happen() -> None:
    lifetime = Lifetime(0.05, 100)
    began = asyncio.get_running_loop().time()
    with pytest.raises(IdleTimeout):
        await asyncio.wait_for(lifetime.watch(lambda seconds: None), 5)
    assert asyncio.get_running_loop().time() - began >= 0.05


@pytest.mark.parametrize(
    ("limits", "limited"), [((math.inf, math.inf), False), ((1, 2), True)]
)
def test_it_knows_whether_there_is_anything_to_watch(
    limits: Any, limited: bool
) -> None:
    assert Lifetime(*limits).limited is limited
