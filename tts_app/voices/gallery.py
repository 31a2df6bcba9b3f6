"""The voices as the gallery shows them, by language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import get_language_info

from tts_app.core.engine import VoiceInfo
from tts_app.voices.samples import sample_for
from tts_app.voices.selector import AvailableVoices


@dataclass(frozen=True)
class ShownVoice:
    """A voice with the words that describe it."""

    info: VoiceInfo
    is_default: bool

    @property
    def title(self) -> str:
        """`Joe` for `en_US-joe-medium`."""
        parts = self.info.name.split("-")
        name = (parts[1] if len(parts) > 1 else parts[0]).replace("_", " ")
        return name[:1].upper() + name[1:]

    @property
    def tag(self) -> str:
        """The language code, such as `en-US`."""
        return self.info.language.replace("_", "-")

    @property
    def sample(self) -> str:
        return sample_for(self.info.language)


@dataclass(frozen=True)
class VoiceGroup:
    """The voices of one language."""

    language: str
    voices: list[ShownVoice]


def voice_groups(available: AvailableVoices) -> list[VoiceGroup]:
    """All voices by language; the language of the default voice comes first."""
    shown = [
        ShownVoice(info, info.name == available.default) for info in available.voices
    ]
    by_language = sorted(shown, key=lambda voice: language_name(voice.info.language))
    groups = [
        VoiceGroup(language, _ordered(voices))
        for language, voices in groupby(
            by_language, key=lambda voice: language_name(voice.info.language)
        )
    ]
    return sorted(groups, key=lambda group: not group.voices[0].is_default)


def _ordered(voices: Iterable[ShownVoice]) -> list[ShownVoice]:
    return sorted(voices, key=lambda voice: (not voice.is_default, voice.info.name))


def language_name(code: str) -> str:
    """`German` for `de_DE`, in the language of the reader; the code if nobody knows it."""
    whole = code.replace("_", "-").lower()
    for known in (whole.split("-")[0], whole):
        try:
            return str(get_language_info(known)["name_translated"])
        except KeyError:
            continue
    return code
