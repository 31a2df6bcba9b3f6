"""What happens to words where long speech was cut: lost, doubled or misheard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jiwer

from tests.word_errors import normalize

AROUND_WORDS = 2
"""Words on each side of a cut that belong to it."""


@dataclass(frozen=True)
class Errors:
    """Of some words of the reference."""

    words: int = 0
    wrong: int = 0
    lost: int = 0
    added: int = 0

    @property
    def percent(self) -> float:
        return 100 * (self.wrong + self.lost + self.added) / max(1, self.words)

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.words + other.words,
            self.wrong + other.wrong,
            self.lost + other.lost,
            self.added + other.added,
        )


def at_cuts(reference: str, pieces: Sequence[str]) -> tuple[Errors, Errors, list[str]]:
    """Errors at the cuts between the pieces and elsewhere; the cuts with errors, shown."""
    heard, cuts = _joined(pieces)
    expected = normalize(reference).split()
    found = jiwer.process_words(" ".join(expected), " ".join(heard))
    near, far = Errors(), Errors()
    shown: list[str] = []
    for chunk in found.alignments[0]:
        for step in range(max(_length(chunk), 1)):
            place = chunk.hyp_start_idx + (0 if chunk.type == "delete" else step)
            error = _error(chunk.type)
            close = [cut for cut in cuts if _is_near(place, cut, chunk.type)]
            if not close:
                far += error
                continue
            near += error
            if chunk.type != "equal":
                said = expected[chunk.ref_start_idx : chunk.ref_end_idx]
                shown.append(_show(chunk.type, said, heard, close[0]))
    return near, far, list(dict.fromkeys(shown))


def _joined(pieces: Sequence[str]) -> tuple[list[str], list[int]]:
    """All words, and before which of them a piece begins."""
    words: list[str] = []
    cuts: list[int] = []
    for piece in pieces:
        cuts.append(len(words))
        words += normalize(piece).split()
    return words, cuts[1:]


def _length(chunk: jiwer.AlignmentChunk) -> int:
    said = chunk.ref_end_idx - chunk.ref_start_idx
    return int(said or chunk.hyp_end_idx - chunk.hyp_start_idx)


def _is_near(place: int, cut: int, kind: str) -> bool:
    # A lost word stands before `place`, any other at it.
    last = cut + AROUND_WORDS - (0 if kind == "delete" else 1)
    return cut - AROUND_WORDS <= place <= last


def _error(kind: str) -> Errors:
    return {
        "equal": Errors(words=1),
        "substitute": Errors(words=1, wrong=1),
        "delete": Errors(words=1, lost=1),
        "insert": Errors(added=1),
    }[kind]


def _show(kind: str, said: Sequence[str], heard: Sequence[str], cut: int) -> str:
    before = " ".join(heard[max(0, cut - 4) : cut])
    after = " ".join(heard[cut : cut + 4])
    return f"{kind}: said {' '.join(said)!r}, heard {before!r} | {after!r}"
