"""Words that a client expects, as the engine takes them."""

from __future__ import annotations

from collections.abc import Iterable

from stt_app.core.session.options import MAX_PROMPT_CHARACTERS


def fitting(words: Iterable[str]) -> str:
    """The first words, as many as the model reads, with commas between them."""
    joined = ""
    for word in words:
        longer = f"{joined}, {word}" if joined else word
        if len(longer) > MAX_PROMPT_CHARACTERS:
            break
        joined = longer
    return joined
