"""How long a connection lasts, by a clock that the test turns."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from common.errors import IdleTimeout, SessionExpired
from gateway_app.sockets.lifetime import Lifetime


class Watched:
    """A lifetime that is being watched; `at` looks at it at a later time."""

    def __init__(self, idle_seconds: float, longest_seconds: float) -> None:
        self.now = 0.0
        self.warnings: list[float] = []
        self.lifetime = Lifetime(idle_seconds, longest_seconds, lambda: self.now)

    async def at(self, now: float) -> None:
        self.now = now
        watch = self.lifetime.watch(self.warnings.append)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(watch, 0.01)


async def test_it_ends_a_connection_from_which_nothing_comes() -> None:
    watched = Watched(300, 3_600)
    await watched.at(299)
    with pytest.raises(IdleTimeout, match="300 s"):
        await watched.at(300)


async def test_whatever_comes_counts_as_life() -> None:
    watched = Watched(300, 3_600)
    await watched.at(200)
    watched.lifetime.touch()
    await watched.at(499)
    with pytest.raises(IdleTimeout):
        await watched.at(500)


async def test_it_warns_once_a_minute_before_the_longest_time_is_over() -> None:
    watched = Watched(10_000, 3_600)
    await watched.at(3_539)
    assert watched.warnings == []
    await watched.at(3_540)
    await watched.at(3_570)
    assert watched.warnings == [60.0]
    with pytest.raises(SessionExpired, match="3600 s"):
        await watched.at(3_600)


async def test_it_sleeps_until_the_next_thing_can_happen() -> None:
    lifetime = Lifetime(0.05, 100)
    began = asyncio.get_running_loop().time()
    with pytest.raises(IdleTimeout):
        await asyncio.wait_for(lifetime.watch(lambda seconds: None), 5)
    assert asyncio.get_running_loop().time() - began >= 0.05


@pytest.mark.parametrize(
    ("limits", "limited"), [((float("inf"), float("inf")), False), ((1, 2), True)]
)
def test_it_knows_whether_there_is_anything_to_watch(
    limits: Any, limited: bool
) -> None:
    assert Lifetime(*limits).limited is limited
