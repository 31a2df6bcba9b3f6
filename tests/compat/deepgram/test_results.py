"""The results of `/v1/listen` as a state machine: events in, messages out, no session."""

from __future__ import annotations

from typing import Any

import pytest

from compat_app.deepgram.listen.query import LiveQuery
from compat_app.deepgram.listen.results import ResultMapper
from stt_app.core.events import (
    CandidateDropped,
    EndReason,
    FlushDone,
    InterimResult,
    Lag,
    Progress,
    SessionReady,
    SpeechCandidate,
    SpeechConfirmed,
    SpeechContinued,
    SpeechEnded,
    SpokenWord,
    UtteranceTranscribed,
)
from tests.compat.deepgram import sdk

SECOND = 16_000


class Story:
    """Events of a session, and what a client is told."""

    def __init__(self, **query: Any) -> None:
        self.position = 0.0
        given = LiveQuery.model_validate({"interim_results": True, **query})
        self.mapper = ResultMapper(given, "request", lambda: self.position)
        self.told(SessionReady("request", "base", 16_000))

    def told(self, *events: Any) -> list[Any]:
        """The messages, each checked with the SDK's class and told in short."""
        found: list[Any] = []
        for event in events:
            found += map(_short, self.mapper.map_event(event))
        return found

    def after(self, seconds: float) -> list[Any]:
        self.position += seconds
        return [_short(each) for each in self.mapper.due()]

    def candidate(self, number: int) -> list[Any]:
        at = int(self.position * SECOND)
        return self.told(SpeechCandidate(number, at, at))

    def begins(self, number: int) -> list[Any]:
        at = int(self.position * SECOND)
        return self.candidate(number) + self.told(SpeechConfirmed(number, at, at))

    def ends(self, number: int, reason: EndReason = EndReason.SILENCE) -> list[Any]:
        at = int(self.position * SECOND)
        return self.told(SpeechEnded(number, 0, at, at, reason))

    def text_of(self, number: int, text: str, end: float = 0.0) -> list[Any]:
        words = tuple(SpokenWord(each, 0.0, end, 0.8) for each in text.split())
        at = int(end * SECOND)
        return self.told(UtteranceTranscribed(number, 0, at, text, words=words))


def _short(message: Any) -> Any:
    plain = message.model_dump(exclude_none=True)
    sdk.check(plain, sdk.LISTEN)
    if plain["type"] == "UtteranceEnd":
        return ("UtteranceEnd", plain["last_word_end"])
    if plain["type"] != "Results":
        return plain["type"]
    flags = ("is_final", "speech_final", "from_finalize")
    text = plain["channel"]["alternatives"][0]["transcript"]
    return (text, *[flag for flag in flags if plain[flag]])


FINAL = ("is_final", "speech_final")


def test_a_pause_ends_the_speech_and_a_cut_does_not() -> None:
    story = Story()
    story.begins(1)
    story.ends(1, EndReason.LIMIT)
    story.told(SpeechContinued(2, 0, 0))
    story.ends(2)
    assert story.text_of(1, "one") == [("one", "is_final")]
    assert story.text_of(2, "two") == [("two", *FINAL)]


def test_the_last_words_before_the_close_end_the_speech() -> None:
    story = Story(endpointing="false")
    story.begins(1)
    story.ends(1, EndReason.FLUSH)
    assert story.text_of(1, "one") == [("one", *FINAL)]


def test_finalize_is_answered_by_the_text_that_was_on_its_way() -> None:
    """Pipecat (services/deepgram/stt.py) takes no empty result as the answer."""
    story = Story()
    story.begins(1)
    story.ends(1)
    story.mapper.finalizing += 1
    assert story.text_of(1, "one") == [("one", *FINAL, "from_finalize")]
    assert story.told(FlushDone(None)) == []


def test_finalize_is_not_answered_by_an_earlier_text() -> None:
    story = Story()
    story.begins(1)
    story.ends(1)
    story.begins(2)
    story.mapper.finalizing += 1
    story.ends(2, EndReason.FLUSH)
    assert story.text_of(1, "one") == [("one", *FINAL)]
    assert story.text_of(2, "two") == [("two", *FINAL, "from_finalize")]
    assert story.told(FlushDone(2)) == []


