"""Whether a microphone hears the loudspeaker: the waveform of what was played is in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from common.audio import Samples

HEARD_SECONDS = 0.25
"""The newest part of the microphone's audio: long enough for several sounds of speech."""
EARLIEST_SECONDS = 1.0
LATEST_SECONDS = 0.3
"""The played audio that may be heard now, before and after the assumed position: the
delay of the room and of both computers, and the error of the position."""
LIKE_SHARE = 0.5
"""An echo is as like what was played as this; another voice is a fifth as like."""
_SILENCE = 1e-9


def is_like(heard: Samples, played: Samples) -> bool:
    """Whether a stretch of what was played has the waveform that is heard.

    Both are mono float32 at the same rate; `heard`, shape (n,), is not longer than
    `played`, shape (m,). The loudness does not matter, and neither does the delay.
    """
    return likeness(heard, played) >= LIKE_SHARE


def likeness(heard: Samples, played: Samples) -> float:
    """The highest normalised cross-correlation, 0 to 1; 0 if either is too short."""
    one, other = _brighter(heard), _brighter(played)
    count = len(one)
    if not count or len(other) < count:
        return 0.0
    size = 1 << (len(other) + count - 1).bit_length()
    spectrum = np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size))
    found = np.abs(np.fft.irfft(spectrum, size)[: len(other) - count + 1])
    power = np.concatenate([[0.0], np.cumsum(other**2)])
    power = power[count:] - power[:-count]
    loudest = power.max()
    # A stretch of near silence is like anything.
    usable = power > 0.01 * loudest + _SILENCE
    if not usable.any() or np.sum(one**2) < _SILENCE:
        return 0.0
    scale = np.sqrt(power[usable] * np.sum(one**2))
    return float(np.max(found[usable] / scale))


def _brighter(samples: Samples) -> npt.NDArray[np.float64]:
    """With less bass, in which all voices are alike."""
    return np.diff(samples.astype(np.float64))
