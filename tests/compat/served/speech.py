"""Sounds that Silero's detector takes for speech, made without a voice."""

from __future__ import annotations

import numpy as np

from common.audio import SPEECH_RATE_HZ, Samples

_PITCH_HZ = 120.0
_FORMANTS_HZ = ((700.0, 1_220.0, 2_600.0), (300.0, 2_300.0, 3_000.0))
_SYLLABLE_SECONDS = 0.25


def vowels(seconds: float, *, pause_seconds: float) -> Samples:
    """Syllables of two vowels between two pauses: mono float32 at 16 kHz, shape (n,)."""
    times = np.arange(round(seconds * SPEECH_RATE_HZ)) / SPEECH_RATE_HZ
    pitch_hz = _PITCH_HZ * (1 + 0.08 * np.sin(2 * np.pi * 1.3 * times))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SPEECH_RATE_HZ
    which = (times // _SYLLABLE_SECONDS).astype(int) % len(_FORMANTS_HZ)
    voice = np.zeros_like(times)
    for harmonic in range(1, 30):
        loudness = np.array(
            [_loudness(harmonic * _PITCH_HZ, each) for each in _FORMANTS_HZ]
        )
        voice += loudness[which] * np.sin(harmonic * phase)
    swell = np.abs(np.sin(np.pi * times / _SYLLABLE_SECONDS)) ** 0.5
    pause = np.zeros(round(pause_seconds * SPEECH_RATE_HZ))
    sound = 0.3 * voice * swell / np.abs(voice).max()
    return np.concatenate([pause, sound, pause]).astype(np.float32)


def _loudness(frequency_hz: float, formants_hz: tuple[float, ...]) -> float:
    """How loud a harmonic is in a vowel with these formants."""
    near = [1 / (1 + ((frequency_hz - each) / 120) ** 2) for each in formants_hz]
    return sum(near) / (1 + frequency_hz / 1_000)
