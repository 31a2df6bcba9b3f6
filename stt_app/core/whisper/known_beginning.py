"""The beginning of a text that is known already, which the decoder only has to read.

Whisper writes a token at a time, and reads many at once: of a sentence whose first words
were agreed on while it was said, only the last ones take time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stt_app.core.engine import TranscriptionRequest
from stt_app.core.whisper.hallucinations.segments import TextPiece

LEAST_WORDS = 3
"""Fewer save less than a few milliseconds."""
MOST_CHARACTERS = 400
"""About 100 tokens, which leave room for the rest in the decoder's 448."""
_PUNCTUATION = ",.;:!?…-–—"


def known_beginning(utterance: TranscriptionRequest) -> str:
    """What the decoder is given of the text, without the last mark: that may change.

    Empty where it would not help, or where the decoder has to write every word.
    """
    known = utterance.known.strip().rstrip(_PUNCTUATION)
    if len(known.split()) < LEAST_WORDS or len(known) > MOST_CHARACTERS:
        return ""
    # faster-whisper takes no hotwords beside a prefix, and times only what it writes.
    others = utterance.prompt or utterance.hotwords or utterance.word_timestamps
    return "" if others else known


def with_beginning(known: str, pieces: Sequence[TextPiece]) -> list[TextPiece]:
    """The pieces of the whole text, given those of the rest."""
    if not known:
        return list(pieces)
    if not pieces:
        return [TextPiece(f" {known}", 0.0, 1.0, 0.0, len(known.split()))]
    first, *rest = pieces
    return [replace(first, text=f" {known}{first.text}", start_seconds=0.0), *rest]
