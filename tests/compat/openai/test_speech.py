"""`POST /v1/audio/speech` on fakes: formats, voices, models, events."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from common.audio import read_wav
from tests.fake_services import FakeServices
from tests.fakes import FakeTts
from tests.tts.audio_files import decoded, pcm, pitch_hz

VOICES = ("en_US-fake-medium", "en_US-other-medium", "de_DE-fake-medium")
TEXT = "Hello over there."
SECONDS = len(TEXT) * FakeTts.SECONDS_PER_CHARACTER
TONE_HZ = 440


@pytest.fixture
def tts() -> FakeTts:
    return FakeTts(VOICES)


@pytest.fixture
def services(make_services: Callable[..., FakeServices], tts: FakeTts) -> Any:
    return make_services(tts=tts)


async def say(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post("/v1/audio/speech", json={"input": TEXT, **body})


def events(response: httpx.Response) -> list[dict[str, Any]]:
    lines = response.text.splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ({}, "audio/mpeg"),
        ({"response_format": None}, "audio/mpeg"),
        ({"response_format": "mp3"}, "audio/mpeg"),
        ({"response_format": "opus"}, "audio/ogg"),
        ({"response_format": "aac"}, "audio/aac"),
        ({"response_format": "flac"}, "audio/flac"),
        ({"response_format": "wav"}, "audio/wav"),
    ],
)
async def test_it_answers_in_the_format_mp3_by_default(
    client: httpx.AsyncClient, body: dict[str, Any], content_type: str
) -> None:
    response = await say(client, model="tts-1", voice="alloy", **body)
    assert response.status_code == 200
    assert response.headers["content-type"] == content_type
    audio = decoded(response.content)
    assert audio.seconds == pytest.approx(SECONDS, abs=0.2)
    assert pitch_hz(audio) == pytest.approx(TONE_HZ, abs=3)


async def test_pcm_is_24_khz_though_the_voice_is_not(client: httpx.AsyncClient) -> None:
    response = await say(client, response_format="pcm")
    assert response.headers["content-type"].split(";")[0] == "audio/pcm"
    audio = pcm(response.content, 24_000)
    assert audio.seconds == pytest.approx(SECONDS, abs=0.2)
    assert pitch_hz(audio) == pytest.approx(TONE_HZ, abs=3)


async def test_wav_has_the_rate_of_pcm(client: httpx.AsyncClient) -> None:
    response = await say(client, response_format="wav")
    assert read_wav(response.content).rate_hz == 24_000


async def test_joined_mp3_bodies_play_as_one(client: httpx.AsyncClient) -> None:
    """LibreChat cuts long texts into requests and joins their bodies: no tag and no
    frame with a length may stand between them (TTSService.js, processTextToSpeech).
    """
    first = await say(client)
    second = await say(client, input="And a little more of it.")
    alone = [decoded(each.content).seconds for each in (first, second)]
    joined = decoded(first.content + second.content)
    assert joined.seconds == pytest.approx(sum(alone), abs=0.06)
    assert pitch_hz(joined) == pytest.approx(TONE_HZ, abs=3)
    for body in (first.content, second.content):
        assert body[0] == 0xFF and body[1] & 0xE0 == 0xE0, "it starts with a frame"
        assert not any(tag in body for tag in (b"ID3", b"Xing", b"Info", b"TAG"))


@pytest.mark.parametrize(
    ("body", "voice"),
    [
        ({}, 0),
        ({"voice": None}, 0),
        ({"voice": ""}, 0),
        ({"voice": "default"}, 0),
        ({"voice": "alloy"}, 0),
        ({"voice": "ash"}, 1),
        ({"voice": "ASH"}, 1),
        ({"voice": {"id": "ash"}}, 1),
        ({"voice": {"id": VOICES[2]}}, 2),
        ({"voice": VOICES[2]}, 2),
        ({"voice": "auto", "input": "Das ist nicht der Weg."}, 2),
        ({"model": VOICES[2]}, 2),
        ({"model": "ash"}, 1),
        ({"model": VOICES[2], "voice": VOICES[1]}, 1),
        ({"model": "tts-1", "voice": VOICES[1]}, 1),
        ({"model": "no-such-model", "voice": VOICES[1]}, 1),
        ({"model": "no-such-model"}, 0),
        ({"model": None}, 0),
    ],
)
async def test_it_finds_the_voice(
    client: httpx.AsyncClient, body: dict[str, Any], voice: int
) -> None:
    response = await say(client, **body)
    assert response.status_code == 200
    assert response.headers["x-voice"] == VOICES[voice]


async def test_it_ignores_fields_that_it_does_not_know(
    client: httpx.AsyncClient, tts: FakeTts
) -> None:
    response = await say(
        client, instructions="Whisper.", backend="x", lang_code="a", stream=True
    )
    assert response.status_code == 200
    assert [request.text for request in tts.said] == ["Hello over there."]


@pytest.mark.parametrize(("speed", "spoken"), [(None, 1), (2, 2), ("0.25", 0.25)])
async def test_it_speaks_at_the_speed(
    client: httpx.AsyncClient, tts: FakeTts, speed: Any, spoken: float
) -> None:
    response = await say(client, speed=speed, response_format="pcm")
    audio = pcm(response.content, 24_000)
    assert audio.seconds == pytest.approx(SECONDS / spoken, rel=0.3)
    assert [request.settings.speed for request in tts.said] == [spoken]


async def test_it_does_not_ask_the_language_model(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await say(client, input="Who are you?")
    assert services.config.tts_use_llm
    assert services.llm.asked == []


async def test_it_takes_a_text_longer_than_openai_allows(
    client: httpx.AsyncClient, services: FakeServices, tts: FakeTts
) -> None:
    text = "Five words make one sentence. " * 160
    assert 4_096 < len(text) <= services.config.tts_max_text_length
    response = await say(client, input=text, speed=4, response_format="pcm")
    assert response.status_code == 200
    assert " ".join(request.text for request in tts.said) == text.strip()


async def test_it_leaves_a_row_in_the_history(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    response = await say(client, response_format="opus")
    (record,) = services.history.records
    assert (record.text_in, record.text_out) == (TEXT, TEXT)
    assert (record.audio_format, record.status) == ("opus", "ok")
    assert record.request_id == response.headers["x-request-id"]
    assert record.model == ""
    assert services.sessions.count("tts") == 0


async def test_its_events_carry_the_same_file(client: httpx.AsyncClient) -> None:
    plain = await say(client)
    response = await say(client, stream_format="sse")
    assert response.headers["content-type"] == "text/event-stream"
    *deltas, done = events(response)
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    audio = b"".join(base64.b64decode(event["audio"]) for event in deltas)
    assert audio == plain.content
    assert done["type"] == "speech.audio.done"


async def test_its_usage_adds_up(client: httpx.AsyncClient) -> None:
    usage = events(await say(client, stream_format="sse"))[-1]["usage"]
    assert usage["input_tokens"] == 5
    assert usage["output_tokens"] == pytest.approx(SECONDS * 20, abs=4)
    total = usage["input_tokens"] + usage["output_tokens"]
    assert usage["total_tokens"] == total
