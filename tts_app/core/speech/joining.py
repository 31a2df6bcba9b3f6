"""Joins Piper's clauses into one stream: trims padding, inserts natural pauses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from common.audio import Samples

COMMA_PAUSE_SECONDS = 0.13
SENTENCE_PAUSE_SECONDS = 0.24
LAST_PAUSE_SECONDS = 0.18
"""About as long as Piper's own, so that the duration matches a synthesis in one
piece."""
KEPT_LEAD_SECONDS = 0.005
KEPT_TAIL_SECONDS = 0.03
"""Padding to keep around a sentence: it contains quiet breath and the ends of
fricatives."""
FADE_IN_SECONDS = 0.004
FADE_OUT_SECONDS = 0.01
"""Too short to be audible as a fade, and long enough to avoid clicks."""
SILENCE = 0.003
"""Fraction of full scale below which a sample is padding (-50 dB)."""

_SENTENCE_ENDS = ".!?…。！？։؟۔।॥"
_CLOSERS = "\"'”’»)）」』】"


@dataclass(frozen=True, eq=False)
class Joined:
    """Samples to send, and the shift of their sentence in the stream."""

    samples: Samples
    """Mono float32 in [-1, 1] at the rate of what was added."""
    shift_seconds: float | None = None
    """Known with the sentence's first sound; set once."""
    pause_samples: int = 0
    """The number of samples in the pause before that sound."""


class Joiner:
    """Parts of sentences in, one stream without clicks out.

    All samples are mono float32 in [-1, 1] at `rate_hz`; `loudest` is what the voice
    makes of a full-scale sample, which tells padding from quiet speech.
    """

    def __init__(
        self, rate_hz: int, *, speed: float = 1.0, loudest: float = 1.0
    ) -> None:
        self._rate_hz = rate_hz
        self._speed = speed
        self._silence = SILENCE * loudest
        self._pause_seconds = 0.0
        self._asked_seconds = 0.0
        self._spoke = False
        self._held = np.zeros(0, np.float32)
        """The end of an open sentence: padding if nothing follows."""
        self._in_sentence = False
        """Whether the open sentence has produced sound."""
        self._kept_samples = 0
        """Padding behind the last sound, which is a part of the next pause."""

    def add(self, samples: Samples, *, is_last: bool = True) -> Joined:
        """What can be sent of the sentence, after the pause that is due before it.

        Both are mono float32 in [-1, 1] at the joiner's rate, shape (n,).
        """
        samples, self._held = _joined(self._held, samples), samples[:0]
        loud = np.abs(samples) > self._silence
        if not loud.any():
            return self._quiet(samples, is_last=is_last)
        shift_seconds = None
        pause = samples[:0]
        last = len(loud) - int(loud[::-1].argmax())
        if not self._in_sentence:
            begin = max(0, int(loud.argmax()) - self._samples(KEPT_LEAD_SECONDS))
            pause = self._due()
            shift_seconds = (len(pause) - begin) / self._rate_hz
            samples, last = self._faded_in(samples[begin:]), last - begin
            self._in_sentence = self._spoke = True
        if is_last:
            sent = self._ended(samples, last)
        else:
            # It is not known yet whether this is where the sentence fades out.
            kept = max(0, last - self._samples(FADE_OUT_SECONDS))
            sent, self._held = samples[:kept], samples[kept:]
        return Joined(_joined(pause, sent), shift_seconds, len(pause))

    def _quiet(self, samples: Samples, *, is_last: bool) -> Joined:
        """Silence at the end of a sentence is padding, and in its middle a pause."""
        if is_last and self._in_sentence:
            return Joined(self._ended(samples, 0))
        self._held = samples[:0] if is_last else samples
        return Joined(samples[:0])

    def _ended(self, samples: Samples, last: int) -> Samples:
        """The end of a sentence whose last sound ends at `last`."""
        end = min(len(samples), last + self._samples(KEPT_TAIL_SECONDS))
        self._kept_samples = end - last
        self._pause_seconds = SENTENCE_PAUSE_SECONDS
        self._in_sentence = False
        return self._faded_out(samples[:end])

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
        """Use silence of exactly this length before the next chunk, instead of ours."""
        self._asked_seconds += seconds

    def finish(self) -> tuple[Samples, Samples]:
        """The end of a sentence that broke off, faded out there; and a little silence, so
        that no player cuts the last sound, or what was asked for.

        Both are mono float32 in [-1, 1] at the joiner's rate, shape (n,).
        """
        broken_off = (
            self.add(self._held[:0]).samples if self._in_sentence else self._held[:0]
        )
        if self._spoke:
            self._pause_seconds = LAST_PAUSE_SECONDS
        return broken_off, self._due()

    def _due(self) -> Samples:
        """The silence before the next audio, minus the kept padding."""
        seconds = self._asked_seconds or self._pause_seconds / self._speed
        self._asked_seconds = self._pause_seconds = 0.0
        length = round(seconds * self._rate_hz) - self._kept_samples
        self._kept_samples = 0
        return np.zeros(max(0, length), np.float32)

    def _faded_in(self, samples: Samples) -> Samples:
        faded = samples.astype(np.float32, copy=True)
        rise = min(len(faded), self._samples(FADE_IN_SECONDS))
        faded[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
        return faded

    def _faded_out(self, samples: Samples) -> Samples:
        faded = samples.astype(np.float32, copy=True)
        fall = min(len(faded), self._samples(FADE_OUT_SECONDS))
        faded[len(faded) - fall :] *= np.linspace(1.0, 0.0, fall, dtype=np.float32)
        return faded

    def _samples(self, seconds: float) -> int:
        return int(seconds * self._rate_hz)


def _joined(one: Samples, other: Samples) -> Samples:
    """Both, without a copy where one of them is empty."""
    if len(one) and len(other):
        return np.concatenate([one, other])
    return one if len(one) else other
