"""The labels of speech are found by energy, to 10 ms, through noise and clicks."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.labels import acoustic_bounds, trimmed
from common.audio import SPEECH_RATE_HZ, Samples
from tests.stt.sounds import sound


def with_noise(samples: Samples, loudness: float) -> Samples:
    noise = np.random.default_rng(0).standard_normal(len(samples))
    return (samples + loudness * noise).astype(np.float32)


@pytest.mark.parametrize("loudness", [0.0, 0.0005, 0.03])
def test_it_finds_where_speech_begins_and_ends(loudness: float) -> None:
    samples = with_noise(sound(-0.5, 1, -0.3, 1, -0.7), loudness)
    bounds = acoustic_bounds(samples)
    assert bounds.start_seconds == pytest.approx(0.5, abs=0.021)
    assert bounds.end_seconds == pytest.approx(2.8, abs=0.021)


def test_it_takes_speech_without_quiet_around_it() -> None:
    bounds = acoustic_bounds(sound(1))
    assert (bounds.start_seconds, bounds.end_seconds) == (0.0, 1.0)


def test_it_takes_no_click_for_speech() -> None:
    samples = with_noise(sound(-0.5, 1, -0.5), 0.0005)
    samples[-1_000:-900] = 0.9
    assert acoustic_bounds(samples).end_seconds == pytest.approx(1.5, abs=0.021)


def test_it_gives_the_same_label_whatever_the_gain() -> None:
    samples = with_noise(sound(-0.5, 1, -0.5), 0.001)
    assert acoustic_bounds(samples) == acoustic_bounds(0.1 * samples)


@pytest.mark.parametrize("samples", [sound(), sound(-1)])
def test_it_refuses_silence(samples: Samples) -> None:
    with pytest.raises(ValueError, match="no sound"):
        acoustic_bounds(samples)


def test_it_trims_what_is_quiet() -> None:
    samples = trimmed(sound(-0.5, 1, -0.5))
    assert len(samples) / SPEECH_RATE_HZ == pytest.approx(1, abs=0.021)
