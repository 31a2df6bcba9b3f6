"""The input of Smart Turn: the log-mel spectrogram of Whisper over eight seconds.

Source: `WhisperFeatureExtractor` of transformers with `chunk_length=8` and
`do_normalize=True`, with which the model was trained.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from common.audio import SPEECH_RATE_HZ, Samples

WINDOW_SECONDS = 8
WINDOW_SAMPLES = WINDOW_SECONDS * SPEECH_RATE_HZ
MELS = 80
FRAMES = 800
_FFT = 400
_HOP = 160
_HIGHEST_HZ = SPEECH_RATE_HZ / 2
_LEAST_POWER = 1e-10
_LEAST_VARIANCE = 1e-7
_RANGE = 8.0
"""Powers of ten: what is fainter than that next to the loudest sound is cut off."""

# Slaney's scale of mels is linear up to 1 kHz and logarithmic above.
_LINEAR_HZ = 1_000.0
_LINEAR_MELS = 15.0
_HZ_PER_MEL = _LINEAR_HZ / _LINEAR_MELS
_LOG_STEP = np.log(6.4) / 27.0

_Floats = npt.NDArray[np.float64]


def turn_features(samples: Samples) -> npt.NDArray[np.float32]:
    """The spectrogram of the last eight seconds, shape (80, 800).

    `samples` is mono float32 at 16 kHz, from -1 to 1, shape (n,). Silence goes before
    shorter audio.
    """
    level = _normalized(_window(samples))
    around = np.pad(level.astype(np.float64), _FFT // 2, mode="reflect")
    frames = sliding_window_view(around, _FFT)[: FRAMES * _HOP : _HOP]
    spectrum = np.fft.rfft(frames * _hann(), axis=-1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    levels = np.log10(np.maximum(power @ _mel_filters(), _LEAST_POWER))
    levels = np.maximum(levels, levels.max() - _RANGE)
    scaled = (levels + 4.0) / 4.0
    return np.ascontiguousarray(scaled.T, dtype=np.float32)


def _window(samples: Samples) -> Samples:
    last = samples[-WINDOW_SAMPLES:].astype(np.float32)
    return np.pad(last, (WINDOW_SAMPLES - len(last), 0))


def _normalized(samples: Samples) -> Samples:
    """With a mean of 0 and a variance of 1, over the silence too."""
    scale = np.sqrt(samples.var() + _LEAST_VARIANCE)
    normalized: Samples = (samples - samples.mean()) / scale
    return normalized


@cache
def _hann() -> _Floats:
    return np.hanning(_FFT + 1)[:-1]


@cache
def _mel_filters() -> _Floats:
    """Triangles of equal area along the mels, shape (201, 80)."""
    edges = _hz_of(np.linspace(0.0, _mels_of(_HIGHEST_HZ), MELS + 2))
    hz = np.linspace(0.0, _HIGHEST_HZ, _FFT // 2 + 1)[:, np.newaxis]
    widths = np.diff(edges)
    rising = (hz - edges[:-2]) / widths[:-1]
    falling = (edges[2:] - hz) / widths[1:]
    filters: _Floats = np.maximum(0.0, np.minimum(rising, falling))
    return filters * 2.0 / (edges[2:] - edges[:-2])


def _mels_of(hz: float) -> float:
    """Of a frequency above the linear part."""
    return float(_LINEAR_MELS + np.log(hz / _LINEAR_HZ) / _LOG_STEP)


def _hz_of(mels: _Floats) -> _Floats:
    above = _LINEAR_HZ * np.exp(_LOG_STEP * (mels - _LINEAR_MELS))
    return np.where(mels < _LINEAR_MELS, mels * _HZ_PER_MEL, above)
