"""Whether the Deepgram API is served."""

from __future__ import annotations

from common.config.compat import DeepgramApiSettings
from common.errors import NotFound


def check_served(settings: DeepgramApiSettings) -> None:
    """Raises NotFound if `deepgram_api` is off."""
    if not settings.deepgram_api:
        raise NotFound("The Deepgram API is turned off (`deepgram_api`).")
