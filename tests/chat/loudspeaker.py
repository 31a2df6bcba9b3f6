"""A client's loudspeaker, simulated: what was played when, to the sample."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from common.audio import Samples

BUFFER_SECONDS = 0.06
"""How long audio is held before it is played, so that late packets are not heard."""
AUDIBLE = 0.01
"""The amplitude from which a sample is heard."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Audio of one response that is played without a gap."""

    number: int
    begins_at: float
    samples: Samples
    rate_hz: int

    @property
    def ends_at(self) -> float:
        return self.begins_at + len(self.samples) / self.rate_hz

    def before(self, when: float) -> Piece:
        return replace(self, samples=self.samples[: self._index(when)])

    def after(self, when: float) -> Piece:
        index = self._index(when)
        begins_at = self.begins_at + index / self.rate_hz
        return replace(self, begins_at=begins_at, samples=self.samples[index:])

    def _index(self, when: float) -> int:
        index = round((when - self.begins_at) * self.rate_hz)
        return min(max(0, index), len(self.samples))


class Loudspeaker:
    """Plays what comes, after a buffer. All times are those of one clock, in seconds."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._held: list[Piece] = []
        """Not played: the loudspeaker is paused."""
        self._is_paused = False

    def put(self, number: int, samples: Samples, rate_hz: int, now: float) -> None:
        """Audio of that response has arrived."""
        last = self._pieces[-1].ends_at if self._pieces else 0.0
        piece = Piece(number, max(last, now + BUFFER_SECONDS), samples, rate_hz)
        (self._held if self._is_paused else self._pieces).append(piece)

    def pause(self, now: float) -> None:
        """Play nothing from now on; what is left is kept."""
        if not self._is_paused:
            self._held = self._cut(now)
            self._is_paused = True

    def resume(self, now: float) -> None:
        """Go on where it was paused."""
        if not self._is_paused:
            return
        self._is_paused = False
        for piece in self._held:
            begun = replace(piece, begins_at=now)
            self._pieces.append(begun)
            now = begun.ends_at
        self._held = []

    def stop(self, now: float) -> None:
        """Drop what is left."""
        self._cut(now)
        self._held, self._is_paused = [], False

    def first_audible_at(self, number: int) -> float | None:
        """When the response became audible; None if it did not."""
        for piece in self._of(number):
            heard = np.flatnonzero(np.abs(piece.samples) > AUDIBLE)
            if len(heard):
                return piece.begins_at + float(heard[0]) / piece.rate_hz
        return None

    def last_audible_at(self, number: int) -> float | None:
        """When the response was heard last; None if it was not heard."""
        for piece in reversed(self._of(number)):
            heard = np.flatnonzero(np.abs(piece.samples) > AUDIBLE)
            if len(heard):
                return piece.begins_at + float(heard[-1]) / piece.rate_hz
        return None

    def first_audible_seconds(self, number: int) -> float | None:
        """The silence at the beginning of the response's audio."""
        seconds = 0.0
        for piece in self._of(number):
            heard = np.flatnonzero(np.abs(piece.samples) > AUDIBLE)
            if len(heard):
                return seconds + float(heard[0]) / piece.rate_hz
            seconds += len(piece.samples) / piece.rate_hz
        return None

    def played_seconds(self, number: int, now: float) -> float:
        """How much of the response was played by now."""
        return sum(
            len(piece.before(now).samples) / piece.rate_hz for piece in self._of(number)
        )

    def played(self, number: int) -> Samples:
        """What was played of the response, or will be."""
        parts = [piece.samples for piece in self._of(number)]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def is_silent(self, now: float) -> bool:
        """Whether there is nothing left to play."""
        return not self._held and all(piece.ends_at <= now for piece in self._pieces)

    def sound(self, start: float, count: int, rate_hz: int) -> Samples:
        """`count` samples of what is played from `start` on, at that rate."""
        mixed = np.zeros(count, np.float32)
        times = start + np.arange(count) / rate_hz
        for piece in reversed(self._pieces):
            if piece.ends_at <= start:
                break
            if len(piece.samples) and piece.begins_at < times[-1]:
                at = (times - piece.begins_at) * piece.rate_hz
                places = np.arange(len(piece.samples))
                mixed += np.interp(at, places, piece.samples, left=0, right=0)
        return mixed

    def _of(self, number: int) -> list[Piece]:
        return [piece for piece in self._pieces if piece.number == number]

    def _cut(self, now: float) -> list[Piece]:
        """Take what is not yet played out of the pieces, and return it."""
        left = [piece.after(now) for piece in self._pieces]
        self._pieces = [piece.before(now) for piece in self._pieces]
        return [piece for piece in left if len(piece.samples)]
