"""Minutes of sound without speech, made up: noise, coughs, keys, knocks, music."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from common.audio import SPEECH_RATE_HZ, Samples

MINUTES_EACH = 2.0
SLICE_SECONDS = 20.0

Sound = NDArray[np.float64]
Random = np.random.Generator


def noises(minutes_each: float = MINUTES_EACH) -> Iterator[tuple[str, Samples]]:
    """Each kind with its samples: mono float32 at 16 kHz in [-1, 1], shape (n,).

    The level changes every 20 s, from faint to loud.
    """
    count = round(minutes_each * 60 / SLICE_SECONDS)
    for name, make in KINDS.items():
        random = np.random.default_rng(0)
        levels = np.geomspace(0.003, 0.3, count)
        parts = [make(random) * level for level in random.permutation(levels)]
        joined = np.concatenate(parts) + 1e-4 * random.standard_normal(
            count * _samples(SLICE_SECONDS)
        )
        yield name, np.clip(joined, -1, 1).astype(np.float32)


def colored(random: Random, slope: float, seconds: float = SLICE_SECONDS) -> Sound:
    """Noise whose power falls with frequency to that power; 1 is pink, 2 brown."""
    spectrum = np.fft.rfft(random.standard_normal(_samples(seconds)))
    frequencies = np.maximum(np.fft.rfftfreq(_samples(seconds), 1 / SPEECH_RATE_HZ), 20)
    return _even(
        np.fft.irfft(spectrum * frequencies ** (-slope / 2), _samples(seconds))
    )


def _hum(random: Random) -> Sound:
    times = _times(SLICE_SECONDS)
    return _even(
        sum(np.sin(2 * np.pi * 50 * k * times) / k for k in range(1, 9))
        + 0.3 * colored(random, 1)
    )


def cough(random: Random) -> Sound:
    """A burst of throat noise, a gap, and a shorter burst."""
    bursts = [
        _formants(random, seconds) * _decay(seconds)
        for seconds in (random.uniform(0.15, 0.3), random.uniform(0.1, 0.2))
    ]
    gap = np.zeros(_samples(random.uniform(0.05, 0.15)))
    return np.concatenate([bursts[0], gap, 0.6 * bursts[1]])


def _coughs(random: Random) -> Sound:
    return _scattered(random, lambda: cough(random), 2.0)


def _breaths(random: Random) -> Sound:
    def breath() -> Sound:
        seconds = random.uniform(0.4, 1.2)
        swell: Sound = np.sin(np.pi * np.linspace(0, 1, _samples(seconds))) ** 2
        return colored(random, 0.5, seconds) * swell

    return _scattered(random, breath, 2.5)


def _keys(random: Random) -> Sound:
    def key() -> Sound:
        ringing = np.sin(2 * np.pi * random.uniform(1500, 4000) * _times(0.03))
        return (colored(random, 0, 0.03) + ringing) * _decay(0.03)

    return _scattered(random, key, 0.18)


def _knocks(random: Random) -> Sound:
    def knock() -> Sound:
        body = np.sin(2 * np.pi * random.uniform(80, 300) * _times(0.12))
        return (body + 0.3 * colored(random, 1, 0.12)) * _decay(0.12)

    return _scattered(random, knock, 0.6)


def _rain(random: Random) -> Sound:
    drops = random.standard_normal(_samples(SLICE_SECONDS)) ** 5
    return _even(drops) + colored(random, 0.5)


def _music(random: Random) -> Sound:
    """Chords with harmonics that decay, a wavering tune, and a drum."""

    def chord() -> Sound:
        root = 110 * 2 ** (random.integers(0, 12) / 12)
        tones = [
            root,
            root * 1.26,
            root * 1.5,
            2 * root * random.choice([1, 1.125, 1.5]),
        ]
        times = _times(0.5)
        waver = 0.004 * np.sin(2 * np.pi * 5 * times)
        played: Sound = sum(
            np.sin(2 * np.pi * tone * harmonic * (times + waver / harmonic)) / harmonic
            for tone in tones
            for harmonic in (1, 2, 3, 4)
        )
        drum = colored(random, 1, 0.5) * np.exp(-30 * times)
        return played * np.exp(-2 * times) + 2 * drum

    return _even(np.concatenate([chord() for _ in range(round(SLICE_SECONDS / 0.5))]))


KINDS: dict[str, Callable[[Random], Sound]] = {
    "white noise": lambda random: colored(random, 0),
    "pink noise": lambda random: colored(random, 1),
    "brown noise": lambda random: colored(random, 2),
    "hum": _hum,
    "rain": _rain,
    "coughs": _coughs,
    "breaths": _breaths,
    "keyboard": _keys,
    "knocks": _knocks,
    "music": _music,
}


def _formants(random: Random, seconds: float) -> Sound:
    """Noise with the resonances of a throat."""
    spectrum = np.fft.rfft(random.standard_normal(_samples(seconds)))
    frequencies = np.fft.rfftfreq(_samples(seconds), 1 / SPEECH_RATE_HZ)
    shape = sum(
        np.exp(-(((frequencies - center * random.uniform(0.9, 1.1)) / width) ** 2))
        for center, width in ((500, 200), (1400, 300), (2600, 500))
    )
    return _even(np.fft.irfft(spectrum * (shape + 0.05), _samples(seconds)))


def _scattered(
    random: Random, make: Callable[[], Sound], every_seconds: float
) -> Sound:
    track = np.zeros(_samples(SLICE_SECONDS))
    at = random.uniform(0, every_seconds)
    while at < SLICE_SECONDS - 2:
        sound = make() * 3 * random.uniform(0.5, 1)
        start = _samples(at)
        track[start : start + len(sound)] += sound
        at += every_seconds * random.uniform(0.5, 1.5)
    return track


def _even(sound: Sound) -> Sound:
    evened: Sound = sound / np.sqrt(np.mean(sound**2))
    return evened


def _decay(seconds: float) -> Sound:
    return np.exp(-4 * np.linspace(0, 1, _samples(seconds)))


def _times(seconds: float) -> Sound:
    return np.arange(_samples(seconds)) / SPEECH_RATE_HZ


def _samples(seconds: float) -> int:
    return round(seconds * SPEECH_RATE_HZ)
