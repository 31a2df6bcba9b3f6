"""Language codes of clients as those of the engine."""

from __future__ import annotations

import re

from stt_app.core.languages import AUTO, LANGUAGES

_OTHER_CODES = {"nb": "no", "fil": "tl", "jv": "jw"}
"""Codes of ISO 639 for which Whisper has another one."""


def language_code(given: str) -> str:
    """The engine's code: of `en-US` it is `en`, of an empty text `auto`.

    Raises ValueError for an unknown language.
    """
    base = re.split("[-_]", given.strip().lower(), maxsplit=1)[0]
    code = _OTHER_CODES.get(base, base) or AUTO
    if code != AUTO and code not in LANGUAGES:
        raise ValueError(f"unknown language {given[:20]!r}; use a code such as `en`")
    return code
