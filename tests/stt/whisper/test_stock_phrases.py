"""Stock phrases go only where nobody believes them."""

from __future__ import annotations

import pytest

from stt_app.core.whisper.hallucinations.segments import TextPiece
from stt_app.core.whisper.hallucinations.stock_phrases import (
    is_stock_phrase,
    without_stock_phrases,
)


def piece(text: str, sure: float) -> TextPiece:
    return TextPiece(text, 0, 1.0, sure, 5)


@pytest.mark.parametrize(
    ("text", "voice", "sure", "kept"),
    [
        (" Thanks for watching!", 0.6, -0.9, False),
        (" Thanks for watching!", 0.95, -0.9, True),
        (" Thanks for watching!", 0.6, -0.2, True),
        (" Turn on the lights.", 0.6, -0.9, True),
    ],
)
def test_both_must_doubt_it(text: str, voice: float, sure: float, kept: bool) -> None:
    found = [piece(text, sure)]
    assert without_stock_phrases(found, voice) == (found if kept else [])


@pytest.mark.parametrize(
    ("text", "stock"),
    [
        (" Thank you.", True),
        (" Don't forget to like and subscribe!", True),
        (" Untertitel der Amara.org-Community", True),
        ("ご視聴ありがとうございました。", True),
        (" Thank you for the tea.", False),
        ("", False),
    ],
)
def test_it_knows_the_phrases_by_their_words(text: str, stock: bool) -> None:
    assert is_stock_phrase(text) is stock
