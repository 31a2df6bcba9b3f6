"""The ids of items, responses and events."""

from __future__ import annotations

import uuid

_LENGTH = 21
"""As many characters as OpenAI's ids have."""


def new_id(kind: str) -> str:
    """A new id of that kind: `item`, `resp` or `event`."""
    return f"{kind}_{uuid.uuid4().hex[:_LENGTH]}"
