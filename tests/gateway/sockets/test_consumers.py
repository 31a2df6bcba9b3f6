"""What every socket does, whatever it is for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Literal

import pytest
import structlog
from pydantic import TypeAdapter
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from common.config import Config
from common.errors import EngineFailed, TooMany, VoiceError
from common.messages import Message
from gateway_app.access.keys import key_principal
from gateway_app.sockets.limits import SocketLimits
from tests.gateway.endpoints import OpenEndpoint

log = structlog.get_logger()


class Say(Message):
    type: Literal["say"] = "say"
    word: str


class Echo(OpenEndpoint):
    """Repeats what it hears, and notes what happens to it."""

    family = TypeAdapter(Say)
    notes: list[Any] = []

    async def opened(self) -> None:
        self.notes.append("opened")
        await self.send_message({"type": "ready", "session_id": self.session_id})

    def on_audio(self, frame: bytes) -> None:
        if frame == b"fast":
            raise TooMany("Too fast.", retry_after_seconds=2)
        if frame == b"crash":
            raise RuntimeError("secret detail")
        self.notes.append(frame)

    async def wait_for_capacity(self) -> None:
        self.notes.append("waited")

    async def on_message(self, message: Any) -> None:
        await self.send_message(message)

    async def finish(self, reason: str) -> None:
        await self.send_message({"type": "last words"})

    async def closed(self) -> None:
        self.notes.append("closed")


@pytest.fixture
def notes() -> list[Any]:
    Echo.notes = []
    return Echo.notes


async def closing(socket: Any) -> tuple[dict[str, Any], int]:
    """The error event and the close code that come next."""
    event = await socket.receive_json_from()
    closed = await socket.receive_output()
    assert closed["type"] == "websocket.close"
    return event, closed["code"]


BAD_FRAMES = {
    "not json": "{",
    "an array": "[]",
    "a number": "1",
    "null": "null",
    "NaN": "NaN",
    "deep": "[" * 10_000,
    "a huge number": '{"type": "say", "word": ' + "9" * 5_000 + "}",
    "no type": "{}",
    "unknown type": '{"type": "sing"}',
    "a type that is no string": '{"type": 7}',
    "missing field": '{"type": "say"}',
    "wrong type of field": '{"type": "say", "word": 3}',
    "unknown field": '{"type": "say", "word": "a", "loud": true}',
    "half a character": '{"type": "say", "word": "a", "\\ud800": 1}',
    "empty": "",
}


@pytest.mark.parametrize("frame", BAD_FRAMES.values(), ids=BAD_FRAMES)
async def test_it_answers_a_bad_message_and_stays_open(
    frame, make_services, socket_to, notes
):
    async with socket_to(Echo, make_services()) as socket:
        await socket.receive_json_from()
        await socket.send_input({"type": "websocket.receive", "text": frame})
        answer = await socket.receive_output()
        assert answer["text"].encode("utf-8")
        event = json.loads(answer["text"])
        assert event["type"] == "error"
        assert event["code"] in ("bad_request", "bad_value")
        assert event["message"].endswith(".")
        await socket.send_json_to({"type": "say", "word": "still here"})
        assert (await socket.receive_json_from())["word"] == "still here"


async def test_it_names_the_field_that_is_wrong(make_services, socket_to, notes):
    async with socket_to(Echo, make_services()) as socket:
        await socket.receive_json_from()
        await socket.send_to(text_data='{"type": "say", "word": 3}')
        assert (await socket.receive_json_from())["field"] == "word"


async def test_it_closes_after_three_bad_messages_in_a_row(
    make_services, socket_to, notes
):
    async with socket_to(Echo, make_services()) as socket:
        await socket.receive_json_from()
        for _ in range(2):
            await socket.send_to(text_data="{")
            await socket.receive_json_from()
        await socket.send_to(text_data="{")
        event, code = await closing(socket)
        assert (event["code"], code) == ("bad_request", 4400)


async def test_it_forgives_bad_messages_between_good_ones(
    make_services, socket_to, notes
):
    async with socket_to(Echo, make_services()) as socket:
        await socket.receive_json_from()
        for _ in range(4):
            await socket.send_to(text_data="{")
            assert (await socket.receive_json_from())["type"] == "error"
            await socket.send_json_to({"type": "say", "word": "a"})
            assert (await socket.receive_json_from())["type"] == "say"


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1])
async def test_it_takes_frames_up_to_the_limit(size, make_services, socket_to, notes):
    async with socket_to(Echo, make_services()) as socket:
        await socket.receive_json_from()
        await socket.send_to(bytes_data=b"a" * size)
        if size == 64 * 1024:
            assert await socket.receive_nothing()
            assert notes == ["opened", b"a" * size, "waited"]
        else:
            event, code = await closing(socket)
            assert (event["code"], code) == ("too_large", 4413)


async def test_it_refuses_a_large_text_frame(make_services, socket_to, notes):
    async with socket_to(Echo, make_services(max_message_kb=20)) as socket:
        await socket.receive_json_from()
        # Two bytes a letter: the limit counts bytes.
        await socket.send_to(text_data="ü" * 10_241)
        assert (await closing(socket))[1] == 4413


async def test_it_ignores_an_empty_audio_frame(make_services, socket_to, notes):
    async with socket_to(Echo, make_services()) as socket:
        await socket.receive_json_from()
        await socket.send_input({"type": "websocket.receive", "bytes": b""})
        assert await socket.receive_nothing()
        assert notes == ["opened"]


async def test_it_closes_with_the_code_of_the_error(make_services, socket_to, notes):
    async with socket_to(Echo, make_services()) as socket:
        await socket.receive_json_from()
        await socket.send_to(bytes_data=b"fast")
        event, code = await closing(socket)
        assert code == 4429
        assert event == {
            "type": "error",
            "code": "too_many_requests",
            "message": "Too fast.",
            "retry_after": 2,
        }


async def test_it_hides_its_own_mistakes(make_services, socket_to, notes):
    async with socket_to(Echo, make_services()) as socket:
        await socket.receive_json_from()
        await socket.send_to(bytes_data=b"crash")
        event, code = await closing(socket)
        assert (event["code"], code) == ("internal_error", 4500)
        assert "secret" not in json.dumps(event)


async def test_it_ends_once_however_it_ends(make_services, socket_to, notes):
    services = make_services()
    async with socket_to(Echo, services) as socket:
        await socket.receive_json_from()
        assert services.sessions.count("stt") == 1
    assert notes == ["opened", "closed"]
    assert services.sessions.count("stt") == 0


async def test_it_ends_when_the_server_kills_it(make_services, notes):
    services = make_services()
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    incoming.put_nowait({"type": "websocket.connect"})

    ready = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            ready.set()

    scope = {"type": "websocket", "path": "/", "headers": [], "state": services}
    task = asyncio.create_task(Echo()(scope, incoming.get, send))
    await asyncio.wait_for(ready.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert notes == ["opened", "closed"]
    assert services.sessions.count("stt") == 0


async def test_it_drops_what_it_would_send_to_a_client_that_is_gone(
    make_services, notes
):
    """Servers raise OSError when they are asked to write to a closed connection."""
    services = make_services()
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    incoming.put_nowait({"type": "websocket.connect"})
    incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            raise OSError("gone")

    scope = {"type": "websocket", "path": "/", "headers": [], "state": services}
    await Echo()(scope, incoming.get, send)
    assert notes == ["opened", "closed"]


async def test_it_refuses_sessions_past_the_limit(make_services, socket_to, notes):
    services = make_services(stt_max_sessions=1)
    async with socket_to(Echo, services), socket_to(Echo, services) as second:
        event, code = await closing(second)
        assert (event["code"], code) == ("overloaded", 4503)
        assert event["retry_after"] > 0


async def test_it_sends_its_last_words_and_a_notice_when_drained(
    make_services, socket_to, notes
):
    services = make_services()
    async with socket_to(Echo, services) as socket:
        await socket.receive_json_from()
        draining = asyncio.create_task(services.sessions.drain(5))
        assert (await socket.receive_json_from())["type"] == "last words"
        event, code = await closing(socket)
        assert (event["code"], code) == ("restarting", 4512)
    assert await draining
    assert notes[-1] == "closed"


async def test_it_needs_no_channel_layer(make_services, socket_to, notes, settings):
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
        }
    }
    async with socket_to(Echo, make_services()) as socket:
        assert (await socket.receive_json_from())["type"] == "ready"


class Logging(Echo):
    async def opened(self) -> None:
        log.info("something happened")
        await super().opened()


async def test_its_log_lines_say_who_and_from_where(make_services, socket_to, notes):
    services = make_services(api_keys=["one"])
    with capture_logs(processors=[merge_contextvars]) as logs:
        async with socket_to(Logging, services, [(b"x-api-key", b"one")]) as socket:
            await socket.receive_json_from()
    for event in ("something happened", "socket opened", "socket ended"):
        (line,) = [line for line in logs if line["event"] == event]
        assert line["principal"] == key_principal("one").id
        assert line["client"] == "unknown"


class Speaker(Echo):
    """Sends audio, and errors in a shape of its own."""

    async def opened(self) -> None:
        await self.send_message(b"audio")

    def encode_error(self, error: VoiceError) -> str:
        return json.dumps({"err_code": error.code.upper()})


async def test_an_endpoint_sends_audio_and_errors_as_its_protocol_wants(
    make_services, socket_to
):
    async with socket_to(Speaker, make_services()) as socket:
        assert await socket.receive_from() == b"audio"
        await socket.send_to(bytes_data=b"fast")
        assert await socket.receive_json_from() == {"err_code": "TOO_MANY_REQUESTS"}
        assert (await socket.receive_output())["code"] == 4429


class Roomy(Echo):
    """Takes long texts, as endpoints with audio in base64 must."""

    def limits(self, config: Config) -> SocketLimits:
        return replace(super().limits(config), max_text_bytes=30_000)


@pytest.mark.parametrize(("endpoint", "answer"), [(Echo, "error"), (Roomy, "say")])
async def test_the_longest_text_is_for_each_endpoint_to_say(
    endpoint, answer, make_services, socket_to, notes
):
    async with socket_to(endpoint, make_services()) as socket:
        await socket.receive_json_from()
        await socket.send_json_to({"type": "say", "word": "a" * 20_000})
        assert (await socket.receive_json_from())["type"] == answer


class Teller(OpenEndpoint):
    """Tells a story that ends well, or does not."""

    ends_badly: Exception | None = None

    async def opened(self) -> None:
        self.pump(self.story())

    async def story(self) -> AsyncIterator[dict[str, Any]]:
        yield {"type": "word", "word": "once"}
        if self.ends_badly:
            raise self.ends_badly
        yield {"type": "word", "word": "end"}


async def test_it_closes_when_the_events_end(make_services, socket_to):
    async with socket_to(Teller, make_services()) as socket:
        words = [(await socket.receive_json_from())["word"] for _ in range(2)]
        assert words == ["once", "end"]
        assert (await socket.receive_output())["code"] == 1000


@pytest.mark.parametrize(
    ("error", "code", "close_code"),
    [
        (EngineFailed("The worker died."), "engine_failed", 4503),
        (ValueError("a bug"), "internal_error", 4500),
    ],
)
async def test_it_closes_with_an_error_when_the_events_fail(
    error, code, close_code, make_services, socket_to
):
    class Failing(Teller):
        ends_badly = error

    async with socket_to(Failing, make_services()) as socket:
        await socket.receive_json_from()
        event, closed_with = await closing(socket)
        assert (event["code"], closed_with) == (code, close_code)
