"""Detects echo: whether the played waveform is in the microphone's audio."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.audio import SPEECH_RATE_HZ, Audio, Samples

HEARD_SECONDS = 0.25
"""The length of the microphone's audio that is compared: several speech sounds."""
EARLIEST_SECONDS = 1.0
LATEST_SECONDS = 0.3
"""How much audio before and after the assumed position may be audible now. It covers the
delay of the room and of both computers, and the error of the position."""
ECHO_LIKENESS = 0.6
"""The correlation from which on a sound is an echo. A direct echo has 0.9 to 1, one with as
much reverberation as direct sound 0.7 to 0.9, another voice less than 0.25, and a voice
10 dB louder than the echo 0.3 in the median."""
QUIETER_SHARE = 0.1
"""Sound with less than this share of the echo's power (-10 dB) belongs to the echo: between
two words room noise hides the waveform. A user who talks over the loudspeaker is louder."""
_SILENCE = 1e-9
_LEAST_SHARE = 0.005
"""The least power of a stretch that is compared, as a share of the loudest one."""


@dataclass(frozen=True, eq=False)
class Part:
    """Samples of a reply with their position in it: mono float32 in [-1, 1], shape (n,)."""

    begins_seconds: float
    samples: Samples
    rate_hz: int

    @property
    def ends_seconds(self) -> float:
        return self.begins_seconds + len(self.samples) / self.rate_hz


class PlayedAudio:
    """The audio of one reply that may be heard now."""

    def __init__(self) -> None:
        self._parts: deque[Part] = deque()
        self._echo_power = 0.0
        """The highest power of its echo where that was recognised."""

    def add(self, begins_seconds: float, samples: Samples, rate_hz: int) -> None:
        """Add a part of the reply that was sent."""
        self._parts.append(Part(begins_seconds, samples, rate_hz))

    def forget(self, position_seconds: float) -> None:
        """Drop the parts that can no longer be audible at this position."""
        earliest = position_seconds - EARLIEST_SECONDS
        while self._parts and self._parts[0].ends_seconds < earliest:
            self._parts.popleft()

    def is_heard_in(self, heard: Samples, position_seconds: float) -> bool:
        """Whether the microphone's newest audio (mono float32 at 16 kHz) contains the reply.

        `position_seconds` is the approximate position of playback.
        """
        self.forget(position_seconds)
        latest = position_seconds + LATEST_SECONDS
        parts = [part for part in self._parts if part.begins_seconds < latest]
        if not parts or not len(heard):
            return False
        newest = heard[-round(HEARD_SECONDS * SPEECH_RATE_HZ) :]
        power = float(np.mean(np.square(newest, dtype=np.float64)))
        if power < QUIETER_SHARE * self._echo_power:
            return True
        played = Audio(np.concatenate([p.samples for p in parts]), parts[0].rate_hz)
        like = likeness(newest, played.resampled(SPEECH_RATE_HZ).samples)
        if like < ECHO_LIKENESS:
            return False
        self._echo_power = max(self._echo_power, power)
        return True


def likeness(heard: Samples, played: Samples) -> float:
    """The highest normalised cross-correlation, 0 to 1; 0 for silence.

    Both are mono float32 at the same rate, shapes (n,) and (m,). The result does not depend
    on loudness or delay.
    """
    one, count = _brighter(heard), max(0, len(heard) - 1)
    # The reply may begin or end within the heard audio.
    other = np.pad(_brighter(played), count)
    if not count:
        return 0.0
    size = 1 << (len(other) - 1).bit_length()  # only complete overlaps are used
    spectrum = np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size))
    found = np.abs(np.fft.irfft(spectrum, size)[: len(other) - count + 1])
    power = np.concatenate([[0.0], np.cumsum(other**2)])
    power = power[count:] - power[:-count]
    loudest = power.max()
    # A nearly silent stretch correlates with anything.
    usable = power > _LEAST_SHARE * loudest + _SILENCE
    if not usable.any() or np.sum(one**2) < _SILENCE:
        return 0.0
    scale = np.sqrt(power[usable] * np.sum(one**2))
    return float(np.max(found[usable] / scale))


def _brighter(samples: Samples) -> npt.NDArray[np.float64]:
    """The samples with less bass, in which all voices are similar."""
    return np.diff(samples.astype(np.float64))
