"""The services of text to speech in a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import NotFound
from common.services import Services
from llm.engine import LlmEngine
from tts_app.core.engine import TtsEngine
from tts_app.core.voices.downloads import VoiceDownloads
from tts_app.service import SpeechService


@dataclass(frozen=True)
class SpeechServices:
    """The text-to-speech services; absent in a process with only speech to text."""

    engine: TtsEngine
    llm: LlmEngine
    speech: SpeechService
    downloads: VoiceDownloads


def speech_services(scope: Mapping[str, Any]) -> SpeechServices:
    """The text-to-speech services. Raises NotFound if they do not run here."""
    services: Services = scope["state"]
    found = services.get(SpeechServices)
    if found is None:
        raise NotFound(
            "This process has no text to speech: it runs only speech to text."
        )
    return found
