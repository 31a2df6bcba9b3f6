"""Word timestamps from the phoneme durations that the voice reports.

The phonemes of the clause are compared with those of its words one by one. A word that
cannot be matched (espeak reads some only together) has no timestamp: nothing is
estimated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from tts_app.core.engine import WordTime

_SILENT = frozenset(" ,.;:!?-\"'()^$_ˈˌː…—–¿¡")
_WORD = re.compile(r"\[\[.*?\]\]\S*|\S+")


@dataclass(frozen=True)
class _Sound:
    phoneme: str
    owner: int
    """Number of the word, or place among all phonemes of the clause."""


class ClauseWords:
    """The words of one clause, found again in its phonemes.

    They are matched by Ratcliff and Obershelp's algorithm, that of Python's difflib.
    """

    def __init__(
        self, text: str, phonemize: Callable[[str], Sequence[Sequence[str]]]
    ) -> None:
        self._words = list(_spoken_words(text))
        self._places: dict[int, int] = {}
        """Which word each audible phoneme of the clause belongs to."""
        self._next = 0
        clause = _sounds([phonemize(text)])
        words = _sounds([phonemize(word) for word in self._words])
        match = SequenceMatcher(
            None,
            [sound.phoneme for sound in clause],
            [sound.phoneme for sound in words],
            autojunk=False,
        )
        for ours, theirs, size in match.get_matching_blocks():
            for step in range(size):
                self._places[ours + step] = words[theirs + step].owner

    def skip(self, phonemes: Sequence[str]) -> None:
        """The next sentence of audio has no durations."""
        self._next += sum(map(_is_audible, phonemes))

    def times(
        self, sounds: Sequence[tuple[str, int]], rate_hz: int
    ) -> tuple[WordTime, ...]:
        """The words of the next sentence of audio; `sounds` are phonemes and samples."""
        at = 0
        spans: dict[int, list[int]] = {}
        for phoneme, length in sounds:
            if _is_audible(phoneme):
                word = self._places.get(self._next)
                self._next += 1
                if word is not None:
                    spans.setdefault(word, [at, at])[1] = at + length
            at += length
        return tuple(
            WordTime(_shown(self._words[word]), begin / rate_hz, end / rate_hz)
            for word, (begin, end) in sorted(spans.items())
        )


def _spoken_words(text: str) -> Iterator[str]:
    return (word for word in _WORD.findall(text) if any(map(str.isalnum, word)))


def _shown(word: str) -> str:
    """The word without the marks around it."""
    begin, end = 0, len(word)
    while begin < end and not word[begin].isalnum():
        begin += 1
    while end > begin and not (word[end - 1].isalnum() or word[end - 1] in "%°"):
        end -= 1
    is_short = word[end : end + 1] == "." and "." in word[begin:end]
    return word[begin : end + is_short]


def _is_audible(phoneme: str) -> bool:
    return phoneme not in _SILENT and unicodedata.category(phoneme[0])[0] != "M"


def _sounds(texts: Sequence[Sequence[Sequence[str]]]) -> list[_Sound]:
    """The audible phonemes of every text, each with the number of its text."""
    return [
        _Sound(phoneme, owner)
        for owner, sentences in enumerate(texts)
        for sentence in sentences
        for phoneme in sentence
        if _is_audible(phoneme)
    ]
