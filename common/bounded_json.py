"""JSON from untrusted clients: the number of values is bounded, so no body takes
long."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from common.errors import BadRequest, BadValue

MOST_VALUES = 1_000
"""The same as Django's limit for form fields."""
MOST_LEVELS = 64
"""How deep values may be nested. Python's own limit is one of the stack, so what can be
read from one place might not be written from another."""
_MOST_QUOTES = 4 * MOST_VALUES
"""Two for the name of a value, and two for a value that is a string."""


def read_json(text: str, what: str, *, takes_halves: bool = False) -> Any:
    """The parsed value; `what` names it in errors. Raises BadRequest, also for half a
    surrogate pair, which nothing can write again, unless it `takes_halves`.

    Parsing holds the interpreter from the first to the last character. A long
    string takes a millisecond a megabyte; a million small values take seconds,
    and so does reporting what is wrong with each of them.
    """
    if _holds_too_many(text):
        raise BadRequest(f"The {what} holds more than {MOST_VALUES} values.")
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The {what} is not valid JSON.") from error
    if _is_too_deep(plain):
        raise BadRequest(f"The {what} has more than {MOST_LEVELS} levels.")
    if not takes_halves and may_have_halves(text):
        _check_halves(plain, what, None)
    return plain


def may_have_halves(text: str) -> bool:
    """Whether this JSON escapes surrogates, in pairs or alone. Makes no copy of it."""
    return "\\ud" in text or "\\uD" in text


def _check_halves(plain: Any, what: str, field: str | None) -> None:
    if isinstance(plain, str) and not _is_unicode(plain):
        raise BadValue(f"The {what} has half a surrogate pair.", field=field)
    if isinstance(plain, dict):
        for name, value in plain.items():
            _check_halves(name, what, field)
            _check_halves(value, what, name)
    elif isinstance(plain, list):
        for value in plain:
            _check_halves(value, what, field)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_too_deep(plain: Any) -> bool:
    """Whether values are nested deeper than MOST_LEVELS."""
    level = [plain]
    for _ in range(MOST_LEVELS):
        level = [inner for each in level for inner in _inside(each)]
    return any(isinstance(each, dict | list) for each in level)


def _inside(plain: Any) -> Iterable[Any]:
    if isinstance(plain, dict):
        return plain.values()
    return plain if isinstance(plain, list) else ()


def _holds_too_many(text: str) -> bool:
    """Whether more values than allowed begin outside of strings."""
    without_escapes = text.replace("\\\\", "").replace('\\"', "")
    parts = without_escapes.split('"', _MOST_QUOTES)
    if len(parts) > _MOST_QUOTES:
        return True
    outside = "".join(parts[::2])
    return sum(map(outside.count, "[{,")) > MOST_VALUES
