"""The voice that a client asks for, by name or by language."""

from __future__ import annotations

from collections.abc import Sequence

from common.errors import BadValue
from compat_app.wyoming.protocol.languages import is_same, primary
from compat_app.wyoming.protocol.messages import Voice
from tts_app.core.engine import VoiceInfo, VoiceSettings
from tts_app.service import SpeechService


async def voice_settings(wanted: Voice | None, speech: SpeechService) -> VoiceSettings:
    """The settings of this voice; a name that is unknown is refused later.

    Raises BadValue for a language that no voice speaks, and EngineFailed when there is
    no voice at all.
    """
    wanted = wanted or Voice()
    name = wanted.name or ""
    if not name and wanted.language:
        available = await speech.available_voices()
        name = _speaking(wanted.language, available.voices, available.default).name
    return VoiceSettings(voice=name, speaker=wanted.speaker)


def _speaking(language: str, voices: Sequence[VoiceInfo], default: str) -> VoiceInfo:
    """The best voice for a language: of its region, or the default one, or the first."""
    same = [voice for voice in voices if primary(voice.language) == primary(language)]
    if not same:
        known = ", ".join(sorted({voice.language for voice in voices}))
        raise BadValue(
            f"No voice speaks the language `{language[:20]}`. Known: {known}.",
            field="language",
        )
    return min(
        same,
        key=lambda voice: (
            not is_same(voice.language, language),
            voice.name != default,
        ),
    )
