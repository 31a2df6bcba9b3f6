"""What is being said right now: its partial texts, and the guess at its final one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from common.audio import Samples
from common.metrics import SPECULATIVE_TRANSCRIPTS
from stt_app.core.endpointing.segmenter import Segmenter, UtteranceEnded
from stt_app.core.engine import SttEngine, TranscriptionRequest
from stt_app.core.engine_load import EngineLoad
from stt_app.core.interim.interim_results import InterimResults
from stt_app.core.interim.speculative_final import SpeculativeTranscript


class InterimScheduler:
    """Looks at the open utterance after each frame and asks for its text in time."""

    def __init__(
        self,
        engine: SttEngine,
        load: EngineLoad,
        partials: InterimResults,
        request: Callable[[Samples, float], TranscriptionRequest],
    ) -> None:
        self._engine = engine
        self._load = load
        self._partials = partials
        self._request = request
        self._guess: SpeculativeTranscript | None = None
        self._shared = False
        """Whether the guess's text is also waited for as a partial one."""

    def follow(self, segmenter: Segmenter, number: int, *, partials: bool) -> None:
        """Audio was heard; utterance `number` is open, or would be the next."""
        if segmenter.paused:
            if self._prepare(segmenter) and partials:
                self._share(segmenter, number)
            return
        self._drop_guess()
        # A partial text would keep the engine from preparing the final one.
        wanted = partials and segmenter.speaking and not segmenter.pausing
        if not wanted or not self._load.spares_partials:
            return
        spoken_seconds = segmenter.spoken_seconds
        if self._partials.due(number, spoken_seconds):
            utterance = self._request(
                segmenter.open_audio(), segmenter.voice_probability
            )
            utterance = replace(utterance, word_timestamps=False)
            start_sample = segmenter.open_start
            self._partials.ask(number, start_sample, spoken_seconds, utterance)

    def end(self, ended: UtteranceEnded | None = None) -> SpeculativeTranscript | None:
        """The utterance is over; its guess, if there is one that fits."""
        self._partials.end()
        guess = self._guess
        covers = (ended.start_sample, ended.speech_end_sample) if ended else None
        if guess is not None and covers and guess.fits(*covers):
            self._guess, self._shared = None, False
            return guess
        self._shared = False
        self._drop_guess()
        return None

    def _prepare(self, segmenter: Segmenter) -> bool:
        """Begin a guess at the final text. Returns whether there is a new one."""
        covers = segmenter.open_start, segmenter.speech_end_sample
        if self._guess is not None:
            if self._guess.fits(*covers):
                return False
            self._drop_guess()
        if not self._load.spares_guesses:
            return False
        utterance = self._request(segmenter.open_audio(), segmenter.voice_probability)
        self._guess = SpeculativeTranscript(self._engine, utterance, *covers)
        return True

    def _share(self, segmenter: Segmenter, number: int) -> None:
        assert self._guess is not None  # noqa: S101 - for the type checker
        start_sample, spoken = segmenter.open_start, segmenter.spoken_seconds
        self._shared = self._partials.share(number, start_sample, spoken, self._guess)

    def _drop_guess(self) -> None:
        if self._guess is None:
            return
        if self._shared:
            self._guess.demote()
        else:
            self._guess.drop()
        self._guess, self._shared = None, False
        SPECULATIVE_TRANSCRIPTS.labels("wrong").inc()
