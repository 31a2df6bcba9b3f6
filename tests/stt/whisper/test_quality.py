"""A text is decoded again where it shows the marks of something made up."""

from __future__ import annotations

from typing import Any

import pytest

from stt_app.core.whisper.hallucinations.quality import (
    RedecodeReason,
    failed,
    redecode_reason,
    repeats_phrase,
    token_limit,
)
from stt_app.core.whisper.hallucinations.segments import TextPiece


def piece(text: str, ratio: float = 1.2, sure: float = -0.3, tokens: int = 9) -> Any:
    return TextPiece(text, 0, ratio, sure, tokens)


@pytest.mark.parametrize(
    ("pieces", "voice", "expected"),
    [
        ([piece(" Turn on the lights.")], 1.0, None),
        (
            [piece(" Turn on the lights. Turn on the lights.")],
            1.0,
            RedecodeReason.REPEAT,
        ),
        ([piece(" Looped", ratio=3.0)], 1.0, RedecodeReason.REPEAT),
        ([piece(" Mumbled", sure=-0.9)], 1.0, RedecodeReason.UNSURE),
        ([piece(" Go forward", sure=-0.7)], 1.0, None),
        ([piece(" On", tokens=token_limit(2))], 1.0, RedecodeReason.CAP),
        ([], 1.0, RedecodeReason.EMPTY),
        ([], 0.3, None),
    ],
)
def test_it_names_what_speaks_against_a_text(
    pieces: list[TextPiece], voice: float, expected: RedecodeReason | None
) -> None:
    assert redecode_reason(pieces, 2, voice) is expected


@pytest.mark.parametrize(
    ("sure", "expected"), [(-0.9, None), (-1.1, RedecodeReason.UNSURE)]
)
def test_in_other_languages_only_failures_are_decoded_again(
    sure: float, expected: RedecodeReason | None
) -> None:
    assert redecode_reason([piece(" Hallo", sure=sure)], 2, 1.0, "de") is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no no no no", False),
        ("I have to go, I have to go now", True),
        ("So I went. So I went home", True),
        ("a b c d a b c d", True),
        ("a b c d a b c e", False),
        ("", False),
    ],
)
def test_three_words_or_more_twice_in_a_row_are_a_repeat(
    text: str, expected: bool
) -> None:
    assert repeats_phrase(text) is expected


def test_the_token_limit_grows_with_the_time_and_ends() -> None:
    assert token_limit(1) < token_limit(5) < token_limit(30) == token_limit(300)


def test_what_failed_by_whispers_own_measure_is_worse_than_doubtful() -> None:
    assert not failed(piece(" Mumbled", sure=-0.7))
    assert failed(piece(" Mumbled", sure=-1.1))
    assert failed(piece(" Looped", ratio=3.0))
