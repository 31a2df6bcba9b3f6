"""Sounds for the tests, and a voice detector that takes loud for speech."""

from __future__ import annotations

from typing import Any

import numpy as np

from common.audio import SPEECH_RATE_HZ, Samples, float_to_pcm16, rms

LOUD = 0.05


class LoudnessDetector:
    """Speech is what is loud."""

    def probability(self, frame: Samples) -> float:
        return 1.0 if rms(frame) > LOUD else 0.0


class LoudnessVad:
    """A VadModel without a model."""

    def start(self) -> None:
        """There is nothing to load."""

    def detector(self, silence_rms_threshold: float) -> LoudnessDetector:
        return LoudnessDetector()


def tone(seconds: float, rate_hz: int = SPEECH_RATE_HZ) -> Samples:
    """Sounds like speech to LoudnessDetector."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return (0.3 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)


def silence(seconds: float, rate_hz: int = SPEECH_RATE_HZ) -> Samples:
    return np.zeros(round(seconds * rate_hz), np.float32)


def sound(*parts: Any, rate_hz: int = SPEECH_RATE_HZ) -> Samples:
    """`sound(1, -0.5, 2)`: a second of tone, half a second of silence, two of tone."""
    pieces = [
        tone(part, rate_hz) if part > 0 else silence(-part, rate_hz) for part in parts
    ]
    return np.concatenate([silence(0), *pieces])


def pcm(*parts: Any, rate_hz: int = SPEECH_RATE_HZ) -> bytes:
    """The same as PCM16."""
    return float_to_pcm16(sound(*parts, rate_hz=rate_hz))
