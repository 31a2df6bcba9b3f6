"""What a speech-to-text engine takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from common.audio import SPEECH_RATE_HZ, Samples
from common.engine import Engine
from common.workers import Priority


@dataclass(frozen=True, eq=False)
class Utterance:
    """One stretch of speech: mono float32 samples at 16 kHz, and its language."""

    samples: Samples
    language: str = "auto"

    @property
    def seconds(self) -> float:
        return len(self.samples) / SPEECH_RATE_HZ


@dataclass(frozen=True)
class Transcript:
    """What was said in one utterance."""

    text: str
    language: str
    language_probability: float
    confidence: float
    """Mean probability of the tokens, 0 to 1; 0 for an empty text."""
    model: str


class SttEngine(Engine, Protocol):
    """Turns utterances into text."""

    @property
    def model_name(self) -> str: ...

    async def transcribe(
        self, utterance: Utterance, priority: Priority = Priority.FINAL
    ) -> Transcript:
        """The text of the utterance. Raises EngineFailed or Overloaded."""
