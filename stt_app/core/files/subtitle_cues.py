"""Subtitles that read well: two lines, whole phrases, time enough to read them.

Lines, their length, the gap and the longest time are those of Netflix's Timed Text
Style Guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from stt_app.core.events import SpokenWord, UtteranceTranscribed
from stt_app.core.scripts import UNSPACED

LINE_CHARACTERS = 42
LINES = 2
MOST_SECONDS = 7.0
LEAST_SECONDS = 1.0
_GAP_SECONDS = 0.08
"""The gap between two subtitles, so that the change is visible."""
_PAUSE_SECONDS = 0.8
"""A pause of this length between words starts a new subtitle."""
_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True)
class Cue:
    """One subtitle. Times are seconds from the start of the recording."""

    start: float
    end: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Piece:
    """A word, or a character in scripts without spaces, with the space before it."""

    text: str
    start: float
    end: float


def cues(utterances: Sequence[UtteranceTranscribed]) -> list[Cue]:
    """The subtitles of a recording, in order and without overlap."""
    found = [cue for each in utterances for cue in _cues_of(each)]
    return [
        _long_enough(cue, after.start if after else None)
        for cue, after in zip_longest(found, found[1:])
    ]


def _cues_of(utterance: UtteranceTranscribed) -> Iterator[Cue]:
    for group in _groups(_pieces(utterance)):
        text = "".join(piece.text for piece in group).strip()
        yield Cue(group[0].start, group[-1].end, wrapped(text))


def _pieces(utterance: UtteranceTranscribed) -> list[_Piece]:
    start, end = utterance.start_seconds, utterance.end_seconds
    texts = _split(utterance.text)
    words = utterance.words or ()
    if len(words) == len(texts) and _same(words, texts):
        return [
            _Piece(
                text,
                max(start, word.start_seconds),
                min(max(word.end_seconds, word.start_seconds), end),
            )
            for text, word in zip(texts, words, strict=True)
        ]
    # Without word timestamps, each character takes the same time.
    total = sum(map(len, texts)) or 1
    pieces, at = [], 0
    for text in texts:
        begin, at = at, at + len(text)
        times = (start + (end - start) * place / total for place in (begin, at))
        pieces.append(_Piece(text, *times))
    return pieces


def _split(text: str) -> list[str]:
    """Words with the space before them; where there are no spaces, characters."""
    return [
        piece
        for word in re.findall(r"\s*\S+", text.strip())
        for piece in (_characters(word) if _UNSPACED.search(word) else [word])
    ]


def _characters(word: str) -> list[str]:
    # Punctuation stays with the character that it follows, Latin words stay whole.
    return re.findall(r"\s*(?:[A-Za-z0-9]+|\S)[^\w\s]*", word) or [word]


def _same(words: Sequence[SpokenWord], texts: Sequence[str]) -> bool:
    return all(
        word.word.strip() == text.strip()
        for word, text in zip(words, texts, strict=True)
    )


def _groups(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    group: list[_Piece] = []
    for piece in pieces:
        if group and not _fits(group, piece):
            at = _best_break(group)
            yield group[:at]
            group = group[at:]
            # The carried text may still leave too little room.
            while group and not _fits(group, piece):
                yield group
                group = []
        group.append(piece)
    if group:
        yield group


def _fits(group: Sequence[_Piece], piece: _Piece) -> bool:
    text = "".join(each.text for each in [*group, piece]).strip()
    return (
        len(wrapped(text)) <= LINES
        and piece.end - group[0].start <= MOST_SECONDS
        and piece.start - group[-1].end < _PAUSE_SECONDS
    )


def _best_break(group: Sequence[_Piece]) -> int:
    """Split after the last end of a sentence, else of a phrase, else not at all."""
    for ends in (".!?…。！？", ",;:—，、；："):
        for at in range(len(group), len(group) // 3, -1):
            if group[at - 1].text[-1] in ends:
                return at
    return len(group)


def wrapped(text: str) -> tuple[str, ...]:
    """The text in as few lines as it needs, of about the same length."""
    lines = _filled(text, LINE_CHARACTERS)
    if len(lines) == LINES:
        for width in range((len(text) + 1) // LINES, LINE_CHARACTERS):
            even = _filled(text, width)
            if len(even) == LINES and max(map(len, even)) <= width:
                return even
    return lines


def _filled(text: str, width: int) -> tuple[str, ...]:
    lines, line = [], ""
    for piece in _split(text):
        if line and len((line + piece).strip()) > width:
            lines.append(line.strip())
            line = ""
        line += piece
    return (*lines, line.strip()) if line.strip() else tuple(lines)


def _long_enough(cue: Cue, next_start: float | None) -> Cue:
    """Extend a short cue as far as the next one allows."""
    end = max(cue.end, cue.start + LEAST_SECONDS)
    if next_start is not None:
        end = min(end, max(next_start - _GAP_SECONDS, cue.start + _GAP_SECONDS))
        end = min(end, max(next_start, cue.start))
    return Cue(cue.start, end, cue.lines)
