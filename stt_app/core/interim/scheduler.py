"""Schedules interim results and speculative finals of the open utterance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from common.audio import SPEECH_RATE_HZ
from common.metrics import SPECULATIVE_TRANSCRIPTS
from stt_app.core.endpointing.events import (
    AudioHeard,
    CandidateDropped,
    EndpointEvent,
    PauseBegun,
    SpeechCandidate,
    SpeechContinued,
    SpeechResumed,
    UtteranceEnded,
)
from stt_app.core.endpointing.utterance import OpenUtterance
from stt_app.core.engine import SttEngine, Transcript, TranscriptionRequest
from stt_app.core.engine_load import EngineLoad
from stt_app.core.events import SpeculativeFinal
from stt_app.core.interim.interim_results import InterimResults
from stt_app.core.interim.speculative_final import SpeculativeTranscript


class InterimScheduler:
    """Decides after each chunk of audio whether to request a text, and which.

    `open_utterance` returns the audio, `request` builds the engine's request from it,
    and `emit` gets the text of a speculative final while the pause lasts.
    """

    def __init__(
        self,
        engine: SttEngine,
        load: EngineLoad,
        interim_results: InterimResults,
        open_utterance: Callable[[], OpenUtterance | None],
        request: Callable[[OpenUtterance], TranscriptionRequest],
        emit: Callable[[SpeculativeFinal], None],
    ) -> None:
        self._engine = engine
        self._load = load
        self._interim_results = interim_results
        self._open_utterance = open_utterance
        self._request = request
        self._emit = emit
        self._speech: SpeechCandidate | SpeechContinued | None = None
        self._pause: PauseBegun | None = None
        self._position = 0
        self._speculative: SpeculativeTranscript | None = None
        self._shared = False
        """Whether the speculative final is also used as an interim result."""

    def hear(self, heard: AudioHeard) -> None:
        """So far the audio has come."""
        self._position = heard.position_sample

    def take(self, event: EndpointEvent) -> None:
        """Follow where speech is."""
        if isinstance(event, PauseBegun):
            self._pause = event
        elif isinstance(event, SpeechResumed):
            self._pause = None
        elif isinstance(event, SpeechCandidate | SpeechContinued):
            self._speech = event
        elif isinstance(event, UtteranceEnded | CandidateDropped):
            self._speech = self._pause = None

    def look(self, *, interim_results: bool) -> None:
        """Request a text of the open utterance, if it is time for one."""
        if self._pause is not None and self._prepare_now:
            if self._prepare() and interim_results:
                self._share()
            return
        self._drop_speculative()
        # An interim result would delay the speculative final.
        if not interim_results or self._speech is None or self._may_end:
            return
        if not self._load.allows_interim:
            return
        number, seconds = self._speech.utterance_id, self._spoken_seconds
        if self._interim_results.due(number, seconds):
            utterance = self._open_utterance()
            if utterance is not None:
                request = replace(self._request(utterance), word_timestamps=False)
                start = utterance.start_sample
                self._interim_results.ask(number, start, seconds, request)

    def end(self, ended: UtteranceEnded | None = None) -> SpeculativeTranscript | None:
        """The utterance is over; returns its speculative final, if one covers it."""
        self._interim_results.end()
        found = self._speculative
        covers = (ended.start_sample, ended.speech_end_sample) if ended else None
        if found is not None and covers and found.fits(*covers):
            self._speculative, self._shared = None, False
            return found
        self._shared = False
        self._drop_speculative()
        return None

    @property
    def _may_end(self) -> bool:
        """Whether a pause has begun in which a speculative final will start."""
        return self._pause is not None and self._pause.prepare_at_sample is not None

    @property
    def _prepare_now(self) -> bool:
        """Whether the pause is long enough for that."""
        if self._pause is None or self._pause.prepare_at_sample is None:
            return False
        return self._position >= self._pause.prepare_at_sample

    @property
    def _spoken_seconds(self) -> float:
        """The duration of speech in the open utterance, including pauses."""
        if self._speech is None:
            return 0.0
        return (self._position - self._speech.voiced_sample) / SPEECH_RATE_HZ

    def _prepare(self) -> bool:
        """Start a speculative final. Returns whether there is a new one."""
        if self._speech is None or self._pause is None:
            return False
        covers = self._speech.start_sample, self._pause.speech_end_sample
        if self._speculative is not None:
            if self._speculative.fits(*covers):
                return False
            self._drop_speculative()
        utterance = self._open_utterance() if self._load.allows_speculation else None
        if utterance is None:
            return False
        request = self._request(utterance)
        made = SpeculativeTranscript(self._engine, request, *covers)
        self._speculative = made
        made.when_ready(partial(self._tell, made, self._speech.utterance_id, *covers))
        return True

    def _tell(
        self,
        made: SpeculativeTranscript,
        number: int,
        start: int,
        end: int,
        found: Transcript,
    ) -> None:
        """Emit the text, unless speech has resumed or the utterance has ended."""
        if made is self._speculative:
            self._emit(SpeculativeFinal(number, start, end, found))

    def _share(self) -> None:
        if self._speech is None or self._speculative is None:
            return
        number, start = self._speech.utterance_id, self._speech.start_sample
        self._shared = self._interim_results.share(
            number, start, self._spoken_seconds, self._speculative
        )

    def _drop_speculative(self) -> None:
        if self._speculative is None:
            return
        if self._shared:
            self._speculative.demote()
        else:
            self._speculative.drop()
        self._speculative, self._shared = None, False
        SPECULATIVE_TRANSCRIPTS.labels("wrong").inc()
