"""What every text-to-speech engine does, the fake as well as the real one.

Subclasses give the fixtures `tts`: an engine that is started; and `fresh_tts`:
one like it that was never started.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from common.engine import EngineStats, PartHealth, PartState
from common.errors import EngineFailed, Expired
from common.workers import Priority, Urgency
from tts_app.core.engine import (
    SpeechPart,
    SynthesisRequest,
    TtsEngine,
    VoiceSettings,
)

SENTENCE = "This is what a first clause is like."
FREE_SECONDS = 15.0
"""Enough for one sentence on a busy machine, and far too little for hundreds."""


async def spoken(
    tts: TtsEngine,
    request: SynthesisRequest,
    urgency: Priority | Urgency = Priority.LATER_CLAUSE,
) -> list[SpeechPart]:
    parts: Any = tts.synthesize(request, Urgency.of(urgency))
    async with aclosing(parts):
        return [audio async for audio in parts]


def seconds(parts: list[SpeechPart]) -> float:
    return sum(audio.seconds for audio in parts)


def changed(request: SynthesisRequest, **settings: Any) -> SynthesisRequest:
    """The same text, said another way."""
    return replace(request, settings=replace(request.settings, **settings))


class TtsContract:
    """Subclass it; the fixtures say on what it runs."""

    LONG_SENTENCES = 200
    """Of a text that takes much longer than any test waits."""

    @pytest.fixture
    def tts(self) -> TtsEngine:
        raise NotImplementedError

    @pytest.fixture
    def fresh_tts(self) -> TtsEngine:
        raise NotImplementedError

    @pytest.fixture
    def request_(self, tts: TtsEngine) -> SynthesisRequest:
        return SynthesisRequest(SENTENCE, VoiceSettings(voice=tts.voices()[0].name))

    async def test_it_speaks_at_the_rate_of_its_voice(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        parts = await spoken(tts, request_)
        assert {audio.rate_hz for audio in parts} == {tts.voices()[0].sample_rate}
        assert seconds(parts) > 0.5
        for audio in parts:
            assert audio.samples.dtype == np.float32
            assert 0.05 < np.abs(audio.samples).max() <= 1.0

    async def test_it_takes_every_priority(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        for priority in (Priority.FIRST_CLAUSE, Priority.SPECULATIVE):
            assert await spoken(tts, request_, priority)

    async def test_its_last_part_ends_the_sentence(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        for priority in (Priority.FIRST_CLAUSE, Priority.LATER_CLAUSE):
            *_, last = await spoken(tts, request_, priority)
            assert last.is_last

    async def test_it_speaks_faster_on_demand(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        usual = seconds(await spoken(tts, request_))
        fast = seconds(await spoken(tts, changed(request_, speed=2.0)))
        assert fast < usual * 0.75

    async def test_it_speaks_softer_on_demand(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        parts = await spoken(tts, changed(request_, volume=0.05))
        assert max(np.abs(audio.samples).max() for audio in parts) <= 0.051

    async def test_it_serves_several_at_once(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        found = await asyncio.gather(*(spoken(tts, request_) for _ in range(3)))
        assert all(seconds(parts) > 0.5 for parts in found)

    async def test_it_goes_on_after_a_caller_left(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        left = asyncio.create_task(spoken(tts, request_))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert await spoken(tts, request_)

    async def test_it_speaks_with_its_default_voice_when_none_is_named(
        self, tts: TtsEngine
    ) -> None:
        assert await spoken(tts, SynthesisRequest(SENTENCE))

    async def test_it_begins_early_unless_a_clause_comes_later(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        later = await spoken(tts, changed(request_, speed=0.97), Priority.LATER_CLAUSE)
        for priority in (Priority.FIRST_CLAUSE, Priority.SPECULATIVE):
            first, *rest = await spoken(tts, changed(request_, speed=0.99), priority)
            assert rest
            assert first.seconds < later[0].seconds / 2

    async def test_a_speculation_can_be_made_urgent(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        urgency = Urgency(Priority.SPECULATIVE)
        speaking = asyncio.create_task(spoken(tts, request_, urgency))
        await asyncio.sleep(0)
        urgency.raise_to(Priority.FIRST_CLAUSE)
        assert await speaking

    async def test_a_speculation_can_be_given_up_while_it_waits_or_works(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        urgency = Urgency(Priority.SPECULATIVE)
        unheard = changed(request_, speed=0.98)
        speaking = asyncio.create_task(spoken(tts, unheard, urgency))
        await asyncio.sleep(0)
        urgency.give_up()
        with pytest.raises(Expired):
            await speaking
        assert await spoken(tts, request_)

    async def test_a_given_up_speculation_stops_the_workers_work(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        urgency = Urgency(Priority.SPECULATIVE)
        long_text = replace(request_, text=" ".join([SENTENCE] * self.LONG_SENTENCES))
        parts: Any = tts.synthesize(long_text, urgency)
        heard: list[SpeechPart] = []
        with pytest.raises(Expired):
            async with aclosing(parts):
                async for part in parts:
                    heard.append(part)
                    urgency.give_up()
        assert seconds(heard) < self.LONG_SENTENCES * 0.5
        # The worker is free: it does not make the other 199 sentences first.
        assert await asyncio.wait_for(spoken(tts, request_), FREE_SECONDS)

    async def test_it_tells_what_it_does_and_offers(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        await spoken(tts, request_)
        stats = tts.stats()
        assert isinstance(stats, EngineStats)
        assert list(stats.offers) == [voice.name for voice in tts.voices()]
        assert stats.queued == 0
        assert len(stats.processes) == len(stats.memory_mb)

    async def test_it_is_healthy(self, tts: TtsEngine) -> None:
        health = tts.health()
        assert isinstance(health, PartHealth)
        assert health.state is PartState.READY

    async def test_it_refuses_work_before_it_was_started(
        self, fresh_tts: TtsEngine
    ) -> None:
        assert fresh_tts.health().state is PartState.DOWN
        with pytest.raises(EngineFailed):
            await spoken(fresh_tts, SynthesisRequest(SENTENCE))

    async def test_stopping_what_never_ran_is_harmless(
        self, fresh_tts: TtsEngine
    ) -> None:
        await fresh_tts.stop()
        await fresh_tts.stop()
        assert fresh_tts.health().state is PartState.DOWN
