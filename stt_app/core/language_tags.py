"""Languages as people and programs write them: codes, tags with a region, names."""

from __future__ import annotations

from stt_app.core.languages import AUTO, LANGUAGE_NAMES

_DETECT = ("", AUTO, "detect", "multi", "und")
_OTHER_CODES = {
    "cmn": "zh",
    "fil": "tl",
    "in": "id",
    "iw": "he",
    "ji": "yi",
    "jv": "jw",
    "nb": "no",
    "zh-hk": "yue",
}
"""Codes of ISO 639, and tags, for which Whisper has another code."""
_OTHER_NAMES = {
    "burmese": "my",
    "castilian": "es",
    "flemish": "nl",
    "mandarin": "zh",
    "moldavian": "ro",
    "pashto": "ps",
}
_BY_NAME = {name: code for code, name in LANGUAGE_NAMES.items()} | _OTHER_NAMES


def find_language(given: str) -> str | None:
    """Whisper's code for `en`, `en-US`, `EN_us` or `English`; AUTO for an empty text and
    for words that ask for detection; None for an unknown language.

    Source of the tags: BCP 47.
    """
    wanted = given.strip().casefold().replace("_", "-")
    if wanted in _DETECT:
        return AUTO
    base = wanted.split("-")[0]
    code = _OTHER_CODES.get(wanted) or _OTHER_CODES.get(base, base)
    return code if code in LANGUAGE_NAMES else _BY_NAME.get(wanted)
