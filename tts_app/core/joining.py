"""Piper's clauses joined to one stream: padding trimmed, pauses as long as speech has them."""

from __future__ import annotations

import numpy as np

from common.audio import Samples

COMMA_PAUSE_SECONDS = 0.08
SENTENCE_PAUSE_SECONDS = 0.2
LAST_PAUSE_SECONDS = 0.1
KEPT_LEAD_SECONDS = 0.005
KEPT_TAIL_SECONDS = 0.03
FADE_IN_SECONDS = 0.002
FADE_OUT_SECONDS = 0.01
SILENCE = 0.003
"""Share of the loudest sample below which a sample is padding."""

_SENTENCE_ENDS = ".!?…。！？։؟۔।॥"
_CLOSERS = "\"'”’»)）」』】"


class Joiner:
    """Chunks of speech in, one stream without clicks out."""

    def __init__(self, rate_hz: int, speed: float = 1.0) -> None:
        self._rate_hz = rate_hz
        self._speed = speed
        self._pause_seconds = 0.0

    def add(self, samples: Samples) -> Samples:
        """The chunk without its padding, after the pause that is due before it."""
        trimmed = trim(samples, self._rate_hz)
        if not len(trimmed):
            return trimmed
        pause, self._pause_seconds = self._pause_seconds, SENTENCE_PAUSE_SECONDS
        return np.concatenate([self._silence(pause), trimmed])

    def end_clause(self, clause: str) -> None:
        """The next chunk begins another clause."""
        ends = clause.rstrip(_CLOSERS).endswith(tuple(_SENTENCE_ENDS))
        is_open = clause.rstrip(_CLOSERS)[-1:] in ",;:—–、，；："
        if self._pause_seconds:
            self._pause_seconds = (
                COMMA_PAUSE_SECONDS if is_open and not ends else SENTENCE_PAUSE_SECONDS
            )

    def finish(self) -> Samples:
        """A little silence, so that no player cuts the last sound."""
        return self._silence(LAST_PAUSE_SECONDS if self._pause_seconds else 0.0)

    def _silence(self, seconds: float) -> Samples:
        seconds = max(0.0, seconds / self._speed - KEPT_TAIL_SECONDS)
        return np.zeros(int(seconds * self._rate_hz), np.float32)


def trim(samples: Samples, rate_hz: int) -> Samples:
    """The samples without silence around them, faded in and out; empty when silent."""
    loudness = np.abs(samples)
    peak = float(loudness.max(initial=0.0))
    heard = np.flatnonzero(loudness > peak * SILENCE)
    if not len(heard):
        return samples[:0]
    begin = max(0, heard[0] - int(KEPT_LEAD_SECONDS * rate_hz))
    end = min(len(samples), heard[-1] + 1 + int(KEPT_TAIL_SECONDS * rate_hz))
    trimmed = samples[begin:end].astype(np.float32, copy=True)
    rise = min(len(trimmed), int(FADE_IN_SECONDS * rate_hz))
    fall = min(len(trimmed), int(FADE_OUT_SECONDS * rate_hz))
    trimmed[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    trimmed[len(trimmed) - fall :] *= np.linspace(1.0, 0.0, fall, dtype=np.float32)
    return trimmed
