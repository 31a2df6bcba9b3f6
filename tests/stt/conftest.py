"""Speech for the tests of the real model, spoken by Piper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.audio import SPEECH_RATE_HZ, Audio
from common.workers import Priority, Urgency
from stt_app.core.engine import TranscriptionRequest
from tts_app.core.engine import SynthesisRequest, VoiceSettings

SENTENCE = "The quick brown fox jumps over the lazy dog."


@pytest.fixture(scope="session")
def spoken(real_tts: Any, _engine_loop: Any) -> Audio:
    """SENTENCE, at 16 kHz."""
    found: Audio = _engine_loop.run_until_complete(speech_of(real_tts, SENTENCE))
    return found


async def speech_of(real_tts: Any, text: str) -> Audio:
    """The text, spoken by Piper, at 16 kHz."""
    # Without its noise Piper says it the same way every time.
    steady = VoiceSettings(noise_scale=0, noise_w=0)
    spoken = real_tts.synthesize(
        SynthesisRequest(text, steady), Urgency(Priority.FIRST_CLAUSE)
    )
    pieces = [piece async for piece in spoken]
    samples = np.concatenate([piece.samples for piece in pieces])
    return Audio(samples, pieces[0].rate_hz).resampled(SPEECH_RATE_HZ)


@pytest.fixture
def utterance(spoken: Audio) -> TranscriptionRequest:
    return TranscriptionRequest(spoken.samples)
