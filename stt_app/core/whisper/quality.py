"""Signs that a decoded text is not what was said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from stt_app.core.whisper.segments import LOOPING_COMPRESSION, TextPiece

MOST_NEW_TOKENS = 220
"""More than anybody says in 30 s."""

_TOKENS_PER_SECOND = 16
_SPARE_TOKENS = 24
_LEAST_PHRASE_WORDS = 3
_SURE_OF_VOICE = 0.5
_FAILED_LOG_PROBABILITY = -1.0
_LEAST_LOG_PROBABILITY = -0.8
"""Of real speech above it the full window corrects no word; short commands are often
below -0.6, and a second look at each would come late for nothing."""


class Doubt(StrEnum):
    """Why a short window is decoded once more, in full."""

    REPEAT = "repeat"
    EMPTY = "empty"
    CAP = "cap"
    UNSURE = "unsure"


def token_limit(seconds: float) -> int:
    """More tokens than anybody says in that time, so that a loop ends early."""
    return min(math.ceil(seconds * _TOKENS_PER_SECOND) + _SPARE_TOKENS, MOST_NEW_TOKENS)


def doubt(
    pieces: Sequence[TextPiece], seconds: float, voice_probability: float
) -> Doubt | None:
    """What speaks against the text, or None; loops are still in it."""
    text = "".join(piece.text for piece in pieces)
    if not text.strip():
        return Doubt.EMPTY if voice_probability >= _SURE_OF_VOICE else None
    if sum(piece.tokens for piece in pieces) >= token_limit(seconds):
        return Doubt.CAP
    if repeats_phrase(text) or any(
        piece.compression_ratio > LOOPING_COMPRESSION for piece in pieces
    ):
        return Doubt.REPEAT
    if any(piece.average_log_probability < _LEAST_LOG_PROBABILITY for piece in pieces):
        return Doubt.UNSURE
    return None


def failed(piece: TextPiece) -> bool:
    """Whether Whisper itself would try again at a higher temperature."""
    return (
        piece.compression_ratio > LOOPING_COMPRESSION
        or piece.average_log_probability < _FAILED_LOG_PROBABILITY
    )


def repeats_phrase(text: str) -> bool:
    """Whether three words or more come twice in a row."""
    words = [word.strip(".,!?;:").casefold() for word in text.split()]
    return any(
        words[at : at + length] == words[at + length : at + 2 * length]
        for length in range(_LEAST_PHRASE_WORDS, len(words) // 2 + 1)
        for at in range(len(words) - 2 * length + 1)
    )
