"""The domain events of speech to text.

They are all that leaves the core; each endpoint maps them to its own messages. Places in
the audio are samples at 16 kHz from the start of the stream, also of a resumed one.

The life of an utterance, by its number:

    SpeechCandidate -> SpeechConfirmed -> (PauseBegun -> SpeechResumed)* -> UtteranceEnded
                    -> CandidateDropped                                          |
    UtteranceEnded(LIMIT) -> SpeechContinued (the next number)                   v
                                             UtteranceTranscribed or UtteranceFailed

The segmenter finds those of the first two lines (`endpointing/events.py`). The session
passes them on, with `SpeechEnded` in the place of `UtteranceEnded` and its audio.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from common.audio import SPEECH_RATE_HZ
from common.errors import VoiceError
from stt_app.core.endpointing.events import (
    CandidateDropped,
    EndReason,
    PauseBegun,
    SpeechCandidate,
    SpeechConfirmed,
    SpeechContinued,
    SpeechResumed,
    TurnRated,
    UtteranceEnded,
)
from stt_app.core.engine import Transcript

__all__ = [
    "AudioHint",
    "BufferLimitReached",
    "CandidateDropped",
    "ClosingSoon",
    "EndReason",
    "FlushDone",
    "InterimResult",
    "Lag",
    "Marked",
    "PauseBegun",
    "Progress",
    "SessionClosed",
    "SessionEvent",
    "SessionReady",
    "SpeculativeFinal",
    "SpeechCandidate",
    "SpeechConfirmed",
    "SpeechContinued",
    "SpeechEnded",
    "SpeechResumed",
    "SpokenSegment",
    "SpokenWord",
    "TurnRated",
    "UtteranceFailed",
    "UtteranceResult",
    "UtteranceTranscribed",
]


@dataclass(frozen=True)
class SessionReady:
    """The session accepts audio. The first event, sent once."""

    session_id: str
    model: str
    sample_rate_hz: int
    """The expected sample rate."""
    resume_token: str | None = None
    resumed: bool | None = None
    """None for a new stream; else whether the earlier part of it is known."""
    audio_seconds: float = 0.0
    """The position of the following audio in the stream."""


@dataclass(frozen=True)
class InterimResult:
    """The text so far of the open utterance."""

    utterance_id: int
    start_sample: int
    text: str
    stable_text: str
    """The beginning of the text that later interim results repeat unchanged."""
    confidence: float = 0.0
    """Mean probability of the text's tokens, 0 to 1."""


@dataclass(frozen=True)
class SpeculativeFinal:
    """The text of the open utterance, prepared in a pause. It becomes the final text
    unless SpeechResumed follows, or the language is corrected.
    """

    utterance_id: int
    start_sample: int
    speech_end_sample: int
    """The end of the speech that the text covers."""
    transcript: Transcript
    """Its words are timed from `start_sample`."""


@dataclass(frozen=True)
class SpeechEnded:
    """The utterance has ended; its text or its error follows."""

    utterance_id: int
    start_sample: int
    end_sample: int
    """The end of its audio, with a part of the pause."""
    speech_end_sample: int
    reason: EndReason

    @classmethod
    def of(cls, ended: UtteranceEnded) -> SpeechEnded:
        """The same without the audio."""
        return cls(
            ended.utterance_id,
            ended.start_sample,
            ended.end_sample,
            ended.speech_end_sample,
            ended.reason,
        )


@dataclass(frozen=True)
class SpokenWord:
    """One word, with its position in the stream."""

    word: str
    start_seconds: float
    end_seconds: float
    probability: float


@dataclass(frozen=True)
class SpokenSegment:
    """A piece of an utterance's text as the model decoded it, as `engine.Segment`."""

    text: str
    start_seconds: float
    """In the stream, as `end_seconds`."""
    end_seconds: float
    tokens: tuple[int, ...]
    temperature: float
    average_log_probability: float
    compression_ratio: float
    no_speech_probability: float


@dataclass(frozen=True)
class UtteranceTranscribed:
    """The text of one utterance. Texts come in the order of the utterances."""

    utterance_id: int
    start_sample: int
    end_sample: int
    text: str
    """Empty when the model found no words in it."""
    language: str = ""
    language_probability: float = 0.0
    confidence: float = 0.0
    """Mean probability of the text's tokens, 0 to 1."""
    model: str = ""
    words: tuple[SpokenWord, ...] | None = None
    """None if not requested."""
    stages_ms: dict[str, float] = field(default_factory=dict)
    """`transcribe`: in the engine and its queue; `final`: since the end of speech."""
    is_last: bool = False
    """Whether the session ends after it."""
    segments: tuple[SpokenSegment, ...] = ()
    """Empty if the engine does not tell them."""
    live: bool = True  # False for a recording: its latency says nothing

    @property
    def start_seconds(self) -> float:
        return self.start_sample / SPEECH_RATE_HZ

    @property
    def end_seconds(self) -> float:
        return self.end_sample / SPEECH_RATE_HZ

    @property
    def audio_seconds(self) -> float:
        return (self.end_sample - self.start_sample) / SPEECH_RATE_HZ


@dataclass(frozen=True)
class UtteranceFailed:
    """An utterance that failed, with its error. It keeps its place in the order."""

    utterance_id: int
    start_sample: int
    end_sample: int
    error: VoiceError
    stages_ms: dict[str, float] = field(default_factory=dict)
    is_last: bool = False
    live: bool = True

    @property
    def audio_seconds(self) -> float:
        return (self.end_sample - self.start_sample) / SPEECH_RATE_HZ


@dataclass(frozen=True)
class FlushDone:
    """Everything before a flush has its text. Sent for every flush."""

    utterance_id: int | None
    """The utterance that it ended; None if there was no speech."""


@dataclass(frozen=True)
class Marked:
    """An endpoint's own mark, in its place among the events."""

    mark: object


@dataclass(frozen=True)
class Progress:
    """All speech before this point is in earlier events."""

    audio_seconds: float
    """Rounded down to milliseconds, so that resent audio starts early enough."""


@dataclass(frozen=True)
class Lag:
    """Transcripts are late."""

    lag_ms: float
    """How long the oldest pending utterance has waited for its transcript."""


@dataclass(frozen=True)
class ClosingSoon:
    """The connection is about to reach its time limit."""

    lag_ms: float
    closes_in_seconds: float


@dataclass(frozen=True)
class AudioHint:
    """The audio is probably not what the options say."""

    lag_ms: float
    hint: str


@dataclass(frozen=True)
class BufferLimitReached:
    """Too much audio came without a pause, or is pending."""

    audio_seconds: float


@dataclass(frozen=True)
class SessionClosed:
    """The last event of an orderly session."""

    reason: str
    """`client`, `idle`, `expired`, `quota`, `restarting` or `disconnected`."""
    audio_seconds: float
    """The position of the end of the received audio."""
    utterances: int
    """The number of texts sent."""


SessionEvent = (
    SessionReady
    | SpeechCandidate
    | SpeechConfirmed
    | SpeechContinued
    | PauseBegun
    | SpeechResumed
    | CandidateDropped
    | SpeechEnded
    | InterimResult
    | SpeculativeFinal
    | TurnRated
    | UtteranceTranscribed
    | UtteranceFailed
    | FlushDone
    | Marked
    | Progress
    | Lag
    | AudioHint
    | ClosingSoon
    | BufferLimitReached
    | SessionClosed
)
UtteranceResult = UtteranceTranscribed | UtteranceFailed
"""The outcome of an utterance."""
