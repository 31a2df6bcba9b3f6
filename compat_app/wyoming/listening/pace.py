"""Tells a recording from a microphone, by how fast its audio comes."""

from __future__ import annotations

from collections.abc import Callable

RECORDING_SECONDS = 1.0
"""Audio that is further ahead of the clock comes from a recording: a microphone is only
ahead by what a network or a wake word held back. It is about the shortest command with
the pause behind it, so that a recording is known before its first pause ends."""
LONGEST_LEAD_SECONDS = 4.0
"""More is not counted, so that it is soon known when no more audio comes."""
CATCHING_UP = 2.0
"""A lead is forgotten at this rate; a recording comes faster still."""


class Pace:
    """The lead of the audio over the clock, of which the older part is forgotten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counted_at = clock()
        self._lead_seconds = 0.0

    @property
    def is_a_recording(self) -> bool:
        """Whether the audio comes faster than anybody speaks."""
        return self.doubt_seconds > 0

    @property
    def doubt_seconds(self) -> float:
        """For how long it is a recording, if no more audio comes."""
        self._forget()
        return max(0.0, self._lead_seconds - RECORDING_SECONDS) / CATCHING_UP

    def add(self, seconds: float) -> None:
        """So much audio came just now."""
        self._forget()
        self._lead_seconds = min(LONGEST_LEAD_SECONDS, self._lead_seconds + seconds)

    def _forget(self) -> None:
        now = self._clock()
        caught_up = CATCHING_UP * (now - self._counted_at)
        self._lead_seconds = max(0.0, self._lead_seconds - caught_up)
        self._counted_at = now
