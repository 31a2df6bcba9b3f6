"""Transcribes single utterances: requests, times and reports them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from common.audio import SPEECH_RATE_HZ
from common.backoff import backoff
from common.errors import Overloaded, VoiceError
from common.metrics import ERRORS, SPECULATIVE_TRANSCRIPTS, STAGE_SECONDS
from common.workers import Priority, Urgency
from stt_app.core.endpointing.events import UtteranceEnded
from stt_app.core.engine import SttEngine, Transcript, TranscriptionRequest
from stt_app.core.engine_load import EngineLoad
from stt_app.core.events import (
    SpokenSegment,
    SpokenWord,
    UtteranceFailed,
    UtteranceResult,
    UtteranceTranscribed,
)
from stt_app.core.interim.speculative_final import SpeculativeTranscript
from stt_app.core.languages import AUTO
from stt_app.core.session.language_tracker import LanguageTracker

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class UtteranceJob:
    """A pending utterance."""

    utterance: UtteranceEnded
    request: TranscriptionRequest
    """The engine's request."""
    speech_end_at: float
    """When its last speech arrived, on the session's clock."""
    waits_since: float
    """When its endpoint was detected, on the session's clock."""
    urgency: Urgency
    """The handle of whoever may give the work up."""
    speculative: SpeculativeTranscript | None = None

    @property
    def is_live(self) -> bool:
        """Whether somebody is speaking, as opposed to a recording."""
        return self.urgency.priority is not Priority.FILE

    def leave_to_history(self) -> None:
        """The client has gone: only the history keeps the text."""
        self.urgency.leave_to_history()
        if self.speculative is not None:
            self.speculative.leave_to_history()

    def give_up(self) -> None:
        """Nobody needs the text."""
        self.urgency.give_up()
        if self.speculative is not None:
            self.speculative.give_up()


class Transcriber:
    """Gets the texts of one session's utterances."""

    def __init__(
        self, engine: SttEngine, load: EngineLoad, clock: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._load = load
        self._clock = clock
        self._languages = LanguageTracker()

    async def transcribe(self, job: UtteranceJob) -> UtteranceResult:
        """The text. An engine's failure is a result, never an exception."""
        began = self._clock()
        transcript, failure = None, None
        try:
            transcript = await self._text_of(job)
        except VoiceError as error:
            failure = error
        now = self._clock()
        stages_ms = {
            "transcribe": round((now - began) * 1000, 1),
            "final": round((now - job.speech_end_at) * 1000, 1),
        }
        _report(job, stages_ms, failure)
        if transcript is not None:
            return _transcribed(job, transcript, stages_ms)
        utterance = job.utterance
        return UtteranceFailed(
            utterance.utterance_id,
            utterance.start_sample,
            utterance.end_sample,
            failure or VoiceError("There is no text."),
            stages_ms,
            live=job.is_live,
        )

    async def _text_of(self, job: UtteranceJob) -> Transcript:
        found = await self._first_opinion(job)
        if job.request.language == AUTO:
            usual = self._languages.second_opinion(found, job.request.seconds)
            if usual is not None:
                again = replace(job.request, language=usual)
                found = self._languages.choose(found, await self._ask(job, again))
            self._languages.believe(found)
        return found

    async def _first_opinion(self, job: UtteranceJob) -> Transcript:
        if job.speculative is not None:
            try:
                with self._load.waiting(job.urgency):
                    return await job.speculative.claim()
            except VoiceError as error:
                log.debug("speculative transcript failed", reason=error.message)
            finally:
                SPECULATIVE_TRANSCRIPTS.labels("right").inc()
        return await self._ask(job, job.request)

    async def _ask(
        self, job: UtteranceJob, request: TranscriptionRequest
    ) -> Transcript:
        """Retry until the engine accepts it: speech is never dropped for lack of
        capacity."""
        pauses = backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS)
        while True:
            try:
                with self._load.waiting(job.urgency):
                    return await self._engine.transcribe(request, job.urgency)
            except Overloaded:
                if job.urgency.given_up:
                    raise
                await asyncio.sleep(next(pauses))


def _transcribed(
    job: UtteranceJob, found: Transcript, stages_ms: dict[str, float]
) -> UtteranceTranscribed:
    utterance = job.utterance
    start_seconds = utterance.start_sample / SPEECH_RATE_HZ
    words = None
    if job.request.word_timestamps:
        words = _spoken_words(found, start_seconds)
    return UtteranceTranscribed(
        utterance.utterance_id,
        utterance.start_sample,
        utterance.end_sample,
        found.text,
        found.language,
        found.language_probability,
        found.confidence,
        found.model,
        words,
        stages_ms,
        segments=_spoken_segments(found, start_seconds),
        live=job.is_live,
    )


def _spoken_words(found: Transcript, start_seconds: float) -> tuple[SpokenWord, ...]:
    """The words with times in the stream."""
    return tuple(
        SpokenWord(
            each.word.strip(),
            start_seconds + each.start,
            start_seconds + each.end,
            each.probability,
        )
        for each in found.words
    )


def _spoken_segments(
    found: Transcript, start_seconds: float
) -> tuple[SpokenSegment, ...]:
    """The segments with times in the stream."""
    return tuple(
        SpokenSegment(
            each.text,
            start_seconds + each.start,
            start_seconds + each.end,
            each.tokens,
            each.temperature,
            each.average_log_probability,
            each.compression_ratio,
            each.no_speech_probability,
        )
        for each in found.segments
    )


def _report(
    job: UtteranceJob, stages_ms: dict[str, float], failure: VoiceError | None
) -> None:
    if job.urgency.given_up:
        return
    if failure is not None:
        ERRORS.labels(failure.code).inc()
    elif job.urgency.priority < Priority.FILE:
        for stage, value in stages_ms.items():
            STAGE_SECONDS.labels(stage).observe(value / 1000)
    log.info(
        "utterance transcribed" if failure is None else "utterance lost",
        utterance=job.utterance.utterance_id,
        seconds=round(job.request.seconds, 2),
        ended_by=job.utterance.reason.value,
        error=failure.code if failure else None,
        **{f"{stage}_ms": value for stage, value in stages_ms.items()},
    )
