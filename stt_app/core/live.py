"""What is being said right now: its partial texts, and the guess at its final one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from common.audio import Samples
from common.metrics import GUESSES
from stt_app.core.engine import SttEngine, Utterance
from stt_app.core.guess import Guess
from stt_app.core.load import Load
from stt_app.core.partials import Partials
from stt_app.core.segmenter import Segmenter, UtteranceEnded


class LiveSpeech:
    """Looks at the open utterance after each frame and asks for its text in time."""

    def __init__(
        self,
        engine: SttEngine,
        load: Load,
        partials: Partials,
        request: Callable[[Samples, float], Utterance],
    ) -> None:
        self._engine = engine
        self._load = load
        self._partials = partials
        self._request = request
        self._guess: Guess | None = None

    def follow(self, segmenter: Segmenter, number: int, *, partials: bool) -> None:
        """Audio was heard; utterance `number` is open, or would be the next."""
        if segmenter.paused:
            self._prepare(segmenter)
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

    def end(self, ended: UtteranceEnded | None = None) -> Guess | None:
        """The utterance is over; its guess, if there is one that fits."""
        self._partials.end()
        guess = self._guess
        covers = (ended.start_sample, ended.speech_end_sample) if ended else None
        if guess is not None and covers and guess.fits(*covers):
            self._guess = None
            return guess
        self._drop_guess()
        return None

    def _prepare(self, segmenter: Segmenter) -> None:
        covers = segmenter.open_start, segmenter.speech_end_sample
        if self._guess is not None:
            if self._guess.fits(*covers):
                return
            self._drop_guess()
        if self._load.spares_guesses:
            utterance = self._request(
                segmenter.open_audio(), segmenter.voice_probability
            )
            self._guess = Guess(self._engine, utterance, *covers)

    def _drop_guess(self) -> None:
        if self._guess is not None:
            self._guess.drop()
            self._guess = None
            GUESSES.labels("wrong").inc()
