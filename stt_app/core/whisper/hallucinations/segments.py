"""Guards against Whisper's hallucinations: text after the end, and endless loops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from stt_app.core.engine import Segment, Word

LOOPING_COMPRESSION = 2.4
"""Text that compresses better than this repeats itself; Whisper's own threshold."""

_MOST_REPEATS = 3
_LONGEST_PHRASE_WORDS = 12


@dataclass(frozen=True)
class TextPiece:
    """A segment of text from Whisper."""

    text: str
    start_seconds: float
    compression_ratio: float
    average_log_probability: float
    tokens: int
    words: tuple[Word, ...] = ()
    end_seconds: float = 0.0
    token_ids: tuple[int, ...] = ()
    temperature: float = 0.0
    no_speech_probability: float = 0.0

    def moved(self, seconds: float) -> TextPiece:
        """The same, so much later."""
        return replace(
            self,
            start_seconds=self.start_seconds + seconds,
            end_seconds=self.end_seconds + seconds,
            words=tuple(
                replace(word, start=word.start + seconds, end=word.end + seconds)
                for word in self.words
            ),
        )

    def as_segment(self, longest_seconds: float) -> Segment:
        """For the transcript of an utterance of that length."""
        return Segment(
            self.text,
            self.start_seconds,
            min(self.end_seconds, longest_seconds),
            self.token_ids,
            self.temperature,
            self.average_log_probability,
            self.compression_ratio,
            self.no_speech_probability,
        )


def usable_pieces(pieces: Sequence[TextPiece], seconds: float) -> list[TextPiece]:
    """The credible segments of an utterance of that length."""
    return [
        _cut_loop(piece) if is_looping(piece) else piece
        for piece in spoken_pieces(pieces, seconds)
    ]


def is_looping(piece: TextPiece) -> bool:
    """Whether its text repeats itself, by Whisper's own measure."""
    return piece.compression_ratio > LOOPING_COMPRESSION


def spoken_pieces(pieces: Sequence[TextPiece], seconds: float) -> list[TextPiece]:
    """The pieces that start before the utterance ends and hold a letter or digit."""
    return [
        piece
        for piece in pieces
        if piece.start_seconds < seconds and any(map(str.isalnum, piece.text))
    ]


def _cut_loop(piece: TextPiece) -> TextPiece:
    text = without_loop(piece.text)
    room, kept = len("".join(text.split())), []
    for word in piece.words:
        room -= len(word.word)
        if room >= 0:
            kept.append(word)
    return replace(piece, text=text, words=tuple(kept))


def without_loop(text: str) -> str:
    """The text up to a repetition loop; the phrase stays once."""
    words = text.split()
    for start in range(len(words)):
        for length in range(1, _LONGEST_PHRASE_WORDS + 1):
            phrase = words[start : start + length]
            if _repeats(words, start, phrase) > _MOST_REPEATS:
                lead = text[: len(text) - len(text.lstrip())]
                return lead + " ".join(words[: start + length])
    return text


def _repeats(words: list[str], start: int, phrase: list[str]) -> int:
    length, count = len(phrase), 0
    while phrase and words[start : start + length] == phrase:
        start, count = start + length, count + 1
    return count


def confidence(pieces: Sequence[TextPiece]) -> float:
    """Mean probability of the tokens, 0 to 1; 0 for no text."""
    tokens = sum(piece.tokens for piece in pieces)
    if not tokens:
        return 0.0
    total = sum(piece.average_log_probability * piece.tokens for piece in pieces)
    return math.exp(min(0.0, total / tokens))
