"""The languages that clients name: by code, by locale, or in words."""

from __future__ import annotations

from common.errors import BadValue
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
}
"""Codes of ISO 639 for which Whisper has another one."""
_OTHER_NAMES = {
    "burmese": "my",
    "castilian": "es",
    "flemish": "nl",
    "mandarin": "zh",
    "moldavian": "ro",
    "pashto": "ps",
}
_BY_NAME = {name: code for code, name in LANGUAGE_NAMES.items()} | _OTHER_NAMES
_LONGEST_SHOWN = 20


def language_code(given: str, field: str = "language") -> str:
    """Whisper's code for `en`, `en-US`, `EN_us` or `English`; AUTO for nothing.

    Raises BadValue, which names the field.
    """
    wanted = given.strip().casefold().replace("_", "-")
    if wanted in _DETECT:
        return AUTO
    code = wanted.split("-")[0]
    code = _OTHER_CODES.get(code, code)
    if code in LANGUAGE_NAMES:
        return code
    if wanted in _BY_NAME:
        return _BY_NAME[wanted]
    raise BadValue(
        f"The language `{given[:_LONGEST_SHOWN]}` is not known; use a code such as `en`.",
        field=field,
    )


def language_name(code: str) -> str:
    """The language in words, as `verbose_json` has it; a code of no language as it is."""
    return LANGUAGE_NAMES.get(code, code)
