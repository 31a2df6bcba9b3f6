"""One utterance from the engine's point of view: asked, timed, and reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from common.audio import SPEECH_RATE_HZ
from common.errors import Overloaded, VoiceError
from common.metrics import ERRORS, STAGE_SECONDS
from stt_app.core.engine import SttEngine, Transcript, Utterance
from stt_app.core.messages import ErrorHappened, TranscriptReady
from stt_app.core.segmenter import UtteranceEnded

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class Spoken:
    """An utterance that waits for its text."""

    number: int
    utterance: UtteranceEnded
    language: str
    speech_end_at: float
    """When its last speech arrived, by the session's clock."""

    @property
    def seconds(self) -> float:
        return len(self.utterance.samples) / SPEECH_RATE_HZ


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
            model=found.model,
            latency_ms=self.stages_ms["final"],
        )


async def transcribe(
    engine: SttEngine, spoken: Spoken, clock: Callable[[], float]
) -> Outcome:
    """Ask for the text. An engine's failure is an outcome, never an exception."""
    began = clock()
    transcript, failure = None, None
    try:
        transcript = await _ask(engine, spoken)
    except VoiceError as error:
        failure = error
    now = clock()
    transcribe_seconds, final_seconds = now - began, now - spoken.speech_end_at
    if failure is None:
        STAGE_SECONDS.labels("transcribe").observe(transcribe_seconds)
        STAGE_SECONDS.labels("final").observe(final_seconds)
    stages_ms = {
        "transcribe": round(transcribe_seconds * 1000, 1),
        "final": round(final_seconds * 1000, 1),
    }
    log.info(
        "utterance transcribed" if failure is None else "utterance lost",
        utterance=spoken.number,
        seconds=round(spoken.seconds, 2),
        ended_by=spoken.utterance.reason.value,
        error=failure.code if failure else None,
        **{f"{stage}_ms": value for stage, value in stages_ms.items()},
    )
    return Outcome(spoken, stages_ms, transcript, failure)


async def _ask(engine: SttEngine, spoken: Spoken) -> Transcript:
    """Wait as long as it takes: what somebody said is never dropped for lack of room."""
    utterance = Utterance(spoken.utterance.samples, spoken.language)
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await engine.transcribe(utterance)
        except Overloaded:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
