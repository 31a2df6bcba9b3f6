"""When the latest speech arrived: latencies count from there."""

from __future__ import annotations

from collections.abc import Callable

from stt_app.core.endpointing.events import (
    AudioHeard,
    CandidateDropped,
    EndpointEvent,
    EndReason,
    PauseBegun,
    SpeechCandidate,
    SpeechContinued,
    SpeechResumed,
    UtteranceEnded,
)


class SpeechClock:
    """Follows the events of one stream and reads the clock while somebody speaks."""

    def __init__(self, start_sample: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._position = start_sample
        self._speaking = False
        self.speech_end_at = 0.0
        """When the chunk arrived in which the latest speech ended."""

    def hear(self, heard: AudioHeard) -> None:
        """So far the audio has come."""
        if self._speaking and heard.position_sample > self._position:
            self.speech_end_at = self._clock()
        self._position = heard.position_sample

    def take(self, event: EndpointEvent) -> None:
        """Follow where speech is."""
        if isinstance(event, SpeechCandidate | SpeechContinued | SpeechResumed):
            self._speaking = True
        elif isinstance(event, PauseBegun):
            self._stop(event.speech_end_sample)
        elif isinstance(event, UtteranceEnded):
            # Cut speech has not ended; its latency counts from now.
            cut = event.reason is EndReason.LIMIT
            self._stop(event.end_sample if cut else event.speech_end_sample)
            if cut:
                self.speech_end_at = self._clock()
        elif isinstance(event, CandidateDropped):
            self._speaking = False

    def _stop(self, speech_end_sample: int) -> None:
        self._speaking = False
        if speech_end_sample > self._position:
            # The speech ended in the latest chunk.
            self.speech_end_at = self._clock()
