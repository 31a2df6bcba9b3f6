"""Sessions that end at any moment, in any way, keep no slot."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

from common.errors import TooMany
from gateway_app.access.principals import Limits, Principal
from gateway_app.sockets.connection import Connection
from gateway_app.sockets.sessions import SessionRegistry
from tests.gateway.sockets.test_connection import LIMITS, Endpoint

SESSIONS = 1_000
KEYS = 7
MANY = replace(LIMITS, max_sessions=15)


async def one_session(sessions: SessionRegistry, chance: random.Random) -> None:
    """It opens, hears a little, and ends as most sessions do, or by an accident."""
    number, endpoint = chance.randrange(KEYS), Endpoint()
    connection = Connection("stt", endpoint, endpoint)
    principal = Principal(f"key:{number}", "key", limits=Limits(sessions=2))

    async def admit() -> Principal:
        await asyncio.sleep(chance.choice((0, 0.001)))
        if chance.random() < 0.1:
            raise TooMany("Too many.")
        return principal

    async with connection.running():
        await connection.open(sessions, MANY, f"192.0.2.{number}", admit)
        for message in chance.choices((b"audio", "text", b"fast", "wrong"), k=3):
            await connection.receive(message)
            await asyncio.sleep(chance.choice((0, 0.001)))
        if chance.random() < 0.2:
            raise ConnectionResetError


async def test_no_slot_leaks_after_a_thousand_random_ends() -> None:
    chance = random.Random(5)  # the same ends each time
    sessions = SessionRegistry(address_limit=3)
    tasks, most_open = [], 0
    for _ in range(SESSIONS):
        task = asyncio.create_task(one_session(sessions, chance))
        tasks.append(task)
        await asyncio.sleep(0)
        if chance.random() < 0.5:
            chance.choice(tasks).cancel()
        most_open = max(most_open, sessions.count("stt"))
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most_open > 5
    assert sessions.counts() == {}
    for number in range(KEYS):
        principal = Principal(f"key:{number}", "key", limits=Limits(sessions=1))
        bounds = sessions.bounds(principal, f"192.0.2.{number}")
        sessions.open("stt", limit=1, bounds=bounds).close()
