"""What a loudspeaker plays: a queue of samples with a buffer, pauses and cuts."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from common.audio import Samples

BUFFER_SECONDS = 0.06
AUDIBLE = 0.01
"""The level from which a sample counts as sound: -40 dB of full scale."""


class Playback:
    """Mono float32 at `rate_hz`, taken block by block as it is played.

    The samples that were taken are its clock, so it works for a device, whose thread
    takes them, and for a simulated loudspeaker. Safe to use from two threads.
    """

    def __init__(self, rate_hz: int, buffer_seconds: float = BUFFER_SECONDS) -> None:
        self.rate_hz = rate_hz
        self._buffer = round(buffer_seconds * rate_hz)
        self._queue: deque[tuple[int, Samples]] = deque()
        self._lock = threading.Lock()
        self._wait = 0
        """Samples of silence until the buffer is full."""
        self._paused = False
        self._played: dict[int, int] = {}
        self._audible_at: dict[int, float] = {}

    def add(self, number: int, samples: Samples) -> None:
        """Play these samples of the reply with that number after what is queued."""
        if not len(samples):
            return
        with self._lock:
            if not self._queue:
                self._wait = max(self._wait, self._buffer)
            self._queue.append((number, samples))

    def pause(self, *, paused: bool) -> None:
        """Play silence, or go on with the next sample."""
        with self._lock:
            self._paused = paused

    def flush(self) -> None:
        """Forget what was not played."""
        with self._lock:
            self._queue.clear()
            self._paused = False
            self._wait = 0

    def take(self, count: int, at: float) -> Samples:
        """The next `count` samples; `at` is the time when the first of them sounds."""
        block = np.zeros(count, np.float32)
        with self._lock:
            if self._paused:
                return block
            done = min(self._wait, count)
            self._wait -= done
            while done < count and self._queue:
                done += self._fill(block, done, at)
        return block

    def _fill(self, block: Samples, done: int, at: float) -> int:
        number, samples = self._queue.popleft()
        piece, rest = np.split(samples, [len(block) - done])
        if len(rest):
            self._queue.appendleft((number, rest))
        block[done : done + len(piece)] = piece
        self._played[number] = self._played.get(number, 0) + len(piece)
        if number not in self._audible_at:
            audible = np.flatnonzero(np.abs(piece) > AUDIBLE)
            if len(audible):
                first = done + int(audible[0])
                self._audible_at[number] = at + first / self.rate_hz
        return len(piece)

    def played_seconds(self, number: int) -> float:
        """How much of that reply was taken."""
        return self._played.get(number, 0) / self.rate_hz

    def audible_at(self, number: int) -> float | None:
        """When that reply became audible; None before."""
        return self._audible_at.get(number)

    def is_silent(self) -> bool:
        """Whether nothing is left to play."""
        with self._lock:
            return not self._queue
