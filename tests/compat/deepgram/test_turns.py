"""Flux's turns as a state machine: events in, messages out, no session."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import BadValue
from compat_app.deepgram.flux.messages import Thresholds
from compat_app.deepgram.flux.thresholds import TurnEnd
from compat_app.deepgram.flux.turns import TurnMapper
from stt_app.core.engine import Transcript, Word
from stt_app.core.events import (
    CandidateDropped,
    EndReason,
    PauseBegun,
    SpeculativeFinal,
    SpeechConfirmed,
    SpeechContinued,
    SpeechEnded,
    SpeechResumed,
    TurnRated,
    UtteranceTranscribed,
)

SECOND = 16_000


class Story:
    """Events of a session, and what a client is told."""

    def __init__(self, **thresholds: Any) -> None:
        self.position = 0.0
        end = TurnEnd(0.7).changed(Thresholds(**thresholds))
        self.mapper = TurnMapper("request", end, lambda: self.position)

    def told(self, *events: Any) -> list[Any]:
        found: list[Any] = []
        for event in events:
            found += self.mapper.map_event(event)
        return [(each.event, each.turn_index, each.transcript) for each in found]

    def after(self, seconds: float) -> list[Any]:
        self.position += seconds
        due: list[Any] = list(self.mapper.due())
        return [(each.event, each.transcript) for each in due]

    def begins(self, number: int) -> list[Any]:
        at = int(self.position * SECOND)
        return self.told(SpeechConfirmed(number, at, at))

    def ends(self, number: int, reason: EndReason = EndReason.SILENCE) -> list[Any]:
        at = int(self.position * SECOND)
        return self.told(SpeechEnded(number, 0, at, at, reason))

    def pauses(self, number: int, text: str) -> list[Any]:
        at = int(self.position * SECOND)
        words = (Word(" " + text, 0.0, 0.5, 0.8),)
        found = Transcript(text, "en", 1.0, 0.9, "m", words)
        return self.told(
            PauseBegun(number, at, at), SpeculativeFinal(number, 0, at, found)
        )

    def text_of(self, number: int, text: str) -> list[Any]:
        return self.told(UtteranceTranscribed(number, 0, SECOND, text))


def test_a_turn_waits_for_the_end_of_the_one_before() -> None:
    story = Story()
    assert story.begins(1) == [("StartOfTurn", 0, "")]
    assert story.ends(1) == []
    assert story.begins(2) == []
    assert story.ends(2) == []
    assert story.text_of(1, "one") == [
        ("EndOfTurn", 0, "one"),
        ("StartOfTurn", 1, ""),
    ]
    assert story.text_of(2, "two") == [("EndOfTurn", 1, "two")]


def test_an_eager_end_waits_for_the_pause() -> None:
    story = Story(eager_eot_threshold=0.4)
    story.begins(1)
    assert story.pauses(1, "one") == []
    assert story.after(0.3) == [("Update", "")]
    assert story.after(0.11) == [("EagerEndOfTurn", "one")]
    assert story.after(0.3) == [], "an update would say that speech goes on"
    assert story.ends(1) == []
    assert story.text_of(1, "one") == [("EndOfTurn", 0, "one")]


def test_a_corrected_text_takes_the_eager_end_back_first() -> None:
    """Deepgram promises that the final text is that of the latest eager end."""
    story = Story(eager_eot_threshold=0.3)
    story.begins(1)
    story.pauses(1, "eins")
    story.after(0.4)
    story.ends(1)
    assert story.text_of(1, "one") == [
        ("TurnResumed", 0, "one"),
        ("EndOfTurn", 0, "one"),
    ]


def test_an_eager_end_without_words_is_not_told() -> None:
    story = Story(eager_eot_threshold=0.3)
    story.begins(1)
    story.pauses(1, "")
    assert story.after(0.6) == [("Update", "")]


def test_a_turn_that_was_cut_ends_with_its_silent_rest() -> None:
    story = Story()
    story.begins(1)
    assert story.ends(1, EndReason.LIMIT) == []
    assert story.told(SpeechContinued(2, 0, 0)) == []
    assert story.told(CandidateDropped(2, 0, 0)) == []
    assert story.text_of(1, "one") == [("EndOfTurn", 0, "one")]


def test_speech_after_a_dropped_rest_is_a_turn_of_its_own() -> None:
    story = Story()
    story.begins(1)
    story.ends(1, EndReason.LIMIT)
    story.told(CandidateDropped(2, 0, 0))
    story.text_of(1, "one")
    assert story.ends(3) == [("StartOfTurn", 1, "")]
    assert story.text_of(3, "two") == [("EndOfTurn", 1, "two")]


@pytest.mark.parametrize(
    ("thresholds", "silence_seconds", "trigger"),
    [
        ({}, 0.7, "model"),
        ({"eot_threshold": 0.5}, 0.5, "model"),
        ({"eot_threshold": 0.9}, 0.9, "model"),
        ({"eot_threshold": 1.0}, 5.0, "timeout"),
        ({"eot_threshold": 1.0, "eot_timeout_ms": 60_000}, 60.0, "timeout"),
        ({"eot_timeout_ms": 500}, 0.5, "timeout"),
    ],
)
def test_thresholds_mean_pauses(
    thresholds: Any, silence_seconds: float, trigger: str
) -> None:
    end = TurnEnd(0.7).changed(Thresholds(**thresholds))
    assert end.silence_seconds == pytest.approx(silence_seconds)
    assert end.trigger() == trigger
    assert end.confidence(0) == 0
    assert end.confidence(end.silence_seconds) == pytest.approx(end.eot_threshold)
    assert end.confidence(1_000) == 1


@pytest.mark.parametrize(
    "thresholds",
    [
        {"eot_threshold": 0.49},
        {"eager_eot_threshold": 0.29},
        {"eager_eot_threshold": 0.91},
        {"eot_timeout_ms": 60_001},
    ],
)
def test_thresholds_out_of_range_are_refused(thresholds: Any) -> None:
    with pytest.raises(BadValue, match=next(iter(thresholds))):
        TurnEnd(0.7).changed(Thresholds(**thresholds))


@pytest.mark.parametrize(
    ("thresholds", "probability", "seconds", "trigger"),
    [
        ({}, 0.9, 0.32, "model"),
        ({}, 0.0, 1.6, "model"),
        ({}, 0.5, 0.68, "model"),
        ({"eot_threshold": 0.5}, 0.0, 0.92, "model"),
        ({"eot_threshold": 0.9}, 0.5, 2.14, "model"),
        ({"eot_threshold": 1.0}, 0.99, 5.0, "timeout"),
        ({"eot_timeout_ms": 500}, 0.0, 0.5, "timeout"),
    ],
)
def test_the_turn_model_shortens_and_lengthens_the_pause(
    thresholds: Any, probability: float, seconds: float, trigger: str
) -> None:
    end = TurnEnd(0.7).changed(Thresholds(**thresholds))
    found = end.seconds(probability, hangs=False)
    assert found == pytest.approx(seconds, abs=0.01)
    assert end.trigger(probability) == trigger
    assert end.confidence(0, probability) == pytest.approx(probability)
    if trigger == "model":
        assert end.confidence(found, probability) >= end.eot_threshold - 1e-9
    assert end.seconds(0.9, hangs=True) >= end.seconds(0.05, hangs=False)


def test_the_models_confidence_makes_an_eager_end() -> None:
    story = Story(eager_eot_threshold=0.4, eot_threshold=0.9)
    story.begins(1)
    story.pauses(1, "Hello")
    story.position += 0.2
    assert story.told(TurnRated(1, 0, 0.1)) == []
    assert story.told(TurnRated(1, 0, 0.6)) == [("EagerEndOfTurn", 0, "Hello")]
    assert story.told(SpeechResumed(1, 0)) == [("TurnResumed", 0, "")]
