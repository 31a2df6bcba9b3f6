"""`POST /tts` and `GET /voices` over HTTP: formats, markup, events, refusals."""

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

VOICES = ("en_US-fake-medium", "de_DE-fake-medium")


@pytest.fixture
def tts() -> FakeTts:
    return FakeTts(VOICES)


@pytest.fixture
def services(make_services: Callable[..., FakeServices], tts: FakeTts) -> Any:
    return make_services(tts=tts)


async def say(client: httpx.AsyncClient, text: str, **more: Any) -> httpx.Response:
    return await client.post("/tts", json={"text": text, "llm": False, **more})


def events(response: httpx.Response) -> list[dict[str, Any]]:
    lines = response.text.splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


async def test_it_answers_with_a_wav_and_says_what_it_is(
    client: httpx.AsyncClient,
) -> None:
    response = await say(client, "Hello over there.")
    assert response.status_code == 200
    assert response.headers["content-type"] == "audio/wav"
    assert response.headers["x-voice"] == VOICES[0]
    audio = read_wav(response.content)
    assert audio.rate_hz == int(response.headers["x-sample-rate"]) == 22_050
    assert audio.seconds > 0.5


@pytest.mark.parametrize(
    ("audio_format", "rate_hz"), [("wav", 8_000), ("pcm", 48_000), ("mp3", 24_000)]
)
async def test_it_gives_the_rate_that_was_asked_for(
    client: httpx.AsyncClient, audio_format: str, rate_hz: int
) -> None:
    response = await say(client, "Hi you.", format=audio_format, sample_rate=rate_hz)
    assert response.status_code == 200
    assert response.headers["x-sample-rate"] == str(rate_hz)


async def test_it_finds_the_voice_for_the_language(client: httpx.AsyncClient) -> None:
    german = await say(client, "Das ist nicht der Weg.", voice="auto")
    assert german.headers["x-voice"] == VOICES[1]
    english = await say(client, "This is not the way.", voice="auto")
    assert english.headers["x-voice"] == VOICES[0]


async def test_ssml_is_spoken_without_the_language_model(
    client: httpx.AsyncClient, services: FakeServices, tts: FakeTts
) -> None:
    body = {"text": "<speak>One<break time='1s'/>two.</speak>", "input": "ssml"}
    assert (await client.post("/tts", json=body)).status_code == 200
    assert [request.text for request in tts.said] == ["One,", "two."]
    assert services.llm.asked == []


@pytest.mark.parametrize(
    ("more", "field", "problem"),
    [
        ({"text": "<speak><b/></speak>", "input": "ssml"}, "text", "line 1, column 8"),
        ({"text": "a [[b", "input": "phonemes"}, "text", "line 1, column 3"),
        ({"text": "a", "input": "ssml", "llm": True}, "input", "as given"),
        ({"text": "a", "input": "html"}, "input", "ssml"),
        ({"text": "a", "sample_rate": 7_000}, "sample_rate", "8000"),
        (
            {"text": "a", "format": "opus", "sample_rate": 44_100},
            "sample_rate",
            "24000",
        ),
        ({"text": "a", "sample_rate": "16000"}, "sample_rate", "integer"),
        ({"text": "a", "volume": 1.5}, "volume", "1"),
        ({"text": "a", "noise_scale": -1}, "noise_scale", "0"),
        ({"text": "a", "noise_w": 3}, "noise_w", "2"),
    ],
)
async def test_it_names_the_field_and_what_is_allowed(
    client: httpx.AsyncClient, more: dict[str, Any], field: str, problem: str
) -> None:
    response = await client.post("/tts", json={"llm": False, **more})
    error = response.json()["error"]
    assert (response.status_code, error["field"]) == (400, field)
    assert problem in error["message"]


async def test_an_unknown_voice_is_a_404_that_lists_the_known(
    client: httpx.AsyncClient,
) -> None:
    response = await say(client, "Hello.", voice="xx_XX-none-low")
    assert response.status_code == 404
    message = response.json()["error"]["message"]
    assert all(name in message for name in (*VOICES, "auto"))


async def test_its_events_carry_the_same_file(client: httpx.AsyncClient) -> None:
    plain = await say(client, "Hello over there.")
    found = events(await say(client, "Hello over there.", stream_format="sse"))
    audio = b"".join(
        base64.b64decode(event["audio"])
        for event in found
        if event["type"] == "speech.audio.delta"
    )
    assert audio == plain.content
    assert found[0] == {"type": "speech.text.delta", "text": "Hello over there."}
    assert found[-1]["type"] == "speech.audio.done"
    assert found[-1]["duration"] == pytest.approx(read_wav(audio).seconds, abs=0.001)


async def test_its_events_say_when_each_clause_is_heard(
    client: httpx.AsyncClient,
) -> None:
    text = "We walked home. It cost $5."
    found = events(await say(client, text, stream_format="sse"))
    clauses = [each for each in found if each["type"] == "speech.clause.started"]
    assert [each["text"] for each in clauses] == [
        "We walked home.",
        "It cost 5 dollars.",
    ]
    # The fake speaks 50 ms a character.
    assert clauses[0]["start"] == pytest.approx(0, abs=0.1)
    assert clauses[1]["start"] == pytest.approx(0.75, abs=0.4)
    first_audio = next(
        n for n, e in enumerate(found) if e["type"] == "speech.audio.delta"
    )
    assert found.index(clauses[0]) < first_audio


async def test_the_list_of_voices_has_a_sentence_to_try_each(
    client: httpx.AsyncClient,
) -> None:
    details = (await client.get("/voices")).json()["details"]
    assert [each["sample"].split()[0] for each in details] == ["Hello,", "Guten"]


async def test_it_asks_for_word_times_only_where_they_can_be_sent(
    client: httpx.AsyncClient, tts: FakeTts
) -> None:
    await say(client, "Hello.")
    await say(client, "Hello.", stream_format="sse")
    assert [request.word_times for request in tts.said] == [False, True]
