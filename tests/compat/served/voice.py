"""A voice that the real voice-activity detector hears, made without any model."""

from __future__ import annotations

import numpy as np

from common.audio import SPEECH_RATE_HZ, Audio, Samples, wav_bytes

_FORMANTS = ((730, 90), (1_090, 110), (2_440, 170), (3_400, 250))
"""Frequency and width in Hz of the vowel in "father", after Peterson and Barney."""
_PITCH_HZ = 120


def talk() -> bytes:
    """A WAV file of four seconds with two vowels in it, each of a second."""
    pause = np.zeros(SPEECH_RATE_HZ // 2, np.float32)
    long_pause = np.zeros(SPEECH_RATE_HZ, np.float32)
    samples = np.concatenate([pause, vowel(1), long_pause, vowel(1), pause])
    return wav_bytes(Audio(samples, SPEECH_RATE_HZ))


def vowel(seconds: float) -> Samples:
    """Pulses of a slightly moving pitch through the resonances of a mouth."""
    count = round(seconds * SPEECH_RATE_HZ)
    times = np.arange(count) / SPEECH_RATE_HZ
    pitch = _PITCH_HZ * (1 + 0.1 * np.sin(2 * np.pi * 3 * times))
    phase = np.cumsum(pitch) / SPEECH_RATE_HZ
    samples = np.diff(np.floor(phase), prepend=0.0)
    for frequency, width in _FORMANTS:
        samples = _resonated(samples, frequency, width)
    envelope = np.minimum(1, np.minimum(times, seconds - times) / 0.05)
    loud = 0.5 * samples / np.abs(samples).max() * envelope
    return loud.astype(np.float32)


def _resonated(samples: Samples, frequency: float, width: float) -> Samples:
    radius = np.exp(-np.pi * width / SPEECH_RATE_HZ)
    first = 2 * radius * np.cos(2 * np.pi * frequency / SPEECH_RATE_HZ)
    second = -(radius**2)
    out = np.zeros(len(samples) + 2)
    for at, sample in enumerate(samples):
        out[at + 2] = sample + first * out[at + 1] + second * out[at]
    return out[2:]
