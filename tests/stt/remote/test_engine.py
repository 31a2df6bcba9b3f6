"""The `http` speech-to-text engine: its contract, and what it sends and reads."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from common.engine import PartState
from common.errors import BadValue, EngineFailed, Expired
from common.workers import Priority, Urgency
from stt_app.core.engine import Segment, TranscriptionRequest
from stt_app.core.remote.answer import transcript_of
from stt_app.core.remote.engine import RemoteStt
from stt_app.core.remote.form import keywords
from tests.contracts.stt import SttContract
from tests.servers.audio import (
    SAID,
    TRANSCRIPTIONS,
    TRANSLATIONS,
    AudioServer,
    answer,
    error,
    hangs,
)
from tests.stt.remote.hearing import SPEECH, ask, fresh, started
from tests.waiting import until


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with AudioServer() as running:
        yield running


class TestRemote(SttContract):
    @pytest.fixture
    async def stt(self, server: AudioServer) -> AsyncIterator[RemoteStt]:
        async with started(server.url) as engine:
            yield engine

    @pytest.fixture
    def fresh_stt(self, server: AudioServer) -> RemoteStt:
        return fresh(server.url)

    @pytest.fixture
    def speech(self) -> TranscriptionRequest:
        return SPEECH


async def test_it_sends_the_utterance_as_a_wav_file_with_its_options(
    server: AudioServer,
) -> None:
    request = replace(
        SPEECH,
        language="de",
        prompt="Protokoll.",
        hotwords="Elbe, Weser, Elbe",
        word_timestamps=True,
    )
    async with started(server.url, extra={"temperature": 0}) as engine:
        await ask(engine, request)
    (form,) = server.heard
    sent = form.pop("file")
    assert (sent.rate_hz, len(sent.samples)) == (16_000, 16_000)
    assert np.allclose(sent.samples, SPEECH.samples, atol=1e-4)
    assert form == {
        "model": "whisper-1",
        "response_format": "verbose_json",
        "language": "de",
        "prompt": "Protokoll.",
        "keywords[]": ["Elbe", "Weser"],
        "timestamp_granularities[]": ["word", "segment"],
        "temperature": "0",
    }


async def test_it_sends_no_more_than_was_asked_for(server: AudioServer) -> None:
    async with started(server.url, model="base") as engine:
        await ask(engine)
    (form,) = server.heard
    assert set(form) == {"file", "model", "response_format"}
    assert form["model"] == "base"


async def test_it_sends_the_end_of_a_long_prompt(server: AudioServer) -> None:
    async with started(server.url) as engine:
        await ask(engine, replace(SPEECH, prompt="x" * 5_000 + "the end"))
    assert len(server.heard[0]["prompt"]) == 800
    assert server.heard[0]["prompt"].endswith("the end")


async def test_it_asks_for_a_translation_at_its_own_address(
    server: AudioServer,
) -> None:
    async with started(server.url) as engine:
        await ask(engine, replace(SPEECH, task="translate", language="de"))
    (request,) = server.audio_requests
    assert request.path == TRANSLATIONS
    assert "language" not in server.heard[0]


async def test_it_says_how_urgent_the_request_is(server: AudioServer) -> None:
    async with started(server.url) as engine:
        await ask(engine, replace(SPEECH, voice_probability=0.8125))
        deadline = time.monotonic() + 30
        await ask(engine, urgency=Urgency(Priority.INTERIM, deadline))
    final, interim = (request.headers for request in server.audio_requests)
    assert final["x-priority"] == "final"
    assert "x-request-deadline" not in final
    assert final["x-voice-probability"] == "0.812"
    assert interim["x-priority"] == "interim"
    assert 0 < float(interim["x-request-deadline"]) <= 30


async def test_it_keeps_its_connection_open(server: AudioServer) -> None:
    async with started(server.url) as engine:
        for _ in range(3):
            await ask(engine)
    assert len({request.connection for request in server.audio_requests}) == 1


async def test_it_sends_its_key_and_shows_it_nowhere() -> None:
    with AudioServer(key="sesame") as server:
        async with started(server.url, key="sesame") as engine:
            assert (await ask(engine)).text == SAID
            assert "sesame" not in f"{engine.health()}{vars(engine)}"


async def test_it_sends_nothing_when_the_deadline_has_passed(
    server: AudioServer,
) -> None:
    async with started(server.url) as engine:
        with pytest.raises(Expired):
            await ask(engine, urgency=Urgency(Priority.INTERIM, 0.0))
    assert server.audio_requests == []


async def test_giving_up_closes_the_request(server: AudioServer) -> None:
    server.script = [hangs]
    urgency = Urgency(Priority.FINAL)
    async with started(server.url) as engine:
        asked = asyncio.create_task(ask(engine, urgency=urgency))
        await until(lambda: bool(server.audio_requests))
        assert engine.stats().queued == 1
        urgency.give_up()
        with pytest.raises(Expired):
            await asked
        await until(lambda: server.audio_requests[0].left_at is not None)
        assert engine.stats().queued == 0


async def test_it_offers_the_models_that_the_server_lists_for_speech() -> None:
    models = [
        {"id": "small", "task": "automatic-speech-recognition"},
        {"id": "kokoro", "task": "text-to-speech"},
        {"id": "plain"},
        {"id": 5, "task": "automatic-speech-recognition"},
        {"task": "automatic-speech-recognition"},
        "large",
        None,
    ]
    with AudioServer(models=models) as server:
        async with started(server.url, model="base") as engine:
            assert engine.stats().offers == ("base", "small", "large")


async def test_configured_models_take_the_place_of_the_list(
    server: AudioServer,
) -> None:
    async with started(server.url, model="a", models=["b"]) as engine:
        assert engine.stats().offers == ("a", "b")


async def test_a_server_without_lists_is_healthy(server: AudioServer) -> None:
    server.listing = error(404, "Not Found")
    async with started(server.url) as engine:
        assert engine.health().state is PartState.READY
        assert (await ask(engine)).text == SAID


async def test_it_asks_models_that_give_only_text_for_that(
    server: AudioServer,
) -> None:
    sentence = "response_format 'verbose_json' is not compatible with this model"
    server.script = [error(400, sentence, "response_format")]
    async with started(server.url) as engine:
        assert (await ask(engine)).text == SAID
        assert (await ask(engine)).confidence == 1.0
    formats = [form["response_format"] for form in server.heard]
    assert formats == ["verbose_json", "json", "json"]


async def test_what_a_caller_chose_and_the_server_refuses_is_the_callers_mistake(
    server: AudioServer,
) -> None:
    refusal = error(400, "Unsupported language.", "language")
    server.script = [refusal, refusal]
    async with started(server.url) as engine:
        with pytest.raises(BadValue, match="Unsupported language") as refused:
            await ask(engine, replace(SPEECH, language="la"))
        assert refused.value.field == "language"
        with pytest.raises(EngineFailed, match="Unsupported language"):
            await ask(engine)


@pytest.mark.parametrize("written", ["", "/", "/v1", "/v1/audio/transcriptions"])
async def test_it_takes_the_address_as_people_write_it(
    server: AudioServer, written: str
) -> None:
    async with started(server.url + written) as engine:
        await ask(engine)
    assert server.audio_requests[0].path == TRANSCRIPTIONS


async def test_it_measures_its_speed(server: AudioServer) -> None:
    async with started(server.url) as engine:
        assert engine.stats().real_time_factor is None
        await ask(engine)
        factor = engine.stats().real_time_factor
        assert factor is not None
        assert 0 < factor < 10


def test_it_reads_words_inside_segments_and_their_probabilities() -> None:
    words = [
        {"word": " Hello", "start": 0.1, "end": 0.4, "probability": 0.5},
        {"word": "there", "start": 0.3, "end": 9.0, "confidence": 1.5},
        {"word": "", "start": 0.4, "end": 0.5},
        {"word": "no", "start": "x", "end": None},
    ]
    said = {"text": "Hello there", "language": "de", "segments": [{"words": words}]}
    found = transcript_of(said, replace(SPEECH, word_timestamps=True), "m")
    assert [(each.word, each.start, each.end) for each in found.words] == [
        ("Hello", 0.1, 0.4),
        ("there", 0.4, 1.0),
    ]
    assert [each.probability for each in found.words] == [0.5, 1.0]
    assert found.confidence == 0.75
    assert found.language == "de"


def test_its_confidence_is_that_of_the_segments_by_their_length() -> None:
    segments = [
        {"start": 0.0, "end": 3.0, "avg_logprob": -0.2},
        {"start": 3.0, "end": 4.0, "avg_logprob": -1.0},
    ]
    said: dict[str, Any] = {"text": "Hello", "segments": segments}
    found = transcript_of(said, SPEECH, "m")
    assert found.confidence == pytest.approx(math.exp(-0.4))
    assert transcript_of({**said, "text": " "}, SPEECH, "m").confidence == 0.0


def test_it_takes_over_what_the_server_says_about_segments() -> None:
    figures = {"temperature": 0.2, "avg_logprob": -0.3, "compression_ratio": 1.5}
    segments = [
        {"text": " Hello", "start": 0.1, "end": 9.0, "tokens": [5, "x"], **figures},
        {"text": " there", "start": "x", "end": 1.0},
        {"text": None, "start": 0.0, "end": 1.0},
        {"text": " you", "start": 0.5, "end": 0.4, "no_speech_prob": 0.25},
    ]
    found = transcript_of({"text": "Hello you", "segments": segments}, SPEECH, "m")
    assert found.segments == (
        Segment(" Hello", 0.1, 1.0, (5,), 0.2, -0.3, 1.5, 0.0),
        Segment(" you", 0.5, 0.5, no_speech_probability=0.25),
    )


def test_it_drops_a_text_that_nobody_can_say_so_fast() -> None:
    answer = {"text": "Thanks for watching!", "segments": [{"text": "Thanks"}]}
    brief = replace(SPEECH, voiced_seconds=0.2)
    assert transcript_of(answer, SPEECH, "m").text == "Thanks for watching!"
    found = transcript_of(answer, brief, "m")
    assert (found.text, found.segments, found.confidence) == ("", (), 0.0)


def test_it_takes_the_requested_language_from_a_server_that_names_none() -> None:
    said = {"text": "Hallo"}
    assert transcript_of(said, replace(SPEECH, language="de"), "m").language == "de"
    assert transcript_of(said, SPEECH, "m").language == "en"
    english = replace(SPEECH, language="de", task="translate")
    assert transcript_of(said, english, "m").language == "en"


@pytest.mark.parametrize(
    ("hotwords", "found"),
    [
        ("Elbe Weser", ["Elbe", "Weser"]),
        ("Blohm und Voss, Elbe,", ["Blohm und Voss", "Elbe"]),
        ("Zaphod " * 500, ["Zaphod"]),
        (" ".join(map(str, range(500))), [str(i) for i in range(100)]),
        ("", []),
    ],
)
def test_hotwords_become_keywords(hotwords: str, found: list[str]) -> None:
    assert keywords(hotwords) == found


async def test_unusual_values_in_an_answer_do_no_harm(server: AudioServer) -> None:
    odd = {"text": "Hi", "language": 5, "segments": {}, "words": [1, None, {}]}
    server.script = [answer(odd), answer({**odd, "segments": [{"avg_logprob": "x"}]})]
    async with started(server.url) as engine:
        for _ in range(2):
            found = await ask(engine, replace(SPEECH, word_timestamps=True))
            assert (found.text, found.language, found.words) == ("Hi", "en", ())
