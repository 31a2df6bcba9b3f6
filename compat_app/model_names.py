"""Model names of other services, mapped to the models of this server."""

from __future__ import annotations

from collections.abc import Sequence

from common.config.compat import OpenaiApiSettings
from common.errors import NotFound

TRANSCRIPTION_MODELS = (
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-transcribe-diarize",
    "gpt-transcribe",
    "gpt-live-transcribe",
    "gpt-realtime-whisper",
)
SPEECH_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "kokoro", "piper")
REALTIME_MODELS = (
    "gpt-realtime",
    "gpt-realtime-mini",
    "gpt-realtime-1.5",
    "gpt-realtime-2",
    "gpt-realtime-2.1",
    "gpt-realtime-2.1-mini",
)
LIVE_MODELS = ("gpt-live-1", "gpt-live-1.1")
KNOWN_ALIASES = (
    *TRANSCRIPTION_MODELS,
    *SPEECH_MODELS,
    *REALTIME_MODELS,
    *LIVE_MODELS,
)
"""Names that clients use; each means the configured model."""


MODELS_NAMED = 5
"""Models of the engine that an error message names."""


class UnknownModel(NotFound):
    code = "model_not_found"


def engine_model(given: str, offers: Sequence[str], settings: OpenaiApiSettings) -> str:
    """The engine's name for the model that a client names; empty is the default model.

    `offers` are the engine's own names. Raises UnknownModel for a name that is neither
    an engine's nor an alias, if `strict_model_names` is on.
    """
    name = settings.model_aliases.get(given, given)
    if name in offers:
        return name
    if name and name not in KNOWN_ALIASES and settings.strict_model_names:
        known = "".join(f"`{each}`, " for each in offers[:MODELS_NAMED])
        raise UnknownModel(
            f"There is no model `{name[:60]}`, and `strict_model_names` is on. "
            f"Known: {known}and all that `GET /v1/models` lists.",
            field="model",
        )
    return ""
