"""What every speech-to-text engine does, the fake as well as the real ones.

Subclasses give the fixtures `stt`: an engine that is started; `fresh_stt`: one
like it that was never started; and `speech`: an utterance with words in it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from common.engine import PartHealth, PartState
from common.errors import BadValue, EngineFailed, Expired
from common.workers import Priority, Urgency
from stt_app.core.engine import SttEngine, Transcript, TranscriptionRequest


def final() -> Urgency:
    """A call for a text that somebody waits for."""
    return Urgency(Priority.FINAL)


class SttContract:
    """Subclass it; the fixtures say on what it runs."""

    @pytest.fixture
    def stt(self) -> SttEngine:
        raise NotImplementedError

    @pytest.fixture
    def fresh_stt(self) -> SttEngine:
        raise NotImplementedError

    @pytest.fixture
    def speech(self) -> TranscriptionRequest:
        raise NotImplementedError

    async def test_it_gives_text_and_says_how_sure_it_is(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        found = await stt.transcribe(speech, final())
        assert isinstance(found, Transcript)
        assert found.text
        assert found.text == found.text.strip()
        assert found.language == "en"
        assert found.model == stt.model_name
        assert 0 < found.confidence <= 1
        assert 0 < found.language_probability <= 1

    async def test_it_takes_a_language_and_a_priority(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        english = replace(speech, language="en")
        assert (
            await stt.transcribe(english, Urgency(Priority.INTERIM))
        ).language == "en"

    async def test_it_says_when_each_word_was_said(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        found = await stt.transcribe(replace(speech, word_timestamps=True), final())
        times = [time for word in found.words for time in (word.start, word.end)]
        assert "".join(word.word for word in found.words) == found.text.replace(" ", "")
        assert times == sorted(times)
        assert 0 <= times[0] < times[-1] <= speech.seconds + 0.1
        assert all(0 <= word.probability <= 1 for word in found.words)

    async def test_its_segments_are_its_text(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        found = await stt.transcribe(speech, final())
        times = [time for each in found.segments for time in (each.start, each.end)]
        if found.segments:  # an engine need not tell any
            assert "".join(each.text for each in found.segments).strip() == found.text
            assert times == sorted(times)
            assert 0 <= times[0] < times[-1] <= speech.seconds
            assert all(each.average_log_probability <= 0 for each in found.segments)
            assert all(0 <= each.no_speech_probability <= 1 for each in found.segments)

    async def test_it_gives_no_words_that_nobody_asked_for(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        assert (await stt.transcribe(speech, final())).words == ()

    async def test_it_bears_a_prompt_and_hotwords_of_any_length(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        told = replace(speech, prompt="So it goes. " * 500, hotwords="Zaphod " * 500)
        assert isinstance((await stt.transcribe(told, final())).text, str)

    async def test_it_takes_a_translation_task(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        found = await stt.transcribe(replace(speech, task="translate"), final())
        assert (found.language, bool(found.text)) == ("en", True)

    async def test_it_serves_several_at_once(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        found = await asyncio.gather(
            *(stt.transcribe(speech, final()) for _ in range(3))
        )
        assert all(each.text for each in found)

    async def test_it_bears_a_moment_of_audio(self, stt: SttEngine) -> None:
        found = await stt.transcribe(
            TranscriptionRequest(np.zeros(160, np.float32)), final()
        )
        assert isinstance(found.text, str)

    async def test_it_is_healthy_and_says_so_without_waiting(
        self, stt: SttEngine
    ) -> None:
        health = stt.health()
        assert isinstance(health, PartHealth)
        assert health.state is PartState.READY
        assert health.summary

    async def test_it_goes_on_after_a_caller_gave_up(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        given_up = asyncio.create_task(stt.transcribe(speech, final()))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        assert (await stt.transcribe(speech, final())).text

    async def test_a_call_that_is_given_up_ends_soon(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        urgency = Urgency(Priority.SPECULATIVE)
        given_up = asyncio.create_task(stt.transcribe(speech, urgency))
        await asyncio.sleep(0)
        urgency.give_up()
        with pytest.raises(Expired):
            await asyncio.wait_for(given_up, 5)
        with pytest.raises(Expired):
            await stt.transcribe(speech, urgency)
        assert (await stt.transcribe(speech, final())).text

    async def test_it_takes_the_name_of_each_model_that_it_offers(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        offers = stt.stats().offers
        assert offers[0] == stt.model_name
        for name in offers:
            found = await stt.transcribe(replace(speech, model=name), final())
            assert found.model == name

    async def test_it_refuses_another_model_and_names_those_it_has(
        self, stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        with pytest.raises(BadValue, match=stt.model_name) as refused:
            await stt.transcribe(replace(speech, model="another"), final())
        assert refused.value.field == "model"

    async def test_its_stats_can_be_read_at_any_time(
        self, stt: SttEngine, fresh_stt: SttEngine
    ) -> None:
        assert fresh_stt.stats().processes == ()
        stats = stt.stats()
        assert stats.queued == 0
        assert len(stats.memory_mb) == len(stats.processes)

    async def test_it_refuses_work_before_it_was_started(
        self, fresh_stt: SttEngine, speech: TranscriptionRequest
    ) -> None:
        assert fresh_stt.model_name
        assert fresh_stt.health().state is PartState.DOWN
        with pytest.raises(EngineFailed):
            await fresh_stt.transcribe(speech, final())

    async def test_stopping_what_never_ran_is_harmless(
        self, fresh_stt: SttEngine
    ) -> None:
        await fresh_stt.stop()
        await fresh_stt.stop()
        assert fresh_stt.health().state is PartState.DOWN
