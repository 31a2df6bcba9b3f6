"""Interim transcripts as text that is only appended to."""

from __future__ import annotations


class Captions:
    """The words of one turn while it is spoken.

    A delta cannot be taken back, so a word is sent only once two interim texts in a row
    agree on it.
    """

    def __init__(self) -> None:
        self.told = ""
        """All deltas so far."""
        self._before: list[str] = []

    def hear(self, text: str) -> str:
        """Take the interim text so far; returns the delta, which may be empty."""
        words = text.split()
        agreed = _common(self._before, words)
        self._before = words
        return self._append(" ".join(words[:agreed]))

    def end(self, text: str) -> str:
        """Take the final text; returns the delta, empty if the deltas so far contradict it."""
        return self._append(text)

    def _append(self, text: str) -> str:
        if not text.startswith(self.told):
            return ""
        more, self.told = text[len(self.told) :], text
        return more


def _common(left: list[str], right: list[str]) -> int:
    """The length of the common prefix, in words."""
    for number, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return number
    return min(len(left), len(right))
