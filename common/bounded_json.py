"""JSON from untrusted clients: the number of values is bounded, so no body takes
long."""

from __future__ import annotations

import json
from typing import Any

from common.errors import BadRequest

MOST_VALUES = 1_000
"""The same as Django's limit for form fields."""
_MOST_QUOTES = 4 * MOST_VALUES
"""Two for the name of a value, and two for a value that is a string."""


def read_json(text: str, what: str) -> Any:
    """The parsed value; `what` names it in errors. Raises BadRequest.

    Parsing holds the interpreter from the first to the last character. A long
    string takes a millisecond a megabyte; a million small values take seconds,
    and so does reporting what is wrong with each of them.
    """
    if _holds_too_many(text):
        raise BadRequest(f"The {what} holds more than {MOST_VALUES} values.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The {what} is not valid JSON.") from error


def _holds_too_many(text: str) -> bool:
    """Whether more values than allowed begin outside of strings."""
    without_escapes = text.replace("\\\\", "").replace('\\"', "")
    parts = without_escapes.split('"', _MOST_QUOTES)
    if len(parts) > _MOST_QUOTES:
        return True
    outside = "".join(parts[::2])
    return sum(map(outside.count, "[{,")) > MOST_VALUES
