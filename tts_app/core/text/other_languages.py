"""Languages other than English: numbers in words where num2words knows them.

All else is left to the voice, which reads its own language.
"""

from __future__ import annotations

import re
from typing import Any

_OPERATOR = re.compile(r"(?<=\d)\s?\*\s?(?=\d)")
_UNSPOKEN = re.compile(r"[*~\\]+")


def expand_other(language: str, clause: str) -> str:
    """The clause of another language, without signs that would be read by name."""
    clause = _OPERATOR.sub(" × ", clause)
    return " ".join(_UNSPOKEN.sub("", clause).split())


def cardinal_in(number: int, language: str) -> str:
    """The number in words of the language; empty when it is not known."""
    return _spelled(number, language, "cardinal")


def ordinal_in(number: int, language: str) -> str:
    """The ordinal number in words of the language; empty when it is not known."""
    return _spelled(number, language, "ordinal")


def _spelled(number: int, language: str, form: str, **options: Any) -> str:
    # Importing all its languages takes a tenth of a second, which English never needs.
    from num2words import num2words

    try:
        return str(num2words(number, lang=language, to=form, **options))
    except (NotImplementedError, OverflowError, TypeError, ValueError):
        return ""
