"""The domain events of a session as messages of `/ws/stt`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from common.audio import SPEECH_RATE_HZ
from stt_app.core.events import (
    AudioHint,
    BufferLimitReached,
    CandidateDropped,
    ClosingSoon,
    EndReason,
    FlushDone,
    InterimResult,
    Lag,
    Progress,
    SessionClosed,
    SessionEvent,
    SessionReady,
    SpeechCandidate,
    SpeechEnded,
    SpokenWord,
    UtteranceFailed,
    UtteranceTranscribed,
)
from stt_app.protocol import messages
from stt_app.protocol.messages import ServerMessage


class EventMapper:
    """Maps the events of one connection. Some events have no message in `/ws/stt`."""

    def __init__(self) -> None:
        self._last_was_sent = False
        """Whether a transcript has said that the connection ends."""

    def messages(self, event: SessionEvent) -> Iterator[ServerMessage]:
        """The messages for this event, in order."""
        if isinstance(event, SessionClosed):
            yield from self._goodbye(event)
        elif isinstance(event, UtteranceTranscribed):
            # Noise without words is not worth a message.
            if event.text:
                self._last_was_sent = event.is_last
                yield _transcript(event)
        elif (message := _message(event)) is not None:
            yield message

    def _goodbye(self, event: SessionClosed) -> Iterator[ServerMessage]:
        if not self._last_was_sent:
            yield messages.Transcript(text="", duration=0.0, keep_open=False)
        yield messages.Closed(
            reason=event.reason,
            audio_seconds=round(event.audio_seconds, 3),
            utterances=event.utterances,
        )


async def as_messages(
    events: AsyncIterator[SessionEvent],
) -> AsyncIterator[ServerMessage]:
    """The messages of a session, as its events come."""
    mapper = EventMapper()
    async for event in events:
        for message in mapper.messages(event):
            yield message


def _message(event: SessionEvent) -> ServerMessage | None:
    """The message of an event that maps to exactly one."""
    match event:
        case SessionReady():
            return _ready(event)
        case SpeechCandidate():
            return messages.SpeechStarted(
                start=_seconds(event.start_sample), utterance_id=event.utterance_id
            )
        case SpeechEnded() if event.reason is not EndReason.LIMIT:
            return _speech_ended(event.speech_end_sample, event.utterance_id)
        case CandidateDropped():
            return _speech_ended(event.speech_end_sample, event.utterance_id)
        case InterimResult():
            return messages.Partial(
                text=event.text,
                stable_text=event.stable_text,
                start=_seconds(event.start_sample),
                utterance_id=event.utterance_id,
            )
        case UtteranceFailed():
            told = event.error.event()
            return messages.Error(**told, utterance_id=event.utterance_id)
        case FlushDone():
            return messages.Flushed(utterance_id=event.utterance_id)
        case Progress():
            return messages.Ack(audio_seconds=event.audio_seconds)
        case Lag():
            return messages.Status(lag_ms=event.lag_ms)
        case ClosingSoon():
            return messages.Status(
                lag_ms=event.lag_ms, closes_in_seconds=event.closes_in_seconds
            )
        case AudioHint():
            return messages.Status(lag_ms=event.lag_ms, hint=event.hint)
        case BufferLimitReached():
            duration = round(event.audio_seconds, 2)
            return messages.BufferLimitReached(duration=duration)
    return None


def _ready(event: SessionReady) -> messages.Ready:
    return messages.Ready(
        session_id=event.session_id,
        model=event.model,
        sample_rate=event.sample_rate_hz,
        resume_token=event.resume_token,
        resumed=event.resumed,
        audio_seconds=None if event.resumed is None else event.audio_seconds,
    )


def _speech_ended(end_sample: int, utterance_id: int) -> messages.SpeechEnded:
    return messages.SpeechEnded(end=_seconds(end_sample), utterance_id=utterance_id)


def _transcript(event: UtteranceTranscribed) -> messages.Transcript:
    words = None
    if event.words is not None:
        words = [_word(each) for each in event.words]
    return messages.Transcript(
        text=event.text,
        duration=round(event.audio_seconds, 3),
        keep_open=not event.is_last,
        utterance_id=event.utterance_id,
        start=_seconds(event.start_sample),
        end=_seconds(event.end_sample),
        language=event.language,
        language_probability=round(event.language_probability, 3),
        confidence=round(event.confidence, 3),
        words=words,
        model=event.model,
        latency_ms=event.stages_ms["final"],
    )


def _word(word: SpokenWord) -> messages.Word:
    return messages.Word(
        word=word.word,
        start=round(word.start_seconds, 3),
        end=round(word.end_seconds, 3),
        probability=round(word.probability, 3),
    )


def _seconds(sample: int) -> float:
    return round(sample / SPEECH_RATE_HZ, 3)
