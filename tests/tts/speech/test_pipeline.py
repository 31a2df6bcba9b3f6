"""One answer in speech: order, pauses, word times, failures, cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from common.errors import BadValue, EngineFailed, Expired, Unavailable, Unspeakable
from common.workers import Priority, Urgency
from tests.fakes import FakeTts
from tests.tts.speaking import pcm_of, pieces, pipeline_of, run
from tests.waiting import idle, until
from tts_app.core.engine import (
    ChosenVoice,
    SpeechPart,
    SynthesisRequest,
    VoiceInfo,
    VoiceSettings,
    WordTime,
)
from tts_app.core.events import PcmAudio, SpeechFinished, TextDelta, WordsTimed
from tts_app.core.speech.event_queue import AHEAD_SECONDS
from tts_app.core.speech.pipeline import SLOW_SECONDS, SpeechPipeline

LONG = "The library closes at nine, but come back later. " * 4


@pytest.fixture
async def tts() -> FakeTts:
    fake = FakeTts()
    await fake.start()
    return fake


def said(tts: FakeTts) -> list[str]:
    return [request.text for request in tts.said]


async def until_audio(pipeline: SpeechPipeline) -> None:
    await asyncio.wait_for(pipeline.events.wait_for_audio(), 5)


async def test_it_speaks_the_first_clause_first_and_all_in_order(tts: FakeTts) -> None:
    events = await run(pipeline_of(tts, LONG))
    assert said(tts)[0] == "The library closes at nine,"
    assert "".join(said(tts)).replace(" ", "") == LONG.replace(" ", "")
    assert [each.text for each in events if isinstance(each, TextDelta)] == [LONG]


async def test_the_audio_starts_before_the_text_has_ended(tts: FakeTts) -> None:
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        yield "The library closes at nine, "
        await gate.wait()
        yield "but come back later."

    speech = SpeechPipeline(tts, ChosenVoice(tts.voices()[0]), slow())
    running = asyncio.create_task(speech.run(10))
    await until_audio(speech)
    assert not running.done()
    gate.set()
    assert (await running).seconds > 1


async def test_it_says_how_long_the_audio_is(tts: FakeTts) -> None:
    speech = pipeline_of(tts, LONG)
    *_, finished = events = await run(speech)
    assert finished == SpeechFinished(len(pcm_of(events)) / speech.rate_hz)


async def test_it_hands_every_choice_to_the_engine(tts: FakeTts) -> None:
    settings = VoiceSettings(
        voice="a", speaker=3, speed=2.0, noise_scale=0.1, noise_w=0.2, volume=0.5
    )
    await run(pipeline_of(tts, "Hello there.", settings=settings, word_times=True))
    assert tts.said == [SynthesisRequest("Hello there.", settings, word_times=True)]


async def test_it_says_ssml_with_its_pauses_and_rates(tts: FakeTts) -> None:
    document = (
        '<speak>One. <break time="2s"/><prosody rate="50%">Two.</prosody></speak>'
    )
    speech = pipeline_of(tts, document, input="ssml")
    samples = pcm_of(await run(speech))
    assert [(each.text, each.settings.speed) for each in tts.said] == [
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
        await run(pipeline_of(tts, text, input=input))
    assert tts.said == []


class TimedTts(FakeTts):
    """Knows that its tone is one word."""

    async def synthesize(
        self, request: SynthesisRequest, urgency: Urgency
    ) -> AsyncIterator[SpeechPart]:
        lead = np.zeros(self.RATE_HZ // 10, np.float32)
        samples = np.concatenate([lead, self._tone(request)])
        word = WordTime(request.text, 0.1, len(samples) / self.RATE_HZ)
        yield SpeechPart(samples, self.RATE_HZ, (word,))


async def test_its_word_times_are_those_of_the_whole_answer() -> None:
    tts = TimedTts()
    text = "The library closes at nine, but come back."
    speech = pipeline_of(tts, text, word_times=True)
    events = await run(speech)
    first, second = [w for e in events if isinstance(e, WordsTimed) for w in e.words]
    assert first.start_seconds == pytest.approx(0.005, abs=0.001)
    loud = np.flatnonzero(np.abs(pcm_of(events)) > 0.02) / speech.rate_hz
    heard_at = loud[np.flatnonzero(np.diff(loud) > 0.05)[0] + 1]
    assert second.start_seconds == pytest.approx(heard_at, abs=0.003)
    assert second.end_seconds == pytest.approx(loud[-1], abs=0.003)


async def test_it_raises_when_there_is_nothing_to_say(tts: FakeTts) -> None:
    for text, input in (("***", "text"), ('<speak><break time="1s"/></speak>', "ssml")):
        with pytest.raises(Unspeakable):
            await run(pipeline_of(tts, text, input=input))


async def test_a_failure_before_the_first_sound_is_raised(tts: FakeTts) -> None:
    with pytest.raises(EngineFailed):
        await run(pipeline_of(tts, EngineFailed("down")))


async def test_a_failure_later_ends_the_audio_behind_a_whole_clause(
    tts: FakeTts,
) -> None:
    speech = pipeline_of(tts, "The library closes at nine, but ", EngineFailed("down"))
    *_, finished = events = await run(speech)
    assert said(tts) == ["The library closes at nine,"]
    assert isinstance(finished.error, EngineFailed)
    assert finished.seconds == len(pcm_of(events)) / speech.rate_hz


async def test_what_takes_too_long_is_ended(tts: FakeTts) -> None:
    endless = FakeTts(seconds=30)
    await endless.start()
    with pytest.raises(Unavailable, match="tts_request_timeout"):
        await run(pipeline_of(endless, "Hello there."), 0.05)
    assert endless.cancelled == 1


async def test_waiting_for_a_slow_reader_is_no_time_of_its_own(tts: FakeTts) -> None:
    speech = pipeline_of(tts, LONG * 4)
    running = asyncio.create_task(speech.run(2))
    await until(lambda: speech.events.is_full)
    await asyncio.sleep(2.1)
    assert not running.done()
    assert AHEAD_SECONDS <= speech.seconds < AHEAD_SECONDS + 4
    while not running.done():
        await asyncio.wait_for(speech.events.get(), 5)
    assert running.result().error is None


async def test_cancelling_it_stops_all_work() -> None:
    tts = FakeTts(seconds=0.05)
    await tts.start()
    speech = pipeline_of(tts, LONG)
    running = asyncio.create_task(speech.run(10))
    await until_audio(speech)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await idle()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert len(tts.said) <= 3


async def test_only_its_first_clause_is_urgent(tts: FakeTts) -> None:
    await run(pipeline_of(tts, LONG))
    first, *later = [urgency.priority for urgency in tts.urgencies]
    assert first is Priority.FIRST_CLAUSE
    assert set(later) == {Priority.LATER_CLAUSE}


async def test_a_speculative_answer_overtakes_nobody_until_it_is_wanted(
    tts: FakeTts,
) -> None:
    urgency = Urgency(Priority.SPECULATIVE)
    await run(pipeline_of(tts, LONG, urgency=urgency))
    assert {each.priority for each in tts.urgencies} == {Priority.SPECULATIVE}
    tts.urgencies.clear()
    urgency.raise_to(Priority.FIRST_CLAUSE)
    await run(pipeline_of(tts, LONG, urgency=urgency))
    first, *later = [each.priority for each in tts.urgencies]
    assert first is Priority.FIRST_CLAUSE
    assert set(later) == {Priority.LATER_CLAUSE}


async def test_giving_up_a_speculative_answer_ends_it() -> None:
    tts = FakeTts(seconds=30)
    await tts.start()
    urgency = Urgency(Priority.SPECULATIVE)
    running = asyncio.create_task(run(pipeline_of(tts, LONG, urgency=urgency)))
    await until(lambda: bool(tts.said))
    urgency.give_up()
    with pytest.raises(Expired):
        await running
    assert tts.cancelled == 1


SLOW = "The oldest of the four ships in the harbour was built by hand and never sank."


async def words_of(text: str, seconds: float) -> AsyncIterator[str]:
    """The words of the text, of which the seventh comes that much later."""
    for number, word in enumerate(text.split()):
        if number == 6:
            await asyncio.sleep(seconds)
        yield f"{word} "


@pytest.mark.parametrize(
    ("seconds", "first"),
    [(0.0, SLOW[:-1]), (1.2 * SLOW_SECONDS, "The oldest of the four ships,")],
    ids=["fast", "slow"],
)
async def test_it_begins_in_the_middle_of_a_clause_that_comes_slowly(
    tts: FakeTts, seconds: float, first: str
) -> None:
    words = words_of(SLOW, seconds)
    await run(SpeechPipeline(tts, ChosenVoice(tts.voices()[0]), words))
    assert said(tts)[0].startswith(first)
    assert " ".join(said(tts)).replace(",", "") == SLOW


async def test_a_clause_in_another_script_has_its_own_voice() -> None:
    tts = FakeTts(["en_US-fake-medium"])
    await tts.start()
    russian = VoiceInfo("ru_RU-fake-low", "ru_RU", "low", 2 * FakeTts.RATE_HZ)
    speech = pipeline_of(tts, "Hello there. Привет, как дела?", others={"ru": russian})
    await run(speech)
    voices = [(request.settings.voice, request.text) for request in tts.said]
    assert voices == [("", "Hello there."), ("ru_RU-fake-low", "Привет, как дела?")]
    # The other voice's samples count at its own rate, which is double.
    seconds = [len(request.text) * tts.SECONDS_PER_CHARACTER for request in tts.said]
    expected = seconds[0] + seconds[1] / 2
    assert speech.seconds == pytest.approx(expected, abs=0.6)


class HeldTts(FakeTts):
    """Says nothing before it is free."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()

    async def _work(self, urgency: Urgency, seconds: float) -> None:
        await self.free.wait()


async def test_it_reads_a_long_text_only_after_the_first_sound() -> None:
    tts = HeldTts()
    await tts.start()
    read: list[str] = []

    async def noticed() -> AsyncIterator[str]:
        async for piece in pieces(LONG * 4):
            yield piece
            read.append(piece)

    speech = SpeechPipeline(tts, ChosenVoice(tts.voices()[0]), noticed())
    running = asyncio.create_task(run(speech))
    await until(lambda: bool(tts.said))
    await idle()
    assert read == []
    tts.free.set()
    events = await running
    assert len([each for each in events if isinstance(each, PcmAudio)]) > 10
    assert " ".join(said(tts)) == (LONG * 4).strip()
