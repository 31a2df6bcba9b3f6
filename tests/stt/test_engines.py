"""The fake and the real speech-to-text engine keep one contract."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from common.config import LoadedConfig
from common.engine import PartState
from common.metrics import REGISTRY
from stt_app.core.endpointing.vad import SileroVad
from stt_app.core.engine import TranscriptionRequest
from stt_app.core.events import UtteranceTranscribed
from stt_app.core.session.engines import SessionEngines
from stt_app.core.session.options import Options
from stt_app.core.session.session import SttSession
from stt_app.core.session.settings import SessionSettings
from stt_app.core.whisper.engine import WhisperEngine
from tests.contracts.stt import SttContract, final
from tests.fakes import FakeStt
from tests.stt.conftest import SENTENCE
from tests.stt.sounds import silence
from tests.word_errors import normalize, word_error_rate


class TestFakeStt(SttContract):
    @pytest.fixture
    def stt(self) -> FakeStt:
        engine = FakeStt()
        engine.started = True
        return engine

    @pytest.fixture
    def fresh_stt(self) -> FakeStt:
        return FakeStt()

    @pytest.fixture
    def speech(self) -> TranscriptionRequest:
        return TranscriptionRequest(silence(1))


@pytest.mark.model
class TestWhisper(SttContract):
    @pytest.fixture
    def stt(self, real_stt: WhisperEngine) -> WhisperEngine:
        return real_stt

    @pytest.fixture
    def fresh_stt(self, real_config: LoadedConfig) -> WhisperEngine:
        return WhisperEngine(real_config.config, real_config.config)

    @pytest.fixture
    def speech(self, utterance: TranscriptionRequest) -> TranscriptionRequest:
        return utterance


@pytest.mark.model
async def test_it_writes_down_what_was_said(
    real_stt: WhisperEngine, utterance: TranscriptionRequest
) -> None:
    found = await real_stt.transcribe(utterance, final())
    assert normalize(found.text) == normalize(SENTENCE)
    assert found.confidence > 0.5


@pytest.mark.model
async def test_an_english_model_hears_only_english(
    real_stt: WhisperEngine, utterance: TranscriptionRequest
) -> None:
    found = await real_stt.transcribe(
        TranscriptionRequest(utterance.samples, "de"), final()
    )
    assert found.language == "en"
    assert normalize(found.text) == normalize(SENTENCE)


@pytest.mark.model
async def test_hotwords_and_a_prompt_change_the_spelling(
    real_stt: WhisperEngine, utterance: TranscriptionRequest
) -> None:
    plain = await real_stt.transcribe(utterance, final())
    hot = await real_stt.transcribe(replace(utterance, hotwords="Foxx"), final())
    assert "Fox" not in plain.text
    assert "Fox" in hot.text
    shouted = replace(utterance, prompt="THE CAT SAT ON THE MAT. THE DOG BARKED.")
    assert "BROWN" in (await real_stt.transcribe(shouted, final())).text


@pytest.mark.model
async def test_callers_at_once_get_what_each_would_alone(
    real_stt: WhisperEngine, utterance: TranscriptionRequest
) -> None:
    halves = np.array_split(utterance.samples, 2)
    asked = [
        TranscriptionRequest(part, "en") for part in (utterance.samples, *halves)
    ] * 2
    alone = [(await real_stt.transcribe(each, final())).text for each in asked[:3]] * 2
    before = decoded("short")
    together = await asyncio.gather(
        *(real_stt.transcribe(each, final()) for each in asked)
    )
    assert [each.text for each in together] == alone
    assert decoded("short") == before + len(asked)


def decoded(window: str) -> float:
    found = REGISTRY.get_sample_value("voice_whisper_windows_total", {"window": window})
    return found or 0.0


@pytest.mark.model
async def test_it_hears_a_whole_stream_through_silero(
    real_stt: WhisperEngine, real_config: LoadedConfig, utterance: TranscriptionRequest
) -> None:
    noise = np.random.default_rng(0).standard_normal(32_000).astype(np.float32) * 0.003
    stream = np.concatenate([noise, utterance.samples, noise, utterance.samples, noise])
    session = SttSession(
        SessionEngines(real_stt, SileroVad()),
        SessionSettings(real_config.config, Options(language="en")),
    )
    audio = (stream * 32_767).astype("<i2").tobytes()
    for start in range(0, len(audio), 1_280):
        session.feed(audio[start : start + 1_280])
    session.finish()
    events = [each async for each in session.events()]
    texts = [each.text for each in events if isinstance(each, UtteranceTranscribed)]
    assert len(texts) == 2
    # In noise a word in nine may be misheard; none may be missing at the edges.
    assert word_error_rate((SENTENCE, text) for text in texts) < 0.12


@pytest.mark.model
@pytest.mark.parametrize("loudness", [0.0, 0.001, 0.01, 0.1])
def test_silero_hears_no_speech_in_noise(loudness: float) -> None:
    detector = SileroVad().detector(silence_rms_threshold=0.002)
    noise = np.random.default_rng(0).standard_normal((300, 512)) * loudness
    heard = [detector.probability(frame.astype(np.float32)) for frame in noise]
    assert max(heard) < 0.5


@pytest.mark.model
def test_silero_keeps_streams_apart(utterance: TranscriptionRequest) -> None:
    vad = SileroVad()
    one, other = vad.detector(0.002), vad.detector(0.002)
    frames = utterance.samples[: 40 * 512].reshape(-1, 512)
    alone = [one.probability(frame) for frame in frames]
    mixed = vad.detector(0.002)
    between = []
    for frame in frames:
        between.append(mixed.probability(frame))
        other.probability(frame[::-1].copy())
    assert between == alone
    assert max(alone) > 0.8


@pytest.mark.model
def test_quiet_speech_is_detected_like_loud_speech(
    utterance: TranscriptionRequest,
) -> None:
    frames = utterance.samples[: 60 * 512].reshape(-1, 512)
    loud, quiet = (SileroVad().detector(0.0) for _ in range(2))
    found = [loud.probability(frame) >= 0.5 for frame in frames]
    faint = [quiet.probability(frame * np.float32(0.01)) >= 0.5 for frame in frames]
    assert sum(found) > 20
    assert sum(one != other for one, other in zip(found, faint, strict=True)) <= 8


@pytest.mark.model
def test_what_is_too_quiet_is_never_speech(utterance: TranscriptionRequest) -> None:
    detector = SileroVad().detector(silence_rms_threshold=0.002)
    frames = (utterance.samples[: 40 * 512] * 0.001).reshape(-1, 512)
    assert {detector.probability(frame) for frame in frames} == {0.0}


@pytest.mark.model
async def test_a_killed_worker_is_visible_and_comes_back(
    real_config: LoadedConfig, utterance: TranscriptionRequest
) -> None:
    engine = WhisperEngine(real_config.config, real_config.config)
    await engine.start()
    try:
        assert engine.health().state is PartState.READY
        os.kill(engine.stats().processes[0], signal.SIGKILL)
        seen = await states_until_ready(engine)
        assert PartState.DOWN in seen
        assert engine.health().details["restarts"] == 1
        found = await engine.transcribe(utterance, final())
        assert normalize(found.text) == normalize(SENTENCE)
    finally:
        await engine.stop()
    assert engine.health().state is PartState.DOWN


async def states_until_ready(engine: WhisperEngine) -> set[Any]:
    seen: set[Any] = set()
    for _ in range(9_000):
        await asyncio.sleep(0.01)
        state = engine.health().state
        if state is PartState.READY and seen:
            return seen
        if state is not PartState.READY:
            seen.add(state)
    raise AssertionError("the worker did not come back")
