"""Seats: counted, limited, drained."""

from __future__ import annotations

import asyncio
import random

import pytest

from common.errors import Overloaded, Restarting
from gateway_app.access.quotas import Bound
from gateway_app.sockets.sessions import SessionRegistry
from tests.fake_services import fake_services
from tests.patient_socket import PatientSocket
from voiceproject.asgi import build_application


class Guest:
    """A session that leaves when it is asked to, unless it will not."""

    def __init__(self, registry: SessionRegistry, *, leaves: bool = True) -> None:
        self.leaves = leaves
        self.asked = 0
        self.seat = registry.open("stt", self)

    async def drain(self) -> None:
        self.asked += 1
        if self.leaves:
            self.seat.close()


async def test_it_counts_by_kind():
    registry = SessionRegistry()
    with registry.open("stt"), registry.open("stt"), registry.open("tts"):
        assert registry.counts() == {"stt": 2, "tts": 1}
    assert registry.counts() == {}


async def test_it_frees_a_seat_once():
    registry = SessionRegistry()
    seat = registry.open("stt")
    seat.close()
    seat.close()
    assert registry.count("stt") == 0


async def test_it_refuses_past_the_limit_of_that_kind_only():
    registry = SessionRegistry()
    registry.open("stt", limit=1)
    registry.open("tts", limit=1)
    with pytest.raises(Overloaded) as refused:
        registry.open("stt", limit=1)
    assert refused.value.retry_after_seconds


async def test_it_asks_every_session_to_finish():
    registry = SessionRegistry()
    guests = [Guest(registry) for _ in range(3)]
    assert await registry.drain(1)
    assert [guest.asked for guest in guests] == [1, 1, 1]


async def test_it_lets_nobody_in_while_it_drains():
    registry = SessionRegistry()
    await registry.drain(1)
    assert registry.draining
    with pytest.raises(Restarting):
        registry.open("stt")


async def test_it_waits_for_requests_that_cannot_be_hurried():
    registry = SessionRegistry()
    seat = registry.open("http")
    asyncio.get_running_loop().call_later(0.05, seat.close)
    assert await registry.drain(1)


async def test_it_gives_up_when_the_time_is_over():
    registry = SessionRegistry()
    Guest(registry, leaves=False)
    assert not await registry.drain(0.05)


async def test_it_drains_the_others_when_one_fails():
    class Broken(Guest):
        async def drain(self) -> None:
            self.seat.close()
            raise RuntimeError("broken")

    registry = SessionRegistry()
    Broken(registry)
    guest = Guest(registry)
    assert await registry.drain(1)
    assert guest.asked == 1


async def test_a_client_that_has_gone_gives_its_slot_back_at_once():
    registry = SessionRegistry()
    seat = registry.open("stt", limit=1, bounds=[Bound("a", 1)])
    seat.give_back()
    assert registry.count("stt") == 0
    with registry.open("stt", limit=1, bounds=[Bound("a", 1)]):
        asyncio.get_running_loop().call_later(0.05, seat.close)
    assert await registry.drain(30), "and drain waited for what it still does"
    seat.close()
    assert registry.counts() == {}


ENDPOINTS = (
    "/ws/stt",
    "/v1/realtime",
    "/v1/speak",
    "/ws/monitor",
    "/ws/stt?encoding=x",
)


@pytest.mark.usefixtures("transactional_db")  # Channels tidies its connections.
async def test_no_slot_is_lost_however_sessions_end():
    chance = random.Random(1)
    services = fake_services()
    application = build_application(services)
    seen: set[str] = set()

    async def come_and_go() -> None:
        headers = [(b"host", b"localhost")]
        path = chance.choice(ENDPOINTS)
        socket = PatientSocket(application, path, headers=headers)
        await socket.send_input({"type": "websocket.connect"})
        await asyncio.sleep(chance.random() * 0.02)
        for content in chance.choice(
            ([], [{"text": "{"}] * 3, [{"bytes": bytes(640)}])
        ):
            await socket.send_input({"type": "websocket.receive", **content})
            await asyncio.sleep(0)
        seen.update(services.sessions.counts())
        if chance.random() < 0.5:
            socket.future.cancel()
        else:
            await socket.send_input({"type": "websocket.disconnect", "code": 1006})
        await asyncio.wait([socket.future], timeout=10)

    for _ in range(20):
        await asyncio.gather(*(come_and_go() for _ in range(20)))
    assert len(seen) >= 3, "sessions were open"
    assert services.sessions.counts() == {}
