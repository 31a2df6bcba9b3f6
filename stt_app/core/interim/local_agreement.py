"""Decides which part of an interim result is stable.

LocalAgreement (Liu et al., "Low-Latency Sequence-to-Sequence Speech Recognition
and Translation by Partial Hypothesis Selection", 2020): words on which consecutive
hypotheses agree are settled, and settled words never change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from stt_app.core.scripts import UNSPACED

_AGREEING = 2
_ANCHOR_WORDS = 2
# Without spaces, each letter is a word.
_WORD = re.compile(rf"\s*(?:[{UNSPACED}]|[^\s{UNSPACED}]+)")
_NOT_LETTERS = re.compile(r"[\W_]+")


class StableText:
    """The hypotheses of one utterance, in order."""

    def __init__(self, agreeing: int = _AGREEING) -> None:
        self._earlier: list[list[str]] = []
        self._agreeing = agreeing
        self._settled: list[str] = []

    @property
    def settled(self) -> str:
        """What will not change."""
        return "".join(self._settled).strip()

    def push(self, text: str) -> str:
        """Take a hypothesis; returns the whole text, which begins with `settled`."""
        words = _WORD.findall(text)
        tail = words[_resume_at(words, self._settled) :]
        self._earlier = [*self._earlier[1 - self._agreeing :], tail]
        if len(self._earlier) == self._agreeing:
            self._settle(_agreed(self._earlier))
        return "".join([*self._settled, *self._earlier[-1]]).strip()

    def _settle(self, count: int) -> None:
        self._settled += self._earlier[-1][:count]
        self._earlier = [words[count:] for words in self._earlier]


def _agreed(hypotheses: Sequence[Sequence[str]]) -> int:
    """The length of the common prefix in words, ignoring case and punctuation."""
    count = 0
    for words in zip(*hypotheses, strict=False):
        if len({_plain(word) for word in words}) > 1:
            break
        count += 1
    # The last word of a hypothesis may be half of a longer one.
    return min(count, *(max(0, len(words) - 1) for words in hypotheses))


def _resume_at(words: Sequence[str], settled: Sequence[str]) -> int:
    """Where in `words` the settled text ends.

    Usually after as many words; if the model has changed an earlier word, the last
    settled words are searched nearby.
    """
    expected = len(settled)
    anchor = [_plain(word) for word in settled[-_ANCHOR_WORDS:]]
    if not anchor:
        return expected
    for shift in (0, -1, 1, -2, 2):
        end = expected + shift
        start = end - len(anchor)
        if start >= 0 and [_plain(word) for word in words[start:end]] == anchor:
            return end
    return expected


def _plain(word: str) -> str:
    return _NOT_LETTERS.sub("", word).casefold() or word.strip()
