"""Voice names of other services, mapped to the voices of this server.

OpenAI's names take turns over the voices and speakers in the language of the default
voice: the first name is the default voice, the next one the next voice, and so on; with
only one voice all of them are that voice. A name of Kokoro's selects a voice in the
language of its first letter. The same name is the same voice for as long as the
installed voices stay the same; `voice_aliases` overrides the tables.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from common.config import Config
from tts_app.core.engine import USUAL_VOICE, VoiceInfo, VoiceSettings
from tts_app.voices.selector import AUTO, AvailableVoices

OPENAI_VOICES = (
    "alloy",
    "ash",
    "ballad",
    "coral",
    "echo",
    "fable",
    "onyx",
    "nova",
    "sage",
    "shimmer",
    "verse",
    "marin",
    "cedar",
)
DEFAULT_NAMES = ("", "default")
KOKORO_LANGUAGES = {
    "a": "en_US",
    "b": "en_GB",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt_BR",
    "z": "zh",
}
"""By the first letter of a voice's name.

Source: VOICES.md of https://huggingface.co/hexgrad/Kokoro-82M
"""
_KOKORO = re.compile(r"([abefhijpz])[fm]_[a-z0-9]+")
SPEAKER_SEPARATOR = ":"


def named_voice(
    name: str, available: AvailableVoices, config: Config
) -> VoiceSettings | None:
    """The voice, and perhaps its speaker, that a client's name means; None if unknown.

    A name is one of ours, `VOICE:SPEAKER`, `auto`, `default`, a key of
    `voice_aliases`, or a name of OpenAI's or Kokoro's.
    """
    name = config.voice_aliases.get(name, name)
    if name in DEFAULT_NAMES:
        return USUAL_VOICE
    if own := _own_voice(name, available):
        return own
    folded = name.lower()
    if folded in OPENAI_VOICES:
        pool = _in_language(_language(available), available)
        return _speaker_at(OPENAI_VOICES.index(folded), pool, config)
    if kokoro := _KOKORO.match(folded):
        pool = _in_language(KOKORO_LANGUAGES[kokoro[1]], available)
        # A checksum, because Python's own hash changes with every start.
        return _speaker_at(zlib.crc32(kokoro[0].encode()), pool, config)
    return None


def _own_voice(name: str, available: AvailableVoices) -> VoiceSettings | None:
    names = [voice.name for voice in available.voices]
    if name == AUTO or name in names:
        return VoiceSettings(voice=name)
    voice, _, speaker = name.partition(SPEAKER_SEPARATOR)
    if speaker and voice in names:
        return VoiceSettings(voice=voice, speaker=speaker)
    return None


def _in_language(language: str, available: AvailableVoices) -> list[VoiceInfo]:
    """The voices in that language, or any variety of it, the default one first; those
    in the default voice's language if there is none."""
    ordered = sorted(available.voices, key=lambda each: each.name != available.default)
    for wanted in (language, language[:2], _language(available)):
        if found := [each for each in ordered if each.language.startswith(wanted)]:
            return found
    return ordered


def _language(available: AvailableVoices) -> str:
    """The language of the default voice, without the country."""
    voices = {voice.name: voice.language for voice in available.voices}
    return voices[available.default][:2]


def _speaker_at(number: int, pool: list[VoiceInfo], config: Config) -> VoiceSettings:
    choices = list(_choices(pool, config))
    return choices[number % len(choices)]


def _choices(pool: list[VoiceInfo], config: Config) -> Iterator[VoiceSettings]:
    """Each voice with its usual speaker, then the other speakers."""
    usual = config.piper_speaker_id or 0
    for voice in pool:
        yield VoiceSettings(voice=voice.name)
    for voice in pool:
        for number in range(len(voice.speakers)):
            if number != usual:
                yield VoiceSettings(voice=voice.name, speaker=number)
