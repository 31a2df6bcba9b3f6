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
from common.errors import EngineFailed
from common.workers import Priority
from stt_app.core.engine import SttEngine, Transcript, Utterance


class SttContract:
    """Subclass it; the fixtures say on what it runs."""

    @pytest.fixture
    def stt(self) -> SttEngine:
        raise NotImplementedError

    @pytest.fixture
    def fresh_stt(self) -> SttEngine:
        raise NotImplementedError

    @pytest.fixture
    def speech(self) -> Utterance:
        raise NotImplementedError

    async def test_it_gives_text_and_says_how_sure_it_is(
        self, stt: SttEngine, speech: Utterance
    ) -> None:
        found = await stt.transcribe(speech)
        assert isinstance(found, Transcript)
        assert found.text
        assert found.text == found.text.strip()
        assert found.language == "en"
        assert found.model == stt.model_name
        assert 0 < found.confidence <= 1
        assert 0 < found.language_probability <= 1

    async def test_it_takes_a_language_and_a_priority(
        self, stt: SttEngine, speech: Utterance
    ) -> None:
        english = replace(speech, language="en")
        assert (await stt.transcribe(english, Priority.INTERIM)).language == "en"

    async def test_it_says_when_each_word_was_said(
        self, stt: SttEngine, speech: Utterance
    ) -> None:
        found = await stt.transcribe(replace(speech, word_timestamps=True))
        times = [time for word in found.words for time in (word.start, word.end)]
        assert "".join(word.word for word in found.words) == found.text.replace(" ", "")
        assert times == sorted(times)
        assert 0 <= times[0] < times[-1] <= speech.seconds + 0.1
        assert all(0 <= word.probability <= 1 for word in found.words)

    async def test_it_gives_no_words_that_nobody_asked_for(
        self, stt: SttEngine, speech: Utterance
    ) -> None:
        assert (await stt.transcribe(speech)).words == ()

    async def test_it_bears_a_prompt_and_hotwords_of_any_length(
        self, stt: SttEngine, speech: Utterance
    ) -> None:
        told = replace(speech, prompt="So it goes. " * 500, hotwords="Zaphod " * 500)
        assert isinstance((await stt.transcribe(told)).text, str)

    async def test_it_takes_a_translation_task(
        self, stt: SttEngine, speech: Utterance
    ) -> None:
        found = await stt.transcribe(replace(speech, task="translate"))
        assert (found.language, bool(found.text)) == ("en", True)

    async def test_it_serves_several_at_once(
        self, stt: SttEngine, speech: Utterance
    ) -> None:
        found = await asyncio.gather(*(stt.transcribe(speech) for _ in range(3)))
        assert all(each.text for each in found)

    async def test_it_bears_a_moment_of_audio(self, stt: SttEngine) -> None:
        found = await stt.transcribe(Utterance(np.zeros(160, np.float32)))
        assert isinstance(found.text, str)

    async def test_it_is_healthy_and_says_so_without_waiting(
        self, stt: SttEngine
    ) -> None:
        health = stt.health()
        assert isinstance(health, PartHealth)
        assert health.state is PartState.READY
        assert health.summary

    async def test_it_goes_on_after_a_caller_gave_up(
        self, stt: SttEngine, speech: Utterance
    ) -> None:
        given_up = asyncio.create_task(stt.transcribe(speech))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        assert (await stt.transcribe(speech)).text

    async def test_it_refuses_work_before_it_was_started(
        self, fresh_stt: SttEngine, speech: Utterance
    ) -> None:
        assert fresh_stt.model_name
        assert fresh_stt.health().state is PartState.DOWN
        with pytest.raises(EngineFailed):
            await fresh_stt.transcribe(speech)

    async def test_stopping_what_never_ran_is_harmless(
        self, fresh_stt: SttEngine
    ) -> None:
        await fresh_stt.stop()
        await fresh_stt.stop()
        assert fresh_stt.health().state is PartState.DOWN
