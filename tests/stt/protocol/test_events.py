"""What `/ws/stt` tells of each event, and of which it tells nothing."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from common.errors import EngineFailed
from common.messages import encode
from stt_app.core.engine import Transcript
from stt_app.core.events import (
    AudioHint,
    BufferLimitReached,
    CandidateDropped,
    ClosingSoon,
    EndReason,
    FlushDone,
    InterimResult,
    Lag,
    Marked,
    PauseBegun,
    Progress,
    SessionClosed,
    SessionEvent,
    SessionReady,
    SpeculativeFinal,
    SpeechCandidate,
    SpeechConfirmed,
    SpeechContinued,
    SpeechEnded,
    SpeechResumed,
    SpokenWord,
    TurnRated,
    UtteranceFailed,
    UtteranceTranscribed,
)
from stt_app.protocol.events import EventMapper

SAID = UtteranceTranscribed(
    *(2, 16_000, 40_000, "Hello.", "en", 0.98765, 0.87654, "base"),
    words=(SpokenWord("Hello.", 1.00049, 1.5, 0.99999),),
    stages_ms={"transcribe": 10.0, "final": 300.5},
)
EMPTY = {"type": "transcript", "text": "", "duration": 0.0, "keep_open": False}

CASES: list[tuple[SessionEvent, list[dict[str, Any]]]] = [
    (
        SessionReady("s", "base", 8_000, "t"),
        [
            {
                "type": "ready",
                "session_id": "s",
                "model": "base",
                "sample_rate": 8_000,
                "resume_token": "t",
            }
        ],
    ),
    (
        SessionReady("s", "base", 8_000, "t", resumed=True, audio_seconds=1.5),
        [
            {
                "type": "ready",
                "session_id": "s",
                "model": "base",
                "sample_rate": 8_000,
                "resume_token": "t",
                "resumed": True,
                "audio_seconds": 1.5,
            }
        ],
    ),
    (
        SpeechCandidate(1, 8_000, 12_800),
        [{"type": "speech_started", "start": 0.5, "utterance_id": 1}],
    ),
    (SpeechConfirmed(1, 8_000, 12_800), []),
    (SpeechContinued(2, 8_000, 8_000), []),
    (PauseBegun(1, 16_000, 17_920), []),
    (TurnRated(1, 16_000, 0.9), []),
    (SpeechResumed(1, 16_512), []),
    (
        CandidateDropped(1, 8_000, 16_000),
        [{"type": "speech_ended", "end": 1.0, "utterance_id": 1}],
    ),
    (
        SpeechEnded(1, 8_000, 20_000, 16_000, EndReason.SILENCE),
        [{"type": "speech_ended", "end": 1.0, "utterance_id": 1}],
    ),
    (SpeechEnded(1, 8_000, 20_000, 16_000, EndReason.LIMIT), []),
    (
        InterimResult(1, 8_000, "and so my", "and so"),
        [
            {
                "type": "partial",
                "text": "and so my",
                "stable_text": "and so",
                "start": 0.5,
                "utterance_id": 1,
            }
        ],
    ),
    (
        SAID,
        [
            {
                "type": "transcript",
                "text": "Hello.",
                "duration": 1.5,
                "keep_open": True,
                "utterance_id": 2,
                "start": 1.0,
                "end": 2.5,
                "language": "en",
                "language_probability": 0.988,
                "confidence": 0.877,
                "words": [
                    {"word": "Hello.", "start": 1.0, "end": 1.5, "probability": 1.0}
                ],
                "model": "base",
                "latency_ms": 300.5,
            }
        ],
    ),
    (UtteranceTranscribed(2, 0, 16_000, ""), []),
    (
        UtteranceFailed(3, 0, 16_000, EngineFailed("It broke.", retry_after_seconds=1)),
        [
            {
                "type": "error",
                "code": "engine_failed",
                "message": "It broke.",
                "retry_after": 1.0,
                "utterance_id": 3,
            }
        ],
    ),
    (FlushDone(2), [{"type": "flushed", "utterance_id": 2}]),
    (FlushDone(None), [{"type": "flushed", "utterance_id": None}]),
    (Marked("of another endpoint"), []),
    (
        SpeculativeFinal(
            2, 16_000, 40_000, Transcript("Hello.", "en", 1.0, 0.9, "base")
        ),
        [],
    ),
    (Progress(4.7), [{"type": "ack", "audio_seconds": 4.7}]),
    (
        AudioHint(0.0, "No speech."),
        [{"type": "status", "lag_ms": 0.0, "hint": "No speech."}],
    ),
    (Lag(1_840.0), [{"type": "status", "lag_ms": 1_840.0}]),
    (
        AudioHint(0.0, "Look."),
        [{"type": "status", "lag_ms": 0.0, "hint": "Look."}],
    ),
    (
        ClosingSoon(0.0, 60.0),
        [{"type": "status", "lag_ms": 0.0, "closes_in_seconds": 60.0}],
    ),
    (
        BufferLimitReached(120.123),
        [{"type": "buffer_limit_reached", "duration": 120.12}],
    ),
    (
        SessionClosed("idle", 61.50049, 7),
        [
            EMPTY,
            {
                "type": "closed",
                "reason": "idle",
                "audio_seconds": 61.5,
                "utterances": 7,
            },
        ],
    ),
]


def told(mapper: EventMapper, event: SessionEvent) -> list[dict[str, Any]]:
    return [json.loads(encode(message)) for message in mapper.messages(event)]


@pytest.mark.parametrize(
    ("event", "messages"), CASES, ids=lambda value: type(value).__name__
)
def test_it_tells_each_event_in_its_own_words(
    event: SessionEvent, messages: list[dict[str, Any]]
) -> None:
    assert told(EventMapper(), event) == messages


def test_the_table_holds_every_event() -> None:
    assert {type(event) for event, _ in CASES} == set(get_args(SessionEvent))


def last(text: str) -> UtteranceTranscribed:
    return UtteranceTranscribed(
        1, 0, 16_000, text, stages_ms={"final": 1.0}, is_last=True
    )


def test_the_last_transcript_says_so_and_no_empty_one_follows() -> None:
    mapper = EventMapper()
    (transcript,) = told(mapper, last("Bye."))
    assert transcript["keep_open"] is False
    kinds = [each["type"] for each in told(mapper, SessionClosed("client", 1.0, 1))]
    assert kinds == ["closed"]


@pytest.mark.parametrize(
    "event",
    [last(""), UtteranceFailed(1, 0, 1, EngineFailed("It broke."), is_last=True)],
)
def test_an_empty_transcript_says_so_when_the_last_one_could_not(
    event: SessionEvent,
) -> None:
    mapper = EventMapper()
    told(mapper, event)
    assert told(mapper, SessionClosed("client", 1.0, 1))[0] == EMPTY
