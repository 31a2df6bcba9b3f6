"""Languages as other servers name them: by code, or by English name as OpenAI does."""

from __future__ import annotations

from stt_app.core.languages import LANGUAGE_NAMES

_CODES = {name: code for code, name in LANGUAGE_NAMES.items()}


def language_code(given: object, otherwise: str) -> str:
    """The code of a language; `otherwise` for one that Whisper does not know."""
    name = str(given or "").strip().lower()
    short = name.replace("_", "-").partition("-")[0]
    return short if short in LANGUAGE_NAMES else _CODES.get(name, otherwise)
