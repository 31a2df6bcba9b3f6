"""Whisper hears quiet speech as well as loud speech if it is raised first."""

from __future__ import annotations

import numpy as np

from common.audio import Samples

_WANTED_PEAK = 0.25
_QUIET_PEAK = 0.1
_MOST_GAIN = 100.0


def raised(samples: Samples) -> Samples:
    """The samples, raised to an ordinary level if all of them are quiet.

    Mono float32 in [-1, 1] at any rate, shape (n,).
    """
    peak = float(np.max(np.abs(samples), initial=0.0))
    if not 0 < peak < _QUIET_PEAK:
        return samples
    return samples * np.float32(min(_WANTED_PEAK / peak, _MOST_GAIN))
