"""A stream belongs to who opened it: nobody else takes it up, whatever token is sent."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

from common.config import Config
from gateway_app.access.keys import key_principal
from gateway_app.history.records import TranscriptRecord
from gateway_app.retention.people import Person
from stt_app.core.events import SessionEvent
from stt_app.resume.streams import ResumePoint, Streams
from tests.fake_services import FakeServices, KeptHistory
from tests.fakes import FakeStt
from tests.stt.sockets import next_message, opened, say, until_closed
from tests.stt.sounds import LoudnessVad

ONE, TWO = "the-first-key", "the-second-key"


@pytest.fixture
def services(make_services: Callable[..., FakeServices]) -> FakeServices:
    return make_services(
        stt=FakeStt(["hello"]),
        vad=LoudnessVad(),
        api_keys=[ONE, TWO],
        speculative_pause_seconds=0,
    )


@contextlib.asynccontextmanager
async def connected(
    services: FakeServices, key: str, query: str = ""
) -> AsyncIterator[tuple[WebsocketCommunicator, dict[str, Any]]]:
    socket = opened(services, query, key)
    assert (await socket.connect())[0]
    yield socket, await next_message(socket)
    await socket.disconnect()


async def test_another_key_cannot_take_a_stream_up(services: FakeServices) -> None:
    async with connected(services, ONE) as (socket, ready):
        query = f"?resume={ready['resume_token']}"
        async with connected(services, TWO, query) as (_, stranger):
            assert stranger["resumed"] is False
            assert stranger["session_id"] != ready["session_id"]
            assert stranger["resume_token"] != ready["resume_token"]
        await say(socket, 1, -1)
        assert (await next_message(socket))["text"] == "hello"
        async with connected(services, ONE, query) as (_, again):
            assert again["resumed"] is True
            assert again["session_id"] == ready["session_id"]


async def test_the_history_says_whose_words_they_are(services: FakeServices) -> None:
    async with connected(services, TWO) as (socket, _):
        await say(socket, 1, -1)
        await socket.send_json_to({"type": "close"})
        await until_closed(socket)
    (record,) = services.history.records
    assert record.principal == key_principal(TWO).id


async def lost_streams(streams: Streams) -> dict[str, str]:
    """Two principals lose their connections. Returns the tokens of their streams."""
    tokens = {}
    for owner in ("key:1", "key:2"):
        stream = await streams.take("session", owner, None)
        async for _ in stream.watching(no_events()):
            pass
        words = TranscriptRecord("last", "session", "192.0.2.1", owner)
        await streams.leave(stream, [words], lost=True)
        tokens[owner] = stream.token
    return tokens


async def test_whoever_is_forgotten_has_no_last_words() -> None:
    history = KeptHistory()
    streams = Streams(Config(), history)
    await lost_streams(streams)
    streams.forget(Person(frozenset(["key:1"])))
    await streams.stop()
    assert [record.principal for record in history.records] == ["key:2"]


async def test_whoever_is_forgotten_has_no_stream() -> None:
    history = KeptHistory()
    streams = Streams(Config(), history)
    tokens = await lost_streams(streams)
    streams.forget(Person(frozenset(["key:1"])))
    resumed = {}
    for owner, token in tokens.items():
        stream = await streams.take("session", owner, ResumePoint(token))
        resumed[owner] = stream.start.resumed
    await streams.stop()
    assert resumed == {"key:1": False, "key:2": True}
    assert history.records == [], "whoever resumed says it again"


async def no_events() -> AsyncIterator[SessionEvent]:
    events: tuple[SessionEvent, ...] = ()
    for event in events:
        yield event
