"""Where speech begins and ends in a recording, told by its energy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.audio import SPEECH_RATE_HZ, Samples

FRAME_SECONDS = 0.01
_FRAME = round(FRAME_SECONDS * SPEECH_RATE_HZ)
_LOWEST_DB = -100.0
_BELOW_LOUD_DB = 35.0
"""So far below its loudest parts, speech at a steady distance is not heard."""
_SHARE_OF_RANGE = 0.5
"""In noise: so far up from the noise to the speech."""
_LEAST_BELOW_LOUD_DB = 3.0
"""Speech without quiet around it varies by so much."""
_BELOW_PEAK_DB = 40.0
_NEIGHBOURS = 5
_LOUD_NEIGHBOURS = 3
"""A frame is speech when most around it are loud; a click is not."""


@dataclass(frozen=True)
class Bounds:
    """The first and the last sound of the speech, in seconds from the start."""

    start_seconds: float
    end_seconds: float


def acoustic_bounds(samples: Samples) -> Bounds:
    """Bounds of the speech in samples at 16 kHz, to 10 ms. Raises ValueError on silence."""
    levels = _levels_db(samples)
    if not len(levels) or levels.max() <= _LOWEST_DB:
        raise ValueError("there is no sound in it")
    quiet, loud = np.percentile(levels, [5, 95])
    between = quiet + _SHARE_OF_RANGE * (loud - quiet)
    threshold = min(max(loud - _BELOW_LOUD_DB, between), loud - _LEAST_BELOW_LOUD_DB)
    around = np.convolve(levels >= threshold, np.ones(_NEIGHBOURS), mode="same")
    speech = np.flatnonzero(around >= min(_LOUD_NEIGHBOURS, len(levels)))
    if not len(speech):
        raise ValueError("there is nothing in it but clicks")
    return Bounds(
        float(speech[0] * FRAME_SECONDS), float((speech[-1] + 1) * FRAME_SECONDS)
    )


def end_of_sound(samples: Samples) -> float:
    """The end of the last 10 ms within 40 dB of the loudest, in seconds from the start.

    Breath and room noise count as well, so it is later than the end of the speech.
    Raises ValueError on silence.
    """
    levels = _levels_db(samples)
    if not len(levels) or levels.max() <= _LOWEST_DB:
        raise ValueError("there is no sound in it")
    heard = np.flatnonzero(levels >= levels.max() - _BELOW_PEAK_DB)
    return float((heard[-1] + 1) * FRAME_SECONDS)


def trimmed(samples: Samples) -> Samples:
    """The speech alone, without what comes before and after."""
    bounds = acoustic_bounds(samples)
    start = round(bounds.start_seconds * SPEECH_RATE_HZ)
    return samples[start : round(bounds.end_seconds * SPEECH_RATE_HZ)]


def _levels_db(samples: Samples) -> npt.NDArray[np.float64]:
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    levels: npt.NDArray[np.float64] = 10 * np.log10(power + 10 ** (_LOWEST_DB / 10))
    return levels
