"""The voices of another server, described as well as their names allow."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.remote.catalog import OfferedVoice
from tts_app.core.engine import VoiceInfo
from tts_app.core.remote.options import RemoteTtsOptions

OPENAI_VOICE = "alloy"
"""A name that OpenAI's server and those modelled on it understand."""

_PIPER_NAME = re.compile(r"[a-z]{2,3}_[A-Z]{2}-.+-(x_low|low|medium|high)$")
_LANGUAGE_CODE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2,3}))?")
_LANGUAGE_NAME = re.compile(r"([a-z]{2})[-_]([A-Z]{2})\b")
_KOKORO_NAME = re.compile(r"([abefhijpz])[fm]_")
_KOKORO_LANGUAGES = {
    "a": "en_US",
    "b": "en_GB",
    "e": "es_ES",
    "f": "fr_FR",
    "h": "hi_IN",
    "i": "it_IT",
    "j": "ja_JP",
    "p": "pt_BR",
    "z": "zh_CN",
}
_USUAL_LANGUAGE = "en_US"
"""For a name that says nothing: most such voices speak several languages, and numbers
are written out as in English."""


def voice_list(
    options: RemoteTtsOptions, listed: Sequence[OfferedVoice], source: str
) -> list[VoiceInfo]:
    """The configured voices, or the listed ones; the default first.

    `listed` are those of a server that answers, which need not list any.
    """
    languages = {voice.name: voice.language for voice in listed}
    names = list(options.names_there) or list(languages) or [OPENAI_VOICE]
    if options.voice:
        names.insert(0, options.voice)
    return [
        VoiceInfo(
            name,
            _short(languages.get(name, "")) or language_of(name),
            quality_of(name),
            options.sample_rate,
            source=source,
        )
        for name in dict.fromkeys(names)
    ]


def quality_of(name: str) -> str:
    """The quality of a voice that is named as Piper's are; else empty."""
    piper = _PIPER_NAME.match(name)
    return piper[1] if piper else ""


def language_of(name: str) -> str:
    """The language of a voice by its name: as Piper, Kokoro, or Azure write them."""
    if kokoro := _KOKORO_NAME.match(name):
        return _KOKORO_LANGUAGES[kokoro[1]]
    if found := _LANGUAGE_NAME.search(name):
        return f"{found[1]}_{found[2]}"
    return _USUAL_LANGUAGE


def _short(language: str) -> str:
    """`en-us` as `en_US`; empty for what is no such code."""
    found = _LANGUAGE_CODE.fullmatch(language)
    if found is None:
        return ""
    return f"{found[1].lower()}_{found[2].upper()}" if found[2] else found[1].lower()
