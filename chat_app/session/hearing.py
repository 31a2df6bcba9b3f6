"""Translates events of a live session into events of the state machine."""

from __future__ import annotations

from collections.abc import Iterator

from chat_app.core import events as on
from common.audio import SPEECH_RATE_HZ
from stt_app.core.events import (
    CandidateDropped,
    EndReason,
    InterimResult,
    PauseBegun,
    SessionEvent,
    SpeculativeFinal,
    SpeechCandidate,
    SpeechEnded,
    SpeechResumed,
    UtteranceFailed,
    UtteranceTranscribed,
)


def turn_events(event: SessionEvent) -> Iterator[on.TurnEvent]:
    """The events of the state machine for this one."""
    match event:
        case SpeechCandidate():
            yield on.CandidateBegan(event.voiced_sample / SPEECH_RATE_HZ)
        case CandidateDropped():
            yield on.CandidateDropped()
        case PauseBegun():
            yield on.PauseBegan()
        case SpeechResumed():
            yield on.SpeechResumed()
        case InterimResult():
            yield on.InterimHeard(event.utterance_id, event.text, event.confidence)
        case SpeculativeFinal():
            made = event.transcript
            yield on.TextPrepared(event.utterance_id, made.text, made.confidence)
        case SpeechEnded():
            yield on.UtteranceEnded(
                event.utterance_id,
                event.speech_end_sample / SPEECH_RATE_HZ,
                continues=event.reason is EndReason.LIMIT,
            )
        case UtteranceTranscribed():
            yield on.UtteranceHeard(event.utterance_id, event.text, event.confidence)
        case UtteranceFailed():
            yield on.UtteranceHeard(event.utterance_id, "")
