"""A voice that the real voice-activity detector hears, made without any model."""

from __future__ import annotations

from typing import Any

import numpy as np

from common.audio import SPEECH_RATE_HZ, Audio, Samples, wav_bytes

_VOWELS = {
    "a": (730, 1_090, 2_440),
    "i": (270, 2_290, 3_010),
    "u": (300, 870, 2_240),
}
"""The first three formants in Hz, after Peterson and Barney (1952)."""
_WIDTHS_HZ = (90, 110, 170)
_SYLLABLE_SECONDS = 0.25
_PITCHES_HZ = (140.0, 100.0)
"""It falls within each syllable."""


def talk() -> bytes:
    """A WAV file of five seconds with two utterances of 1.5 s in it."""
    pause = np.zeros(SPEECH_RATE_HZ // 2, np.float32)
    long_pause = np.zeros(SPEECH_RATE_HZ, np.float32)
    samples = np.concatenate([pause, babble(), long_pause, babble(), pause])
    return wav_bytes(Audio(samples, SPEECH_RATE_HZ))


def babble() -> Samples:
    """Six syllables, each another vowel than the one before."""
    return np.concatenate([_syllable(vowel) for vowel in "aiuaiu"])


def _syllable(vowel: str) -> Samples:
    """Pulses of a falling pitch through the resonances of a mouth."""
    count = round(_SYLLABLE_SECONDS * SPEECH_RATE_HZ)
    pitch = np.linspace(*_PITCHES_HZ, count)
    samples = np.diff(np.floor(np.cumsum(pitch) / SPEECH_RATE_HZ), prepend=0.0)
    for frequency, width in zip(_VOWELS[vowel], _WIDTHS_HZ, strict=True):
        samples = _resonated(samples, frequency, width)
    loud = 0.5 * samples / np.abs(samples).max() * np.hanning(count)
    return np.asarray(loud, np.float32)


def _resonated(samples: Any, frequency: float, width: float) -> Any:
    """The samples through one resonance: two poles."""
    radius = np.exp(-np.pi * width / SPEECH_RATE_HZ)
    first = 2 * radius * np.cos(2 * np.pi * frequency / SPEECH_RATE_HZ)
    second = -(radius**2)
    out = np.zeros(len(samples) + 2)
    for at, sample in enumerate(samples):
        out[at + 2] = sample + first * out[at + 1] + second * out[at]
    return out[2:]
