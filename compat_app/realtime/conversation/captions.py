"""What the user is saying, as text that is only appended to."""

from __future__ import annotations


class Captions:
    """The words of one turn while it is spoken.

    A delta cannot be taken back, so a word is told once two texts in a row agree on it.
    """

    def __init__(self) -> None:
        self.told = ""
        """All deltas so far."""
        self._before: list[str] = []

    def hear(self, text: str) -> str:
        """The text so far; returns what to append, perhaps nothing."""
        words = text.split()
        agreed = _common(self._before, words)
        self._before = words
        return self._append(" ".join(words[:agreed]))

    def end(self, text: str) -> str:
        """The whole text; returns what is missing, if what was told is its beginning."""
        return self._append(text)

    def _append(self, text: str) -> str:
        if not text.startswith(self.told):
            return ""
        more, self.told = text[len(self.told) :], text
        return more


def _common(left: list[str], right: list[str]) -> int:
    """How many words both begin with."""
    for number, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return number
    return min(len(left), len(right))
