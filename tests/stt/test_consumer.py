"""`/ws/stt` through the real application, with an engine that has no model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from common.errors import EngineFailed
from gateway_app.history.records import TranscriptRecord
from tests.fake_services import FakeServices
from tests.fakes import FakeStt
from tests.stt.sockets import (
    connected,
    handled,
    next_message,
    opened,
    say,
    until_closed,
)
from tests.stt.sounds import LoudnessVad, pcm

Connect = Callable[..., Any]


@pytest.fixture
def listening(make_services: Callable[..., FakeServices]) -> Callable[..., Any]:
    """Services whose voice detector takes loud for speech."""

    def make(script: Any = (), *, seconds: float = 0.0, **changes: Any) -> Any:
        changes = {"speculative_pause_seconds": 0, **changes}
        engine = FakeStt(script, seconds=seconds)
        return make_services(stt=engine, vad=LoudnessVad(), **changes)

    return make


async def test_it_transcribes_and_closes_when_asked(listening: Connect) -> None:
    services = listening(["hello", "world"])
    async with connected(services) as socket:
        await say(socket, 1, -1, 1)
        await socket.send_json_to({"type": "close"})
        messages, code = await until_closed(socket)
    assert code == 1000
    assert [each["type"] for each in messages] == ["transcript", "transcript", "closed"]
    assert [each.get("text") for each in messages] == ["hello", "world", None]
    assert [each.get("keep_open") for each in messages[:2]] == [True, False]
    assert messages[-1]["reason"] == "client"


async def test_its_transcripts_go_to_the_history(listening: Connect) -> None:
    services = listening(["hello", EngineFailed("It broke.")])
    async with connected(services) as socket:
        await say(socket, 1, -1, 1)
        await socket.send_json_to({"type": "close"})
        await until_closed(socket)
    first, second = services.history.records
    assert isinstance(first, TranscriptRecord)
    assert (first.text, first.status, first.language) == ("hello", "ok", "en")
    assert first.duration_seconds == pytest.approx(1.3, abs=0.1)
    assert set(first.stages_ms) == {"transcribe", "final"}
    assert first.session_id == second.session_id
    assert first.request_id != second.request_id
    assert (second.text, second.status, second.error) == ("", "error", "It broke.")


@pytest.mark.parametrize("flush", ["flush", " flush\n", '{"type": "flush"}'])
async def test_it_flushes(listening: Connect, flush: str) -> None:
    async with connected(listening(["half"])) as socket:
        await say(socket, 1)
        await socket.send_to(text_data=flush)
        transcript = await next_message(socket)
        flushed = await next_message(socket)
        assert (transcript["text"], transcript["keep_open"]) == ("half", True)
        assert flushed == {"type": "flushed", "utterance_id": 1}
        await socket.send_to(text_data=flush)
        flushed = await next_message(socket)
        assert flushed == {"type": "flushed", "utterance_id": None}


async def test_the_last_words_of_one_who_hangs_up_are_kept(
    listening: Connect,
) -> None:
    services = listening(["last words"], seconds=0.05)
    async with connected(services) as socket:
        await say(socket, -1, 1)
    assert [each.text for each in services.history.records] == ["last words"]
    assert services.sessions.count("stt") == 0


@pytest.mark.parametrize(
    ("query", "rate_hz", "language"),
    [
        ("", 16_000, "auto"),
        ("?sample_rate=8000", 8_000, "auto"),
        ("?sample_rate=48000&language=de", 48_000, "de"),
        ("?language=auto", 16_000, "auto"),
    ],
)
async def test_it_takes_options_from_the_address(
    listening: Connect, query: str, rate_hz: int, language: str
) -> None:
    services = listening()
    socket = opened(services, query)
    await socket.connect()
    assert (await next_message(socket))["sample_rate"] == rate_hz
    await socket.send_to(bytes_data=pcm(0.6, rate_hz=rate_hz)[:60_000])
    await socket.send_json_to({"type": "close"})
    await until_closed(socket)
    (heard,) = services.stt.heard
    assert heard.language == language
    assert heard.seconds == pytest.approx(0.6, abs=0.05)
    await socket.disconnect()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?sample_rate=4000", "sample_rate"),
        ("?sample_rate=96000", "sample_rate"),
        ("?sample_rate=fast", "sample_rate"),
        ("?sample_rate=", "sample_rate"),
        ("?language=klingon", "language"),
        ("?lang=en", "lang"),
        ("?language=%ff%fe", "language"),
    ],
)
async def test_it_refuses_an_address_with_wrong_options(
    listening: Connect, query: str, field: str
) -> None:
    socket = opened(listening(), query)
    await socket.connect()
    (error,), code = await until_closed(socket)
    assert code == 4400
    assert (error["type"], error["field"]) == ("error", field)
    assert field in error["message"]
    await socket.disconnect()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("hello", None),
        ("[]", None),
        ("null", None),
        ("{}", "type"),
        ('{"type": "shout"}', "type"),
        ('{"type": 1}', "type"),
        ('{"type": "flush", "now": true}', "now"),
        ('{"type": "configure", "sample_rate": "16000"}', "sample_rate"),
        ('{"type": "configure", "sample_rate": 16000.5}', "sample_rate"),
        ('{"type": "configure", "sample_rate": true}', "sample_rate"),
        ('{"type": "configure", "sample_rate": 7999}', "sample_rate"),
        ('{"type": "configure", "sample_rate": 48001}', "sample_rate"),
        ('{"type": "configure", "language": "xx"}', "language"),
        ('{"type": "configure", "language": 5}', "language"),
        ('{"type": "configure", "volume": 11}', "volume"),
        ("[" * 10_000, None),
        ('{"type": "flush", "x": ' + "9" * 5_000 + "}", None),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_it_explains_a_bad_message_and_stays_open(
    listening: Connect, text: str, field: str | None
) -> None:
    async with connected(listening(["still here"])) as socket:
        await socket.send_to(text_data=text)
        error = await next_message(socket)
        assert error["type"] == "error"
        assert error["code"] in ("bad_request", "bad_value")
        if field:
            assert error["field"] == field
        await say(socket, 1, -1)
        assert (await next_message(socket))["text"] == "still here"


async def test_three_bad_messages_in_a_row_close_it(listening: Connect) -> None:
    async with connected(listening()) as socket:
        for _ in range(3):
            await socket.send_to(text_data="nonsense")
        errors, code = await until_closed(socket)
        assert code == 4400
        assert len(errors) == 3


@pytest.mark.parametrize("frame", [b"", b"\x00", b"\x00" * 3, b"\x01" * 65_536])
async def test_it_bears_any_frame(listening: Connect, frame: bytes) -> None:
    async with connected(listening(["fine"])) as socket:
        await socket.send_input({"type": "websocket.receive", "bytes": frame})
        await socket.send_json_to({"type": "keepalive"})
        await socket.send_json_to({"type": "flush"})
        assert (await next_message(socket))["type"] == "flushed"


async def test_it_refuses_a_frame_that_is_too_large(listening: Connect) -> None:
    async with connected(listening()) as socket:
        await socket.send_to(bytes_data=b"\x00" * 65_537)
        (*_, error), code = await until_closed(socket)
        assert (error["code"], code) == ("too_large", 4413)


async def test_it_changes_rate_and_language_in_between(listening: Connect) -> None:
    services = listening()
    async with connected(services) as socket:
        await socket.send_json_to(
            {"type": "configure", "sample_rate": 8_000, "language": "fr"}
        )
        await socket.send_to(bytes_data=pcm(1, -1, rate_hz=8_000))
        await next_message(socket)
    (heard,) = services.stt.heard
    assert heard.language == "fr"
    assert heard.seconds == pytest.approx(1.3, abs=0.1)


async def test_only_so_many_may_listen(listening: Connect) -> None:
    services = listening(stt_max_sessions=1)
    async with connected(services):
        second = opened(services)
        await second.connect()
        (error,), code = await until_closed(second)
        assert (error["code"], code) == ("overloaded", 4503)
        assert error["retry_after"] > 0
        await second.disconnect()
    async with connected(services):
        pass


async def test_it_sends_finals_before_the_server_restarts(
    listening: Connect,
) -> None:
    services = listening(["half a sen"], seconds=0.05)
    async with connected(services) as socket:
        await say(socket, 1)
        await socket.send_json_to({"type": "keepalive"})
        await handled(socket)
        draining = asyncio.create_task(services.sessions.drain(30))
        messages, code = await until_closed(socket)
        assert code == 4512
        assert [each["type"] for each in messages] == ["transcript", "closed", "error"]
        assert messages[0]["keep_open"] is False
        assert messages[2]["code"] == "restarting"
        await socket.disconnect()
        assert await draining


async def test_a_bug_in_the_engine_is_an_internal_error(listening: Connect) -> None:
    async with connected(listening([ZeroDivisionError("bug")])) as socket:
        await say(socket, 1, -1)
        (error,), code = await until_closed(socket)
        assert (error["code"], code) == ("internal_error", 4500)
        assert "bug" not in error["message"]


async def test_a_fast_client_is_told_and_loses_nothing(listening: Connect) -> None:
    services = listening(seconds=0.1, max_buffer_seconds=10)
    async with connected(services) as socket:
        await say(socket, *[4, -1] * 8, frame=64_000)
        await socket.send_json_to({"type": "close"})
        messages, _ = await until_closed(socket)
    kinds = [each["type"] for each in messages]
    assert "buffer_limit_reached" in kinds
    assert len([each for each in messages if each.get("text")]) == 8
    heard = sum(each.seconds for each in services.stt.heard)
    assert heard == pytest.approx(8 * 4.6, abs=0.8)
