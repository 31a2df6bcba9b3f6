"""The beginning of a text that is known is read by the decoder, and not written again."""

from __future__ import annotations

import pytest

from stt_app.core.engine import TranscriptionRequest
from stt_app.core.whisper.hallucinations.segments import TextPiece
from stt_app.core.whisper.known_beginning import (
    MOST_CHARACTERS,
    known_beginning,
    with_beginning,
)
from tests.stt.sounds import silence


def asked(**fields: object) -> TranscriptionRequest:
    known = {"known": "what time is it in"}
    return TranscriptionRequest(silence(1), **{**known, **fields})  # type: ignore[arg-type]


def test_the_decoder_gets_what_is_known_without_the_last_mark() -> None:
    assert known_beginning(asked()) == "what time is it in"
    assert known_beginning(asked(known=" No, not at all, ")) == "No, not at all"


@pytest.mark.parametrize(
    "fields",
    [
        {"known": ""},
        {"known": "what time"},
        {"known": "what time " * (MOST_CHARACTERS // 10 + 1)},
        {"prompt": "A fable."},
        {"hotwords": "Paris"},
        {"word_timestamps": True},
    ],
    ids=["none", "too short", "too long", "prompt", "hotwords", "word times"],
)
def test_it_writes_every_word_where_the_beginning_would_not_help(
    fields: dict[str, object],
) -> None:
    assert known_beginning(asked(**fields)) == ""


def test_the_pieces_are_those_of_the_whole_text() -> None:
    rest = [
        TextPiece(" Paris,", 1.2, 1.0, -0.1, 2),
        TextPiece(" when it is noon?", 2.0, 1.0, -0.1, 5),
    ]
    whole = with_beginning("what time is it in", rest)
    assert [piece.text for piece in whole] == [
        " what time is it in Paris,",
        " when it is noon?",
    ]
    assert [piece.start_seconds for piece in whole] == [0.0, 2.0]
    assert with_beginning("", rest) == rest


def test_a_text_of_which_all_is_known_has_a_piece() -> None:
    (piece,) = with_beginning("what time is it", [])
    assert piece.text == " what time is it"
