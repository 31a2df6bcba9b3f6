"""The fake engine keeps the contract, and so does Piper with its real voice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.audio import Samples
from common.config import LoadedConfig
from common.errors import UnknownVoice
from tests.contracts.tts import TtsContract, seconds, spoken
from tests.fakes import FakeTts
from tests.tts.speaking import pcm_of, pipeline_of, run
from tts_app.core.engine import (
    SpeechPart,
    SynthesisRequest,
    TtsEngine,
    VoiceSettings,
)
from tts_app.core.piper.engine import PiperEngine

TEXT = (
    "When the storm had passed, the fishermen went out again, and nobody spoke of the "
    "night before. It was as if the sea itself had forgotten! Only the oldest of them, "
    "who had seen three such storms, looked back at the harbour before he raised his "
    "sail. Why did he look? Nobody knows."
)
SHORT = "Turn left at the church, please."
"""Piper varies its rhythm by chance."""
MOST_OFF = 0.05
PAUSE_SAMPLES = 200


class TestFake(TtsContract):
    @pytest.fixture
    async def tts(self) -> TtsEngine:
        fake = FakeTts()
        await fake.start()
        return fake

    @pytest.fixture
    def fresh_tts(self) -> TtsEngine:
        return FakeTts()


@pytest.mark.model
class TestPiper(TtsContract):
    @pytest.fixture
    def tts(self, real_tts: PiperEngine) -> TtsEngine:
        return real_tts

    @pytest.fixture
    def fresh_tts(self, real_config: LoadedConfig) -> TtsEngine:
        return PiperEngine(real_config.config)

    async def test_it_refuses_a_voice_that_it_lacks(self, tts: TtsEngine) -> None:
        with pytest.raises(UnknownVoice, match="en_US-joe-medium"):
            await spoken(
                tts, SynthesisRequest(SHORT, VoiceSettings(voice="xx_XX-none-low"))
            )

    async def test_it_tells_when_each_word_is_said(
        self, tts: TtsEngine, request_: SynthesisRequest
    ) -> None:
        text = "Please take the last train home, because it is late."
        timed: Any = await spoken(tts, SynthesisRequest(text, word_times=True))
        assert all(isinstance(audio, SpeechPart) for audio in timed)
        words: Any = [word for audio in timed for word in audio.words]
        assert [word.word for word in words] == text.replace(",", "")[:-1].split()
        starts = [word.start_seconds for word in words]
        assert starts == sorted(starts)
        assert 0 <= starts[0] < 0.15
        assert all(word.start_seconds < word.end_seconds for word in words)
        assert words[-1].end_seconds <= seconds(timed)
        # The comma is the longest pause, and it is silent there.
        home, because = words[5], words[6]
        assert because.start_seconds - home.end_seconds > 0.1

    async def test_phonemes_are_said_as_they_are_given(self, tts: TtsEngine) -> None:
        request = SynthesisRequest("[[təmˈeɪɾoʊ]].", word_times=True)
        (audio,) = await spoken(tts, request)
        assert isinstance(audio, SpeechPart)
        assert [word.word for word in audio.words] == ["təmˈeɪɾoʊ"]

    @pytest.mark.parametrize("text", [TEXT, SHORT], ids=["long", "short"])
    async def test_streamed_speech_lasts_as_long_as_whole_speech(
        self, tts: TtsEngine, text: str
    ) -> None:
        # Without its noise Piper says a text in the same time every time.
        steady = VoiceSettings(noise_scale=0, noise_w=0)
        whole = seconds(await spoken(tts, SynthesisRequest(text, steady)))
        *_, finished = await run(pipeline_of(tts, *words_of(text), settings=steady), 60)
        assert finished.seconds == pytest.approx(whole, rel=MOST_OFF)

    async def test_streamed_speech_has_no_clicks(self, tts: TtsEngine) -> None:
        """No step between neighbours is larger than those of the whole speech."""
        request = SynthesisRequest(TEXT)
        whole = np.concatenate([audio.samples for audio in await spoken(tts, request)])
        stream = pcm_of(await run(pipeline_of(tts, *words_of(TEXT)), 60))
        largest = np.abs(np.diff(whole)).max()
        assert np.abs(np.diff(stream)).max() <= largest * 1.25
        assert steps_at_pauses(stream).max() <= largest / 20


def steps_at_pauses(stream: Samples) -> Samples:
    """The steps into and out of digital silence, which only the joins have."""
    silent = np.convolve(stream == 0, np.ones(PAUSE_SAMPLES), "valid") == PAUSE_SAMPLES
    begins = np.flatnonzero(silent[1:] & ~silent[:-1])
    ends = np.flatnonzero(silent[:-1] & ~silent[1:]) + PAUSE_SAMPLES
    assert len(ends) > 3
    steps: Samples = np.abs(stream[np.concatenate([begins, ends])])
    return steps


def words_of(text: str) -> list[str]:
    return [f"{word} " for word in text.split(" ")]
