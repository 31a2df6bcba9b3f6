"""When a voice command is over, by the events of its session alone."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import EngineFailed
from compat_app.wyoming.listening.turn import Turn
from stt_app.core.events import (
    CandidateDropped,
    EndReason,
    PauseBegun,
    SpeechCandidate,
    SpeechConfirmed,
    SpeechContinued,
    SpeechEnded,
    UtteranceFailed,
    UtteranceTranscribed,
)

LIMIT, SILENCE = EndReason.LIMIT, EndReason.SILENCE


def began(number: int) -> list[Any]:
    return [SpeechCandidate(number, 0, 0), SpeechConfirmed(number, 0, 0)]


def ended(number: int, reason: EndReason = SILENCE) -> SpeechEnded:
    return SpeechEnded(number, 0, 16_000, 16_000, reason)


def text(number: int, words: str, language: str = "en") -> UtteranceTranscribed:
    return UtteranceTranscribed(number, 0, 16_000, words, language)


def over_after(*events: Any) -> tuple[list[bool], Turn]:
    """Whether the turn was over after each event."""
    turn, found = Turn(), []
    for event in events:
        turn.take(event)
        found.append(turn.is_over)
    return found, turn


def test_it_is_over_when_its_text_is_there() -> None:
    found, turn = over_after(
        *began(1), PauseBegun(1, 16_000, None), ended(1), text(1, "Hello.")
    )
    assert found == [False, False, False, False, True]
    assert (turn.text, turn.language) == ("Hello.", "en")


def test_it_goes_on_after_a_cut_and_joins_what_was_said() -> None:
    found, turn = over_after(
        *began(1),
        ended(1, LIMIT),
        SpeechContinued(2, 16_000, 16_000),
        text(1, "A long"),
        ended(2),
        text(2, "story."),
    )
    assert found.index(True) == len(found) - 1
    assert turn.text == "A long story."


def test_it_is_over_when_nothing_followed_a_cut() -> None:
    cut = [*began(1), ended(1, LIMIT), SpeechContinued(2, 16_000, 16_000)]
    dropped = CandidateDropped(2, 16_000, 16_000)
    assert over_after(*cut, text(1, "A story."), dropped)[0][-2:] == [False, True]
    assert over_after(*cut, dropped, text(1, "A story."))[0][-2:] == [False, True]


def test_words_before_its_text_was_there_belong_to_it() -> None:
    found, turn = over_after(
        *began(1), ended(1), *began(2), text(1, "Turn on"), ended(2), text(2, "it.")
    )
    assert found.index(True) == len(found) - 1
    assert turn.text == "Turn on it."


def test_a_click_does_not_delay_it() -> None:
    found, _ = over_after(
        *began(1), ended(1), SpeechCandidate(2, 0, 0), text(1, "Hello.")
    )
    assert found[-1]


def test_noise_without_words_is_no_command() -> None:
    found, turn = over_after(
        *began(1), ended(1), text(1, ""), *began(2), ended(2), text(2, "Hello.", "de")
    )
    assert found.index(True) == len(found) - 1
    assert (turn.text, turn.language) == ("Hello.", "de")


def test_its_parts_add_up_to_its_text() -> None:
    turn = Turn()
    events: list[Any] = [ended(1), ended(2), text(1, "One."), text(2, "Two.")]
    assert "".join(map(turn.take, events)) == turn.text == "One. Two."


def test_it_is_quiet_without_speech_and_not_while_it_waits() -> None:
    turn = Turn()
    assert turn.is_quiet
    for event in (*began(1), ended(1)):
        turn.take(event)
        quiet = isinstance(event, SpeechCandidate)
        assert turn.is_quiet == quiet
    turn.take(text(1, ""))
    assert turn.is_quiet


def test_a_failure_is_raised() -> None:
    turn = Turn()
    turn.take(ended(1))
    with pytest.raises(EngineFailed, match="down"):
        turn.take(UtteranceFailed(1, 0, 16_000, EngineFailed("down")))
