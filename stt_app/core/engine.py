"""The interface of speech-to-text engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from common.audio import SPEECH_RATE_HZ, Samples
from common.engine import Engine, EngineStats
from common.errors import BadValue
from common.workers import Urgency

Task = Literal["transcribe", "translate"]


@dataclass(frozen=True, eq=False)
class TranscriptionRequest:
    """One utterance of audio, and the options for its transcription."""

    samples: Samples
    """Mono float32 at 16 kHz, from -1 to 1, shape (n,)."""
    language: str = "auto"
    task: Task = "transcribe"
    """`translate` translates any language into English."""
    prompt: str = ""
    """Text that sets style and spelling, as if it were the preceding transcript."""
    hotwords: str = ""
    """Words that are likely to occur."""
    word_timestamps: bool = False
    voice_probability: float = 1.0
    """The mean probability of the VAD over the speech frames, 0 to 1. If it is low,
    stock phrases are doubted."""
    model: str = ""
    """One of the names in `stats().offers`; empty is the default model."""
    voiced_seconds: float | None = None
    """How much of the audio the VAD found to be speech; None if it is unknown."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / SPEECH_RATE_HZ


@dataclass(frozen=True)
class Word:
    """One word, with its times in seconds from the utterance's start."""

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class Segment:
    """A piece of the text as the model decoded it, and what it says about it.

    The names and the meaning of the figures are those of Whisper.
    """

    text: str
    start: float
    """Seconds from the utterance's start, as `end`."""
    end: float
    tokens: tuple[int, ...] = ()
    temperature: float = 0.0
    average_log_probability: float = 0.0
    compression_ratio: float = 1.0
    no_speech_probability: float = 0.0


@dataclass(frozen=True)
class Transcript:
    """The transcript of one utterance."""

    text: str
    language: str
    language_probability: float
    confidence: float
    """Mean probability of the tokens, 0 to 1; 0 for an empty text."""
    model: str
    words: tuple[Word, ...] = ()
    """Filled when the utterance asked for `word_timestamps`."""
    segments: tuple[Segment, ...] = ()
    """Empty if the engine does not tell them."""


class SttEngine(Engine, Protocol):
    """Turns utterances into text."""

    @property
    def model_name(self) -> str:
        """The name of its default model."""

    async def transcribe(
        self, request: TranscriptionRequest, urgency: Urgency
    ) -> Transcript:
        """The text of one utterance.

        Raises BadValue for a model that the engine does not have, EngineFailed,
        Overloaded when its queue is full, and Expired when work had not begun by the
        urgency's deadline or the call was given up. Cancelling the caller gives the
        call up too.
        """

    def stats(self) -> EngineStats:
        """What it is doing right now. `offers` names its models, the default first."""


def check_model(wanted: str, offers: Sequence[str]) -> None:
    """Raises BadValue naming the offered models, unless this is one of them or empty."""
    if wanted and wanted not in offers:
        names = ", ".join(f"`{name}`" for name in offers)
        raise BadValue(f"There is no model `{wanted}`; use {names}.", field="model")
