"""A cache of short clauses."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from tts_app.core.engine import SpeechPart

MAX_TEXT = 100
"""Longer clauses rarely repeat."""


class SpeechCache:
    """A bounded LRU cache of spoken clauses."""

    def __init__(self, megabytes: float) -> None:
        self._most_bytes = int(megabytes * 1e6)
        self._entries: OrderedDict[Hashable, tuple[SpeechPart, ...]] = OrderedDict()
        self.bytes = 0

    def takes(self, text: str) -> bool:
        """Whether such a text is cached."""
        return self._most_bytes > 0 and len(text) <= MAX_TEXT

    def get(self, key: Hashable) -> tuple[SpeechPart, ...] | None:
        """The clause's parts, mono float32 in [-1, 1] at the voice's rate, or None."""
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: Hashable, parts: Sequence[SpeechPart]) -> None:
        """Keep the parts (mono float32), unless they alone are more than fits."""
        size = _bytes_of(parts)
        if not parts or size > self._most_bytes:
            return
        self._drop(key)
        self._entries[key] = tuple(parts)
        self.bytes += size
        while self.bytes > self._most_bytes:
            self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        self._entries.clear()
        self.bytes = 0

    def _drop(self, key: Hashable) -> None:
        self.bytes -= _bytes_of(self._entries.pop(key, ()))


def _bytes_of(parts: Sequence[SpeechPart]) -> int:
    return sum(part.samples.nbytes for part in parts)
