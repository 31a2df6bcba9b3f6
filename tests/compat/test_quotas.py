"""Each endpoint at the end of a quota: its errors, and that nothing it took is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from wyoming.audio import AudioStart

from gateway_app.access.principals import ANONYMOUS
from gateway_app.usage.accounts import Quota, Resource
from gateway_app.usage.meter import CallerAccount, Meter
from tests.chat.services import talk_services
from tests.compat.deepgram import sockets as deepgram
from tests.compat.openai.recordings import SECONDS, TRANSCRIPTIONS, error, send, talk
from tests.compat.realtime import sockets as realtime
from tests.compat.realtime.live import sockets as live
from tests.compat.wyoming.talking import Talk, listening, serving
from tests.fake_services import NO_INTERIM, FakeServices, fake_services
from tests.fakes import FakeLlm
from tests.stt.sockets import connected, opened, say, until_closed
from voiceproject.asgi import build_application

HERE, SOCKETS = "127.0.0.1", "unknown"
"""The addresses of the clients of these tests, over HTTP and on sockets."""
SPEAKING = {
    "/tts": {"text": "Hello there.", "llm": False},
    "/v1/audio/speech": {"model": "tts-1", "voice": "alloy", "input": "Hello there."},
    "/v1/speak": {"text": "Hello there."},
}
"""The endpoints to text to speech, and what they are asked."""


@contextlib.asynccontextmanager
async def client_of(services: FakeServices) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(build_application(services))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost"
    ) as client:
        yield client


def account(services: FakeServices, client: str = HERE) -> CallerAccount:
    meter: Meter = services.meter
    return meter.account(ANONYMOUS, client)


def used(services: FakeServices, quota: Quota, client: str = HERE) -> float:
    return services.meter.quotas.used(quota, f"anonymous {client}")


def code_of(body: Any) -> Any:
    """The code in an error of any shape."""
    return body["err_code"] if "err_code" in body else body["error"]["code"]


@pytest.mark.parametrize("path", SPEAKING)
@pytest.mark.parametrize("of", ["principal", "address"])
async def test_speech_stops_before_a_request_over_the_limit(path: str, of: str) -> None:
    limit: dict[str, Any] = {f"{of}_audio_out_seconds_per_day": 1}
    services = fake_services(**limit)
    async with client_of(services) as client:
        account(services).spend(Resource.AUDIO_OUT, 0.9)
        whole = await client.post(path, json=SPEAKING[path])
        assert whole.status_code == 200
        assert used(services, Quota.AUDIO_OUT) > 1.2, "and was finished"
        refused = await client.post(path, json=SPEAKING[path])
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 86_400
    codes = {
        "/tts": "quota_exceeded",
        "/v1/audio/speech": "insufficient_quota",
        "/v1/speak": "TOO_MANY_REQUESTS",
    }
    assert code_of(refused.json()) == codes[path]


async def test_requests_that_wait_for_a_slot_are_counted_when_they_get_it() -> None:
    services = fake_services(
        principal_audio_out_seconds_per_day=1, tts_max_concurrent=1
    )
    async with client_of(services) as client:
        account(services).spend(Resource.AUDIO_OUT, 0.9)
        asked = [client.post("/tts", json=SPEAKING["/tts"]) for _ in range(4)]
        answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200, 429, 429, 429]


@pytest.mark.parametrize("path", SPEAKING)
@pytest.mark.parametrize("of", ["principal", "address"])
async def test_each_endpoint_takes_exactly_as_many_requests(path: str, of: str) -> None:
    limit: dict[str, Any] = {f"{of}_requests_per_minute": 3}
    services = fake_services(**limit)
    async with client_of(services) as client:
        answers = [await client.post(path, json=SPEAKING[path]) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    name = "x-ratelimit-remaining-requests"
    assert [answer.headers[name] for answer in answers] == ["2", "1", "0", "0"]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


async def test_tokens_of_the_language_model_run_out() -> None:
    services = fake_services(llm=FakeLlm(["Yes."]), principal_llm_tokens_per_day=200)
    async with client_of(services) as client:
        first = await client.post("/tts", json={"text": "Is it?"})
        assert first.headers["x-ratelimit-limit-tokens"] == "200"
        account(services).spend(Resource.LLM_OUT, 200)
        refused = await client.post("/tts", json={"text": "Is it?"})
        assert refused.status_code == 429
        assert refused.headers["x-ratelimit-remaining-tokens"] == "0"
        as_given = await client.post("/tts", json={"text": "It is.", "llm": False})
        assert as_given.status_code == 200


@pytest.mark.parametrize("path", [TRANSCRIPTIONS, "/v1/listen"])
async def test_a_recording_that_is_longer_than_what_is_left_is_refused(
    path: str,
) -> None:
    services = listening(
        principal_audio_in_seconds_per_day=10, engine_isolation="thread"
    )
    async with client_of(services) as client:
        for left in (10, 4):
            if path == TRANSCRIPTIONS:
                answer = await send(client)
            else:
                answer = await client.post(path, content=talk())
            assert answer.status_code == (200 if left == 10 else 429), answer.text
        assert used(services, Quota.AUDIO_IN) == pytest.approx(SECONDS, abs=0.1)
        if path == TRANSCRIPTIONS:
            assert error(answer, 429)["type"] == "insufficient_quota"
            assert "takes 6" in error(answer, 429)["message"]
    await services.listening.stop()


async def test_a_live_session_ends_when_the_seconds_of_the_day_run_out() -> None:
    services = listening(["hello", "world"], principal_audio_in_seconds_per_day=3)
    async with connected(services) as socket:
        await say(socket, 1, -1, 3)
        messages, code = await until_closed(socket)
    assert code == 4429
    kinds = [message["type"] for message in messages]
    assert kinds == ["transcript", "transcript", "closed", "error"]
    assert [each.get("text") for each in messages[:2]] == ["hello", "world"]
    assert messages[2]["reason"] == "quota"
    assert messages[3]["code"] == "quota_exceeded"
    assert messages[3]["retry_after"] > 0
    assert used(services, Quota.AUDIO_IN, SOCKETS) == pytest.approx(3, abs=0.1)


async def test_a_live_session_is_refused_when_nothing_is_left() -> None:
    services = listening(address_audio_in_seconds_per_day=3)
    async with connected(services) as socket:
        await say(socket, 3, -1)
        await until_closed(socket)
    second = opened(services)
    await second.connect()
    (refused,), code = await until_closed(second)
    assert (refused["type"], refused["code"], code) == ("error", "quota_exceeded", 4429)
    assert "from this address" in refused["message"]


async def test_realtime_transcribes_what_came_before_the_end() -> None:
    services = listening(["hello"], principal_audio_in_seconds_per_day=1, **NO_INTERIM)
    async with realtime.connected(services, **realtime.NO_TURNS) as client:
        await client.say(1.5)
        events, code = await client.until_closed()
    assert events[-2]["transcript"] == "hello"
    assert (events[-1]["error"]["code"], code) == ("insufficient_quota", 4429)


async def test_a_live_api_session_says_which_quota_ended_it() -> None:
    services = talk_services(principal_audio_in_seconds_per_day=1)
    async with live.opened(services) as client:
        await client.start()
        await client.say(1.5)
        events, code = await client.until_closed()
    error, closed = events[-2], events[-1]
    assert (closed["type"], closed["reason"]) == ("session.closed", "expired")
    assert (error["type"], code) == ("error", 4429)
    assert error["error"]["code"] == "insufficient_quota"
    assert "1 seconds of audio to transcribe" in error["error"]["message"]
    assert "midnight UTC" in error["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/listen", "/v2/listen?model=flux-general-en"])
async def test_deepgram_sockets_transcribe_what_came_before_the_end(path: str) -> None:
    services = listening(["hello"], principal_audio_in_seconds_per_day=1, **NO_INTERIM)
    sample = "sample_rate=16000&encoding=linear16"
    address = f"{path}{'&' if '?' in path else '?'}{sample}"
    async with deepgram.connected(services, address) as client:
        await client.say(1.5)
        messages, code = await client.until_closed()
    assert code == 4429
    assert "hello" in str(messages[:-1])
    assert messages[-1]["type"] == "Error"


async def test_a_deepgram_socket_ends_before_a_text_over_the_limit() -> None:
    services = fake_services(principal_audio_out_seconds_per_day=1)
    async with deepgram.connected(services, "/v1/speak") as client:
        await client.next_of("Metadata")
        for _ in range(2):
            await client.tell("Speak", text="Hello over there, my friend.")
            await client.tell("Flush")
        messages, code = await client.until_closed()
    spoken = sum(len(each["audio"]) for each in messages if each["type"] == "audio")
    assert spoken > 48_000
    assert [m["type"] for m in messages if m["type"] != "audio"] == ["Flushed", "Error"]
    assert code == 4429


async def test_wyoming_answers_what_came_before_the_end() -> None:
    services = listening(["hello"], principal_audio_in_seconds_per_day=1, **NO_INTERIM)
    async with serving(services) as server, Talk(server.port) as client:
        await client.listen_to(1.5)
        events = await client.rest()
        by_type = {event.type: event.data for event in events}
        assert by_type["transcript"]["text"] == "hello"
        assert by_type["error"]["code"] == "quota_exceeded"
        async with Talk(server.port) as again:
            await again.say(AudioStart(16_000, 2, 1))
            (refused,) = await again.rest()
            assert refused.data["code"] == "quota_exceeded"


async def test_it_counts_what_each_caller_used() -> None:
    services = listening(["hello"])
    async with connected(services) as socket:
        await say(socket, 1, -1)
        await socket.send_json_to({"type": "close"})
        await until_closed(socket)
    async with client_of(services) as client:
        await client.post("/tts", json={"text": "Is it?"})
        await client.post("/tts", json={"text": "", "llm": False})
        usage = services.meter.ledger.waiting(account(services).line)
        unknown = services.meter.ledger.waiting(account(services, SOCKETS).line)
    socket_usage = usage | unknown
    assert socket_usage["sessions"] == 1
    assert socket_usage["audio_in_seconds"] == pytest.approx(2, abs=0.05)
    assert (usage["requests"], usage["errors"]) == (2, 1)
    assert usage["audio_out_seconds"] > 0.4
    assert (usage["llm_tokens_in"], usage["llm_tokens_out"]) == (2, 2)
