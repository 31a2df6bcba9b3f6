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

from common.engine import PartHealth, PartState
from common.errors import EngineFailed
from common.workers import Priority
from tts_app.core.engine import SpeechPart, SpeechRequest, TtsEngine

SENTENCE = "This is what a first clause is like."


async def spoken(
    tts: TtsEngine, request: SpeechRequest, *priority: Priority
) -> list[SpeechPart]:
    parts: Any = tts.synthesize(request, *priority)
    async with aclosing(parts):
        return [audio async for audio in parts]


def seconds(parts: list[SpeechPart]) -> float:
    return sum(audio.seconds for audio in parts)


class TtsContract:
    """Subclass it; the fixtures say on what it runs."""

    @pytest.fixture
    def tts(self) -> TtsEngine:
        raise NotImplementedError

    @pytest.fixture
    def fresh_tts(self) -> TtsEngine:
        raise NotImplementedError

    @pytest.fixture
    def request_(self, tts: TtsEngine) -> SpeechRequest:
        return SpeechRequest(SENTENCE, tts.voices()[0].name)

    async def test_it_speaks_at_the_rate_of_its_voice(
        self, tts: TtsEngine, request_: SpeechRequest
    ) -> None:
        parts = await spoken(tts, request_)
        assert {audio.rate_hz for audio in parts} == {tts.voices()[0].sample_rate}
        assert seconds(parts) > 0.5
        for audio in parts:
            assert audio.samples.dtype == np.float32
            assert 0.05 < np.abs(audio.samples).max() <= 1.0

    async def test_it_takes_every_priority(
        self, tts: TtsEngine, request_: SpeechRequest
    ) -> None:
        for priority in (Priority.FIRST_CLAUSE, Priority.SPECULATIVE):
            assert await spoken(tts, request_, priority)

    async def test_its_last_part_ends_the_sentence(
        self, tts: TtsEngine, request_: SpeechRequest
    ) -> None:
        for priority in (Priority.FIRST_CLAUSE, Priority.LATER_CLAUSE):
            *_, last = await spoken(tts, request_, priority)
            assert last.is_last

    async def test_it_speaks_faster_on_demand(
        self, tts: TtsEngine, request_: SpeechRequest
    ) -> None:
        usual = seconds(await spoken(tts, request_))
        fast = seconds(await spoken(tts, replace(request_, speed=2.0)))
        assert fast < usual * 0.75

    async def test_it_speaks_softer_on_demand(
        self, tts: TtsEngine, request_: SpeechRequest
    ) -> None:
        parts = await spoken(tts, replace(request_, volume=0.05))
        assert max(np.abs(audio.samples).max() for audio in parts) <= 0.051

    async def test_it_serves_several_at_once(
        self, tts: TtsEngine, request_: SpeechRequest
    ) -> None:
        found = await asyncio.gather(*(spoken(tts, request_) for _ in range(3)))
        assert all(seconds(parts) > 0.5 for parts in found)

    async def test_it_goes_on_after_a_caller_left(
        self, tts: TtsEngine, request_: SpeechRequest
    ) -> None:
        left = asyncio.create_task(spoken(tts, request_))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert await spoken(tts, request_)

    async def test_it_is_healthy(self, tts: TtsEngine) -> None:
        health = tts.health()
        assert isinstance(health, PartHealth)
        assert health.state is PartState.READY

    async def test_it_refuses_work_before_it_was_started(
        self, fresh_tts: TtsEngine
    ) -> None:
        assert fresh_tts.health().state is PartState.DOWN
        with pytest.raises(EngineFailed):
            await spoken(fresh_tts, SpeechRequest(SENTENCE, "en_US-any-low"))

    async def test_stopping_what_never_ran_is_harmless(
        self, fresh_tts: TtsEngine
    ) -> None:
        await fresh_tts.stop()
        await fresh_tts.stop()
        assert fresh_tts.health().state is PartState.DOWN
