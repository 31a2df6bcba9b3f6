"""One utterance from the engine's point of view: asked, timed, and reported."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from common.audio import SPEECH_RATE_HZ
from common.backoff import backoff
from common.errors import Overloaded, VoiceError
from common.metrics import ERRORS, GUESSES, STAGE_SECONDS
from common.workers import Priority
from stt_app.core.endpointing.segmenter import UtteranceEnded
from stt_app.core.engine import SttEngine, Transcript, Utterance
from stt_app.core.engine_load import Load
from stt_app.core.interim.speculative_final import Guess
from stt_app.core.languages import AUTO
from stt_app.core.messages import ErrorHappened, TranscriptReady, WordSpoken
from stt_app.core.session.language_tracker import LanguageMemory

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class Spoken:
    """An utterance that waits for its text."""

    number: int
    utterance: UtteranceEnded
    request: Utterance
    """What the engine is asked."""
    speech_end_at: float
    """When its last speech arrived, by the session's clock."""
    waits_since: float
    """When its end was decided, by the session's clock."""
    priority: Priority = Priority.FINAL
    guess: Guess | None = None

    @property
    def seconds(self) -> float:
        return self.request.seconds


@dataclass(frozen=True)
class Heard:
    """What became of one utterance, for the history."""

    number: int
    seconds: float
    stages_ms: dict[str, float]
    """`transcribe`: in the engine and its queue; `final`: since the end of speech."""
    text: str = ""
    language: str = ""
    model: str = ""
    error: str = ""


@dataclass(frozen=True)
class Outcome:
    """The text of an utterance, or why there is none."""

    spoken: Spoken
    stages_ms: dict[str, float]
    transcript: Transcript | None
    error: VoiceError | None = None

    @property
    def heard(self) -> Heard:
        if self.transcript is None:
            message = self.error.message if self.error else ""
            return Heard(
                self.spoken.number, self.spoken.seconds, self.stages_ms, error=message
            )
        return Heard(
            self.spoken.number,
            self.spoken.seconds,
            self.stages_ms,
            self.transcript.text,
            self.transcript.language,
            self.transcript.model,
        )

    def message(self, *, keep_open: bool) -> TranscriptReady | ErrorHappened | None:
        """What the client is told. Noise that held no words is not worth a message."""
        if self.error is not None:
            ERRORS.labels(self.error.code).inc()
            event = self.error.event()
            return ErrorHappened(**event, utterance_id=self.spoken.number)
        found = self.transcript
        if found is None or not found.text:
            return None
        utterance = self.spoken.utterance
        return TranscriptReady(
            text=found.text,
            duration=round(self.spoken.seconds, 3),
            keep_open=keep_open,
            utterance_id=self.spoken.number,
            start=round(utterance.start_sample / SPEECH_RATE_HZ, 3),
            end=round(utterance.end_sample / SPEECH_RATE_HZ, 3),
            language=found.language,
            language_probability=round(found.language_probability, 3),
            confidence=round(found.confidence, 3),
            words=self._words(utterance.start_sample / SPEECH_RATE_HZ),
            model=found.model,
            latency_ms=self.stages_ms["final"],
        )

    def _words(self, start_seconds: float) -> list[WordSpoken] | None:
        """The words with times in the stream, when they were asked for."""
        if self.transcript is None or not self.spoken.request.word_timestamps:
            return None
        return [
            WordSpoken(
                word=each.word.strip(),
                start=round(start_seconds + each.start, 3),
                end=round(start_seconds + each.end, 3),
                probability=round(each.probability, 3),
            )
            for each in self.transcript.words
        ]


class Transcriber:
    """Gets the texts of one session's utterances."""

    def __init__(
        self, engine: SttEngine, load: Load, clock: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._load = load
        self._clock = clock
        self._memory = LanguageMemory()

    async def transcribe(self, spoken: Spoken) -> Outcome:
        """The text. An engine's failure is an outcome, never an exception."""
        began = self._clock()
        transcript, failure = None, None
        try:
            transcript = await self._text_of(spoken)
        except VoiceError as error:
            failure = error
        now = self._clock()
        stages_ms = {
            "transcribe": round((now - began) * 1000, 1),
            "final": round((now - spoken.speech_end_at) * 1000, 1),
        }
        _report(spoken, stages_ms, failure)
        return Outcome(spoken, stages_ms, transcript, failure)

    async def _text_of(self, spoken: Spoken) -> Transcript:
        found = await self._first_opinion(spoken)
        if spoken.request.language == AUTO:
            other = self._memory.second_opinion(found)
            if other is not None:
                found = await self._ask(spoken, replace(spoken.request, language=other))
            self._memory.believe(found)
        return found

    async def _first_opinion(self, spoken: Spoken) -> Transcript:
        if spoken.guess is not None:
            try:
                with self._load.asking():
                    return await spoken.guess.claim()
            except VoiceError as error:
                log.debug("guess failed", reason=error.message)
            finally:
                GUESSES.labels("right").inc()
        return await self._ask(spoken, spoken.request)

    async def _ask(self, spoken: Spoken, request: Utterance) -> Transcript:
        """Wait as long as it takes: what was said is never dropped for lack of room."""
        pauses = backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS)
        while True:
            try:
                with self._asking(spoken.priority):
                    return await self._engine.transcribe(request, spoken.priority)
            except Overloaded:
                await asyncio.sleep(next(pauses))

    def _asking(self, priority: Priority) -> contextlib.AbstractContextManager[None]:
        """A file waits for everybody else, so its waiting says nothing of the load."""
        is_file = priority is Priority.FILE
        return contextlib.nullcontext() if is_file else self._load.asking()


def _report(
    spoken: Spoken, stages_ms: dict[str, float], failure: VoiceError | None
) -> None:
    if failure is None and spoken.priority is not Priority.FILE:
        for stage, value in stages_ms.items():
            STAGE_SECONDS.labels(stage).observe(value / 1000)
    log.info(
        "utterance transcribed" if failure is None else "utterance lost",
        utterance=spoken.number,
        seconds=round(spoken.seconds, 2),
        ended_by=spoken.utterance.reason.value,
        error=failure.code if failure else None,
        **{f"{stage}_ms": value for stage, value in stages_ms.items()},
    )
