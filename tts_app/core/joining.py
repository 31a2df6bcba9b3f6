"""Piper's clauses joined to one stream: padding trimmed, pauses as long as speech has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.audio import Samples

COMMA_PAUSE_SECONDS = 0.13
SENTENCE_PAUSE_SECONDS = 0.24
LAST_PAUSE_SECONDS = 0.18
"""About as long as Piper's own, so that a text lasts as long as in one piece."""
KEPT_LEAD_SECONDS = 0.005
KEPT_TAIL_SECONDS = 0.03
FADE_IN_SECONDS = 0.004
FADE_OUT_SECONDS = 0.01
SILENCE = 0.003
"""Share of the loudest sample below which a sample is padding."""

_SENTENCE_ENDS = ".!?…。！？։؟۔।॥"
_CLOSERS = "\"'”’»)）」』】"


@dataclass(frozen=True, eq=False)
class Joined:
    """Samples to send, and how much later the chunk is heard than it was made."""

    samples: Samples
    shift_seconds: float = 0.0


class Joiner:
    """Chunks of speech in, one stream without clicks out."""

    def __init__(self, rate_hz: int, speed: float = 1.0) -> None:
        self._rate_hz = rate_hz
        self._speed = speed
        self._pause_seconds = 0.0
        self._asked_seconds = 0.0
        self._spoke = False
        self._kept_samples = 0
        """Padding behind the last sound, which is a part of the next pause."""

    def add(self, samples: Samples) -> Joined:
        """The chunk without its padding, after the pause that is due before it."""
        first, last = heard(samples)
        if first == last:
            return Joined(samples[:0])
        begin = max(0, first - int(KEPT_LEAD_SECONDS * self._rate_hz))
        end = min(len(samples), last + int(KEPT_TAIL_SECONDS * self._rate_hz))
        pause, self._kept_samples = self._due(), end - last
        self._pause_seconds = SENTENCE_PAUSE_SECONDS
        self._spoke = True
        faded = fade(samples[begin:end], self._rate_hz)
        return Joined(
            np.concatenate([pause, faded]), (len(pause) - begin) / self._rate_hz
        )

    def end_clause(self, clause: str) -> None:
        """The next chunk begins another clause."""
        if not self._pause_seconds:
            return
        last = clause.rstrip(_CLOSERS)
        ends = last.endswith(tuple(_SENTENCE_ENDS))
        is_open = last[-1:] in ",;:—–、，；："
        self._pause_seconds = (
            COMMA_PAUSE_SECONDS if is_open and not ends else SENTENCE_PAUSE_SECONDS
        )

    def pause(self, seconds: float) -> None:
        """Silence of exactly this length before the next chunk, instead of ours."""
        self._asked_seconds += seconds

    def finish(self, less_seconds: float = 0.0) -> Samples:
        """A little silence, so that no player cuts the last sound; or what was asked for.

        `less_seconds` is what the codec adds by itself.
        """
        if self._spoke:
            self._pause_seconds = LAST_PAUSE_SECONDS
        due = self._due()
        return due[: max(0, len(due) - round(less_seconds * self._rate_hz))]

    def _due(self) -> Samples:
        """The silence before what comes now, less the padding that was kept."""
        seconds = self._asked_seconds or self._pause_seconds / self._speed
        self._asked_seconds = self._pause_seconds = 0.0
        length = round(seconds * self._rate_hz) - self._kept_samples
        self._kept_samples = 0
        return np.zeros(max(0, length), np.float32)


def heard(samples: Samples) -> tuple[int, int]:
    """Begin and end of what can be heard; equal when silent."""
    loudness = np.abs(samples)
    peak = float(loudness.max(initial=0.0))
    loud = np.flatnonzero(loudness > peak * SILENCE)
    if not len(loud):
        return 0, 0
    return int(loud[0]), int(loud[-1]) + 1


def fade(samples: Samples, rate_hz: int) -> Samples:
    """The samples faded in and out, so that they may stand beside silence."""
    faded = samples.astype(np.float32, copy=True)
    rise = min(len(faded), int(FADE_IN_SECONDS * rate_hz))
    fall = min(len(faded), int(FADE_OUT_SECONDS * rate_hz))
    faded[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    faded[len(faded) - fall :] *= np.linspace(1.0, 0.0, fall, dtype=np.float32)
    return faded
