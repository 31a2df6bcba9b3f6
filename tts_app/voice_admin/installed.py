"""What follows the installation of a voice, however it came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gateway_app.access.principals import LOCAL, acting
from gateway_app.audit.log import Action, arecord
from tts_app.service import SpeechService


async def take_up_voice(speech: SpeechService, name: str, source: str) -> None:
    """Offer the voice, and record who brought it."""
    await speech.sync_voices()
    actor = acting() or LOCAL
    await arecord(actor.id, Action.INSTALLED, f"voice:{name}", source=source)


def downloaded_for(speech: SpeechService) -> Callable[[str], Awaitable[None]]:
    """What `VoiceDownloads` awaits after each installation, for whoever began it."""

    async def installed(name: str) -> None:
        await take_up_voice(speech, name, "hub")

    return installed
