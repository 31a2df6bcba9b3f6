"""The input of Smart Turn, against numbers of the publisher's own code."""

from __future__ import annotations

import numpy as np
import pytest

from common.audio import Samples
from stt_app.core.turns.features import turn_features

# By `compute_whisper_log_mel_features` of pipecat-ai 1.14.0, with the silence before it.
LOUDEST_MELS = {
    510: (8, 1.7459),
    560: (24, 1.7585),
    610: (37, 1.7285),
    660: (45, 1.6866),
    710: (52, 1.6975),
    760: (57, 1.6794),
    799: (61, 1.6137),
}


def rising_tone() -> Samples:
    """From 200 Hz on, three seconds at 16 kHz."""
    seconds = np.arange(48_000) / 16_000
    tone = 0.3 * np.sin(2 * np.pi * (200 + 600 * seconds) * seconds)
    return tone.astype(np.float32)


def test_it_is_the_spectrogram_that_the_model_was_trained_with() -> None:
    found = turn_features(rising_tone())
    assert found.shape == (80, 800)
    assert found.dtype == np.float32
    for frame, (mel, level) in LOUDEST_MELS.items():
        assert int(found[:, frame].argmax()) == mel
        assert found[mel, frame] == pytest.approx(level, abs=1e-3)
    assert float(found.mean()) == pytest.approx(-0.161486, abs=1e-4)
    assert float(found.std()) == pytest.approx(0.258505, abs=1e-4)


def test_silence_goes_before_a_short_turn() -> None:
    found = turn_features(rising_tone())
    assert np.ptp(found[:, :497]) == 0
    assert np.ptp(found[:, 500:]) > 1.5


def test_of_a_long_turn_the_end_counts() -> None:
    tone = rising_tone()
    longer = np.concatenate([tone, np.zeros(80_000, np.float32), tone])
    assert np.array_equal(turn_features(longer), turn_features(longer[-128_000:]))


@pytest.mark.parametrize("samples", [0, 1, 400])
def test_it_bears_hardly_any_audio(samples: int) -> None:
    assert np.isfinite(turn_features(np.zeros(samples, np.float32))).all()
