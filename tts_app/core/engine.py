"""The interface of text-to-speech engines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from common.audio import Audio
from common.engine import Engine, EngineStats
from common.workers import Urgency


@dataclass(frozen=True)
class VoiceInfo:
    """A usable voice."""

    name: str
    language: str
    quality: str
    sample_rate: int
    """The voice's sample rate in Hz."""
    speakers: tuple[str, ...] = ()
    """The speakers' names in the order of their numbers; empty for a single speaker."""
    size_bytes: int = 0
    licence: str = ""
    source: str = ""
    """Where it was found: a folder, or an installed package."""
    sha256: str = ""
    """SHA-256 of the model at installation; empty if none was stored."""


@dataclass(frozen=True, kw_only=True)
class VoiceSettings:
    """The voice and its settings for a whole answer."""

    voice: str = ""
    """Empty is the default voice."""
    speaker: str | int | None = None
    """Name or number in a voice that has several; None is the default one."""
    speed: float = 1.0
    """2 is twice as fast."""
    noise_scale: float | None = None
    noise_w: float | None = None
    """Variation of sound and of rhythm; None leaves it to configuration and voice."""
    volume: float = 1.0
    """Factor of the samples, at most 1."""


USUAL_VOICE = VoiceSettings()
"""The default voice with default settings."""


@dataclass(frozen=True)
class ChosenVoice:
    """The voice of an answer, and its settings."""

    info: VoiceInfo
    settings: VoiceSettings = USUAL_VOICE
    others: Mapping[str, VoiceInfo] = field(default_factory=dict)
    """The voices for clauses in the scripts of further languages, by their codes."""


@dataclass(frozen=True)
class SynthesisRequest:
    """One clause to speak: plain words without markup; `[[...]]` are phonemes."""

    text: str
    settings: VoiceSettings = USUAL_VOICE
    word_times: bool = False
    """Whether to return word timestamps."""


@dataclass(frozen=True)
class WordTime:
    """A word with its times, in seconds from the start of the audio."""

    word: str
    start_seconds: float
    end_seconds: float

    def later(self, seconds: float) -> WordTime:
        """The same word, shifted; it does not start before the audio."""
        start = max(0.0, self.start_seconds + seconds)
        return WordTime(self.word, start, self.end_seconds + seconds)


@dataclass(frozen=True, eq=False)
class SpeechPart(Audio):
    """A part of a sentence's audio: mono float32 samples in [-1, 1] at the voice's rate."""

    words: tuple[WordTime, ...] = ()
    """With the first part: the sentence's words, if requested and known."""
    is_last: bool = True
    """Whether the sentence ends with it."""


class TtsEngine(Engine, Protocol):
    """Turns clauses into audio."""

    def stats(self) -> EngineStats:
        """The current load; `offers` are the names of its voices."""

    def voices(self) -> list[VoiceInfo]:
        """The usable voices, the default one first."""

    def synthesize(
        self, request: SynthesisRequest, urgency: Urgency
    ) -> AsyncIterator[SpeechPart]:
        """The clause's audio, streamed. Leaving the loop cancels the work.

        It is mono float32 in [-1, 1] at the voice's rate, shape (n,) a part.
        With any priority but LATER_CLAUSE the first part is short and comes early.
        A SPECULATIVE call waits behind all others; `urgency.raise_to` makes it urgent,
        and `urgency.give_up` cancels it.

        Raises UnknownVoice, EngineFailed, Overloaded, or Expired when it was given up.
        """
