"""Short clauses that were spoken before, kept for the next time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from tts_app.core.engine import SpeechPart

MAX_TEXT = 100
"""Longer clauses are hardly ever repeated."""


class SpeechCache:
    """The last spoken clauses, as much as fits; the least recently used one goes."""

    def __init__(self, megabytes: float) -> None:
        self._most_bytes = int(megabytes * 1e6)
        self._entries: OrderedDict[Hashable, tuple[SpeechPart, ...]] = OrderedDict()
        self.bytes = 0

    def takes(self, text: str) -> bool:
        """Whether such a text is kept at all."""
        return self._most_bytes > 0 and len(text) <= MAX_TEXT

    def get(self, key: Hashable) -> tuple[SpeechPart, ...] | None:
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: Hashable, parts: Sequence[SpeechPart]) -> None:
        """Keep the parts, unless they alone are more than fits."""
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
