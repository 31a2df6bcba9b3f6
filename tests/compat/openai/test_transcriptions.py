"""`/v1/audio/transcriptions` and `/v1/audio/translations`: what is asked, what answered."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import httpx
import pytest
from openai.types.audio import (
    Transcription,
    TranscriptionDiarized,
    TranscriptionVerbose,
    TranslationVerbose,
)

from common.errors import EngineFailed
from stt_app.core.languages import AUTO
from stt_app.core.session.options import MAX_PROMPT_CHARACTERS
from tests.compat.openai.recordings import (
    SECONDS,
    TRANSLATIONS,
    error,
    events,
    send,
    talk,
)
from tests.fakes import FakeStt
from tests.stt.recordings import with_tracks
from tests.stt.sounds import sound

TEXT = "Hello there. Good bye."


async def test_it_answers_with_the_text(client: httpx.AsyncClient) -> None:
    answer = await send(client, model="whisper-1")
    assert answer.status_code == 200
    assert answer.json() == {
        "text": TEXT,
        "languages": [{"code": "en"}],
        "usage": {"type": "duration", "seconds": SECONDS},
    }
    Transcription.model_validate(answer.json(), strict=True)


async def test_a_silent_recording_has_an_empty_text(
    client: httpx.AsyncClient, stt: FakeStt
) -> None:
    stt._script[:] = [""] * 8
    answer = await send(client)
    assert (answer.status_code, answer.json()["text"]) == (200, "")
    answer = await send(client, response_format="verbose_json")
    found = TranscriptionVerbose.model_validate(answer.json())
    assert (found.text, found.segments, found.duration) == ("", [], SECONDS)
    assert (await send(client, response_format="text")).text == "\n"
    (done,) = events(await send(client, stream="true"))
    assert done["text"] == ""


async def test_the_audio_track_may_be_chosen(
    client: httpx.AsyncClient, stt: FakeStt
) -> None:
    silence, speech = (sound(each, rate_hz=48_000) for each in (-1, 1))
    film = ("film.mkv", with_tracks(silence, speech), "video/x-matroska")
    answer = await send(client, file=film, response_format="text")
    assert answer.headers["X-Hint"].startswith("The audio track is silent, but track 2")
    (done,) = events(await send(client, file=film, stream="true"))
    assert "track 2" in done["hint"]
    assert stt.heard == []
    answer = await send(client, file=film, track=2)
    assert len(stt.heard) == 1
    assert "X-Hint" not in answer.headers
    assert error(await send(client, file=film, track=3))["param"] == "track"


async def test_verbose_json_has_segments_with_all_their_figures(
    client: httpx.AsyncClient,
) -> None:
    answer = await send(client, response_format="verbose_json")
    found = TranscriptionVerbose.model_validate(answer.json())
    assert (found.text, found.language, found.duration) == (TEXT, "english", SECONDS)
    assert found.words is None
    first, second = found.segments or []
    assert (first.id, first.text, first.tokens) == (0, " Hello there.", [1, 2])
    assert first.start == pytest.approx(0.7, abs=0.05)
    assert second.start == pytest.approx(3.7, abs=0.05)
    assert second.seek == int(second.start * 100)
    assert (first.avg_logprob, first.no_speech_prob) == (-0.1, 0.1)
    assert (first.temperature, first.compression_ratio) == (0.0, 1.0)
    assert answer.json()["task"] == "transcribe"


@pytest.mark.parametrize(
    "name", ["timestamp_granularities__", "timestamp_granularities"]
)
async def test_verbose_json_has_words_if_they_are_wanted(
    client: httpx.AsyncClient, stt: FakeStt, name: str
) -> None:
    wanted: Any = {name: ["segment", "word"]}
    answer = await send(client, response_format="verbose_json", **wanted)
    found = TranscriptionVerbose.model_validate(answer.json())
    words = found.words or []
    assert [each.word for each in words] == TEXT.split()
    assert words[2].start == pytest.approx(3.7, abs=0.05)
    assert all(each.start < each.end <= SECONDS for each in words)
    assert all(each.word_timestamps for each in stt.heard)


async def test_an_engine_without_segments_has_one_for_each_utterance(
    client: httpx.AsyncClient, stt: FakeStt
) -> None:
    class Plain(FakeStt):
        async def _answer(self, request: Any) -> Any:
            found = await super()._answer(request)
            return type(found)(found.text, "en", 1.0, 0.5, found.model)

    stt._answer = Plain(["one two one two"])._answer  # type: ignore[method-assign]
    answer = await send(client, response_format="verbose_json")
    first = answer.json()["segments"][0]
    assert first["text"] == "one two one two"
    assert first["avg_logprob"] == pytest.approx(math.log(0.5), abs=1e-5)
    assert first["compression_ratio"] > 0.5


async def test_text_and_subtitles_are_plain_text(client: httpx.AsyncClient) -> None:
    answers = {
        name: await send(client, response_format=name, stream="true")
        for name in ("srt", "vtt")
    }
    answers["text"] = await send(client, response_format="text")
    for each in answers.values():
        assert each.headers["content-type"] == "text/plain; charset=utf-8"
    assert answers["srt"].text.startswith("1\n00:00:00,6")
    assert " --> " in answers["srt"].text
    assert "Good bye." in answers["srt"].text
    assert answers["vtt"].text.startswith("WEBVTT\n\n00:00:0")
    assert answers["text"].text == "fake fake\n"


async def test_diarized_json_has_one_speaker(client: httpx.AsyncClient) -> None:
    more: Any = {
        "known_speaker_names__": ["agent"],
        "known_speaker_references__": ["data:"],
    }
    answer = await send(client, response_format="diarized_json", **more)
    found = TranscriptionDiarized.model_validate(answer.json())
    assert [(each.speaker, each.text) for each in found.segments] == [
        ("A", "Hello there."),
        ("A", "Good bye."),
    ]
    assert len({each.id for each in found.segments}) == 2
    assert (found.text, found.duration) == (TEXT, SECONDS)


async def test_log_probabilities_are_those_of_the_words(
    client: httpx.AsyncClient,
) -> None:
    answer = await send(client, include__="logprobs", model="gpt-4o-transcribe")
    found = Transcription.model_validate(answer.json()).logprobs or []
    assert "".join(each.token or "" for each in found).strip() == TEXT
    assert found[0].logprob == pytest.approx(math.log(0.9), abs=1e-5)
    assert bytes(map(int, found[0].bytes or [])) == b" Hello"


async def test_a_translation_is_english(
    client: httpx.AsyncClient, stt: FakeStt
) -> None:
    answer = await send(
        client, TRANSLATIONS, language="de", response_format="verbose_json"
    )
    TranslationVerbose.model_validate(answer.json())
    assert (answer.json()["task"], answer.json()["language"]) == (
        *("translate", "english"),
    )
    assert {(each.task, each.language) for each in stt.heard} == {("translate", "de")}


# Streams


async def test_a_stream_tells_each_utterance_and_then_all(
    client: httpx.AsyncClient,
) -> None:
    answer = await send(client, stream="true", include__="logprobs")
    *deltas, done = events(answer)
    assert [each["type"] for each in deltas] == ["transcript.text.delta"] * 2
    assert "".join(each["delta"] for each in deltas) == done["text"] == TEXT
    assert [len(each["logprobs"]) for each in deltas] == [2, 2]
    assert done["type"] == "transcript.text.done"
    assert len(done["logprobs"]) == 4
    usage = done["usage"]
    assert usage["type"] == "tokens"
    assert usage["output_tokens"] == 4
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert answer.headers["x-accel-buffering"] == "no"


async def test_a_stream_of_segments_names_them(client: httpx.AsyncClient) -> None:
    answer = await send(client, stream="true", response_format="diarized_json")
    told = events(answer)
    kinds = [each["type"].removeprefix("transcript.text.") for each in told]
    assert kinds == ["delta", "segment", "delta", "segment", "done"]
    assert [each["id"] for each in told if "id" in each] == ["seg_0", "seg_1"]
    assert told[0]["segment_id"] == "seg_0"
    assert told[1]["speaker"] == "A"


async def test_a_stream_that_fails_says_so_in_an_event(
    client: httpx.AsyncClient, stt: FakeStt
) -> None:
    stt._script[1] = EngineFailed("It broke.")
    answer = await send(client, stream="true")
    assert answer.status_code == 200
    *_, last = events(answer)
    assert last["error"]["message"] == "It broke."
    assert last["error"]["code"] == "engine_failed"


async def test_a_stream_of_something_unreadable_has_the_errors_status(
    client: httpx.AsyncClient,
) -> None:
    answer = await send(client, stream="true", file=("x.wav", b"no sound at all"))
    assert error(answer)["code"] == "unsupported_audio"


# Fields


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, AUTO),
        ({"language": "de"}, "de"),
        ({"language": "en-US"}, "en"),
        ({"language": ""}, AUTO),
        ({"languages__": ["fr"]}, "fr"),
        ({"languages__": ["fr", "de"]}, AUTO),
        ({"language": "es", "languages__": ["fr"]}, "es"),
    ],
)
async def test_a_language_may_be_named_in_many_ways(
    client: httpx.AsyncClient, stt: FakeStt, fields: Any, expected: str
) -> None:
    await send(client, **fields)
    assert stt.heard[0].language == expected


async def test_prompt_and_keywords_reach_the_engine(
    client: httpx.AsyncClient, stt: FakeStt
) -> None:
    prompt = "x" * MAX_PROMPT_CHARACTERS + "the end"
    many = ["Dashwood", "Gregson", "y" * MAX_PROMPT_CHARACTERS, "z"]
    answer = await send(client, prompt=prompt, keywords__=many)
    assert answer.status_code == 200
    assert stt.heard[0].prompt == prompt[-MAX_PROMPT_CHARACTERS:]
    assert stt.heard[0].hotwords == "Dashwood, Gregson"


@pytest.mark.parametrize(
    "strategy",
    [
        {"chunking_strategy": '{"type": "server_vad", "silence_duration_ms": 2500}'},
        {
            "chunking_strategy[type]": "server_vad",
            "chunking_strategy[silence_duration_ms]": "2500",
        },
    ],
)
async def test_a_client_may_say_how_long_a_pause_is(
    client: httpx.AsyncClient, stt: FakeStt, strategy: Any
) -> None:
    await send(client, **strategy)
    assert len(stt.heard) == 1, "a pause of two seconds ends nothing"


async def test_the_order_of_fields_is_free_and_unknown_ones_are_ignored(
    client: httpx.AsyncClient, stt: FakeStt
) -> None:
    parts: Any = [
        ("nonsense", (None, "1")),
        ("other_file", ("b.wav", b"not read")),
        ("file", ("a", talk())),
        ("language", (None, "de")),
        ("temperature", (None, "0.2")),
    ]
    answer = await client.post("/v1/audio/transcriptions", files=parts)
    assert answer.json()["text"] == TEXT
    assert stt.heard[0].language == "de"


async def test_parts_of_one_recording_may_come_at_the_same_time(
    client: httpx.AsyncClient, stt: FakeStt
) -> None:
    stt._script[:] = ["part"] * 12
    answers = await asyncio.gather(*(send(client) for _ in range(6)))
    assert [each.json()["text"] for each in answers] == ["part part"] * 6
