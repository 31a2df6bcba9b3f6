"""The languages that Whisper knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.errors import EngineFailed

AUTO = "auto"
"""Detect the language of each utterance."""

LANGUAGES = frozenset(
    [
        "af",
        "am",
        "ar",
        "as",
        "az",
        "ba",
        "be",
        "bg",
        "bn",
        "bo",
        "br",
        "bs",
        "ca",
        "cs",
        "cy",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "eu",
        "fa",
        "fi",
        "fo",
        "fr",
        "gl",
        "gu",
        "ha",
        "haw",
        "he",
        "hi",
        "hr",
        "ht",
        "hu",
        "hy",
        "id",
        "is",
        "it",
        "ja",
        "jw",
        "ka",
        "kk",
        "km",
        "kn",
        "ko",
        "la",
        "lb",
        "ln",
        "lo",
        "lt",
        "lv",
        "mg",
        "mi",
        "mk",
        "ml",
        "mn",
        "mr",
        "ms",
        "mt",
        "my",
        "ne",
        "nl",
        "nn",
        "no",
        "oc",
        "pa",
        "pl",
        "ps",
        "pt",
        "ro",
        "ru",
        "sa",
        "sd",
        "si",
        "sk",
        "sl",
        "sn",
        "so",
        "sq",
        "sr",
        "su",
        "sv",
        "sw",
        "ta",
        "te",
        "tg",
        "th",
        "tk",
        "tl",
        "tr",
        "tt",
        "uk",
        "ur",
        "uz",
        "vi",
        "yi",
        "yo",
        "yue",
        "zh",
    ]
)


def languages_of(model: str, facts: Mapping[str, Any]) -> list[str]:
    """The codes that a model understands; `facts` are the details of its engine's
    health."""
    english_only = model.endswith(".en") or facts.get("multilingual") is False
    return ["en"] if english_only else sorted(LANGUAGES)


def check_configured(code: str) -> None:
    """Raises EngineFailed unless `whisper_lang` may be this."""
    if code != AUTO and code not in LANGUAGES:
        raise EngineFailed(
            f"`whisper_lang` is `{code}`: it must be `{AUTO}` or one of "
            f"{', '.join(sorted(LANGUAGES))}."
        )
