"""The domain events of a session as messages of `WS /v1/listen`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from common.audio import SPEECH_RATE_HZ
from common.errors import VoiceError
from common.text_cleaning import clean_text
from compat_app.deepgram.errors import variant
from compat_app.deepgram.listen import messages
from compat_app.deepgram.listen.query import LiveQuery
from compat_app.deepgram.models import model_info, model_uuid
from stt_app.core.events import (
    CandidateDropped,
    EndReason,
    FlushDone,
    InterimResult,
    SessionEvent,
    SessionReady,
    SpeechCandidate,
    SpeechConfirmed,
    SpeechContinued,
    SpeechEnded,
    UtteranceFailed,
    UtteranceTranscribed,
)


@dataclass(frozen=True)
class _Said:
    """The last speech with a final result."""

    utterance_id: int
    word_end_seconds: float


class ResultMapper:
    """Maps the events of one connection.

    `audio_seconds` gives the position of the audio. `map_event` takes events, and `due`
    is asked after each piece of audio.
    """

    def __init__(
        self, query: LiveQuery, request_id: str, audio_seconds: Callable[[], float]
    ) -> None:
        self.model = ""
        """The model's name."""
        self.finalizing = 0
        """How many `Finalize` have no FlushDone yet."""
        self._query = query
        self._request_id = request_id
        self._audio_seconds = audio_seconds
        self._reasons: dict[int, EndReason] = {}
        self._answered = 0
        """How many of them have a result, and wait for FlushDone."""
        self._speaking = False
        self._newest_speech = 0
        self._said: _Said | None = None

    def map_event(self, event: SessionEvent) -> Iterator[BaseModel]:
        """The messages for this event, in order."""
        self._follow(event)
        match event:
            case SpeechConfirmed() if self._query.vad_events:
                yield messages.SpeechStarted(
                    channel=messages.CHANNEL_INDEX,
                    timestamp=_seconds(event.voiced_sample),
                )
            case InterimResult() if self._query.interim_results:
                yield self._interim(event)
            case UtteranceTranscribed():
                yield from self._final(event)
            case UtteranceFailed():
                yield error_message(event.error)
            case FlushDone():
                yield from self._flushed()
        yield from self.due()

    def due(self) -> Iterator[BaseModel]:
        """`UtteranceEnd`, once the pause after the last word is long enough."""
        wait_ms, said = self._query.utterance_end_ms, self._said
        if wait_ms is None or said is None or self._speaking:
            return
        if said.utterance_id < self._newest_speech:
            return
        if self._audio_seconds() >= said.word_end_seconds + wait_ms / 1000:
            self._said = None
            yield messages.UtteranceEnd(
                channel=messages.CHANNEL_INDEX,
                last_word_end=round(said.word_end_seconds, 3),
            )

    def _follow(self, event: SessionEvent) -> None:
        """Keep track of where speech is."""
        match event:
            case SessionReady():
                self.model = event.model
            case SpeechCandidate():
                self._speaking = True
            case SpeechConfirmed() | SpeechContinued():
                self._newest_speech = event.utterance_id
            case SpeechEnded():
                self._speaking = event.reason is EndReason.LIMIT
                self._reasons[event.utterance_id] = event.reason
            case CandidateDropped():
                self._speaking = False
                # The rest of a speech that was cut, without a word.
                self._newest_speech = min(self._newest_speech, event.utterance_id - 1)

    def _interim(self, event: InterimResult) -> messages.Results:
        start = event.start_sample / SPEECH_RATE_HZ
        alternative = messages.Alternative(
            transcript=event.text, confidence=round(event.confidence, 4), words=[]
        )
        return self._results(start, self._audio_seconds() - start, alternative)

    def _final(self, event: UtteranceTranscribed) -> Iterator[messages.Results]:
        reason = self._reasons.pop(event.utterance_id, EndReason.SILENCE)
        # Noise without words is not worth a result.
        if not event.text:
            return
        flushed = reason is EndReason.FLUSH
        is_newest = not self._reasons and not self._speaking
        answers = self.finalizing > self._answered and (flushed or is_newest)
        self._answered += answers
        words = messages.timed_words(event.words)
        end = words[-1].end if words else event.end_seconds
        self._said = _Said(event.utterance_id, end)
        alternative = messages.Alternative(
            transcript=event.text,
            confidence=round(event.confidence, 4),
            words=words,
            languages=[event.language] if self._query.detects_language else None,
        )
        paused = reason is EndReason.SILENCE and self._query.tells_endpoints
        yield self._results(
            event.start_seconds,
            event.audio_seconds,
            alternative,
            is_final=True,
            speech_final=flushed or paused,
            from_finalize=answers,
        )

    def _flushed(self) -> Iterator[messages.Results]:
        self.finalizing -= 1
        if self._answered:
            self._answered -= 1
            return
        nothing = messages.Alternative(transcript="", confidence=0.0, words=[])
        yield self._results(
            self._audio_seconds(),
            0.0,
            nothing,
            is_final=True,
            speech_final=True,
            from_finalize=True,
        )

    def _results(
        self,
        start: float,
        duration: float,
        alternative: messages.Alternative,
        *,
        is_final: bool = False,
        speech_final: bool = False,
        from_finalize: bool = False,
    ) -> messages.Results:
        return messages.Results(
            channel_index=messages.CHANNEL_INDEX,
            start=round(start, 3),
            duration=round(max(0.0, duration), 3),
            is_final=is_final,
            speech_final=speech_final,
            from_finalize=from_finalize,
            channel=messages.Channel(alternatives=[alternative]),
            metadata=messages.ResultsMetadata(
                request_id=self._request_id,
                model_info=model_info(self.model),
                model_uuid=model_uuid(self.model),
            ),
        )


def error_message(error: VoiceError) -> messages.Error:
    """The error as a message."""
    # An error may repeat half a surrogate pair from the client.
    told = clean_text(error.message)
    return messages.Error(
        variant=variant(error),
        description=told,
        message=told,
        code=error.code,
        retry_after=error.retry_after_seconds,
    )


def _seconds(sample: int) -> float:
    return round(sample / SPEECH_RATE_HZ, 3)
