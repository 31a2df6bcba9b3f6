"""Audio as it comes, cut into the parts that an engine gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.audio import Samples


@dataclass(frozen=True)
class PartLengths:
    """Of the parts of a clause, in seconds."""

    first_seconds: float
    part_seconds: float
    kept_seconds: float
    """Held back, so that the last part is not empty or a moment of silence."""


AWAITED = PartLengths(first_seconds=0.1, part_seconds=0.25, kept_seconds=0.05)
"""For a clause that somebody waits for: the first part is short."""
LATER = PartLengths(first_seconds=1.0, part_seconds=1.0, kept_seconds=0.5)


class Slicer:
    """Samples of any length in, parts out; the end of the audio is always held back."""

    def __init__(self, lengths: PartLengths, rate_hz: int) -> None:
        self._first = int(lengths.first_seconds * rate_hz)
        self._part = int(lengths.part_seconds * rate_hz)
        self._kept = int(lengths.kept_seconds * rate_hz)
        self._is_first = True
        self._held: list[Samples] = []
        self._count = 0

    def push(self, samples: Samples) -> list[Samples]:
        """The parts that are complete. Mono float32 at the slicer's rate."""
        self._held.append(samples)
        self._count += len(samples)
        wanted = self._first if self._is_first else self._part
        if self._count < wanted + self._kept:
            return []
        whole = np.concatenate(self._held)
        parts = []
        if self._is_first:
            self._is_first = False
            parts, whole = [whole[: self._first]], whole[self._first :]
        if len(whole) >= self._part + self._kept:
            cut = len(whole) - self._kept
            parts, whole = [*parts, whole[:cut]], whole[cut:]
        self._held, self._count = [whole], len(whole)
        return parts

    def finish(self) -> Samples:
        """What was held back; empty when there was no audio at all."""
        return np.concatenate(self._held) if self._held else np.zeros(0, np.float32)
