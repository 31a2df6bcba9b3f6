"""Notices that a stream has sound but no speech, as of audio that is read wrongly."""

from __future__ import annotations

from collections.abc import Iterable

from common.audio import SPEECH_RATE_HZ, Samples, rms
from stt_app.core.endpointing.events import (
    EndpointEvent,
    NoSpeechHeard,
    SpeechConfirmed,
    SpeechContinued,
    UtteranceEnded,
)

_AUDIBLE_RMS = 0.003
"""-50 dBFS: an open microphone in a quiet room is below that."""
_PATIENCE_SECONDS = 10.0


class SpeechSearch:
    """Tells once, and only before the first speech of a stream."""

    def __init__(self, *, found: bool = False) -> None:
        """`found`: there was speech before, on a connection that was lost."""
        self._over = found
        self._sounding_samples = 0

    def push(
        self, frame: Samples, events: Iterable[EndpointEvent]
    ) -> list[EndpointEvent]:
        """What to tell after a frame: mono float32 at 16 kHz in [-1, 1], of any length.

        `events` are those of the segmenter for it.
        """
        if self._over:
            return []
        speech = SpeechConfirmed | SpeechContinued | UtteranceEnded
        if any(isinstance(event, speech) for event in events):
            self._over = True
        elif rms(frame) >= _AUDIBLE_RMS:
            self._sounding_samples += len(frame)
        seconds = self._sounding_samples / SPEECH_RATE_HZ
        if self._over or seconds < _PATIENCE_SECONDS:
            return []
        self._over = True
        return [NoSpeechHeard(seconds)]
