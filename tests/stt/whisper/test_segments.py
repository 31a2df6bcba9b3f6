"""What Whisper makes up is dropped, and nothing else."""

from __future__ import annotations

import pytest

from stt_app.core.engine import Word
from stt_app.core.whisper.hallucinations.segments import (
    TextPiece,
    confidence,
    usable_pieces,
    without_loop,
)


def piece(text: str, start: float = 0, ratio: float = 1.2) -> TextPiece:
    return TextPiece(text, start, ratio, -0.5, 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Hello there.", " Hello there."),
        ("no no no", "no no no"),
        (" la" * 50, " la"),
        ("So it goes" + " and on and on" * 20, "So it goes and on"),
        (
            "I went home. " + "Thank you very much. " * 6,
            "I went home. Thank you very much.",
        ),
        ("", ""),
    ],
)
def test_it_ends_a_loop_where_it_begins(text: str, expected: str) -> None:
    assert without_loop(text) == expected


def test_it_looks_for_loops_only_in_text_that_compresses_too_well() -> None:
    honest = piece("no no no no no no", ratio=1.5)
    assert usable_pieces([honest], 3) == [honest]


def test_it_cuts_the_words_where_it_cuts_the_text() -> None:
    words = tuple(Word("la", each, each + 0.5, 0.9) for each in range(50))
    looping = TextPiece(" la" * 50, 0, 20.0, -0.5, 50, words)
    (kept,) = usable_pieces([looping], 50)
    assert (kept.text, kept.words) == (" la", words[:1])


def test_it_drops_what_starts_after_the_end() -> None:
    pieces = [piece(" Hello."), piece(" Thanks for watching!", start=2.0)]
    assert usable_pieces(pieces, 2.0) == pieces[:1]


def test_it_drops_what_holds_no_word() -> None:
    pieces = [piece(" ."), piece(" ..."), piece(" 7"), piece("は")]
    assert usable_pieces(pieces, 2.0) == pieces[2:]


def test_confidence_is_the_mean_of_all_tokens() -> None:
    sure = TextPiece("a", 0, 1, 0.0, 30)
    unsure = TextPiece("b", 0, 1, -2.0, 10)
    assert confidence([]) == 0
    assert confidence([sure]) == 1
    assert confidence([sure, unsure]) == pytest.approx(0.6065, abs=1e-4)
