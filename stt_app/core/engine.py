"""What a speech-to-text engine takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from common.audio import SPEECH_RATE_HZ, Samples
from common.engine import Engine
from common.workers import Priority, Urgency

Task = Literal["transcribe", "translate"]


@dataclass(frozen=True, eq=False)
class Utterance:
    """One stretch of speech: mono float32 samples at 16 kHz, and what is wanted of it."""

    samples: Samples
    language: str = "auto"
    task: Task = "transcribe"
    """`translate` gives English text, whatever was spoken."""
    prompt: str = ""
    """Text that sets the style and spelling, as if it had been said before."""
    hotwords: str = ""
    """Words that are likely to be said."""
    word_timestamps: bool = False
    voice_probability: float = 1.0
    """How sure voice activity detection is that somebody speaks, 0 to 1: the mean
    over the frames that it took for speech. Low, and stock phrases are doubted."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / SPEECH_RATE_HZ


@dataclass(frozen=True)
class Word:
    """One word, with where it was said in seconds from the utterance's start."""

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class Transcript:
    """What was said in one utterance."""

    text: str
    language: str
    language_probability: float
    confidence: float
    """Mean probability of the tokens, 0 to 1; 0 for an empty text."""
    model: str
    words: tuple[Word, ...] = ()
    """Filled when the utterance asked for `word_timestamps`."""


class SttEngine(Engine, Protocol):
    """Turns utterances into text."""

    @property
    def model_name(self) -> str: ...

    async def transcribe(
        self, utterance: Utterance, urgency: Priority | Urgency = Priority.FINAL
    ) -> Transcript:
        """The text of the utterance. Raises EngineFailed or Overloaded.

        Cancelling the caller gives the place in the queue up. Past the urgency's
        deadline Expired is raised, unless work on it has begun.
        """
