"""Signs that a decoded text is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from stt_app.core.whisper.hallucinations.segments import LOOPING_COMPRESSION, TextPiece

MOST_NEW_TOKENS = 220
"""More than anyone says in 30 s."""

_TOKENS_PER_SECOND = 16
"""A judgement: fast speech is about 4 words a second, and a word takes up to 4 tokens
in languages for which Whisper's tokenizer has few whole words."""
_SPARE_TOKENS = 24
"""Timestamps, punctuation, and numbers that are said in one word and written in many
digits; they weigh most in short utterances."""
_LEAST_PHRASE_WORDS = 3
"""People do say a word or two twice ("no, no", "thank you, thank you")."""
_SURE_OF_VOICE = 0.5
"""Silero's own threshold for speech, here for the mean over an utterance."""
_FAILED_LOG_PROBABILITY = -1.0
"""Whisper's own threshold (`logprob_threshold`)."""
_LEAST_LOG_PROBABILITY = {"en": -0.8}
"""Of real speech above it the full window corrects no word; short commands are often
below -0.6, and decoding each of them again would delay it for nothing. In other
languages small models are unsure of right words too, and only failures are doubted."""


class RedecodeReason(StrEnum):
    """The reason to decode again with the full window."""

    REPEAT = "repeat"
    EMPTY = "empty"
    CAP = "cap"
    UNSURE = "unsure"


def token_limit(seconds: float) -> int:
    """A token limit above what anyone says in that time, so that loops end early."""
    return min(math.ceil(seconds * _TOKENS_PER_SECOND) + _SPARE_TOKENS, MOST_NEW_TOKENS)


def redecode_reason(
    pieces: Sequence[TextPiece],
    seconds: float,
    voice_probability: float,
    language: str = "en",
) -> RedecodeReason | None:
    """Why the text is not credible, or None if it is.

    `seconds` is the length of the utterance, `voice_probability` 0 to 1. The pieces
    are as Whisper gave them, loops included.
    """
    least = _LEAST_LOG_PROBABILITY.get(language, _FAILED_LOG_PROBABILITY)
    text = "".join(piece.text for piece in pieces)
    if not text.strip():
        return RedecodeReason.EMPTY if voice_probability >= _SURE_OF_VOICE else None
    if sum(piece.tokens for piece in pieces) >= token_limit(seconds):
        return RedecodeReason.CAP
    if repeats_phrase(text) or any(
        piece.compression_ratio > LOOPING_COMPRESSION for piece in pieces
    ):
        return RedecodeReason.REPEAT
    if any(piece.average_log_probability < least for piece in pieces):
        return RedecodeReason.UNSURE
    return None


def failed(piece: TextPiece) -> bool:
    """Whether Whisper itself would try again at a higher temperature."""
    return (
        piece.compression_ratio > LOOPING_COMPRESSION
        or piece.average_log_probability < _FAILED_LOG_PROBABILITY
    )


def repeats_phrase(text: str) -> bool:
    """Whether three or more words repeat at once."""
    words = [word.strip(".,!?;:").casefold() for word in text.split()]
    return any(
        words[at : at + length] == words[at + length : at + 2 * length]
        for length in range(_LEAST_PHRASE_WORDS, len(words) // 2 + 1)
        for at in range(len(words) - 2 * length + 1)
    )
