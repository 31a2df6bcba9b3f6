"""What somebody wants to hear."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SpeechOrder:
    """What somebody wants to hear; None leaves it to the configuration."""

    text: str
    voice: str | None = None
    speaker: str | int | None = None
    speed: float = 1.0
    audio_format: str = "wav"
    llm: bool | None = None
    system_prompt: str | None = None
    conversation_id: str | None = None
    request_id: str = ""
    client: str = ""
    caller: str = ""
    """Whose conversation it is."""
    even_disabled: bool = False
    """Whether a voice will do that is installed but not offered."""
