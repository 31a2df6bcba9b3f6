"""The languages of requests, and their names in answers."""

from __future__ import annotations

from common.errors import BadValue
from stt_app.core.language_tags import find_language
from stt_app.core.languages import LANGUAGE_NAMES

_LONGEST_SHOWN = 20


def language_code(given: str, field: str = "language") -> str:
    """The engine's code for a language in any usual form.

    Raises BadValue, which names the field.
    """
    if code := find_language(given):
        return code
    raise BadValue(
        f"The language `{given[:_LONGEST_SHOWN]}` is not known; use a code such as `en`.",
        field=field,
    )


def language_name(code: str) -> str:
    """The language in words, as `verbose_json` has it; a code of no language as it is."""
    return LANGUAGE_NAMES.get(code, code)