def test_each_of_two_finalizes_is_answered_once() -> None:
    story = Story()
    story.begins(1)
    story.mapper.finalizing += 2
    story.ends(1, EndReason.FLUSH)
    assert story.text_of(1, "one") == [("one", *FINAL, "from_finalize")]
    assert story.told(FlushDone(1)) == []
    assert story.told(FlushDone(None)) == [("", *FINAL, "from_finalize")]
    assert story.mapper.finalizing == 0


def test_finalize_of_noise_is_answered_without_words() -> None:
    story = Story()
    story.begins(1)
    story.mapper.finalizing += 1
    story.ends(1, EndReason.FLUSH)
    assert story.text_of(1, "") == []
    assert story.told(FlushDone(1)) == [("", *FINAL, "from_finalize")]


def test_interim_results_end_where_the_audio_has_come() -> None:
    story = Story()
    story.begins(1)
    story.position = 2.5
    event = InterimResult(1, SECOND // 2, "so far", "so", 0.77)
    (message,) = list(story.mapper.map_event(event))
    plain: dict[str, Any] = message.model_dump()
    assert (plain["start"], plain["duration"]) == (0.5, 2.0)
    assert plain["channel"]["alternatives"][0]["confidence"] == 0.77


@pytest.mark.parametrize(
    "event", [Lag(1_200.0), Progress(2.0), SpeechCandidate(1, 0, 0)]
)
def test_events_without_a_message_are_not_told(event: Any) -> None:
    assert Story(vad_events=True).told(event) == []


def test_the_utterance_ends_once_the_pause_is_long_enough() -> None:
    story = Story(utterance_end_ms=1_000)
    story.begins(1)
    assert story.after(2.0) == []
    story.ends(1)
    assert story.text_of(1, "one two", end=1.9) == [("one two", *FINAL)]
    assert story.after(0.8) == []
    assert story.after(0.2) == [("UtteranceEnd", 1.9)]
    assert story.after(5.0) == []


def test_a_late_text_ends_the_utterance_at_once() -> None:
    story = Story(utterance_end_ms=1_000)
    story.begins(1)
    story.ends(1)
    assert story.after(3.0) == []
    assert story.text_of(1, "one", end=1.0) == [
        ("one", *FINAL),
        ("UtteranceEnd", 1.0),
    ]


def test_a_click_in_the_pause_only_delays_the_end() -> None:
    story = Story(utterance_end_ms=1_000)
    story.begins(1)
    story.ends(1)
    story.text_of(1, "one", end=1.0)
    story.position = 1.5
    story.candidate(2)
    assert story.after(1.0) == []
    assert story.told(CandidateDropped(2, 0, 0)) == [("UtteranceEnd", 1.0)]


def test_new_speech_takes_the_end_back_even_before_the_text() -> None:
    story = Story(utterance_end_ms=1_000)
    story.begins(1)
    story.ends(1)
    story.begins(2)
    assert story.text_of(1, "one", end=1.0) == [("one", *FINAL)]
    story.ends(2)
    assert story.after(9.0) == [], "the text of the second speech has not come"
    assert story.text_of(2, "two", end=4.0) == [
        ("two", *FINAL),
        ("UtteranceEnd", 4.0),
    ]


def test_the_silent_rest_of_a_cut_does_not_hold_the_end_back() -> None:
    story = Story(utterance_end_ms=1_000)
    story.begins(1)
    story.ends(1, EndReason.LIMIT)
    story.told(SpeechContinued(2, 0, 0))
    story.text_of(1, "one", end=1.0)
    assert story.after(3.0) == []
    assert story.told(CandidateDropped(2, 0, 0)) == [("UtteranceEnd", 1.0)]


def test_without_the_parameter_no_utterance_ends() -> None:
    story = Story()
    story.begins(1)
    story.ends(1)
    story.text_of(1, "one", end=1.0)
    assert story.after(60.0) == []
