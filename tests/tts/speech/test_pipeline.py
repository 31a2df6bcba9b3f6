"""One answer in speech: order, pauses, word times, failures, cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest

from common.audio import pcm16_to_float
from common.errors import BadValue, EngineFailed, Unspeakable
from common.workers import Priority
from tests.fakes import FakeTts
from tts_app.core.engine import SpeechPart, SpeechRequest
from tts_app.core.piper.word_times import WordTime
from tts_app.core.speech.pipeline import (
    AudioDelta,
    Speech,
    SpeechEvent,
    TextDelta,
    WordsDelta,
)
from tts_app.core.speech.plan import SpeechPlan

LONG = "The library closes at nine, but come back later. " * 4


async def pieces(*texts: str | Exception) -> AsyncIterator[str]:
    for text in texts:
        if isinstance(text, Exception):
            raise text
        yield text
        await asyncio.sleep(0)


@pytest.fixture
async def tts() -> FakeTts:
    fake = FakeTts()
    await fake.start()
    return fake


def speech_of(tts: FakeTts, *texts: str | Exception, **plan: Any) -> Speech:
    options = {"audio_format": "pcm", **plan}
    return Speech(tts, SpeechPlan(tts.voices()[0], **options), pieces(*texts))


async def events_of(speech: Speech, timeout_seconds: float = 10) -> list[SpeechEvent]:
    return [event async for event in speech.events(timeout_seconds)]


def audio_of(events: list[SpeechEvent]) -> bytes:
    return b"".join(each.data for each in events if isinstance(each, AudioDelta))


async def test_it_speaks_the_first_clause_first_and_all_in_order(tts: FakeTts) -> None:
    events = await events_of(speech_of(tts, LONG))
    said = [request.text for request in tts.said]
    assert said[0] == "The library closes at nine,"
    assert "".join(said).replace(" ", "") == LONG.replace(" ", "")
    assert [each.text for each in events if isinstance(each, TextDelta)] == [LONG]


async def test_the_audio_starts_before_the_text_has_ended(tts: FakeTts) -> None:
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        yield "The library closes at nine, "
        await gate.wait()
        yield "but come back later."

    speech = Speech(tts, SpeechPlan(tts.voices()[0], audio_format="pcm"), slow())
    async with aclosing(speech.events(10)) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, AudioDelta):
                break
        assert not gate.is_set()


async def test_it_says_how_long_the_audio_is(tts: FakeTts) -> None:
    speech = speech_of(tts, LONG)
    audio = audio_of(await events_of(speech))
    assert len(audio) / 2 / speech.rate_hz == pytest.approx(speech.audio_seconds)


async def test_it_passes_every_choice_to_the_engine(tts: FakeTts) -> None:
    plan = {
        "speed": 2.0,
        "noise_scale": 0.1,
        "noise_w": 0.2,
        "volume": 0.5,
        "speaker": 3,
    }
    await events_of(speech_of(tts, "Hello there.", **plan))
    voice = tts.voices()[0].name
    assert tts.said == [SpeechRequest("Hello there.", voice, 3, 2.0, 0.1, 0.2, 0.5)]


async def test_it_says_ssml_with_its_pauses_and_rates(tts: FakeTts) -> None:
    document = (
        '<speak>One. <break time="2s"/><prosody rate="50%">Two.</prosody></speak>'
    )
    speech = speech_of(tts, document, input="ssml")
    samples = pcm16_to_float(audio_of(await events_of(speech)))
    assert [(each.text, each.speed) for each in tts.said] == [
        ("One.", 1),
        ("Two.", 0.5),
    ]
    gaps = np.diff(np.flatnonzero(np.abs(samples) > 0.01)) / speech.rate_hz
    assert gaps.max() == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize(
    ("text", "input"), [("<speak><x/></speak>", "ssml"), ("[[a", "phonemes")]
)
async def test_it_refuses_bad_markup_before_any_sound(
    tts: FakeTts, text: str, input: Any
) -> None:
    with pytest.raises(BadValue, match="line 1"):
        await events_of(speech_of(tts, text, input=input))
    assert tts.said == []


async def test_it_resamples_without_a_seam(tts: FakeTts) -> None:
    speech = speech_of(tts, "Hello over there.", sample_rate=8_000)
    samples = pcm16_to_float(audio_of(await events_of(speech)))
    assert speech.rate_hz == 8_000
    assert len(samples) / 8_000 == pytest.approx(speech.audio_seconds, abs=0.001)
    # A 440 Hz sine of amplitude 0.3 never steps further than this at 8 kHz.
    assert np.abs(np.diff(samples)).max() <= 0.3 * 2 * np.pi * 440 / 8_000 * 1.02


class TimedTts(FakeTts):
    """Knows that its tone is one word."""

    async def synthesize(
        self, request: SpeechRequest, priority: Priority = Priority.LATER_CLAUSE
    ) -> AsyncIterator[SpeechPart]:
        async for audio in super().synthesize(request, priority):
            lead = np.zeros(self.RATE_HZ // 10, np.float32)
            samples = np.concatenate([lead, audio.samples])
            word = WordTime(request.text, 0.1, 0.1 + audio.seconds)
            yield SpeechPart(samples, audio.rate_hz, (word,))


@pytest.mark.parametrize("audio_format", ["pcm", "mp3"])
async def test_its_word_times_are_those_of_the_whole_answer(audio_format: str) -> None:
    tts = TimedTts()
    await tts.start()
    text = "The library closes at nine, but come back."
    plan = {"audio_format": audio_format, "word_times": True}
    speech = speech_of(tts, text, **plan)
    events = await events_of(speech)
    first, second = [w for e in events if isinstance(e, WordsDelta) for w in e.words]
    delay = speech._encoder.delay_seconds
    assert first.start_seconds == pytest.approx(0.005 + delay, abs=0.001)
    if audio_format == "pcm":
        samples = pcm16_to_float(audio_of(events))
        loud = np.flatnonzero(np.abs(samples) > 0.02) / speech.rate_hz
        heard_at = loud[np.flatnonzero(np.diff(loud) > 0.05)[0] + 1]
        assert second.start_seconds == pytest.approx(heard_at, abs=0.003)
        assert second.end_seconds == pytest.approx(loud[-1], abs=0.003)


async def test_it_raises_when_there_is_nothing_to_say(tts: FakeTts) -> None:
    for text, input in (("***", "text"), ('<speak><break time="1s"/></speak>', "ssml")):
        with pytest.raises(Unspeakable):
            await events_of(speech_of(tts, text, input=input))


async def test_a_failure_before_the_first_sound_is_raised(tts: FakeTts) -> None:
    with pytest.raises(EngineFailed):
        await events_of(speech_of(tts, EngineFailed("down")))


async def test_a_failure_later_ends_the_audio_behind_a_whole_clause(
    tts: FakeTts,
) -> None:
    speech = speech_of(tts, "The library closes at nine, but ", EngineFailed("down"))
    audio = audio_of(await events_of(speech))
    assert [request.text for request in tts.said] == ["The library closes at nine,"]
    assert isinstance(speech.error, EngineFailed)
    assert len(audio) / 2 / speech.rate_hz == pytest.approx(speech.audio_seconds)


async def test_leaving_it_stops_all_work() -> None:
    tts = FakeTts(seconds=0.05)
    await tts.start()
    speech = speech_of(tts, LONG)
    before = len(asyncio.all_tasks())
    async with aclosing(speech.events(10)) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, AudioDelta):
                break
    said = len(tts.said)
    assert len(asyncio.all_tasks()) == before
    await asyncio.sleep(0.2)
    assert len(tts.said) == said <= 3


SLOW = "The oldest of the four ships in the harbour was built by hand and never sank."


async def words_of(text: str, seconds_each: float) -> AsyncIterator[str]:
    for word in text.split():
        yield f"{word} "
        await asyncio.sleep(seconds_each)


@pytest.mark.parametrize(
    ("seconds_each", "first"),
    [(0.0, SLOW[:-1]), (0.05, "The oldest of the four ships,")],
    ids=["fast", "slow"],
)
async def test_it_begins_in_the_middle_of_a_clause_that_comes_slowly(
    tts: FakeTts, seconds_each: float, first: str
) -> None:
    plan = SpeechPlan(tts.voices()[0], audio_format="pcm")
    await events_of(Speech(tts, plan, words_of(SLOW, seconds_each)))
    said = [request.text for request in tts.said]
    assert said[0].startswith(first)
    assert " ".join(said).replace(",", "") == SLOW


async def test_it_reads_a_long_text_only_after_the_first_sound() -> None:
    tts = FakeTts(seconds=0.2)
    await tts.start()
    speech = speech_of(tts, LONG * 4)
    reading = speech.events(10)
    assert isinstance(await anext(reading), TextDelta)
    await asyncio.sleep(0.05)
    assert speech._clauses.qsize() <= 1
    assert isinstance(await anext(reading), AudioDelta)
    assert len([event async for event in reading]) > 10
    assert " ".join(request.text for request in tts.said) == (LONG * 4).strip()
