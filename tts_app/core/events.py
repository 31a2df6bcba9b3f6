"""The events of a spoken answer; every endpoint maps them to its own messages. Positions
are samples from the start of the answer, at the voice's rate.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.audio import Audio
from tts_app.core.engine import WordTime


@dataclass(frozen=True)
class TextDelta:
    """Text from the request, or from the language model."""

    text: str


@dataclass(frozen=True)
class ClauseStarted:
    """The start of a clause; its audio follows."""

    clause: int
    """Counted from 0, without silent clauses."""
    text: str
    """The spoken words: without markup, with numbers written out."""
    start_sample: int
    rate_hz: int

    @property
    def start_seconds(self) -> float:
        return self.start_sample / self.rate_hz


@dataclass(frozen=True)
class WordsTimed:
    """The words of the following audio, timed from the start of the answer."""

    words: tuple[WordTime, ...]
    clause: int


@dataclass(frozen=True, eq=False)
class PcmAudio(Audio):
    """The next samples: mono float32 in [-1, 1]. All of them in a row are the answer."""

    clause: int
    """To which the samples belong; the pause before a clause is a part of it."""
    start_sample: int
    is_closing_silence: bool = False
    """Whether it is the silence after the last sound. A codec that adds its own silence
    may drop as much of it."""

    @property
    def start_seconds(self) -> float:
        return self.start_sample / self.rate_hz


@dataclass(frozen=True)
class ClauseEnded:
    """A clause is complete."""

    clause: int
    end_sample: int
    rate_hz: int

    @property
    def end_seconds(self) -> float:
        return self.end_sample / self.rate_hz


@dataclass(frozen=True)
class SpeechFinished:
    """The last event."""

    seconds: float
    """The duration of the audio."""
    error: Exception | None = None
    """Why the audio ended early, after the last complete clause."""


SpeechEvent = (
    TextDelta | ClauseStarted | WordsTimed | PcmAudio | ClauseEnded | SpeechFinished
)
