"""What happens while an answer is spoken; every door makes its own messages of it.

Places are counted in samples from the start of the answer, at the voice's rate.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.audio import Audio
from tts_app.core.engine import WordTime


@dataclass(frozen=True)
class TextDelta:
    """Text as it was given, or as the language model wrote it."""

    text: str


@dataclass(frozen=True)
class ClauseStarted:
    """The first sound of a clause; its audio follows."""

    clause: int
    """Counted from 0; a clause without a sound is not counted."""
    text: str
    """The words as they are said: markup is gone and numbers are written out."""
    start_sample: int
    rate_hz: int

    @property
    def start_seconds(self) -> float:
        return self.start_sample / self.rate_hz


@dataclass(frozen=True)
class WordsTimed:
    """The words of the audio that follows, timed from the start of the answer."""

    words: tuple[WordTime, ...]
    clause: int


@dataclass(frozen=True, eq=False)
class PcmAudio(Audio):
    """The next samples: mono float32 in [-1, 1]. All of them in a row are the answer."""

    clause: int
    """To which the samples belong; the pause before a clause is a part of it."""
    start_sample: int
    is_closing_silence: bool = False
    """Whether it is the silence behind the last sound. A codec that adds silence of
    its own may leave out as much of it."""

    @property
    def start_seconds(self) -> float:
        return self.start_sample / self.rate_hz


@dataclass(frozen=True)
class ClauseEnded:
    """A clause was made to its end."""

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
    """How long the audio is."""
    error: Exception | None = None
    """Why it ended behind the last whole clause, before all was said."""


SpeechEvent = (
    TextDelta | ClauseStarted | WordsTimed | PcmAudio | ClauseEnded | SpeechFinished
)
