"""Several channels as one, also where they cancel each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from common.audio import Samples

Frames = npt.NDArray[np.float32]
"""Samples of several channels, shape (n, channels)."""

_BLOCK_SECONDS = 0.02
_KEPT_ENERGY = 0.95
"""Of the energy so far after each block: a time constant of 0.4 s."""
_CANCELLED_BELOW = 0.25
"""The energy of the sum over the sum of the energies. It is 1 for channels that have
nothing in common, the number of channels for equal ones, and 0 for opposite ones."""
_MIXED_ABOVE = 0.5
_CLEARLY_LOUDER = 2.0


class ChannelMixer:
    """The mean of the channels of a stream, or the loudest one while they cancel.

    One microphone wired with the wrong polarity is enough for that. The choice for each
    block of 20 ms follows from the audio before it, so nothing is delayed, and the
    split of the stream makes no difference.
    """

    def __init__(self, channels: int, rate_hz: int) -> None:
        self._mean = np.full(channels, 1 / channels, np.float32)
        self._before = self._weights = self._mean
        """The weights of the channels change from one to the other over a block."""
        self._block = max(1, round(rate_hz * _BLOCK_SECONDS))
        self._at = 0
        self._each = np.zeros(channels)
        self._sum = 0.0
        self._loudest: int | None = None

    def push(self, frames: Frames) -> Samples:
        """Mono float32, shape (n,), of frames of shape (n, channels), both in [-1, 1]."""
        if frames.shape[1] == 1:
            return frames[:, 0]
        mixed, at = [], 0
        while at < len(frames) or not mixed:
            piece = frames[at : at + self._block - self._at]
            mixed.append(self._mixed(piece))
            self._measure(piece)
            at += len(piece)
        return mixed[0] if len(mixed) == 1 else np.concatenate(mixed)

    def _mixed(self, piece: Frames) -> Samples:
        if self._before is self._weights:
            same: Samples = piece @ self._weights
            return same
        place = np.arange(self._at, self._at + len(piece), dtype=np.float32)
        share = (place / self._block)[:, None]
        weights = self._before * (1 - share) + self._weights * share
        changing: Samples = (piece * weights).sum(axis=1, dtype=np.float32)
        return changing

    def _measure(self, piece: Frames) -> None:
        self._each += np.square(piece, dtype=np.float64).sum(axis=0)
        self._sum += float(np.square(piece.sum(axis=1), dtype=np.float64).sum())
        self._at += len(piece)
        if self._at == self._block:
            self._at = 0
            self._choose()
            self._each *= _KEPT_ENERGY
            self._sum *= _KEPT_ENERGY

    def _choose(self) -> None:
        self._before = self._weights
        limit = _CANCELLED_BELOW if self._loudest is None else _MIXED_ABOVE
        total = float(self._each.sum())
        if not total:
            return
        if self._sum >= limit * total:
            self._loudest, self._weights = None, self._mean
            return
        loudest = int(self._each.argmax())
        now = self._loudest
        if now is None or self._each[loudest] > _CLEARLY_LOUDER * self._each[now]:
            self._loudest = loudest
            self._weights = np.zeros_like(self._mean)
            self._weights[loudest] = 1.0


def mixed(frames: Frames, rate_hz: int) -> Samples:
    """A whole recording as mono float32, shape (n,), of frames of shape (n, channels)."""
    return ChannelMixer(frames.shape[1], rate_hz).push(frames)
