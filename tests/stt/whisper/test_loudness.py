"""Quiet utterances are raised, others stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from stt_app.core.whisper.loudness import raised


def wave(peak: float) -> np.ndarray:
    return (peak * np.sin(np.linspace(0, 100, 16_000))).astype(np.float32)


@pytest.mark.parametrize("peak", [0.09, 0.01, 0.003])
def test_a_quiet_utterance_gets_an_ordinary_level(peak: float) -> None:
    found = raised(wave(peak))
    assert found.dtype == np.float32
    assert np.max(np.abs(found)) == pytest.approx(0.25, rel=0.01)


def test_an_ordinary_one_is_not_copied() -> None:
    samples = wave(0.2)
    assert raised(samples) is samples


def test_rounding_noise_stays_faint_and_silence_stays_silent() -> None:
    assert np.max(np.abs(raised(wave(3e-5)))) < 0.004
    assert not np.any(raised(np.zeros(100, np.float32)))
    assert len(raised(np.zeros(0, np.float32))) == 0
