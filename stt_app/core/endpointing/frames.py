"""Runs of audio frames with their position in the stream."""

from __future__ import annotations

from collections import deque

import numpy as np

from common.audio import SPEECH_RATE_HZ, Samples

_QUIET_WINDOW = SPEECH_RATE_HZ // 10


class FrameRun:
    """Consecutive frames of which the last one ends at the stream's sample `end`.

    All samples are mono float32 at 16 kHz in [-1, 1], shape (n,).
    """

    def __init__(self, end: int, samples: Samples | None = None) -> None:
        self._frames: deque[Samples] = deque()
        self._length = 0
        self._end = end
        if samples is not None and len(samples):
            # A copy, because a slice would keep the whole array in memory.
            self._frames.append(samples.copy())
            self._length = len(samples)

    def __len__(self) -> int:
        return self._length

    @property
    def start(self) -> int:
        return self._end - self._length

    def append(self, frame: Samples) -> None:
        """Add the next frame: mono float32 at 16 kHz in [-1, 1], shape (n,)."""
        self._frames.append(frame)
        self._length += len(frame)
        self._end += len(frame)

    def forget(self, keep: int) -> None:
        """Drop the oldest frames as long as `keep` samples remain."""
        while self._frames and self._length - len(self._frames[0]) >= keep:
            self._length -= len(self._frames.popleft())

    def samples(self) -> Samples:
        """All of it in one new array: mono float32 at 16 kHz in [-1, 1], shape (n,)."""
        if not self._frames:
            return np.zeros(0, np.float32)
        return np.concatenate(self._frames)


class Framer:
    """Cuts a stream of mono samples into frames of one length."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._rest = np.zeros(0, np.float32)

    def push(self, samples: Samples) -> list[Samples]:
        """The frames that are complete now, each of shape (length,).

        Samples and frames are mono float32 in [-1, 1] at one rate, whichever it is.
        """
        joined = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        whole = len(joined) - len(joined) % self._length
        self._rest = joined[whole:].copy()
        return [
            joined[start : start + self._length]
            for start in range(0, whole, self._length)
        ]

    def rest(self) -> Samples:
        """What does not fill a frame: mono float32, shape (n,), shorter than a frame.

        It is handed out once.
        """
        rest, self._rest = self._rest, self._rest[:0]
        return rest


def quietest_sample(samples: Samples) -> int:
    """The middle of the quietest 100 ms: a pause between words, not within one.

    The samples are mono float32 at 16 kHz in [-1, 1], shape (n,).
    """
    window = min(_QUIET_WINDOW, len(samples))
    if window == 0:
        return 0
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    return int(np.argmin(energy[window:] - energy[:-window])) + window // 2
