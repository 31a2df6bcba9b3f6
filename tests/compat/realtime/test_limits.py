"""What `/v1/realtime` refuses, and how: events, messages, strangers, and too much."""

from __future__ import annotations

import asyncio

import pytest

from common.workers import Urgency
from stt_app.core.engine import Transcript, TranscriptionRequest
from tests.compat.realtime.conftest import Listening
from tests.compat.realtime.sockets import NO_TURNS, connected, opened, transcripts
from tests.fakes import FakeStt


async def test_refused_events_leave_the_session_open(listening: Listening) -> None:
    async with connected(listening(["still here"])) as client:
        for number in range(10):
            await client.send("response.create", event_id=f"event {number}")
            error = await client.error()
            assert (error["code"], error["event_id"]) == (
                "not_supported",
                f"event {number}",
            )
        await client.send("input_audio_buffer.append", audio="?", event_id="bad")
        assert (await client.error())["event_id"] == "bad"
        await client.say(1, -1)
        assert transcripts(await client.completed()) == ["still here"]


@pytest.mark.parametrize(
    "event",
    [
        r'{"type": "\ud800"}',
        r'{"type": "nothing", "event_id": "\ud800"}',
        r'{"type": "input_audio_buffer.append", "audio": "\ud800"}',
        r'{"type": "session.update", "session": {"type": "\ud800"}}',
        r'{"type": "session.update", "event_id": "\ud800", "session": {"include": [""]}}',
        r'{"type": "session.update", "session": {"audio": {"input": {"transcription": {"prompt": "\ud800"}}}}}',
        r'{"type": "session.update", "session": {"audio": {"input": {"transcription": {"language": "\ud800"}}}}}',
        '{"type": "session.update", "session": {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": NaN}}}}}',
    ],
    ids=range(8),
)
async def test_half_a_surrogate_pair_or_nan_is_refused(
    listening: Listening, event: str
) -> None:
    async with connected(listening(["still here"])) as client:
        await client.socket.send_to(text_data=event)
        assert (await client.error())["type"] == "invalid_request_error"
        await client.say(1, -1)
        assert transcripts(await client.completed()) == ["still here"]


async def test_three_texts_that_are_no_events_close_it(listening: Listening) -> None:
    async with connected(listening()) as client:
        for _ in range(3):
            await client.socket.send_to(text_data="nonsense")
        errors, code = await client.until_closed()
    assert code == 4400
    assert [each["error"]["code"] for each in errors] == ["bad_request"] * 3


async def test_it_takes_no_binary_audio(listening: Listening) -> None:
    async with connected(listening()) as client:
        await client.socket.send_to(bytes_data=b"\x00\x00")
        (error,), code = await client.until_closed()
    assert (error["error"]["code"], code) == ("bad_request", 4400)


async def test_a_message_may_have_the_size_of_the_setting(listening: Listening) -> None:
    services = listening(max_base64_message_kb=64)
    async with connected(services, **NO_TURNS) as client:
        await client.append(bytes(48_000))
        await client.commit()
        await client.completed()
        await client.append(bytes(50_000))
        (error,), code = await client.until_closed()
    assert (error["error"]["code"], code) == ("too_large", 4413)
    assert "64 KiB" in error["error"]["message"]


async def test_a_session_is_told_when_its_time_is_over(
    listening: Listening,
) -> None:
    services = listening(["half a sen"], realtime_session_seconds=0.3)
    async with connected(services) as client:
        await client.say(1)
        (*_, error), code = await client.until_closed()
    assert (error["error"]["code"], code) == ("session_expired", 4440)


@pytest.mark.parametrize(
    ("protocols", "first"),
    [
        (["realtime"], "error"),
        (["realtime", "openai-insecure-api-key.wrong"], "error"),
        (["realtime", "openai-insecure-api-key.a-long-key"], "session.created"),
    ],
)
async def test_a_browser_sends_its_key_as_a_subprotocol(
    listening: Listening, protocols: list[str], first: str
) -> None:
    services = listening(api_keys=["a-long-key"])
    async with opened(
        services, subprotocols=[*protocols, "openai-beta.realtime-v1"]
    ) as client:
        event = await client.next()
    assert event["type"] == first


@pytest.mark.parametrize("key", ["", "wrong"])
async def test_a_caller_without_a_key_gets_an_error_in_the_shape_of_this_api(
    listening: Listening, key: str
) -> None:
    async with opened(listening(api_keys=["a-long-key"]), key=key) as client:
        (error,), code = await client.until_closed()
    assert (error["error"]["code"], code) == ("unauthorized", 4401)


async def test_it_can_be_switched_off(listening: Listening) -> None:
    async with opened(listening(realtime_api=False)) as client:
        (error,), code = await client.until_closed()
    assert (error["error"]["code"], code) == ("not_found", 4404)


async def test_strict_names_refuse_unknown_models(listening: Listening) -> None:
    services = listening(["still here"], strict_model_names=True)
    async with opened(services, "?model=no-such-model") as client:
        (error,), code = await client.until_closed()
        assert (error["error"]["code"], code) == ("model_not_found", 4404)
    async with connected(services) as client:
        transcription = {"model": "no-such-model"}
        session = {"audio": {"input": {"transcription": transcription}}}
        await client.send("session.update", session=session, event_id="mine")
        error = await client.error()
        assert (error["code"], error["event_id"]) == ("model_not_found", "mine")
        assert error["param"] == "session.audio.input.transcription.model"
        await client.say(1, -1)
        assert transcripts(await client.completed()) == ["still here"]


async def test_the_number_of_sessions_is_limited(listening: Listening) -> None:
    services = listening(stt_max_sessions=1)
    async with connected(services), opened(services) as second:
        (error,), code = await second.until_closed()
    assert (error["error"]["code"], code) == ("overloaded", 4503)


class HeldStt(FakeStt):
    """Answers nothing before it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = asyncio.Event()

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        await self.released.wait()
        return await super().transcribe(request, urgency)


@pytest.mark.parametrize(
    "quota", ["principal_max_sessions", "principal_requests_per_minute"]
)
async def test_quotas_count_its_connections(listening: Listening, quota: str) -> None:
    services = listening(**{quota: 1})
    async with connected(services), opened(services) as second:
        (error,), code = await second.until_closed()
    assert (error["error"]["code"], code) == ("too_many_requests", 4429)


async def test_requests_without_an_answer_are_bounded(listening: Listening) -> None:
    engine = HeldStt()
    async with connected(listening(engine), **NO_TURNS) as client:
        await client.say(0.5)
        await client.commit()
        for _ in range(260):
            await client.append(bytes(4_800))
            await client.commit()
        *_, error = await client.until("error")
        assert error["error"]["code"] == "too_many_unanswered_events"
        engine.released.set()
        assert len(transcripts(await client.completed(256))) == 256


async def test_a_model_in_the_address_may_not_be_too_long(listening: Listening) -> None:
    async with opened(listening(), "?model=" + "x" * 201) as client:
        error = await client.error()
        assert error["type"] == "invalid_request_error"
        assert error["param"] == "model"
