"""Whether a microphone hears the loudspeaker: the waveform of what was played is in it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.audio import SPEECH_RATE_HZ, Audio, Samples

HEARD_SECONDS = 0.25
"""The newest part of the microphone's audio: long enough for several sounds of speech."""
EARLIEST_SECONDS = 1.0
LATEST_SECONDS = 0.3
"""The played audio that may be heard now, before and after the assumed position: the
delay of the room and of both computers, and the error of the position."""
LIKE_SHARE = 0.6
"""A direct echo is 0.9 to 1, one with as much reverberation as direct sound 0.7 to 0.9,
another voice below 0.25, and a voice 10 dB louder than the echo 0.3 in the median."""
QUIETER_SHARE = 0.1
"""Sound of less than this share of the power of the echo, 10 dB below it, is the echo
between two words, where room noise hides its waveform. Nobody speaks so low to be
heard over the loudspeaker."""
_SILENCE = 1e-9
_LEAST_SHARE = 0.005
"""Of the power of the loudest stretch."""


@dataclass(frozen=True, eq=False)
class Part:
    """Samples of a reply, and where in it they are."""

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
        """Of its echo where that was recognised, at the loudest."""

    def add(self, begins_seconds: float, samples: Samples, rate_hz: int) -> None:
        """This part of the reply was sent."""
        self._parts.append(Part(begins_seconds, samples, rate_hz))

    def forget(self, position_seconds: float) -> None:
        """So much was played: what can no longer be heard is not needed."""
        earliest = position_seconds - EARLIEST_SECONDS
        while self._parts and self._parts[0].ends_seconds < earliest:
            self._parts.popleft()

    def is_heard_in(self, heard: Samples, position_seconds: float) -> bool:
        """Whether the microphone's newest audio, at 16 kHz, has its waveform.

        `position_seconds` is about how much of the reply was played.
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
        if like < LIKE_SHARE:
            return False
        self._echo_power = max(self._echo_power, power)
        return True


def likeness(heard: Samples, played: Samples) -> float:
    """The highest normalised cross-correlation, 0 to 1; 0 for silence.

    Both are mono float32 at the same rate, shapes (n,) and (m,). Neither the loudness nor
    the delay matters.
    """
    one, count = _brighter(heard), max(0, len(heard) - 1)
    # The reply may have begun, or have been cut, within what is heard.
    other = np.pad(_brighter(played), count)
    if not count:
        return 0.0
    size = 1 << (len(other) - 1).bit_length()  # only whole overlaps are read
    spectrum = np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size))
    found = np.abs(np.fft.irfft(spectrum, size)[: len(other) - count + 1])
    power = np.concatenate([[0.0], np.cumsum(other**2)])
    power = power[count:] - power[:-count]
    loudest = power.max()
    # A stretch of near silence is like anything.
    usable = power > _LEAST_SHARE * loudest + _SILENCE
    if not usable.any() or np.sum(one**2) < _SILENCE:
        return 0.0
    scale = np.sqrt(power[usable] * np.sum(one**2))
    return float(np.max(found[usable] / scale))


def _brighter(samples: Samples) -> npt.NDArray[np.float64]:
    """With less bass, in which all voices are alike."""
    return np.diff(samples.astype(np.float64))
