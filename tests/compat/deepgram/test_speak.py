"""`POST /v1/speak`: encodings, containers, voices, and bad input."""

from __future__ import annotations

import io
from typing import Any

import av
import httpx
import numpy as np
import pytest

from compat_app.deepgram.speak.query import voice_name
from gateway_app.history.records import SynthesisRecord
from tests.fake_services import FakeServices, fake_services
from tests.fakes import FakeTts
from tts_app.core.engine import VoiceInfo
from tts_app.voices.selector import AvailableVoices

VOICES = ("en_US-fake-medium", "es_ES-fake-medium", "de_DE-fake-medium")
TEXT = "Hello over there."
SECONDS = len(TEXT) * FakeTts.SECONDS_PER_CHARACTER


@pytest.fixture
def services() -> FakeServices:
    return fake_services(tts=FakeTts(VOICES))


async def speak(
    client: httpx.AsyncClient, body: Any = None, **query: Any
) -> httpx.Response:
    body = {"text": TEXT} if body is None else body
    return await client.post("/v1/speak", params=query, json=body)


def seconds_of(data: bytes) -> float:
    with av.open(io.BytesIO(data)) as file:
        frames = list(file.decode(audio=0))
    return float(sum(frame.samples / frame.sample_rate for frame in frames))


@pytest.mark.parametrize(
    ("query", "content_type"),
    [
        ({}, "audio/mpeg"),
        ({"encoding": "mp3", "bit_rate": "48000"}, "audio/mpeg"),
        ({"encoding": "opus"}, "audio/ogg"),
        ({"encoding": "opus", "container": "ogg"}, "audio/ogg"),
        ({"encoding": "aac"}, "audio/aac"),
        ({"encoding": "flac"}, "audio/flac"),
        ({"encoding": "linear16"}, "audio/wav"),
        ({"encoding": "mulaw", "container": "wav"}, "audio/wav"),
        ({"encoding": "alaw", "sample_rate": "16000"}, "audio/wav"),
    ],
)
async def test_every_file_holds_the_speech(
    query: dict[str, str], content_type: str, client: httpx.AsyncClient
) -> None:
    answer = await speak(client, **query)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == content_type
    assert seconds_of(answer.content) == pytest.approx(SECONDS, abs=0.6)


@pytest.mark.parametrize(
    ("query", "content_type", "bytes_a_second"),
    [
        (
            {"encoding": "linear16", "container": "none"},
            "audio/l16;rate=24000;channels=1",
            48_000,
        ),
        (
            {"encoding": "linear16", "container": "none", "sample_rate": "8000"},
            "audio/l16;rate=8000;channels=1",
            16_000,
        ),
        (
            {"encoding": "mulaw", "container": "none"},
            "audio/mulaw;rate=8000;channels=1",
            8_000,
        ),
        (
            {"encoding": "alaw", "container": "none", "sample_rate": "16000"},
            "audio/alaw;rate=16000;channels=1",
            16_000,
        ),
    ],
)
async def test_samples_come_without_a_header(
    query: dict[str, str],
    content_type: str,
    bytes_a_second: int,
    client: httpx.AsyncClient,
) -> None:
    answer = await speak(client, **query)
    assert answer.headers["content-type"] == content_type
    seconds = len(answer.content) / bytes_a_second
    assert seconds == pytest.approx(SECONDS, abs=0.6)


async def test_telephone_audio_is_as_loud_as_the_speech(
    client: httpx.AsyncClient,
) -> None:
    for encoding in ("mulaw", "alaw"):
        data = (await speak(client, encoding=encoding)).content
        with av.open(io.BytesIO(data)) as file:
            frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
        loudest = np.abs(np.concatenate(frames, axis=1)).max()
        assert loudest / 32_768 == pytest.approx(0.3, abs=0.02)


async def test_it_says_what_it_used_and_keeps_a_record(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    answer = await speak(client, model="aura-2-thalia-en", encoding="mulaw")
    assert answer.headers["dg-model-name"] == VOICES[0]
    assert answer.headers["dg-char-count"] == str(len(TEXT))
    assert answer.headers["dg-request-id"] == answer.headers["x-request-id"]
    assert answer.headers["dg-model-uuid"]
    (record,) = services.history.records
    assert isinstance(record, SynthesisRecord)
    assert (record.text_in, record.voice) == (TEXT, VOICES[0])
    assert (record.audio_format, record.status) == ("mulaw", "ok")
    assert services.llm.asked == [], "the text is spoken as it is"


@pytest.mark.parametrize(
    ("model", "voice"),
    [
        ("", VOICES[0]),
        ("aura-2-thalia-en", VOICES[0]),
        ("aura-asteria-en", VOICES[0]),
        ("aura-2-celeste-es", VOICES[1]),
        ("aura-2-viktoria-de", VOICES[2]),
        ("aura-2-fujin-ja", VOICES[0]),
        (VOICES[2], VOICES[2]),
        ("no-such-voice-es", VOICES[0]),
    ],
)
async def test_a_model_means_a_voice(
    model: str, voice: str, client: httpx.AsyncClient, services: FakeServices
) -> None:
    answer = await speak(client, model=model)
    assert answer.headers["dg-model-name"] == voice


def test_the_default_voice_is_used_for_its_own_language() -> None:
    from_first = AvailableVoices(
        [VoiceInfo(name, "en_US", "medium", 22_050) for name in ("one", "two")], "two"
    )
    assert voice_name("aura-2-thalia-en", from_first) == "two"


async def test_it_speaks_at_the_given_speed(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    await speak(client, speed="1.5")
    assert services.tts.said[0].settings.speed == 1.5


@pytest.mark.parametrize(
    ("body", "query", "status", "sentence"),
    [
        ({}, {}, 400, "text"),
        ({"text": 3}, {}, 400, "text"),
        ([], {}, 400, ""),
        ({"text": ""}, {}, 400, "empty"),
        ({"text": "..."}, {}, 400, ""),
        ({"text": "a" * 5_001}, {}, 413, "tts_max_text_length"),
        (None, {"encoding": "speex"}, 400, "encoding"),
        (None, {"encoding": "mp3", "container": "wav"}, 400, "container"),
        (None, {"encoding": "opus", "sample_rate": "22050"}, 400, "sample_rate"),
        (None, {"sample_rate": "4000"}, 400, "sample_rate"),
        (None, {"speed": "9"}, 400, "speed"),
        (None, {"callback": "https://example.org"}, 400, "callback"),
    ],
)
async def test_it_explains_bad_requests(
    body: Any,
    query: dict[str, str],
    status: int,
    sentence: str,
    client: httpx.AsyncClient,
) -> None:
    answer = await speak(client, body, **query)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"err_code", "err_msg", "request_id"}
    assert sentence in answer.json()["err_msg"]


async def test_an_engine_that_is_down_is_an_error(
    client: httpx.AsyncClient, services: FakeServices
) -> None:
    services.tts.started = False
    answer = await speak(client)
    assert (answer.status_code, answer.json()["err_code"]) == (
        503,
        "SERVICE_UNAVAILABLE",
    )
    assert answer.json()["err_msg"] == "The fake engine is not running."
